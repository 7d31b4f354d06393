// SPDX-License-Identifier: MIT
#include "core/remote/remote_link.h"

#include "core/base/clock.h"
#include "core/remote/connection_probe.h"

#include <QtCore/QUrl>
#include <QtNetwork/QNetworkRequest>
#include <QtNetwork/QSslCertificate>
#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslSocket>
#include <QtWebSockets/QWebSocket>

#include <algorithm>

namespace eventops::remote {
namespace {

constexpr std::chrono::milliseconds CancelLook{50};    ///< Between two looks whether a call was cancelled.
constexpr std::chrono::milliseconds PatienceLook{500}; ///< … or has waited too long.

const wire::Greeting &ownGreeting()
{
    static const wire::Greeting greeting{wire::PacketVersion, EVENTOPS_VERSION};
    return greeting;
}

Error cancelled()
{
    return Error{Error::Code::Cancelled, "the call was cancelled"};
}

/// TLS as the options want it: 1.2 or later, the name checked, and nobody trusted but @p authorities if there are any.
QSslConfiguration tlsOf(const std::string &authorities)
{
    QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
    tls.setProtocol(QSsl::TlsV1_2OrLater);
    tls.setPeerVerifyMode(QSslSocket::VerifyPeer);
    if (!authorities.empty())
        tls.setCaCertificates(QSslCertificate::fromData(QByteArray::fromStdString(authorities), QSsl::Pem));
    return tls;
}

ConnectionFacts factsOf(const QUrl &url, QAbstractSocket::SocketError error, const QString &text)
{
    using enum ConnectionFacts::Failure;
    ConnectionFacts facts;
    facts.url = url.toString(QUrl::RemovePath).toStdString();
    facts.wantedTls = url.scheme() == QLatin1String("wss");
    facts.text = text.toStdString();
    switch (error) {
    case QAbstractSocket::ConnectionRefusedError: facts.failure = Refused; break;
    case QAbstractSocket::HostNotFoundError: facts.failure = UnknownHost; break;
    case QAbstractSocket::NetworkError:
    case QAbstractSocket::SocketTimeoutError: facts.failure = Unreachable; break;
    case QAbstractSocket::SslHandshakeFailedError: facts.failure = Tls; break;
    case QAbstractSocket::RemoteHostClosedError: facts.failure = Closed; break;
    default: break;
    }
    return facts;
}

} // namespace

RemoteLink::RemoteLink(RemoteOptions options)
    : m_options(std::move(options)), m_retry(this), m_patience(this), m_looks(this), m_pings(this)
{
    m_retry.setSingleShot(true);
    m_patience.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, [this] { connectNow(); });
    connect(&m_patience, &QTimer::timeout, this, [this] { broken(false); });
    connect(&m_looks, &QTimer::timeout, this, [this] { look(); });
    connect(&m_pings, &QTimer::timeout, this, [this] { ping(); });
}

RemoteLink::~RemoteLink()
{
    end();
}

void RemoteLink::end()
{
    m_ended = true;
    dropSocket();
    delete std::exchange(m_probe, nullptr);
    for (QTimer *timer : {&m_retry, &m_patience, &m_looks, &m_pings})
        timer->stop();
    for (const auto &[number, call] : std::exchange(m_calls, {})) {
        if (call->done)
            call->done(cancelled());
    }
}

ConnectionState RemoteLink::state() const
{
    const std::lock_guard lock(m_stateMutex);
    return m_state;
}

void RemoteLink::setState(ConnectionState state)
{
    {
        const std::lock_guard lock(m_stateMutex);
        m_state = state;
    }
    if (m_options.changed)
        m_options.changed(state);
}

void RemoteLink::connectNow()
{
    if (m_ended || m_socket != nullptr || m_probe != nullptr)
        return;
    ++m_tries;
    m_socketError = QAbstractSocket::UnknownSocketError;
    m_socketErrorText.clear();
    m_patience.start(m_options.connectTimeMax);
    openSocket();
}

