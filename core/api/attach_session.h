// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/attached_call.h"
#include "core/api/http_server.h"
#include "core/api/router.h"

#include <QtCore/QObject>
#include <QtCore/QPointer>
#include <QtCore/QTimer>
#include <QtNetwork/QTcpSocket>
#include <QtWebSockets/QWebSocketServer>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

class QWebSocket;

namespace eventops::api {

/// What the sessions of one server share.
struct AttachShare {
    std::shared_ptr<Backend> backend; ///< Asks by itself what a caller may.
    AttachLimits limits;
    std::shared_ptr<HttpStatistics> statistics;
    std::size_t open = 0;   ///< The server thread's.
    QObject *hub = nullptr; ///< Owner of all sessions; goes with the server's thread, whose it is.
};

/// Adds the path by which consoles attach.
void addAttachRoute(Router &router, std::shared_ptr<AttachShare> share);

/// One attached console. Thread: the server's.
class AttachSession : public QObject
{
public:
    /// @p socket: of a client that may, with its upgrade request in front.
    AttachSession(QTcpSocket *socket, Caller caller, std::shared_ptr<AttachShare> share);
    ~AttachSession() override; ///< Cancels what is under way.

private:
    using Moment = std::chrono::steady_clock::time_point;
    /// A file on its way, a part at a time.
    struct Transfer {
        std::shared_ptr<AttachedCall> call;
        std::uint64_t number = 0;
        AttachedCall::FileAnswer answer;
        std::unique_ptr<std::FILE, int (*)(std::FILE *)> file;
    };

    void greeted(QWebSocket *socket);
    void received(std::string_view bytes);
    void hello(std::string_view body);
    void call(const wire::Packet &packet);
    void refuse(const Error &error);
    void pump();
    bool sendFilePart();
    void collectFiles();
    qint64 unsent() const;
    void written();
    void ping();
    void lookForStall();
    void cut();

    const Caller m_caller;
    const std::shared_ptr<AttachShare> m_share;
    const std::shared_ptr<AttachOutbox> m_outbox;
    QPointer<QTcpSocket> m_connection;
    QWebSocketServer m_server; ///< Makes the one socket, and owns it.
    QWebSocket *m_socket = nullptr;
    QTimer m_pings, m_stallLooks;
    std::map<std::uint64_t, std::shared_ptr<AttachedCall>> m_calls;
    std::set<std::uint64_t> m_subscriptions; ///< Of them.
    std::deque<Transfer> m_transfers;
    Moment m_progress; ///< When the console last took something.
    bool m_hasGreeted = false;
    bool m_ponged = true;
};

} // namespace eventops::api
