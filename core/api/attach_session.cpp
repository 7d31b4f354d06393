// SPDX-License-Identifier: MIT
#include "core/api/attach_session.h"

#include "core/api/problem.h"

#include <QtCore/QThread>
#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpSocket>
#include <QtWebSockets/QWebSocket>

#include <algorithm>

namespace eventops::api {
namespace {

constexpr std::size_t HandedBytes = 1u << 20; ///< In the socket at a time: the rest can still be dropped.
constexpr quint64 FrameBytesMax = 256u << 10;
constexpr std::chrono::milliseconds StallLook{250};
constexpr qint64 ReadAheadBytes = 2 * static_cast<qint64>(wire::RequestBytesMax); ///< A frame is read as a whole.

const wire::Greeting &ownGreeting()
{
    static const wire::Greeting greeting{wire::PacketVersion, EVENTOPS_VERSION};
    return greeting;
}

bool saysIgnoringCase(const HttpRequest &request, std::string_view header, std::string_view lower)
{
    const std::string *value = request.header(header);
    if (value == nullptr || request.headerCount(header) != 1)
        return false;
    std::string text = *value;
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return text.find(lower) != std::string::npos;
}

/// 16 bytes in base64, and nothing else: it goes into another request.
bool isKey(const std::string &key)
{
    constexpr std::size_t Size = 24;
    return key.size() == Size && key.ends_with("==") && std::all_of(key.begin(), key.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' || c == '/'
                      || c == '=';
           });
}

/// Nothing, or why @p request opens no WebSocket.
std::optional<HttpResponse> checkUpgrade(const HttpRequest &request)
{
    const std::string *version = request.header("sec-websocket-version");
    const std::string *key = request.header("sec-websocket-key");
    const bool upgrades = request.method == "GET" && saysIgnoringCase(request, "upgrade", "websocket")
                          && saysIgnoringCase(request, "connection", "upgrade") && version != nullptr
                          && *version == "13" && key != nullptr && isKey(*key)
                          && request.headerCount("sec-websocket-key") == 1;
    if (upgrades)
        return std::nullopt;
    HttpResponse response = problem(
        426, "this path is for consoles that attach",
        {.field = "Upgrade", .remedy = "run: eventops-console --attach URL, or open a WebSocket of version 13"});
    response.headers.push_back({"Upgrade", "websocket"});
    return response;
}

/// The request that Qt reads: of the client's own words only the key, which is checked, goes on.
std::string vettedRequest(const HttpRequest &request)
{
    return std::string("GET ") + wire::AttachPath
           + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
           + *request.header("sec-websocket-key") + "\r\n\r\n";
}

void attach(const ApiCall &call, const std::shared_ptr<AttachShare> &share)
{
    const HttpRequest &request = call.exchange->request();
    if (auto refusal = checkUpgrade(request))
        return call.exchange->respond(std::move(*refusal));
    if (share->open >= share->limits.connectionsMax) {
        ++share->statistics->connectionsRefused;
        return call.exchange->respond(problem(503, "too many consoles are attached", {.remedy = "close one of them"}));
    }
    call.exchange->handOver(vettedRequest(request), [share, caller = call.caller](QTcpSocket *socket) {
        if (share->hub == nullptr) {
            share->hub = new QObject;
            QObject::connect(QThread::currentThread(), &QThread::finished, share->hub, &QObject::deleteLater);
        }
        new AttachSession(socket, caller, share);
    });
}

} // namespace

void addAttachRoute(Router &router, std::shared_ptr<AttachShare> share)
{
    router.add({"GET",
                wire::AttachPath,
                RouteAccess::Token,
                "A WebSocket for a console that attaches",
                "application/octet-stream",
                {},
                {},
                [share = std::move(share)](const ApiCall &call) {
                    attach(call, share);
                }});
}

