// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/base/time.h"
#include "core/filter/filter.h"
#include "core/filter/rows.h"

using namespace eventops;

namespace {

struct Sample {
    Batch batch;
    Event event;
    void set(Field field, std::string_view text) { event[field] = batch.strings.append(text); }
};

Sample sample()
{
    Sample s;
    s.set(Field::EventId, "e-1");
    s.set(Field::Tenant, "acme");
    s.set(Field::Type, "order.created");
    s.set(Field::EntityType, "Host");
    s.set(Field::EntityId, "host-a");
    s.set(Field::Metric, "cpu_load");
    s.set(Field::Message, "Connection reset by Peer");
    s.set(Field::Tags, R"({"env":"prod","k8s.pod":"p1","code":"503","quote":"a\u0022b"})");
    s.set(Field::Attrs, R"({"a":{"b":42},"big":9007199254740993,"flag":true,"none":null,"list":[10,20]})");
    s.set(Field::ValueText, "9007199254740993");
    s.event.tsEvent = *parseTimestamp("2025-10-21T10:00:00Z");
    s.event.severity = Severity{14};
    s.event.hasValue = true;
    s.event.value = 9007199254740992.0;
    s.batch.records.push_back({});
    s.batch.records.back().position = 4711;
    return s;
}

Filter parsed(const std::string &text)
{
    auto filter = Filter::parse(text);
    if (!filter)
        qFatal("%s: %s", text.c_str(), filter.error().text().c_str());
    return std::move(filter).value();
}

} // namespace

