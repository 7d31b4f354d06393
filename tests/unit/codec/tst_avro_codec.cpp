// SPDX-License-Identifier: MIT
//
// monitoring.envelope.v1, and payloads in Avro in the lines of Kafka messages.
#include "core/base/json.h"
#include "core/codec/avro_data.h"
#include "core/codec/avro_payload.h"
#include "core/codec/kcat.h"
#include "tests/support/test_main.h"
#include "tests/unit/codec/codec_fixture.h"

#include <random>

using namespace eventops;
using namespace eventops::test;

namespace {

// Written by fastavro 1.13.1 with pipelines/schemas/envelope.avsc.
const char ForeignHex[] =
    "06652d3128323032352d31302d31365430393a30303a30305a28323032352d31302d31365430393a30303a30315a08"
    "61636d6508686f73740c686f73742d611c7369676e616c732e6d657472696302060c6d6574726963106370755f6c6f"
    "61640a76616c75650839322e3008756e69740e70657263656e74000406656e760870726f640ac3bc6ec3af06e29c93"
    "00";

std::string framed(std::uint32_t id, const std::string &datum)
{
    std::string out;
    appendAvroFrame(out, id);
    return out + datum;
}

std::string foreign()
{
    return framed(7, QByteArray::fromHex(ForeignHex).toStdString());
}

/// A message's line with that payload. @p schema: what stands beside it; empty: nothing.
std::string lineOf(const std::string &payload, const std::string &schema, const char *topic = "signals.metric.v1")
{
    KcatLine line;
    line.topic = topic;
    line.offset = 41;
    line.ts = WallNs{1'760'000'000'000 * NsPerMs};
    line.key = "acme|host-a";
    line.payload = payload;
    std::string out;
    appendKcat(out, line);
    if (!schema.empty())
        addPayloadSchema(out, schema);
    return out;
}

std::shared_ptr<const Codec> codecOf(std::string_view name, std::vector<Value::Member> settings = {})
{
    auto made = makeCodec(name, Value::map(std::move(settings)));
    if (!made)
        qFatal("%s", made.error().text().c_str());
    return std::move(made).value();
}

Decoded decodeLine(const std::string &line, std::string_view codec = "auto", std::vector<Value::Member> settings = {})
{
    return decodeAll(*codecOf(codec, std::move(settings)), {line});
}

/// @p text of the envelope's schema with another one in place of @p what.
std::string changed(std::string_view what, std::string_view by)
{
    std::string text = envelopeSchema()->canonical();
    const std::size_t at = text.find(what);
    if (at == std::string::npos)
        qFatal("the schema has no %s", std::string(what).c_str());
    return text.replace(at, what.size(), by);
}

std::string writtenBy(const std::string &schema, const std::string &json)
{
    std::string out;
    const Status done = writeAvro(*AvroSchema::parse(schema).value(), json, out);
    if (!done)
        qFatal("%s", done.error().text().c_str());
    return framed(8, out);
}

} // namespace

