// SPDX-License-Identifier: MIT
#include "core/codec/decision_command.h"

#include "core/base/encode.h"
#include "core/base/hmac.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/object_fields.h"

namespace eventops {
namespace {

constexpr std::string_view Approve = "approve_action", Reject = "reject_action", Schema = "ctrl.command";

Error badCommand(std::string message)
{
    return Error{Error::Code::InvalidInput, std::move(message)};
}

} // namespace

std::string encodeDecisionCommand(const DecisionCommand &command)
{
    const Decision &decision = command.decision;
    const std::string at = formatTimestamp(command.at);
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("event_id", command.id).field("ts_event", at).field("ts_ingest", at);
    json.field("tenant_id", command.tenant.empty() ? "default" : command.tenant);
    json.key("source").beginObject().field("type", "console").field("source_id", decision.actionId).endObject();
    json.field("schema_name", Schema).key("schema_version").unsignedInteger(1);
    json.key("attributes").beginObject();
    json.field("command", decision.kind == DecisionKind::Approve ? Approve : Reject);
    json.field("action_id", decision.actionId).field("digest", command.digest);
    json.field("user", decision.user).field("reason", decision.reason).endObject();
    json.key("tags").beginObject().endObject().endObject();
    return out;
}

Result<std::optional<DecisionCommand>> decodeDecisionCommand(std::string_view json)
{
    JsonReader reader;
    if (const JsonFailure failure = reader.read(json))
        return badCommand("the command is no JSON: " + failure.text());
    if (reader.kind() != JsonKind::Object)
        return badCommand("the command is no JSON object");
    const ObjectFields top(reader.document());
    const std::string attributes = top.document("attributes", JsonKind::Object, "{}");
    const ObjectFields attrs(attributes);
    const std::string kind = attrs.text("command");
    if (kind != Approve && kind != Reject)
        return std::optional<DecisionCommand>();
    DecisionCommand out;
    out.id = top.text("event_id");
    out.tenant = top.text("tenant_id");
    out.digest = attrs.text("digest");
    out.decision = {attrs.text("action_id"), kind == Approve ? DecisionKind::Approve : DecisionKind::Reject,
                    attrs.text("user"), attrs.text("reason")};
    const auto at = parseTimestamp(top.text("ts_event"));
    if (!at)
        return badCommand("ts_event \"" + top.text("ts_event") + "\" is no time");
    out.at = *at;
    const std::pair<std::string_view, const std::string &> needed[] = {{"event_id", out.id},
                                                                       {"attributes.action_id", out.decision.actionId},
                                                                       {"attributes.digest", out.digest},
                                                                       {"attributes.user", out.decision.user},
                                                                       {"attributes.reason", out.decision.reason}};
    for (const auto &[name, text] : needed) {
        if (text.empty())
            return badCommand(std::string(name) + " is missing");
    }
    return std::optional(std::move(out));
}

std::string commandSignature(std::string_view secret, std::string_view payload)
{
    return hexOfBytes(hmacSha256(secret, payload));
}

} // namespace eventops
