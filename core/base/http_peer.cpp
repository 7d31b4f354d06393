// SPDX-License-Identifier: MIT
#include "core/base/http_peer.h"

#include "core/base/curl_handles.h"
#include "core/base/text.h"

#include <algorithm>
#include <mutex>

namespace eventops {
namespace {

constexpr std::size_t WordsBytesMax = 400;
constexpr std::int64_t RetryAfterMsMax = 300'000;

/// Where the bytes of an answer go.
struct Received {
    std::string text;
    bool tooLong = false;
    static std::size_t write(char *data, std::size_t, std::size_t size, void *user)
    {
        auto &self = *static_cast<Received *>(user);
        self.tooLong = self.text.size() + size > HttpPeer::AnswerBytesMax;
        if (self.tooLong)
            return 0;
        self.text.append(data, size);
        return size;
    }
};

int lookForStop(void *user, curl_off_t, curl_off_t, curl_off_t, curl_off_t)
{
    const auto &mustStop = *static_cast<const std::function<bool()> *>(user);
    return mustStop && mustStop() ? 1 : 0;
}

} // namespace

std::string httpWords(std::string_view body)
{
    std::string out = shortened(body, WordsBytesMax);
    for (char &c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            c = ' ';
    }
    while (!out.empty() && out.back() == ' ')
        out.pop_back();
    return out;
}

Error HttpReply::error(const std::string &peer) const
{
    switch (kind) {
    case Kind::Away: return Error{Error::Code::Unavailable, peer + " cannot be reached: " + body};
    case Kind::TooLong: return Error{Error::Code::LimitExceeded, peer + "'s answer is too long", {}, "a smaller batch"};
    case Kind::Stopped: return Error{Error::Code::Cancelled, "stopped"};
    case Kind::Answered: break;
    }
    const std::string words = httpWords(body);
    const std::string message =
        peer + " answers with status " + std::to_string(status) + (words.empty() ? std::string() : ": " + words);
    if (status == 401 || status == 403)
        return Error{Error::Code::Refused, message, {}, "see that user and password, or the key, are its own"};
    if (status == 408 || status == 429 || status >= 500)
        return Error{Error::Code::Unavailable, message};
    if (status == 400 || status == 413 || status == 422)
        return Error{Error::Code::InvalidInput, message};
    if (status == 404)
        return Error{Error::Code::NotFound, message, {}, "see that the URL is the right one"};
    const bool redirect = status >= 300 && status < 400;
    return Error{Error::Code::InvalidConfig,
                 message,
                 {},
                 redirect ? "redirects are not followed: name the right URL" : "see that the URL is the right one"};
}

struct HttpPeer::Handle {
    std::unique_ptr<CURL, CurlDelete> curl;
};

HttpPeer::HttpPeer(HttpPeerOptions options, std::function<bool()> mustStop)
    : m_options(std::move(options)), m_mustStop(std::move(mustStop)), m_handle(std::make_unique<Handle>())
{
}

HttpPeer::~HttpPeer() = default;

Result<std::unique_ptr<HttpPeer>> HttpPeer::open(HttpPeerOptions options, std::function<bool()> mustStop)
{
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    for (const std::string &header : options.headers) {
        if (!isHeaderText(header))
            return Error{Error::Code::InvalidArgument,
                         "what is sent as the header " + header.substr(0, header.find(':')) + " is not fit for one",
                         {},
                         "printable ASCII, at most 1024 bytes"};
    }
    while (options.url.ends_with('/'))
        options.url.pop_back();
    std::unique_ptr<HttpPeer> peer(new HttpPeer(std::move(options), std::move(mustStop)));
    peer->m_handle->curl.reset(curl_easy_init());
    if (!peer->m_handle->curl)
        return Error{Error::Code::Unavailable, "libcurl cannot start"};
    return peer;
}

HttpReply HttpPeer::send(const char *method, std::string_view path, std::string_view contentType, std::string_view body,
                         const std::vector<std::string> &headers)
{
    CURL *const curl = m_handle->curl.get();
    std::unique_ptr<curl_slist, CurlDelete> list;
    const auto add = [&](const std::string &line) {
        if (curl_slist *longer = curl_slist_append(list.get(), line.c_str())) {
            static_cast<void>(list.release());
            list.reset(longer);
        }
    };
    add("Expect:"); // no waiting for "100 Continue"
    add("Content-Type:" + (contentType.empty() ? std::string() : ' ' + std::string(contentType)));
    std::for_each(m_options.headers.begin(), m_options.headers.end(), add);
    std::for_each(headers.begin(), headers.end(), add);
    curl_easy_reset(curl); // keeps the connection
    curl_easy_setopt(curl, CURLOPT_URL, (m_options.url + std::string(path)).c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); // the configured URL and nothing else
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(std::min(m_options.connectMsMax, m_options.requestMsMax)));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(m_options.requestMsMax));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "eventops");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.get());
    if (!m_options.caFile.empty())
        curl_easy_setopt(curl, CURLOPT_CAINFO, m_options.caFile.c_str());
    if (std::string_view(method) == "HEAD") {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (std::string_view(method) != "GET") {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    }
    Received received;
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Received::write);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, lookForStop);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &m_mustStop);
    const CURLcode code = curl_easy_perform(curl);
    HttpReply reply;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
    if (code == CURLE_ABORTED_BY_CALLBACK) {
        reply.kind = HttpReply::Kind::Stopped;
    } else if (received.tooLong) {
        reply.kind = HttpReply::Kind::TooLong;
    } else if (code != CURLE_OK) {
        reply.body = code == CURLE_OPERATION_TIMEDOUT
                         ? "no answer within " + std::to_string(m_options.requestMsMax) + " ms"
                         : std::string(curl_easy_strerror(code));
    } else {
        reply.kind = HttpReply::Kind::Answered;
        reply.body = std::move(received.text);
        curl_off_t seconds = 0;
        if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
            reply.retryAfterMs = std::min(static_cast<std::int64_t>(seconds) * 1'000, RetryAfterMsMax);
    }
    return reply;
}

} // namespace eventops
