// SPDX-License-Identifier: MIT
//
// What a workspace holds on its way to every topic of the contracts, each switched by itself, as other tools read it.
#include "tests/support/real_kafka.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int Records = 3'000;
constexpr const char *Reading =
    "follow: false\ncodecs: {spans: mapped}\n"
    "map: {ts: ts, type: name, tenant: {const: acme}, entity: {type: {const: service}, id: service}, "
    "trace_id: trace_id, span_id: span_id, attrs: {duration_ms: duration_ms}}";
constexpr const char *Broken = R"({"tenant_id":"acme",)";

QJsonObject json(const KafkaPeer::Read &message)
{
    return QJsonDocument::fromJson(QByteArray::fromStdString(message.value.value_or(std::string()))).object();
}

QString text(const QJsonObject &object, const char *name)
{
    return object.value(QLatin1String(name)).toString();
}

std::string header(const KafkaPeer::Read &message, const std::string &name)
{
    for (const auto &[key, value] : message.headers) {
        if (key == name)
            return value;
    }
    return {};
}

} // namespace

class TestKafkaTopicsOut : public QObject
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

    /// K6, E12, E28-E30, X36.
    void everyTopicGetsItsOwn()
    {
        const Scratch scratch;
        const Ran made = kafka(scratch, "init", *m_kafka,
                               {QStringLiteral("--partitions"), QStringLiteral("1"), QStringLiteral("--publish"),
                                QStringLiteral("events.normalized,signals.metric.v1,signals.log.v1,signals.trace.v1,"
                                               "signals.enriched.v1,ctrl.command.v1,actions.requested,actions.dlq,"
                                               "events.normalized.dlq,dlq-events")});
        QVERIFY2(made.exitCode == 0, made.err);
        std::vector<KafkaPeer::Record> records = freshRecords(0, Records);
        const std::string span = R"({"ts":"2025-10-21T00:00:01Z","name":"checkout.call","service":"web",)"
                                 R"("trace_id":"t1","span_id":"s1","duration_ms":12})";
        const std::string log =
            R"({"ts":"2025-10-21T00:00:02Z","event_type":"log","entity_id":"service:web","tags":)"
            R"({"tenant":"acme"},"attrs":{"message":"disk is full","severity":"error","trace_id":"t1"},)"
            R"("idempotency_key":"log-1"})";
        const std::string change =
            R"({"ts":"2025-10-21T00:00:03Z","event_type":"order.updated","entity_id":"order:7","tags":)"
            R"({"tenant":"acme"},"attrs":{"status":"paid"},"idempotency_key":"order-1"})";
        for (const std::string &one : {log, change})
            records.push_back({one, "k"});
        records.push_back({Broken, "broken-key", {{"agent", "7.1"}}});
        QVERIFY(m_kafka->peer().produce("ingest.raw.agent", 0, records));
        QCOMPARE(m_kafka->peer().makeTopic("spans", 1), std::string());
        QVERIFY(m_kafka->peer().produce("spans", 0, {{span}}));
        QVERIFY(m_kafka->peer().produce("actions.progress", 0, {{"{broken", "elsewhere"}}));
        const Ran ran = runPipeline(scratch, pipelineFile(scratch, *m_kafka, "[ingest.raw.agent, spans]", Reading));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(ran.json().value(QLatin1String("stored")).toInteger(), Records + 3);
        const Ran pushed = run({QStringLiteral("kafka"), QStringLiteral("push"), QStringLiteral("--workspace"),
                                scratch.workspace(), QStringLiteral("--json")});
        QVERIFY2(pushed.exitCode == 0, pushed.err);
        QVERIFY2(text(pushed.json(), "notice").isEmpty(), pushed.out);

        const auto normalized = m_kafka->peer().readAll("events.normalized");
        QCOMPARE(normalized.size(), std::size_t{Records + 3});
        QCOMPARE(text(json(normalized.front()), "idempotency_key").isEmpty(), false);
        const auto order = std::find_if(normalized.begin(), normalized.end(), [](const KafkaPeer::Read &message) {
            return text(json(message), "event_type") == QLatin1String("order.updated");
        });
        QVERIFY(order != normalized.end());
        QCOMPARE(order->key, std::optional<std::string>("acme|order:7"));
        QCOMPARE(header(normalized.back(), "eventops-writer"), std::string("eventops"));

        const auto metrics = m_kafka->peer().readAll("signals.metric.v1");
        QCOMPARE(metrics.size(), std::size_t{Records});
        checkEnvelope(json(metrics.front()), QStringLiteral("cpu_load"));
        const auto logs = m_kafka->peer().readAll("signals.log.v1");
        QCOMPARE(logs.size(), std::size_t{1});
        checkEnvelope(json(logs.front()));
        QCOMPARE(text(json(logs.front()), "schema_name"), QStringLiteral("signals.log"));
        QCOMPARE(text(json(logs.front()).value(QLatin1String("attributes")).toObject(), "message"),
                 QStringLiteral("disk is full"));
        const auto traces = m_kafka->peer().readAll("signals.trace.v1");
        QCOMPARE(traces.size(), std::size_t{1});
        const QJsonObject attributes = json(traces.front()).value(QLatin1String("attributes")).toObject();
        QCOMPARE(text(attributes, "span_id"), QStringLiteral("s1"));
        QCOMPARE(text(attributes, "duration_ms"), QStringLiteral("12"));
        const auto enriched = m_kafka->peer().readAll("signals.enriched.v1");
        QCOMPARE(enriched.size(), std::size_t{Records + 2});
        checkEnvelope(json(enriched.front()), QStringLiteral("cpu_load"));
        QVERIFY(!text(json(enriched.front()).value(QLatin1String("attributes")).toObject(), "entity_id").isEmpty());

        checkLetters();
        // Alerts and deviations were not asked for.
        QCOMPARE(m_kafka->peer().readAll("ops.alert.v1").size(), std::size_t{0});
        const auto again = run({QStringLiteral("kafka"), QStringLiteral("push"), QStringLiteral("--workspace"),
                                scratch.workspace(), QStringLiteral("--json")});
        QCOMPARE(again.json().value(QLatin1String("sent")), pushed.json().value(QLatin1String("sent")));
        checkCommand(scratch);
        nothingGoesBackToWhereItCameFrom();
    }

    void whatNobodyPublishesIsRefusedByName()
    {
        const Scratch scratch;
        const Ran made =
            kafka(scratch, "init", *m_kafka, {QStringLiteral("--publish"), QStringLiteral("signals.metrics.v1")});
        QVERIFY(made.exitCode != 0);
        QVERIFY2(made.err.contains("nothing is called \\\"signals.metrics.v1\\\"")
                     && made.err.contains("signals.metric.v1"),
                 made.err);
    }

