// SPDX-License-Identifier: MIT
#pragma once

#include "tests/support/real_clickhouse.h"

#include <QtCore/QDir>
#include <QtCore/QElapsedTimer>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>

#include <csignal>
#include <string>
#include <sys/prctl.h>

namespace eventops::test {

/// An Apicurio Registry of its own on loopback, its schemas in memory, ended with this object, or with the test that
/// was killed. It takes half a minute to start: one for a test class.
class RealRegistry
{
public:
    /// The server's jar; empty: it is not there, or no Java to run it.
    static QString jar()
    {
        QProcess where;
        where.start(QStringLiteral(EVENTOPS_SOURCE_DIR "/installer/registry"), {QStringLiteral("--where")});
        where.waitForFinished();
        const QDir folder(QString::fromUtf8(where.readAllStandardOutput()).trimmed() + QStringLiteral("/app"));
        const QStringList found = folder.entryList({QStringLiteral("*-runner.jar")});
        const bool any = !found.isEmpty() && !QStandardPaths::findExecutable(QStringLiteral("java")).isEmpty();
        return any ? folder.filePath(found.first()) : QString();
    }

    RealRegistry() : m_port(freePort())
    {
        m_process.setProcessChannelMode(QProcess::MergedChannels);
        m_process.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
        m_process.start(QStringLiteral("java"),
                        {QStringLiteral("-Xmx384m"), QStringLiteral("-XX:+UseSerialGC"),
                         QStringLiteral("-XX:TieredStopAtLevel=1"), QStringLiteral("-Dquarkus.http.host=127.0.0.1"),
                         QStringLiteral("-Dquarkus.http.port=%1").arg(m_port), QStringLiteral("-jar"), jar()});
        QElapsedTimer time;
        time.start();
        while (!m_up && time.elapsed() < 180'000 && m_process.state() != QProcess::NotRunning) {
            m_process.waitForReadyRead(200); // also reads what it prints, so that it never waits for us
            m_up = exchange(m_port, "GET /apis/ccompat/v6/subjects HTTP/1.1\r\nHost: localhost\r\n\r\n")
                       .starts_with("HTTP/1.1 200");
        }
    }
    ~RealRegistry()
    {
        m_process.kill();
        m_process.waitForFinished(10'000);
    }
    RealRegistry(const RealRegistry &) = delete;
    RealRegistry &operator=(const RealRegistry &) = delete;

    bool isUp() const { return m_up; }
    std::string root() const { return "http://127.0.0.1:" + std::to_string(m_port); }
    std::string url() const { return root() + "/apis/ccompat/v6"; } ///< Its API for Confluent's clients.
    QByteArray output() { return m_process.readAll(); }

private:
    const unsigned m_port;
    QProcess m_process;
    bool m_up = false;
};

} // namespace eventops::test
