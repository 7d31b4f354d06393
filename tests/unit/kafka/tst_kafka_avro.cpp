// SPDX-License-Identifier: MIT
//
// Topics in Avro through the real program: in with a registry, on without one, and out again.
#include "core/codec/avro_data.h"
#include "core/codec/avro_payload.h"
#include "tests/support/fake_registry.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <QtCore/QJsonArray>

#include <fstream>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr const char *Signals = "signals.metric.v1";

qint64 number(const QJsonObject &object, const char *name)
{
    return object.value(QLatin1String(name)).toInteger(-1);
}

std::string framed(int id, const std::string &schema, const std::string &json)
{
    std::string out;
    appendAvroFrame(out, static_cast<std::uint32_t>(id));
    const Status done = writeAvro(*AvroSchema::parse(schema).value(), json, out);
    if (!done)
        qFatal("%s", done.error().text().c_str());
    return out;
}

/// A metric in the envelope's JSON form, one a second, now and then above the threshold of the shipped rules.
std::string signal(int i)
{
    return QStringLiteral(R"({"event_id":"e-%1","ts_event":"2025-10-21T00:%2:%3Z","ts_ingest":"2025-10-21T01:00:00Z",)"
                          R"("tenant_id":"acme","source":{"type":"host","source_id":"host-%4"},)"
                          R"("schema_name":"signals.metric","schema_version":1,"attributes":{"metric":"cpu_load",)"
                          R"("value":"%5.0","unit":"percent"},"tags":{"env":"prod"}})")
        .arg(i)
        .arg(i / 60 % 60, 2, 10, QLatin1Char('0'))
        .arg(i % 60, 2, 10, QLatin1Char('0'))
        .arg(i % 7)
        .arg(20 + i * 7919 % 30 + (i % 97 == 0 ? 55 : 0))
        .toStdString();
}

std::vector<MockCluster::Record> avroSignals(int count, int id)
{
    std::vector<MockCluster::Record> records;
    for (int i = 0; i < count; ++i)
        records.push_back({framed(id, envelopeSchema()->canonical(), signal(i)),
                           "acme|host-" + std::to_string(i % 7),
                           {},
                           1'760'000'000'000 + i});
    return records;
}

std::string without(const std::string &what)
{
    std::string text = envelopeSchema()->canonical();
    return text.replace(text.find(what), what.size(), "");
}

QString pipelineOf(const Scratch &scratch, const MockCluster &mock, const std::string &registry,
                   const QByteArray &more = {}, const QByteArray &name = "kafka.yaml")
{
    QByteArray lines = "follow: false";
    if (!registry.empty())
        lines += "\nschema_url: " + QByteArray::fromStdString(registry);
    return pipelineFile(scratch, mock, "[signals.metric.v1]", lines + more, name);
}

Ran command(const QStringList &arguments, const Scratch &scratch)
{
    return run(arguments + QStringList{QStringLiteral("--workspace"), scratch.workspace()});
}

QList<QJsonObject> lettersOf(const Scratch &scratch)
{
    return command({QStringLiteral("deadletters"), QStringLiteral("list"), QStringLiteral("--json")}, scratch).rows();
}

Ran kafka(const Scratch &scratch, const char *verb, const MockCluster &mock, const QStringList &more = {})
{
    return run(QStringList{QStringLiteral("kafka"), QString::fromUtf8(verb), QStringLiteral("--brokers"),
                           QString::fromStdString(mock.brokers()), QStringLiteral("--workspace"), scratch.workspace(),
                           QStringLiteral("--json")}
               + more);
}

} // namespace

