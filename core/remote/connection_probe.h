// SPDX-License-Identifier: MIT
#pragma once

#include "core/remote/connection_doctor.h"

#include <QtCore/QObject>
#include <QtCore/QTimer>
#include <QtCore/QUrl>
#include <QtNetwork/QAbstractSocket>
#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslSocket>

#include <functional>

namespace eventops::remote {

/// Finds out what is at an address that could not be attached: asks there in plain HTTP, or by TLS, and looks at what
/// comes back. Tells once, within TimeMax. Thread: its own.
class ConnectionProbe : public QObject
{
public:
    static constexpr int TimeMaxMs = 5'000;

    /// @p known: what the failed connection said. The token goes along only where it would have gone anyway.
    ConnectionProbe(QUrl url, std::string token, const QSslConfiguration &tls, ConnectionFacts known,
                    std::function<void(const ConnectionFacts &)> tell, QObject *parent);

private:
    void start(bool tls);
    void ask();
    void read();
    void readAnswer();
    void failed(QAbstractSocket::SocketError error);
    void end();

    const QUrl m_url;
    const std::string m_token;
    ConnectionFacts m_facts;
    std::function<void(const ConnectionFacts &)> m_tell;
    QSslSocket m_socket;
    QTimer m_time;
    QByteArray m_answer;
    bool m_tls = false;
    bool m_greets = false; ///< It only looks whether TLS is spoken here.
};

} // namespace eventops::remote
