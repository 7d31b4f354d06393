// SPDX-License-Identifier: MIT
#pragma once

#include <QtCore/QFile>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>
#include <QtCore/QTemporaryDir>

#include <string>

namespace eventops::test {

/// Authorities and servers' certificates, made by the program `openssl`.
class TestCertificates
{
public:
    TestCertificates()
    {
        makeAuthority("ca");
        makeAuthority("other-ca");
        makeServer("server", "DNS:localhost,DNS:ops.example.com,IP:127.0.0.1");
        makeServer("elsewhere", "DNS:elsewhere.example.com");
    }
    /// False: there is no openssl here, or it would not.
    bool ok() const { return m_ok; }
    /// "ca.pem", "other-ca.pem", "server.pem", "server.key", "elsewhere.pem", "elsewhere.key".
    std::string path(const char *name) const { return m_directory.filePath(QString::fromLatin1(name)).toStdString(); }

private:
    void run(const QStringList &arguments)
    {
        QProcess process;
        process.setWorkingDirectory(m_directory.path());
        process.start(QStringLiteral("openssl"), arguments);
        m_ok = m_ok && process.waitForFinished(30'000) && process.exitCode() == 0;
    }
    static QStringList newKey(const QString &file)
    {
        return {QStringLiteral("-newkey"),
                QStringLiteral("ec"),
                QStringLiteral("-pkeyopt"),
                QStringLiteral("ec_paramgen_curve:P-256"),
                QStringLiteral("-nodes"),
                QStringLiteral("-keyout"),
                file};
    }
    void makeAuthority(const char *name)
    {
        const QString base = QString::fromLatin1(name);
        run(QStringList{QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-days"), QStringLiteral("30"),
                        QStringLiteral("-subj"), QStringLiteral("/CN=") + base, QStringLiteral("-out"),
                        base + QStringLiteral(".pem")}
            + newKey(base + QStringLiteral(".key")));
    }
    void makeServer(const char *name, const char *alternatives)
    {
        const QString base = QString::fromLatin1(name);
        QFile file(m_directory.filePath(base + QStringLiteral(".ext")));
        m_ok = m_ok && file.open(QIODevice::WriteOnly);
        file.write(QByteArray("subjectAltName=") + alternatives + "\n");
        file.close();
        run(QStringList{QStringLiteral("req"), QStringLiteral("-new"), QStringLiteral("-subj"),
                        QStringLiteral("/CN=") + base, QStringLiteral("-out"), base + QStringLiteral(".csr")}
            + newKey(base + QStringLiteral(".key")));
        run({QStringLiteral("x509"), QStringLiteral("-req"), QStringLiteral("-days"), QStringLiteral("30"),
             QStringLiteral("-in"), base + QStringLiteral(".csr"), QStringLiteral("-CA"), QStringLiteral("ca.pem"),
             QStringLiteral("-CAkey"), QStringLiteral("ca.key"), QStringLiteral("-CAcreateserial"),
             QStringLiteral("-extfile"), base + QStringLiteral(".ext"), QStringLiteral("-out"),
             base + QStringLiteral(".pem")});
        QFile::setPermissions(m_directory.filePath(base + QStringLiteral(".key")),
                              QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    }

    QTemporaryDir m_directory;
    bool m_ok = !QStandardPaths::findExecutable(QStringLiteral("openssl")).isEmpty();
};

} // namespace eventops::test
