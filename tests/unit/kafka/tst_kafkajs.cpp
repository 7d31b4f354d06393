// SPDX-License-Identifier: MIT
//
// Programs of others on the bus, written with kafkajs, which shares no line with our client.
#include "tests/support/node_script.h"
#include "tests/support/real_kafka.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <map>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int SoonMs = 60'000;

QList<QJsonObject> approvals(const Scratch &scratch, bool all = true)
{
    QStringList arguments{QStringLiteral("approvals"), QStringLiteral("list"), QStringLiteral("--json"),
                          QStringLiteral("--workspace"), scratch.workspace()};
    if (all)
        arguments << QStringLiteral("--all");
    return run(arguments).rows();
}

QString text(const QJsonObject &object, const char *name)
{
    return object.value(QLatin1String(name)).toString();
}

QByteArray lines(const std::vector<KafkaPeer::Record> &records)
{
    QByteArray all;
    for (const KafkaPeer::Record &record : records)
        all += QByteArray::fromStdString(record.value) + '\n';
    return all;
}

} // namespace

class TestKafkajs : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        EVENTOPS_NEEDS_KAFKA();
        EVENTOPS_NEEDS_NODE();
        m_kafka = std::make_unique<RealKafka>();
        QVERIFY2(m_kafka->isUp(), m_kafka->output());
    }
    void cleanupTestCase() { m_kafka.reset(); }

    /// Agents' lines, packed, from kafkajs into our source; alerts with key and headers from our feed into kafkajs.
    void itsLinesAreReadAndItReadsOurAlerts()
    {
        const Scratch scratch;
        QCOMPARE(kafka(scratch, "init", *m_kafka).exitCode, 0);
        NodeScript writer("node_bus", {QStringLiteral("write"), brokers(), QStringLiteral("ingest.raw.agent")},
                          lines(freshRecords(0, Records)));
        QVERIFY2(writer.finish() == 0, writer.errors());
        const Ran ran = runPipeline(scratch, pipelineFile(scratch, *m_kafka, "[ingest.raw.agent]"));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(ran.json().value(QLatin1String("stored")).toInt(), Records);
        QCOMPARE(ran.json().value(QLatin1String("dead_lettered")).toInt(-1), 0);
        const Ran counted = scratch.sql("SELECT count(*) AS n FROM event WHERE headers LIKE '%kafkajs%'");
        QCOMPARE(counted.rows().front().value(QLatin1String("n")).toInt(), Records);

        std::map<QString, QString> ours; // severities by the id that the header has
        for (const QJsonObject &finding : scratch.query(QStringLiteral("findings"), QStringLiteral("origin = 'rule'")))
            ours.emplace(QStringLiteral("finding:") + text(finding, "id"), text(finding, "severity"));
        QVERIFY(ours.size() > 1);
        NodeScript reader("node_bus", {QStringLiteral("read"), brokers(), QStringLiteral("ops.alert.v1")});
        QVERIFY2(reader.finish() == 0, reader.errors());
        std::map<QString, QString> theirs;
        for (const QJsonObject &message : reader.lines()) {
            const QJsonObject headers = message.value(QLatin1String("headers")).toObject();
            QCOMPARE(text(headers, "eventops-writer"), QStringLiteral("eventops"));
            const QJsonObject alert = QJsonDocument::fromJson(text(message, "value").toUtf8()).object();
            QVERIFY2(text(message, "key").startsWith(QLatin1String("acme|")), qPrintable(text(message, "key")));
            QVERIFY(text(message, "key").contains(text(alert, "source_id")));
            theirs.emplace(text(headers, "eventops-id"), text(alert, "severity"));
        }
        QCOMPARE(theirs, ours);
        QCOMPARE(reader.lines().size(), static_cast<qsizetype>(ours.size())); // each once
    }

    /// K120: two members of a consumer group carry out what is approved, each request once; what they say twice or too
    /// late changes nothing.
    void itsConsumerGroupCarriesOutActions()
    {
        const Scratch scratch;
        QCOMPARE(kafka(scratch, "init", *m_kafka).exitCode, 0);
        QCOMPARE(m_kafka->peer().makeTopic("hot", 1), std::string());
        QVERIFY(m_kafka->peer().produce("hot", 0, freshRecords(0, Records)));
        LiveRun live(scratch, pipelineFile(scratch, *m_kafka, "[hot]", "follow: true"));
        QVERIFY2(live.waitForStored(Records), live.err());
        QVERIFY2(live.waitUntil([&] { return approvals(scratch, false).size() >= Actions; }, SoonMs), live.err());
        NodeScript one("node_executor", {brokers()}), other("node_executor", {brokers()});
        for (NodeScript *executor : {&one, &other})
            QVERIFY2(executor->waitUntil([&] { return !executor->all("ready").isEmpty(); }), executor->errors());
        QStringList wanted;
        for (const QJsonObject &waiting : approvals(scratch, false).first(Actions)) {
            wanted.append(text(waiting, "id"));
            const Ran approved = run({QStringLiteral("approvals"), QStringLiteral("approve"), wanted.back(),
                                      QStringLiteral("--reason"), QStringLiteral("seen"), QStringLiteral("--no-wait"),
                                      QStringLiteral("--workspace"), scratch.workspace()});
            QVERIFY2(approved.exitCode == 0, approved.err);
        }
        wanted.sort();
        const auto did = [&] {
            QStringList all = one.all("did") + other.all("did");
            all.sort();
            return all;
        };
        QVERIFY2(live.waitUntil([&] { return did().size() >= Actions; }, SoonMs), one.errors() + other.errors());
        QVERIFY2(live.waitUntil([&] { return states(scratch, wanted) == all("succeeded"); }, SoonMs), live.err());
        QCOMPARE(one.finish(), 0);
        QCOMPARE(other.finish(), 0);
        QCOMPARE(did(), wanted); // nobody had one that another had
        // All that they said is on the bus, and what came after the result is read too before anything is judged.
        const Ran pulled = kafka(scratch, "pull", *m_kafka);
        QVERIFY2(pulled.exitCode == 0 || live.isRunning(), pulled.err);
        (void)live.interrupt();
        const Ran rest = kafka(scratch, "pull", *m_kafka);
        QVERIFY2(rest.exitCode == 0, rest.err);
        QCOMPARE(states(scratch, wanted), all("succeeded"));
        QVERIFY(QFile::remove(scratch.workspace() + QStringLiteral("/kafka-reports.mark")));
        const Ran again = kafka(scratch, "pull", *m_kafka); // from the beginning: all seven of each are known
        QCOMPARE(again.json().value(QLatin1String("moved")).toInt(-1), 0);
        QCOMPARE(again.json().value(QLatin1String("noted")).toInt(-1), 0);
        QVERIFY2(again.json().value(QLatin1String("known")).toInt(-1) >= 7 * Actions, again.out);
        const auto count = [&](const char *type) {
            return scratch.query(QStringLiteral("events"), QStringLiteral("type = '%1'").arg(QLatin1String(type)))
                .size();
        };
        QCOMPARE(count("action.succeeded"), qsizetype{Actions});
        QCOMPARE(count("action.failed"), qsizetype{0});
    }

private:
    static constexpr int Records = 3000; // moc takes a digit separator in a macro for a quote
    static constexpr int Actions = 3;

    static QStringList all(const char *state) { return QStringList(Actions, QLatin1String(state)); }
    static QStringList states(const Scratch &scratch, const QStringList &ids)
    {
        QStringList found;
        for (const QJsonObject &action : approvals(scratch)) {
            if (ids.contains(text(action, "id")))
                found.append(text(action, "state"));
        }
        return found;
    }
    QString brokers() const { return QString::fromStdString(m_kafka->brokers()); }

    std::unique_ptr<RealKafka> m_kafka;
};

EVENTOPS_TEST(TestKafkajs)
#include "tst_kafkajs.moc"
