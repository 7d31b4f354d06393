// SPDX-License-Identifier: MIT
#pragma once

#include "tests/support/program.h"

#include <QtCore/QJsonDocument>
#include <QtCore/QProcess>

#include <csignal>
#include <sys/types.h>

namespace eventops::test {

/// `eventops serve` as a process that can be killed.
class ServeProcess
{
public:
    explicit ServeProcess(const Scratch &scratch)
    {
        m_process.start(program(), {QStringLiteral("serve"), QStringLiteral("--workspace"), scratch.workspace(),
                                    QStringLiteral("--port"), QStringLiteral("0"), QStringLiteral("--json"),
                                    QStringLiteral("--insecure-loopback")});
        if (!m_process.waitForReadyRead(30'000))
            return;
        const QJsonObject said = QJsonDocument::fromJson(m_process.readLine()).object();
        m_port = static_cast<quint16>(said[QLatin1String("port")].toInt());
    }
    ~ServeProcess() { kill(); }
    quint16 port() const { return m_port; }
    void kill()
    {
        if (m_process.state() == QProcess::NotRunning)
            return;
        ::kill(static_cast<pid_t>(m_process.processId()), SIGKILL);
        m_process.waitForFinished(10'000);
    }
    QByteArray request(const QByteArray &body) const
    {
        return "POST /v1/events HTTP/1.1\r\nHost: localhost:" + QByteArray::number(m_port)
               + "\r\nContent-Type: application/json\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n\r\n"
               + body;
    }

private:
    QProcess m_process;
    quint16 m_port = 0;
};

} // namespace eventops::test
