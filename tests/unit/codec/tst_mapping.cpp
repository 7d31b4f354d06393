// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"
#include "tests/unit/codec/codec_fixture.h"

#include "core/base/time.h"
#include "core/codec/json_path.h"
#include "core/codec/json_reader.h"
#include "core/codec/time_format.h"

#include <filesystem>

using namespace eventops;
using namespace eventops::test;

namespace {

Value map(std::vector<Value::Member> members)
{
    return Value::map(std::move(members));
}

Value list(std::vector<std::string> texts)
{
    std::vector<Value> items;
    for (std::string &text : texts)
        items.push_back(scalar(text));
    return Value::list(std::move(items));
}

Value path(const std::string &text)
{
    return scalar(text);
}

Value constant(const std::string &text)
{
    return map({{"const", scalar(text)}});
}

Value settings(Value mapping, std::vector<Value::Member> more = {})
{
    more.emplace_back("map", std::move(mapping));
    return map(std::move(more));
}

Decoded decode(const Value &mapping, const std::vector<std::string> &records)
{
    auto codec = makeCodec("mapped", settings(mapping));
    if (!codec)
        qFatal("%s", codec.error().text().c_str());
    return decodeAll(*codec.value(), records);
}

std::string errorOf(const Value &mapping)
{
    const auto codec = makeCodec("mapped", settings(mapping));
    return codec ? std::string() : codec.error().text();
}

/// Karma's adage-fabric lane envelope (contracts 3.1).
Value adageMap()
{
    return map({
        {"ts", path("ts_event")},
        {"type", path("event_type")},
        {"entity", map({{"type", path("event_type")}, {"id", map({{"template", scalar("{ns}:{event_id}")}})}})},
        {"step", map({{"first", list({"payload.status", "op"})}})},
        {"severity", path("severity")},
        {"message", path("payload.message")},
        {"source", map({{"type", path("source")}, {"namespace", path("ns")}})},
        {"tags", map({{"op", map({{"path", scalar("op")},
                                  {"values", map({{"c", scalar("create")}, {"u", scalar("update")}})}})}})},
        {"attrs", path("payload")},
    });
}

Value otlpMap()
{
    return map({
        {"split", scalar("resourceLogs[].scopeLogs[].logRecords[]")},
        {"ts", map({{"first", list({"timeUnixNano", "observedTimeUnixNano"})}})},
        {"severity", map({{"first", list({"severityNumber", "severityText"})}})},
        {"message", path("body.stringValue")},
        {"entity", map({{"type", constant("Service")}, {"id", path("^^.resource.attributes[service.name]")}})},
        {"type", constant("log")},
        {"trace_id", path("traceId")},
        {"span_id", path("spanId")},
        {"tags", Value::list({map({{"pairs", scalar("^^.resource.attributes")}}),
                              map({{"scope", path("^.scope.name")}})})},
        {"attrs", map({{"pairs", scalar("attributes")}})},
    });
}

Value cloudTrailMap()
{
    return map({
        {"split", scalar("Records[]")},
        {"ts", path("eventTime")},
        {"event_id", path("eventID")},
        {"type", path("eventName")},
        {"tenant", map({{"first", list({"recipientAccountId", "userIdentity.accountId"})}})},
        {"entity", map({{"type", constant("Principal")},
                        {"id", map({{"first", list({"userIdentity.arn", "userIdentity.type"})}})}})},
        {"source", map({{"type", constant("aws")}, {"id", path("eventSource")}})},
        {"step", path("eventName")},
        {"tags", map({{"region", path("awsRegion")}})},
        {"require", list({"ts", "type", "entity.id"})},
    });
}

Value kafkaMap()
{
    return map({
        {"pattern", scalar("^\\[(?P<time>[^\\]]+)\\] (?P<level>[A-Z]+) (?P<message>.*)$")},
        {"ts", map({{"path", scalar("time")}, {"format", scalar("%Y-%m-%d %H:%M:%S,%f")}})},
        {"severity", path("level")},
        {"message", path("message")},
        {"type", constant("log")},
        {"entity", map({{"type", constant("Broker")}, {"id", constant("kafka0")}})},
    });
}

} // namespace

