// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/http_message.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace eventops::api {

/// A sentence that one thread says and others read. Thread: any.
class SharedSentence
{
public:
    void set(std::string text)
    {
        const std::lock_guard lock(m_mutex);
        m_text = std::move(text);
    }
    std::string get() const
    {
        const std::lock_guard lock(m_mutex);
        return m_text;
    }

private:
    mutable std::mutex m_mutex;
    std::string m_text;
};

/// What a server did since it began. Thread: any reads, the server's writes.
struct HttpStatistics {
    std::atomic<std::uint64_t> connectionsTotal{0};
    std::atomic<std::uint64_t> connectionsOpen{0};
    std::atomic<std::uint64_t> connectionsRefused{0}; ///< There were too many.
    std::atomic<std::uint64_t> connectionsCut{0};     ///< Too slow to ask, or to take what it was sent.
    std::atomic<std::uint64_t> responses[5] = {};     ///< By class of status: 1xx … 5xx.
    SharedSentence tlsTrouble; ///< Why the newest certificate and key are not used; empty: they are.
};

/// PEM files that a server shows who it is with. Read when it begins, and again when a connection comes after they have
/// changed.
struct TlsFiles {
    std::string certificate; ///< The server's own first, then those up to its authority.
    std::string key;         ///< Without a password; only its owner may read it.
};

/// HTTP/1.1 and 1.0 on one address, with a limit on everything. Keeps connections alive, answers pipelined requests in
/// their order, one at a time, and HEAD without the body of the GET that it is handed on as. Knows no paths: that is
/// the handler's. An exception of the handler's is a 500. Thread: any may call; it works on one thread of its own,
/// where the handler is called. Where there is no QCoreApplication, it makes one, and is made and ended by the same
/// thread.
class HttpServer
{
public:
    /// @p address: an IP address; @p port: 0 takes a free one. Unavailable when it cannot be had.
    /// What it does is counted in @p statistics. @p tls: encrypted, and in no other way; its errors: see
    /// readServerTls.
    static Result<std::unique_ptr<HttpServer>> listen(const std::string &address, std::uint16_t port,
                                                      const HttpLimits &limits, HttpHandler handler,
                                                      std::shared_ptr<HttpStatistics> statistics,
                                                      const std::optional<TlsFiles> &tls = {});
    ~HttpServer(); ///< Closes all connections; afterwards the handler is not called, and answers go nowhere.

    std::uint16_t port() const;

private:
    struct Parts;
    explicit HttpServer(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> m_parts;
};

} // namespace eventops::api
