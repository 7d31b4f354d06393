// SPDX-License-Identifier: MIT
#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QElapsedTimer>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtNetwork/QTcpSocket>

#include <optional>

namespace eventops::test {

/// What a server said.
struct HttpAnswer {
    int status = 0;                               ///< 0: no answer.
    QList<QPair<QByteArray, QByteArray>> headers; ///< Names in lower case.
    QByteArray body;

    QByteArray header(const char *name) const
    {
        for (const auto &[key, value] : headers) {
            if (key == name)
                return value;
        }
        return {};
    }
    QJsonObject json() const { return QJsonDocument::fromJson(body).object(); }
};

/// A client that sends bytes as given, well-formed or not, and reads answers one after the other.
class HttpClient
{
public:
    explicit HttpClient(quint16 port)
    {
        m_socket.connectToHost(QStringLiteral("127.0.0.1"), port);
        m_socket.waitForConnected(10'000);
    }

    bool isConnected() const { return m_socket.state() == QAbstractSocket::ConnectedState; }
    void send(const QByteArray &bytes)
    {
        m_socket.write(bytes);
        while (m_socket.bytesToWrite() > 0 && m_socket.waitForBytesWritten(10'000)) {}
    }
    /// Like `send`, but gives up when the server takes no more.
    void offer(const QByteArray &bytes, int timeMs)
    {
        m_socket.write(bytes);
        while (m_socket.bytesToWrite() > 0 && m_socket.waitForBytesWritten(timeMs)) {}
    }

    /// The next answer. @p isHead: it has no body, whatever its length says.
    HttpAnswer read(bool isHead = false, int timeMs = 10'000)
    {
        HttpAnswer answer;
        if (!fill([&] { return m_input.contains("\r\n\r\n"); }, timeMs))
            return answer;
        const qsizetype head = m_input.indexOf("\r\n\r\n");
        const QList<QByteArray> lines = m_input.left(head).split('\n');
        m_input.remove(0, head + 4);
        const QList<QByteArray> words = lines.front().trimmed().split(' ');
        if (words.size() < 2 || !words[0].startsWith("HTTP/1."))
            return answer;
        for (const QByteArray &line : lines.mid(1)) {
            const qsizetype colon = line.indexOf(':');
            answer.headers.append({line.left(colon).toLower(), line.mid(colon + 1).trimmed()});
        }
        const QByteArray length = answer.header("content-length");
        if (!isHead && !length.isEmpty()) {
            if (!fill([&] { return m_input.size() >= length.toLongLong(); }, timeMs))
                return answer;
            answer.body = m_input.left(length.toLongLong());
            m_input.remove(0, length.toLongLong());
        }
        answer.status = words[1].toInt();
        return answer;
    }

    /// Reads on until @p text was seen; what came up to its end.
    QByteArray readUntil(const QByteArray &text, int timeMs = 10'000)
    {
        if (!fill([&] { return m_input.contains(text); }, timeMs))
            return {};
        const qsizetype end = m_input.indexOf(text) + text.size();
        const QByteArray seen = m_input.left(end);
        m_input.remove(0, end);
        return seen;
    }

    /// True once the server has closed, with what it said before in `rest`.
    bool waitForEnd(int timeMs = 10'000)
    {
        fill([] { return false; }, timeMs);
        return m_socket.state() == QAbstractSocket::UnconnectedState;
    }
    const QByteArray &rest() const { return m_input; }

    QTcpSocket &socket() { return m_socket; }

private:
    template <typename Enough>
    bool fill(Enough enough, int timeMs)
    {
        QElapsedTimer timer;
        timer.start();
        while (!enough()) {
            const int left = timeMs - static_cast<int>(timer.elapsed());
            if (m_socket.bytesAvailable() == 0 && (left <= 0 || !m_socket.waitForReadyRead(left))) {
                m_input += m_socket.readAll();
                return enough();
            }
            m_input += m_socket.readAll();
        }
        return true;
    }

    QTcpSocket m_socket;
    QByteArray m_input;
};

} // namespace eventops::test