void RemoteLink::retryNow()
{
    if (state().phase != ConnectionState::Phase::Waiting)
        return;
    m_retry.stop();
    connectNow();
}

void RemoteLink::openSocket()
{
    m_socket = new QWebSocket(QString(), QWebSocketProtocol::VersionLatest, this);
    m_socket->setMaxAllowedIncomingFrameSize(wire::PacketBytesMax + 64);
    m_socket->setMaxAllowedIncomingMessageSize(wire::PacketBytesMax + 64);
    connect(m_socket, &QWebSocket::connected, this, [this] { connected(); });
    connect(m_socket, &QWebSocket::disconnected, this, [this] { broken(true); });
    connect(m_socket, qOverload<QAbstractSocket::SocketError>(&QWebSocket::error), this, [this](auto error) {
        m_socketError = error;
        m_socketErrorText = m_socket->errorString();
        if (!m_greeted)
            broken(true);
    });
    connect(m_socket, &QWebSocket::pong, this, [this] { m_ponged = true; });
    connect(m_socket, &QWebSocket::textMessageReceived, this, [this] { broken(false); });
    connect(m_socket, &QWebSocket::binaryMessageReceived, this, [this](const QByteArray &bytes) {
        received({bytes.constData(), static_cast<std::size_t>(bytes.size())});
    });
    m_socket->setSslConfiguration(tlsOf(m_options.authorities));
    QNetworkRequest request(QUrl(QString::fromStdString(m_options.url)));
    request.setRawHeader("Authorization", "Bearer " + QByteArray::fromStdString(m_options.token));
    m_socket->open(request);
}

void RemoteLink::dropSocket()
{
    m_patience.stop();
    m_pings.stop();
    m_greeted = false;
    if (m_socket == nullptr)
        return;
    m_socket->disconnect(this);
    m_socket->abort();
    m_socket->deleteLater();
    m_socket = nullptr;
}

/// The engine lets us in; now both say who they are.
void RemoteLink::connected()
{
    const std::string hello = wire::packet(wire::PacketKind::Hello, 0, wire::helloBody(ownGreeting()));
    m_socket->sendBinaryMessage(QByteArray(hello.data(), static_cast<qsizetype>(hello.size())));
}

/// There is no connection (any more). @p byPeer: somebody said so; else it took too long.
void RemoteLink::broken(bool byPeer)
{
    if (m_socket == nullptr)
        return;
    const bool wasGreeted = m_greeted;
    if (!byPeer && m_socketError == QAbstractSocket::UnknownSocketError)
        m_socketError = QAbstractSocket::SocketTimeoutError;
    dropSocket();
    if (wasGreeted)
        return settle(Error{Error::Code::Unavailable,
                            "the connection to " + m_options.url + " broke",
                            {},
                            "it is made again by itself; look at the engine if that takes long"},
                      false);
    diagnose();
}

/// Finds out why there is no connection, where the socket alone does not say.
void RemoteLink::diagnose()
{
    const QUrl url(QString::fromStdString(m_options.url));
    const ConnectionFacts facts = factsOf(url, m_socketError, m_socketErrorText);
    using enum ConnectionFacts::Failure;
    if (facts.failure == Refused && m_socketErrorText.contains(QLatin1String("http"), Qt::CaseInsensitive)) {
        // Qt calls an answer in HTTP other than 101 a refused connection, too.
    } else if (facts.failure == Refused || facts.failure == UnknownHost || facts.failure == Unreachable) {
        return settle(explainConnection(facts), false);
    }
    m_probe = new ConnectionProbe(
        url, m_options.token, tlsOf(m_options.authorities), facts,
        [this](const ConnectionFacts &found) {
            m_probe->deleteLater();
            m_probe = nullptr;
            const Error error = explainConnection(found);
            settle(error, error.code == Error::Code::Refused, remote::betterUrl(found));
        },
        this);
}

