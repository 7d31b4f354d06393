// SPDX-License-Identifier: MIT
#include "core/api/syslog_server.h"

#include "core/api/syslog_frames.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace eventops::api {
namespace {

using Time = std::chrono::steady_clock;

constexpr int DatagramBytesMax = 64 << 10;
constexpr int DatagramRoom =
    8 << 20; ///< Asked of the system for what comes while the ledger is busy; it may give less.
constexpr std::chrono::milliseconds RetryTime{50};
constexpr int FreePortTries = 20;
constexpr std::size_t ReadsAtOnce = 256; ///< Of one socket, before the others have their turn.

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
    int family = AF_INET;
};

Result<Address> addressOf(const std::string &text, std::uint16_t port)
{
    Address address;
    auto *v4 = reinterpret_cast<sockaddr_in *>(&address.storage);
    auto *v6 = reinterpret_cast<sockaddr_in6 *>(&address.storage);
    if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.size = sizeof *v4;
    } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.size = sizeof *v6;
        address.family = AF_INET6;
    } else {
        return Error{Error::Code::InvalidArgument, "\"" + text + "\" is no IP address", {}, "write it as 127.0.0.1"};
    }
    return address;
}

/// A descriptor that is closed.
class Socket
{
public:
    explicit Socket(int number = -1) : m_number(number) {}
    ~Socket()
    {
        if (m_number >= 0)
            ::close(m_number);
    }
    Socket(Socket &&other) noexcept : m_number(std::exchange(other.m_number, -1)) {}
    Socket &operator=(Socket &&other) noexcept
    {
        std::swap(m_number, other.m_number);
        return *this;
    }
    int get() const { return m_number; }

private:
    int m_number;
};

Result<Socket> bound(const Address &address, int type)
{
    Socket socket(::socket(address.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int yes = 1, room = DatagramRoom;
    if (type == SOCK_STREAM)
        setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (type == SOCK_DGRAM) {
        setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        setsockopt(socket.get(), SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof yes); // say what was dropped
    }
    if (socket.get() < 0 || bind(socket.get(), reinterpret_cast<const sockaddr *>(&address.storage), address.size) != 0
        || (type == SOCK_STREAM && ::listen(socket.get(), SOMAXCONN) != 0))
        return Error{Error::Code::Unavailable,
                     std::string("cannot take syslog: ") + std::strerror(errno),
                     {},
                     "choose another port, or end the program that has it; below 1024 only root may listen"};
    return socket;
}

std::uint16_t portOf(const Socket &socket)
{
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    getsockname(socket.get(), reinterpret_cast<sockaddr *>(&storage), &size);
    return ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6 *>(&storage)->sin6_port
                                               : reinterpret_cast<sockaddr_in *>(&storage)->sin_port);
}

} // namespace

