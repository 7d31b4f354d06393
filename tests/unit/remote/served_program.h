// SPDX-License-Identifier: MIT
#pragma once

#include "core/remote/remote_backend.h"
#include "tests/support/program.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtCore/QJsonDocument>
#include <QtCore/QProcess>

#include <csignal>

namespace eventops::test {

/// `eventops serve` as a process of its own, which can be killed and started again on the same port.
class ServedProgram
{
public:
    explicit ServedProgram(QString workspace) : m_workspace(std::move(workspace)) {}
    ~ServedProgram() { kill(); }

    /// False: it does not say that it serves. Takes the port that it had before.
    bool start(const QStringList &more = {})
    {
        m_process.setProgram(program());
        m_process.setArguments(QStringList{QStringLiteral("serve"), QStringLiteral("--json"),
                                           QStringLiteral("--workspace"), m_workspace, QStringLiteral("--port"),
                                           QString::number(m_port)}
                               + more);
        m_process.setProcessChannelMode(QProcess::MergedChannels);
        m_process.start();
        QElapsedTimer timer;
        timer.start();
        QByteArray said;
        while (!said.contains('\n') && timer.elapsed() < 30'000) {
            if (!m_process.waitForReadyRead(1'000) && m_process.state() == QProcess::NotRunning)
                return false;
            said += m_process.readAll();
        }
        m_port =
            static_cast<quint16>(QJsonDocument::fromJson(said).object().value(QStringLiteral("port")).toInt(m_port));
        return m_port != 0;
    }
    void kill()
    {
        if (m_process.state() == QProcess::NotRunning)
            return;
        ::kill(static_cast<pid_t>(m_process.processId()), SIGKILL);
        m_process.waitForFinished();
    }
    /// Of the process, in MiB, as the kernel counts it.
    double residentMiB() const
    {
        QFile file(QStringLiteral("/proc/%1/status").arg(m_process.processId()));
        if (!file.open(QIODevice::ReadOnly))
            return 0;
        for (const QByteArray &line : file.readAll().split('\n')) {
            if (line.startsWith("VmRSS:"))
                return line.mid(6).trimmed().split(' ').front().toDouble() / 1024;
        }
        return 0;
    }
    quint16 port() const { return m_port; }
    remote::RemoteOptions options() const
    {
        remote::RemoteOptions options;
        options.url = remote::normalUrl("localhost:" + std::to_string(m_port)).value();
        options.token = remote::readTokenFile(m_workspace.toStdString() + "/api_tokens").valueOr("");
        options.retryMin = std::chrono::milliseconds(50);
        options.retryMax = std::chrono::milliseconds(200);
        return options;
    }

private:
    const QString m_workspace;
    quint16 m_port = 0;
    QProcess m_process;
};

} // namespace eventops::test
