// SPDX-License-Identifier: MIT
//
// The protocol of SQS in JSON (AWS JSON 1.0): one path, the operation in a header, the queue's URL in each body.
#include "core/queue/sqs_event_queue.h"

#include "core/base/clock.h"
#include "core/base/curl_handles.h"
#include "core/base/encode.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/codec/json_reader.h"
#include "core/codec/raw_event_message.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::string_view ContentType = "application/x-amz-json-1.0";
constexpr std::size_t MessagesMax = 10; ///< That one answer may hold.
constexpr std::int64_t WaitSecondsMax = 20;
constexpr std::int64_t RequestMs = 30'000;    ///< More than a request waits for messages.
constexpr std::size_t ReasonBytesMax = 4'096; ///< In an attribute.

std::string environmentText(const std::function<const char *(const char *)> &environment,
                            std::initializer_list<const char *> names)
{
    for (const char *const name : names) {
        const char *const value = environment(name);
        if (value != nullptr && *value != '\0')
            return value;
    }
    return {};
}

Status checkUrl(const char *field, const std::string &url)
{
    if (auto trouble = urlTrouble(url, false))
        return Error{Error::Code::InvalidConfig, std::string(field) + ": " + trouble->message, {}, trouble->remedy};
    return Ok{};
}

/// "https://host:port" of a URL, and host and port as they stand in a request.
struct Origin {
    std::string url, host;
};
Origin originOf(const std::string &url)
{
    const std::unique_ptr<CURLU, CurlDelete> parsed(curl_url());
    if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
        return {};
    Origin out;
    const std::string scheme = urlPart(parsed.get(), CURLUPART_SCHEME), port = urlPart(parsed.get(), CURLUPART_PORT);
    out.host = urlPart(parsed.get(), CURLUPART_HOST);
    if (!port.empty() && port != (scheme == "https" ? "443" : "80")) // as libcurl names it
        out.host += ':' + port;
    out.url = scheme + "://" + out.host;
    return out;
}

/// "sqs.eu-central-1.amazonaws.com": "eu-central-1"; empty: the host tells none.
std::string regionOf(const std::string &host)
{
    if (!host.starts_with("sqs."))
        return {};
    const std::size_t end = host.find('.', 4);
    return end != std::string::npos && host.substr(end).starts_with(".amazonaws.com") ? host.substr(4, end - 4)
                                                                                      : std::string();
}

std::string textMember(std::string_view object, std::string_view name)
{
    const auto raw = jsonMember(object, name);
    std::string scratch;
    return raw && jsonKind(*raw) == JsonKind::String ? std::string(jsonText(*raw, scratch)) : std::string();
}

/// What SQS says is wrong, by what can be done about it.
Error refusal(const HttpReply &reply)
{
    Error error = reply.error("SQS");
    JsonReader json;
    if (reply.kind != HttpReply::Kind::Answered || json.read(reply.body) || json.kind() != JsonKind::Object)
        return error;
    const std::string type = textMember(json.document(), "__type");
    const auto says = [&](std::string_view what) {
        return type.find(what) != std::string::npos;
    };
    if (says("NonExistentQueue") || says("QueueDoesNotExist")) {
        error.code = Error::Code::NotFound;
        error.remedy = "make the queue, or see that queue_url and region are right";
    } else if (says("AccessDenied") || says("InvalidClientTokenId") || says("UnrecognizedClient")
               || says("SignatureDoesNotMatch") || says("InvalidSecurity") || says("ExpiredToken")) {
        error.code = Error::Code::Refused;
        error.remedy = "see that the keys in the environment are right and may send, receive and delete there";
    } else if (says("Throttl") || says("OverLimit")) {
        error.code = Error::Code::Unavailable;
    }
    return error;
}