/// Tries again later, or not at all.
void RemoteLink::settle(const Error &error, bool final, std::string betterUrl)
{
    ConnectionState state = this->state();
    if (state.phase == ConnectionState::Phase::Attached)
        state.lastSeen = SystemClock().now();
    state.error = error;
    state.betterUrl = std::move(betterUrl);
    if (final || !m_wasAttached) {
        state.phase = ConnectionState::Phase::Failed;
    } else {
        const auto doubled = m_options.retryMin * (1LL << std::min(m_tries, 16U));
        const auto most = std::min<std::chrono::milliseconds>(doubled, m_options.retryMax);
        std::uniform_int_distribution<long long> part(most.count() / 2, most.count());
        state.phase = ConnectionState::Phase::Waiting;
        state.retryIn = std::chrono::milliseconds(part(m_random));
        m_retry.start(state.retryIn);
    }
    setState(state);
    loseCalls();
}

void RemoteLink::received(std::string_view bytes)
{
    const auto packet = wire::readPacket(bytes);
    if (!m_greeted)
        return greeted(packet ? packet.value() : wire::Packet{wire::PacketKind::Hello, 0, {}});
    if (!packet || packet.value().kind <= wire::PacketKind::Refusal) {
        m_socketErrorText = QStringLiteral("the engine said what is no answer");
        return broken(true);
    }
    answered(packet.value());
}

void RemoteLink::greeted(const wire::Packet &packet)
{
    const auto welcomed = wire::readWelcome(packet, ownGreeting());
    if (welcomed)
        return attached(welcomed.value());
    dropSocket();
    settle(welcomed.error(), true);
}

void RemoteLink::attached(const wire::Welcomed &welcomed)
{
    m_greeted = m_wasAttached = m_ponged = true;
    m_tries = 0;
    m_patience.stop();
    m_pings.start(m_options.pingEvery);
    ConnectionState state = this->state();
    state.phase = ConnectionState::Phase::Attached;
    state.error = {};
    state.retryIn = {};
    state.caller = welcomed.caller;
    state.engineVersion = welcomed.engine.program;
    setState(state);
    m_engineRevision = 0; // it may be another process
    for (const auto &[number, call] : m_calls)
        send(number, *call);
}

void RemoteLink::post(std::shared_ptr<RemoteCall> call)
{
    if (m_ended) {
        if (call->done)
            call->done(cancelled());
        return;
    }
    const auto phase = state().phase;
    const bool isLost = phase == ConnectionState::Phase::Failed
                        || (phase == ConnectionState::Phase::Waiting && call->onBreak == OnBreak::Tell);
    if (isLost) {
        if (call->done)
            call->done(notConnected());
        return;
    }
    if (call->body.size() + 16 > wire::RequestBytesMax) {
        if (call->done)
            call->done(Error{Error::Code::LimitExceeded, "the question is too large to be sent", {}, "shorten it"});
        return;
    }
    call->since = Steady::now();
    const std::uint64_t number = ++m_lastNumber;
    m_calls.emplace(number, call);
    if (m_greeted)
        send(number, *call);
    lookSoon();
}

Error RemoteLink::notConnected() const
{
    const ConnectionState now = state();
    return Error{
        Error::Code::Unavailable, "there is no connection to the engine: " + now.error.message, {}, now.error.remedy};
}

void RemoteLink::send(std::uint64_t number, RemoteCall &call)
{
    call.sent = true;
    sendPacket(wire::PacketKind::Call, number, call.body);
}

void RemoteLink::sendPacket(wire::PacketKind kind, std::uint64_t number, std::string_view body)
{
    const std::string bytes = wire::packet(kind, number, body);
    m_socket->sendBinaryMessage(QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size())));
}

