// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"
#include "core/codec/document_format.h"
#include "tests/unit/codec/codec_fixture.h"

#include <set>

#include "core/base/time.h"
#include "core/codec/python_json.h"

#include <filesystem>

using namespace eventops;
using namespace eventops::test;

namespace {

std::string encoded(const Decoded &in, std::string_view codec, std::size_t event = 0, LossReport *report = nullptr)
{
    LossReport loss;
    auto out = codecByName(codec)->encode(in.batch, in.event(event), report != nullptr ? *report : loss);
    return out ? out.value() : out.error().text();
}

const std::string KarmaLine =
    "{\"ts\":\"2025-08-10T16:42:00Z\",\"event_type\":\"action.requested\",\"entity_id\":\"job:abc123\","
    "\"correlation_id\":\"slot:1\",\"tags\":{\"action\":\"restart_job\",\"tenant\":\"foo\"},"
    "\"attrs\":{\"command\":\"restart_job\",\"args\":{\"n\":18446744073709551615,\"n\":2}},"
    "\"idempotency_key\":\"act:1\",\"source\":{\"system\":\"karma\",\"ns\":{\"component\":\"rules-fsm\"}}}";

} // namespace

class TestEnvelopes : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void namesAreSortedAndFound()
    {
        std::string last;
        for (const Codec *codec : builtinCodecs()) {
            QVERIFY(last < codec->name());
            last = codec->name();
            QVERIFY(!codec->summary().empty());
            QVERIFY(codecByName(last) == codec);
        }
        QVERIFY(codecByName("karma.v2") == nullptr);
        const auto unknown = makeCodec("karma.v2", Value::map({}));
        QVERIFY(!unknown && unknown.error().code == Error::Code::NotFound);
        QVERIFY(unknown.error().remedy.find("karma.v1") != std::string::npos);
        QVERIFY(codecLosses().size() >= 14);
    }

    void karmaEightFields()
    {
        const Decoded in = decodeOne("karma.v1", KarmaLine);
        QCOMPARE(in.reasons[0], std::string());
        QCOMPARE(in.text(Field::Tenant), std::string("foo"));
        QCOMPARE(in.text(Field::Type), std::string("action.requested"));
        QCOMPARE(in.text(Field::Step), std::string("action.requested"));
        QCOMPARE(in.text(Field::EntityType), std::string("job"));
        QCOMPARE(in.text(Field::EntityId), std::string("job:abc123"));
        QCOMPARE(in.text(Field::IdempotencyKey), std::string("act:1"));
        QCOMPARE(in.text(Field::SourceType), std::string("karma"));
        QCOMPARE(in.text(Field::SourceNamespace), std::string("{\"component\":\"rules-fsm\"}"));
        LossReport loss;
        QCOMPARE(encoded(in, "karma.v1", 0, &loss), KarmaLine);
        QVERIFY(loss.items.empty());
    }

    void karmaSixFieldsBecomeEight()
    {
        const std::string six = "{\"ts\":\"2025-08-10T16:42:00Z\",\"event_type\":\"step.completed\","
            "\"entity_id\":\"abc\","
                                "\"correlation_id\":\"c\",\"tags\":{\"step\":\"extract\"},"
                                "\"attrs\":{\"latency_sec\":3}}";
        const Decoded in = decodeOne("auto", six);
        QCOMPARE(in.text(Field::Codec), std::string("karma.v1"));
        QCOMPARE(in.text(Field::Step), std::string("extract"));
        QCOMPARE(in.text(Field::EntityType), std::string("<absent>"));
        QCOMPARE(in.text(Field::Tenant), std::string("default"));
        const std::string eight = encoded(in, "karma.v1");
        const Decoded again = decodeOne("karma.v1", eight);
        QCOMPARE(again.reasons[0], std::string());
        QCOMPARE(again.batch.text(again.event(), Field::IdempotencyKey).size(), std::size_t{36});
        QVERIFY(eight.find(",\"source\":{}}") != std::string::npos);
        QCOMPARE(encoded(again, "karma.v1"), eight); // from then on a fixed point
        QCOMPARE(encoded(in, "karma.v1"), eight);
    }

    void karmaKeepsWhatItDoesNotKnow()
    {
        const std::string line =
            "{\"ts\":\"2025-08-10T16:42:00+02:00\",\"event_type\":\"step.late\",\"entity_id\":\"job:1\","
            "\"correlation_id\":\"\",\"tags\":{},\"attrs\":{\"metric\":\"lag\",\"value\":1.5,\"severity\":\"WARN\"},"
            "\"idempotency_key\":\"k\",\"source\":{\"system\":\"mongo\",\"host\":\"h\"},\"entropy\":0.93,"
            "\"step\":\"load\"}";
        const Decoded in = decodeOne("karma.v1", line);
        QCOMPARE(in.text(Field::Step), std::string("load"));
        QCOMPARE(in.text(Field::Metric), std::string("lag"));
        QCOMPARE(in.event().value, 1.5);
        QVERIFY(in.event().severity == Severity::Warning);
        const std::string out = encoded(in, "karma.v1");
        QVERIFY(out.find("\"entropy\":0.93") != std::string::npos);
        QVERIFY(out.find("\"source\":{\"system\":\"mongo\",\"host\":\"h\"}") != std::string::npos);
        QVERIFY(out.find("\"ts\":\"2025-08-10T16:42:00+02:00\"") != std::string::npos);
        QCOMPARE(encoded(decodeOne("karma.v1", out), "karma.v1"), out);
    }

    void deviationsInBothForms()
    {
        // As the author's post prints it: figures at top level, neither attrs nor a key (X12).
        const std::string legacy =
            "{\"ts\":\"2025-08-10T16:42:00Z\",\"event_type\":\"entropy.deviation\",\"entity_id\":\"job:1\","
            "\"correlation_id\":\"c\",\"step\":\"load\",\"entropy\":0.93,\"baseline_entropy\":0.31,\"tags\":{}}";
        const std::string figures = "{\"step\":\"load\",\"entropy\":0.93,\"baseline_entropy\":0.31}";
        const Decoded in = decodeOne("auto", legacy);
        QCOMPARE(in.text(Field::Codec), std::string("karma.v1"));
        QCOMPARE(in.text(Field::Attrs), figures);
        QCOMPARE(in.text(Field::Step), std::string("load"));
        QCOMPARE(in.text(Field::Headers), std::string("<absent>"));
        const std::string compliant = encoded(in, "karma.v1");
        QVERIFY(compliant.find("\"attrs\":" + figures + ",\"idempotency_key\":\"") != std::string::npos);
        QVERIFY(compliant.ends_with("\"source\":{}}"));
        QCOMPARE(decodeOne("karma.v1", compliant).text(Field::Attrs), figures);

        const auto mirroring = makeCodec("karma.v1", Value::map({{"legacy_top_level", scalar("true")}}));
        QVERIFY(bool(mirroring));
        LossReport loss;
        const auto both = mirroring.value()->encode(in.batch, in.event(), loss);
        QCOMPARE(both.value(), compliant.substr(0, compliant.size() - 1)
                                   + ",\"step\":\"load\",\"entropy\":0.93,\"baseline_entropy\":0.31}");
        QCOMPARE(encoded(decodeOne("karma.v1", both.value()), "karma.v1"), compliant);
        // What attrs say goes before the mirror; other events are never mirrored.
        const Decoded two = decodeOne("karma.v1", "{\"ts\":\"2025-08-10T16:42:00Z\",\"event_type\":\"entropy."
                                                  "deviation\",\"entropy\":1,\"attrs\":{\"entropy\":2}}");
        QCOMPARE(two.text(Field::Attrs), std::string("{\"entropy\":2}"));
        const Decoded other = decodeOne("karma.v1", KarmaLine);
        QCOMPARE(mirroring.value()->encode(other.batch, other.event(), loss).value(), KarmaLine);
    }

    void attributeTypesComeBack()
    {
        const std::string attrs =
            "{\"metric\":\"cpu\",\"value\":\"1.0\",\"unit\":\"pct\",\"cores\":18446744073709551615,"
            "\"ok\":true,\"none\":null,\"list\":[1,{\"a\":\"b\"}],\"text\":\"8\",\"odd:type\":\"number\",\"deep\":{"
            "\"x\":1.50}}";
        const Decoded in = decodeOne(
            "karma.v1",
            "{\"ts\":\"2025-08-10T16:42:00Z\",\"event_type\":\"signals.metric\",\"entity_id\":\"host:a\",\"attrs\":"
                + attrs + '}');
        QCOMPARE(in.reasons[0], std::string());
        const auto typed = makeCodec("monitoring.v1", Value::map({{"attribute_types", scalar("true")}}));
        QVERIFY(bool(typed));
        LossReport loss;
        const std::string wire = typed.value()->encode(in.batch, in.event(), loss).value();
        const auto stringified = [](const LossReport &report) {
            return std::count_if(report.items.begin(), report.items.end(),
                                 [](const LossReport::Item &item) { return item.what == "stringified"; });
        };
        QCOMPARE(stringified(loss), 0);
        QVERIFY2(wire.find("\"cores\": \"18446744073709551615\", \"cores:type\": \"number\"") != std::string::npos,
                 wire.c_str());
        const Decoded back = decodeAll(*typed.value(), {wire});
        QCOMPARE(back.reasons[0], std::string());
        QCOMPARE(back.text(Field::Attrs), attrs);
        // Without the side channel the map is of texts, and the report says what is lost.
        LossReport told;
        QVERIFY(encoded(in, "monitoring.v1", 0, &told).find(":type\": \"boolean") == std::string::npos);
        QCOMPARE(stringified(told), 5);
        // A side channel that lies changes nothing.
        const Decoded lies = decodeAll(*typed.value(), {
            "{\"ts_event\":\"2025-08-10T16:42:00Z\",\"schema_name\":\"s\",\"source\":{},\"attributes\":"
            "{\"a\":\"[1\",\"a:type\":\"array\",\"b\":\"1\",\"b:type\":\"object\",\"c:type\":\"number\"}}"});
        QCOMPARE(lies.text(Field::Attrs), std::string("{\"a\":\"[1\",\"b\":\"1\",\"c:type\":\"number\"}"));
    }

    void karmaRefusals()
    {
        const std::pair<const char *, const char *> cases[] = {
            {"{\"event_type\":\"x\"}", "missing_field"}, {"{\"ts\":\"2025-08-10T16:42:00Z\"}", "missing_field"},
            {"{\"ts\":\"soon\",\"event_type\":\"x\"}", "bad_timestamp"},
            {"{\"ts\":\"2025-08-10T16:42:00Z\",\"event_type\":{}}", "bad_field"},
            {"{\"ts\":\"2025-08-10T16:42:00Z\",\"event_type\":\"x\",\"tags\":[]}", "bad_field"},
                {"[]", "not_an_object"},
        };
        for (const auto &[line, reason] : cases)
            QCOMPARE(decodeOne("karma.v1", line).reasons[0], std::string(reason));
    }

    void karmaApi()
    {
        const std::string line = "{\"type\":\"deploy\",\"timestamp\":\"2025-01-02T03:04:05Z\",\"metadata\":{\"v\":1}}";
        const Decoded in = decodeOne("auto", line);
        QCOMPARE(in.text(Field::Codec), std::string("karma.api.v1"));
        QCOMPARE(in.text(Field::Type), std::string("deploy"));
        QCOMPARE(in.text(Field::Attrs), std::string("{\"v\":1}"));
        LossReport loss;
        QCOMPARE(encoded(in, "karma.api.v1", 0, &loss), line);
        QVERIFY(loss.items.empty());
        QCOMPARE(decodeOne("karma.api.v1", KarmaLine).text(Field::Codec), std::string("karma.v1"));
        QCOMPARE(decodeOne("karma.api.v1", "{\"timestamp\":\"2025-01-02T03:04:05Z\"}").reasons[0],
                 std::string("missing_field"));
    }

    /// What Python's json.dumps writes for the upstream normaliser's dict, byte for byte.
    void agentBecomesMonitoringAsUpstreamWritesIt()
    {
        const Decoded in = decodeOne("eventops.agent",
            "{\"tenant_id\":\"acme\",\"host\":\"host-a\",\"metric\":\"cpu_load\",\"value\":92,"
            "\"ts_event\":\"2025-10-16T09:00:00Z\",\"unit\":\"percent\",\"tags\":{\"env\":\"pr\xc3\xb6" "d\","
            "\"n\":1e16},"
            "\"event_id\":\"id-1\"}");
        LossReport loss;
        QCOMPARE(encoded(in, "monitoring.v1", 0, &loss),
                 std::string("{\"event_id\": \"id-1\", \"ts_event\": \"2025-10-16T09:00:00Z\", "
                             "\"ts_ingest\": \"2025-10-16T09:00:00Z\", \"tenant_id\": \"acme\", "
                             "\"source\": {\"type\": \"host\", \"source_id\": \"host-a\"}, "
                             "\"schema_name\": \"signals.metric\", \"schema_version\": 1, "
                             "\"attributes\": {\"metric\": \"cpu_load\", \"value\": \"92.0\", \"unit\": \"percent\"}, "
                             "\"tags\": {\"env\": \"pr\\u00f6d\", \"n\": 1e+16}}"));
        QByteArray lost; // Python spells the number in its own way
        for (const LossReport::Item &item : loss.items)
            lost += QByteArray::fromStdString(item.field + ' ');
        QCOMPARE(lost, QByteArray("tags.n "));
    }

    void monitoringRoundTrip()
    {
        const std::string line =
            "{\"event_id\": \"7f\", \"ts_event\": \"2025-10-16T09:00:00Z\", \"ts_ingest\": \"2025-10-16T09:00:01.5Z\", "
            "\"tenant_id\": \"acme\", \"source\": {\"type\": \"host\", \"source_id\": \"host-a\"}, "
            "\"schema_name\": \"signals.metric\", \"schema_version\": 1, "
            "\"attributes\": {\"metric\": \"cpu_load\", \"value\": \"92.0\", \"unit\": \"percent\", \"x\": \"y\"}, "
            "\"tags\": {\"env\": \"prod\"}}";
        const Decoded in = decodeOne("auto", line);
        QCOMPARE(in.text(Field::Codec), std::string("monitoring.v1"));
        QCOMPARE(in.text(Field::EntityId), std::string("host:host-a"));
        QCOMPARE(in.text(Field::EntityType), std::string("Host"));
        QCOMPARE(in.event().value, 92.0);
        QCOMPARE(encoded(in, "monitoring.v1"), line);
        QCOMPARE(decodeOne("monitoring.v1", "{\"schema_name\":\"a\"}").reasons[0], std::string("missing_field"));
    }

    void losesAreReported()
    {
        const Decoded in = decodeOne("karma.v1",
            "{\"ts\":\"2025-08-10T16:42:00Z\",\"event_type\":\"x\",\"entity_id\":\"job:1\",\"correlation_id\":\"c\","
            "\"attrs\":{\"a\":{\"b\": 1},\"n\":2,\"s\":\"t\"}}");
        LossReport loss;
        const std::string out = encoded(in, "monitoring.v1", 0, &loss);
        QVERIFY(out.find("\"a\": \"{\\\"b\\\":1}\", \"n\": \"2\", \"s\": \"t\"") != std::string::npos);
        std::vector<std::string> names;
        for (const LossReport::Item &item : loss.items)
            names.push_back(item.field + ' ' + item.what);
        QVERIFY(std::count(names.begin(), names.end(), "attrs.a stringified") == 1);
        QVERIFY(std::count(names.begin(), names.end(), "attrs.n stringified") == 1);
        QVERIFY(std::count(names.begin(), names.end(), "attrs.s stringified") == 0);
        QVERIFY(std::count(names.begin(), names.end(), "correlation_id dropped") == 1);
    }

    void genericJson()
    {
        const Decoded in = decodeAll(*codecByName("json"), {
            "{\"time\":\"2024-01-02T03:04:05.5Z\",\"level\":30,\"msg\":\"hi\",\"n\":9007199254740993,"
            "\"n\":18446744073709551615}",
            "[1,\n 2]", "{\"a\":\n1}", "123456789012345678901234567890",
                "{\"timestamp\":1445680800424,\"severity\":\"ERROR\"}"});
        QCOMPARE(in.reasons, (std::vector<std::string>{"", "", "", "", ""}));
        QCOMPARE(in.text(Field::Attrs, 0),
                 std::string("{\"time\":\"2024-01-02T03:04:05.5Z\",\"level\":30,\"msg\":\"hi\",\"n\":9007199254740993,"
                             "\"n\":18446744073709551615}"));
        QVERIFY(in.event(0).severity == Severity::Info);
        QCOMPARE(in.text(Field::Message, 0), std::string("hi"));
        QCOMPARE(in.text(Field::TsText, 0), std::string("2024-01-02T03:04:05.5Z"));
        QCOMPARE(in.text(Field::Attrs, 1), std::string("{\"value\":[1,2]}"));
        QCOMPARE(in.text(Field::Attrs, 2), std::string("{\"a\":1}"));
        QCOMPARE(in.text(Field::Attrs, 3), std::string("{\"value\":123456789012345678901234567890}"));
        QCOMPARE(formatTimestamp(in.event(4).tsEvent), std::string("2015-10-24T10:00:00.424Z"));
        QVERIFY(in.event(4).severity == Severity::Error);
    }

    void textLines()
    {
        const Decoded in = decodeAll(*codecByName("text"), {
            "[2016-12-19 20:39:48,918] WARN [Fetcher], Error in fetch (kafka.server)", "plain words", "bad \xff byte"});
        QCOMPARE(in.reasons, (std::vector<std::string>{"", "", "invalid_utf8"}));
        QCOMPARE(formatTimestamp(in.event(0).tsEvent), std::string("2016-12-19T20:39:48.918Z"));
        QVERIFY(in.event(0).severity == Severity::Warning);
        QVERIFY(in.event(1).tsEvent == NoTime);
        QCOMPARE(encoded(in, "text", 1), std::string("plain words"));
    }

    void chronosBytesStayAsTheyAre()
    {
        const std::string binary("\x00\xff\xfe{\n", 5);
        const Decoded in = decodeOne("chronos.raw", binary);
        QCOMPARE(in.reasons[0], std::string());
        QCOMPARE(in.text(Field::ContentType), std::string("application/octet-stream"));
        QCOMPARE(in.text(Field::Message), std::string("<absent>"));
        QCOMPARE(encoded(in, "chronos.raw"), binary);
        const auto json = makeCodec("chronos.raw", Value::map({{"content_type", scalar("application/json")},
                                                               {"source_name", scalar("compute-service")},
                                                               {"tenant", scalar("t1")}}));
        const Decoded two = decodeAll(*json.value(), {"{\"cluster_id\":\"c\"}", "{\"cluster_id\":"});
        QCOMPARE(two.reasons, (std::vector<std::string>{"", "truncated_json"}));
        QCOMPARE(two.text(Field::Attrs), std::string("{\"cluster_id\":\"c\"}"));
        QCOMPARE(two.text(Field::SourceId), std::string("compute-service"));
        const auto plain = makeCodec("chronos.raw", Value::map({{"content_type", scalar("text/plain")}}));
        const Decoded words = decodeAll(*plain.value(), {"cluster c is up", "bad \xff byte"});
        QCOMPARE(words.reasons, (std::vector<std::string>{"", "invalid_utf8"}));
        QCOMPARE(words.text(Field::Message), std::string("cluster c is up"));
        QCOMPARE(words.text(Field::ContentType), std::string("text/plain"));
        const auto wrong = makeCodec("chronos.raw", Value::map({{"content_type", scalar("text/html", 3, 9)}}));
        QVERIFY(!wrong && wrong.error().where.line == 3);
    }

    void chronosHeadersBeforeTheBody()
    {
        const auto codec = makeCodec("chronos.raw", Value::map({{"headers", scalar("true")}}));
        QVERIFY(bool(codec));
        const std::string good = "X-Event-Source: compute-service\r\nContent-Type: application/json; charset=utf-8\r\n"
            "x-event-timestamp: 2024-01-15 10:30:00\r\n\r\n{\"cluster_id\":\"c\"}";
        const Decoded in = decodeAll(*codec.value(), {
            good, "x-event-source: blobs\ncontent-type: application/octet-stream\n\n\xff\n\n",
            "content-type: text/plain\n\nwho sent it?", "x-event-source: a\ncontent-type: text/html\n\n<b>",
            "x-event-source: a\ncontent-type: text/plain\nx-event-timestamp: soon\n\nwhen?",
            "x-event-source: a\ncontent-type: text/plain", "no header\n\nbody",
            "x-event-source: a\nx-long: " + std::string(70'000, 'x') + "\n\nbody"});
        QCOMPARE(in.reasons, (std::vector<std::string>{"", "", "missing_field", "bad_field", "bad_timestamp",
                                                       "bad_field", "bad_field", "bad_field"}));
        QCOMPARE(in.text(Field::SourceId), std::string("compute-service"));
        QCOMPARE(in.text(Field::ContentType), std::string("application/json"));
        QCOMPARE(in.text(Field::Attrs), std::string("{\"cluster_id\":\"c\"}"));
        QCOMPARE(formatTimestamp(in.event().tsEvent), std::string("2024-01-15T10:30:00Z"));
        QVERIFY(in.text(Field::Headers).find("\"x-event-source\":\"compute-service\"") != std::string::npos);
        LossReport loss;
        QCOMPARE(codec.value()->encode(in.batch, in.event(), loss).value(), good); // headers and all
        QCOMPARE(in.text(Field::ContentType, 1), std::string("application/octet-stream"));
        QVERIFY(in.event(1).tsEvent == NoTime);
        QVERIFY(in.details[3].find("text/html") != std::string::npos);
        QVERIFY(in.details[6].find("line 1") != std::string::npos);
    }

    void autoTellsEnvelopesApart()
    {
        const std::pair<const char *, const char *> cases[] = {
            {"{\"ts_event\":\"2025-09-14T11:30:00.000Z\",\"source\":\"mongodb_cdc\",\"event_type\":\"order\","
                "\"ns\":\"orders\","
             "\"event_id\":\"o-8001\",\"severity\":\"info\",\"op\":\"c\",\"payload\":{}}", "adage.event"},
            {"{\"type\":\"a\",\"timestamp\":\"2025-09-14T11:30:00Z\",\"other\":1}", "json"},
            {"{\"host\":\"a\",\"metric\":\"b\"}", "json"}, {"17", "json"}, {"\"text\"", "json"},
        };
        for (const auto &[line, codec] : cases)
            QCOMPARE(decodeOne("auto", line).text(Field::Codec), std::string(codec));
        for (const char *line : {"not json", "", "{\"a\":", "nul"})
            QVERIFY(!decodeOne("auto", line).reasons[0].empty());
    }

    void pythonJson()
    {
        std::string out;
        appendPythonJson(out, "{\"a\":[1,2.0,1e3,-0,-0.0,1e-7],\"b\":\"\\u00e9\xf0\x9f\x98\x80/\",\"a\":null,"
            "\"c\":{},\"d\":[]}");
        QCOMPARE(out, std::string("{\"a\": null, \"b\": \"\\u00e9\\ud83d\\ude00/\", \"c\": {}, \"d\": []}"));
        out.clear();
        appendPythonJson(out, "[1,2.0,1e3,-0,-0.0,1e-7,12345678901234567890]");
        QCOMPARE(out, std::string("[1, 2.0, 1000.0, 0, -0.0, 1e-07, 12345678901234567890]"));
    }

    void hostileInput()
    {
        std::string deep(100'000, '[');
        std::set<std::string_view> ofText{"csv", "prometheus", "prometheus.remote"};
        for (const DocumentFormat &format : documentFormats()) {
            if (format.isText())
                ofText.insert(format.name());
        }
        for (const Codec *codec : builtinCodecs()) {
            const bool takesAnything =
                codec->name() == "text" || codec->name() == "log" || codec->name() == "chronos.raw";
            for (const std::string &record
                 : {deep, std::string("{\"a\":\"\xed\xa0\x80\"}"), std::string("\0\0\0", 3)}) {
                const Decoded out = decodeAll(*codec, {record});
                QVERIFY2(takesAnything || !out.reasons[0].empty(), std::string(codec->name()).c_str());
            }
            const std::string reason = decodeAll(*codec, {deep}).reasons[0];
            const bool refused = ofText.contains(codec->name()) ? reason == "bad_field" || reason == "pattern_mismatch"
                                                                : reason == "too_deep";
            QVERIFY2(takesAnything || refused, std::string(codec->name()).c_str());
        }
    }
};

EVENTOPS_TEST(TestEnvelopes)
#include "tst_envelopes.moc"
