// SPDX-License-Identifier: MIT
#include "core/session/webhook_sender.h"

#include "core/base/curl_handles.h"
#include "core/base/encode.h"

#include <algorithm>
#include <mutex>

namespace eventops {
namespace {

constexpr long ConnectMsMax = 5'000;
constexpr std::int64_t RetryAfterMsMax = 3'600'000;
constexpr std::size_t ShownBytesMax = 200; ///< Of what a target says of a message that it does not take.

/// What a target says, up to the limit; the rest ends the exchange.
struct Said {
    std::string text;
    bool cut = false;

    static std::size_t write(char *data, std::size_t, std::size_t size, void *user)
    {
        auto &self = *static_cast<Said *>(user);
        const std::size_t room = WebhookSender::AnswerBytesMax - self.text.size();
        self.text.append(data, std::min(size, room));
        self.cut = size > room;
        return self.cut ? 0 : size;
    }
};

int lookForStop(void *user, curl_off_t, curl_off_t, curl_off_t, curl_off_t)
{
    return (*static_cast<const std::function<bool()> *>(user))() ? 1 : 0;
}

/// A piece of it that is safe in one line of a report.
std::string shown(const std::string &text)
{
    std::string out;
    for (const char c : text.substr(0, ShownBytesMax))
        out += c >= 0x20 && c < 0x7F ? c : ' ';
    return out;
}

WebhookSender::Answer::Kind kindOf(long status)
{
    using enum WebhookSender::Answer::Kind;
    if (status >= 200 && status < 300)
        return Delivered;
    switch (status) {
    case 410: return Gone;
    case 408: // took too long to hear us
    case 425:
    case 429: // too much at once
    case 502: // what stands before it does not reach it
    case 503:
    case 504: return Away;
    default: return Refused;
    }
}

} // namespace

struct WebhookSender::Handle {
    std::unique_ptr<CURL, CurlDelete> curl;
    std::unique_ptr<curl_slist, CurlDelete> headers;

    void add(const std::string &line)
    {
        if (curl_slist *longer = curl_slist_append(headers.get(), line.c_str())) {
            (void)headers.release(); // the longer list begins with it
            headers.reset(longer);
        }
    }
};

WebhookSender::WebhookSender(const WebhookHook &hook, std::function<bool()> mustStop)
    : m_hook(hook), m_mustStop(std::move(mustStop)), m_handle(std::make_unique<Handle>())
{
}

WebhookSender::~WebhookSender() = default;

Result<std::unique_ptr<WebhookSender>> WebhookSender::open(const WebhookHook &hook, std::function<bool()> mustStop)
{
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    std::unique_ptr<WebhookSender> made(new WebhookSender(hook, std::move(mustStop)));
    made->m_handle->curl.reset(curl_easy_init());
    if (!made->m_handle->curl)
        return Error{Error::Code::Unavailable, "libcurl cannot start"};
    return made;
}

void WebhookSender::prepare(const WebhookKeys &keys, std::int64_t seconds, const std::string &id,
                            const std::string &body)
{
    Handle &handle = *m_handle;
    handle.headers.reset();
    handle.add("Expect:"); // no waiting for "100 Continue"
    handle.add(std::string("Content-Type: ") + WebhookContentType);
    handle.add(std::string(WebhookIdHeader) + ": " + id);
    handle.add(std::string(WebhookTimestampHeader) + ": " + std::to_string(seconds));
    handle.add(std::string(WebhookSignatureHeader) + ": " + keys.sign(id, seconds, body));
    CURL *const curl = handle.curl.get();
    curl_easy_reset(curl); // keeps the connection
    curl_easy_setopt(curl, CURLOPT_URL, m_hook.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); // the configured URL and nothing else
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, std::min(ConnectMsMax, static_cast<long>(m_hook.timeoutMs)));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(m_hook.timeoutMs));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "eventops");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle.headers.get());
    if (!m_hook.caFile.empty())
        curl_easy_setopt(curl, CURLOPT_CAINFO, m_hook.caFile.c_str());
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, lookForStop);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &m_mustStop);
}

WebhookSender::Answer WebhookSender::post(const WebhookKeys &keys, const Clock &clock, const std::string &id,
                                          const std::string &body)
{
    prepare(keys, raw(clock.now()) / NsPerSecond, id, body);
    CURL *const curl = m_handle->curl.get();
    Said said;
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Said::write);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &said);
    const CURLcode code = curl_easy_perform(curl);
    Answer answer;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        answer.kind = Answer::Kind::Stopped;
        answer.why = "stopped";
        return answer;
    }
    if (code != CURLE_OK && !said.cut) {
        answer.status = 0;
        answer.why = code == CURLE_OPERATION_TIMEDOUT ? "no answer within " + std::to_string(m_hook.timeoutMs) + " ms"
                                                      : std::string(curl_easy_strerror(code));
        return answer;
    }
    answer.kind = kindOf(answer.status);
    if (answer.kind == Answer::Kind::Delivered)
        return answer;
    answer.why = "it answers with status " + std::to_string(answer.status);
    if (answer.status >= 300 && answer.status < 400)
        answer.why += ", a redirect; redirects are not followed";
    else if (!said.text.empty())
        answer.why += ": " + shown(said.text);
    curl_off_t seconds = 0;
    if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
        answer.retryAfterMs = std::min(static_cast<std::int64_t>(seconds), RetryAfterMsMax / 1'000) * 1'000;
    return answer;
}

WebhookSender::Answer WebhookSender::test(const WebhookKeys &keys, const Clock &clock)
{
    WebhookMessage message;
    message.time = clock.now();
    message.id = "test_" + hexOf(static_cast<std::uint64_t>(raw(message.time)));
    message.type = "eventops.test";
    message.data = R"({"message":"This webhook works."})";
    return post(keys, clock, message.id, encodeWebhookMessage(message));
}

} // namespace eventops