class TestKafkaAvro : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// X25, E7, U7. And E23: an empty workspace that reads the topic from its beginning has the same digest.
    void anAvroTopicIsReadAndReadAgainWithoutItsRegistry()
    {
        MockCluster mock;
        mock.makeTopic(Signals, 1);
        auto registry = std::make_unique<FakeRegistry>();
        registry->setNextId(70'000);
        const std::string tenant = R"({"name":"tenant_id","type":"string"},)";
        const int id = registry->add("signals.metric.v1-value", envelopeSchema()->canonical());
        const int older = registry->add("older-value", without(tenant));
        std::vector<MockCluster::Record> records = avroSignals(600, id);
        records[10].value = signal(10); // JSON, as the services of today send it
        records[20].value.resize(40);   // cut
        std::string lacking = signal(30);
        lacking.erase(lacking.find("\"tenant_id\":\"acme\","), 19);
        records[30].value = framed(older, without(tenant), lacking);
        records[40].value[4] = 99; // of a schema that nobody has
        QVERIFY(mock.produce(Signals, 0, records));

        const Scratch scratch;
        const QString pipeline = pipelineOf(scratch, mock, registry->url());
        const Ran live = runPipeline(scratch, pipeline);
        QVERIFY2(live.exitCode == 0, live.err);
        QCOMPARE(number(live.json(), "received"), 600);
        QCOMPARE(number(live.json(), "dead_lettered"), 3);
        QCOMPARE(number(live.json(), "stored"), 597);
        QVERIFY(number(live.json(), "findings") > 0);
        QCOMPARE(registry->requests().size(), std::size_t{3}); // each id once
        QMap<QString, QString> letters;
        for (const QJsonObject &letter : lettersOf(scratch))
            letters.insert(letter.value(QLatin1String("reason")).toString(),
                           letter.value(QLatin1String("detail")).toString());
        QCOMPARE(letters.keys(), (QStringList{QStringLiteral("bad_avro"), QStringLiteral("schema_mismatch"),
                                              QStringLiteral("unknown_schema")}));
        QVERIFY2(letters.value(QStringLiteral("schema_mismatch"))
                     .startsWith(QLatin1String("monitoring.v1.Envelope.tenant_id: ")),
                 qPrintable(letters.value(QStringLiteral("schema_mismatch"))));

        // E23.
        const Scratch anew;
        const Ran second = runPipeline(anew, pipelineOf(anew, mock, registry->url()));
        QVERIFY2(second.exitCode == 0, second.err);
        QCOMPARE(second.json().value(QLatin1String("digest")), live.json().value(QLatin1String("digest")));

        // Nobody needs the registry any more: not to decode again, not in another workspace, not to go on.
        registry.reset();
        const Ran rerun = command({QStringLiteral("rerun")}, scratch);
        QVERIFY2(rerun.exitCode == 0, rerun.out + rerun.err);
        const QString capture = scratch.path(QStringLiteral("all.evcap"));
        const Ran exported = command({QStringLiteral("export"), QStringLiteral("--out"), capture}, scratch);
        QVERIFY2(exported.exitCode == 0, exported.err);
        const Scratch other;
        const Ran opened = other.replay({capture}, {QStringLiteral("--pipeline"), pipeline});
        QVERIFY2(opened.exitCode == 0, opened.err);
        QCOMPARE(opened.json().value(QLatin1String("digest")), live.json().value(QLatin1String("digest")));
        const Ran on = runPipeline(scratch, pipeline);
        QVERIFY2(on.exitCode == 0, on.err);
        QCOMPARE(number(on.json(), "received"), 600);
    }

    /// The bytes of a dead letter are kept, and it becomes an event once its schema is given.
    void aDeadLetterIsRedrivenWithItsSchema()
    {
        MockCluster mock;
        mock.makeTopic(Signals, 1);
        QVERIFY(mock.produce(Signals, 0, avroSignals(20, 7)));
        const Scratch scratch;
        const Ran live = runPipeline(scratch, pipelineOf(scratch, mock, {}));
        QVERIFY2(live.exitCode == 0, live.err);
        QCOMPARE(number(live.json(), "dead_lettered"), 20);
        const QString fixed = pipelineOf(
            scratch, mock, {}, "\nschemas: {7: " + QByteArray::fromStdString(envelopeSchema()->canonical()) + '}',
            "fixed.yaml");
        const Ran configured = runPipeline(scratch, fixed); // nothing new, and from now on with the schema
        QVERIFY2(configured.exitCode == 0, configured.err);
        const QList<QJsonObject> letters = lettersOf(scratch);
        QCOMPARE(letters.size(), 20);
        const Scratch direct;
        const Ran known = runPipeline(direct, fixed);
        QVERIFY2(known.exitCode == 0, known.err);
        for (const QJsonObject &letter : letters) {
            QVERIFY2(letter.value(QLatin1String("bytes")).toString().contains(QLatin1String("payload")),
                     qPrintable(letter.value(QLatin1String("bytes")).toString()));
            const Ran redriven = command(
                {QStringLiteral("deadletters"), QStringLiteral("redrive"), QString::number(number(letter, "id"))},
                scratch);
            QVERIFY2(redriven.exitCode == 0, redriven.out + redriven.err);
        }
        QCOMPARE(number(known.json(), "stored"), 20);
        QCOMPARE(scratch.query(QStringLiteral("events")).size(), 20);
    }

    /// A payload of which parts must not be kept is kept as JSON.
    void whatIsRedactedStandsInNoForm()
    {
        MockCluster mock;
        mock.makeTopic("cdc.raw", 1);
        FakeRegistry registry;
        const std::string schema = R"({"type":"record","name":"Order","fields":[{"name":"who","type":"string"},)"
                                   R"({"name":"what","type":"string"},{"name":"id","type":"long"}]})";
        const int id = registry.add("cdc.raw-value", schema);
        QVERIFY(mock.produce(
            "cdc.raw", 0, {{framed(id, schema, R"({"who":"ann the boss","what":"paid","id":7})"), "k-7", {}, 5'000}}));
        const Scratch scratch;
        QFile pipeline(
            pipelineFile(scratch, mock, "[cdc.raw]",
                         "follow: false\ncodecs: {cdc.raw: mapped}\nmap: {type: what, entity: {type: {const: "
                         "order}, id: id}, attrs: {who: who}}\nschema_url: "
                             + QByteArray::fromStdString(registry.url())));
        QVERIFY(pipeline.open(QIODevice::ReadOnly));
        QByteArray text = pipeline.readAll();
        text.replace("stages:\n", "stages:\n  - normalize: {mappings: [{match: {}, pii: [who]}]}\n");
        const Ran ran = runPipeline(scratch, scratch.file(QStringLiteral("redacting.yaml"), text));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(number(ran.json(), "stored"), 1);
        const QString out = scratch.path(QStringLiteral("all.kcat"));
        const Ran exported = command(
            {QStringLiteral("export"), QStringLiteral("--out"), out, QStringLiteral("--form"), QStringLiteral("kcat")},
            scratch);
        QVERIFY2(exported.exitCode == 0, exported.err);
        QFile lines(out);
        QVERIFY(lines.open(QIODevice::ReadOnly));
        const QByteArray kept = lines.readAll();
        QVERIFY2(!kept.contains("boss") && !kept.contains("base64"), kept);
        QVERIFY2(kept.contains("paid") && kept.contains("k-7"), kept);
    }

    void aRegistryThatIsAwayIsWaitedFor()
    {
        MockCluster mock;
        mock.makeTopic(Signals, 1);
        FakeRegistry registry;
        const int id = registry.add("signals.metric.v1-value", envelopeSchema()->canonical());
        std::vector<MockCluster::Record> records = avroSignals(5, id);
        records[0].value = signal(0);
        QVERIFY(mock.produce(Signals, 0, records));
        registry.status = 503;
        auto source = makeKafkaSource(kafkaMembers(mock, {Signals}, {{"schema_url", registry.url()}}));
        QVERIFY2(source, source ? "" : source.error().text().c_str());
        QVERIFY(source.value()->open(0));
        const AllRead before = readSource(*source.value(), std::chrono::seconds(2), 2);
        QCOMPARE(before.lines.size(), std::size_t{1}); // the one in JSON
        QVERIFY2(!before.error, before.error ? before.error->text().c_str() : "");
        QCOMPARE(before.positionEnd, std::uint64_t{1});
        const std::string trouble = source.value()->health().trouble;
        QVERIFY2(trouble.find("no schema registry answers at " + registry.url()) != std::string::npos, trouble.c_str());
        registry.status = 0;
        const AllRead after = readSource(*source.value(), std::chrono::seconds(10), 4);
        QCOMPARE(after.lines.size(), std::size_t{4});
        QVERIFY(after.lines[0].find("\"payload_schema\":{\"name\":\"monitoring.v1.Envelope\"") != std::string::npos);
        QVERIFY(source.value()->health().trouble.empty());
    }

    /// Which topics hold bytes of any kind is a matter of their codec.
    void topicsOfBytesAreNoAvro()
    {
        MockCluster mock;
        mock.makeTopic(Signals, 1);
        FakeRegistry registry;
        QVERIFY(mock.produce(Signals, 0, {{std::string("\0\0\0\0\7bytes", 10)}}));
        auto source = makeKafkaSource(kafkaMembers(
            mock, {Signals}, {{"schema_url", registry.url()}, {"codec", "chronos.raw"}, {"follow", "false"}}));
        QVERIFY2(source, source ? "" : source.error().text().c_str());
        QVERIFY(source.value()->open(0));
        const AllRead all = readSource(*source.value());
        QCOMPARE(all.lines.size(), std::size_t{1});
        QVERIFY(registry.requests().empty());
    }

    /// E7, X25: encoding is a matter of the topic; the schema is registered first, and what comes out is read again.
    void alertsInAvroComeBack()
    {
        MockCluster mock;
        for (const char *topic :
             {"ops.alert.v1", "events.normalized", "actions.requested", "actions.progress", "actions.result",
              "actions.dlq"})
            mock.makeTopic(topic, 1);
        FakeRegistry registry;
        const Scratch scratch;
        QByteArray lines;
        for (const MockCluster::Record &record : agentRecords(0, 3'000))
            lines += QByteArray::fromStdString(record.value) + '\n';
        QCOMPARE(scratch.replay({scratch.file(QStringLiteral("a.ndjson"), lines)}).exitCode, 0);
        const QStringList avro{QStringLiteral("--avro"), QStringLiteral("ops.alert.v1, events.normalized"),
                               QStringLiteral("--schema-url"), QString::fromStdString(registry.url())};
        const Ran early = kafka(scratch, "push", mock, avro.mid(2) + QStringList());
        QVERIFY2(early.exitCode == 0, early.err); // in JSON: nothing else was asked for
        const std::size_t asJson = mock.readAll("ops.alert.v1", 0).size();
        QVERIFY(asJson > 0);

        const Ran init = kafka(scratch, "init", mock, avro + QStringList{QStringLiteral("--no-topics")});
        QVERIFY2(init.exitCode == 0, init.err);
        QCOMPARE(
            init.json().value(QLatin1String("subjects")).toObject().value(QLatin1String("ops.alert.v1-value")).toInt(),
            1);
        QVERIFY(QFile::remove(scratch.workspace() + QStringLiteral("/kafka.mark"))); // all of it once more
        const Ran pushed = kafka(scratch, "push", mock);
        QVERIFY2(pushed.exitCode == 0, pushed.err);
        const std::vector<MockCluster::Read> alerts = mock.readAll("ops.alert.v1", 0);
        QCOMPARE(alerts.size(), 2 * asJson);
        const auto plan = AvroPlan::make(envelopeSchema(), envelopeSchema());
        for (std::size_t i = 0; i < asJson; ++i) {
            const std::string &bytes = *alerts[asJson + i].value;
            QCOMPARE(framedSchemaId(bytes), std::optional<std::uint32_t>(1));
            QCOMPARE(alerts[asJson + i].key, alerts[i].key);
            std::string json;
            const DecodeFailure failure = readAvro(*plan, std::string_view(bytes).substr(AvroFrameBytes), json);
            QVERIFY2(!failure, failure.detail.c_str());
            const QJsonObject packed = QJsonDocument::fromJson(QByteArray::fromStdString(json)).object();
            const QJsonObject plain = QJsonDocument::fromJson(QByteArray::fromStdString(*alerts[i].value)).object();
            const QJsonObject attributes = packed.value(QLatin1String("attributes")).toObject();
            QCOMPARE(packed.value(QLatin1String("schema_name")).toString(), QStringLiteral("ops.alert.v1"));
            QCOMPARE(packed.value(QLatin1String("tenant_id")), plain.value(QLatin1String("tenant")));
            QCOMPARE(packed.value(QLatin1String("ts_event")), plain.value(QLatin1String("ts")));
            QCOMPARE(packed.value(QLatin1String("source")).toObject().value(QLatin1String("source_id")),
                     plain.value(QLatin1String("source_id")));
            for (const char *name : {"rule", "severity", "message", "metric"})
                QCOMPARE(attributes.value(QLatin1String(name)), plain.value(QLatin1String(name)));
            QCOMPARE(attributes.value(QLatin1String("value")).toString().toDouble(),
                     plain.value(QLatin1String("value")).toDouble());
            QCOMPARE(packed.value(QLatin1String("tags")), plain.value(QLatin1String("tags")));
        }
        for (const MockCluster::Read &deviation : mock.readAll("events.normalized", 0)) {
            if (!framedSchemaId(*deviation.value))
                continue;
            std::string json;
            QVERIFY(!readAvro(*plan, std::string_view(*deviation.value).substr(AvroFrameBytes), json));
            QVERIFY2(json.find("\"schema_name\":\"entropy.deviation\"") != std::string::npos, json.c_str());
        }
        const Scratch reader; // somebody else's workspace reads both halves of the topic
        const Ran read = runPipeline(reader, pipelineFile(reader, mock, "[ops.alert.v1]",
                                                          "follow: false\nrequire: []\nskip_writer: \"\"\nschema_url: "
                                                              + QByteArray::fromStdString(registry.url())));
        QVERIFY2(read.exitCode == 0, read.err);
        QStringList letters;
        for (const QJsonObject &letter : lettersOf(reader))
            letters << letter.value(QLatin1String("detail")).toString();
        QCOMPARE(letters.value(0), QString());
        QCOMPARE(number(read.json(), "events"), static_cast<qint64>(2 * asJson));
    }

    void anIncompatibleSubjectIsRefused()
    {
        MockCluster mock;
        FakeRegistry registry;
        registry.add("ops.alert.v1-value", without(R"(,{"name":"tags","type":{"type":"map","values":"string"}})"));
        const Scratch scratch;
        const QStringList avro{QStringLiteral("--no-topics"), QStringLiteral("--avro"), QStringLiteral("ops.alert.v1")};
        const QStringList at{QStringLiteral("--schema-url"), QString::fromStdString(registry.url())};
        const Ran nowhere = kafka(scratch, "init", mock, avro);
        QVERIFY(nowhere.exitCode != 0);
        QVERIFY2(nowhere.err.contains("--schema-url"), nowhere.err);
        const Ran refused = kafka(scratch, "init", mock, avro + at);
        QVERIFY(refused.exitCode != 0);
        QVERIFY2(refused.err.contains("monitoring.v1.Envelope.tags") && refused.err.contains("ops.alert.v1-value"),
                 refused.err);
        QVERIFY(!QFile::exists(scratch.workspace() + QStringLiteral("/kafka.json")));
        const Ran wrong = kafka(scratch, "init", mock,
                                at + QStringList{QStringLiteral("--avro"), QStringLiteral("actions.requested")});
        QVERIFY(wrong.exitCode != 0);
        QVERIFY2(wrong.err.contains("executors read actions.* as JSON"), wrong.err);
    }

    /// E22, L21: what a person asks before he changes a schema.
    void versionsOfASchemaAreCompared()
    {
        const Scratch scratch;
        const QString shipped = QStringLiteral(EVENTOPS_SOURCE_DIR "/pipelines/schemas/envelope.avsc");
        std::string text = envelopeSchema()->canonical();
        const std::string tags = R"({"name":"tags")";
        const auto file = [&](const char *name, const std::string &field) {
            std::string changed = text;
            changed.insert(changed.find(tags), field);
            return scratch.file(QString::fromUtf8(name), QByteArray::fromStdString(changed));
        };
        const QString good = file("good.avsc", R"({"name":"region","type":["null","string"],"default":null},)");
        const QString bad = file("bad.avsc", R"({"name":"region","type":"string"},)");
        const auto validate = [](const QStringList &arguments) {
            return run(QStringList{QStringLiteral("validate"), QStringLiteral("--schema")} + arguments);
        };
        const Ran both = validate({shipped, good});
        QVERIFY2(both.exitCode == 0, both.err);
        const Ran refused = validate({shipped, bad});
        QVERIFY(refused.exitCode != 0);
        QVERIFY2(refused.err.contains("bad.avsc: monitoring.v1.Envelope.region: ")
                     && refused.err.contains("give it a default"),
                 refused.err);
        QCOMPARE(validate({QStringLiteral("--compatibility"), QStringLiteral("forward"), shipped, bad}).exitCode, 0);
        QVERIFY(validate({QStringLiteral("--compatibility"), QStringLiteral("forward"), bad, shipped}).exitCode != 0);
        QVERIFY(validate({scratch.file(QStringLiteral("none.avsc"), "{")}).exitCode != 0);
        QVERIFY(validate({scratch.path(QStringLiteral("absent.avsc"))}).exitCode != 0);
    }
};

EVENTOPS_TEST(TestKafkaAvro)
#include "tst_kafka_avro.moc"
