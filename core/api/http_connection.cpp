// SPDX-License-Identifier: MIT
#include "core/api/http_connection.h"

#include "core/api/problem.h"
#include "core/base/clock.h"
#include "core/base/time.h"

#include <QtCore/QThread>

#include <cstdio>
#include <exception>
#include <sys/socket.h>

namespace eventops::api {
namespace {

constexpr qint64 ReadBytesMax = 64 << 10; ///< Read ahead of a client: the kernel holds back the rest.

constexpr std::string_view Continue = "HTTP/1.1 100 Continue\r\n\r\n";

HttpConnection::Moment now()
{
    return std::chrono::steady_clock::now();
}

/// The time of day as HTTP writes it: "Sun, 06 Nov 1994 08:49:37 GMT".
const std::string &dateOf(ConnectionShare &share)
{
    constexpr const char *Days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    constexpr const char *Months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const WallNs time = SystemClock().now();
    const std::int64_t second = raw(time) / NsPerSecond;
    if (second == share.dateSecond)
        return share.date;
    const CivilTime civil = civilTime(time);
    char text[32];
    std::snprintf(text, sizeof text, "%s, %02u %s %04d %02u:%02u:%02u GMT", Days[civil.weekday], civil.day,
                  Months[civil.month - 1], civil.year, civil.hour, civil.minute, civil.second);
    share.dateSecond = second;
    share.date = text;
    return share.date;
}

} // namespace

/// One request of a connection, for its handler. The connection may be gone, or at another request.
class HttpConnection::Exchange final : public HttpExchange
{
public:
    Exchange(std::shared_ptr<Wire> wire, std::uint64_t number, HttpRequest request)
        : m_wire(std::move(wire)), m_number(number), m_request(std::move(request))
    {
    }
    ~Exchange() override
    {
        if (!m_answered)
            respond(problem(500, "the request was dropped", {.remedy = "try again; the server's log tells more"}));
    }

    const HttpRequest &request() const override { return m_request; }

    void respond(HttpResponse response) override
    {
        if (m_answered.exchange(true))
            return;
        onConnection([number = m_number, response = std::move(response)](HttpConnection &connection) mutable {
            connection.answer(number, std::move(response));
        });
    }
    void beginStream(HttpResponse head, std::function<void()> poll) override
    {
        if (m_answered.exchange(true))
            return;
        onConnection([number = m_number, head = std::move(head), poll = std::move(poll)](HttpConnection &c) mutable {
            c.stream(number, std::move(head), std::move(poll));
        });
    }
    bool write(std::string bytes) override
    {
        const std::size_t queued = m_wire->queued.fetch_add(bytes.size());
        if (m_wire->gone || queued + bytes.size() > m_wire->queuedMax) {
            m_wire->queued -= bytes.size();
            return false;
        }
        onConnection([number = m_number, bytes = std::move(bytes)](HttpConnection &c) { c.send(number, bytes); });
        return true;
    }
    void end() override
    {
        onConnection([number = m_number](HttpConnection &connection) { connection.finish(number); });
    }
    std::size_t queuedBytes() const override { return m_wire->queued; }
    bool gone() const override { return m_wire->gone; }
    void whenGone(std::function<void()> gone) override
    {
        onConnection([number = m_number, gone = std::move(gone)](HttpConnection &connection) {
            if (connection.m_number == number && connection.m_stage != Stage::Reading)
                connection.m_whenGone = gone;
        });
    }

    void handOver(std::string head, std::function<void(QTcpSocket *)> taker) override
    {
        if (m_answered.exchange(true))
            return;
        onConnection([number = m_number, head = std::move(head), taker = std::move(taker)](HttpConnection &c) {
            c.giveAway(number, head, taker);
        });
    }

private:
    /// Runs @p call on the server's thread, at once when this is it; never when the connection is gone.
    template <typename Call>
    void onConnection(Call call)
    {
        std::unique_lock lock(m_wire->mutex);
        HttpConnection *const connection = m_wire->connection;
        if (connection == nullptr)
            return;
        if (connection->thread() == QThread::currentThread()) {
            lock.unlock(); // only this thread could end the connection
            return call(*connection);
        }
        QMetaObject::invokeMethod(
            connection, [connection, call = std::move(call)]() mutable { call(*connection); }, Qt::QueuedConnection);
    }

