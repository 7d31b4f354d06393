// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

class QTcpSocket;

namespace eventops::api {

struct HttpHeader {
    std::string name, value;
};

/// A request that arrived whole.
struct HttpRequest {
    std::string method;              ///< As sent: "GET".
    std::string target;              ///< As sent: "/a%20b?c=d".
    std::vector<HttpHeader> headers; ///< Names in lower case, as often as they were sent.
    std::string body;

    /// The value of a header that may come once; null: there is none. @p name in lower case.
    const std::string *header(std::string_view name) const;
    std::size_t headerCount(std::string_view name) const;
};

struct HttpResponse {
    unsigned status = 200;
    std::string contentType = "application/json";
    std::vector<HttpHeader> headers = {}; ///< Beyond content type, length and connection.
    std::string body = {};
};

/// What a server bears. Sizes in bytes.
struct HttpLimits {
    std::size_t headerBytesMax = 8u << 10;           ///< Of request line and headers together; more: 431.
    std::size_t bodyBytesMax = 1u << 20;             ///< More: 413.
    std::size_t bodiesBytesMax = 64u << 20;          ///< Of all requests under way together; more: 503.
    std::size_t connectionsMax = 512;                ///< More: 503.
    std::size_t outputBytesMax = 16u << 20;          ///< Waiting for one client.
    std::chrono::milliseconds requestTimeMax{9'800}; ///< For a request to arrive whole: gone within ten seconds.
    std::chrono::milliseconds handshakeTimeMax{5'000}; ///< For TLS to be agreed on.
    std::chrono::milliseconds idleTimeMax{30'000};   ///< Between two requests of a connection.
    std::chrono::milliseconds stallTimeMax{5'000};   ///< For a client to take something of what waits for it.
    std::chrono::milliseconds lingerTimeMax{1'000};  ///< For a refused client to take the refusal.
    std::chrono::milliseconds lookTime{100};         ///< Between two looks at all these.
};

/// One request and the way to answer it: once by `respond`, or by `beginStream`, any number of `write`, and `end`. Let
/// go of without an answer it answers 500. Thread: any.
class HttpExchange
{
public:
    virtual ~HttpExchange();
    virtual const HttpRequest &request() const = 0;
    virtual void respond(HttpResponse response) = 0;
    /// Begins an answer without a length, which ends with the connection. @p poll is called on the server's thread ten
    /// times a second, and when all that was written is sent, until the end or the client's.
    virtual void beginStream(HttpResponse head, std::function<void()> poll) = 0;
    /// False: the client is gone, or as much waits for it as may; nothing of @p bytes is taken then.
    virtual bool write(std::string bytes) = 0;
    virtual void end() = 0;
    virtual std::size_t queuedBytes() const = 0; ///< Taken and not yet sent.
    virtual bool gone() const = 0;
    /// The template of the route that answers: for telemetry.
    virtual void matched(std::string_view) {}
    /// Calls @p gone once, on the server's thread, if the client goes before it has its answer.
    virtual void whenGone(std::function<void()> gone) = 0;
    /// Instead of an answer: gives the client's connection away, with @p head in front of all that it did not send yet,
    /// for somebody who speaks another protocol on it. @p taker owns the socket; called on the server's thread, unless
    /// the client is gone.
    virtual void handOver(std::string head, std::function<void(QTcpSocket *)> taker) = 0;
};

/// Called on the server's thread; must not wait.
using HttpHandler = std::function<void(std::shared_ptr<HttpExchange>)>;

/// "Not Found" for 404; "" for what is none.
std::string_view statusText(unsigned status);

/// @p text with %XX decoded ('+' stands for itself). Nothing: an escape is broken, or what comes out is no UTF-8 or
/// holds control characters.
std::optional<std::string> percentDecoded(std::string_view text);

/// The members of a query string ("a=1&b=x%20y", also '+' for a blank) in order. InvalidArgument.
Result<std::vector<std::pair<std::string, std::string>>> parseQuery(std::string_view query);

/// The segments of a path as sent, decoded: "/a/b%20c" → {"a", "b c"}; "/" → {}. InvalidArgument for paths that could
/// mean another one to somebody else: empty segments, "." and "..", encoded or not, encoded slashes, backslashes,
/// broken escapes, control characters, what is no UTF-8.
Result<std::vector<std::string>> parsePath(std::string_view path);

} // namespace eventops::api
