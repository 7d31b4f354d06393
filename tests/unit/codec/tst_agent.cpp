// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"
#include "tests/unit/codec/codec_fixture.h"

#include "core/base/time.h"

using namespace eventops;
using namespace eventops::test;

namespace {

const std::string Line = "{\"tenant_id\":\"acme\",\"host\":\"host-a\",\"metric\":\"cpu_load\",\"value\":85,"
                         "\"ts_event\":\"2025-10-21T10:00:00Z\",\"unit\":\"percent\",\"tags\":{\"env\":\"prod\"}}";

std::string replaced(std::string text, const std::string &from, const std::string &to)
{
    return text.replace(text.find(from), from.size(), to);
}

/// All that an event says, in one text.
std::string dump(const Batch &batch, const Event &event)
{
    LossReport loss;
    return codecByName("json")->encode(batch, event, loss).value() + ' ' + std::to_string(raw(event.tsEvent)) + ' '
         + std::to_string(event.value) + (event.hasValue ? " v" : " -");
}

} // namespace

class TestAgent : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void seedLine()
    {
        for (const char *codec : {"eventops.agent", "auto"}) {
            const Decoded out = decodeOne(codec, Line);
            QCOMPARE(out.reasons[0], std::string());
            QCOMPARE(out.batch.events.size(), std::size_t{1});
            QCOMPARE(out.text(Field::Tenant), std::string("acme"));
            QCOMPARE(out.text(Field::SourceType), std::string("host"));
            QCOMPARE(out.text(Field::SourceId), std::string("host-a"));
            QCOMPARE(out.text(Field::EntityType), std::string("Host"));
            QCOMPARE(out.text(Field::EntityId), std::string("host:host-a"));
            QCOMPARE(out.text(Field::Type), std::string("signals.metric"));
            QCOMPARE(out.text(Field::SchemaName), std::string("signals.metric"));
            QCOMPARE(out.text(Field::SchemaVersion), std::string("1"));
            QCOMPARE(out.text(Field::Metric), std::string("cpu_load"));
            QCOMPARE(out.text(Field::Unit), std::string("percent"));
            QCOMPARE(out.text(Field::Tags), std::string("{\"env\":\"prod\"}"));
            QCOMPARE(out.text(Field::TsText), std::string("2025-10-21T10:00:00Z"));
            QCOMPARE(out.text(Field::Attrs), std::string("<absent>"));
            QCOMPARE(out.text(Field::Codec), std::string("eventops.agent"));
            QCOMPARE(out.event().value, 85.0);
            QVERIFY(out.event().hasValue);
            QCOMPARE(raw(out.event().tsEvent), raw(*parseTimestamp("2025-10-21T10:00:00Z")));
        }
    }

    void normalises()
    {
        const Decoded out = decodeAll(*codecByName("eventops.agent"), {
            "{\"tenant_id\":\" acme \",\"host\":\"HOST-A\",\"metric\":\"m\",\"value\":\"12.5\","
            "\"ts_event\":1760605200000,"
            "\"unit\":\"PERCENT\"}",
            "{\"tenant_id\":\"acme\",\"source_id\":\"s1\",\"metric\":\"m\",\"value\":1,"
            "\"ts_event\":\"2025-10-16T11:00:00+02:00\",\"extra\":{\"a\":1},\"event_id\":\"e-1\"}",
        });
        QCOMPARE(out.reasons, (std::vector<std::string>{"", ""}));
        QCOMPARE(out.text(Field::Tenant), std::string("acme"));
        QCOMPARE(out.text(Field::EntityId), std::string("host:host-a"));
        QCOMPARE(out.text(Field::Unit), std::string("percent"));
        QCOMPARE(out.event().value, 12.5);
        QCOMPARE(raw(out.event(0).tsEvent), raw(out.event(1).tsEvent));
        QCOMPARE(out.text(Field::SourceId, 1), std::string("s1"));
        QCOMPARE(out.text(Field::EventId, 1), std::string("e-1"));
        QCOMPARE(out.text(Field::Attrs, 1), std::string("{\"extra\":{\"a\":1}}"));
        QCOMPARE(out.text(Field::Unit, 1), std::string("<absent>"));
    }

    void refusals()
    {
        const std::pair<std::string, std::string> cases[] = {
            {replaced(Line, "\"tenant_id\":\"acme\",", ""), "missing_field"},
            {replaced(Line, "\"host\":\"host-a\",", ""), "missing_field"},
            {replaced(Line, "\"metric\":\"cpu_load\",", ""), "missing_field"},
            {replaced(Line, "\"value\":85,", ""), "missing_field"},
            {replaced(Line, ":85,", ":null,"), "missing_field"},
            {replaced(Line, "\"ts_event\":\"2025-10-21T10:00:00Z\",", ""), "missing_field"},
            {replaced(Line, "2025-10-21T10", "2025-13-21T10"), "bad_timestamp"},
            {replaced(Line, ":85,", ":\"nan\","), "bad_value"},
            {replaced(Line, ":85,", ":1e999,"), "bad_value"},
            {replaced(Line, ":85,", ":true,"), "bad_value"},
            {replaced(Line, "\"acme\"", "7"), "bad_field"},
            {replaced(Line, "{\"env\":\"prod\"}", "[1]"), "bad_field"},
            {replaced(Line, "cpu", "\xff\xfe"), "invalid_utf8"},
            {Line.substr(0, 60), "truncated_json"},
            {"connection reset by peer at 09:00:00 of web", "invalid_json"},
            {Line + "x", "invalid_json"},
        };
        for (const char *codec : {"eventops.agent", "auto"}) {
            for (const auto &[line, reason] : cases) {
                // A good line before and after: what the quick path remembers must not hide damage.
                const Decoded out = decodeAll(*codecByName(codec), {Line, line, Line});
                QVERIFY2(out.reasons[1] == reason, (line + " gave \"" + out.reasons[1] + '"').c_str());
                QVERIFY(!out.details[1].empty());
                QCOMPARE(out.batch.events.size(), std::size_t{2});
            }
        }
        QVERIFY(decodeAll(*codecByName("auto"), {cases[0].first}).details[0].find("tenant_id") != std::string::npos);
    }

    void upstreamDefaults()
    {
        auto codec = makeCodec("eventops.agent", Value::map({{"require", Value::list({})}}));
        QVERIFY(static_cast<bool>(codec));
        const Decoded out = decodeAll(*codec.value(), {"{\"unit\":\"s\"}"});
        QCOMPARE(out.reasons[0], std::string());
        QCOMPARE(out.text(Field::Tenant), std::string("default"));
        QCOMPARE(out.text(Field::SourceId), std::string("unknown"));
        QCOMPARE(out.text(Field::Metric), std::string("unknown"));
        QCOMPARE(out.event().value, 0.0);
        QVERIFY(out.event().tsEvent == NoTime);
        const auto wrong = makeCodec("auto", Value::map({{"require", Value::list({scalar("tenant", 7, 14)})}}));
        QVERIFY(!wrong);
        QCOMPARE(wrong.error().where.line, 7u);
        QVERIFY(wrong.error().message.find("tenant") != std::string::npos);
    }

    void bigNumbersSurvive()
    {
        const Decoded out = decodeAll(*codecByName("eventops.agent"), {
            replaced(Line, ":85,", ":9007199254740993,"), replaced(Line, ":85,", ":18446744073709551615,"),
            replaced(Line, ":85,", ":0.1,"), replaced(Line, ":85,", ":\"18446744073709551615\","), Line});
        QCOMPARE(out.reasons, (std::vector<std::string>{"", "", "", "", ""}));
        QCOMPARE(out.text(Field::ValueText, 0), std::string("9007199254740993"));
        QCOMPARE(out.text(Field::ValueText, 1), std::string("18446744073709551615"));
        QCOMPARE(out.text(Field::ValueText, 2), std::string("<absent>"));
        QCOMPARE(out.text(Field::ValueText, 3), std::string("18446744073709551615"));
        LossReport loss;
        QVERIFY(codecByName("eventops.agent")->encode(out.batch, out.event(1),
                                                      loss).value().find(":18446744073709551615,")
                != std::string::npos);
    }

    void roundTrip()
    {
        const std::vector<std::string> lines = {
            Line, replaced(Line, ":85,", ":0.1,"), replaced(Line, "prod\"", "pr\\u00f6d\",\"n\":[1, 2]"),
            replaced(Line, "\"2025-10-21T10:00:00Z\"", "1760605200000"),
            replaced(Line, ",\"tags\":{\"env\":\"prod\"}", ",\"x\":9007199254740993"),
        };
        const Decoded out = decodeAll(*codecByName("eventops.agent"), lines);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            LossReport loss;
            QCOMPARE(codecByName("eventops.agent")->encode(out.batch, out.event(i), loss).value(), lines[i]);
            QVERIFY(loss.items.empty());
        }
    }

    /// The quick path gives what the general path gives, line by line, across batches whose string tables differ.
    void quickPathShowsInNothing()
    {
        std::vector<std::string> lines;
        const char *values[] = {"85", "0", "-0", "-3.25", "1e2", "100000000000000", "123456789012345",
                                "1234567890123456",
                                "0.1", "12.000", "01", "1.", "-", "3.14159265358979"};
        const char *times[] = {"2025-10-21T10:00:00Z", "2025-10-21T10:00:00.123Z", "2025-10-21T10:00:61Z",
                               "2025-10-21T10:00:00.1Z", "2025-10-21T10:00:00+02:00", "2025-10-21 10:00:00Z",
                               "2025-10-21T10:00:5xZ", "2025-02-30T10:00:00Z", "2025-10-21T10:00:60Z"};
        const char *tags[] = {"{\"env\":\"prod\"}", "{}", "{\"env\": \"prod\"}", "{\"a\":{\"b\":[1]}}",
                              "{\"a\":1},\"x\":{}",
                              "{\"a\":\"}\"}", "[{}]", "{\"a\":\"\\\"\"}"};
        for (const char *value : values)
            lines.push_back(replaced(Line, ":85,", ":" + std::string(value) + ","));
        for (const char *time : times)
            lines.push_back(replaced(Line, "2025-10-21T10:00:00Z", time));
        for (const char *tag : tags)
            lines.push_back(replaced(Line, "{\"env\":\"prod\"}", tag));
        for (const char *host : {"host-ab", "host-", "HOST-A", " host-a", "h\xc3\xa9", "a\\\"b", ""})
            lines.push_back(replaced(Line, "host-a", host));
        for (const char *unit : {"percen", "percents", "PERCENT", "", " "})
            lines.push_back(replaced(Line, "percent", unit));
        lines.push_back(replaced(Line, "\"unit\":", "\"unit\" :"));
        lines.push_back(replaced(Line, "}}", "},\"tags\":{\"late\":1}}"));
        lines.push_back(replaced(Line, "}}", "} }"));
        for (std::size_t i = 0, n = lines.size(); i < n; ++i)
            lines.push_back(Line.substr(0, 60 + i));

        std::vector<std::string> expected;
        for (const std::string &line : lines) {
            const Decoded fresh = decodeOne("eventops.agent", line); // a new decoder knows nothing
            expected.push_back(fresh.reasons[0].empty() ? dump(fresh.batch, fresh.event()) : fresh.reasons[0]);
        }
        const auto decoder = codecByName("eventops.agent")->makeDecoder();
        std::size_t decoded = 0;
        for (int round = 0; round < 4; ++round) {
            Batch batch = batchOf(lines);
            for (std::uint32_t i = 0; i < lines.size(); ++i) {
                const std::size_t which = round % 2 == 0 ? i : lines.size() - 1 - i;
                const DecodeFailure failure = decoder->decode(batch, static_cast<std::uint32_t>(which));
                const std::string got = failure ? std::string(failure.reason->name) : dump(batch, batch.events.back());
                QVERIFY2(got == expected[which], (lines[which] + "\n" + got + "\n" + expected[which]).c_str());
                decoded += failure ? 0 : 1;
            }
        }
        QVERIFY(decoded >= 100);
    }

    /// A table that is filled anew under the same address.
    void batchesMayBeReused()
    {
        const auto decoder = codecByName("auto")->makeDecoder();
        Batch batch = batchOf({Line});
        const auto chunks = batch.chunks;
        const auto records = batch.records;
        for (const char *first : {"x", "y", "z"}) {
            batch.clear();
            batch.chunks = chunks;
            batch.records = records;
            batch.strings.intern(first); // shifts all ids
            if (first[0] == 'z')
                batch.strings.intern("another");
            QVERIFY(!decoder->decode(batch, 0));
            QCOMPARE(batch.text(batch.events[0], Field::EntityId), std::string_view("host:host-a"));
            QCOMPARE(batch.text(batch.events[0], Field::Tags), std::string_view("{\"env\":\"prod\"}"));
            QCOMPARE(batch.text(batch.events[0], Field::TsText), std::string_view("2025-10-21T10:00:00Z"));
            QCOMPARE(batch.text(batch.events[0], Field::Codec), std::string_view("eventops.agent"));
        }
    }
};

EVENTOPS_TEST(TestAgent)
#include "tst_agent.moc"