class TestFilter : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void events_data()
    {
        QTest::addColumn<bool>("matches");
        for (const char *text :
             {"", "  ", "tenant = acme", "tenant == 'acme'", "entity.type = Host and entity.id in (x, host-a)",
              "severity >= warning", "severity = warning", "severity < error", "severity = 14", "severity != critical",
              "ts_event >= 2025-10-21T10:00:00Z", "ts = 2025-10-21T12:00:00+02:00",
              "ts < 2025-10-21T10:00:00.000000001Z",
              "type ~ \"^order\\.\"", "type ~ ^order", "type !~ '^x'", "type contains created", "not exists(step)",
              "exists(tags.env)", "tags.env = prod", "tags.k8s.pod = p1", "tags.code >= 500", "tags.code = 503",
              "tags.quote = 'a\"b'", "tags.quote = \"a\\\"b\"", "attrs.a.b > 41.5", "attrs.flag = true",
              "attrs.list.1 = 20", "attrs.big = 9007199254740993", "attrs.big > 9007199254740992",
              "value = 9007199254740993", "value > 9007199254740992", "\"connection RESET\"", "'K8S.POD'",
              "tenant = x or tenant = acme and metric = cpu_load", "not (tenant = x)",
              "NOT tenant = x AND metric=cpu_load",
              "tenant not in (x, y)", "id = e-1", "raw.position = 4711", "not (step = x)", "attrs.a.b ~ ^4",
              "ts_event ~ ^2025-10", "tags contains k8s"})
            QTest::newRow(text) << true;
        for (const char *text :
             {"tenant = x", "tenant != acme", "step != x", "step = x", "step in (x)", "step not in (x)",
              "severity > warning",
              "severity >= error", "attrs.none = null", "exists(attrs.none)", "tags.env != prod", "tags.env > 5",
              "attrs.big = 9007199254740992", "value = 9007199254740992", "nonsense = 1", "exists(nonsense)",
              "\"connection refused\"", "type contains CREATED", "tenant = acme and metric = x",
              "(tenant = x or tenant = acme) and metric = x", "not tenant = acme", "ts > 2025-10-21T10:00:00Z"})
            QTest::newRow(text) << false;
    }
    void events()
    {
        QFETCH(bool, matches);
        const Sample s = sample();
        QCOMPARE(parsed(QTest::currentDataTag()).matches(s.batch, s.event), matches);
    }

    void errorsNameColumnAndExpectation_data()
    {
        QTest::addColumn<QByteArray>("message");
        const auto row = [](const char *text, const char *message) { QTest::newRow(text) << QByteArray(message); };
        row("tenant", "column 7: expected one of = != < <= > >= ~ !~ in contains after \"tenant\", found the end");
        row("tenant = ", "column 10: expected a value, found the end");
        row("tenant = a b", "column 12: expected \"and\", \"or\" or the end, found \"b\"");
        row("(tenant = a", "column 12: expected \"and\", \"or\" or \")\", found the end");
        row("tenant = a)", "column 11: expected \"and\", \"or\" or the end, found \")\"");
        row("and", "column 4: expected one of");
        row("a = 1 and", "column 10: expected a field name, \"not\", \"(\" or a text in quotes, found the end");
        row("t = \"x", "column 5: this quote is never closed");
        row("\xc3\xa9 = \"x", "column 5: this quote is never closed");
        row("a in x", "column 6: expected \"(\", found \"x\"");
        row("a in (x y)", "column 9: expected \",\" or \")\", found \"y\"");
        row("a in ()", "column 7: expected a value, found \")\"");
        row("severity > loud", "column 12: expected a severity, found \"loud\"");
        row("ts_event > yesterday", "column 12: expected a time, found \"yesterday\"");
        row("a ~ \"(\"", "column 5: expected a regular expression: missing )");
        row("! a", "column 1: expected \"!=\" or \"!~\"");
        row("exists(", "column 8: expected a field name, found the end");
        row("exists(a", "column 9: expected \")\", found the end");
        row("a not = 1", "column 7: expected \"in\", found \"=\"");
        row("'a' = 1", "column 5: expected \"and\", \"or\" or the end, found \"=\"");
    }
    void errorsNameColumnAndExpectation()
    {
        QFETCH(QByteArray, message);
        const auto filter = Filter::parse(QTest::currentDataTag());
        QVERIFY(!filter);
        QVERIFY(filter.error().code == Error::Code::InvalidArgument);
        QVERIFY2(filter.error().message.find(message.toStdString()) != std::string::npos,
                 filter.error().message.c_str());
    }

    void limits()
    {
        const auto repeated = [](const std::string &text, std::size_t n) {
            std::string out;
            for (std::size_t i = 0; i < n; ++i)
                out += text;
            return out;
        };
        const auto nested = [&](std::size_t n) { return repeated("(", n) + "a=1" + repeated(")", n); };
        QVERIFY(Filter::parse(nested(FilterDepthMax)));
        QVERIFY(!Filter::parse(nested(FilterDepthMax + 1)));
        QVERIFY(!Filter::parse(repeated("(", FilterBytesMax)));
        QVERIFY(!Filter::parse(repeated("not ", FilterDepthMax + 1) + "a=1"));
        QVERIFY(Filter::parse(repeated("a=1 or ", FilterTermsMax - 1) + "a=1"));
        QVERIFY(!Filter::parse(repeated("a=1 or ", FilterTermsMax) + "a=1"));
        QVERIFY(!Filter::parse("a = " + repeated("x", FilterBytesMax)));
        QVERIFY(!Filter::parse("a ~ " + repeated("x", FilterPatternBytesMax + 1)));
        QVERIFY(!Filter::parse("a ~ '((((a{1,500}){1,500}){1,500}){1,500})'"));
        QVERIFY(!Filter::parse(repeated("a~x or ", FilterPatternsMax) + "a~x"));
    }

    void timeBounds()
    {
        const auto min = [](const char *text) { return parsed(text).tsEventMin(); };
        const auto max = [](const char *text) { return parsed(text).tsEventMax(); };
        const WallNs a = *parseTimestamp("2025-01-01T00:00:00Z");
        const WallNs b = *parseTimestamp("2025-01-02T00:00:00Z");
        QVERIFY(min("") == std::nullopt);
        QVERIFY(min("ts >= 2025-01-01T00:00:00Z and ts > 2025-01-02T00:00:00Z") == b);
        QVERIFY(max("ts >= 2025-01-01T00:00:00Z") == std::nullopt);
        QVERIFY(max("ts < 2025-01-01T00:00:00Z or ts <= 2025-01-02T00:00:00Z") == b);
        QVERIFY(max("ts < 2025-01-01T00:00:00Z and ts <= 2025-01-02T00:00:00Z") == a);
        QVERIFY(min("ts > 2025-01-01T00:00:00Z or tenant = x") == std::nullopt);
        QVERIFY(min("not ts < 2025-01-01T00:00:00Z") == std::nullopt);
        QVERIFY(min("ts in (2025-01-02T00:00:00Z, 2025-01-01T00:00:00Z)") == a);
        QVERIFY(max("ts = 2025-01-02T00:00:00Z and tenant = x") == b);
        QVERIFY(min("ts != 2025-01-02T00:00:00Z") == std::nullopt);
    }

    void requiredTexts()
    {
        using Texts = std::vector<std::string>;
        const auto required = [](const char *text) { return parsed(text).requiredTexts(Field::Tenant); };
        QCOMPARE(required("tenant = b"), Texts{"b"});
        QCOMPARE(required("tenant in (b, a) and type = c"), (Texts{"a", "b"}));
        QCOMPARE(required("tenant = b or tenant = a"), (Texts{"a", "b"}));
        QCOMPARE(required("tenant = b or type = a"), Texts{});
        QCOMPARE(required("not tenant = b"), Texts{});
        QCOMPARE(required("tenant in (a, b) and tenant = b"), Texts{"b"});
        QCOMPARE(parsed("a.b = 1 and (\"x\" or exists(c))").fieldNames(), (Texts{"a.b", "c"}));
    }

    void modelRows()
    {
        Finding f;
        f.id = "f1";
        f.ts = *parseTimestamp("2025-10-21T10:00:00Z");
        f.severity = Severity::Critical;
        f.name = "cpu_load_threshold";
        f.entityType = "host";
        f.metric = "cpu_load";
        f.hasValue = true;
        f.value = 95.0;
        f.tags = R"({"env":"prod","esc":"\u0041\n"})";
        f.alert = R"({"severity":"critical"})";
        f.message = "CPU is hot";
        const auto finding = [&](const char *text) { return parsed(text).matches(FindingRow(f)); };
        QVERIFY(finding("severity >= error and name = cpu_load_threshold and value > 90 and tags.env = prod"));
        QVERIFY(finding("severity = critical and severity_number = 21 and origin = rule and state = firing"));
        QVERIFY(finding("severity ~ crit and alert.severity = critical and tags.esc = 'A\n'"));
        QVERIFY(finding("'cpu is HOT' and ts >= 2025-10-21T10:00:00Z and not exists(step)"));
        QVERIFY(!finding("severity < critical"));

        Entity e;
        e.type = "job";
        e.id = "j-1";
        e.events = 3;
        e.lastSeen = f.ts;
        QVERIFY(parsed("type = job and events >= 3 and not exists(first_seen) and 'J-1'").matches(EntityRow(e)));
        Link l;
        l.sourceId = "a";
        l.targetId = "b";
        l.type = "causes";
        QVERIFY(parsed("source.id = a and target.id = b and type = causes and not exists(tenant)").matches(LinkRow(l)));
        Action a;
        a.suggestion.id = "0123";
        a.suggestion.args = R"({"host":"h1","n":2})";
        a.suggestion.ttlSeconds = 600;
        a.version = 2;
        QVERIFY(parsed("id = 0123.2 and state = proposed and args.host = h1 and args.n = 2 and ttl_sec = 600")
                    .matches(ActionRow(a)));
        QVERIFY(!parsed("state = approved").matches(ActionRow(a)));
    }

    /// Any bytes parse or give an error with a column; nothing else.
    void garbageNeverCrashes()
    {
        const std::string seeds = "()\"'=!<>~,\\ andornotinexists.tags\xff\xc3\x00 1severity:ts_event";
        std::uint64_t state = 1;
        std::size_t good = 0;
        for (int round = 0; round < 5000; ++round) {
            std::string text;
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            const std::size_t size = (state >> 33) % 40;
            for (std::size_t i = 0; i < size; ++i) {
                state = state * 6364136223846793005ULL + 1442695040888963407ULL;
                text += seeds[(state >> 33) % seeds.size()];
            }
            const auto filter = Filter::parse(text);
            if (filter)
                ++good;
            else
                QVERIFY(filter.error().message.starts_with("filter, column "));
        }
        QVERIFY(good > 0 && good < 5000);
    }
};

EVENTOPS_TEST(TestFilter)
#include "tst_filter.moc"
