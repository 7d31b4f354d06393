// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/http_server.h"
#include "core/api/request_parser.h"

#include <QtCore/QObject>
#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpSocket>

#include <chrono>
#include <deque>
#include <mutex>

namespace eventops::api {

/// What the connections of one server share. Thread: the server's.
struct ConnectionShare {
    HttpLimits limits;
    HttpHandler handler;
    std::shared_ptr<HttpStatistics> statistics;
    std::string date; ///< Of the responses of this second.
    std::int64_t dateSecond = -1;
    std::size_t bodiesBytes = 0; ///< Held by requests that did not arrive whole yet.
};

/// One client: reads a request, hands it on, writes the answer, reads the next. Thread: the server's.
class HttpConnection : public QObject
{
public:
    using Moment = std::chrono::steady_clock::time_point;

    HttpConnection(QTcpSocket *socket, std::shared_ptr<ConnectionShare> share);
    ~HttpConnection() override;

    /// Cuts what is too slow, and polls a stream.
    void look(Moment now);
    /// Refuses a client before it said anything.
    void refuse(HttpResponse response);

private:
    /// The exchange's end of the wire: stays when the connection is gone.
    struct Wire {
        std::mutex mutex;
        HttpConnection *connection = nullptr; ///< Null: gone.
        std::atomic<bool> gone{false};
        std::atomic<std::size_t> queued{0};
        std::size_t queuedMax = 0;
    };
    class Exchange;

    enum class Stage : unsigned char { Reading, Answering, Streaming, Closing, Lingering };
    void readOn();
    bool readOne();
    void dispatch(HttpRequest request, bool keepAlive);
    void answer(std::uint64_t number, HttpResponse response);
    void stream(std::uint64_t number, HttpResponse head, std::function<void()> poll);
    void send(std::uint64_t number, const std::string &bytes);
    void finish(std::uint64_t number);
    void giveAway(std::uint64_t number, const std::string &head, const std::function<void(QTcpSocket *)> &taker);
    void push(const char *bytes, std::size_t size);
    void writeHead(const HttpResponse &response, std::optional<std::size_t> length);
    void fail(HttpResponse response);
    void afterAnswer();
    void written();
    void linger();
    void disconnected();
    qint64 unsent() const;
    void holdBody(std::size_t bytes);
    void cut();

    const std::shared_ptr<ConnectionShare> m_share;
    QTcpSocket *m_socket; ///< Null: given away.
    QSslSocket *const m_tls; ///< The same, where it is encrypted.
    const std::shared_ptr<Wire> m_wire;
    RequestParser m_parser;
    std::string m_input;        ///< Read and not yet consumed.
    std::size_t m_bodyHeld = 0; ///< Counted in the share.
    Stage m_stage = Stage::Reading;
    std::uint64_t m_number = 0; ///< Of the request under way: an answer to another one is too late.
    bool m_keepAlive = true;
    bool m_isHead = false;
    bool m_failed = false;      ///< The client may be sending still.
    std::size_t m_streamed = 0; ///< Of Wire::queued: handed to the socket, and not known to be sent.
    bool m_reading = false; ///< In readOn: answers given at once do not call it again.
    std::function<void()> m_poll;
    std::function<void()> m_whenGone;
    Moment m_deadline; ///< For the request, the next one, or the end of lingering.
    Moment m_handshakeEnd; ///< Encrypted ones: until then they shook hands.
    Moment m_progress; ///< When the client last took something.
};

} // namespace eventops::api
