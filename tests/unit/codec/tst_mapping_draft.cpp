// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/codec/codec.h"
#include "core/codec/event_fields.h"
#include "core/codec/field_guess.h"
#include "core/codec/mapping_draft.h"
#include "core/yaml/yaml.h"

using namespace eventops;

namespace {

/// The first event that the guessed mapping makes of the records of @p text, by field; empty: none.
std::map<std::string, std::string> firstEvent(const Detection &found)
{
    const auto map = parseYaml(guessMapping(found), "map");
    if (!map)
        return {{"error", map.error().text()}};
    const auto codec = makeCodec("mapped", Value::map({{"map", map.value()}}));
    if (!codec)
        return {{"error", codec.error().text()}};
    Batch batch;
    auto chunk = std::make_shared<RawChunk>();
    chunk->bytes = found.records.front();
    batch.records.emplace_back().size = static_cast<std::uint32_t>(chunk->bytes.size());
    chunk->bytes.reserve(chunk->bytes.size() + RawPaddingBytes);
    batch.chunks.push_back(std::move(chunk));
    if (const DecodeFailure failure = codec.value()->makeDecoder()->decode(batch, 0))
        return {{"error", failure.detail}};
    std::map<std::string, std::string> out = {{"events", std::to_string(batch.events.size())}};
    for (EventField &field : eventFields(batch, batch.events.front()))
        out[field.name] = std::move(field.value);
    return out;
}

} // namespace