class SyslogServer::Worker : public std::enable_shared_from_this<SyslogServer::Worker>
{
public:
    Worker(Backend &backend, SyslogLimits limits, Socket datagrams, Socket listener)
        : m_backend(backend),
          m_limits(limits),
          m_datagrams(std::move(datagrams)),
          m_listener(std::move(listener)),
          m_bell(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          m_space(DatagramBytesMax, '\0')
    {
    }
    SyslogStatistics statistics;

    void stop()
    {
        m_stop = true;
        ring();
    }

    void work()
    {
        while (!m_stop) {
            if (!waits())
                look();
            else
                pause(RetryTime);
            offerAgain();
            if (!m_batch.records.empty() && (isFull() || Time::now() - m_since >= m_limits.batchWait))
                handOn();
        }
        for (Connection &connection : m_connections)
            connection.frames.end([&](std::string_view message, bool piece) { take(message, piece); });
        if (!m_batch.records.empty())
            handOn();
        offerAgain();
        std::unique_lock lock(m_mutex);
        m_stored.wait(lock, [&] { return m_waitingRequests == 0; });
    }

private:
    struct Connection {
        Socket socket;
        SyslogFrames frames;
    };

    bool isFull() const
    {
        return m_batch.bytes.size() >= m_limits.batchBytesMax || m_batch.records.size() >= ChunkRecordsMax;
    }
    /// True: the ledger is behind, and nothing may be read until it caught up.
    bool waits()
    {
        const std::lock_guard lock(m_mutex);
        return m_waitingBytes >= m_limits.waitingBytesMax;
    }
    void ring() const
    {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(m_bell.get(), &one, sizeof one);
    }
    /// Until somebody rings, or for @p most.
    void pause(std::chrono::milliseconds most)
    {
        pollfd bell{m_bell.get(), POLLIN, 0};
        poll(&bell, 1, static_cast<int>(most.count()));
        std::uint64_t rings = 0;
        [[maybe_unused]] const ssize_t got = ::read(m_bell.get(), &rings, sizeof rings);
    }

    /// Waits for messages and reads those that are there.
    void look()
    {
        std::vector<pollfd> looks{
            {m_bell.get(), POLLIN, 0}, {m_datagrams.get(), POLLIN, 0}, {m_listener.get(), POLLIN, 0}};
        for (const Connection &connection : m_connections)
            looks.push_back({connection.socket.get(), POLLIN, 0});
        const int wait = m_batch.records.empty() ? -1 : static_cast<int>(m_limits.batchWait.count());
        if (poll(looks.data(), looks.size(), wait) <= 0)
            return;
        if (looks[0].revents != 0)
            pause(std::chrono::milliseconds(0));
        if (looks[1].revents != 0)
            readDatagrams();
        for (std::size_t i = m_connections.size(); i > 0; --i) { // from behind: those that ended leave
            if (looks[i + 2].revents != 0 && !readStream(m_connections[i - 1])) {
                m_connections.erase(m_connections.begin() + static_cast<std::ptrdiff_t>(i - 1));
                statistics.connectionsOpen = m_connections.size();
            }
        }
        if (looks[2].revents != 0)
            accept();
    }

    void readDatagrams()
    {
        for (std::size_t i = 0; i < ReadsAtOnce && !isFull(); ++i) {
            iovec vector{m_space.data(), m_space.size()};
            std::array<char, CMSG_SPACE(sizeof(std::uint32_t))> control{};
            msghdr head{};
            head.msg_iov = &vector;
            head.msg_iovlen = 1;
            head.msg_control = control.data();
            head.msg_controllen = control.size();
            const ssize_t got = recvmsg(m_datagrams.get(), &head, 0);
            if (got < 0)
                return;
            for (cmsghdr *entry = CMSG_FIRSTHDR(&head); entry != nullptr; entry = CMSG_NXTHDR(&head, entry)) {
                std::uint32_t lost = 0;
                if (entry->cmsg_level == SOL_SOCKET && entry->cmsg_type == SO_RXQ_OVFL) {
                    std::memcpy(&lost, CMSG_DATA(entry), sizeof lost);
                    statistics.lost = lost;
                }
            }
            std::string_view message(m_space.data(), static_cast<std::size_t>(got));
            while (message.ends_with('\n') || message.ends_with('\0') || message.ends_with('\r'))
                message.remove_suffix(1);
            if (!message.empty())
                take(message, false);
        }
    }

    /// False: the connection is over.
    bool readStream(Connection &connection)
    {
        for (std::size_t i = 0; i < ReadsAtOnce && !isFull(); ++i) {
            const ssize_t got = ::recv(connection.socket.get(), m_space.data(), m_space.size(), 0);
            if (got < 0)
                return errno == EAGAIN || errno == EINTR;
            const auto taken = [&](std::string_view message, bool piece) {
                take(message, piece);
            };
            if (got == 0) {
                connection.frames.end(taken);
                return false;
            }
            connection.frames.add({m_space.data(), static_cast<std::size_t>(got)}, taken);
        }
        return true;
    }

    void accept()
    {
        for (;;) {
            Socket socket(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (socket.get() < 0)
                return;
            if (m_connections.size() < m_limits.connectionsMax)
                m_connections.push_back({std::move(socket), SyslogFrames(m_limits.messageBytesMax)});
            statistics.connectionsOpen = m_connections.size();
        }
    }

    void take(std::string_view message, bool piece)
    {
        ++statistics.messages;
        statistics.cut += piece ? 1 : 0;
        if (m_batch.records.empty())
            m_since = Time::now();
        m_batch.records.push_back(
            {static_cast<std::uint32_t>(m_batch.bytes.size()), static_cast<std::uint32_t>(message.size())});
        m_batch.bytes.append(message).push_back('\n');
    }

    /// Hands what was read to the back end.
    void handOn()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_waitingBytes += m_batch.bytes.size();
            ++m_waitingRequests;
        }
        offer(std::make_shared<const IngestRequest>(std::move(m_batch)));
        m_batch = {};
    }
    void offer(std::shared_ptr<const IngestRequest> request)
    {
        m_backend.ingest({"syslog", Role::Operator, {}}, *request,
                         [self = shared_from_this(), request](const Result<IngestOutcome> &outcome) {
                             self->told(outcome, request);
                         });
    }
    /// What there was no room for is offered again after a while; meanwhile it waits as if it were handed on.
    void offerAgain()
    {
        std::vector<std::shared_ptr<const IngestRequest>> again;
        {
            const std::lock_guard lock(m_mutex);
            again.swap(m_refused);
        }
        if (again.empty())
            return;
        pause(RetryTime);
        for (auto &request : again)
            offer(std::move(request));
    }
    void told(const Result<IngestOutcome> &outcome, const std::shared_ptr<const IngestRequest> &request)
    {
        {
            const std::lock_guard lock(m_mutex);
            if (!outcome && outcome.error().code == Error::Code::Busy && !m_stop) {
                m_refused.push_back(request);
            } else {
                (outcome ? statistics.stored : statistics.refused) += request->records.size();
                m_waitingBytes -= request->bytes.size();
                --m_waitingRequests;
            }
        }
        m_stored.notify_all();
        ring();
    }

