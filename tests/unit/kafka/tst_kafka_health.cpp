// SPDX-License-Identifier: MIT
//
// Lag, errors and trouble of a stream as the API tells them, while its broker dies and comes back.
#include "tests/support/real_kafka.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr const char *Token = "0123456789abcdef0123456789abcdef";

/// `eventops serve` with a pipeline, ended with this object.
class Served
{
public:
    Served(const Scratch &scratch, const QString &pipeline)
    {
        QDir().mkpath(scratch.workspace());
        QFile tokens(scratch.workspace() + QStringLiteral("/api_tokens"));
        if (!tokens.open(QIODevice::WriteOnly) || tokens.write(QByteArray(Token) + " prober viewer *\n") < 0)
            qFatal("cannot write tokens");
        tokens.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
        tokens.close();
        m_process.start(program(), {QStringLiteral("serve"), QStringLiteral("--workspace"), scratch.workspace(),
                                    QStringLiteral("--pipeline"), pipeline, QStringLiteral("--port"),
                                    QStringLiteral("0"), QStringLiteral("--json")});
        if (m_process.waitForStarted() && m_process.waitForReadyRead(30'000))
            m_url = QJsonDocument::fromJson(m_process.readLine()).object().value(QLatin1String("url")).toString();
    }
    ~Served()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    QByteArray get(const char *path) const
    {
        QProcess curl;
        curl.start(QStringLiteral("curl"),
                   {QStringLiteral("-sS"), QStringLiteral("-m"), QStringLiteral("10"), QStringLiteral("-H"),
                    QStringLiteral("Authorization: Bearer ") + QLatin1String(Token), m_url + QLatin1String(path)});
        return curl.waitForFinished() ? curl.readAllStandardOutput() + curl.readAllStandardError() : QByteArray();
    }
    QJsonObject health() const { return QJsonDocument::fromJson(get("/api/v1/health")).object(); }
    /// The first stream.
    QJsonObject stream() const { return health().value(QLatin1String("reading")).toArray().at(0).toObject(); }
    QByteArray err() { return m_process.readAllStandardError(); }

private:
    QProcess m_process;
    QString m_url;
};

QString trouble(const QJsonObject &stream)
{
    return stream.value(QLatin1String("trouble")).toString(QStringLiteral("nothing is told"));
}

} // namespace

class TestKafkaHealth : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aBrokerThatIsAwayIsSeenAndSoIsItsReturn()
    {
        EVENTOPS_NEEDS_KAFKA();
        if (QStandardPaths::findExecutable(QStringLiteral("curl")).isEmpty())
            QSKIP("there is no curl; install it with: apt-get install curl");
        RealKafka broker;
        QVERIFY2(broker.isUp(), broker.output());
        QCOMPARE(broker.peer().makeTopic("ingest.raw.agent", 1), std::string());
        QVERIFY(broker.peer().produce("ingest.raw.agent", 0, freshRecords(0, 500)));
        const Scratch scratch;
        Served served(scratch, pipelineFile(scratch, broker, "[ingest.raw.agent]", "follow: true"));
        const auto reads = [&](qint64 stored) {
            const QJsonObject health = served.health();
            const QJsonObject stream = health.value(QLatin1String("reading")).toArray().at(0).toObject();
            return health.value(QLatin1String("records")).toObject().value(QLatin1String("stored")).toInteger()
                       == stored
                   && stream.value(QLatin1String("lag")).toInteger(-1) == 0 && trouble(stream).isEmpty();
        };
        QTRY_VERIFY_WITH_TIMEOUT(reads(500), 30'000);
        QCOMPARE(served.stream().value(QLatin1String("title")).toString(), QStringLiteral("ingest.raw.agent/0"));
        QCOMPARE(served.stream().value(QLatin1String("rebalances")).toInteger(-1), 0);
        const qint64 errors = served.stream().value(QLatin1String("errors")).toInteger();
        QVERIFY(served.get("/metrics").contains("eventops_source_trouble{source=\"ingest.raw.agent/0\"} 0\n"));
        QVERIFY(served.get("/metrics").contains("eventops_source_lag_records{source=\"ingest.raw.agent/0\"} 0\n"));

        broker.kill();
        QTRY_VERIFY_WITH_TIMEOUT(trouble(served.stream()).contains(QLatin1String("no Kafka answers at")), 30'000);
        QCOMPARE(served.health().value(QLatin1String("status")).toString(), QStringLiteral("waiting"));
        QVERIFY(served.stream().value(QLatin1String("errors")).toInteger() > errors);
        QVERIFY(!served.stream().value(QLatin1String("last_error")).toString().isEmpty());
        QVERIFY(served.get("/metrics").contains("eventops_source_trouble{source=\"ingest.raw.agent/0\"} 1\n"));

        QVERIFY2(broker.start(), broker.output());
        QVERIFY(broker.peer().produce("ingest.raw.agent", 0, freshRecords(500, 100)));
        QTRY_VERIFY_WITH_TIMEOUT(reads(600), 30'000);
        QCOMPARE(served.health().value(QLatin1String("status")).toString(), QStringLiteral("ok"));
        QVERIFY(served.get("/metrics").contains("eventops_source_trouble{source=\"ingest.raw.agent/0\"} 0\n"));
    }
};

EVENTOPS_TEST(TestKafkaHealth)
#include "tst_kafka_health.moc"