void RemoteLink::answered(const wire::Packet &packet)
{
    const auto found = m_calls.find(packet.call);
    if (found == m_calls.end())
        return; // cancelled by then
    const std::shared_ptr<RemoteCall> call = found->second;
    if (packet.kind == wire::PacketKind::Answer) {
        m_calls.erase(found);
        if (call->done)
            call->done(packet.body);
        return;
    }
    if (call->ticket.cancelled()) {
        if (!std::exchange(call->cancelSent, true))
            sendPacket(wire::PacketKind::Cancel, packet.call, {});
        if (call->onBreak == OnBreak::Subscribe)
            m_calls.erase(packet.call);
        return;
    }
    give(packet.call, packet);
}

void RemoteLink::give(std::uint64_t number, const wire::Packet &packet)
{
    const std::shared_ptr<RemoteCall> call = m_calls.at(number);
    const auto &take = packet.kind == wire::PacketKind::File ? call->filePart : call->page;
    if (!take)
        return;
    call->begun = call->begun || packet.kind != wire::PacketKind::Level;
    if (const Status taken = take(packet.body); !taken) {
        sendPacket(wire::PacketKind::Cancel, number, {});
        endCall(number, taken.error());
    }
}

void RemoteLink::endCall(std::uint64_t number, const Error &error)
{
    const auto found = m_calls.find(number);
    if (found == m_calls.end())
        return;
    const std::shared_ptr<RemoteCall> call = found->second;
    m_calls.erase(found);
    if (call->done)
        call->done(error);
}

/// The connection is gone, and with it what was under way on it, but for what can be asked again.
void RemoteLink::loseCalls()
{
    const bool isFinal = state().phase == ConnectionState::Phase::Failed;
    std::vector<std::pair<std::uint64_t, Error>> lost;
    for (const auto &[number, call] : m_calls) {
        const bool wasSent = std::exchange(call->sent, false);
        if (call->onBreak == OnBreak::Subscribe)
            continue; // lives on, or says no more
        if (isFinal || (wasSent && call->onBreak == OnBreak::Tell) || call->begun)
            lost.emplace_back(
                number, wasSent && call->onBreak == OnBreak::Tell && m_wasAttached
                            ? Error{Error::Code::Unavailable,
                                    "the connection broke before the engine answered: it may have been done",
                                    {},
                                    "look whether it was, once the engine is attached again; it is not sent twice"}
                            : notConnected());
        else if (wasSent)
            call->since = Steady::now();
    }
    for (const auto &[number, error] : lost)
        endCall(number, error);
    lookSoon();
}

/// While there is anything that a person may cancel, or that waits for a connection.
void RemoteLink::lookSoon()
{
    const bool wanted = std::any_of(m_calls.begin(), m_calls.end(),
                                    [](const auto &entry) { return entry.second->onBreak != OnBreak::Subscribe; });
    if (wanted && !m_looks.isActive())
        m_looks.start(m_greeted ? CancelLook : PatienceLook);
    else if (!wanted)
        m_looks.stop();
}

void RemoteLink::look()
{
    const auto now = Steady::now();
    std::vector<std::pair<std::uint64_t, Error>> over;
    for (const auto &[number, call] : m_calls) {
        if (call->onBreak == OnBreak::Subscribe)
            continue;
        if (call->ticket.cancelled() && !call->sent)
            over.emplace_back(number, cancelled());
        else if (call->ticket.cancelled() && !std::exchange(call->cancelSent, true))
            sendPacket(wire::PacketKind::Cancel, number, {});
        else if (!call->sent && now - call->since > m_options.patience)
            over.emplace_back(number, notConnected());
    }
    for (const auto &[number, error] : over)
        endCall(number, error);
    m_looks.stop();
    lookSoon();
}

void RemoteLink::ping()
{
    if (!m_ponged)
        return broken(false);
    m_ponged = false;
    m_socket->ping();
}

std::uint64_t RemoteLink::revisionOf(std::uint64_t engines)
{
    m_revision += engines > m_engineRevision && m_engineRevision > 0 ? engines - m_engineRevision : 1;
    m_engineRevision = engines;
    return m_revision;
}

} // namespace eventops::remote
