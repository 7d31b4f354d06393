// SPDX-License-Identifier: MIT
#include "core/session/webhook_settings.h"

#include "core/base/curl_handles.h"
#include "core/base/json.h"
#include "core/base/private_file.h"
#include "core/base/text.h"
#include "core/yaml/yaml.h"
#include "core/filter/rows.h"
#include "core/lake/files.h"
#include "core/pipeline/settings.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace eventops {
namespace {

constexpr std::size_t NameBytesMax = 40;
constexpr std::size_t SecretBytesMax = 4'096;
constexpr std::int64_t TimeoutMsMax = 60'000;
constexpr std::string_view Sendable[] = {WebhookHook::Alerts, WebhookHook::Deviations, WebhookHook::Requests,
                                         WebhookHook::Reports};

constexpr FieldSpec HookFields[] = {
    {"name", "string", "required", "Letters, digits, - and _."},
    {"url", "string", "required", "Where messages are posted: https, or http on this machine."},
    {"send", "list", "[alerts]", "Some of alerts, deviations, requests, reports."},
    {"filter", "string", "\"\"", "Over findings or actions, whatever is sent."},
    {"secret_env", "string", "\"\"", "Environment variable with the secrets."},
    {"secret_file", "string", "\"\"", "File of the secrets, from the workspace on; only its owner may read it."},
    {"callback", "string", "\"\"", "Base URL of our server, as the target sees it."},
    {"ca_file", "string", "\"\"", "PEM file of the authorities to trust."},
    {"timeout", "duration", "10s", "For one whole exchange."},
    {"allow_http", "bool", "false", "Plain http to another machine."},
};

Error unfit(std::string message, std::string remedy)
{
    return Error{Error::Code::InvalidArgument, std::move(message), {}, std::move(remedy)};
}

/// A typing error in a field's name would let nothing through, for ever.
Status checkFilter(const WebhookHook &hook)
{
    const Filter filter = EVENTOPS_TRY(Filter::parse(hook.filter));
    if (hook.sends(WebhookHook::Requests) || hook.sends(WebhookHook::Reports))
        return Ok{};
    for (const std::string &field : filter.fieldNames()) {
        if (!findingHasField(field))
            return unfit("filter: findings have no field \"" + field + '"',
                         "eventops query findings --json shows their fields");
    }
    return Ok{};
}

Result<WebhookHook> readHook(const Value &given)
{
    const Value checked = EVENTOPS_TRY(checkSettings(given, HookFields, "webhooks.json"));
    const auto text = [&](std::string_view name) {
        return checked.at(name).text();
    };
    WebhookHook hook;
    hook.name = EVENTOPS_TRY(text("name"));
    hook.url = EVENTOPS_TRY(text("url"));
    hook.filter = EVENTOPS_TRY(text("filter"));
    hook.secretEnv = EVENTOPS_TRY(text("secret_env"));
    hook.secretFile = EVENTOPS_TRY(text("secret_file"));
    hook.callback = EVENTOPS_TRY(text("callback"));
    hook.caFile = EVENTOPS_TRY(text("ca_file"));
    hook.timeoutMs = EVENTOPS_TRY(checked.at("timeout").durationNs()) / NsPerMs;
    hook.allowHttp = EVENTOPS_TRY(checked.at("allow_http").boolean());
    hook.send.clear();
    for (const Value &item : checked.at("send").items())
        hook.send.push_back(EVENTOPS_TRY(item.text()));
    if (const Status fits = hook.check(); !fits)
        return given.error(fits.error().message, fits.error().remedy);
    return hook;
}

} // namespace

bool WebhookHook::sends(std::string_view what) const
{
    return std::find(send.begin(), send.end(), what) != send.end();
}

std::string WebhookHook::secretPath(const Workspace &workspace) const
{
    if (!secretEnv.empty())
        return {};
    return secretFile.starts_with('/') ? secretFile : workspace.directory + '/' + secretFile;
}

Result<WebhookKeys> WebhookHook::keys(const Workspace &workspace) const
{
    if (secretEnv.empty()) {
        const std::string path = secretPath(workspace);
        auto keys = WebhookKeys::parse(EVENTOPS_TRY(readPrivateFile(path, SecretBytesMax, "the webhook's secret")));
        if (!keys)
            return Error{keys.error().code, keys.error().message, {path, 0, 0}, keys.error().remedy};
        return keys;
    }
    const char *const text = std::getenv(secretEnv.c_str());
    auto keys = WebhookKeys::parse(text == nullptr ? "" : text);
    if (!keys)
        return Error{keys.error().code,
                     keys.error().message + " in the environment variable " + secretEnv,
                     {},
                     keys.error().remedy};
    return keys;
}