AttachSession::AttachSession(QTcpSocket *socket, Caller caller, std::shared_ptr<AttachShare> share)
    : QObject(share->hub),
      m_caller(std::move(caller)),
      m_share(std::move(share)),
      m_outbox(std::make_shared<AttachOutbox>(m_share->limits)),
      m_connection(socket),
      m_server(QStringLiteral("eventops"), QWebSocketServer::NonSecureMode),
      m_progress(std::chrono::steady_clock::now())
{
    ++m_share->open;
    m_outbox->open([this] { // no session, no wake: it closes the box first
        QMetaObject::invokeMethod(
            this, [this] { pump(); }, Qt::QueuedConnection);
    });
    connect(&m_server, &QWebSocketServer::newConnection, this, [this] { greeted(m_server.nextPendingConnection()); });
    connect(&m_pings, &QTimer::timeout, this, [this] { ping(); });
    connect(&m_stallLooks, &QTimer::timeout, this, [this] { lookForStall(); });
    QTimer::singleShot(m_share->limits.greetingTimeMax, this, [this] {
        if (!m_hasGreeted)
            cut();
    });
    socket->setReadBufferSize(ReadAheadBytes);
    m_server.handleConnection(socket);
}

AttachSession::~AttachSession()
{
    m_outbox->close();
    for (const auto &[number, call] : m_calls)
        call->cancel();
    if (m_socket != nullptr) {
        m_socket->disconnect(this);
        m_socket->abort();
        delete m_socket;
    }
    delete m_connection.data(); // Qt's WebSocket does not own the socket that it was made of
    --m_share->open;
}

/// The handshake is done.
void AttachSession::greeted(QWebSocket *socket)
{
    if (socket == nullptr || m_socket != nullptr)
        return;
    m_socket = socket;
    m_socket->setMaxAllowedIncomingFrameSize(wire::RequestBytesMax);
    m_socket->setMaxAllowedIncomingMessageSize(wire::RequestBytesMax);
    m_socket->setOutgoingFrameSize(FrameBytesMax);
    connect(m_socket, &QWebSocket::disconnected, this, &QObject::deleteLater);
    connect(m_socket, &QWebSocket::pong, this, [this] { m_ponged = true; });
    if (auto *const tls = qobject_cast<QSslSocket *>(m_connection.data()))
        connect(tls, &QSslSocket::encryptedBytesWritten, this, [this] { written(); });
    else
        connect(m_socket, &QWebSocket::bytesWritten, this, [this] { written(); });
    connect(m_socket, &QWebSocket::textMessageReceived, this, [this] { cut(); });
    connect(m_socket, &QWebSocket::binaryMessageReceived, this, [this](const QByteArray &bytes) {
        received({bytes.constData(), static_cast<std::size_t>(bytes.size())});
    });
    m_pings.start(m_share->limits.pingEvery);
}

void AttachSession::received(std::string_view bytes)
{
    const auto packet = wire::readPacket(bytes);
    if (!packet)
        return refuse(packet.error());
    const wire::PacketKind kind = packet.value().kind;
    if (!m_hasGreeted)
        return kind == wire::PacketKind::Hello
                   ? hello(packet.value().body)
                   : refuse(Error{Error::Code::InvalidArgument, "a console greets before it asks"});
    if (kind == wire::PacketKind::Call)
        return call(packet.value());
    if (kind != wire::PacketKind::Cancel)
        return refuse(Error{Error::Code::InvalidArgument, "a console calls and cancels, and nothing else"});
    const auto found = m_calls.find(packet.value().call);
    if (found == m_calls.end())
        return;
    found->second->cancel();
    if (m_subscriptions.erase(found->first) > 0) // nobody will answer it
        m_calls.erase(found);
}

void AttachSession::hello(std::string_view body)
{
    const auto console = wire::readHello(body);
    if (!console)
        return refuse(console.error());
    if (console.value().version != wire::PacketVersion)
        return refuse(wire::versionMismatch(ownGreeting(), console.value()));
    m_hasGreeted = true;
    m_outbox->now(wire::packet(wire::PacketKind::Welcome, 0, wire::welcomeBody(ownGreeting(), m_caller)));
}

void AttachSession::call(const wire::Packet &packet)
{
    wire::Reader in(packet.body);
    std::uint8_t number = 0;
    in(number);
    if (in.failed() || m_calls.contains(packet.call))
        return refuse(Error{Error::Code::InvalidArgument, "a call has no number, or that of another one"});
    const auto made = std::make_shared<AttachedCall>(packet.call, m_outbox);
    if (number >= wire::Calls::count)
        return made->fail({Error::Code::Unavailable, "this engine does not know the call", {}, "update the engine"});
    if (m_calls.size() >= m_share->limits.callsMax)
        return made->fail({Error::Code::Busy,
                           "more than " + std::to_string(m_share->limits.callsMax) + " calls are under way at once",
                           {},
                           "wait for some of them, or close a window"});
    m_calls.emplace(packet.call, made);
    if (number == wire::Calls::number<&Backend::subscribe>())
        m_subscriptions.insert(packet.call);
    startCalls()[number](*m_share->backend, m_caller, in, made);
}

