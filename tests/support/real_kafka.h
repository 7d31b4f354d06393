// SPDX-License-Identifier: MIT
#pragma once

#include "tests/support/free_port.h"
#include "tests/support/kafka_peer.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>
#include <QtCore/QTemporaryDir>

#include <csignal>
#include <string>
#include <sys/prctl.h>

namespace eventops::test {

/// An Apache Kafka of its own on loopback (KRaft: broker and controller in one process), in a temporary folder, ended
/// with this object, or with the test that was killed. It starts in some seconds: share one over a test class.
///
/// With `secure` it also listens with SASL_PLAINTEXT (PLAIN, SCRAM-SHA-256 and -512), SSL with a client's certificate,
/// and SASL_SSL. alice may do everything, bob nothing; the password of both is "secret".
class RealKafka
{
public:
    /// Where the jars are; empty: they are not there.
    static QString jars()
    {
        QProcess where;
        where.start(QStringLiteral(EVENTOPS_SOURCE_DIR "/installer/kafka"), {QStringLiteral("--where")});
        where.waitForFinished();
        const QString folder = QString::fromUtf8(where.readAllStandardOutput()).trimmed() + QStringLiteral("/libs");
        return QDir(folder).isEmpty() ? QString() : folder;
    }
    static QString java() { return QStandardPaths::findExecutable(QStringLiteral("java")); }

    explicit RealKafka(bool secure = false) : m_secure(secure)
    {
        for (unsigned &port : m_ports)
            port = freePort();
        m_plain = address(0);
        if (m_secure)
            makeCertificates();
        writeProperties();
        QStringList arguments = javaArguments("kafka.tools.StorageTool");
        arguments << QStringLiteral("format") << QStringLiteral("-c") << path("server.properties")
                  << QStringLiteral("-t") << QStringLiteral("MkU3OEVBNTcwNTJENDM2Qg");
        for (const char *const user : {"alice", "bob"}) {
            for (const char *const mechanism : {"SCRAM-SHA-256", "SCRAM-SHA-512"}) {
                if (m_secure)
                    arguments << QStringLiteral("--add-scram")
                              << QStringLiteral("%1=[name=%2,password=secret]")
                                     .arg(QLatin1String(mechanism), QLatin1String(user));
            }
        }
        runTool(java(), arguments);
        m_peer = std::make_unique<KafkaPeer>(m_plain);
        start();
    }
    ~RealKafka() { kill(); }
    RealKafka(const RealKafka &) = delete;
    RealKafka &operator=(const RealKafka &) = delete;