class TestMappingDraft : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void guessesOfJson()
    {
        const std::string text = R"({"ID":"e-1","Event_Time":"2026-02-03 04:05:06","kind":"door.forced","lvl":"WARN",)"
                                 R"("device":{"id":"D-17"},"trace-id":"t1","reading":81.25,"unit":"N",)"
                                 R"("note":"someone pushed","extra":{"a.b":1}})";
        auto event = firstEvent(detect(text));
        QVERIFY2(!event.contains("error"), event["error"].c_str());
        const std::map<std::string, std::string> wanted = {
            {"event_id", "e-1"},     {"ts_event", "2026-02-03T04:05:06Z"},
            {"type", "door.forced"}, {"step", "door.forced"},
            {"severity", "warning"}, {"entity.type", "Device"},
            {"entity.id", "D-17"},   {"trace_id", "t1"},
            {"value", "81.25"},      {"metric", "reading"},
            {"unit", "N"},           {"message", "someone pushed"},
        };
        for (const auto &[name, value] : wanted)
            QVERIFY2(event[name] == value, (name + ": " + event[name] + ", not " + value).c_str());
        QVERIFY(event["attrs"].find("a.b") != std::string::npos); // nothing is left out
    }

    /// Else two readings of one device would count as one.
    void anIdBelowAMemberIsNotTheEvents()
    {
        auto event =
            firstEvent(detect(R"({"ts":"2026-02-03T04:05:06Z","pump":{"id":"p-7","site":"north"},"temp_c":81.5})"));
        QVERIFY(!event.contains("error"));
        QCOMPARE(event.count("event_id"), std::size_t(0));
        QCOMPARE(event["entity.id"], std::string("p-7"));
        QCOMPARE(event["entity.type"], std::string("Pump"));
    }

    // An odd name of a member is left out of a draft, not written into it; so is that of a list.
    void namesThatNoMappingCanHold()
    {
        for (const char *text : {R"({"\u0001a":"x","message":"good"})", R"({"line\nend":"x","message":"good"})",
                                 R"({"$values":[{"message":"good"}],"message":"good"})"}) {
            auto event = firstEvent(detect(text));
            QVERIFY2(!event.contains("error"), event["error"].c_str());
            QCOMPARE(event["message"], std::string("good"));
        }
    }

    void listsAreSplit()
    {
        auto inner = firstEvent(detect(R"({"source":"probe","readings":[{"time":1770091506,"host":"a","value":1},)"
                                       R"({"time":1770091507,"host":"b","value":2}]})"));
        QCOMPARE(inner["events"], std::string("2"));
        QCOMPARE(inner["entity.id"], std::string("a"));
        QCOMPARE(inner["ts_event"], std::string("2026-02-03T04:05:06Z"));
        auto outer = firstEvent(
            detect(R"([{"ts":"2026-02-03T04:05:06Z","event":"x"},{"ts":"2026-02-03T04:05:07Z","event":"y"}])"));
        QCOMPARE(outer["events"], std::string("2"));
        QCOMPARE(outer["type"], std::string("x"));
        // A document with a time of its own is an event, whatever lists it has.
        auto whole = firstEvent(detect(R"({"timestamp":"2026-02-03T04:05:06Z","items":[{"sku":"a"},{"sku":"b"}]})"));
        QCOMPARE(whole["events"], std::string("1"));
    }

    void awkwardNamesArePaths()
    {
        auto event = firstEvent(
            detect(R"({"labels":{"k8s.host":"n1","host.name":"n2"},"time":"2026-02-03T04:05:06Z","$type":"x"})"));
        QVERIFY2(!event.contains("error"), event["error"].c_str());
        QCOMPARE(event["entity.id"], std::string("n2"));
        QCOMPARE(event["type"], std::string("x"));
    }

    void linesWithSeparators()
    {
        const std::string text = "door|2026-02-03 04:05:06|D-17|WARN|opened by \"hand\"\n"
                                 "door|2026-02-03 04:05:09|D-17|ERROR|forced\n";
        auto event = firstEvent(detect(text));
        QVERIFY2(!event.contains("error"), event["error"].c_str());
        QCOMPARE(event["ts_event"], std::string("2026-02-03T04:05:06Z"));
        QCOMPARE(event["severity"], std::string("warning"));
        QCOMPARE(event["message"], std::string("opened by \"hand\""));
        auto plain = firstEvent(detect("something happened to somebody\nand then it was over again\n"));
        QCOMPARE(plain["message"], std::string("something happened to somebody"));
    }

    void timesAreTold_data()
    {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("format"); // "-": no time
        QTest::newRow("rfc3339") << "\"2026-02-03T04:05:06Z\""
                                 << "";
        QTest::newRow("epoch") << "1770091506123"
                               << "";
        QTest::newRow("a count") << "42"
                                 << "-";
        QTest::newRow("access log") << "\"03/Feb/2026:04:05:06 +0000\""
                                    << "%d/%b/%Y:%H:%M:%S %z";
        QTest::newRow("words") << "\"yesterday at noon\""
                               << "-";
    }
    void timesAreTold()
    {
        QFETCH(QString, json);
        QFETCH(QString, format);
        const std::string text = json.toStdString();
        const std::string_view value = text;
        const auto told = guessTimeFormat(std::span(&value, 1));
        QCOMPARE(QString::fromStdString(told.value_or("-")), format);
    }

    /// A format's mapping, written out, makes the same of its documents as the format does.
    void aFormatsMappingCanBeWrittenOut()
    {
        const auto map = formatMapping("alertmanager");
        QVERIFY(map && map->starts_with("split: alerts[]\n"));
        const auto value = parseYaml(*map, "map");
        QVERIFY2(value, value ? "" : value.error().text().c_str());
        QVERIFY(makeCodec("mapped", Value::map({{"map", value.value()}})));
        QVERIFY(!formatMapping("karma.v1")); // read by code
        QVERIFY(!formatMapping("no such format"));
    }

    void scalarsAreQuotedWhereTheyMust()
    {
        QCOMPARE(yamlScalar("labels.host"), std::string("labels.host"));
        QCOMPARE(yamlScalar("it's"), std::string("'it''s'"));
        QCOMPARE(yamlScalar("on"), std::string("'on'"));
        QCOMPARE(yamlScalar("%Y"), std::string("'%Y'"));
        QCOMPARE(yamlScalar(""), std::string("''"));
    }
};

EVENTOPS_TEST(TestMappingDraft)
#include "tst_mapping_draft.moc"
