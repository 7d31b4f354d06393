// SPDX-License-Identifier: MIT
#include "core/codec/action_events.h"

#include "core/codec/codec.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/entity_name.h"
#include "core/codec/json_reader.h"

#include <algorithm>
#include <array>

namespace eventops {
namespace {

using enum ActionReportKind;

struct KindRow {
    ActionReportKind kind;
    std::string_view name;
    std::string_view eventType;
    const char *topic;
};
constexpr std::array<KindRow, ActionReportKindCount> Kinds = {{
    {Accepted, "accepted", "action.started", ActionsProgressTopic},
    {Started, "started", "action.started", ActionsProgressTopic},
    {Retrying, "retrying", "action.started", ActionsProgressTopic},
    {Succeeded, "succeeded", "action.succeeded", ActionsResultTopic},
    {Failed, "failed", "action.failed", ActionsResultTopic},
    {Cancelled, "cancelled", "action.cancelled", ActionsResultTopic},
}};

struct Envelope {
    std::string eventType, entityId, correlationId, idempotencyKey, tenant, command;
    WallNs ts = NoTime;
};

/// The eight fields (X5) with an opened attrs object, which the caller closes.
void beginEnvelope(JsonWriter &json, const Envelope &envelope, std::string_view component)
{
    json.beginObject();
    json.field("ts", formatTimestamp(envelope.ts));
    json.field("event_type", envelope.eventType);
    json.field("entity_id", envelope.entityId);
    json.field("correlation_id", envelope.correlationId);
    json.field("idempotency_key", envelope.idempotencyKey);
    json.key("source").beginObject().field("system", "eventops");
    json.key("ns").beginObject().field("component", component).endObject().endObject();
    json.key("tags").beginObject();
    if (!envelope.command.empty())
        json.field("action", envelope.command);
    json.field("tenant", envelope.tenant).endObject();
    json.key("attrs").beginObject();
}

Error badInput(std::string message)
{
    return Error{Error::Code::InvalidInput, std::move(message)};
}

/// Reads an action event's fields by name, from the top level or from attrs.
class ActionReader
{
public:
    Status read(std::string_view json)
    {
        const JsonFailure failure = m_reader.read(json);
        if (failure)
            return badInput("the action event is no JSON: " + failure.text());
        if (m_reader.kind() != JsonKind::Object)
            return badInput("the action event is no JSON object");
        if (const JsonEntry *attrs = m_reader.find("attrs"))
            m_attrs = attrs->value;
        if (const JsonEntry *tags = m_reader.find("tags"))
            m_tags = tags->value;
        return Ok{};
    }

    std::string top(std::string_view name)
    {
        const JsonEntry *member = m_reader.find(name);
        return member != nullptr ? string(member->value) : std::string();
    }
    std::string attr(std::string_view name)
    {
        return string(jsonMember(m_attrs, name).value_or(""));
    }
    std::string tag(std::string_view name)
    {
        return string(jsonMember(m_tags, name).value_or(""));
    }
    std::string_view rawAttr(std::string_view name) { return jsonMember(m_attrs, name).value_or(""); }
    std::optional<double> attrNumber(std::string_view name) { return jsonDouble(rawAttr(name)); }

    /// "action.progress"; the plural form is the topic's and accepted (X1).
    std::string eventType()
    {
        std::string type = top("event_type");
        if (type.rfind("actions.", 0) == 0)
            type.erase(6, 1);
        return type;
    }
    std::string component()
    {
        const JsonEntry *source = m_reader.find("source");
        const auto place = source == nullptr ? std::nullopt : jsonMember(source->value, "ns");
        return place ? string(jsonMember(*place, "component").value_or("")) : std::string();
    }
    std::string actionId(const std::string &fallback)
    {
        std::string id = attr("action_id");
        if (id.empty())
            id = top("action_id");
        return id.empty() ? fallback : id;
    }

private:
    std::string string(std::string_view raw)
    {
        if (raw.empty() || raw.front() != '"')
            return {};
        std::string scratch;
        return std::string(jsonText(raw, scratch));
    }