private:
    /// E14's nine fields, and attributes that are texts.
    void checkEnvelope(const QJsonObject &envelope, const QString &metric = {})
    {
        QStringList names = envelope.keys();
        names.sort();
        QCOMPARE(
            names.join(QLatin1Char(' ')),
            QStringLiteral("attributes event_id schema_name schema_version source tags tenant_id ts_event ts_ingest"));
        QCOMPARE(text(envelope, "tenant_id"), QStringLiteral("acme"));
        const QJsonObject attributes = envelope.value(QLatin1String("attributes")).toObject();
        for (const QJsonValue &value : attributes)
            QVERIFY(value.isString());
        QCOMPARE(text(attributes, "metric"), metric);
    }

    void checkLetters()
    {
        const auto letters = m_kafka->peer().readAll("events.normalized.dlq");
        QCOMPARE(letters.size(), std::size_t{1});
        QCOMPARE(letters[0].value, std::optional<std::string>(Broken));
        QCOMPARE(letters[0].key, std::optional<std::string>("broken-key"));
        QVERIFY(!header(letters[0], "eventops-reason").empty());
        QCOMPARE(header(letters[0], "eventops-origin"), std::string("ingest.raw.agent/0/3002"));
        const auto chronos = m_kafka->peer().readAll("dlq-events");
        QCOMPARE(chronos.size(), std::size_t{1});
        const QJsonObject data = json(chronos[0]).value(QLatin1String("data")).toObject();
        QVERIFY(data.value(QLatin1String("RawEventID")).toInteger() > 0);
        QCOMPARE(text(data, "Error").toStdString(), header(letters[0], "eventops-reason"));
        const auto actions = m_kafka->peer().readAll("actions.dlq");
        QCOMPARE(actions.size(), std::size_t{1});
        QCOMPARE(actions[0].value, std::optional<std::string>("{broken"));
        QCOMPARE(header(actions[0], "eventops-origin"), std::string("actions.progress/0/0"));
    }

    void checkCommand(const Scratch &scratch)
    {
        const QString id = run({QStringLiteral("approvals"), QStringLiteral("list"), QStringLiteral("--workspace"),
                                scratch.workspace(), QStringLiteral("--json")})
                               .rows()
                               .value(0)
                               .value(QLatin1String("id"))
                               .toString();
        const Ran approved = run({QStringLiteral("approvals"), QStringLiteral("approve"), id,
                                  QStringLiteral("--reason"), QStringLiteral("seen"), QStringLiteral("--no-wait"),
                                  QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(approved.exitCode == 0, approved.err);
        QCOMPARE(
            run({QStringLiteral("kafka"), QStringLiteral("push"), QStringLiteral("--workspace"), scratch.workspace()})
                .exitCode,
            0);
        const auto requests = m_kafka->peer().readAll("actions.requested");
        const auto commands = m_kafka->peer().readAll("ctrl.command.v1");
        QCOMPARE(requests.size(), std::size_t{1});
        QCOMPARE(commands.size(), std::size_t{1});
        checkEnvelope(json(commands[0]));
        const QJsonObject attributes = json(commands[0]).value(QLatin1String("attributes")).toObject();
        const QJsonObject wanted = json(requests[0]).value(QLatin1String("attrs")).toObject();
        QCOMPARE(text(attributes, "command"), text(wanted, "command"));
        QCOMPARE(text(attributes, "action_id"), id);
        QCOMPARE(QJsonDocument::fromJson(text(attributes, "args").toUtf8()).object(),
                 wanted.value(QLatin1String("args")).toObject());
        QCOMPARE(text(json(commands[0]), "schema_name"), QStringLiteral("ctrl.command"));
    }

    /// X20: whoever reads a topic and publishes to it would never end.
    void nothingGoesBackToWhereItCameFrom()
    {
        const Scratch scratch;
        QCOMPARE(kafka(scratch, "init", *m_kafka,
                       {QStringLiteral("--writer"), QStringLiteral("another"), QStringLiteral("--publish"),
                        QStringLiteral("signals.metric.v1,events.normalized")})
                     .exitCode,
                 0);
        const std::size_t before = m_kafka->peer().readAll("signals.metric.v1").size();
        const std::size_t normalized = m_kafka->peer().readAll("events.normalized").size();
        const Ran ran = runPipeline(
            scratch, pipelineFile(scratch, *m_kafka, "[signals.metric.v1]", "follow: false\nskip_writer: another"));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(ran.json().value(QLatin1String("stored")).toInteger(), Records);
        QCOMPARE(
            run({QStringLiteral("kafka"), QStringLiteral("push"), QStringLiteral("--workspace"), scratch.workspace()})
                .exitCode,
            0);
        QCOMPARE(m_kafka->peer().readAll("signals.metric.v1").size(), before);
        QCOMPARE(m_kafka->peer().readAll("events.normalized").size(), normalized + Records);
    }

    std::unique_ptr<RealKafka> m_kafka;
};

EVENTOPS_TEST(TestKafkaTopicsOut)
#include "tst_kafka_topics_out.moc"
