// SPDX-License-Identifier: MIT
//
// Sign-ins, certificates and rights, each as it must be and each as people get it wrong, against a real broker.
#include "tests/support/real_kafka.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include "core/kafka/kafka_producer.h"

using namespace eventops;
using namespace eventops::test;

class TestKafkaSecurity : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        EVENTOPS_NEEDS_KAFKA();
        m_kafka = std::make_unique<RealKafka>(true);
        QVERIFY2(m_kafka->isUp(), m_kafka->output());
        QCOMPARE(m_kafka->peer().makeTopic("t", 1), std::string());
        QVERIFY(m_kafka->peer().produce("t", 0, {{"one"}}));
        m_password = m_scratch.file(QStringLiteral("password"), "secret\n");
        m_wrongPassword = m_scratch.file(QStringLiteral("wrong"), "guess\n");
    }
    void cleanupTestCase() { m_kafka.reset(); }

    /// The settings of a connection: where, and the rest as "name value name value".
    void connections_data()
    {
        QTest::addColumn<QString>("where");
        QTest::addColumn<QString>("settings");
        QTest::addColumn<QString>("expected"); // what its error says; empty: it reads and writes
        QTest::addColumn<QString>("remedy");
        const QString sasl = QStringLiteral("security_protocol sasl_plaintext sasl_mechanism ");
        const QString alice = QStringLiteral(" sasl_user alice sasl_password_file PASSWORD");
        const QString ca = QStringLiteral(" tls_ca_file ca.pem");
        const QString certificate = QStringLiteral(" tls_certificate_file client.pem tls_key_file client.key");
        const QString signIn = QStringLiteral("check sasl_user, sasl_mechanism and the password");
        const QString tls = QStringLiteral("tls_ca_file");
        const auto row = [](const char *name, const char *where, const QString &settings, const char *expected,
                            const QString &remedy) {
            QTest::newRow(name) << QString::fromLatin1(where) << settings << QString::fromLatin1(expected) << remedy;
        };
        row("PLAIN", "sasl", sasl + QStringLiteral("PLAIN") + alice, "", {});
        row("SCRAM-SHA-256", "sasl", sasl + QStringLiteral("SCRAM-SHA-256") + alice, "", {});
        row("SCRAM-SHA-512", "sasl", sasl + QStringLiteral("scram-sha-512") + alice, "", {});
        row("TLS with a certificate", "tls", QStringLiteral("security_protocol ssl") + ca + certificate, "", {});
        row("SASL in TLS", "both", QStringLiteral("security_protocol sasl_ssl sasl_mechanism PLAIN") + alice + ca, "",
            {});
        row("wrong password, PLAIN", "sasl", sasl + QStringLiteral("PLAIN sasl_user alice sasl_password_file WRONG"),
            "refuses the sign-in", signIn);
        row("wrong password, SCRAM", "sasl",
            sasl + QStringLiteral("SCRAM-SHA-256 sasl_user alice sasl_password_file WRONG"), "refuses the sign-in",
            signIn);
        row("unknown user", "sasl", sasl + QStringLiteral("SCRAM-SHA-512 sasl_user eve sasl_password_file PASSWORD"),
            "refuses the sign-in", signIn);
        row("foreign authority", "both",
            QStringLiteral("security_protocol sasl_ssl sasl_mechanism PLAIN tls_ca_file other-ca.pem") + alice,
            "the Kafka's certificate is not trusted", tls);
        row("no certificate", "tls", QStringLiteral("security_protocol ssl") + ca,
            "the Kafka does not accept our certificate", QStringLiteral("set tls_certificate_file"));
        row("plain words to a TLS port", "tls", QString(), "the Kafka hangs up", QStringLiteral("security_protocol"));
        row("TLS to a plain port", "plain", QStringLiteral("security_protocol ssl") + ca, "does not speak TLS",
            QStringLiteral("security_protocol"));
        row("SASL to a plain port", "plain", sasl + QStringLiteral("PLAIN") + alice, "wants no sign-in",
            QStringLiteral("security_protocol"));
    }

    void connections()
    {
        QFETCH(const QString, where);
        QFETCH(const QString, settings);
        QFETCH(const QString, expected);
        QFETCH(const QString, remedy);
        KafkaSettings connection = parsed(settings);
        connection.brokers = where == QLatin1String("sasl")   ? m_kafka->saslBrokers()
                             : where == QLatin1String("tls")  ? m_kafka->tlsBrokers()
                             : where == QLatin1String("both") ? m_kafka->saslTlsBrokers()
                                                              : m_kafka->brokers();
        const auto client = KafkaClient::openConsumer(connection, {});
        QVERIFY2(client, client ? "" : client.error().text().c_str());
        QElapsedTimer waited;
        waited.start();
        const auto cluster = client.value()->clusterId(std::chrono::seconds(5));
        const auto producer = KafkaProducer::open(connection, {});
        QVERIFY(producer);
        if (expected.isEmpty() && remedy.isEmpty()) {
            QVERIFY2(cluster, cluster ? "" : cluster.error().text().c_str());
            const auto ends = client.value()->offsets("t", 0, std::chrono::seconds(5));
            QVERIFY2(ends, ends ? "" : ends.error().text().c_str());
            QVERIFY(producer.value()->send({"t", "k", "more", {}}));
            const Status sent = producer.value()->flush();
            QVERIFY2(sent, sent ? "" : sent.error().text().c_str());
            QCOMPARE(client.value()->offsets("t", 0, std::chrono::seconds(5)).value().high, ends.value().high + 1);
            return;
        }
        QVERIFY(!cluster);
        QVERIFY2(waited.elapsed() < 4'000, "nobody waits where waiting is of no use");
        const QString said = QString::fromStdString(cluster.error().text());
        QVERIFY2(said.contains(expected) && said.contains(remedy), qPrintable(said));
        QVERIFY2(said.contains(QString::fromStdString(connection.brokers)), qPrintable(said));
        const auto again = producer.value()->clusterId(std::chrono::seconds(5));
        QVERIFY(!again);
        QCOMPARE(again.error().code, cluster.error().code);
        QVERIFY2(QString::fromStdString(again.error().text()).contains(remedy), again.error().text().c_str());
    }

    /// bob may sign in, and that is all.
    void rightsThatAreMissingAreNamed()
    {
        KafkaSettings connection =
            parsed(QStringLiteral("security_protocol sasl_plaintext sasl_mechanism PLAIN sasl_user bob "
                                  "sasl_password_file PASSWORD"));
        connection.brokers = m_kafka->saslBrokers();
        const auto producer = KafkaProducer::open(connection, {std::chrono::seconds(5)});
        QVERIFY(producer);
        (void)producer.value()->send({"t", "k", "v", {}});
        const Status sent = producer.value()->flush();
        QVERIFY(!sent);
        QCOMPARE(sent.error().code, Error::Code::Refused);
        QVERIFY2(sent.error().text().find("ACL") != std::string::npos, sent.error().text().c_str());
        const auto client = KafkaClient::openConsumer(connection, {});
        const auto ends = client.value()->offsets("t", 0, std::chrono::seconds(5));
        QVERIFY(!ends); // a topic that one may not see looks like one that is not there
        QVERIFY2(ends.error().text().find("ACL") != std::string::npos, ends.error().text().c_str());
    }

    /// The whole way by the program: a source that signs in over TLS, and a feed that does.
    void aRunSignsIn()
    {
        const Scratch scratch;
        QCOMPARE(m_kafka->peer().makeTopic("signals", 1), std::string());
        QVERIFY(m_kafka->peer().produce("signals", 0, freshRecords(0, 100)));
        const QByteArray more = "follow: false\nsecurity_protocol: sasl_ssl\nsasl_mechanism: SCRAM-SHA-256\n"
                                "sasl_user: alice\nsasl_password_file: "
                                + m_password.toUtf8() + "\ntls_ca_file: " + m_kafka->file("ca.pem").toUtf8();
        struct Address {
            std::string text;
            const std::string &brokers() const { return text; }
        } address{m_kafka->saslTlsBrokers()};
        const Ran ran = runPipeline(scratch, pipelineFile(scratch, address, "[signals]", more));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(ran.json().value(QLatin1String("stored")).toInteger(), 100);
        const QStringList signIn{QStringLiteral("--security-protocol"), QStringLiteral("sasl_ssl"),
                                 QStringLiteral("--sasl-mechanism"),    QStringLiteral("PLAIN"),
                                 QStringLiteral("--sasl-user"),         QStringLiteral("alice"),
                                 QStringLiteral("--tls-ca-file"),       m_kafka->file("ca.pem"),
                                 QStringLiteral("--sasl-password-file")};
        const Ran made = kafka(scratch, "init", address, signIn + QStringList{m_password});
        QVERIFY2(made.exitCode == 0, made.err);
        const Ran wrong = kafka(scratch, "status", address, signIn + QStringList{m_wrongPassword});
        QCOMPARE(wrong.exitCode, 3);
        QVERIFY2(wrong.err.contains("the Kafka refuses the sign-in")
                     && wrong.err.contains("check sasl_user, sasl_mechanism and the password")
                     && !wrong.err.contains("guess"),
                 wrong.err);
    }

private:
    KafkaSettings parsed(const QString &text) const
    {
        KafkaSettings out;
        const QStringList words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        std::vector<Value::Member> members;
        for (const FieldSpec &field : kafkaConnectionFields()) {
            const auto at = words.indexOf(QString::fromUtf8(field.name.data(), qsizetype(field.name.size())));
            if (at < 0)
                continue;
            QString value = words[at + 1];
            if (value == QLatin1String("PASSWORD"))
                value = m_password;
            else if (value == QLatin1String("WRONG"))
                value = m_wrongPassword;
            else if (value.contains(QLatin1Char('.')))
                value = m_kafka->file(value.toLatin1().constData());
            members.emplace_back(std::string(field.name), Value::scalar(value.toStdString()));
        }
        members.emplace_back("brokers", Value::scalar("127.0.0.1:1"));
        const auto checked = checkSettings(Value::map(std::move(members)), withKafkaConnection({}), "test");
        if (!checked)
            qFatal("%s", checked.error().text().c_str());
        const auto read = readKafkaSettings(checked.value());
        if (!read)
            qFatal("%s", read.error().text().c_str());
        return read.value();
    }

    const Scratch m_scratch;
    QString m_password, m_wrongPassword;
    std::unique_ptr<RealKafka> m_kafka;
};

EVENTOPS_TEST(TestKafkaSecurity)
#include "tst_kafka_security.moc"
