// SPDX-License-Identifier: MIT
#pragma once

#include "core/remote/remote_backend.h"
#include "core/remote/remote_call.h"
#include "core/wire/packets.h"

#include <QtCore/QObject>
#include <QtCore/QTimer>
#include <QtNetwork/QAbstractSocket>

#include <map>
#include <memory>
#include <mutex>
#include <random>

class QWebSocket;

namespace eventops::remote {

class ConnectionProbe;

/// The connection of a back end, and the calls that go over it. Thread: the back end's own, but for `state`.
class RemoteLink : public QObject
{
public:
    explicit RemoteLink(RemoteOptions options);
    ~RemoteLink() override;

    void end(); ///< Every call ends with Cancelled, and whatever is posted from now on.
    void connectNow();
    void retryNow();
    void post(std::shared_ptr<RemoteCall> call);
    ConnectionState state() const; ///< Thread: any.
    /// Numbers the changes of the engines of all connections in one row.
    std::uint64_t revisionOf(std::uint64_t engines);

private:
    using Steady = std::chrono::steady_clock;

    void openSocket();
    void dropSocket();
    void connected();
    void broken(bool byPeer);
    void received(std::string_view bytes);
    void greeted(const wire::Packet &packet);
    void answered(const wire::Packet &packet);
    void give(std::uint64_t number, const wire::Packet &packet);
    void diagnose();
    void settle(const Error &error, bool final, std::string betterUrl = {});
    void attached(const wire::Welcomed &welcomed);
    void send(std::uint64_t number, RemoteCall &call);
    void sendPacket(wire::PacketKind kind, std::uint64_t number, std::string_view body);
    void loseCalls();
    void endCall(std::uint64_t number, const Error &error);
    void look();
    void lookSoon();
    void ping();
    void setState(ConnectionState state);
    Error notConnected() const;

    const RemoteOptions m_options;
    mutable std::mutex m_stateMutex;
    ConnectionState m_state;
    std::map<std::uint64_t, std::shared_ptr<RemoteCall>> m_calls; ///< By number, which is the order of asking.
    std::uint64_t m_lastNumber = 0;
    QWebSocket *m_socket = nullptr;
    ConnectionProbe *m_probe = nullptr; ///< While it is found out why there is no connection.
    QTimer m_retry, m_patience, m_looks, m_pings;
    QAbstractSocket::SocketError m_socketError = QAbstractSocket::UnknownSocketError;
    QString m_socketErrorText;
    unsigned m_tries = 0; ///< Since it was attached last.
    bool m_wasAttached = false;
    bool m_greeted = false;
    bool m_ponged = true;
    bool m_ended = false;
    std::uint64_t m_revision = 0, m_engineRevision = 0; ///< Told, and of the engine, last.
    std::mt19937 m_random{std::random_device{}()};
};

} // namespace eventops::remote
