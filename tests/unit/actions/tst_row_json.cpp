// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/base/json_scan.h"
#include "core/base/time.h"
#include "core/model/row_json.h"

using namespace eventops;

namespace {

const std::string Hostile = std::string("\xff\"\\\n\r\t<script>") + '\0' + "\xed\xa0\x80";

/// One valid JSON object on one line.
bool isRow(const std::string &text)
{
    return jsonIsValid(text) && text.front() == '{' && text.find_first_of("\r\n") == std::string::npos
           && QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())).toUtf8().toStdString() == text;
}

} // namespace

class TestRowJson : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void event()
    {
        Batch batch;
        batch.records.push_back({});
        batch.records[0].position = 160;
        batch.records[0].seq = 2;
        batch.tsIngest = *parseTimestamp("2025-10-21T11:00:00Z");
        Event e;
        const auto set = [&](Field field, std::string_view text) { e[field] = batch.strings.append(text); };
        e.tsEvent = *parseTimestamp("2025-10-21T12:00:00.5+02:00");
        e.severity = Severity::Warning;
        e.hasValue = true;
        e.value = 85.0;
        set(Field::EventId, "id-1");
        set(Field::Tenant, "acme");
        set(Field::Type, "signals.metric");
        set(Field::SourceType, "host");
        set(Field::SourceId, "host-a");
        set(Field::EntityType, "host");
        set(Field::EntityId, "host-a");
        set(Field::Metric, "cpu_load");
        set(Field::Tags, R"({"env":"prod"})");
        set(Field::Attrs, "{\n  \"a\": 9007199254740993,\n \"s\": \" x\\\" \"\n}");
        set(Field::Links, "[]");
        set(Field::Codec, "karma.v1");
        std::string out;
        appendEventJson(out, batch, e);
        const char expected[] =
            R"({"id":"id-1","ts_event":"2025-10-21T10:00:00.500Z","ts_ingest":"2025-10-21T11:00:00Z","tenant":"acme",)"
            R"("source":{"type":"host","id":"host-a"},"type":"signals.metric","entity":{"type":"host","id":"host-a"},)"
            R"("severity":13,"metric":"cpu_load","value":85,"tags":{"env":"prod"},)"
            "\"attrs\":{\"a\":9007199254740993,\"s\":\" x\\\" \"},"
            R"("links":[],"raw":{"position":160,"seq":2,"codec":"karma.v1"}})";
        QCOMPARE(QByteArray::fromStdString(out), QByteArray(expected));
        QVERIFY(isRow(out));
    }

    void valueIsExact_data()
    {
        QTest::addColumn<double>("value");
        QTest::addColumn<QByteArray>("written");
        QTest::addColumn<QByteArray>("shown");
        QTest::newRow("plain") << 0.1 << QByteArray() << QByteArray("0.1");
        QTest::newRow("2^53+1") << 9007199254740992.0 << QByteArray("9007199254740993")
                                << QByteArray("9007199254740993");
        QTest::newRow("2^64-1") << 18446744073709551616.0 << QByteArray("18446744073709551615")
                                << QByteArray("18446744073709551615");
        QTest::newRow("no number") << 1.5 << QByteArray("1,5") << QByteArray("1.5");
        QTest::newRow("a string") << 1.5 << QByteArray("\"x\"") << QByteArray("1.5");
    }
    void valueIsExact()
    {
        QFETCH(double, value);
        QFETCH(QByteArray, written);
        QFETCH(QByteArray, shown);
        Batch batch;
        Event e;
        e.hasValue = true;
        e.value = value;
        if (!written.isEmpty())
            e[Field::ValueText] = batch.strings.append(written.toStdString());
        std::string out;
        appendEventJson(out, batch, e);
        QCOMPARE(std::string(jsonFind(out, "value")->text), shown.toStdString());
        QVERIFY(out.starts_with(R"({"id":"","ts_event":null,"tenant":"","type":"","value":)"));
        QVERIFY(out.ends_with(R"("tags":{},"attrs":{},"raw":{}})"));
    }

    void modelRows()
    {
        Finding f;
        f.id = "f1";
        f.ts = *parseTimestamp("2025-10-21T10:00:00Z");
        f.severity = Severity::Critical;
        f.entityType = "host";
        f.entityId = "h";
        f.name = "value_surprise";
        f.origin = FindingOrigin::Entropy;
        f.bits = 12.5;
        f.terms.push_back({"value", 12.5, "host:h cpu", "97", "34.1", 60});
        f.evidence = R"(["e1"])";
        std::string out;
        appendFindingJson(out, f);
        QCOMPARE(
            QByteArray::fromStdString(out),
            QByteArray(
                R"({"id":"f1","ts":"2025-10-21T10:00:00Z","tenant":"","origin":"entropy","state":"firing",)"
                R"("severity":"critical","severity_number":21,"name":"value_surprise",)"
                R"("entity":{"type":"host","id":"h"},"message":"","bits":12.5,"terms":[{"name":"value","bits":12.5,)"
                R"("context":"host:h cpu","observed":"97","expected":"34.1","samples":60}],)"
                R"("tags":{},"evidence":["e1"]})"));
        Entity entity{"acme", "host", "h", f.ts, f.ts, 1, 3, ""};
        out.clear();
        appendEntityJson(out, entity);
        QCOMPARE(QByteArray::fromStdString(out),
                 QByteArray(R"({"tenant":"acme","type":"host","id":"h","first_seen":"2025-10-21T10:00:00Z",)"
                            R"("last_seen":"2025-10-21T10:00:00Z","events":3})"));
        Link link;
        link.sourceType = "job";
        link.targetId = "t";
        link.type = "part_of";
        out.clear();
        appendLinkJson(out, link);
        QCOMPARE(QByteArray::fromStdString(out),
                 QByteArray(R"({"tenant":"","source":{"type":"job","id":""},"target":{"type":"","id":"t"},)"
                            R"("type":"part_of","first_seen":null,"last_seen":null,"events":0})"));
        Action action;
        action.suggestion.id = "s";
        action.suggestion.command = "restart";
        action.suggestion.args = R"({"n":1})";
        action.suggestion.ttlSeconds = 600;
        action.version = 2;
        out.clear();
        appendActionJson(out, action);
        QCOMPARE(QByteArray::fromStdString(out),
                 QByteArray(R"({"id":"s.2","state":"proposed","version":2,"policy":"","command":"restart",)"
                            R"("args":{"n":1},"tenant":"","entity":{"type":"","id":""},"finding_id":"","reason":"",)"
                            R"("proposed_at":null,"expires_at":null,"ttl_sec":600,"approvals_required":1,)"
                            R"("digest":"","attempts":0})"));
    }

    void hostileTextsGiveValidRows()
    {
        Batch batch;
        Event e;
        for (StrId &id : e.text)
            id = batch.strings.append(Hostile);
        e.hasValue = true;
        std::string out;
        appendEventJson(out, batch, e);
        QVERIFY(isRow(out));
        QVERIFY(jsonFind(out, "attrs._invalid"));
        QVERIFY(jsonFind(out, "entities.0"));
        Finding f;
        f.id = f.tenant = f.name = f.message = f.tags = f.evidence = f.alert = f.entityId = f.metric = f.step = Hostile;
        f.terms.push_back({Hostile, 0.0, Hostile, Hostile, Hostile, 0});
        out.clear();
        appendFindingJson(out, f);
        QVERIFY(isRow(out));
        Action a;
        a.suggestion.id = a.suggestion.args = a.suggestion.reason = a.output = a.approver = Hostile;
        out.clear();
        appendActionJson(out, a);
        QVERIFY(isRow(out));
        Entity entity;
        entity.id = entity.lastStep = Hostile;
        out.clear();
        appendEntityJson(out, entity);
        QVERIFY(isRow(out));
        Link link;
        link.sourceId = link.type = Hostile;
        out.clear();
        appendLinkJson(out, link);
        QVERIFY(isRow(out));
    }

    void embeddedJsonKeepsItsShape()
    {
        const auto line = [](std::string_view json, JsonShape shape) {
            std::string out;
            appendJsonLine(out, json, shape);
            return out;
        };
        QCOMPARE(line("[1]", JsonShape::Object), std::string(R"({"_invalid":"[1]"})"));
        QCOMPARE(line("{}", JsonShape::Array), std::string(R"(["{}"])"));
        QCOMPARE(line("", JsonShape::Any), std::string(R"("")"));
        QCOMPARE(line("7", JsonShape::Any), std::string("7"));
        QCOMPARE(line("{} {}", JsonShape::Object), std::string(R"({"_invalid":"{} {}"})"));
        QCOMPARE(line("{ \"a\" :\n[ 1 , 2 ] }", JsonShape::Object), std::string(R"({"a":[1,2]})"));
        QCOMPARE(line("{\"a\":1,\"a\":2}", JsonShape::Object), std::string(R"({"a":1,"a":2})"));
    }
};

EVENTOPS_TEST(TestRowJson)
#include "tst_row_json.moc"