/// A name of a group as SQS takes it: up to 128 letters, digits and marks of ASCII; another one by its hash.
std::string groupId(const std::string &group)
{
    const bool fits = !group.empty() && group.size() <= 128
                      && std::all_of(group.begin(), group.end(), [](char c) { return c > ' ' && c < 0x7F; });
    return fits ? group : hexOf(hash64(group));
}

/// Without the control characters that SQS refuses a message for; a space stands for each.
std::string allowed(std::string_view text)
{
    std::string out(text);
    for (char &c : out) {
        if (static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r')
            c = ' ';
    }
    for (const std::string_view no : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) { // U+FFFE and U+FFFF
        for (std::size_t at = out.find(no); at != std::string::npos; at = out.find(no, at))
            out.replace(at, no.size(), " ");
    }
    return out;
}

} // namespace

Result<std::unique_ptr<SqsEventQueue>> SqsEventQueue::open(SqsSettings settings,
                                                           const std::function<const char *(const char *)> &environment,
                                                           std::function<bool()> mustStop)
{
    if (settings.queueUrl.empty())
        return Error{Error::Code::InvalidConfig, "queue_url is missing", {}, "name the queue's URL"};
    EVENTOPS_TRY(checkUrl("queue_url", settings.queueUrl));
    if (!settings.deadLettersUrl.empty())
        EVENTOPS_TRY(checkUrl("dead_letter_url", settings.deadLettersUrl));
    if (settings.queueUrl == settings.deadLettersUrl)
        return Error{Error::Code::InvalidConfig, "dead_letter_url is the queue itself", {}, "name another queue"};
    if (settings.endpoint.empty())
        settings.endpoint = environmentText(environment, {"AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL"});
    if (settings.endpoint.empty())
        settings.endpoint = originOf(settings.queueUrl).url;
    EVENTOPS_TRY(checkUrl("endpoint", settings.endpoint));
    const Origin origin = originOf(settings.endpoint);
    if (settings.region.empty())
        settings.region = environmentText(environment, {"AWS_REGION", "AWS_DEFAULT_REGION"});
    if (settings.region.empty())
        settings.region = regionOf(origin.host);
    if (settings.region.empty())
        return Error{Error::Code::InvalidConfig, "the queue's region is not known", {}, "set region, or AWS_REGION"};
    AwsCredentials credentials = EVENTOPS_TRY(AwsCredentials::fromEnvironment(environment));
    std::unique_ptr<SqsEventQueue> queue(new SqsEventQueue(std::move(settings), std::move(credentials)));
    queue->m_host = origin.host;
    HttpPeerOptions peer;
    peer.url = origin.url;
    peer.caFile = queue->m_settings.caFile;
    peer.requestMsMax = RequestMs;
    queue->m_peer = EVENTOPS_TRY(HttpPeer::open(std::move(peer), [self = queue.get(), mustStop = std::move(mustStop)] {
        return !self->m_givingBack && mustStop();
    }));
    return queue;
}

/// The answer's document.
Result<std::string> SqsEventQueue::ask(std::string_view operation, const std::string &body)
{
    AwsRequest request;
    request.method = "POST";
    const std::string target = "AmazonSQS." + std::string(operation);
    request.headers = {{"content-type", std::string(ContentType)}, {"host", m_host}, {"x-amz-target", target}};
    request.body = body;
    request.region = m_settings.region;
    request.service = "sqs";
    std::vector<std::string> headers = signAwsRequest(std::move(request), m_credentials, SystemClock().now());
    headers.push_back("X-Amz-Target: " + target);
    HttpReply reply = m_peer->send("POST", "/", ContentType, body, headers);
    if (!reply.done())
        return refusal(reply);
    return std::move(reply.body);
}