    JsonReader m_reader;
    std::string_view m_attrs, m_tags;
};

} // namespace

std::string_view toString(ActionReportKind kind)
{
    return Kinds[static_cast<std::size_t>(kind)].name;
}

std::optional<ActionReportKind> actionReportKindByName(std::string_view name)
{
    const auto it = std::find_if(Kinds.begin(), Kinds.end(), [&](const KindRow &row) { return row.name == name; });
    return it == Kinds.end() ? std::nullopt : std::optional(it->kind);
}

std::string_view actionEventType(ActionReportKind kind)
{
    return Kinds[static_cast<std::size_t>(kind)].eventType;
}

std::string_view actionTopic(ActionReportKind kind)
{
    return Kinds[static_cast<std::size_t>(kind)].topic;
}

std::optional<ActionReportKind> reportKindOf(ActionState state)
{
    switch (state) {
    case ActionState::Acknowledged: return Accepted;
    case ActionState::Started: return Started;
    case ActionState::Succeeded: return Succeeded;
    case ActionState::Failed:
    case ActionState::TimedOut: return Failed;
    case ActionState::Cancelled: return Cancelled;
    default: return std::nullopt;
    }
}

std::optional<ActionState> stateAfter(ActionReportKind kind)
{
    switch (kind) {
    case Accepted: return ActionState::Acknowledged;
    case Started: return ActionState::Started;
    case Retrying: return std::nullopt;
    case Succeeded: return ActionState::Succeeded;
    case Failed: return ActionState::Failed;
    case Cancelled: return ActionState::Cancelled;
    }
    return std::nullopt;
}

ActionState stateTold(const ActionReport &report)
{
    if (report.kind == Failed && report.error == "timeout")
        return ActionState::TimedOut;
    return stateAfter(report.kind).value_or(ActionState::Started);
}

std::string encodeActionRequested(const Action &action, WallNs ts)
{
    const Suggestion &suggestion = action.suggestion;
    const std::string key = action.idempotencyKey.empty() ? action.displayId() : action.idempotencyKey;
    std::string out;
    JsonWriter json(out);
    beginEnvelope(json,
                  {.eventType = "action.requested", .entityId = suggestion.entityId,
                   .correlationId = suggestion.correlationId, .idempotencyKey = key, .tenant = suggestion.tenant,
                   .command = suggestion.command, .ts = ts},
                  "actions");
    JsonReader reader;
    const bool argsValid = !reader.read(suggestion.args) && reader.kind() == JsonKind::Object;
    json.field("command", suggestion.command);
    std::string args; // without line ends
    appendJsonCompact(args, argsValid ? reader.document() : "{}");
    json.key("args").raw(args);
    json.key("ttl_sec").number(suggestion.ttlSeconds);
    json.field("action_id", action.displayId()).endObject().endObject();
    return out;
}

std::string encodeActionReport(const ActionReport &report)
{
    // A key of its own for each report, the same when it is sent again: request, state, attempt, percent.
    std::string key = report.idempotencyKey + ':' + std::string(toString(report.kind));
    if (report.attempt > 0)
        key += ':' + std::to_string(report.attempt);
    if (report.percent) {
        key += ':';
        appendJsonNumber(key, *report.percent);
    }
    std::string out;
    JsonWriter json(out);
    beginEnvelope(json,
                  {.eventType = std::string(actionEventType(report.kind)), .entityId = report.entityId,
                   .correlationId = report.correlationId, .idempotencyKey = key, .tenant = report.tenant,
                   .command = {}, .ts = report.ts},
                  report.component);
    json.field("action_id", report.actionId).field("state", toString(report.kind));
    json.field("request", report.idempotencyKey);
    if (report.attempt > 0)
        json.key("attempt").unsignedInteger(report.attempt);
    if (report.percent)
        json.key("percent").number(*report.percent);
    if (report.durationMs)
        json.key("duration_ms").number(*report.durationMs);
    if (!report.error.empty())
        json.field("error", report.error);
    if (!report.output.empty())
        json.field("output", report.output);
    json.endObject().endObject();
    return out;
}

Result<ActionRequestMessage> decodeActionRequested(std::string_view json)
{
    ActionReader in;
    EVENTOPS_TRY(in.read(json));
    if (in.eventType() != "action.requested")
        return badInput("event_type is \"" + in.top("event_type") + "\", expected action.requested");
    ActionRequestMessage out;
    out.idempotencyKey = in.top("idempotency_key");
    out.actionId = in.actionId(out.idempotencyKey);
    if (out.actionId.empty())
        return badInput("the request has neither attrs.action_id nor idempotency_key");
    out.command = in.attr("command");
    if (out.command.empty())
        return badInput("attrs.command is missing");
    const std::string_view args = in.rawAttr("args");
    if (!args.empty() && args.front() != '{')
        return badInput("attrs.args is no object");
    if (!args.empty())
        out.args = args;
    const auto ttl = in.attrNumber("ttl_sec");
    if (!in.rawAttr("ttl_sec").empty() && (!ttl || !(*ttl >= 0)))
        return badInput("attrs.ttl_sec is no number of seconds");
    out.ttlSeconds = ttl.value_or(0.0);
    const std::string ts = in.top("ts");
    const auto time = parseTimestamp(ts);
    if (!time)
        return badInput("ts \"" + ts + "\" is no time");
    out.ts = *time;
    out.entityId = in.top("entity_id");
    out.entityType = entityTypeOf(out.entityId);
    out.correlationId = in.top("correlation_id");
    out.tenant = in.tag("tenant");
    if (out.tenant.empty())
        out.tenant = "default";
    return out;
}

Result<ActionReport> decodeActionReport(std::string_view json)
{
    constexpr std::string_view Prefix = "action.";
    ActionReader in;
    EVENTOPS_TRY(in.read(json));
    const std::string type = in.eventType();
    if (type.rfind(Prefix, 0) != 0)
        return badInput("event_type is \"" + type + "\", expected action.…");
    // attrs.state is the more exact word: accepted and retrying travel as action.started.
    const std::string state = in.attr("state");
    std::string_view word = state.empty() ? std::string_view(type).substr(Prefix.size()) : std::string_view(state);
    if (word == "progress" && in.attrNumber("percent"))
        word = toString(Started); // whatever it has done of it: it is at work
    const auto kind = actionReportKindByName(word);
    if (!kind)
        return badInput("neither event_type \"" + type + "\" nor attrs.state \"" + state
                        + "\" names a state of an action");
    ActionReport out;
    out.kind = *kind;
    out.idempotencyKey = in.attr("request");
    if (out.idempotencyKey.empty())
        out.idempotencyKey = in.top("idempotency_key");
    out.actionId = in.actionId(out.idempotencyKey);
    if (out.actionId.empty())
        return badInput("the report has neither attrs.action_id nor idempotency_key");
    const std::string ts = in.top("ts");
    const auto time = parseTimestamp(ts);
    if (!ts.empty() && !time)
        return badInput("ts \"" + ts + "\" is no time");
    out.ts = time.value_or(NoTime);
    out.entityId = in.top("entity_id");
    out.correlationId = in.top("correlation_id");
    out.tenant = in.tag("tenant");
    if (out.tenant.empty())
        out.tenant = "default";
    const double attempt = in.attrNumber("attempt").value_or(0.0);
    out.attempt = attempt >= 1 && attempt < 1e9 ? static_cast<std::uint32_t>(attempt) : 0;
    out.percent = in.attrNumber("percent");
    out.durationMs = in.attrNumber("duration_ms");
    out.error = in.attr("error");
    out.output = in.attr("output");
    out.component = in.component();
    return out;
}

const Codec &actionEventCodec()
{
    return *codecByName("karma.v1");
}

} // namespace eventops