    const std::shared_ptr<Wire> m_wire;
    const std::uint64_t m_number;
    const HttpRequest m_request;
    std::atomic<bool> m_answered{false};
};

HttpConnection::HttpConnection(QTcpSocket *socket, std::shared_ptr<ConnectionShare> share)
    : m_share(std::move(share)),
      m_socket(socket),
      m_tls(qobject_cast<QSslSocket *>(socket)),
      m_wire(std::make_shared<Wire>()),
      m_parser(m_share->limits),
      m_deadline(now() + m_share->limits.requestTimeMax),
      m_handshakeEnd(now() + m_share->limits.handshakeTimeMax),
      m_progress(now())
{
    m_wire->connection = this;
    m_wire->queuedMax = m_share->limits.outputBytesMax;
    m_socket->setParent(this);
    m_socket->setReadBufferSize(ReadBytesMax);
    m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    connect(m_socket, &QTcpSocket::readyRead, this, [this] { readOn(); });
    if (m_tls != nullptr) // what is only encrypted was taken by nobody yet
        connect(m_tls, &QSslSocket::encryptedBytesWritten, this, [this] { written(); });
    else
        connect(m_socket, &QTcpSocket::bytesWritten, this, [this] { written(); });
    connect(m_socket, &QTcpSocket::disconnected, this, [this] { disconnected(); });
}

HttpConnection::~HttpConnection()
{
    holdBody(0);
    {
        const std::lock_guard lock(m_wire->mutex);
        m_wire->connection = nullptr;
        m_wire->gone = true;
    }
    if (m_whenGone)
        m_whenGone();
    if (m_socket != nullptr)
        m_socket->disconnect(this);
}

void HttpConnection::readOn()
{
    if (m_stage == Stage::Lingering || m_stage == Stage::Closing) {
        m_socket->readAll(); // nobody wants it; the client should see the answer before the end
        return;
    }
    if (m_reading)
        return;
    m_reading = true;
    while (m_stage == Stage::Reading && readOne()) {}
    m_reading = false;
}

/// Consumes what there is of one request. True: it was handed on.
bool HttpConnection::readOne()
{
    if (m_socket->bytesAvailable() > 0) {
        if (m_input.empty() && !m_parser.begun())
            m_deadline = std::min(m_deadline, now() + m_share->limits.requestTimeMax);
        const QByteArray bytes = m_socket->readAll();
        m_input.append(bytes.constData(), static_cast<std::size_t>(bytes.size()));
    }
    if (m_input.empty())
        return false;
    std::size_t consumed = 0;
    const RequestParser::State state = m_parser.feed(m_input, consumed);
    m_input.erase(0, consumed);
    if (state == RequestParser::State::Failed) {
        fail(m_parser.failure());
        return false;
    }
    holdBody(m_parser.bodyBytes());
    if (m_share->bodiesBytes > m_share->limits.bodiesBytesMax) {
        fail(problem(503, "too many large requests are under way", {.remedy = "try again in a moment"}));
        return false;
    }
    if (state == RequestParser::State::NeedsMore) {
        if (m_parser.expectsContinue())
            push(Continue.data(), Continue.size());
        return false;
    }
    holdBody(0);
    const bool keepAlive = m_parser.keepAlive();
    dispatch(m_parser.take(), keepAlive);
    return true;
}

void HttpConnection::dispatch(HttpRequest request, bool keepAlive)
{
    m_stage = Stage::Answering;
    m_keepAlive = keepAlive;
    m_isHead = request.method == "HEAD";
    const auto exchange = std::make_shared<Exchange>(m_wire, ++m_number, std::move(request));
    try {
        m_share->handler(exchange);
    } catch (const std::exception &) {
        exchange->respond(problem(500, "the request could not be answered", {}));
    }
}

void HttpConnection::answer(std::uint64_t number, HttpResponse response)
{
    if (number != m_number || m_stage != Stage::Answering)
        return;
    m_whenGone = {};
    writeHead(response, response.body.size());
    if (!m_isHead && !response.body.empty())
        push(response.body.data(), response.body.size());
    afterAnswer();
}

void HttpConnection::stream(std::uint64_t number, HttpResponse head, std::function<void()> poll)
{
    if (number != m_number || m_stage != Stage::Answering)
        return;
    m_keepAlive = false;
    writeHead(head, std::nullopt);
    if (m_isHead)
        return afterAnswer();
    m_stage = Stage::Streaming;
    m_poll = std::move(poll);
}

void HttpConnection::send(std::uint64_t number, const std::string &bytes)
{
    if (number != m_number || m_stage != Stage::Streaming) {
        m_wire->queued -= bytes.size();
        return;
    }
    m_streamed += bytes.size();
    push(bytes.data(), bytes.size());
}

void HttpConnection::finish(std::uint64_t number)
{
    if (number != m_number || m_stage != Stage::Streaming)
        return;
    m_poll = {};
    m_whenGone = {};
    afterAnswer();
}

void HttpConnection::giveAway(std::uint64_t number, const std::string &head,
                              const std::function<void(QTcpSocket *)> &taker)
{
    if (number != m_number || m_stage != Stage::Answering)
        return;
    m_stage = Stage::Closing; // it reads no more
    m_whenGone = {};
    m_wire->gone = true;
    QTcpSocket *const socket = std::exchange(m_socket, nullptr);
    socket->disconnect(this);
    socket->setParent(nullptr);
    const std::string unread = head + std::exchange(m_input, {});
    for (auto byte = unread.rbegin(); byte != unread.rend(); ++byte)
        socket->ungetChar(*byte);
    deleteLater();
    taker(socket);
}

void HttpConnection::push(const char *bytes, std::size_t size)
{
    if (unsent() == 0)
        m_progress = now(); // from now on it is the client's turn
    m_socket->write(bytes, static_cast<qint64>(size));
}

/// Status line and headers. Without @p length the answer ends with the connection.
void HttpConnection::writeHead(const HttpResponse &response, std::optional<std::size_t> length)
{
    if (response.status >= 100 && response.status < 600)
        ++m_share->statistics->responses[response.status / 100 - 1];
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
    head += statusText(response.status);
    head += "\r\nContent-Type: " + response.contentType;
    if (length)
        head += "\r\nContent-Length: " + std::to_string(*length);
    head += "\r\nDate: " + dateOf(*m_share);
    head += m_keepAlive ? "\r\nConnection: keep-alive" : "\r\nConnection: close";
    // Answers are data, whatever a browser may take them for.
    head += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff";
    for (const HttpHeader &header : response.headers)
        head += "\r\n" + header.name + ": " + header.value;
    head += "\r\n\r\n";
    push(head.data(), head.size());
}

/// Answers a request that never arrived whole, and ends.
void HttpConnection::fail(HttpResponse response)
{
    m_failed = true;
    holdBody(0);
    m_keepAlive = false;
    m_isHead = false;
    ++m_number;
    writeHead(response, response.body.size());
    push(response.body.data(), response.body.size());
    m_stage = Stage::Reading; // whatever it was
    afterAnswer();
}

void HttpConnection::refuse(HttpResponse response)
{
    fail(std::move(response));
}

void HttpConnection::afterAnswer()
{
    if (!m_keepAlive) {
        m_stage = Stage::Closing;
        m_input.clear();
        if (unsent() == 0)
            linger();
        return;
    }
    m_stage = Stage::Reading;
    m_deadline = now() + (m_input.empty() ? m_share->limits.idleTimeMax : m_share->limits.requestTimeMax);
    if (!m_reading && (!m_input.empty() || m_socket->bytesAvailable() > 0))
        QMetaObject::invokeMethod(
            this, [this] { readOn(); }, Qt::QueuedConnection);
}

/// What the socket still holds: as it was given, and encrypted.
qint64 HttpConnection::unsent() const
{
    return m_socket->bytesToWrite() + (m_tls != nullptr ? m_tls->encryptedBytesToWrite() : 0);
}

void HttpConnection::written()
{
    m_progress = now();
    // Heads and whole answers are not counted in `queued`, and encryption makes more of it: of what was counted at most
    // as much can wait as the socket still holds.
    const auto left = static_cast<std::size_t>(unsent());
    const std::size_t waiting = std::min(m_streamed, left);
    m_wire->queued -= m_streamed - waiting;
    m_streamed = waiting;
    if (left > 0 || m_wire->gone)
        return;
    if (m_stage == Stage::Closing && m_socket->state() == QAbstractSocket::ConnectedState)
        linger();
    else if (m_stage == Stage::Streaming && m_poll)
        m_poll();
}

/// All is sent. A close with unread bytes would take the answer away from the client, so it ends its side first.
void HttpConnection::linger()
{
    m_stage = Stage::Lingering;
    m_deadline = now() + m_share->limits.lingerTimeMax;
    if (m_tls != nullptr && !m_failed && m_socket->bytesAvailable() + m_tls->encryptedBytesAvailable() == 0)
        return m_socket->disconnectFromHost(); // tells the client that this was all, which only TLS itself can
    ::shutdown(static_cast<int>(m_socket->socketDescriptor()), SHUT_WR);
    m_socket->readAll();
}

void HttpConnection::disconnected()
{
    m_wire->gone = true;
    m_poll = {};
    ++m_number; // answers under way come too late
    m_stage = Stage::Closing;
    deleteLater();
}

void HttpConnection::holdBody(std::size_t bytes)
{
    m_share->bodiesBytes += bytes;
    m_share->bodiesBytes -= m_bodyHeld;
    m_bodyHeld = bytes;
}

void HttpConnection::cut()
{
    ++m_share->statistics->connectionsCut;
    m_socket->abort(); // disconnected() follows at once
}

void HttpConnection::look(Moment time)
{
    if (m_wire->gone)
        return;
    if (unsent() > 0 && time - m_progress > m_share->limits.stallTimeMax)
        return cut();
    if (m_tls != nullptr && !m_tls->isEncrypted() && time > m_handshakeEnd && m_stage != Stage::Lingering)
        return cut();
    if (m_stage == Stage::Streaming && m_poll)
        return m_poll();
    if (time < m_deadline)
        return;
    if (m_stage == Stage::Lingering)
        return m_socket->abort();
    if (m_stage != Stage::Reading)
        return;
    if (m_parser.begun() || !m_input.empty()) {
        ++m_share->statistics->connectionsCut;
        fail(problem(408, "the request did not arrive in time", {.remedy = "send it in one go"}));
        return m_socket->disconnectFromHost(); // it had its time: no lingering
    }
    m_socket->abort(); // it never asked, or asks no more
}

} // namespace eventops::api
