// SPDX-License-Identifier: MIT
//
// What a workspace finds on its way to the topics: once a mark says so, at least once whatever happens.
#include "core/session/kafka_feed.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>

#include <fstream>
#include <map>
#include <set>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr const char *FeedTopics[] = {"ops.alert.v1", "events.normalized", "actions.requested", "actions.progress",
                                      "actions.result", "actions.dlq"};

void makeFeedTopics(MockCluster &mock)
{
    for (const char *topic : FeedTopics)
        mock.makeTopic(topic, 1);
}

QByteArray agentLines(int count)
{
    QByteArray out;
    for (const MockCluster::Record &record : agentRecords(0, count))
        out += QByteArray::fromStdString(record.value) + '\n';
    return out;
}

QJsonObject json(const std::optional<std::string> &text)
{
    return QJsonDocument::fromJson(QByteArray::fromStdString(text.value_or(std::string()))).object();
}

std::string header(const MockCluster::Read &message, const std::string &name)
{
    for (const auto &[key, value] : message.headers) {
        if (key == name)
            return value;
    }
    return {};
}

std::size_t sent(MockCluster &mock)
{
    std::size_t all = 0;
    for (const char *topic : FeedTopics)
        all += mock.readAll(topic, 0).size();
    return all;
}

} // namespace

