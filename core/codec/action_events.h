// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/action.h"

#include <optional>
#include <string>
#include <string_view>

namespace eventops {

// The Karma action loop on the wire (contracts X1-X3, 3.1). All documents are single lines without a line end.
// Thread: any.

inline constexpr char ActionsRequestedTopic[] = "actions.requested";
inline constexpr char ActionsProgressTopic[] = "actions.progress";
inline constexpr char ActionsResultTopic[] = "actions.result";
inline constexpr char ActionsDlqTopic[] = "actions.dlq";

/// The event_type of a request.
inline constexpr char ActionRequestType[] = "action.requested";

/// What an executor says about an action. The first three are progress, the others its result.
enum class ActionReportKind : std::uint8_t { Accepted, Started, Retrying, Succeeded, Failed, Cancelled };
constexpr std::size_t ActionReportKindCount = 6;

/// "accepted", …, "cancelled": the wire's word, carried as attrs.state.
std::string_view toString(ActionReportKind kind);
std::optional<ActionReportKind> actionReportKindByName(std::string_view name);

/// The event_type on the wire. The published schema knows started, succeeded, failed and cancelled only, and every
/// event emitted is valid against it: accepted and retrying go out as "action.started" with attrs.state.
std::string_view actionEventType(ActionReportKind kind);
/// Topic of a report: actions.progress or actions.result.
std::string_view actionTopic(ActionReportKind kind);

/// The table from our states to the wire's: what is emitted on entering a state. Nothing: proposed, rejected, expired
/// and approved never leave; published is the request itself.
std::optional<ActionReportKind> reportKindOf(ActionState state);
/// The state that a report leads to. Nothing for retrying: it is progress, not a state.
std::optional<ActionState> stateAfter(ActionReportKind kind);

/// Progress or result of an action.
struct ActionReport {
    ActionReportKind kind = ActionReportKind::Started;
    std::string actionId;       ///< Action::displayId().
    std::string idempotencyKey; ///< Of the request; the report's own key is derived from it.
    std::string tenant;
    std::string entityId;
    std::string correlationId;
    WallNs ts = NoTime;
    std::uint32_t attempt = 0;        ///< From 1; 0: not said.
    std::optional<double> percent;    ///< Progress in percent.
    std::optional<double> durationMs;
    std::string error;          ///< "timeout" for an action that ran out of time.
    std::string output;         ///< What the command printed, bounded by the executor.
    std::string component = "executor"; ///< Who says it: our own executor, or OutsideComponent.
};

/// `source.ns.component` of reports that came from elsewhere: they are on the bus already and never published again.
inline constexpr char OutsideComponent[] = "outside";

/// The state that a report says its action is in; for one that is retried: at work.
ActionState stateTold(const ActionReport &report);

/// A published request as read from the wire.
struct ActionRequestMessage {
    std::string actionId;       ///< attrs.action_id, else the idempotency key (X3).
    std::string idempotencyKey;
    std::string tenant;         ///< tags.tenant, else "default".
    std::string entityType, entityId;
    std::string correlationId;
    WallNs ts = NoTime;
    std::string command;
    std::string args = "{}";    ///< JSON object, as written.
    double ttlSeconds = 0.0;
};

/// The `action.requested` event of an approved action: eight-field envelope, attrs {command, args, ttl_sec, action_id}.
/// @p ts: when it is published.
std::string encodeActionRequested(const Action &action, WallNs ts);
std::string encodeActionReport(const ActionReport &report);

/// InvalidInput names the field that is missing or wrong. Accepts `actions.requested` as event_type as well (X1).
Result<ActionRequestMessage> decodeActionRequested(std::string_view json);
/// Accepts the specific event types, accepted and retrying among them, and the generic action.progress and
/// action.result with attrs.state (X2), which progress in percent may leave out; `actions.` for `action.`; action_id at
/// top level (X3).
Result<ActionReport> decodeActionReport(std::string_view json);

class Codec;
/// The codec that reads these documents as events of the pipeline.
const Codec &actionEventCodec();

} // namespace eventops