class TestAvroCodec : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// X25, E14: told by its first byte, whatever codec the topic has.
    void foreignBytesBecomeAnEvent_data()
    {
        QTest::addColumn<std::string>("codec");
        QTest::addColumn<std::string>("inner");
        QTest::newRow("auto") << std::string("auto") << std::string();
        QTest::newRow("kcat, auto") << std::string("kcat") << std::string("auto");
        QTest::newRow("kcat, monitoring.v1") << std::string("kcat") << std::string("monitoring.v1");
        QTest::newRow("kcat, monitoring.envelope.v1") << std::string("kcat") << std::string("monitoring.envelope.v1");
    }
    void foreignBytesBecomeAnEvent()
    {
        QFETCH(std::string, codec);
        QFETCH(std::string, inner);
        std::vector<Value::Member> settings;
        if (!inner.empty())
            settings.emplace_back("codec", Value::scalar(inner));
        const Decoded out = decodeLine(lineOf(foreign(), envelopeSchema()->canonical()), codec, settings);
        QVERIFY2(out.reasons[0].empty(), (out.reasons[0] + ": " + out.details[0]).c_str());
        QCOMPARE(out.batch.events.size(), std::size_t{1});
        QCOMPARE(out.text(Field::EventId), std::string("e-1"));
        QCOMPARE(out.text(Field::TsText), std::string("2025-10-16T09:00:00Z"));
        QCOMPARE(out.text(Field::Tenant), std::string("acme"));
        QCOMPARE(out.text(Field::SourceType), std::string("host"));
        QCOMPARE(out.text(Field::SourceId), std::string("host-a"));
        QCOMPARE(out.text(Field::EntityId), std::string("host:host-a"));
        QCOMPARE(out.text(Field::Type), std::string("signals.metric"));
        QCOMPARE(out.text(Field::SchemaVersion), std::string("1"));
        QCOMPARE(out.text(Field::Metric), std::string("cpu_load"));
        QCOMPARE(out.event().value, 92.0);
        QCOMPARE(out.text(Field::Tags), std::string("{\"env\":\"prod\",\"\xC3\xBCn\xC3\xAF\":\"\xE2\x9C\x93\"}"));
        QVERIFY(out.text(Field::Headers).find("\"ts_ingest\":\"2025-10-16T09:00:01Z\"") != std::string::npos);
        QVERIFY(out.text(Field::Headers).find("\"kafka.offset\":41") != std::string::npos);
    }

    /// The same event, whether it came as JSON or as Avro.
    void avroAndJsonGiveTheSame()
    {
        const std::string json =
            "{\"event_id\":\"e-1\",\"ts_event\":\"2025-10-16T09:00:00Z\",\"ts_ingest\":\"2025-10-16T09:00:01Z\","
            "\"tenant_id\":\"acme\",\"source\":{\"type\":\"host\",\"source_id\":\"host-a\"},\"schema_name\":"
            "\"signals.metric\",\"schema_version\":1,\"attributes\":{\"metric\":\"cpu_load\",\"value\":\"92.0\","
            "\"unit\":\"percent\"},\"tags\":{\"env\":\"prod\",\"\xC3\xBCn\xC3\xAF\":\"\xE2\x9C\x93\"}}";
        const std::vector<Value::Member> settings{{"codec", Value::scalar("monitoring.envelope.v1")}};
        const Decoded plain = decodeLine(lineOf(json, {}), "kcat", settings);
        const Decoded packed = decodeLine(lineOf(foreign(), envelopeSchema()->canonical()), "kcat", settings);
        QVERIFY2(plain.reasons[0].empty(), plain.details[0].c_str());
        for (std::size_t i = 0; i < FieldCount; ++i)
            QCOMPARE(packed.text(static_cast<Field>(i)), plain.text(static_cast<Field>(i)));
        QCOMPARE(packed.event().tsEvent, plain.event().tsEvent);
    }

    void everyFieldBothWays()
    {
        const auto codec = codecOf("monitoring.envelope.v1", {{"schema_id", Value::scalar("4294967295")}});
        Decoded first = decodeLine(lineOf(foreign(), envelopeSchema()->canonical()), "kcat",
                                   {{"codec", Value::scalar("monitoring.v1")}});
        LossReport loss;
        Batch &batch = first.batch; // beside a message's line stands its codec, which names no wire
        batch.events[0][Field::Codec] = batch.strings.intern("monitoring.v1");
        const auto bytes = codec->encode(batch, batch.events[0], loss);
        QVERIFY2(bytes, bytes ? "" : bytes.error().text().c_str());
        QVERIFY(loss.items.empty());
        QCOMPARE(framedSchemaId(bytes.value()), std::optional<std::uint32_t>(4'294'967'295U));
        QCOMPARE(QByteArray::fromStdString(bytes.value().substr(AvroFrameBytes)).toHex(), QByteArray(ForeignHex));
    }

    /// X6: what is no text comes back as it was where the side channel is asked for, and is told where it is not.
    void attributesAndTagsKeepTheirTypes()
    {
        const Decoded karma = decodeOne(
            "karma.v1",
            R"({"ts":"2025-10-16T09:00:00Z","event_type":"order","entity_id":"job:1","correlation_id":"c","tags":)"
            R"({"n":7,"t:type":"x","l":[1,2]},"attrs":{"cores":8,"deep":{"a":[true,null]},"s":"8","none":null}})");
        QVERIFY2(karma.reasons[0].empty(), karma.details[0].c_str());
        for (const bool types : {true, false}) {
            const std::vector<Value::Member> settings{{"schema_id", Value::scalar("7")},
                                                      {"attribute_types", Value::scalar(types ? "true" : "false")},
                                                      {"codec", Value::scalar("monitoring.envelope.v1")}};
            LossReport loss;
            const auto bytes = codecOf("monitoring.envelope.v1", settings)->encode(karma.batch, karma.event(), loss);
            QVERIFY2(bytes, bytes ? "" : bytes.error().text().c_str());
            const Decoded back = decodeLine(lineOf(bytes.value(), envelopeSchema()->canonical()), "kcat", settings);
            QVERIFY2(back.reasons[0].empty(), back.details[0].c_str());
            QCOMPARE(back.text(Field::Type), std::string("order"));
            std::string said;
            for (const LossReport::Item &item : loss.items)
                said += item.field + ' ' + item.what + ';';
            QVERIFY2(said.find("correlation_id") != std::string::npos, said.c_str());
            QCOMPARE(said.find("tags.n stringified") != std::string::npos, !types);
            QCOMPARE(said.find("attrs.deep stringified") != std::string::npos, !types);
            const std::string attrs = back.text(Field::Attrs);
            QVERIFY2(attrs.find(types ? "\"cores\":8,\"deep\":{\"a\":[true,null]},\"s\":\"8\",\"none\":null"
                                      : "\"cores\":\"8\",\"deep\":\"{\\\"a\\\":[true,null]}\",\"s\":\"8\"")
                         != std::string::npos,
                     attrs.c_str());
            if (types)
                QCOMPARE(back.text(Field::Tags), karma.text(Field::Tags));
        }
    }

    void encodingNeedsTheIdOfItsSchema()
    {
        const Decoded event = decodeLine(lineOf(foreign(), envelopeSchema()->canonical()));
        LossReport loss;
        const auto bytes = codecOf("monitoring.envelope.v1")->encode(event.batch, event.event(), loss);
        QVERIFY(!bytes);
        QVERIFY2(bytes.error().text().find("eventops kafka init --avro") != std::string::npos,
                 bytes.error().text().c_str());
        QVERIFY(!makeCodec("monitoring.envelope.v1", Value::map({{"schema_id", Value::scalar("4294967296")}})));
    }

    /// E22, L21: an old reader with new data, and the reverse.
    void envelopesOfOtherVersions()
    {
        const std::string newer =
            changed(R"({"name":"tags")", R"({"name":"region","type":["null","string"]},{"name":"tags")");
        const Decoded later = decodeLine(lineOf(
            writtenBy(newer, R"({"event_id":"n","ts_event":"2025-10-16T09:00:00Z","ts_ingest":"","tenant_id":"a",)"
                             R"("source":{"type":"host","source_id":"h"},"schema_name":"s","schema_version":2,)"
                             R"("attributes":{},"region":"eu","tags":{"k":"v"}})"),
            newer));
        QVERIFY2(later.reasons[0].empty(), later.details[0].c_str());
        QCOMPARE(later.text(Field::EventId), std::string("n"));
        QCOMPARE(later.text(Field::Tags), std::string(R"({"k":"v"})"));

        const std::string older = changed(R"({"name":"tenant_id","type":"string"},)", "");
        const Decoded before = decodeLine(
            lineOf(writtenBy(older, R"({"event_id":"n","ts_event":"2025-10-16T09:00:00Z","ts_ingest":"","source":)"
                                    R"({"type":"host","source_id":"h"},"schema_name":"s","schema_version":1,)"
                                    R"("attributes":{},"tags":{}})"),
                   older));
        QCOMPARE(before.reasons[0], std::string("schema_mismatch"));
        QVERIFY2(before.details[0].starts_with("monitoring.v1.Envelope.tenant_id: "), before.details[0].c_str());
        QVERIFY(before.batch.events.empty());
    }

    /// Any record by its own schema: the envelopes are told by their fields, as those in JSON are.
    void otherRecordsAsTheyWereWritten()
    {
        const std::string schema =
            R"({"type":"record","name":"com.acme.Karma","fields":[{"name":"ts","type":"string"},)"
            R"({"name":"event_type","type":{"type":"enum","name":"T","symbols":["order","paid"]}},)"
            R"({"name":"entity_id","type":"string"},{"name":"attrs","type":{"type":"map","values":"long"}}]})";
        const std::string payload = writtenBy(
            schema,
            R"({"ts":"2025-10-16T09:00:00Z","event_type":"paid","entity_id":"o:1","attrs":{"n":9007199254740993}})");
        const Decoded out = decodeLine(lineOf(payload, schema));
        QVERIFY2(out.reasons[0].empty(), out.details[0].c_str());
        QCOMPARE(out.text(Field::Type), std::string("paid"));
        QCOMPARE(out.text(Field::Attrs), std::string(R"({"n":9007199254740993})"));
        const Decoded strict =
            decodeLine(lineOf(payload, schema), "kcat", {{"codec", Value::scalar("monitoring.envelope.v1")}});
        QCOMPARE(strict.reasons[0], std::string("schema_mismatch"));
        QVERIFY2(strict.details[0].find("com.acme.Karma") != std::string::npos, strict.details[0].c_str());
        // A text by itself, which may be a document.
        const Decoded text = decodeLine(lineOf(writtenBy("\"string\"", "\"plain words\""), "\"string\""));
        QCOMPARE(text.text(Field::Message), std::string("plain words"));
        const Decoded document =
            decodeLine(lineOf(writtenBy("\"string\"", "\"{\\\"ts\\\":\\\"2025-10-16T09:00:00Z\\\",\\\"event_type\\\":"
                                                      "\\\"e\\\",\\\"entity_id\\\":\\\"x\\\"}\""),
                              "\"string\""));
        QCOMPARE(document.text(Field::Type), std::string("e"));
    }

    void withoutASchemaItIsADeadLetter()
    {
        const Decoded nobody = decodeLine(lineOf(foreign(), {}));
        QCOMPARE(nobody.reasons[0], std::string("unknown_schema"));
        QVERIFY2(nobody.details[0].find("schema 7") != std::string::npos
                     && nobody.details[0].find("SCHEMA_URL") != std::string::npos,
                 nobody.details[0].c_str());
        const Decoded unknown = decodeLine(lineOf(foreign(), "null"));
        QCOMPARE(unknown.reasons[0], std::string("unknown_schema"));
        QVERIFY2(unknown.details[0].find("did not know as Avro") != std::string::npos, unknown.details[0].c_str());
        const Decoded broken = decodeLine(lineOf(foreign(), R"({"type":"record"})"));
        QCOMPARE(broken.reasons[0], std::string("unknown_schema"));
        // … until the configuration gives it.
        const std::vector<Value::Member> known{
            {"schemas", Value::map({{"7", Value::scalar(envelopeSchema()->canonical())}})}};
        for (const std::string beside : {"", "null"}) {
            const Decoded out = decodeLine(lineOf(foreign(), beside), "auto", known);
            QVERIFY2(out.reasons[0].empty(), out.details[0].c_str());
            QCOMPARE(out.text(Field::EventId), std::string("e-1"));
        }
        const Decoded alone = decodeAll(*codecOf("monitoring.envelope.v1", known), {foreign()});
        QVERIFY2(alone.reasons[0].empty(), alone.details[0].c_str());
        QCOMPARE(alone.text(Field::EventId), std::string("e-1"));
        QVERIFY(!makeCodec("auto", Value::map({{"schemas", Value::map({{"x", Value::scalar("\"int\"")}})}})));
        QVERIFY(!makeCodec("auto", Value::map({{"schemas", Value::map({{"7", Value::scalar("\"integer\"")}})}})));
    }

    /// Bytes whose first is zero are no Avro where the topic holds bytes.
    void bytesStayBytes()
    {
        const Decoded out = decodeLine(lineOf(foreign(), {}), "kcat",
                                       {{"codec", Value::scalar("chronos.raw")}, {"source_name", Value::scalar("s")}});
        QVERIFY2(out.reasons[0].empty(), out.details[0].c_str());
        QCOMPARE(out.batch.events.size(), std::size_t{1});
    }

    void mutatedPayloadsAreReadOrRefused()
    {
        std::mt19937 random(11);
        const auto codec = codecOf("kcat");
        const auto decoder = codec->makeDecoder();
        bool given = false;
        const int asked = qEnvironmentVariableIntValue("EVENTOPS_AVRO_ROUNDS", &given);
        int read = 0, refused = 0;
        for (int round = 0; round < (given ? asked : 2'000); ++round) {
            std::string payload = foreign();
            for (auto change = random() % 3; change-- > 0;) {
                const std::size_t at = AvroFrameBytes + random() % (payload.size() - AvroFrameBytes);
                if (random() % 3 == 0)
                    payload.resize(at + 1);
                else
                    payload[at] = static_cast<char>(random());
            }
            Batch batch = batchOf({lineOf(payload, envelopeSchema()->canonical())});
            const DecodeFailure failure = decoder->decode(batch, 0);
            QCOMPARE(batch.events.empty(), static_cast<bool>(failure));
            ++(failure ? refused : read);
            QVERIFY(!failure || !failure.detail.empty());
        }
        QVERIFY(read > 0 && refused > 0);
    }
};

EVENTOPS_TEST(TestAvroCodec)
#include "tst_avro_codec.moc"
