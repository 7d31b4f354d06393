// SPDX-License-Identifier: MIT
//
// What trips readers of foreign documents, each by itself, and what comes back of an event that was written.
#include "tests/support/test_main.h"

#include "core/base/time.h"
#include "core/codec/json_reader.h"
#include "tests/unit/codec/codec_fixture.h"
#include "tests/unit/codec/lost_parts.h"

#include <set>

using namespace eventops;
using namespace eventops::test;

namespace {

std::string otlp(const std::string &record)
{
    return "{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":"
           "\"shop\"}}]},\"scopeLogs\":[{\"scope\":{\"name\":\"s\"},\"logRecords\":["
           + record + "]}]}]}";
}

} // namespace

class TestFormatTraps : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void idsAndIntegersOfOtlp()
    {
        const Decoded in = decodeOne(
            "auto",
            otlp(
                "{\"timeUnixNano\":\"1762156800123456789\",\"severityNumber\":\"17\",\"traceId\":"
                "\"5B8AA5A2D2C872E8321CF37308D69DF2\",\"spanId\":\"051581BF3CB55C13\",\"body\":{\"stringValue\":\"x\"},"
                "\"attributes\":[{\"key\":\"n\",\"value\":{\"intValue\":\"9007199254740993\"}}]}"));
        QCOMPARE(in.details[0], std::string());
        QCOMPARE(formatTimestamp(in.event().tsEvent), std::string("2025-11-03T08:00:00.123456789Z"));
        QCOMPARE(in.text(Field::TraceId), std::string("5b8aa5a2d2c872e8321cf37308d69df2"));
        QCOMPARE(in.text(Field::SpanId), std::string("051581bf3cb55c13"));
        QCOMPARE(in.event().severity, Severity::Error);
        QCOMPARE(in.text(Field::Attrs), std::string("{\"n\":\"9007199254740993\"}"));
    }

    void timesOfAnyUnit_data()
    {
        QTest::addColumn<QByteArray>("time");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("seconds") << QByteArray("1762156800") << QByteArray("2025-11-03T08:00:00Z");
        QTest::newRow("parts of a second") << QByteArray("1762156800.25") << QByteArray("2025-11-03T08:00:00.250Z");
        QTest::newRow("ms") << QByteArray("1762156800123") << QByteArray("2025-11-03T08:00:00.123Z");
        QTest::newRow("us") << QByteArray("1762156800123456") << QByteArray("2025-11-03T08:00:00.123456Z");
        QTest::newRow("ns") << QByteArray("1762156800123456789") << QByteArray("2025-11-03T08:00:00.123456789Z");
        QTest::newRow("a text") << QByteArray("\"1762156800123\"") << QByteArray("2025-11-03T08:00:00.123Z");
    }
    void timesOfAnyUnit()
    {
        QFETCH(QByteArray, time);
        QFETCH(QByteArray, expected);
        const Decoded in =
            decodeOne("gelf", "{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"m\",\"timestamp\":"
                                  + time.toStdString() + "}");
        QCOMPARE(in.details[0], std::string());
        QCOMPARE(QByteArray::fromStdString(formatTimestamp(in.event().tsEvent)), expected);
    }

    void extendedJson_data()
    {
        QTest::addColumn<QByteArray>("id");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("$oid") << QByteArray("{\"$oid\":\"65448000a1b2c3d4e5f60718\"}")
                              << QByteArray("65448000a1b2c3d4e5f60718");
        QTest::newRow("$numberLong") << QByteArray("{\"$numberLong\":\"9007199254740993\"}")
                                     << QByteArray("9007199254740993");
        QTest::newRow("beyond 2^53") << QByteArray("9007199254740993") << QByteArray("9007199254740993");
        QTest::newRow("several members") << QByteArray("{\"a\":1,\"b\":2}") << QByteArray("{\"a\":1,\"b\":2}");
        QTest::newRow("text") << QByteArray("\"k\"") << QByteArray("k");
    }
    void extendedJson()
    {
        QFETCH(QByteArray, id);
        QFETCH(QByteArray, expected);
        const Decoded in = decodeOne(
            "auto", "{\"_id\":{\"_data\":\"82\"},\"operationType\":\"delete\",\"clusterTime\":{\"$timestamp\":"
                    "{\"t\":1762156800,\"i\":1}},\"ns\":{\"db\":\"d\",\"coll\":\"c\"},\"documentKey\":"
                    "{\"_id\":"
                        + id.toStdString() + "}}");
        QCOMPARE(in.text(Field::Codec), std::string("mongodb.change"));
        QCOMPARE(QByteArray::fromStdString(in.text(Field::EntityId)), expected);
        QCOMPARE(in.text(Field::Type), std::string("cdc.delete"));
        QCOMPARE(formatTimestamp(in.event().tsEvent), std::string("2025-11-03T08:00:00Z"));
    }

    /// JSON in a text in JSON in a text, as S3 by SNS by SQS; five deep is left alone.
    void carriedDocumentsHaveADepth()
    {
        std::string document = "{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"deep\"}";
        for (int depth = 1; depth <= 6; ++depth) {
            std::string quoted;
            appendQuoted(quoted, document);
            document = "{\"Messages\":[{\"MessageId\":\"m\",\"Body\":" + quoted + "}]}";
            const Decoded in = decodeOne("auto", document);
            QCOMPARE(in.details[0], std::string());
            QCOMPARE(in.text(Field::Codec), std::string(depth <= 4 ? "gelf" : "aws.sqs.receive"));
        }
    }

    void theLastOfTwoKeysCounts()
    {
        const Decoded in =
            decodeOne("auto", "{\"version\":\"1.1\",\"host\":\"a\",\"host\":\"b\",\"short_message\":\"m\"}");
        QCOMPARE(in.text(Field::EntityId), std::string("b"));
        QVERIFY(in.text(Field::Attrs).find("\"host\":\"a\"") != std::string::npos); // and none is lost
    }

    void bigDocuments()
    {
        std::string records;
        for (int i = 0; records.size() < 521'000; ++i)
            records += (i > 0 ? "," : "")
                       + std::string("{\"timeUnixNano\":\"1762156800000000000\",\"body\":{\"stringValue\":\"")
                       + std::string(400, 'x') + "\"}}";
        const std::string document = otlp(records);
        QVERIFY(document.size() > 521'000);
        const Decoded in = decodeOne("auto", document);
        QCOMPARE(in.details[0], std::string());
        QVERIFY(in.batch.events.size() > 1'000);
        QCOMPARE(in.text(Field::EntityId, in.batch.events.size() - 1), std::string("shop"));
    }

    /// A text that was UTF-8 once and was read as Mac Roman is text, damaged or not; bytes that are none are refused.
    void damagedEncodings()
    {
        const std::string macRoman = "\xe2\x80\x9a\xc3\xb6\xc3\xb4\xc3\x94\xe2\x88\x8f\xc3\xa8 settings";
        const Decoded in = decodeAll(*codecByName("auto"),
                                     {"{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"" + macRoman + "\"}",
                                      "{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"\xff\"}",
                                      "<34>1 2025-11-03T08:00:00Z h a - - - \xc3\x28"});
        QCOMPARE(in.text(Field::Message), macRoman);
        QCOMPARE(in.reasons[1], std::string("invalid_utf8"));
        QVERIFY(!in.reasons[2].empty());
    }

    void yamlDocuments()
    {
        const std::string good =
            "# a catalog\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\n"
            "spec:\n  owner: group:team\n  dependsOn: [resource:db]\n---\nother: thing\n---\n"
            "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: b}\n";
        const Decoded in = decodeAll(*codecByName("backstage"), {good, "a: [1\n---\nb: 2\n", "a: 1\n"});
        QCOMPARE(in.reasons, (std::vector<std::string>{"", "bad_element", "missing_field"}));
        QCOMPARE(in.batch.events.size(), std::size_t{2});
        QCOMPARE(in.text(Field::EntityId, 1), std::string("b"));
        QCOMPARE(in.event(1).emission, std::uint16_t{1});
        QVERIFY(in.text(Field::Links).find("\"target\":{\"type\":\"Resource\",\"id\":\"db\"}") != std::string::npos);
    }

    void cloudEventsInTheBinaryMode()
    {
        const auto codec = makeCodec("cloudevents", Value::map({{"headers", scalar("true")}}));
        QVERIFY(bool(codec));
        const Decoded in = decodeAll(
            *codec.value(),
            {"ce-specversion: 1.0\r\nce-id: 7\r\nCE-Source: /sh%C3%B6p\r\nce-type: order\r\nce-subject: o-1\r\n"
             "content-type: application/json\r\n\r\n{\"message\":\"placed\"}",
             "content-type: application/cloudevents+json\n\n{\"specversion\":\"1.0\",\"id\":\"8\",\"source\":\"/s\","
             "\"type\":\"b\"}",
             "content-type: "
             "application/cloudevents-batch+json\n\n[{\"specversion\":\"1.0\",\"id\":\"9\",\"source\":\"/s\","
             "\"type\":\"c\"}]",
             "ce-specversion: 1.0\nce-id: 10\nce-source: /s\nce-type: d\ncontent-type: "
             "application/octet-stream\n\n\xff",
             "ce-specversion: 1.0\nce-id: 11\nce-source: /s\n\n{}"});
        QCOMPARE(in.reasons, (std::vector<std::string>{"", "", "", "", "missing_field"}));
        QCOMPARE(in.text(Field::SourceId), std::string("/sh\xc3\xb6p"));
        QCOMPARE(in.text(Field::Message), std::string("placed"));
        QCOMPARE(in.text(Field::EntityId), std::string("o-1"));
        QCOMPARE(in.text(Field::EventId, 2), std::string("9"));
        QVERIFY(in.text(Field::Attrs, 3).find("\"data_base64\":\"/w==\"") != std::string::npos);
        for (const Event &event : in.batch.events) { // written with a header, read with headers
            if (in.batch.text(event, Field::Codec) != "cloudevents")
                continue;
            LossReport loss;
            const auto written = codec.value()->encode(in.batch, event, loss);
            QVERIFY2(written && loss.items.empty(), written ? written.value().c_str() : "");
        }
        const Decoded kafka =
            decodeOne("auto", "{\"topic\":\"t\",\"partition\":0,\"offset\":1,\"headers\":[\"ce_specversion\","
                              "\"1.0\",\"ce_id\",\"12\",\"ce_source\",\"/k\",\"ce_type\",\"e\"],"
                              "\"payload\":\"{\\\"message\\\":\\\"x\\\"}\"}");
        QCOMPARE(kafka.details[0], std::string());
        QCOMPARE(kafka.text(Field::Type), std::string("e"));
        QCOMPARE(kafka.text(Field::EventId), std::string("12"));
    }

    /// A request of remote-write, made by hand: Snappy with a literal and a copy that runs into itself.
    void remoteWrite()
    {
        const auto field = [](char key, const std::string &bytes) {
            return key + std::string(1, static_cast<char>(bytes.size())) + bytes;
        };
        const auto label = [&](const std::string &name, const std::string &value) {
            return field('\x0a', field('\x0a', name) + field('\x12', value));
        };
        const std::string time("\x10\xfb\xe8\xeb\xc5\xa4\x33", 7); // 1762156803195
        const std::string one("\x09\0\0\0\0\0\0\xf8\x3f", 9);      // 1.5
        const std::string stale("\x09\x02\0\0\0\0\0\xf0\x7f", 9);
        const std::string series = label("__name__", "up") + label("instance", "aaaaaaaaaaaaaaaa")
                                   + field('\x12', one + time) + field('\x12', stale + time);
        const std::string request = field('\x0a', series);
        const std::size_t run = request.find("aaaaaaaaaaaaaaaa");
        const auto literal = [](const std::string &bytes) {
            return std::string(1, static_cast<char>(60 << 2)) + static_cast<char>(bytes.size() - 1) + bytes;
        };
        std::string packed;
        for (std::size_t size = request.size(); packed.empty() || size > 0; size >>= 7)
            packed += static_cast<char>(size > 127 ? (size & 127) | 128 : size);
        packed += literal(request.substr(0, run + 1)) + std::string{static_cast<char>((15 - 1) << 2 | 2), 1, 0}
                  + literal(request.substr(run + 16));
        const Decoded in = decodeAll(*codecByName("prometheus.remote"),
                                     {packed, packed.substr(0, packed.size() - 3), "", "words", packed + "x"});
        QCOMPARE(in.details[0], std::string());
        QCOMPARE(in.batch.events.size(), std::size_t{2});
        QCOMPARE(in.text(Field::Metric), std::string("up"));
        QCOMPARE(in.text(Field::EntityId), std::string("aaaaaaaaaaaaaaaa"));
        QCOMPARE(in.event().value, 1.5);
        QCOMPARE(in.text(Field::ValueText, 1), std::string("NaN"));
        QCOMPARE(in.text(Field::Attrs, 1), std::string("{\"stale\":true}"));
        QCOMPARE(in.event(1).emission, std::uint16_t{1});
        for (std::size_t i = 1; i < in.reasons.size(); ++i)
            QVERIFY(!in.reasons[i].empty());
        for (std::size_t at = 0; at < packed.size(); ++at) { // any damage is refused or read, and never harms
            std::string damaged = packed;
            damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
            decodeAll(*codecByName("prometheus.remote"), {damaged});
        }
    }

    /// What a codec read and wrote, it reads again as it was.
    void writtenEventsComeBack_data()
    {
        QTest::addColumn<QByteArray>("document");
        QTest::newRow("cloudevents") << QByteArray(
            "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"time\":\"2025-11-03T08:00:00Z\","
            "\"severitytext\":\"WARN\",\"myext\":5,\"data\":{\"n\":9007199254740993}}");
        QTest::newRow("alertmanager") << QByteArray(
            "{\"version\":\"4\",\"groupKey\":\"{}:{a=\\\"b\\\"}\",\"status\":\"firing\",\"receiver\":\"r\","
            "\"externalURL\":"
            "\"http://am\",\"alerts\":[{\"status\":\"resolved\",\"labels\":{\"alertname\":\"Down\",\"instance\":\"i\","
            "\"severity\":\"critical\"},\"annotations\":{\"summary\":\"s\",\"x\":\"y\"},\"startsAt\":"
            "\"2025-11-03T08:00:00.5Z\",\"endsAt\":\"0001-01-01T00:00:00Z\",\"generatorURL\":\"http://p\","
            "\"fingerprint\":\"ab\"}]}");
        QTest::newRow("otlp.logs") << QByteArray::fromStdString(otlp(
            "{\"timeUnixNano\":\"1762156800123456789\",\"severityNumber\":9,\"body\":{\"kvlistValue\":{\"values\":[{"
            "\"key\":"
            "\"a\",\"value\":{\"intValue\":\"1\"}}]}},\"eventName\":\"e\",\"attributes\":[{\"key\":\"l\",\"value\":"
            "{\"arrayValue\":{\"values\":[{\"stringValue\":\"x\"}]}}},{\"key\":\"b\",\"value\":{\"boolValue\":true}}],"
            "\"traceId\":\"5b8aa5a2d2c872e8321cf37308d69df2\"}"));
    }
    void writtenEventsComeBack()
    {
        QFETCH(QByteArray, document);
        const Codec &codec = *codecByName(QTest::currentDataTag());
        const Decoded in = decodeAll(codec, {document.toStdString()});
        QCOMPARE(in.details[0], std::string());
        LossReport loss;
        const auto written = codec.encode(in.batch, in.event(), loss);
        QVERIFY2(bool(written), written ? "" : written.error().text().c_str());
        const Decoded again = decodeAll(codec, {written.value()});
        QVERIFY2(again.details[0].empty(), (again.details[0] + ": " + written.value()).c_str());
        const auto missing = lost(in.batch, in.event(), again.batch, &again.event());
        QVERIFY2(missing.empty(), (missing.empty() ? "" : *missing.begin() + ": " + written.value()).c_str());
        QVERIFY2(loss.items.empty(), written.value().c_str());
        LossReport more;
        QCOMPARE(codec.encode(again.batch, again.event(), more).value(), written.value());
    }

    /// From every format of the golden cases into each that is written: the report names what is lost, and nothing
    /// else.
    void reportsNameWhatIsLost()
    {
        std::size_t events = 0, losses = 0;
        for (const char *const name :
             {"aws", "s3", "cdc", "github", "datadog", "gelf", "clouds", "cloudevents", "alertmanager", "otlp", "ecs",
              "incidents", "kubernetes", "delivery", "backstage", "cloudtrail"}) {
            std::istringstream lines(
                readFile(std::string(EVENTOPS_SOURCE_DIR "/tests/golden/formats/") + name + "/input.log"));
            std::vector<std::string> records;
            for (std::string line; std::getline(lines, line);)
                records.push_back(line);
            const Decoded in = decodeAll(*codecByName("auto"), records);
            for (const char *const target : {"cloudevents", "alertmanager", "otlp.logs"}) {
                for (const Event &event : in.batch.events) {
                    LossReport loss;
                    const auto written = codecByName(target)->encode(in.batch, event, loss);
                    QVERIFY2(bool(written), written ? "" : written.error().text().c_str());
                    const Decoded again = decodeAll(*codecByName(target), {written.value()});
                    const Event *const back = again.batch.events.size() == 1 ? &again.batch.events[0] : nullptr;
                    std::set<std::string> said;
                    for (const LossReport::Item &item : loss.items)
                        said.insert(item.field);
                    QVERIFY2(said == lost(in.batch, event, again.batch, back), written.value().c_str());
                    JsonReader reader;
                    QVERIFY2(!reader.read(written.value()), written.value().c_str());
                    ++events;
                    losses += said.size();
                }
            }
        }
        QVERIFY(events > 200 && losses > 0);
    }

private:
    static void appendQuoted(std::string &out, const std::string &text)
    {
        out += '"';
        for (const char c : text) {
            if (c == '"' || c == '\\')
                out += '\\';
            out += c;
        }
        out += '"';
    }
};

EVENTOPS_TEST(TestFormatTraps)
#include "tst_format_traps.moc"
