// SPDX-License-Identifier: MIT
#include "core/codec/action_state.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/action_events.h"
#include "core/codec/deviation.h"
#include "core/codec/object_fields.h"
#include "core/codec/signal.h"
#include "core/model/event_id.h"

#include <charconv>

namespace eventops {
namespace {

Error badStep(std::string message)
{
    return Error{Error::Code::InvalidInput, std::move(message)};
}

/// A JSON object as one line, or an empty one.
std::string objectOr(std::string_view text)
{
    JsonReader reader;
    std::string out;
    const bool good = !reader.read(text) && reader.kind() == JsonKind::Object;
    appendJsonCompact(out, good ? reader.document() : "{}");
    return out;
}

void writeProposal(JsonWriter &json, const Suggestion &suggestion)
{
    json.field("command", suggestion.command).key("args").raw(objectOr(suggestion.args));
    json.field("policy", suggestion.policy).field("finding_id", suggestion.findingId);
    json.field("entity_type", suggestion.entityType).field("reason", suggestion.reason);
    json.key("proposed_at_ns").integer(raw(suggestion.proposedAt));
    json.key("expires_at_ns").integer(raw(suggestion.expiresAt));
    json.key("ttl_sec").number(suggestion.ttlSeconds);
    json.key("approvals_required").unsignedInteger(suggestion.approvalsRequired);
}

WallNs timeOf(const ObjectFields &attrs, std::string_view name)
{
    const auto ns = attrs.integer(name);
    return ns ? WallNs{*ns} : NoTime;
}

std::uint32_t countOf(const ObjectFields &attrs, std::string_view name, std::uint32_t otherwise)
{
    const auto given = attrs.integer(name);
    return given && *given >= 0 && *given <= UINT32_MAX ? static_cast<std::uint32_t>(*given) : otherwise;
}

/// "0123abcd.1" taken apart.
Status readName(const std::string &name, Action &out)
{
    const std::size_t dot = name.rfind('.');
    const char *const end = name.data() + name.size();
    std::uint32_t version = 0;
    if (dot != std::string::npos && dot > 0) {
        const auto [at, failed] = std::from_chars(name.data() + dot + 1, end, version);
        if (failed == std::errc() && at == end && version > 0) {
            out.suggestion.id = name.substr(0, dot);
            out.version = version;
            return Ok{};
        }
    }
    return badStep("attrs.action_id \"" + name + "\" is no action id");
}

} // namespace

std::string encodeActionStep(const ActionStep &step)
{
    const Action &action = step.action;
    const Suggestion &suggestion = action.suggestion;
    const std::string id = action.displayId();
    const std::string at = std::to_string(raw(step.at));
    std::string out;
    JsonWriter json(out);
    json.beginObject();
    json.field("ts", formatTimestamp(suggestion.proposedAt == NoTime ? step.at : suggestion.proposedAt));
    json.field("event_type", ActionStateType).field("entity_id", suggestion.entityId);
    json.field("correlation_id", suggestion.correlationId);
    json.key("tags").beginObject().field("tenant", suggestion.tenant).endObject();
    json.key("attrs").beginObject();
    json.field("action_id", id).field("state", toString(action.state)).field("actor", step.actor);
    json.key("at_ns").integer(raw(step.at)).key("detail").raw(objectOr(step.detail));
    writeProposal(json, suggestion);
    json.field("digest", action.digest).field("request", action.idempotencyKey).field("approver", action.approver);
    json.field("decision_reason", action.decisionReason).key("attempts").unsignedInteger(action.attempts);
    json.field("output", action.output).endObject();
    json.field("idempotency_key", "state:" + derivedId({id, toString(action.state), step.actor, at, step.detail}));
    json.key("source").beginObject().field("system", DeviationSource).endObject().endObject();
    return out;
}

Result<std::optional<ActionStep>> actionStepOf(const Batch &batch, const Event &event)
{
    if (batch.text(event, Field::Type) != ActionStateType)
        return std::optional<ActionStep>();
    const ObjectFields attrs(batch.text(event, Field::Attrs));
    ActionStep out;
    EVENTOPS_TRY(readName(attrs.text("action_id"), out.action));
    const auto state = actionStateByName(attrs.text("state"));
    if (!state)
        return badStep("attrs.state \"" + attrs.text("state") + "\" is no state of an action");
    Suggestion &suggestion = out.action.suggestion;
    suggestion.command = attrs.text("command");
    if (suggestion.command.empty())
        return badStep("attrs.command is missing");
    out.action.state = *state;
    out.at = timeOf(attrs, "at_ns");
    out.actor = attrs.text("actor");
    out.detail = attrs.document("detail", JsonKind::Object, "{}");
    suggestion.findingId = attrs.text("finding_id");
    suggestion.policy = attrs.text("policy");
    suggestion.tenant = batch.text(event, Field::Tenant);
    suggestion.entityType = attrs.text("entity_type");
    suggestion.entityId = batch.text(event, Field::EntityId);
    suggestion.correlationId = batch.text(event, Field::CorrelationId);
    suggestion.args = attrs.document("args", JsonKind::Object, "{}");
    suggestion.reason = attrs.text("reason");
    suggestion.proposedAt = timeOf(attrs, "proposed_at_ns");
    suggestion.expiresAt = timeOf(attrs, "expires_at_ns");
    suggestion.ttlSeconds = attrs.number("ttl_sec").value_or(0.0);
    suggestion.approvalsRequired = countOf(attrs, "approvals_required", 1);
    out.action.digest = attrs.text("digest");
    out.action.idempotencyKey = attrs.text("request");
    out.action.approver = attrs.text("approver");
    out.action.decisionReason = attrs.text("decision_reason");
    out.action.attempts = countOf(attrs, "attempts", 0);
    out.action.output = attrs.text("output");
    return std::optional(std::move(out));
}

namespace {

constexpr std::string_view BusActor = "bus"; ///< Who it was is not told there.

Result<std::optional<ActionStep>> requestStep(const Event &event, const std::string &document)
{
    const ActionRequestMessage request = EVENTOPS_TRY(decodeActionRequested(document));
    ActionStep out;
    EVENTOPS_TRY(readName(request.actionId, out.action));
    out.action.state = ActionState::Published;
    out.action.idempotencyKey = request.idempotencyKey;
    out.at = event.tsEvent;
    out.actor = BusActor;
    Suggestion &suggestion = out.action.suggestion;
    suggestion.tenant = request.tenant;
    suggestion.entityType = request.entityType;
    suggestion.entityId = request.entityId;
    suggestion.correlationId = request.correlationId;
    suggestion.command = request.command;
    suggestion.args = request.args;
    suggestion.ttlSeconds = request.ttlSeconds;
    suggestion.proposedAt = request.ts;
    return std::optional(std::move(out));
}

} // namespace

Result<std::optional<ActionStep>> reportedStepOf(const Batch &batch, const Event &event)
{
    constexpr std::string_view Prefix = "action";
    const std::string_view type = batch.text(event, Field::Type);
    if (!type.starts_with(Prefix) || type == ActionStateType)
        return std::optional<ActionStep>();
    const std::string document = EVENTOPS_TRY(encodeNormalized(batch, event));
    if (type == "action.requested" || type == "actions.requested")
        return requestStep(event, document);
    const ActionReport report = EVENTOPS_TRY(decodeActionReport(document));
    ActionStep out;
    EVENTOPS_TRY(readName(report.actionId, out.action));
    out.action.state = stateTold(report);
    out.action.output = report.output;
    out.action.attempts = report.attempt;
    out.action.suggestion.tenant = report.tenant;
    out.at = event.tsEvent;
    out.actor = BusActor;
    return std::optional(std::move(out));
}

} // namespace eventops
