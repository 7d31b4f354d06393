// SPDX-License-Identifier: MIT
#include "core/actions/executor.h"
#include "core/base/clock.h"
#include "core/base/curl_handles.h"
#include "core/base/hash.h"
#include "core/codec/webhook.h"
#include "core/pipeline/settings.h"
#include "pipelines/executors/command_set.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>

namespace eventops {
namespace {

constexpr FieldSpec Fields[] = {
    {"url", "string", "required", "Where the request is posted: https, or http on this machine."},
    {"commands", "list", "[]", "Commands it carries out; none named: every one."},
    {"timeout", "duration", "10s", "Limit for the whole exchange; the request's own limit counts too."},
    {"allow_http", "bool", "false", "Send over plain http to other machines too."},
    {"token_env", "string", "",
     "Environment variable whose content is sent as bearer token; secrets stay out of files."},
    {"secret_env", "string", "",
     "Environment variable with the secrets (whsec_…) that requests are signed with, as the Standard Webhooks "
     "specification has it."},
};
constexpr std::size_t IdDigits = 32;
constexpr std::int64_t TimeoutMsMax = 24LL * 3'600 * 1'000;

/// Keeps the first ExecutorOutputBytesMax bytes and stops the transfer there: an endless answer ends it, not us.
std::size_t keepOutput(char *data, std::size_t, std::size_t size, void *user)
{
    auto &output = *static_cast<std::string *>(user);
    const std::size_t room = ExecutorOutputBytesMax - output.size();
    output.append(data, std::min(size, room));
    return size <= room ? size : 0;
}

class Webhook final : public Executor
{
public:
    std::string url, token;
    std::optional<WebhookKeys> keys;
    CommandSet commands;
    std::int64_t timeoutMs = 0;

    bool accepts(std::string_view command) const override { return commands.empty() || commands.holds(command); }

    ActionOutcome execute(const ActionRequest &request, const Progress &progress) override
    {
        if (!isHeaderText(request.idempotencyKey) || !isHeaderText(request.actionId))
            return failed("the idempotency key is not fit for a header", false);
        const std::unique_ptr<CURL, CurlDelete> handle(curl_easy_init());
        if (!handle)
            return failed("cannot prepare the request", true);
        if (progress)
            progress(0, "posting");
        ActionOutcome outcome;
        const auto begin = std::chrono::steady_clock::now();
        const CURLcode code = post(handle.get(), request, outcome.output);
        const auto took = std::chrono::steady_clock::now() - begin;
        outcome.durationMs = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
        judge(handle.get(), code, outcome);
        return outcome;
    }

private:
    static ActionOutcome failed(std::string error, bool retryable)
    {
        ActionOutcome outcome;
        outcome.error = std::move(error);
        outcome.retryable = retryable;
        return outcome;
    }

    long limitMs(const ActionRequest &request) const
    {
        const double ttlMs = request.ttlSeconds > 0.0 ? request.ttlSeconds * 1'000.0 : static_cast<double>(timeoutMs);
        return std::max(1L, static_cast<long>(std::min(ttlMs, static_cast<double>(timeoutMs))));
    }

