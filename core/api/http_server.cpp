// SPDX-License-Identifier: MIT
#include "core/api/http_server.h"

#include "core/api/http_connection.h"
#include "core/api/problem.h"
#include "core/api/server_tls.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QPointer>
#include <QtCore/QThread>
#include <QtCore/QTimer>
#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpServer>

#include <unistd.h>

namespace eventops::api {
namespace {

/// Hands on encrypted connections before they shook hands: that takes its time as a request does, and counts.
class Listener final : public QTcpServer
{
public:
    using QTcpServer::QTcpServer;
    std::optional<ServerTls> tls;
    SharedSentence *trouble = nullptr;

protected:
    void incomingConnection(qintptr descriptor) override
    {
        if (!tls)
            return QTcpServer::incomingConnection(descriptor);
        auto *socket = new QSslSocket(this);
        if (!socket->setSocketDescriptor(descriptor)) {
            delete socket;
            ::close(static_cast<int>(descriptor));
            return;
        }
        const std::string before = tls->trouble();
        socket->setSslConfiguration(tls->current());
        if (tls->trouble() != before)
            trouble->set(tls->trouble());
        socket->startServerEncryption();
        addPendingConnection(socket);
    }
};

/// What lives on the server's thread.
class Acceptor : public QObject
{
public:
    Acceptor(std::shared_ptr<ConnectionShare> share, std::optional<ServerTls> tls) : m_share(std::move(share))
    {
        m_server.tls = std::move(tls);
        m_server.trouble = &m_share->statistics->tlsTrouble;
        connect(&m_server, &QTcpServer::newConnection, this, [this] { accept(); });
        connect(&m_looks, &QTimer::timeout, this, [this] { look(); });
        m_server.setMaxPendingConnections(static_cast<int>(m_share->limits.connectionsMax));
        m_server.setListenBacklogSize(static_cast<int>(m_share->limits.connectionsMax));
    }
    ~Acceptor() override
    {
        m_server.close();
        for (const QPointer<HttpConnection> &connection : m_connections)
            delete connection.data();
    }

    bool listen(const QHostAddress &address, quint16 port) { return m_server.listen(address, port); }
    const QTcpServer &server() const { return m_server; }

private:
    void accept()
    {
        while (QTcpSocket *socket = m_server.nextPendingConnection()) {
            const std::size_t open = m_connections.size();
            if (open >= 2 * m_share->limits.connectionsMax) { // not even time for a refusal
                ++m_share->statistics->connectionsRefused;
                socket->abort();
                socket->deleteLater();
                continue;
            }
            ++m_share->statistics->connectionsTotal;
            auto *connection = new HttpConnection(socket, m_share);
            m_connections.emplace_back(connection);
            m_share->statistics->connectionsOpen = m_connections.size();
            if (!m_looks.isActive())
                m_looks.start(m_share->limits.lookTime);
            connect(connection, &QObject::destroyed, this, [this] { forget(); });
            if (open >= m_share->limits.connectionsMax) {
                ++m_share->statistics->connectionsRefused;
                HttpResponse response = problem(503, "too many connections are open", {.remedy = "try again soon"});
                response.headers.push_back({"Retry-After", "1"});
                connection->refuse(std::move(response));
            }
        }
    }
    void forget()
    {
        std::erase_if(m_connections, [](const auto &connection) { return connection.isNull(); });
        m_share->statistics->connectionsOpen = m_connections.size();
        if (m_connections.empty())
            m_looks.stop(); // an idle server never wakes
    }
    void look()
    {
        const auto time = std::chrono::steady_clock::now();
        const auto connections = m_connections; // a cut one may leave the list
        for (const QPointer<HttpConnection> &connection : connections) {
            if (!connection.isNull())
                connection->look(time);
        }
    }

    const std::shared_ptr<ConnectionShare> m_share;
    Listener m_server{this};
    QTimer m_looks{this};
    std::vector<QPointer<HttpConnection>> m_connections;
};

} // namespace

struct HttpServer::Parts {
    std::unique_ptr<QCoreApplication> application; ///< Event loops want one; goes last.
    std::shared_ptr<ConnectionShare> share = std::make_shared<ConnectionShare>();
    QThread thread;
    Acceptor *acceptor = nullptr; ///< Goes with its thread.
    std::uint16_t port = 0;
};

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : m_parts(std::move(parts)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const std::string &address, std::uint16_t port,
                                                       const HttpLimits &limits, HttpHandler handler,
                                                       std::shared_ptr<HttpStatistics> statistics,
                                                       const std::optional<TlsFiles> &tls)
{
    const QHostAddress host(QString::fromStdString(address));
    if (host.isNull())
        return Error{Error::Code::InvalidArgument, "\"" + address + "\" is no IP address", {}, "write it as 127.0.0.1"};
    auto parts = std::make_unique<Parts>();
    if (QCoreApplication::instance() == nullptr) {
        static int count = 1;
        static char name[] = "eventops";
        static char *arguments[] = {name, nullptr};
        parts->application = std::make_unique<QCoreApplication>(count, arguments);
    }
    std::optional<ServerTls> encryption;
    if (tls)
        encryption = EVENTOPS_TRY(ServerTls::open(*tls)); // Qt's TLS wants an application, too
    parts->share->limits = limits;
    parts->share->handler = std::move(handler);
    parts->share->statistics = std::move(statistics);
    parts->acceptor = new Acceptor(parts->share, std::move(encryption));
    parts->acceptor->moveToThread(&parts->thread);
    QObject::connect(&parts->thread, &QThread::finished, parts->acceptor, &QObject::deleteLater);
    parts->thread.setObjectName(QStringLiteral("api"));
    parts->thread.start();
    Parts &made = *parts;
    std::unique_ptr<HttpServer> server(new HttpServer(std::move(parts)));
    QString failure;
    QMetaObject::invokeMethod(
        made.acceptor,
        [&] {
            if (!made.acceptor->listen(host, port))
                failure = made.acceptor->server().errorString();
            made.port = made.acceptor->server().serverPort();
        },
        Qt::BlockingQueuedConnection);
    if (!failure.isEmpty())
        return Error{Error::Code::Unavailable,
                     "cannot listen on " + address + " port " + std::to_string(port) + ": " + failure.toStdString(),
                     {},
                     "choose another port, or end the program that has it"};
    return server;
}

HttpServer::~HttpServer()
{
    m_parts->thread.quit();
    m_parts->thread.wait();
}

std::uint16_t HttpServer::port() const
{
    return m_parts->port;
}

} // namespace eventops::api