std::string WebhookHook::callbackUrl() const
{
    if (callback.empty())
        return {};
    std::string base = callback;
    while (base.ends_with('/'))
        base.pop_back();
    return base + "/api/v1/webhooks/" + name + "/reports";
}

Status WebhookHook::check() const
{
    if (!isPlainName(name, NameBytesMax))
        return unfit("\"" + name.substr(0, NameBytesMax) + "\" is no name for a webhook",
                     "use 1 to 40 letters, digits, - and _");
    if (const auto trouble = urlTrouble(url, allowHttp))
        return unfit("url: " + trouble->message, trouble->remedy);
    const auto ours = callback.empty() ? std::nullopt : urlTrouble(callback, true);
    if (ours)
        return unfit("callback: " + ours->message, "the address of eventops serve: https://ops.example.com:8088");
    if (send.empty())
        return unfit("send: nothing would be sent", "name some of alerts, deviations, requests, reports");
    for (const std::string &what : send) {
        if (std::find(std::begin(Sendable), std::end(Sendable), what) == std::end(Sendable))
            return unfit("send: nothing is called \"" + what + '"', unknownNameRemedy(what, Sendable, "names"));
    }
    if (!callback.empty() && !sends(Requests))
        return unfit("callback does nothing without requests", "send requests, or leave callback out");
    if (secretEnv.empty() == secretFile.empty())
        return unfit("secret_env or secret_file is needed, one of them", "name the variable or the file");
    if (timeoutMs < 1 || timeoutMs > TimeoutMsMax)
        return unfit("timeout must lie between 1ms and 60s", "leave it out: 10s");
    return checkFilter(*this);
}

std::string webhooksFile(const Workspace &workspace)
{
    return workspace.directory + "/webhooks.json";
}

bool hasWebhooks(const Workspace &workspace)
{
    std::error_code failed;
    return std::filesystem::exists(webhooksFile(workspace), failed);
}

Result<std::vector<WebhookHook>> readWebhooks(const Workspace &workspace)
{
    constexpr FieldSpec Fields[] = {{"webhooks", "list", "[]", "The targets."}};
    const Result<Value> given = loadYaml(webhooksFile(workspace)); // JSON is YAML, and errors name line and member
    if (!given && given.error().code == Error::Code::NotFound)
        return std::vector<WebhookHook>();
    if (!given)
        return given.error();
    const Value checked = EVENTOPS_TRY(checkSettings(given.value(), Fields, "webhooks.json"));
    std::vector<WebhookHook> hooks;
    for (const Value &item : checked.at("webhooks").items()) {
        WebhookHook hook = EVENTOPS_TRY(readHook(item));
        const bool twice =
            std::any_of(hooks.begin(), hooks.end(), [&](const auto &one) { return one.name == hook.name; });
        if (twice)
            return item.error("two webhooks are called " + hook.name, "give each a name of its own");
        if (hooks.size() == WebhooksMax)
            return item.error("there are more than " + std::to_string(WebhooksMax) + " webhooks",
                              "let one target hand on to others");
        hooks.push_back(std::move(hook));
    }
    return hooks;
}

Status writeWebhooks(const Workspace &workspace, std::span<const WebhookHook> hooks)
{
    std::string text;
    JsonWriter json(text);
    json.beginObject().key("webhooks").beginArray();
    for (const WebhookHook &hook : hooks) {
        json.beginObject().field("name", hook.name).field("url", hook.url).key("send").beginArray();
        for (const std::string &what : hook.send)
            json.string(what);
        json.endArray().field("filter", hook.filter).field("secret_env", hook.secretEnv);
        json.field("secret_file", hook.secretFile).field("callback", hook.callback).field("ca_file", hook.caFile);
        json.field("timeout", std::to_string(hook.timeoutMs) + "ms").key("allow_http").boolean(hook.allowHttp);
        json.endObject();
    }
    json.endArray().endObject();
    return lake::replaceFile(webhooksFile(workspace), text + "\n");
}

} // namespace eventops
