// SPDX-License-Identifier: MIT
#pragma once

#include "tests/support/free_port.h"
#include "tests/support/loopback_server.h"

#include <QtCore/QDir>
#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>
#include <QtCore/QTemporaryDir>

#include <string>

namespace eventops::test {

/// One whole HTTP exchange over a connection of its own; empty: there was none. @p hangUp: send and close.
inline std::string exchange(unsigned port, std::string request, bool hangUp = false)
{
    const std::size_t line = request.find("\r\n");
    if (line == std::string::npos)
        return {};
    request.insert(line + 2, "Connection: close\r\n");
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    std::string answer;
    if (::connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0
        && ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())
        && !hangUp) {
        char buffer[16'384];
        for (ssize_t n = ::recv(fd, buffer, sizeof buffer, 0); n > 0; n = ::recv(fd, buffer, sizeof buffer, 0))
            answer.append(buffer, static_cast<std::size_t>(n));
    }
    ::close(fd);
    return answer;
}

/// A `clickhouse-server` of its own on loopback, in a temporary directory, ended with this object.
class RealClickHouse
{
public:
    static QString program()
    {
        const QStringList places{QStringLiteral("/usr/sbin"), QStringLiteral("/usr/bin"),
                                 QStringLiteral("/usr/local/bin")};
        const QString found = QStandardPaths::findExecutable(QStringLiteral("clickhouse-server"));
        return !found.isEmpty() ? found
                                : QStandardPaths::findExecutable(QStringLiteral("clickhouse-server"), places);
    }

    RealClickHouse() : m_port(freePort())
    {
        write("config.xml", "<yandex><logger><level>warning</level><log>" + path("log") + "</log><errorlog>"
                                + path("errors") + "</errorlog></logger><http_port>" + QByteArray::number(m_port)
                                + "</http_port><listen_host>127.0.0.1</listen_host><path>" + path("data/")
                                + "</path><tmp_path>" + path("tmp/")
                                + "</tmp_path><users_config>users.xml</users_config><default_profile>default"
                                  "</default_profile><default_database>default</default_database>"
                                  "<mark_cache_size>16777216</mark_cache_size><timezone>UTC</timezone></yandex>");
        write("users.xml",
              "<yandex><profiles><default><max_memory_usage>500000000</max_memory_usage></default>"
              "<reader><readonly>1</readonly></reader></profiles><users>"
              "<default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>"
              "<quota>default</quota></default>"
              "<viewer><password>secret</password><networks><ip>127.0.0.1</ip></networks><profile>reader</profile>"
              "<quota>default</quota></viewer></users><quotas><default></default></quotas></yandex>");
        m_process.setProcessChannelMode(QProcess::MergedChannels);
        m_process.setWorkingDirectory(m_directory.path());
        m_process.start(program(), {QStringLiteral("--config-file=") + m_directory.filePath(
                                                                           QStringLiteral("config.xml"))});
        QElapsedTimer clock;
        clock.start();
        while (!m_up && clock.elapsed() < 30'000 && m_process.state() != QProcess::NotRunning) {
            m_up = ask("SELECT 1") == "1\n";
            if (!m_up)
                m_process.waitForFinished(50);
        }
    }
    ~RealClickHouse()
    {
        m_process.terminate();
        if (!m_process.waitForFinished(10'000)) {
            m_process.kill();
            m_process.waitForFinished(10'000);
        }
    }
    RealClickHouse(const RealClickHouse &) = delete;
    RealClickHouse &operator=(const RealClickHouse &) = delete;

    bool isUp() const { return m_up; }
    unsigned port() const { return m_port; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(m_port); }

    /// Debian's, without JSON.
    bool isOld() const { return ask("SELECT version()").compare(0, 3, "18.") == 0; }

    /// The body of the answer.
    std::string ask(const std::string &sql) const
    {
        std::string answer = exchange(m_port, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                                                  + std::to_string(sql.size()) + "\r\n\r\n" + sql);
        const std::size_t head = answer.find("\r\n\r\n");
        if (head == std::string::npos)
            return {};
        const bool chunked = answer.substr(0, head).find("chunked") != std::string::npos;
        answer.erase(0, head + 4);
        return chunked ? unchunked(answer) : answer;
    }

private:
    static std::string unchunked(const std::string &text)
    {
        std::string out;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t size = std::stoul(text.substr(at), nullptr, 16);
            const std::size_t begin = text.find("\r\n", at) + 2;
            out += text.substr(begin, size);
            at = size == 0 ? text.size() : begin + size + 2;
        }
        return out;
    }
    QByteArray path(const char *name) const { return m_directory.filePath(QLatin1String(name)).toUtf8(); }
    void write(const char *name, const QByteArray &content) const
    {
        QFile file(m_directory.filePath(QLatin1String(name)));
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("cannot write %s", name);
    }

    QTemporaryDir m_directory;
    const unsigned m_port;
    bool m_up = false;
    QProcess m_process;
};

/// Skips a test where there is no clickhouse-server.
#define EVENTOPS_NEEDS_CLICKHOUSE()                                                                                   \
    do {                                                                                                              \
        if (eventops::test::RealClickHouse::program().isEmpty())                                                      \
            QSKIP("there is no clickhouse-server; install it with: apt-get install clickhouse-server");               \
    } while (false)

} // namespace eventops::test