Status SqsEventQueue::sendMessage(const std::string &queue, const std::string &message, const std::string &group,
                                  std::string_view reason)
{
    std::string body;
    JsonWriter json(body);
    json.beginObject().field("QueueUrl", queue).field("MessageBody", message);
    if (queue.ends_with(".fifo")) {
        // Once more is on purpose: an id that did not arrive must not count as one that did a minute ago.
        json.field("MessageGroupId", groupId(group));
        const auto now = static_cast<std::uint64_t>(raw(SystemClock().now()));
        json.field("MessageDeduplicationId", hexOf(now) + hexOf(hash64(message)));
    }
    if (!reason.empty()) {
        json.key("MessageAttributes").beginObject().key("Reason").beginObject();
        json.field("DataType", "String").field("StringValue", reason).endObject().endObject();
    }
    json.endObject();
    EVENTOPS_TRY(ask("SendMessage", body));
    return Ok{};
}

Status SqsEventQueue::publish(std::span<const WaitingEvent> events)
{
    for (const WaitingEvent &event : events)
        EVENTOPS_TRY(sendMessage(m_settings.queueUrl, encodeRawEventMessage(event.id), event.group, {}));
    return Ok{};
}

Result<std::vector<TakenEvent>> SqsEventQueue::take(std::size_t max, std::chrono::milliseconds wait)
{
    std::string body;
    JsonWriter json(body);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    json.beginObject().field("QueueUrl", m_settings.queueUrl);
    json.key("MaxNumberOfMessages").unsignedInteger(std::clamp<std::size_t>(max, 1, MessagesMax));
    json.key("WaitTimeSeconds").integer(std::min<std::int64_t>(seconds, WaitSecondsMax));
    json.key("VisibilityTimeout").integer(m_settings.visibilitySeconds).endObject();
    const std::string answer = EVENTOPS_TRY(ask("ReceiveMessage", body));
    JsonReader read;
    if (read.read(answer) || read.kind() != JsonKind::Object)
        return Error{Error::Code::Unavailable, "SQS's answer is no JSON object: " + httpWords(answer)};
    std::vector<TakenEvent> out;
    const JsonEntry *const messages = read.find("Messages");
    if (messages == nullptr || jsonKind(messages->value) != JsonKind::Array)
        return out;
    JsonItems items(messages->value);
    for (std::string_view name, message; items.next(name, message);) {
        TakenEvent &taken = out.emplace_back();
        taken.message = textMember(message, "Body");
        taken.receipt = textMember(message, "ReceiptHandle");
        taken.id = decodeRawEventMessage(taken.message).valueOr(0);
    }
    return out;
}

Status SqsEventQueue::acknowledge(std::span<const TakenEvent> events)
{
    for (const TakenEvent &event : events) {
        std::string body;
        JsonWriter(body)
            .beginObject()
            .field("QueueUrl", m_settings.queueUrl)
            .field("ReceiptHandle", event.receipt)
            .endObject();
        const auto done = ask("DeleteMessage", body);
        // A receipt that is too old or unknown by now: if the message comes again, the ledger knows that it is done.
        if (!done && done.error().code != Error::Code::InvalidInput)
            return done.error();
    }
    return Ok{};
}

void SqsEventQueue::release(std::span<const TakenEvent> events)
{
    m_givingBack = true;
    for (const TakenEvent &event : events) {
        std::string body;
        JsonWriter json(body);
        json.beginObject().field("QueueUrl", m_settings.queueUrl).field("ReceiptHandle", event.receipt);
        json.key("VisibilityTimeout").integer(0).endObject();
        if (!ask("ChangeMessageVisibility", body))
            break; // their time will be over by itself
    }
    m_givingBack = false;
}

Status SqsEventQueue::deadLetter(std::span<const FailedEvent> events)
{
    if (m_settings.deadLettersUrl.empty())
        return Ok{};
    for (const FailedEvent &event : events) {
        const std::string letter =
            event.taken.id != 0 ? encodeRawEventFailure(event.taken.id, event.why) : event.taken.message;
        EVENTOPS_TRY(sendMessage(m_settings.deadLettersUrl, allowed(letter), "events",
                                 allowed(utf8Prefix(event.why, ReasonBytesMax))));
    }
    return Ok{};
}

} // namespace eventops
