// SPDX-License-Identifier: MIT
#include "core/remote/connection_probe.h"

#include "core/codec/json_reader.h"
#include "core/wire/packets.h"

#include <QtNetwork/QSslCertificate>

#include <charconv>

namespace eventops::remote {
namespace {

constexpr qsizetype AnswerBytesMax = 16 << 10;
constexpr char TlsAlert = 0x15, TlsHandshake = 0x16;

/// A text member of a problem document (RFC 9457); empty: there is none.
std::string textMember(const std::string &body, std::string_view name)
{
    JsonReader reader;
    if (reader.read(body) || reader.kind() != JsonKind::Object)
        return {};
    for (const JsonEntry &entry : reader.members()) {
        std::string scratch;
        if (entry.name == name && jsonKind(entry.value) == JsonKind::String)
            return std::string(jsonText(entry.value, scratch));
    }
    return {};
}

} // namespace

ConnectionProbe::ConnectionProbe(QUrl url, std::string token, const QSslConfiguration &tls, ConnectionFacts known,
                                 std::function<void(const ConnectionFacts &)> tell, QObject *parent)
    : QObject(parent),
      m_url(std::move(url)),
      m_token(std::move(token)),
      m_facts(std::move(known)),
      m_tell(std::move(tell)),
      m_socket(this),
      m_time(this)
{
    m_socket.setSslConfiguration(tls);
    connect(&m_socket, &QAbstractSocket::errorOccurred, this, [this](auto error) { failed(error); });
    connect(&m_socket, &QAbstractSocket::readyRead, this, [this] { read(); });
    connect(&m_time, &QTimer::timeout, this, [this] { end(); });
    m_time.setSingleShot(true);
    m_time.start(TimeMaxMs);
    // A handshake that failed is looked at in plain text: does the port speak TLS at all?
    start(m_facts.wantedTls && m_facts.failure != ConnectionFacts::Failure::Tls);
}

void ConnectionProbe::start(bool tls)
{
    m_tls = tls;
    const auto port = static_cast<quint16>(m_url.port());
    if (tls) {
        connect(&m_socket, &QSslSocket::encrypted, this, [this] { ask(); });
        m_socket.connectToHostEncrypted(m_url.host(), port);
    } else {
        connect(&m_socket, &QAbstractSocket::connected, this, [this] { ask(); });
        m_socket.connectToHost(m_url.host(), port);
    }
}

/// As the WebSocket was asked for, but for the upgrade: the engine says what it has against it.
void ConnectionProbe::ask()
{
    if (m_greets) {
        m_facts.speaksTls = true;
        return end();
    }
    const bool sameWay = m_tls == m_facts.wantedTls;
    const QByteArray host = m_url.host(QUrl::FullyEncoded).toLatin1();
    QByteArray request = "GET " + m_url.path(QUrl::FullyEncoded).toLatin1()
                         + " HTTP/1.1\r\nHost: " + (host.contains(':') ? "[" + host + "]" : host) + ":"
                         + QByteArray::number(m_url.port()) + "\r\nConnection: close\r\n";
    if (sameWay)
        request += "Authorization: Bearer " + QByteArray::fromStdString(m_token) + "\r\n";
    m_socket.write(request + "\r\n");
}

void ConnectionProbe::read()
{
    m_answer += m_socket.read(AnswerBytesMax - m_answer.size());
    if (m_answer.startsWith(TlsAlert) || m_answer.startsWith(TlsHandshake)) {
        m_facts.speaksTls = true;
        end();
    } else if (m_answer.size() >= AnswerBytesMax) {
        end();
    }
}

/// The other end has closed, or there is nothing to close.
void ConnectionProbe::failed(QAbstractSocket::SocketError error)
{
    using enum ConnectionFacts::Failure;
    if (m_greets) {
        m_facts.speaksTls = !m_socket.peerCertificate().isNull(); // whoever it belongs to
        return end();
    }
    // Many a server that speaks TLS alone closes on plain text without a word.
    if (error == QAbstractSocket::RemoteHostClosedError && !m_tls && !m_facts.wantedTls && m_answer.isEmpty()
        && m_socket.bytesAvailable() == 0) {
        m_greets = true;
        QMetaObject::invokeMethod(
            this,
            [this] {
                m_socket.abort();
                start(true);
            },
            Qt::QueuedConnection);
        return;
    }
    switch (error) {
    case QAbstractSocket::RemoteHostClosedError: break;
    case QAbstractSocket::ConnectionRefusedError: m_facts.failure = Refused; break;
    case QAbstractSocket::HostNotFoundError: m_facts.failure = UnknownHost; break;
    case QAbstractSocket::SocketTimeoutError:
    case QAbstractSocket::NetworkError: m_facts.failure = Unreachable; break;
    case QAbstractSocket::SslHandshakeFailedError:
        m_facts.failure = Tls;
        m_facts.text = m_socket.errorString().toStdString();
        break;
    default: m_facts.text = m_socket.errorString().toStdString();
    }
    end();
}

/// What there is of an answer in HTTP.
void ConnectionProbe::readAnswer()
{
    constexpr qsizetype StatusAt = 9; // behind "HTTP/1.1 "
    if (!m_answer.startsWith("HTTP/1.") || m_answer.size() < StatusAt + 3)
        return;
    m_facts.speaksHttp = true;
    if (m_tls != m_facts.wantedTls)
        return; // it was asked in another way than it will be
    std::from_chars(m_answer.constData() + StatusAt, m_answer.constData() + StatusAt + 3, m_facts.status);
    m_facts.failure = ConnectionFacts::Failure::Http;
    const qsizetype body = m_answer.indexOf("\r\n\r\n");
    if (body < 0)
        return;
    const std::string document = m_answer.mid(body + 4).toStdString();
    m_facts.problem = textMember(document, "detail");
    m_facts.remedy = textMember(document, "remedy");
}

void ConnectionProbe::end()
{
    if (!m_tell)
        return;
    if (m_facts.failure == ConnectionFacts::Failure::Other && m_answer.isEmpty()
        && m_socket.state() != QAbstractSocket::ConnectedState && !m_time.isActive())
        m_facts.failure = ConnectionFacts::Failure::Unreachable;
    m_answer += m_socket.readAll();
    readAnswer();
    m_socket.disconnect(this);
    m_time.stop();
    std::exchange(m_tell, nullptr)(m_facts);
}

} // namespace eventops::remote
