// SPDX-License-Identifier: MIT
//
// Topics of a real Apache Kafka: made as the contracts say, read by preset, alias and instant, with all that the mock
// cluster cannot do: transactions that are taken back, retention, partitions that are added, and other people's tools.
#include "tests/support/real_kafka.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>

#include <set>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr qint64 DayMs = 86'400'000;

qint64 number(const QJsonObject &object, const char *name)
{
    return object.value(QLatin1String(name)).toInteger(-1);
}

/// What kcat says; @p input: its standard input.
QByteArray kcat(const QString &arguments, const QByteArray &input = {})
{
    QProcess process;
    process.start(QStringLiteral("kcat"), arguments.split(QLatin1Char(' ')));
    process.write(input);
    process.closeWriteChannel();
    return process.waitForFinished(30'000) && process.exitCode() == 0 ? process.readAllStandardOutput()
                                                                      : QByteArray("failed: ") + process.readAll();
}

/// Payloads that a source gives until it ends.
QStringList payloads(Result<std::unique_ptr<Source>> source)
{
    QStringList all;
    if (!source)
        return {QString::fromStdString(source.error().text())};
    if (const Status opened = source.value()->open(0); !opened)
        return {QString::fromStdString(opened.error().text())};
    for (const std::string &line : readSource(*source.value(), std::chrono::seconds(20)).lines) {
        const QJsonObject message = QJsonDocument::fromJson(QByteArray::fromStdString(line)).object();
        all.append(message.value(QLatin1String("payload")).toString());
    }
    return all;
}

QStringList texts(std::initializer_list<const char *> all)
{
    QStringList out;
    for (const char *const text : all)
        out.append(QLatin1String(text));
    return out;
}

} // namespace

