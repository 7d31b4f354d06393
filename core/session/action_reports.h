// SPDX-License-Identifier: MIT
#pragma once

#include "core/store/ledger.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace eventops {

struct ActionReport;

/// The states from after @p from up to @p to, by the table; empty: there is no way. Thread: any. O(states²).
std::vector<ActionState> wayTo(ActionState from, ActionState to);

/// What somebody outside says of our actions, on its way into the ledger (K120): the action moves by the one table of
/// states, each step with its audit row, and the report goes into the input log as those of our own executors do, so
/// state, events and audit stay one. Thread: one.
class ActionReports
{
public:
    /// What became of a report.
    enum class Taken : std::uint8_t {
        Moved,   ///< The action is in another state now.
        Noted,   ///< Progress within a state.
        Known,   ///< Nothing new: said twice, or later than what was said after it. Changes nothing.
        Foreign, ///< Of an action that this workspace does not have: others share the bus.
    };

    /// @p actor: who it is in the audit. @p ledger: open to decide; outlives this.
    ActionReports(Ledger &ledger, std::string actor) : m_ledger(ledger), m_actor(std::move(actor)) {}

    /// @p document: as it came. States that a report skips are gone through: who says that it succeeded has started.
    /// InvalidInput: not to be understood, or not of an action that anybody was asked to carry out; all else as the
    /// ledger says, and then the report may be given again.
    Result<Taken> take(std::string_view document);
    /// The action that a report means by @p id: what was shown, or the key of the request. Errors as the ledger says.
    Result<Action> find(const std::string &id);

private:
    Result<Taken> apply(const Action &action, const ActionReport &report);
    bool isNew(const std::string &name);

    Ledger &m_ledger;
    const std::string m_actor;
    std::unordered_set<std::uint64_t>
        m_seen; ///< Hashes of the last progress, so that what is said twice is noted once.
    std::deque<std::uint64_t> m_order;
};

} // namespace eventops
