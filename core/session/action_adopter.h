// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/clock.h"
#include "core/pipeline/spec.h"
#include "core/session/ledger_follower.h"
#include "core/session/workspace.h"
#include "core/store/ledger.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

namespace eventops {

struct ActionStep;

/// Whose word the actions of a pipeline follow, where they are another engine's.
enum class AdoptedFrom : std::uint8_t {
    Steps,    ///< What that engine says of each of them.
    Requests, ///< What was requested, and what executors report.
};
/// Nothing: the pipeline's actions are its own.
std::optional<AdoptedFrom> adoptedActions(const PipelineSpec &spec);

/// Brings the actions of a workspace to where another engine says that they are, by the one table of states, each step
/// in the audit under the name of who did it and at its time. It goes by the events of the workspace, so what is told
/// twice, or again when the workspace is opened again, changes nothing. Thread: one.
class ActionAdopter final : public Projection
{
public:
    /// NotFound: no ledger yet.
    static Result<std::unique_ptr<ActionAdopter>> open(const Workspace &workspace, AdoptedFrom from,
                                                       std::function<bool()> mustStop);

    Status step() override;
    Status finish() override { return catchUp(); }

private:
    ActionAdopter(AdoptedFrom from, std::function<bool()> mustStop);
    Status catchUp();
    Status apply(const ActionStep &step);

    const AdoptedFrom m_from;
    const std::function<bool()> m_mustStop;
    SimClock m_clock{NoTime}; ///< Of the ledger's audit: when the step was.
    std::unique_ptr<Ledger> m_ledger;
    std::uint64_t m_place = 0; ///< Behind the last event looked at.
    std::uint64_t m_changes = 0;
};

} // namespace eventops
