// SPDX-License-Identifier: MIT
#include "core/codec/webhook.h"

#include "core/base/base64.h"
#include "core/base/hmac.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/json_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <sys/random.h>

namespace eventops {
namespace {

constexpr std::string_view SecretPrefix = "whsec_";
constexpr std::string_view SignaturePrefix = "v1,";
constexpr std::size_t KeyBytesMin = 24, KeyBytesMax = 64, NewKeyBytes = 32;
constexpr std::size_t SignaturesMax = 16; ///< Of one request that are looked at.
constexpr std::string_view Blanks = " \t\r\n";

/// The words of @p text, without what stands behind a # up to the end of its line.
std::vector<std::string_view> wordsOf(std::string_view text)
{
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t begin = text.find_first_not_of(Blanks);
        if (begin == std::string_view::npos)
            break;
        text.remove_prefix(begin);
        const bool comment = text.front() == '#';
        const std::size_t end = std::min(comment ? text.find('\n') : text.find_first_of(Blanks), text.size());
        if (!comment)
            words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

std::string signedContent(std::string_view id, std::string_view timestamp, std::string_view body)
{
    std::string content;
    content.reserve(id.size() + timestamp.size() + body.size() + 2);
    content.append(id).append(".").append(timestamp).append(".").append(body);
    return content;
}

Error refusal(std::string message, std::string remedy)
{
    return Error{Error::Code::Refused, std::move(message), {}, std::move(remedy)};
}

std::optional<std::int64_t> secondsOf(std::string_view text)
{
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool whole = error == std::errc() && end == text.data() + text.size() && seconds >= 0;
    return whole ? std::optional(seconds) : std::nullopt;
}

} // namespace

Result<WebhookKeys> WebhookKeys::parse(std::string_view text)
{
    const auto wrong = [](std::string message) {
        return Error{Error::Code::InvalidConfig,
                     std::move(message),
                     {},
                     "write whsec_ and 24 to 64 random bytes in base64: echo whsec_$(openssl rand -base64 32)"};
    };
    WebhookKeys keys;
    for (const std::string_view word : wordsOf(text)) {
        std::string key;
        if (!word.starts_with(SecretPrefix) || !readBase64(word.substr(SecretPrefix.size()), key)
            || key.size() < KeyBytesMin || key.size() > KeyBytesMax)
            return wrong("a webhook's secret is none"); // its text is not told
        keys.m_keys.push_back(std::move(key));
    }
    if (keys.m_keys.empty())
        return wrong("there is no webhook secret");
    if (keys.m_keys.size() > KeysMax)
        return wrong("there are more than " + std::to_string(KeysMax) + " secrets for one webhook");
    return keys;
}

std::string WebhookKeys::sign(std::string_view id, std::int64_t timestamp, std::string_view body) const
{
    const std::string content = signedContent(id, std::to_string(timestamp), body);
    std::string out;
    for (const std::string &key : m_keys) {
        out.append(out.empty() ? "" : " ").append(SignaturePrefix);
        appendBase64(out, hmacSha256(key, content));
    }
    return out;
}

Status WebhookKeys::verify(const WebhookHead &head, std::string_view body, std::int64_t now) const
{
    const auto seconds = secondsOf(head.timestamp);
    const bool complete = !head.id.empty() && head.id.size() <= WebhookIdBytesMax
                          && head.id.find('.') == std::string::npos && seconds && !head.signature.empty();
    if (!complete)
        return refusal("the request is not signed: one of webhook-id, webhook-timestamp and webhook-signature is "
                       "missing or wrong",
                       "sign it by the Standard Webhooks specification, with the webhook's secret");
    const std::string content = signedContent(head.id, head.timestamp, body);
    std::vector<std::string> known;
    for (const std::string &key : m_keys)
        known.push_back(std::string(SignaturePrefix) + base64(hmacSha256(key, content)));
    const std::vector<std::string_view> given = wordsOf(head.signature);
    bool ours = false;
    for (std::size_t i = 0; i < std::min(given.size(), SignaturesMax); ++i) {
        for (const std::string &one : known)
            ours = equalsInConstantTime(given[i], one) || ours;
    }
    if (!ours)
        return refusal("the signature is not made with this webhook's secret over this very body",
                       "sign webhook-id, webhook-timestamp and the body as it is sent, with dots between");
    if (std::max(*seconds, now) - std::min(*seconds, now) > WebhookToleranceSeconds)
        return refusal("the timestamp lies more than " + std::to_string(WebhookToleranceSeconds / 60)
                           + " minutes from this machine's clock",
                       "sign anew at every attempt, and set both clocks");
    return Ok{};
}

Result<std::string> newWebhookSecret()
{
    std::string bytes(NewKeyBytes, '\0');
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return Error{Error::Code::Unavailable, "the system gives no random bits", {}, "try again"};
    return std::string(SecretPrefix) + base64(bytes);
}

std::string encodeWebhookMessage(const WebhookMessage &message)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("specversion", "1.0").field("id", message.id).field("source", "/eventops");
    json.field("type", message.type);
    if (!message.subject.empty())
        json.field("subject", message.subject);
    if (message.time != NoTime)
        json.field("time", formatTimestamp(message.time));
    json.field("datacontenttype", "application/json");
    if (!message.callback.empty())
        json.field("callbackurl", message.callback);
    json.key("data").raw(message.data).endObject();
    return out;
}

Result<std::string> webhookDocument(std::string_view body)
{
    JsonReader reader;
    if (const JsonFailure failure = reader.read(body))
        return Error{Error::Code::InvalidInput, "the body is no JSON: " + failure.text()};
    if (reader.kind() != JsonKind::Object)
        return Error{Error::Code::InvalidInput, "the body is no JSON object"};
    const JsonEntry *data = reader.find("specversion") != nullptr ? reader.find("data") : nullptr;
    if (data != nullptr && jsonKind(data->value) != JsonKind::Object)
        return Error{Error::Code::InvalidInput, "data of the CloudEvent is no JSON object"};
    return std::string(data != nullptr ? data->value : reader.document());
}

} // namespace eventops
