// SPDX-License-Identifier: MIT
#pragma once

#include "tests/support/free_port.h"

#include <QtCore/QDir>
#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtCore/QProcess>
#include <QtCore/QTemporaryDir>

#include <csignal>
#include <grp.h>
#include <pwd.h>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>

namespace eventops::test {

/// A PostgreSQL of its own on loopback, its cluster in a temporary directory, ended with this object, or with the test
/// that was killed. It refuses to run as root: then it runs as the user postgres, or nobody.
class RealPostgres
{
public:
    /// The directory of its programs; empty: it is not there, or there is nobody to run it.
    static QString programs()
    {
        const QDir versions(QStringLiteral("/usr/lib/postgresql"));
        const QStringList found = versions.entryList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Name | QDir::Reversed);
        const QString bin = found.isEmpty() ? QString() : versions.filePath(found.first() + QStringLiteral("/bin"));
        return !bin.isEmpty() && QFile::exists(bin + QStringLiteral("/initdb")) && (geteuid() != 0 || user() != nullptr)
                   ? bin
                   : QString();
    }

    static constexpr char User[] = "ops", Password[] = "pass word'\\";

    RealPostgres() : m_port(freePort())
    {
        QFile password(path("password"));
        if (!password.open(QIODevice::WriteOnly) || password.write(Password) < 0)
            return;
        password.close();
        QFile::setPermissions(m_directory.path(), QFile::Permissions(0x7755));
        if (geteuid() == 0
            && (::chown(m_directory.path().toUtf8(), user()->pw_uid, user()->pw_gid) != 0
                || ::chown(path("password").toUtf8(), user()->pw_uid, user()->pw_gid) != 0))
            return;
        QProcess made;
        asUser(made);
        made.start(programs() + QStringLiteral("/initdb"),
                   {QStringLiteral("-D"), path("data"), QStringLiteral("-U"), QLatin1String(User),
                    QStringLiteral("--pwfile"), path("password"), QStringLiteral("--auth=scram-sha-256"),
                    QStringLiteral("--encoding=UTF8"), QStringLiteral("--locale=C"), QStringLiteral("--no-sync")});
        if (!made.waitForFinished(60'000) || made.exitCode() != 0)
            return;
        start();
    }
    ~RealPostgres() { stop(); }
    RealPostgres(const RealPostgres &) = delete;
    RealPostgres &operator=(const RealPostgres &) = delete;

    bool isUp() const { return m_up; }
    unsigned port() const { return m_port; }

    void start()
    {
        m_process = std::make_unique<QProcess>();
        m_process->setProcessChannelMode(QProcess::MergedChannels);
        asUser(*m_process);
        m_process->start(programs() + QStringLiteral("/postgres"),
                         {QStringLiteral("-D"), path("data"), QStringLiteral("-p"), QString::number(m_port),
                          QStringLiteral("-c"), QStringLiteral("listen_addresses=127.0.0.1"), QStringLiteral("-c"),
                          QStringLiteral("unix_socket_directories="), QStringLiteral("-c"),
                          QStringLiteral("fsync=off")});
        QElapsedTimer time;
        time.start();
        m_up = false;
        while (!m_up && time.elapsed() < 30'000 && m_process->state() != QProcess::NotRunning) {
            m_up = ask("SELECT 1") == "1\n";
            if (!m_up)
                m_process->waitForFinished(50);
        }
    }
    void stop()
    {
        if (!m_process)
            return;
        ::kill(static_cast<pid_t>(m_process->processId()), SIGINT); // its "fast" shutdown
        if (!m_process->waitForFinished(20'000)) {
            m_process->kill();
            m_process->waitForFinished(10'000);
        }
        m_process.reset();
    }
    /// Its processes stand still, or go on.
    void hold(bool still) const { signalAll(still ? SIGSTOP : SIGCONT); }

    /// What psql prints, its columns with | between.
    std::string ask(const std::string &sql) const
    {
        QProcess psql;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("PGPASSWORD"), QLatin1String(Password));
        psql.setProcessEnvironment(environment);
        psql.start(programs() + QStringLiteral("/psql"),
                   {QStringLiteral("-h"), QStringLiteral("127.0.0.1"), QStringLiteral("-p"), QString::number(m_port),
                    QStringLiteral("-U"), QLatin1String(User), QStringLiteral("-d"), QStringLiteral("postgres"),
                    QStringLiteral("-XAtq"), QStringLiteral("-v"), QStringLiteral("ON_ERROR_STOP=1"),
                    QStringLiteral("-c"), QString::fromStdString(sql)});
        psql.waitForFinished(20'000);
        return psql.readAllStandardOutput().toStdString();
    }

private:
    static const passwd *user()
    {
        const passwd *found = ::getpwnam("postgres");
        return found != nullptr ? found : ::getpwnam("nobody");
    }
    QString path(const char *name) const { return m_directory.filePath(QLatin1String(name)); }

    void asUser(QProcess &process) const
    {
        const bool root = geteuid() == 0;
        const uid_t uid = root ? user()->pw_uid : geteuid();
        const gid_t gid = root ? user()->pw_gid : getegid();
        process.setWorkingDirectory(m_directory.path());
        process.setChildProcessModifier([root, uid, gid] {
            if (root && (::setgroups(0, nullptr) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0))
                ::_exit(126);
            ::prctl(PR_SET_PDEATHSIG, SIGINT);
        });
    }

    /// The server and the processes that it has for its connections.
    void signalAll(int signal) const
    {
        const qint64 pid = m_process->processId();
        QFile children(QStringLiteral("/proc/%1/task/%1/children").arg(pid));
        if (children.open(QIODevice::ReadOnly)) {
            for (const QByteArray &child : children.readAll().simplified().split(' '))
                if (child.toInt() > 1)
                    ::kill(child.toInt(), signal);
        }
        ::kill(static_cast<pid_t>(pid), signal);
    }

    const unsigned m_port;
    QTemporaryDir m_directory;
    std::unique_ptr<QProcess> m_process;
    bool m_up = false;
};

} // namespace eventops::test