    /// Starts it, again on what it had when it was killed. True once it answers.
    bool start()
    {
        m_process.setProcessChannelMode(QProcess::MergedChannels);
        m_process.setStandardOutputFile(path("broker.out"), QIODevice::Append);
        m_process.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
        QStringList arguments = javaArguments("kafka.Kafka");
        m_process.start(java(), arguments << path("server.properties"));
        return m_process.waitForStarted() && m_peer->answers(std::chrono::seconds(90));
    }
    /// kill -9.
    void kill()
    {
        m_process.kill();
        m_process.waitForFinished(10'000);
    }
    /// Stands still, as under a debugger or a stalled disk: connections stay open and nothing is answered.
    void pause() { ::kill(static_cast<pid_t>(m_process.processId()), SIGSTOP); }
    void resume() { ::kill(static_cast<pid_t>(m_process.processId()), SIGCONT); }

    bool isUp() { return m_peer->answers(std::chrono::seconds(1)); }
    const std::string &brokers() const { return m_plain; }
    std::string saslBrokers() const { return address(2); }
    std::string tlsBrokers() const { return address(3); }
    std::string saslTlsBrokers() const { return address(4); }
    /// ca.pem, client.pem, client.key; other-ca.pem did not sign anything here.
    QString file(const char *name) const { return path(name); }
    KafkaPeer &peer() { return *m_peer; }
    QByteArray output() const
    {
        QFile out(path("broker.out"));
        return out.open(QIODevice::ReadOnly) ? out.readAll() : QByteArray();
    }

private:
    QString path(const char *name) const { return m_directory.filePath(QLatin1String(name)); }
    std::string address(std::size_t index) const { return "127.0.0.1:" + std::to_string(m_ports[index]); }

    static QStringList javaArguments(const char *main)
    {
        return {
            QStringLiteral("-Xmx256m"), QStringLiteral("-XX:+UseSerialGC"), QStringLiteral("-XX:TieredStopAtLevel=1"),
            QStringLiteral("-cp"),      jars() + QStringLiteral("/*"),      QLatin1String(main)};
    }
    static void runTool(const QString &program, const QStringList &arguments)
    {
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(program, arguments);
        if (!process.waitForFinished(60'000) || process.exitCode() != 0)
            qFatal("%s failed: %s", qPrintable(program), process.readAll().constData());
    }
    void write(const char *name, const QByteArray &content) const
    {
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("cannot write %s", name);
    }
    QByteArray content(const char *name) const
    {
        QFile file(path(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    void makeCertificates() const
    {
        const auto openssl = [&](const QString &line) {
            runTool(QStringLiteral("openssl"), line.split(QLatin1Char(' ')));
        };
        const QString key = QStringLiteral("-newkey rsa:2048 -nodes -keyout %1");
        for (const char *const name : {"ca", "other-ca"})
            openssl(QStringLiteral("req -x509 -days 2 -subj /CN=%1 -out %2 ")
                        .arg(QLatin1String(name))
                        .arg(path((std::string(name) + ".pem").c_str()))
                    + key.arg(path((std::string(name) + ".key").c_str())));
        write("names", "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
        for (const char *const name : {"server", "client"}) {
            const QString base = path(name);
            openssl(QStringLiteral("req -subj /CN=%1 -out %2.csr ").arg(QLatin1String(name), base)
                    + key.arg(base + QStringLiteral(".key")));
            openssl(QStringLiteral("x509 -req -days 2 -in %1.csr -out %1.pem -CA %2 -CAkey %3 -CAcreateserial "
                                   "-extfile %4")
                        .arg(base, path("ca.pem"), path("ca.key"), path("names")));
        }
        write("store.pem", content("server.key") + content("server.pem"));
    }

    void writeProperties() const
    {
        const QByteArray folder = m_directory.path().toUtf8();
        QByteArray listeners = "PLAINTEXT://" + QByteArray::fromStdString(address(0));
        if (m_secure)
            listeners += ",SASL_PLAINTEXT://" + QByteArray::fromStdString(address(2)) + ",SSL://"
                         + QByteArray::fromStdString(address(3)) + ",SASL_SSL://"
                         + QByteArray::fromStdString(address(4));
        const QByteArray controller = QByteArray::fromStdString(address(1));
        QByteArray text = "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@" + controller
                          + "\nlisteners=" + listeners + ",CONTROLLER://" + controller + "\nadvertised.listeners="
                          + listeners + "\ncontroller.listener.names=CONTROLLER\nlog.dirs=" + folder
                          + "/data\nlistener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,"
                            "SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL\n"
                            "auto.create.topics.enable=false\ngroup.initial.rebalance.delay.ms=0\n"
                            "offsets.topic.replication.factor=1\noffsets.topic.num.partitions=4\n"
                            "transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n"
                            "transaction.state.log.num.partitions=4\nnum.network.threads=2\nnum.io.threads=2\n"
                            "log.cleaner.threads=1\nlog.cleaner.dedupe.buffer.size=2097152\n"
                            "log.cleaner.backoff.ms=200\nlog.retention.check.interval.ms=200\n"
                            "log.initial.task.delay.ms=200\nlog.segment.delete.delay.ms=100\n"
                            "broker.heartbeat.interval.ms=500\nbroker.session.timeout.ms=3000\n";
        if (m_secure)
            text += security(folder);
        write("server.properties", text);
    }
    static QByteArray security(const QByteArray &folder)
    {
        const QByteArray scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;\n";
        QByteArray text =
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
            "super.users=User:ANONYMOUS;User:alice;User:CN=client\nsasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,"
            "SCRAM-SHA-512\nssl.keystore.type=PEM\nssl.keystore.location="
            + folder + "/store.pem\nssl.truststore.type=PEM\nssl.truststore.location=" + folder
            + "/ca.pem\nlistener.name.ssl.ssl.client.auth=required\n";
        for (const char *const listener : {"sasl_plaintext", "sasl_ssl"}) {
            const QByteArray name = QByteArray("listener.name.") + listener + '.';
            text += name
                    + "plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
                      "user_alice=\"secret\" user_bob=\"secret\";\n"
                    + name + "scram-sha-256.sasl.jaas.config=" + scram + name
                    + "scram-sha-512.sasl.jaas.config=" + scram;
        }
        return text;
    }

    QTemporaryDir m_directory;
    const bool m_secure;
    unsigned m_ports[5] = {}; ///< Plain, the controller's, SASL, TLS, both.
    std::string m_plain;
    std::unique_ptr<KafkaPeer> m_peer;
    QProcess m_process;
};

/// Skips a test, or in initTestCase a class, where there is no Kafka, or where it was asked for: a broker takes minutes
/// that the sanitizer builds do not have, and tells them nothing that the mock does not.
#define EVENTOPS_NEEDS_KAFKA()                                                                                         \
    do {                                                                                                               \
        if (qEnvironmentVariableIsSet("EVENTOPS_WITHOUT_KAFKA"))                                                       \
            QSKIP("asked to run without Apache Kafka");                                                                \
        if (eventops::test::RealKafka::jars().isEmpty())                                                               \
            QSKIP("there is no Apache Kafka; fetch it with: installer/kafka");                                         \
        if (eventops::test::RealKafka::java().isEmpty())                                                               \
            QSKIP("there is no Java to run Kafka; install it with: apt-get install openjdk-17-jre-headless");          \
    } while (false)

} // namespace eventops::test
