// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Which server, and how long one exchange with it may take.
struct HttpPeerOptions {
    std::string url;                  ///< http or https; no user, password, query or fragment in it.
    std::string caFile;               ///< PEM of the authorities to trust; empty: the system's.
    std::vector<std::string> headers; ///< Sent with each request, secrets among them: "api-key: …".
    std::int64_t connectMsMax = 5'000;
    std::int64_t requestMsMax = 10'000; ///< For one whole exchange.
};

/// What came of one exchange.
struct HttpReply {
    enum class Kind : std::uint8_t {
        Answered, ///< See `status`.
        Away,     ///< No connection, none in time, or it broke: what was asked for may be done or not.
        TooLong,  ///< The answer is longer than HttpPeer::AnswerBytesMax.
        Stopped,  ///< We ended it.
    };
    Kind kind = Kind::Away;
    long status = 0;               ///< Of HTTP; 0: none came.
    std::int64_t retryAfterMs = 0; ///< The server's Retry-After; 0: none.
    std::string body;              ///< The answer; of what is not Answered, what went wrong in one line.

    bool done() const { return kind == Kind::Answered && status >= 200 && status < 300; }
    /// Of what is not done, by what the caller can do: Unavailable (away, 408, 429, 5xx), Refused (401, 403), NotFound,
    /// InvalidInput (400, 413, 422: for what is in it), InvalidConfig (any other), Cancelled, LimitExceeded. @p peer:
    /// "OpenSearch".
    Error error(const std::string &peer) const;
};

/// One line of a server's words, printable as it is and short enough for a message.
std::string httpWords(std::string_view body);

/// A server with an HTTP interface, by libcurl. Follows no redirect, uses no proxy, keeps its connection. Thread: one.
class HttpPeer
{
public:
    static constexpr std::size_t AnswerBytesMax = 64u << 20;

    /// Connects to nothing yet. @p mustStop: asked often; once true, a request under way soon ends with Stopped.
    /// Unavailable: libcurl cannot start; InvalidArgument: a header holds what no header may.
    static Result<std::unique_ptr<HttpPeer>> open(HttpPeerOptions options, std::function<bool()> mustStop);
    ~HttpPeer();

    /// @p path: behind the URL, with its query; @p headers: of this request alone.
    HttpReply send(const char *method, std::string_view path, std::string_view contentType, std::string_view body,
                   const std::vector<std::string> &headers = {});
    HttpReply get(std::string_view path) { return send("GET", path, {}, {}); }

private:
    struct Handle;
    HttpPeer(HttpPeerOptions options, std::function<bool()> mustStop);

    const HttpPeerOptions m_options;
    const std::function<bool()> m_mustStop;
    std::unique_ptr<Handle> m_handle;
};

} // namespace eventops