class TestRealKafka : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        EVENTOPS_NEEDS_KAFKA();
        m_kafka = std::make_unique<RealKafka>();
        QVERIFY2(m_kafka->isUp(), m_kafka->output());
    }
    void cleanupTestCase() { m_kafka.reset(); }

    /// E11-E13, X22, X23, K6, K11, K108: as the broker itself has them, not as we believe to have asked for.
    void initMakesTheTopicsOfTheContracts()
    {
        struct Expected {
            const char *topic;
            qint64 days;
            bool compacted;
        };
        constexpr Expected All[] = {
            {"ingest.raw.agent", 3, false},     {"signals.metric.v1", 14, false}, {"ops.alert.v1", 30, true},
            {"events.normalized", 14, false},   {"actions.requested", 30, false}, {"actions.progress", 30, false},
            {"actions.result", 30, false},      {"actions.dlq", 30, false},       {"events.normalized.dlq", 30, false},
            {"signals.enriched.v1", 14, false}, {"signals.log.v1", 14, false},    {"signals.trace.v1", 14, false},
            {"ctrl.command.v1", 3, false},
        };
        const Scratch scratch;
        const Ran made = kafka(scratch, "init", *m_kafka);
        QVERIFY2(made.exitCode == 0, made.out + made.err);
        for (const Expected &expected : All) {
            auto config = m_kafka->peer().topicConfig(expected.topic);
            QCOMPARE(m_kafka->peer().partitions(expected.topic), 3);
            QVERIFY2(config["retention.ms"] == std::to_string(expected.days * DayMs), expected.topic);
            const bool compacted = config["cleanup.policy"].find("compact") != std::string::npos;
            QVERIFY2(compacted == expected.compacted, expected.topic);
            QVERIFY2(config["cleanup.policy"].find("delete") != std::string::npos, expected.topic);
            QCOMPARE(made.json().value(QLatin1String("topics")).toObject().value(QLatin1String(expected.topic)),
                     QJsonValue(QStringLiteral("made")));
        }
        // Once more: nothing is touched. And one that is there under its other name (X1) is not made a second time.
        QCOMPARE(m_kafka->peer().deleteTopic("actions.dlq"), std::string());
        QCOMPARE(m_kafka->peer().makeTopic("action.dlq", 1), std::string());
        QTRY_COMPARE_WITH_TIMEOUT(m_kafka->peer().partitions("action.dlq"), 1, 30'000); // the broker tells of it later
        QTRY_COMPARE_WITH_TIMEOUT(m_kafka->peer().partitions("actions.dlq"), 0, 30'000);
        const Ran again = kafka(scratch, "init", *m_kafka, {QStringLiteral("--partitions"), QStringLiteral("7")});
        QVERIFY2(again.exitCode == 0, again.err);
        const QJsonObject topics = again.json().value(QLatin1String("topics")).toObject();
        for (const QString &topic : topics.keys())
            QVERIFY2(topics.value(topic).toString() == QLatin1String("is there"), qPrintable(topic));
        QCOMPARE(m_kafka->peer().partitions("events.normalized"), 3);
        QTRY_COMPARE(m_kafka->peer().partitions("actions.dlq"), 0);
        QCOMPARE(m_kafka->peer().makeTopic("actions.dlq", 3), std::string());
    }

    /// X37. What a transaction took back is read by those who do not ask for committed records only.
    void presetsAndInstantsSayWhereReadingBegins()
    {
        KafkaPeer &peer = m_kafka->peer();
        QCOMPARE(peer.makeTopic("presets", 1, {{"retention.ms", "-1"}}), std::string());
        constexpr std::int64_t At = 1'762'156'800'000; // 2025-11-03T08:00:00Z
        QVERIFY(peer.produce("presets", 0, {{"one", {}, {}, At - 2}, {"two", {}, {}, At}}));
        QCOMPARE(peer.transact("presets", {{"taken back", {}, {}, At + 1}}, false), std::string());
        QCOMPARE(peer.transact("presets", {{"committed", {}, {}, At + 2}}, true), std::string());
        const auto read = [&](std::vector<std::pair<std::string, std::string>> more) {
            more.emplace_back("follow", "false");
            return payloads(makeKafkaSource(kafkaMembers(*m_kafka, {"presets"}, std::move(more))));
        };
        QCOMPARE(read({}), texts({"one", "two", "taken back", "committed"}));
        QCOMPARE(read({{"preset", "karma"}}), texts({"one", "two", "committed"}));
        QCOMPARE(read({{"preset", "chronos"}}), texts({}));
        QCOMPARE(read({{"start", "2025-11-03T08:00:00Z"}}), texts({"two", "taken back", "committed"}));
        QCOMPARE(read({{"start", "2025-11-03T08:00:00.001Z"}, {"preset", "karma"}}), texts({"committed"}));
        QCOMPARE(read({{"start", "2031-01-01T00:00:00Z"}}), texts({}));
        QCOMPARE(read({{"start", "earliest"}, {"preset", "chronos"}}),
                 texts({"one", "two", "taken back", "committed"}));
    }

    /// X1.
    void theOtherNameOfATopicIsReadToo()
    {
        KafkaPeer &peer = m_kafka->peer();
        QCOMPARE(peer.makeTopic("action.result", 1), std::string());
        if (peer.partitions("actions.result") == 0)
            QCOMPARE(peer.makeTopic("actions.result", 3), std::string());
        QVERIFY(peer.produce("action.result", 0, {{"by its singular"}}));
        auto source = makeKafkaSource(kafkaMembers(*m_kafka, {"actions.result"}, {{"follow", "false"}}));
        QVERIFY2(source, source ? "" : source.error().text().c_str());
        std::set<std::string> titles{source.value()->title()};
        std::vector<std::unique_ptr<Source>> others = source.value()->takeOthers();
        for (const auto &other : others)
            titles.insert(other->title());
        QCOMPARE(titles, (std::set<std::string>{"action.result/0", "actions.result/0", "actions.result/1",
                                                "actions.result/2"}));
        QCOMPARE(payloads(std::move(others.back())), texts({"by its singular"}));
        QCOMPARE(peer.deleteTopic("action.result"), std::string());
    }

    void keysHeadersAndTombstones()
    {
        KafkaPeer &peer = m_kafka->peer();
        QCOMPARE(peer.makeTopic("keyed", 1, {{"cleanup.policy", "compact"}}), std::string());
        std::vector<KafkaPeer::Record> records = freshRecords(0, 2);
        records[0].headers = {{"traceparent", "00-abc-def-01"}, {"none", std::nullopt}};
        records.push_back({"", "host-0", {}, 0, true});
        QVERIFY(peer.produce("keyed", 0, records));
        const Scratch scratch;
        const Ran ran = runPipeline(scratch, pipelineFile(scratch, *m_kafka, "[keyed]"));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(number(ran.json(), "stored"), 2);
        QCOMPARE(number(ran.json(), "skipped"), 1);
        const QJsonObject row = scratch.sql("SELECT headers FROM event ORDER BY ts_event").rows().value(0);
        QJsonObject headers = row.value(QLatin1String("headers")).toObject();
        if (headers.isEmpty())
            headers = QJsonDocument::fromJson(row.value(QLatin1String("headers")).toString().toUtf8()).object();
        QCOMPARE(headers.value(QLatin1String("kafka.key")).toString(), QStringLiteral("host-0"));
        QCOMPARE(headers.value(QLatin1String("traceparent")).toString(), QStringLiteral("00-abc-def-01"));
        QVERIFY(headers.contains(QLatin1String("none")) && headers.value(QLatin1String("none")).isNull());
    }

    /// X20: what we publish is on the topics that we read, and is not news to us.
    void aRunPublishesAndDoesNotHearItself()
    {
        const Scratch scratch;
        QCOMPARE(kafka(scratch, "init", *m_kafka).exitCode, 0);
        QVERIFY(m_kafka->peer().produce("ingest.raw.agent", std::nullopt, freshRecords(0, 3'000)));
        const QString pipeline = pipelineFile(scratch, *m_kafka, "[ingest.raw.agent, events.normalized, ops.alert.v1]");
        const Ran first = runPipeline(scratch, pipeline);
        QVERIFY2(first.exitCode == 0, first.err);
        const qint64 before = number(first.json(), "stored");
        const qint64 published = number(kafka(scratch, "push", *m_kafka).json(), "sent");
        QVERIFY(published > 0);
        const Ran second = runPipeline(scratch, pipeline);
        QVERIFY2(second.exitCode == 0, second.err);
        QCOMPARE(number(second.json(), "skipped") - number(first.json(), "skipped"), published);
        QCOMPARE(number(second.json(), "stored"), before);
        QCOMPARE(number(kafka(scratch, "push", *m_kafka).json(), "sent"), published);
    }

    void otherToolsWriteAndRead()
    {
        if (QStandardPaths::findExecutable(QStringLiteral("kcat")).isEmpty())
            QSKIP("there is no kcat; install it with: apt-get install kcat");
        const QString broker = QStringLiteral("-b ") + QString::fromStdString(m_kafka->brokers());
        QCOMPARE(m_kafka->peer().makeTopic("foreign", 2), std::string());
        QByteArray lines;
        for (const KafkaPeer::Record &record : freshRecords(0, 500))
            lines += QByteArray::fromStdString(*record.key + '\t' + record.value + '\n');
        QCOMPARE(kcat(broker + QStringLiteral(" -P -t foreign -K \\t -H origin=kcat"), lines), QByteArray());
        const Scratch scratch;
        QCOMPARE(kafka(scratch, "init", *m_kafka).exitCode, 0);
        const Ran ran = runPipeline(scratch, pipelineFile(scratch, *m_kafka, "[foreign]"));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(number(ran.json(), "stored"), 500);
        QVERIFY(number(ran.json(), "findings") > 0);
        const QJsonObject row =
            scratch.sql("SELECT count(*) AS n FROM event WHERE headers LIKE '%kcat%'").rows().value(0);
        QCOMPARE(number(row, "n"), 500);
        // And kcat sees our alerts, under their keys, with our name.
        std::set<QString> ours, theirs;
        for (const QJsonObject &finding : scratch.query(QStringLiteral("findings"), QStringLiteral("origin = 'rule'")))
            ours.insert(QStringLiteral("finding:") + finding.value(QLatin1String("id")).toString());
        QVERIFY(!ours.empty());
        const QByteArray alerts = kcat(broker + QStringLiteral(" -C -t ops.alert.v1 -e -q -J"));
        for (const QByteArray &line : alerts.split('\n')) {
            const QJsonObject message = QJsonDocument::fromJson(line).object();
            const QJsonArray headers = message.value(QLatin1String("headers")).toArray();
            if (headers.size() < 4 || headers[1].toString() != QLatin1String("eventops"))
                continue;
            QCOMPARE(headers[0].toString(), QStringLiteral("eventops-writer"));
            QCOMPARE(headers[2].toString(), QStringLiteral("eventops-id"));
            theirs.insert(headers[3].toString());
            QVERIFY2(message.value(QLatin1String("key")).toString().startsWith(QLatin1String("acme|")), line);
        }
        for (const QString &id : ours)
            QVERIFY2(theirs.contains(id), qPrintable(id));
    }

    void partitionsThatAreAddedAreRead()
    {
        KafkaPeer &peer = m_kafka->peer();
        QCOMPARE(peer.makeTopic("growing", 1), std::string());
        QVERIFY(peer.produce("growing", 0, freshRecords(0, 100)));
        const Scratch scratch;
        // Also where reading begins at the end: what comes to a new partition comes after.
        const QString pipeline =
            pipelineFile(scratch, *m_kafka, "[growing]", "follow: true\nstart: earliest\npreset: chronos");
        LiveRun live(scratch, pipeline);
        QVERIFY2(live.waitForStored(100), live.err());
        QCOMPARE(peer.addPartitions("growing", 3), std::string());
        QVERIFY(peer.produce("growing", 1, freshRecords(100, 100)));
        QVERIFY(peer.produce("growing", 2, freshRecords(200, 100)));
        QVERIFY2(live.waitForStored(300, 30'000), live.err());
        QVERIFY2(live.err().contains("topic growing has 3 partitions now; all of them are read"), live.err());
        QVERIFY(peer.produce("growing", 2, freshRecords(300, 50)));
        QVERIFY2(live.waitForStored(350), live.err());
        (void)live.interrupt();
        const Ran rest = runPipeline(scratch, pipelineFile(scratch, *m_kafka, "[growing]"));
        QCOMPARE(number(rest.json(), "received"), 350);
        QCOMPARE(number(rest.json(), "duplicate"), 0);
    }

    void retentionThatOvertakesTheCursorIsTold()
    {
        KafkaPeer &peer = m_kafka->peer();
        QCOMPARE(peer.makeTopic("short", 1, {{"retention.bytes", "200000"}, {"segment.bytes", "100000"}}),
                 std::string());
        QVERIFY(peer.produce("short", 0, freshRecords(0, 10)));
        const Scratch scratch;
        const QString pipeline = pipelineFile(scratch, *m_kafka, "[short]");
        QCOMPARE(number(runPipeline(scratch, pipeline).json(), "stored"), 10);
        for (int i = 0; i < 8; ++i)
            QVERIFY(peer.produce("short", 0, freshRecords(10 + i * 1'000, 1'000)));
        QTRY_VERIFY_WITH_TIMEOUT(peer.ends("short").first > 10, 30'000);
        const Ran ran = runPipeline(scratch, pipeline);
        QVERIFY2(ran.exitCode == 0, ran.err);
        QVERIFY2(ran.err.contains("records of topic short/0 were deleted by the broker's retention before they"),
                 ran.err);
        const qint64 received = number(ran.json(), "received");
        QVERIFY2(received > 10 && received < 8'010, ran.out);
        QCOMPARE(number(ran.json(), "stored"), received);
    }

private:
    std::unique_ptr<RealKafka> m_kafka;
};

EVENTOPS_TEST(TestRealKafka)
#include "tst_real_kafka.moc"
