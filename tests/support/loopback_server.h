// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace eventops::test {

/// A server on 127.0.0.1 that answers each connection with bytes as given, well-formed or not. One connection at a
/// time.
class LoopbackServer
{
public:
    /// What to send for a request; `hold`: keep the connection open without a word until the server ends.
    struct Answer {
        std::string bytes;
        bool hold = false;
        bool endless = false; ///< Repeat the bytes until the peer hangs up.
    };

    explicit LoopbackServer(std::function<Answer(const std::string &request)> answer) : m_answer(std::move(answer))
    {
        m_socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        m_ok = ::bind(m_socket, reinterpret_cast<sockaddr *>(&address), size) == 0 && ::listen(m_socket, 8) == 0
               && ::getsockname(m_socket, reinterpret_cast<sockaddr *>(&address), &size) == 0;
        m_port = ntohs(address.sin_port);
        m_thread = std::thread([this] { serve(); });
    }
    ~LoopbackServer()
    {
        m_stop = true;
        m_thread.join();
        ::close(m_socket);
    }
    LoopbackServer(const LoopbackServer &) = delete;
    LoopbackServer &operator=(const LoopbackServer &) = delete;

    bool ok() const { return m_ok; }
    std::string url(const std::string &path = "/") const { return "http://127.0.0.1:" + std::to_string(m_port) + path; }
    std::vector<std::string> requests() const
    {
        const std::lock_guard lock(m_mutex);
        return m_requests;
    }

private:
    static bool readable(int fd)
    {
        pollfd entry{fd, POLLIN, 0};
        return ::poll(&entry, 1, 10) == 1;
    }

    void serve()
    {
        while (!m_stop) {
            if (!readable(m_socket))
                continue;
            const int peer = ::accept4(m_socket, nullptr, nullptr, SOCK_CLOEXEC);
            if (peer < 0)
                continue;
            talk(peer);
            ::close(peer);
        }
    }

    /// The whole request: head and as many body bytes as it announces.
    std::string readRequest(int peer) const
    {
        std::string request;
        char buffer[65'536];
        std::size_t wanted = std::string::npos;
        while (!m_stop && request.size() < wanted) {
            if (!readable(peer))
                continue;
            const ssize_t size = ::recv(peer, buffer, sizeof buffer, 0);
            if (size <= 0)
                break;
            request.append(buffer, static_cast<std::size_t>(size));
            const std::size_t head = request.find("\r\n\r\n");
            const std::size_t length = request.find("Content-Length: ");
            if (head != std::string::npos && length != std::string::npos)
                wanted = head + 4 + std::stoul(request.substr(length + 16));
            else if (head != std::string::npos && (request.starts_with("GET ") || request.starts_with("HEAD ")))
                wanted = head + 4;
        }
        return request;
    }

    void talk(int peer)
    {
        const std::string request = readRequest(peer);
        {
            const std::lock_guard lock(m_mutex);
            m_requests.push_back(request);
        }
        const Answer answer = m_answer(request);
        do {
            if (::send(peer, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL) < 0)
                break;
        } while (answer.endless && !m_stop);
        while (answer.hold && !m_stop)
            readable(m_socket);
    }

    std::function<Answer(const std::string &)> m_answer;
    int m_socket = -1;
    unsigned m_port = 0;
    bool m_ok = false;
    std::atomic<bool> m_stop = false;
    mutable std::mutex m_mutex;
    std::vector<std::string> m_requests;
    std::thread m_thread;
};

} // namespace eventops::test
