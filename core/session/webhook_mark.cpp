// SPDX-License-Identifier: MIT
//
// webhook-NAME.mark of a workspace, and what the marks tell.
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/yaml/yaml.h"
#include "core/lake/files.h"
#include "core/pipeline/settings.h"
#include "core/session/webhook_feed.h"

namespace eventops {
namespace {

constexpr FieldSpec MarkFields[] = {
    {"findings", "int", "required", "Number of the last finding that is there."},
    {"actions", "int", "required", "Number of the last document of an action that is there."},
    {"delivered", "int", "0", "Messages that the target took."},
    {"gone", "bool", "false", "The target wants no more."},
    {"trouble", "string", "\"\"", "Why the next one is not there yet."},
    {"since", "string", "\"\"", "Time of the first trouble."},
    {"trying", "string", "\"\"", "Id of the next one."},
    {"attempts", "int", "0", "How often it was offered."},
    {"set_aside", "list", "[]", "What the target did not take."},
};
constexpr FieldSpec SetAsideFields[] = {
    {"kind", "string", "required", "finding or action."},
    {"number", "int", "required", "Of the ledger."},
    {"id", "string", "required", "The webhook's id."},
    {"why", "string", "\"\"", "What the target said."},
};

Result<std::uint64_t> countOf(const Value &checked, std::string_view name)
{
    const std::int64_t number = EVENTOPS_TRY(checked.at(name).integer());
    if (number < 0)
        return checked.at(name).error("a number is negative");
    return static_cast<std::uint64_t>(number);
}

Result<WebhookMark> fromValue(const Value &given)
{
    const Value checked = EVENTOPS_TRY(checkSettings(given, MarkFields, "mark"));
    WebhookMark mark;
    mark.findings = EVENTOPS_TRY(countOf(checked, "findings"));
    mark.actions = EVENTOPS_TRY(countOf(checked, "actions"));
    mark.delivered = EVENTOPS_TRY(countOf(checked, "delivered"));
    mark.gone = EVENTOPS_TRY(checked.at("gone").boolean());
    mark.trouble = EVENTOPS_TRY(checked.at("trouble").text());
    mark.since = parseTimestamp(EVENTOPS_TRY(checked.at("since").text())).value_or(NoTime);
    mark.trying = EVENTOPS_TRY(checked.at("trying").text());
    mark.attempts = static_cast<std::uint32_t>(EVENTOPS_TRY(countOf(checked, "attempts")));
    for (const Value &item : checked.at("set_aside").items()) {
        const Value one = EVENTOPS_TRY(checkSettings(item, SetAsideFields, "mark"));
        SetAsideMessage message;
        message.kind = EVENTOPS_TRY(one.at("kind").text());
        message.number = EVENTOPS_TRY(countOf(one, "number"));
        message.id = EVENTOPS_TRY(one.at("id").text());
        message.why = EVENTOPS_TRY(one.at("why").text());
        mark.setAside.push_back(std::move(message));
    }
    return mark;
}

std::string troubleOf(const WebhookHook &hook, const WebhookMark &mark)
{
    const std::string name = "webhook " + hook.name;
    const std::string remedy = "; then: eventops webhook retry " + hook.name;
    if (mark.gone)
        return name + ": the target wants no more messages (" + mark.trouble + ')' + remedy;
    std::string out;
    if (!mark.setAside.empty())
        out = name + ": " + std::to_string(mark.setAside.size())
              + (mark.setAside.size() == 1 ? " message is" : " messages are") + " set aside, because "
              + mark.setAside.back().why + remedy;
    if (mark.trouble.empty())
        return out;
    out += out.empty() ? name + ": " : ". ";
    out += "nothing is delivered";
    if (mark.since != NoTime)
        out += " since " + formatTimestamp(mark.since);
    return out + ", because " + mark.trouble + "; it is offered again by itself";
}

} // namespace

Result<WebhookMark> WebhookMark::read(const std::string &path)
{
    const Result<Value> given = loadYaml(path);
    if (!given && given.error().code == Error::Code::NotFound)
        return given.error();
    auto mark = given ? fromValue(given.value()) : Result<WebhookMark>(given.error());
    if (!mark)
        return Error{Error::Code::Corrupt,
                     "this is no mark of what was delivered",
                     {path, 0, 0},
                     "move it away; everything is then delivered again, under the same ids"};
    return mark;
}

Status WebhookMark::write(const std::string &path) const
{
    std::string text;
    JsonWriter json(text);
    json.beginObject().key("findings").unsignedInteger(findings).key("actions").unsignedInteger(actions);
    json.key("delivered").unsignedInteger(delivered).key("gone").boolean(gone).field("trouble", trouble);
    json.field("since", since == NoTime ? std::string() : formatTimestamp(since)).field("trying", trying);
    json.key("attempts").unsignedInteger(attempts).key("set_aside").beginArray();
    for (const SetAsideMessage &one : setAside) {
        json.beginObject().field("kind", one.kind).key("number").unsignedInteger(one.number);
        json.field("id", one.id).field("why", one.why).endObject();
    }
    json.endArray().endObject();
    return lake::replaceFile(path, text + "\n");
}

Result<WebhookMark> WebhookMark::fromNow(const Workspace &workspace)
{
    WebhookMark mark;
    const auto ledger = Ledger::open(workspace.directory, LedgerMode::Read, {});
    if (!ledger && ledger.error().code == Error::Code::NotFound)
        return mark;
    if (!ledger)
        return ledger.error();
    mark.findings = EVENTOPS_TRY(ledger.value()->ends()).finding;
    EVENTOPS_TRY(ledger.value()->actionDocumentsAfter(0, [&](const InputRow &row) {
        mark.actions = row.number;
        return true;
    }));
    return mark;
}

std::vector<std::string> webhookTroubles(const Workspace &workspace)
{
    std::vector<std::string> out;
    const auto hooks = readWebhooks(workspace);
    if (!hooks)
        return {"webhooks: " + hooks.error().text()};
    for (const WebhookHook &hook : hooks.value()) {
        const auto mark = WebhookMark::read(hook.markFile(workspace));
        std::string trouble = mark ? troubleOf(hook, mark.value()) : std::string();
        if (!mark && mark.error().code != Error::Code::NotFound)
            trouble = "webhook " + hook.name + ": " + mark.error().text();
        if (!trouble.empty())
            out.push_back(std::move(trouble));
    }
    return out;
}

} // namespace eventops