class TestKafkaFeed : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void alertsAndDeviationsOnceUnderTheirKeys()
    {
        MockCluster mock;
        makeFeedTopics(mock);
        const Scratch scratch;
        QCOMPARE(scratch.replay({scratch.file(QStringLiteral("a.ndjson"), agentLines(3'000))}).exitCode, 0);
        const Ran pushed = kafka(scratch, "push", mock);
        QVERIFY2(pushed.exitCode == 0, pushed.err);
        const QList<QJsonObject> findings = scratch.query(QStringLiteral("findings"));
        std::map<std::string, QJsonObject> byId;
        qsizetype rules = 0, learned = 0;
        for (const QJsonObject &finding : findings) {
            const QString origin = finding.value(QLatin1String("origin")).toString();
            rules += origin == QLatin1String("rule") ? 1 : 0;
            learned += origin == QLatin1String("entropy") || origin == QLatin1String("absence") ? 1 : 0;
            byId.emplace("finding:" + finding.value(QLatin1String("id")).toString().toStdString(), finding);
        }
        QVERIFY(rules > 0);
        const std::vector<MockCluster::Read> alerts = mock.readAll("ops.alert.v1", 0);
        const std::vector<MockCluster::Read> deviations = mock.readAll("events.normalized", 0);
        QCOMPARE(static_cast<qsizetype>(alerts.size()), rules);
        QCOMPARE(static_cast<qsizetype>(deviations.size()), learned);
        for (const MockCluster::Read &alert : alerts) {
            const QJsonObject body = json(alert.value);
            // X22: a compacted topic keeps one alert of each source and rule.
            QCOMPARE(QString::fromStdString(*alert.key), QStringLiteral("acme|%1|%2")
                                                             .arg(body.value(QLatin1String("source_id")).toString(),
                                                                  body.value(QLatin1String("rule")).toString()));
            QCOMPARE(header(alert, "eventops-writer"), std::string("eventops"));
            QVERIFY(byId.contains(header(alert, "eventops-id")));
        }
        for (const MockCluster::Read &deviation : deviations) {
            const QJsonObject body = json(deviation.value);
            QCOMPARE(body.value(QLatin1String("event_type")).toString(), QStringLiteral("entropy.deviation"));
            QCOMPARE(QString::fromStdString(*deviation.key),
                     QStringLiteral("acme|") + body.value(QLatin1String("entity_id")).toString());
            QVERIFY(!body.contains(QLatin1String("baseline_entropy")));
        }
        QCOMPARE(pushed.json().value(QLatin1String("sent")).toInteger(), rules + learned);
        // Again: there is nothing to send. Without the mark: the same once more, byte for byte.
        QCOMPARE(kafka(scratch, "push", mock).exitCode, 0);
        QCOMPARE(sent(mock), alerts.size() + deviations.size());
        QVERIFY(QFile::remove(scratch.workspace() + QStringLiteral("/kafka.mark")));
        QCOMPARE(kafka(scratch, "push", mock).exitCode, 0);
        const std::vector<MockCluster::Read> twice = mock.readAll("ops.alert.v1", 0);
        QCOMPARE(twice.size(), 2 * alerts.size());
        for (std::size_t i = 0; i < alerts.size(); ++i) {
            QCOMPARE(twice[alerts.size() + i].value, alerts[i].value);
            QCOMPARE(twice[alerts.size() + i].key, alerts[i].key);
            QCOMPARE(twice[alerts.size() + i].headers, alerts[i].headers);
        }
    }

    /// X11, X12, X22: for those who read only one kind, and for those who wrote against the first shape.
    void mirrorsAndOldShapesAreSettings()
    {
        MockCluster mock;
        makeFeedTopics(mock);
        const Scratch scratch;
        QCOMPARE(scratch.replay({scratch.file(QStringLiteral("a.ndjson"), agentLines(3'000))}).exitCode, 0);
        const Ran made =
            kafka(scratch, "init", mock,
                  {QStringLiteral("--no-topics"), QStringLiteral("--mirror"), QStringLiteral("--writer"),
                   QStringLiteral("site-a"), QStringLiteral("--legacy-top-level"), QStringLiteral("--legacy-key")});
        QVERIFY2(made.exitCode == 0, made.err);
        const Ran pushed =
            run({QStringLiteral("kafka"), QStringLiteral("push"), QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(pushed.exitCode == 0, pushed.err);
        const std::vector<MockCluster::Read> alerts = mock.readAll("ops.alert.v1", 0);
        const std::vector<MockCluster::Read> deviations = mock.readAll("events.normalized", 0);
        qsizetype firing = 0;
        for (const QJsonObject &finding : scratch.query(QStringLiteral("findings")))
            firing += finding.value(QLatin1String("state")).toString() != QLatin1String("pending") ? 1 : 0;
        QCOMPARE(static_cast<qsizetype>(alerts.size()), firing);
        QCOMPARE(static_cast<qsizetype>(deviations.size()), firing);
        for (const MockCluster::Read &alert : alerts) {
            QCOMPARE(*alert.key, std::string("acme"));
            QCOMPARE(header(alert, "eventops-writer"), std::string("site-a"));
        }
        QVERIFY(json(deviations.front().value).contains(QLatin1String("entropy")));
    }

    void actionsGoToTheirTopics()
    {
        MockCluster mock;
        makeFeedTopics(mock);
        const Scratch scratch;
        QCOMPARE(scratch.replay({scratch.file(QStringLiteral("a.ndjson"), agentLines(3'000))}).exitCode, 0);
        const auto waiting = run({QStringLiteral("approvals"), QStringLiteral("list"), QStringLiteral("--workspace"),
                                  scratch.workspace(), QStringLiteral("--json")})
                                 .rows();
        QVERIFY(!waiting.isEmpty());
        const QString id = waiting.front().value(QLatin1String("id")).toString();
        const Ran decided = run({QStringLiteral("approvals"), QStringLiteral("approve"), id, QStringLiteral("--reason"),
                                 QStringLiteral("seen"), QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(decided.exitCode == 0, decided.err);
        QCOMPARE(kafka(scratch, "push", mock).exitCode, 0);
        const std::vector<MockCluster::Read> requests = mock.readAll("actions.requested", 0);
        QCOMPARE(requests.size(), std::size_t{1});
        const QJsonObject request = json(requests[0].value);
        QCOMPARE(request.value(QLatin1String("event_type")).toString(), QStringLiteral("action.requested"));
        QCOMPARE(QString::fromStdString(*requests[0].key), request.value(QLatin1String("entity_id")).toString());
        const std::vector<MockCluster::Read> results = mock.readAll("actions.result", 0);
        QCOMPARE(results.size(), std::size_t{1});
        QCOMPARE(json(results[0].value).value(QLatin1String("event_type")).toString(),
                 QStringLiteral("action.succeeded"));
        QCOMPARE(results[0].key, requests[0].key);
        QVERIFY(!mock.readAll("actions.progress", 0).empty());
        QVERIFY(header(results[0], "eventops-id").starts_with("action:"));
    }

    void whatTheBrokerDoesNotTakeIsSentNextTime()
    {
        MockCluster mock;
        makeFeedTopics(mock);
        const Scratch scratch;
        QCOMPARE(scratch.replay({scratch.file(QStringLiteral("a.ndjson"), agentLines(1'000))}).exitCode, 0);
        KafkaFeedSettings settings;
        settings.set("brokers", mock.brokers());
        const Workspace workspace{scratch.workspace().toStdString()};
        std::uint64_t before = 0;
        {
            auto feed = KafkaFeed::open(
                workspace, settings, [] { return false; }, std::chrono::seconds(2));
            QVERIFY2(feed, feed ? "" : feed.error().text().c_str());
            mock.failNext(MockCluster::ProduceApi, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
            const Status refused = feed.value()->catchUp();
            QVERIFY(!refused);
            QCOMPARE(refused.error().code, Error::Code::Refused);
            QCOMPARE(feed.value()->mark().findings, std::uint64_t{0});
            before = sent(mock);
        }
        {
            auto feed = KafkaFeed::open(
                workspace, settings, [] { return false; }, std::chrono::seconds(2));
            QVERIFY(feed);
            mock.setDown(1);
            const Status away = feed.value()->catchUp();
            QVERIFY(!away);
            QCOMPARE(away.error().code, Error::Code::Unavailable);
            mock.setUp(1);
        }
        auto feed = KafkaFeed::open(workspace, settings, [] { return false; });
        QVERIFY2(feed, feed ? "" : feed.error().text().c_str());
        const Status done = feed.value()->catchUp();
        QVERIFY2(done, done ? "" : done.error().text().c_str());
        std::set<std::string> ids;
        for (const char *topic : FeedTopics) {
            for (const MockCluster::Read &message : mock.readAll(topic, 0))
                ids.insert(topic + header(message, "eventops-id"));
        }
        QCOMPARE(ids.size(), static_cast<std::size_t>(feed.value()->mark().sent));
        QVERIFY(sent(mock) >= before);
        QVERIFY(!ids.empty());
    }

    void oneAtATimeAndOnlyWhereTheTopicsAre()
    {
        MockCluster mock;
        const Scratch scratch;
        QCOMPARE(scratch.replay({scratch.file(QStringLiteral("a.ndjson"), agentLines(10))}).exitCode, 0);
        const Ran missing = kafka(scratch, "push", mock);
        QCOMPARE(missing.exitCode, 1);
        QVERIFY2(missing.err.contains("has no topic ops.alert.v1") && missing.err.contains("eventops kafka init"),
                 missing.err);
        const Ran status = kafka(scratch, "status", mock);
        QVERIFY2(status.exitCode == 0, status.err);
        QVERIFY(status.json().value(QLatin1String("notice")).toString().contains(QLatin1String("missing topics: ")));
        // The mock cannot make topics: that is told, and nothing is written.
        QCOMPARE(kafka(scratch, "init", mock).exitCode, 1);
        QVERIFY(!QFile::exists(scratch.workspace() + QStringLiteral("/kafka.json")));
        makeFeedTopics(mock);
        KafkaFeedSettings settings;
        settings.set("brokers", mock.brokers());
        const auto held = KafkaFeed::open({scratch.workspace().toStdString()}, settings, [] { return false; });
        QVERIFY(held);
        QCOMPARE(kafka(scratch, "push", mock).exitCode, 4); // busy
    }

    void anotherClusterGetsEverything()
    {
        const Scratch scratch;
        QCOMPARE(scratch.replay({scratch.file(QStringLiteral("a.ndjson"), agentLines(1'000))}).exitCode, 0);
        MockCluster first, second;
        makeFeedTopics(first);
        makeFeedTopics(second);
        QCOMPARE(kafka(scratch, "push", first).exitCode, 0);
        const Ran other = kafka(scratch, "push", second);
        QVERIFY2(other.exitCode == 0, other.err);
        QVERIFY(other.json().value(QLatin1String("notice")).toString().contains(QLatin1String("another cluster")));
        QCOMPARE(sent(second), sent(first));
        // A damaged mark is no reason to send nothing.
        std::ofstream(scratch.workspace().toStdString() + "/kafka.mark") << "nonsense";
        const Ran damaged = kafka(scratch, "push", second);
        QVERIFY2(damaged.exitCode == 0, damaged.err);
        QCOMPARE(sent(second), 2 * sent(first));
    }

    /// A run publishes by itself, and a source that reads the same topics does not take its own words for news (X20).
    void aRunPublishesAndDoesNotHearItself()
    {
        MockCluster mock;
        makeFeedTopics(mock);
        mock.makeTopic("ingest.raw.agent", 1);
        QVERIFY(mock.produce("ingest.raw.agent", 0, agentRecords(0, 3'000)));
        const Scratch scratch;
        QCOMPARE(kafka(scratch, "init", mock, {QStringLiteral("--no-topics")}).exitCode, 0);
        const QString pipeline = pipelineFile(scratch, mock, "[ingest.raw.agent, events.normalized, ops.alert.v1]");
        const Ran first = runPipeline(scratch, pipeline);
        QVERIFY2(first.exitCode == 0, first.err);
        const std::size_t published = sent(mock);
        QVERIFY(published > 0);
        const Ran second = runPipeline(scratch, pipeline);
        QVERIFY2(second.exitCode == 0, second.err);
        QCOMPARE(second.json().value(QLatin1String("skipped")).toInteger(), static_cast<qint64>(published));
        QCOMPARE(second.json().value(QLatin1String("stored")).toInteger(), 3'000);
        QCOMPARE(sent(mock), published);
    }

    /// … nor anybody else's, when that is what it would publish to for ever.
    void aPipelineThatWouldHearItselfIsRefused()
    {
        MockCluster mock;
        makeFeedTopics(mock);
        mock.makeTopic("ingest.raw.agent", 1);
        const Scratch scratch;
        QCOMPARE(kafka(scratch, "init", mock,
                       {QStringLiteral("--no-topics"), QStringLiteral("--writer"), QStringLiteral("site-a")})
                     .exitCode,
                 0);
        const QByteArray topics = "[ingest.raw.agent, events.normalized]";
        const Ran refused = runPipeline(scratch, pipelineFile(scratch, mock, topics));
        QCOMPARE(refused.exitCode, 1);
        for (const char *said : {"events.normalized", "skip_writer: site-a", "kafka.yaml"})
            QVERIFY2(refused.err.contains(said), refused.err);
        const QByteArray guarded = "follow: false\nskip_writer: site-a";
        QCOMPARE(runPipeline(scratch, pipelineFile(scratch, mock, topics, guarded)).exitCode, 0);
        QCOMPARE(runPipeline(scratch, pipelineFile(scratch, mock, "[ingest.raw.agent]")).exitCode, 0);
    }

    void settingsOfAWorkspaceAreCheckedByName()
    {
        const Scratch scratch;
        QCOMPARE(scratch.replay({scratch.file(QStringLiteral("a.ndjson"), agentLines(1))}).exitCode, 0);
        const Workspace workspace{scratch.workspace().toStdString()};
        const auto none = KafkaFeedSettings::read(workspace);
        QVERIFY(!none);
        QCOMPARE(none.error().code, Error::Code::NotFound);
        const auto wrong = [&](const char *text) {
            std::ofstream(KafkaFeedSettings::file(workspace)) << text;
            const auto read = KafkaFeedSettings::read(workspace);
            return read ? std::string() : read.error().text();
        };
        QVERIFY(wrong(R"({"brokers":"a:1","mirror":"perhaps"})").find("mirror") != std::string::npos);
        QVERIFY(wrong(R"({"brokers":"a:1","sasl_password":"x"})").find("sasl_password") != std::string::npos);
        QVERIFY(wrong(R"({"brokers":"a"})").find("brokers") != std::string::npos);
        QVERIFY(!wrong("not: [json").empty());
        KafkaFeedSettings settings;
        settings.set("brokers", "a:1");
        settings.set("mirror", "true");
        QVERIFY(settings.write(workspace));
        const auto back = KafkaFeedSettings::read(workspace);
        QVERIFY2(back, back ? "" : back.error().text().c_str());
        QVERIFY(back.value().mirror() && !back.value().legacyKey());
        QCOMPARE(back.value().writer(), std::string("eventops"));
        QCOMPARE(back.value().connection().value().brokers, std::string("a:1"));
    }
};

EVENTOPS_TEST(TestKafkaFeed)
#include "tst_kafka_feed.moc"