    Backend &m_backend;
    const SyslogLimits m_limits;
    const Socket m_datagrams, m_listener, m_bell;
    std::atomic<bool> m_stop{false};
    std::vector<Connection> m_connections;
    std::string m_space;
    IngestRequest m_batch;
    Time::time_point m_since;
    std::mutex m_mutex;
    std::condition_variable m_stored;
    std::size_t m_waitingBytes = 0, m_waitingRequests = 0;
    std::vector<std::shared_ptr<const IngestRequest>> m_refused; ///< For want of room.
};

SyslogServer::SyslogServer(std::shared_ptr<Worker> worker, std::uint16_t port)
    : m_worker(std::move(worker)), m_port(port), m_thread([worker = m_worker] { worker->work(); })
{
}

Result<std::unique_ptr<SyslogServer>> SyslogServer::listen(const std::string &address, std::uint16_t port,
                                                           Backend &backend, const SyslogLimits &limits)
{
    const Address wanted = EVENTOPS_TRY(addressOf(address, port));
    // A port that is free for datagrams may be taken for connections: where any will do, another one is tried.
    for (int tries = port == 0 ? FreePortTries : 1;; --tries) {
        Socket datagrams = EVENTOPS_TRY(bound(wanted, SOCK_DGRAM));
        const std::uint16_t taken = portOf(datagrams);
        const Address same = EVENTOPS_TRY(addressOf(address, taken));
        auto listener = bound(same, SOCK_STREAM);
        if (!listener && tries > 1)
            continue;
        if (!listener)
            return listener.error();
        auto worker = std::make_shared<Worker>(backend, limits, std::move(datagrams), std::move(listener).value());
        return std::unique_ptr<SyslogServer>(new SyslogServer(std::move(worker), taken));
    }
}

SyslogServer::~SyslogServer()
{
    m_worker->stop();
    m_thread.join();
}

const SyslogStatistics &SyslogServer::statistics() const
{
    return m_worker->statistics;
}

} // namespace eventops::api
