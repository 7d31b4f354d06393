// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/action.h"
#include "core/model/batch.h"

#include <optional>
#include <string>

namespace eventops {

/// Kafka topic of actions as they are, proposals among them, and event type of its documents. Our own: the contracts'
/// topics (X1-X3) begin where an action was approved, and a console that sees nothing else has to see what waits.
inline constexpr char ActionStateTopic[] = "actions.state";
inline constexpr char ActionStateType[] = "action.state";

/// One step of an action: what it is since then, who did it, and all that was proposed.
struct ActionStep {
    Action action;      ///< `state` is that of the step; seq and emission of the suggestion are not told.
    WallNs at = NoTime; ///< Of the step, as in the audit.
    std::string actor;
    std::string detail = "{}"; ///< JSON object, of the audit's row.
};

/// The step in Karma's envelope, one line. Its time is that of the proposal, so that it moves nobody's clock; the key
/// follows from the content, so a step that is sent again is the same one. Thread: any. O(length).
std::string encodeActionStep(const ActionStep &step);

/// The step that an event tells of; nothing: none. InvalidInput names the member that is missing or wrong.
/// Thread: any. O(length).
Result<std::optional<ActionStep>> actionStepOf(const Batch &batch, const Event &event);

/// The same of what the contracts' topics carry, for clusters where nobody publishes the one above: a request, which
/// was approved, with what it has of a proposal; or a report, which has nothing of it, so `command` is empty.
Result<std::optional<ActionStep>> reportedStepOf(const Batch &batch, const Event &event);

} // namespace eventops