/// Says why, in a way that every version reads, and closes.
void AttachSession::refuse(const Error &error)
{
    const std::string bytes = wire::packet(wire::PacketKind::Refusal, 0, wire::refusalBody(ownGreeting(), error));
    m_outbox->close();
    m_socket->sendBinaryMessage(QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size())));
    m_socket->close(QWebSocketProtocol::CloseCodePolicyViolated);
}

/// Hands on what waits, as far as the socket has room for it.
void AttachSession::pump()
{
    if (m_socket == nullptr)
        return;
    if (m_outbox->overflowed())
        return cut();
    for (const std::uint64_t number : m_outbox->ended())
        m_calls.erase(number);
    collectFiles();
    while (static_cast<std::size_t>(unsent()) < HandedBytes) {
        const auto packet = m_outbox->take();
        if (!packet) {
            if (sendFilePart())
                continue;
            break;
        }
        if (unsent() == 0)
            m_progress = std::chrono::steady_clock::now(); // from now on it is the console's turn
        m_socket->sendBinaryMessage(QByteArray(packet->data(), static_cast<qsizetype>(packet->size())));
    }
    m_outbox->socketHolds(static_cast<std::size_t>(unsent()));
    if (unsent() > 0 && !m_stallLooks.isActive())
        m_stallLooks.start(StallLook);
}

void AttachSession::collectFiles()
{
    for (const auto &[number, call] : m_calls) {
        auto answer = call->takeFile();
        if (!answer)
            continue;
        std::FILE *file = std::fopen(answer->file->path().c_str(), "rbe");
        if (file == nullptr)
            call->fail({Error::Code::Io, "the engine cannot read what it exported"});
        else
            m_transfers.push_back({call, number, std::move(*answer), {file, std::fclose}});
    }
}

/// False: there is no file to send.
bool AttachSession::sendFilePart()
{
    if (m_transfers.empty())
        return false;
    Transfer &transfer = m_transfers.front();
    QByteArray bytes(wire::FilePartBytes, Qt::Uninitialized);
    const std::size_t read =
        transfer.call->cancelled() ? 0 : std::fread(bytes.data(), 1, wire::FilePartBytes, transfer.file.get());
    if (read > 0) {
        m_outbox->now(wire::packet(wire::PacketKind::File, transfer.number, {bytes.constData(), read}));
        return true;
    }
    if (transfer.call->cancelled())
        transfer.call->fail({Error::Code::Cancelled, "the call was cancelled"});
    else if (std::ferror(transfer.file.get()) != 0)
        transfer.call->fail({Error::Code::Io, "the engine cannot read what it exported"});
    else
        transfer.call->endFile(transfer.answer.body);
    m_transfers.pop_front();
    return true;
}

/// What the connection still holds: as it was given, and encrypted.
qint64 AttachSession::unsent() const
{
    const auto *const tls = qobject_cast<QSslSocket *>(m_connection.data());
    return m_socket->bytesToWrite() + (tls != nullptr ? tls->encryptedBytesToWrite() : 0);
}

void AttachSession::written()
{
    m_progress = std::chrono::steady_clock::now();
    if (unsent() == 0)
        m_stallLooks.stop();
    m_outbox->socketHolds(static_cast<std::size_t>(unsent()));
    pump();
}

void AttachSession::ping()
{
    if (!m_ponged)
        return cut();
    m_ponged = false;
    m_socket->ping();
}

void AttachSession::lookForStall()
{
    if (std::chrono::steady_clock::now() - m_progress > m_share->limits.stallTimeMax)
        cut();
}

void AttachSession::cut()
{
    ++m_share->statistics->connectionsCut;
    m_outbox->close();
    if (m_socket == nullptr)
        return deleteLater();
    m_socket->abort(); // disconnected() follows
}

} // namespace eventops::api