    CURLcode post(CURL *handle, const ActionRequest &request, std::string &output) const
    {
        curl_slist *list = nullptr;
        const auto header = [&](const std::string &line) {
            if (curl_slist *longer = curl_slist_append(list, line.c_str()))
                list = longer;
        };
        header("Content-Type: application/json");
        header("Idempotency-Key: " + request.idempotencyKey);
        header("X-Action-Id: " + request.actionId);
        header("X-Attempt: " + std::to_string(request.attempt));
        header("Expect:"); // no waiting for "100 Continue"
        if (!token.empty())
            header("Authorization: Bearer " + token);
        if (keys) {
            // The same for every retry; a key of a request has dots, which an id may not have.
            const std::string id = "action_" + sha256Hex(request.idempotencyKey).substr(0, IdDigits);
            const std::int64_t seconds = raw(SystemClock().now()) / NsPerSecond;
            header(std::string(WebhookIdHeader) + ": " + id);
            header(std::string(WebhookTimestampHeader) + ": " + std::to_string(seconds));
            header(std::string(WebhookSignatureHeader) + ": " + keys->sign(id, seconds, request.envelope));
        }
        const std::unique_ptr<curl_slist, CurlDelete> owner(list);
        curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(handle, CURLOPT_PROXY, ""); // the configured URL and nothing else
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, limitMs(request));
        curl_easy_setopt(handle, CURLOPT_USERAGENT, "eventops");
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, owner.get());
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.envelope.size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.envelope.data());
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keepOutput);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, &output);
        return curl_easy_perform(handle);
    }

    static void judge(CURL *handle, CURLcode code, ActionOutcome &outcome)
    {
        long status = 0;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        const bool cutByUs = code == CURLE_WRITE_ERROR && outcome.output.size() == ExecutorOutputBytesMax;
        if (code != CURLE_OK && !cutByUs) {
            outcome.error = std::string("request failed: ") + curl_easy_strerror(code);
            if (code == CURLE_OPERATION_TIMEDOUT)
                outcome.error = "no answer within the time limit";
            outcome.retryable = code == CURLE_OPERATION_TIMEDOUT || code == CURLE_COULDNT_CONNECT
                                || code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_GOT_NOTHING
                                || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_PARTIAL_FILE;
            return;
        }
        if (status >= 200 && status < 300) {
            outcome.kind = ActionOutcome::Kind::Succeeded;
            return;
        }
        outcome.error = "answered with status " + std::to_string(status);
        if (status >= 300 && status < 400)
            outcome.error += ", a redirect; redirects are not followed";
        outcome.retryable = status == 408 || status == 429 || status >= 500;
    }
};

Result<std::unique_ptr<Executor>> make(const Value &settings)
{
    const Value checked = EVENTOPS_TRY(checkSettings(settings, Fields, "executor \"webhook\""));
    auto webhook = std::make_unique<Webhook>();
    webhook->url = EVENTOPS_TRY(checked.at("url").text());
    const bool allowHttp = EVENTOPS_TRY(checked.at("allow_http").boolean());
    if (const auto trouble = urlTrouble(webhook->url, allowHttp))
        return checked.at("url").error(trouble->message, trouble->remedy);
    webhook->commands = EVENTOPS_TRY(CommandSet::read(checked.at("commands")));
    webhook->timeoutMs = EVENTOPS_TRY(checked.at("timeout").durationNs()) / NsPerMs;
    if (webhook->timeoutMs < 1 || webhook->timeoutMs > TimeoutMsMax)
        return checked.at("timeout").error("timeout must lie between 1ms and 24h");
    const std::string tokenName = EVENTOPS_TRY(checked.at("token_env").text());
    if (!tokenName.empty()) {
        const char *token = std::getenv(tokenName.c_str());
        webhook->token = token == nullptr ? "" : token;
        if (webhook->token.empty() || !isHeaderText(webhook->token))
            return checked.at("token_env").error("environment variable " + tokenName + " holds no token");
    }
    const std::string secretName = EVENTOPS_TRY(checked.at("secret_env").text());
    if (!secretName.empty()) {
        const char *secret = std::getenv(secretName.c_str());
        auto keys = WebhookKeys::parse(secret == nullptr ? "" : secret);
        if (!keys)
            return checked.at("secret_env")
                .error("environment variable " + secretName + ": " + keys.error().message, keys.error().remedy);
        webhook->keys = std::move(keys).value();
    }
    return std::unique_ptr<Executor>(std::move(webhook));
}

} // namespace

extern const ExecutorSpec WebhookExecutor;
const ExecutorSpec WebhookExecutor = {
    .name = "webhook",
    .summary = "Posts the published request to one configured URL.",
    .make = make,
};

} // namespace eventops