class TestMapping : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void paths()
    {
        const std::string_view document = "{\"a\":{\"b.c\":[10,{\"type\":\"team\",\"id\":7}]},\"n\":null,"
            "\"attributes\":[{\"key\":\"service.name\","
            "\"value\":{\"stringValue\":\"cart\"}},{\"key\":\"plain\",\"value\":[1]}]}";
        const std::string_view element = "{\"x\":1}";
        const std::vector<std::string_view> scopes = {document, element};
        const auto at = [&](const char *text) {
            std::string error;
            const auto parsed = JsonPath::parse(text, error);
            return parsed ? std::string(parsed->find(scopes).value_or("<none>")) : error;
        };
        QCOMPARE(at("x"), std::string("1"));
        QCOMPARE(at("."), std::string("{\"x\":1}"));
        QCOMPARE(at("^.a[\"b.c\"][0]"), std::string("10"));
        QCOMPARE(at("$.a[\"b.c\"][type=team].id"), std::string("7"));
        QCOMPARE(at("^.attributes[service.name]"), std::string("\"cart\""));
        QCOMPARE(at("^.attributes[plain]"), std::string("[1]"));
        for (const char *absent : {"y", "x.y", "^.n", "^.a[0]", "^.attributes[9]", "^.attributes[none]", "^^.x",
                                   "^.a.b"})
            QCOMPARE(at(absent), std::string("<none>"));
        for (const char *wrong : {"", "a..b", ".a", "a.", "a[", "a[]", "a[0]b", "^a"})
            QVERIFY2(at(wrong).find("path \"") == 0, wrong);
    }

    void timeFormats()
    {
        const auto read = [](const char *format, const char *text, TimeFormat::Options options = {}) {
            std::string error;
            const auto compiled = TimeFormat::compile(format, options, error);
            if (!compiled)
                return error;
            const auto time = compiled->parse(text);
            return time ? formatTimestamp(*time) : std::string("<none>");
        };
        QCOMPARE(read("%Y-%m-%d %H:%M:%S,%f", "2016-12-19 20:39:48,918"), std::string("2016-12-19T20:39:48.918Z"));
        QCOMPARE(read("%d/%b/%Y:%H:%M:%S %z", "17/May/2015:10:05:03 +0200"), std::string("2015-05-17T08:05:03Z"));
        QCOMPARE(read("%b %e %H:%M:%S", "Nov  3 08:09:10", {.year = 2024}), std::string("2024-11-03T08:09:10Z"));
        QCOMPARE(read("%Y-%m-%d %H:%M:%S", "2024-02-29 00:00:00", {.zoneSeconds = 3600}),
                 std::string("2024-02-28T23:00:00Z"));
        QCOMPARE(read("%m/%d/%y %I:%M:%S %p", "1/2/24 12:30:00 AM"), std::string("2024-01-02T00:30:00Z"));
        QCOMPARE(read("%A, %d %B %Y %H:%M %z", "Monday, 1 January 2024 05:00 Z"), std::string("2024-01-01T05:00:00Z"));
        QCOMPARE(read("%Y-%j", "2024-366"), std::string("2024-12-31T00:00:00Z"));
        QCOMPARE(read("%s.%f", "1588205199.82437"), std::string("2020-04-30T00:06:39.824370Z"));
        QCOMPARE(read("epoch", "1445680800424"), std::string("2015-10-24T10:00:00.424Z"));
        QCOMPARE(read("rfc3339", "2024-01-01T00:00:00+01:00"), std::string("2023-12-31T23:00:00Z"));
        for (const auto &[format, text] : {std::pair("%Y-%m-%d", "2023-02-29"), {"%Y-%m-%d", "2023-13-01"},
                                           {"%Y-%m-%d", "2023-01-01x"}, {"%Y-%m-%d %H", "2023-01-01 24"},
                                           {"%Y-%m-%d", ""}, {"%Y%b", "2023Foo"}, {"%Y-%m-%d", "9999-01-01"}})
            QCOMPARE(read(format, text), std::string("<none>"));
        QVERIFY(read("%H:%M", "1").find("no year") != std::string::npos);
        QVERIFY(read("%Y %Q", "1").find("%Q") != std::string::npos);
        QCOMPARE(parseZone("-05:30").value(), std::int64_t{-19800});
        QVERIFY(!parseZone("east") && !parseZone(""));
    }

    void everyFieldCanBeMapped()
    {
        const Decoded out = decode(map({
            {"ts", path("t")}, {"event_id", path("i")}, {"tenant", constant("acme")}, {"type", path("k")},
            {"correlation_id", path("c")}, {"causation_id", path("u")}, {"idempotency_key", path("i")},
            {"metric", constant("lag")}, {"value", path("v")}, {"unit", constant("s")},
            {"schema", map({{"name", constant("x")}, {"version", path("n")}})}, {"entity.id", path("k")},
            {"severity", map({{"path", path("s")}, {"lower", scalar("true")},
                              {"values", map({{"bad", scalar("critical")}})}})},
            {"message", map({{"path", path("m")}, {"default", scalar("none")}})},
            {"tags", map({{"a b", path("k")}, {"gone", path("zz")}, {"list", path("l")}})},
            {"attrs", map({})},
            {"entities", Value::list({map({{"type", constant("Host")}, {"id", path("k")}}),
                                      map({{"type", constant("None")}, {"id", path("zz")}})})},
            {"links", Value::list({map({{"source", map({{"type", constant("A")}, {"id", path("k")}})},
                                        {"target", map({{"type", constant("B")}, {"id", path("n")}})},
                                        {"type", constant("depends_on")}})})},
        }), {"{\"t\":1700000000,\"i\":\"e1\",\"k\":\"ki{n}d\",\"c\":\"c1\",\"u\":\"u1\","
            "\"v\":\"9007199254740993\",\"n\":3,"
             "\"s\":\"BAD\",\"l\":[1, 2]}"});
        QCOMPARE(out.reasons[0], std::string());
        QCOMPARE(formatTimestamp(out.event().tsEvent), std::string("2023-11-14T22:13:20Z"));
        QCOMPARE(out.text(Field::Tenant), std::string("acme"));
        QCOMPARE(out.text(Field::EventId), std::string("e1"));
        QCOMPARE(out.text(Field::CausationId), std::string("u1"));
        QCOMPARE(out.text(Field::SchemaVersion), std::string("3"));
        QCOMPARE(out.text(Field::EntityId), std::string("ki{n}d"));
        QCOMPARE(out.text(Field::ValueText), std::string("9007199254740993"));
        QCOMPARE(out.text(Field::Message), std::string("none"));
        QVERIFY(out.event().severity == Severity::Critical);
        QCOMPARE(out.text(Field::Tags), std::string("{\"a b\":\"ki{n}d\",\"list\":[1, 2]}"));
        QCOMPARE(out.text(Field::Attrs), std::string("{}"));
        QCOMPARE(out.text(Field::Entities), std::string("[{\"type\":\"Host\",\"id\":\"ki{n}d\"}]"));
        QCOMPARE(out.text(Field::Links), std::string("[{\"source\":{\"type\":\"A\",\"id\":\"ki{n}d\"},"
                                                     "\"target\":{\"type\":\"B\",\"id\":\"3\"},"
                                                     "\"type\":\"depends_on\"}]"));
    }

    void templatesPutInOnce()
    {
        const Decoded out = decode(map({{"message", map({{"template", scalar("<{a}|{b.c}|{zz}>")}})}}),
                                   {"{\"a\":\"{b.c}\",\"b\":{\"c\":\"{a}\"}}"});
        QCOMPARE(out.text(Field::Message), std::string("<{b.c}|{a}|>"));
        QCOMPARE(out.text(Field::Tenant), std::string("default"));
        QCOMPARE(out.text(Field::Attrs), std::string("{\"a\":\"{b.c}\",\"b\":{\"c\":\"{a}\"}}"));
    }

    void splitIsAllOrNothing()
    {
        const Value mapping = map({{"split", scalar("Records[]")}, {"ts", path("t")}, {"type", path("$.kind")}});
        const Decoded out = decode(mapping, {
            "{\"kind\":\"k\",\"Records\":[{\"t\":1},{\"t\":2},{\"t\":3}]}",
            "{\"Records\":[{\"t\":1},{\"t\":\"soon\"}]}", "{\"Records\":[{\"t\":1},7]}", "{\"Records\":[]}",
                "{\"other\":[]}",
            "{\"Records\":{}}", "{\"Records\":[{\"t\":1},{}]}"});
        QCOMPARE(out.reasons, (std::vector<std::string>{"", "bad_element", "bad_element", "", "missing_field",
                                                        "bad_field",
                                                        "bad_element"}));
        QCOMPARE(out.batch.events.size(), std::size_t{3});
        QCOMPARE(out.event(2).emission, std::uint16_t{2});
        QCOMPARE(out.text(Field::Type, 2), std::string("k"));
        QVERIFY(out.details[1].find("Records[1]: ts (t)") == 0);
        QVERIFY(out.details[2].find("Records[1]") == 0);
        std::string many = "[";
        for (int i = 0; i < 70'000; ++i)
            many += "{},";
        many.back() = ']';
        const Decoded huge = decode(map({{"split", scalar("[]")}, {"type", constant("x")}}), {many, "[{},{}]"});
        QCOMPARE(huge.reasons, (std::vector<std::string>{"bad_element", ""}));
        QCOMPARE(huge.batch.events.size(), std::size_t{2});
    }

    void requiredFields()
    {
        const Value mapping = map({{"ts", path("t")}, {"entity", map({{"type", constant("Job")}, {"id", path("j")}})},
                                   {"value", path("v")}, {"require", list({"entity.id"})}});
        const Decoded out = decode(mapping,
                                   {"{\"j\":\"1\"}", "{\"t\":1}", "{\"j\":null}", "{\"j\":\"1\",\"v\":\"x\"}"});
        QCOMPARE(out.reasons, (std::vector<std::string>{"", "missing_field", "missing_field", "bad_value"}));
        QVERIFY(out.details[1].find("entity.id (j)") != std::string::npos);
    }

    void textByPattern()
    {
        const Decoded out = decode(kafkaMap(), {
            "[2016-12-19 20:39:48,918] WARN [Fetcher], Error (kafka)\njava.io.IOException: gone\n\tat a.b(C.scala:1)",
            "nothing of the kind", "[2016-99-19 20:39:48,918] WARN x", "bad \xff"});
        QCOMPARE(out.reasons, (std::vector<std::string>{"", "pattern_mismatch", "bad_timestamp", "invalid_utf8"}));
        QVERIFY(out.text(Field::Message).find("C.scala:1)") != std::string::npos);
        QVERIFY(out.event().severity == Severity::Warning);
        QVERIFY(out.text(Field::Attrs).find("\"level\":\"WARN\"") != std::string::npos);
        const Decoded second = decode(map({{"pattern", list({"^a=(?P<a>\\d+)$", "^b=(?P<b>\\d+)$"})},
                                           {"message", path("b")}}),
                                      {"b=7", "a=1", "c=2"});
        QCOMPARE(second.reasons, (std::vector<std::string>{"", "", "pattern_mismatch"}));
        QCOMPARE(second.text(Field::Message, 0), std::string("7"));
        QCOMPARE(second.text(Field::Attrs, 1), std::string("{\"a\":\"1\"}"));
    }

    void mistakesSayWhereAndWhatToDo()
    {
        const std::pair<Value, const char *> cases[] = {
            {map({{"entitty", scalar("x", 4, 5)}}), "pipeline.yaml:4:5: map: there is no field \"entitty\""},
            {map({{"type", scalar("a..b", 5, 9)}}),
             "pipeline.yaml:5:9: type: path \"a..b\": expected a name at column 3"},
            {map({{"type", map({{"const", scalar("x")}, {"path", scalar("y", 6, 2)}})}}),
             "pipeline.yaml:6:2: type: \"path\" is one"},
            {map({{"type", map({{"values", map({})}})}}), "type: says nowhere"},
            {map({{"type", map({{"path", scalar("x")}, {"uper", scalar("true", 3, 3)}})}}),
             "pipeline.yaml:3:3: type: there is no setting \"uper\""},
            {map({{"ts", map({{"path", scalar("x")}, {"format", scalar("%H", 8, 1)}})}}),
             "pipeline.yaml:8:1: ts: time format \"%H\" has no year"},
            {map({{"ts", map({{"path", scalar("x")}, {"zone", scalar("CEST", 8, 2)}})}}),
             "pipeline.yaml:8:2: ts: zone \"CEST\""},
            {map({{"pattern", scalar("(", 2, 2)}}), "pipeline.yaml:2:2: pattern: missing"},
            {map({{"pattern", scalar("abc", 2, 3)}}), "pipeline.yaml:2:3: pattern: has no named capture"},
            {map({{"split", scalar("a[0", 2, 4)}}), "pipeline.yaml:2:4: split: path"},
            {map({{"require", Value::list({scalar("step", 9, 9)})}}),
             "pipeline.yaml:9:9: require: \"step\" is not mapped"},
            {map({{"entity", scalar("x", 1, 2)}}), "pipeline.yaml:1:2: entity: expected a map"},
            {map({{"entities", Value::list({scalar("x", 1, 3)})}}), "pipeline.yaml:1:3: entities: expected {type, id}"},
            {map({{"links", Value::list({scalar("x", 1, 4)})}}),
             "pipeline.yaml:1:4: links: expected {source, target, type}"},
            {map({{"message", map({{"template", scalar("{a", 1, 5)}})}}),
             "pipeline.yaml:1:5: message: '{' without '}'"},
            {map({{"message", Value::list({})}}), "message: expected a path or a map"},
            {map({}), "map: expected a map of fields"},
        };
        for (const auto &[mapping, expected] : cases) {
            const std::string error = errorOf(mapping);
            QVERIFY2(error.find(expected) == 0, (std::string(expected) + "\n" + error).c_str());
            QVERIFY2(error.back() == ')', error.c_str()); // with a remedy
        }
        QVERIFY(!makeCodec("mapped", Value::map({})));
    }

    void adageFabricCases()
    {
        const std::string folder = outsidePath("EVENTOPS_INPUTS", "karma-adage/adage-fabric");
        if (!std::filesystem::is_directory(folder))
            QSKIP("the adage fabric is not here");
        std::uint64_t events = 0;
        for (const auto &entry : std::filesystem::directory_iterator(folder)) {
            if (entry.path().extension() != ".jsonl")
                continue;
            const Ingested in = ingestFile(entry.path().string(), {}, settings(adageMap()));
            QVERIFY2(in.deadLettered == 0 && in.events == in.records && in.events >= 2, entry.path().c_str());
            const Batch &batch = in.batches[0];
            for (const Event &event : batch.events) {
                QVERIFY(event.tsEvent != NoTime && event.severity != Severity::Unset);
                QVERIFY(!batch.text(event, Field::Step).empty());
                QVERIFY(batch.text(event, Field::EntityId).find(':') != std::string_view::npos);
                QVERIFY(jsonMember(batch.text(event, Field::Attrs), "status").has_value());
            }
            events += in.events;
        }
        QVERIFY(events >= 16);
    }

    void otelDemoLogs()
    {
        const std::string file = outsidePath("EVENTOPS_INPUTS", "captures/otel_demo_logs.ndjson");
        if (!std::filesystem::exists(file))
            QSKIP("the OpenTelemetry demo logs are not here");
        const Ingested in = ingestFile(file, {}, settings(otlpMap()));
        QCOMPARE(in.records, std::uint64_t{617});
        QCOMPARE(in.deadLettered, std::uint64_t{0});
        QVERIFY(in.events > in.records);
        const Batch &batch = in.batches[0];
        QCOMPARE(batch.text(batch.events[0], Field::EntityId), std::string_view("cartservice"));
        QCOMPARE(batch.text(batch.events[0], Field::TraceId), std::string_view("fa490d38b84f5c3c32517378cc81c292"));
        QCOMPARE(raw(batch.events[0].tsEvent), std::int64_t{1732919137455748800});
        QCOMPARE(batch.text(batch.events[0], Field::Attrs),
                 std::string_view("{\"userId\":\"e25144dc-23b0-4ce9-8a99-562cf0e3f9db\"}"));
        QVERIFY(jsonMember(batch.text(batch.events[0], Field::Tags), "scope").has_value());
        QVERIFY(batch.events[0].severity == Severity::Info);
    }

    void cloudTrail()
    {
        const std::string folder = outsidePath("EVENTOPS_INPUTS", "cloudtrail/invictus");
        if (!std::filesystem::is_directory(folder))
            QSKIP("CloudTrail is not here");
        for (const auto &entry : std::filesystem::directory_iterator(folder)) {
            const Ingested in = ingestFile(entry.path().string(), {}, settings(cloudTrailMap()));
            QCOMPARE(in.records, std::uint64_t{1});
            QCOMPARE(in.stored, std::uint64_t{1});
            QVERIFY(in.events > 10);
            for (const Event &event : in.batches[0].events)
                QVERIFY(event.tsEvent != NoTime && event[Field::EventId] != NoStr);
        }
    }

    void kafkaLogs()
    {
        const std::string folder = outsidePath("EVENTOPS_INPUTS", "captures/");
        if (!std::filesystem::is_directory(folder))
            QSKIP("the Kafka logs are not here");
        for (const char *name : {"kafka_server.log", "kafka_controller.log"}) {
            const Ingested in = ingestFile(folder + name, {}, settings(kafkaMap(), {{"start", scalar("^\\[\\d{4}-")}}));
            QVERIFY(in.events > 300);
            QCOMPARE(in.deadLettered, std::uint64_t{0});
            bool trace = false;
            for (const Batch &batch : in.batches) {
                for (const Event &event : batch.events)
                    trace = trace || batch.text(event, Field::Message).find("\n\tat ") != std::string_view::npos;
            }
            QVERIFY(trace || std::string_view(name) != "kafka_server.log");
        }
    }
};

EVENTOPS_TEST(TestMapping)
#include "tst_mapping.moc"
