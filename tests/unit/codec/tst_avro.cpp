// SPDX-License-Identifier: MIT
//
// Avro: schemas, their resolution, and data that may be anything. Bytes of others are from fastavro, and from avro-c.
#include "core/codec/avro_data.h"
#include "core/codec/avro_payload.h"
#include "core/codec/json_reader.h"
#include "tests/support/test_main.h"
#include "tests/unit/codec/codec_fixture.h"

#include <avro.h>

#include <random>

using namespace eventops;
using namespace eventops::test;

namespace {

const char AllTypes[] = R"({"type":"record","name":"All","namespace":"t.s","aliases":["Old"],"doc":"x","fields":[
{"name":"n","type":"null"},{"name":"b","type":"boolean"},{"name":"i","type":"int"},
{"name":"l","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"f","type":"float"},
{"name":"d","type":"double"},{"name":"y","type":"bytes"},{"name":"s","type":"string","default":"q"},
{"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
{"name":"x","type":{"type":"fixed","name":"X","size":3}},{"name":"a","type":{"type":"array","items":"int"}},
{"name":"m","type":{"type":"map","values":["null","t.s.E"]}},
{"name":"r","type":{"type":"record","name":"other.R","fields":[{"name":"again","type":["null","R"]}]}},
{"name":"u","type":["null","long","string",{"type":"array","items":"double"}]}]})";
// Written by fastavro 1.13.1.
const char AllTypesHex[] =
    "01ffffffff0f8280808080808020cdcccc3d9c7500883ce4377e0400ff0661220a0201807a06020180010004026b02"
    "00027a000002000604000000000000e03f000000000000004000";
const char AllTypesJson[] = R"({"n":null,"b":true,"i":-2147483648,"l":9007199254740993,"f":0.1,"d":1e+300,)"
                            "\"y\":\"\\u0000\xC3\xBF\",\"s\":\"a\\\"\\n\",\"e\":\"B\",\"x\":\"\\u0001\xC2\x80z\","
                            R"("a":[1,-1,64],"m":{"k":"A","z":null},"r":{"again":{"again":null}},"u":[0.5,2]})";

std::string fromHex(const char *hex)
{
    return QByteArray::fromHex(hex).toStdString();
}

std::shared_ptr<const AvroSchema> schemaOf(const std::string &json)
{
    auto parsed = AvroSchema::parse(json);
    if (!parsed)
        qFatal("%s", parsed.error().text().c_str());
    return std::move(parsed).value();
}

/// What is read of @p bytes; "!reason: detail" when it is refused.
std::string readWith(const std::shared_ptr<const AvroPlan> &plan, std::string_view bytes)
{
    std::string json;
    const DecodeFailure failure = readAvro(*plan, bytes, json);
    return failure ? '!' + std::string(failure.reason->name) + ": " + failure.detail : json;
}

std::string readPlain(const std::string &schema, std::string_view bytes)
{
    const auto parsed = schemaOf(schema);
    return readWith(AvroPlan::make(parsed, parsed), bytes);
}

std::string written(const std::shared_ptr<const AvroSchema> &schema, const std::string &json)
{
    std::string out;
    const Status done = writeAvro(*schema, json, out);
    return done ? out : '!' + done.error().text();
}

std::string record(const std::string &fields, const std::string &more = {})
{
    return R"({"type":"record","name":"R",)" + more + R"("fields":[)" + fields + "]}";
}

/// 2000 rounds by default, EVENTOPS_AVRO_ROUNDS else.
int rounds()
{
    bool given = false;
    const int count = qEnvironmentVariableIntValue("EVENTOPS_AVRO_ROUNDS", &given);
    return given ? count : 2'000;
}

} // namespace

class TestAvro : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theFileIsOurSchema()
    {
        const auto file = schemaOf(readFile(EVENTOPS_SOURCE_DIR "/pipelines/schemas/envelope.avsc"));
        QCOMPARE(file->canonical(), envelopeSchema()->canonical());
        // E14, as fastavro's to_parsing_canonical_form gives it.
        QCOMPARE(file->canonical(),
                 std::string(R"({"name":"monitoring.v1.Envelope","type":"record","fields":[)"
                             R"({"name":"event_id","type":"string"},{"name":"ts_event","type":"string"},)"
                             R"({"name":"ts_ingest","type":"string"},{"name":"tenant_id","type":"string"},)"
                             R"({"name":"source","type":{"name":"monitoring.v1.Source","type":"record","fields":[)"
                             R"({"name":"type","type":"string"},{"name":"source_id","type":"string"}]}},)"
                             R"({"name":"schema_name","type":"string"},{"name":"schema_version","type":"int"},)"
                             R"({"name":"attributes","type":{"type":"map","values":"string"}},)"
                             R"({"name":"tags","type":{"type":"map","values":"string"}}]})"));
    }

    void canonicalFormIsThatOfOthers()
    {
        const auto schema = schemaOf(AllTypes);
        QCOMPARE(schema->canonical(),
                 std::string(R"({"name":"t.s.All","type":"record","fields":[{"name":"n","type":"null"},)"
                             R"({"name":"b","type":"boolean"},{"name":"i","type":"int"},{"name":"l","type":"long"},)"
                             R"({"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"y","type":"bytes"},)"
                             R"({"name":"s","type":"string"},{"name":"e","type":{"name":"t.s.E","type":"enum",)"
                             R"("symbols":["A","B"]}},{"name":"x","type":{"name":"t.s.X","type":"fixed","size":3}},)"
                             R"({"name":"a","type":{"type":"array","items":"int"}},)"
                             R"({"name":"m","type":{"type":"map","values":["null","t.s.E"]}},)"
                             R"({"name":"r","type":{"name":"other.R","type":"record","fields":[)"
                             R"({"name":"again","type":["null","other.R"]}]}},)"
                             R"({"name":"u","type":["null","long","string",{"type":"array","items":"double"}]}]})"));
        QCOMPARE(schemaOf(schema->canonical())->canonical(), schema->canonical());
    }

    void everyTypeBothWays()
    {
        const auto schema = schemaOf(AllTypes);
        const std::string bytes = fromHex(AllTypesHex);
        const auto plan = AvroPlan::make(schema, schema);
        QVERIFY(plan->problems().empty());
        QCOMPARE(readWith(plan, bytes), std::string(AllTypesJson));
        QCOMPARE(written(schema, AllTypesJson), bytes);
        QCOMPARE(readWith(AvroPlan::make(schemaOf(schema->canonical()), schema), bytes), std::string(AllTypesJson));
    }

    void unionsTakeTheBranchThatFits()
    {
        const auto schema = schemaOf(
            R"(["null",{"type":"enum","name":"E","symbols":["A"]},"string","double",{"type":"map","values":"int"}])");
        const auto plan = AvroPlan::make(schema, schema);
        for (const char *json : {"null", "\"A\"", "\"v\"", "1.5", R"({"k":7})"})
            QCOMPARE(readWith(plan, written(schema, json)), std::string(json));
        QVERIFY(written(schema, "[1]").starts_with("!datum: [1] is no union of null, enum E"));
    }

    void numbersAtTheirEnds_data()
    {
        QTest::addColumn<QByteArray>("hex"); // fastavro's
        QTest::addColumn<std::string>("json");
        const std::pair<const char *, const char *> all[] = {{"00", "0"},
                                                             {"01", "-1"},
                                                             {"02", "1"},
                                                             {"7e", "63"},
                                                             {"8001", "64"},
                                                             {"7f", "-64"},
                                                             {"8101", "-65"},
                                                             {"feffffffffffffffff01", "9223372036854775807"},
                                                             {"ffffffffffffffffff01", "-9223372036854775808"}};
        for (const auto &[hex, json] : all)
            QTest::newRow(json) << QByteArray(hex) << std::string(json);
    }
    void numbersAtTheirEnds()
    {
        QFETCH(QByteArray, hex);
        QFETCH(std::string, json);
        QCOMPARE(readPlain("\"long\"", fromHex(hex)), json);
        QCOMPARE(written(schemaOf("\"long\""), json), fromHex(hex));
    }

    /// Another implementation reads what we write, and we what it writes.
    void avroCUnderstandsUs()
    {
        avro_schema_t schema = nullptr;
        const std::string text = envelopeSchema()->canonical();
        QCOMPARE(avro_schema_from_json_length(text.data(), text.size(), &schema), 0);
        avro_value_iface_t *const type = avro_generic_class_from_schema(schema);
        avro_value_t value;
        avro_generic_value_new(type, &value);
        const std::string json =
            R"({"event_id":"e","ts_event":"t","ts_ingest":"i","tenant_id":"acme","source":{"type":"host",)"
            R"("source_id":"a"},"schema_name":"signals.metric","schema_version":-7,"attributes":{"metric":"cpu"},)"
            R"("tags":{"a":"b","c":""}})";
        const std::string ours = written(envelopeSchema(), json);
        avro_reader_t reader = avro_reader_memory(ours.data(), static_cast<int64_t>(ours.size()));
        QCOMPARE(avro_value_read(reader, &value), 0);
        avro_value_t field;
        std::int32_t version = 0;
        QCOMPARE(avro_value_get_by_name(&value, "schema_version", &field, nullptr), 0);
        QCOMPARE(avro_value_get_int(&field, &version), 0);
        QCOMPARE(version, -7);
        char buffer[1024];
        avro_writer_t writer = avro_writer_memory(buffer, sizeof buffer);
        QCOMPARE(avro_value_write(writer, &value), 0);
        const std::string theirs(buffer, static_cast<std::size_t>(avro_writer_tell(writer)));
        QCOMPARE(readPlain(text, theirs), json);
        avro_writer_free(writer);
        avro_reader_free(reader);
        avro_value_decref(&value);
        avro_value_iface_decref(type);
        avro_schema_decref(schema);
    }

    /// Why it is not what reads here (adr/0009): it knows neither defaults nor aliases, which schemas evolve by.
    void avroCDoesNotServe()
    {
        const auto resolves = [](const std::string &writer, const std::string &reader) {
            avro_schema_t from = nullptr, to = nullptr;
            avro_schema_from_json_length(writer.data(), writer.size(), &from);
            avro_schema_from_json_length(reader.data(), reader.size(), &to);
            avro_value_iface_t *const made = avro_resolved_writer_new(from, to);
            if (made != nullptr)
                avro_value_iface_decref(made);
            avro_schema_decref(from);
            avro_schema_decref(to);
            return made != nullptr;
        };
        const std::string old = record(R"({"name":"a","type":"int"})");
        const std::string wider = record(R"({"name":"a","type":"int"},{"name":"b","type":"int","default":1})");
        const std::string renamed =
            R"({"type":"record","name":"S","aliases":["R"],"fields":[{"name":"a","type":"int"}]})";
        QVERIFY(resolves(old, old));
        QVERIFY(!resolves(old, wider));
        QVERIFY(!resolves(old, renamed));
        QVERIFY(avroProblems(schemaOf(old), schemaOf(wider)).empty());
        QVERIFY(avroProblems(schemaOf(old), schemaOf(renamed)).empty());
    }

    void schemasEvolve_data()
    {
        QTest::addColumn<std::string>("writer");
        QTest::addColumn<std::string>("reader");
        QTest::addColumn<std::string>("json");
        QTest::addColumn<std::string>("expected");
        const auto row = [](const char *name, std::string writer, std::string reader, std::string json,
                            std::string expected) {
            QTest::newRow(name) << std::move(writer) << std::move(reader) << std::move(json) << std::move(expected);
        };
        const std::string a = R"({"name":"a","type":"int"})";
        row("a field more, old reader", record(a + R"(,{"name":"b","type":{"type":"array","items":"string"}})"),
            record(a), R"({"a":1,"b":["x"]})", R"({"a":1})");
        row("a field more, new reader", record(a), record(a + R"(,{"name":"b","type":"string","default":"d"})"),
            R"({"a":1})", R"({"a":1,"b":"d"})");
        row("nothing but defaults", record(a), record(R"({"name":"b","type":["null","int"],"default":null})"),
            R"({"a":1})", R"({"b":null})");
        row("a record as default", record(a),
            record(R"({"name":"s","type":{"type":"record","name":"S","fields":[{"name":"x","type":"int","default":5},)"
                   R"({"name":"y","type":{"type":"map","values":"int"}}]},"default":{"y":{"k":1}}})"),
            R"({"a":1})", R"({"s":{"x":5,"y":{"k":1}}})");
        row("a field renamed", record(a), record(R"({"name":"z","aliases":["old","a"],"type":"int"})"), R"({"a":1})",
            R"({"z":1})");
        row("a record renamed", record(a),
            R"({"type":"record","name":"n.Q","aliases":["R"],"fields":[{"name":"a","type":"int"}]})", R"({"a":1})",
            R"({"a":1})");
        row("other order", record(a + R"(,{"name":"b","type":"int"})"), record(R"({"name":"b","type":"int"},)" + a),
            R"({"a":1,"b":2})", R"({"a":1,"b":2})");
        row("int to long", "\"int\"", "\"long\"", "-5", "-5");
        row("int to float", "\"int\"", "\"float\"", "5", "5");
        row("long to double", "\"long\"", "\"double\"", "5", "5");
        row("float to double", "\"float\"", "\"double\"", "0.1", "0.1");
        row("string to bytes", "\"string\"", "\"bytes\"", "\"\xC3\xA9\"", "\"\xC3\x83\xC2\xA9\"");
        row("bytes to string", "\"bytes\"", "\"string\"", "\"\xC3\x83\xC2\xA9\"", "\"\xC3\xA9\"");
        row("into a union", "\"int\"", R"(["null","string","long"])", "7", "7");
        row("into a union, itself first", "\"int\"", R"(["long","int"])", "7", "7");
        row("out of a union", R"(["null","int"])", "\"long\"", "7", "7");
        row("between unions", R"(["int","string"])", R"(["null","string","double"])", "\"x\"", "\"x\"");
        const std::string ab = R"({"type":"enum","name":"E","symbols":["A","B"]})";
        row("a symbol less, with a default", ab, R"({"type":"enum","name":"E","symbols":["A"],"default":"A"})", "\"B\"",
            "\"A\"");
        row("a symbol more", ab, R"({"type":"enum","name":"x.E","symbols":["C","B","A"]})", "\"B\"", "\"B\"");
        row("array of what grows", R"({"type":"array","items":)" + record(a) + "}",
            R"({"type":"array","items":)" + record(a + R"(,{"name":"b","type":"int","default":0})") + "}",
            R"([{"a":1},{"a":2}])", R"([{"a":1,"b":0},{"a":2,"b":0}])");
        row("a list of itself", record(R"({"name":"next","type":["null","R"]})"),
            record(R"({"name":"next","type":["null","R"]},{"name":"v","type":"int","default":3})"),
            R"({"next":{"next":null}})", R"({"next":{"next":null,"v":3},"v":3})");
        // What only some records cannot do.
        row("a branch that is taken", R"(["null","int","string"])", R"(["null","int"])", "7", "7");
        row("a branch that is gone", R"(["null","int","string"])", R"(["null","int"])", "\"x\"",
            "!schema_mismatch: union of null, int: written as string, which is no branch of the union of null, int; "
            "add string to the union");
    }
    void schemasEvolve()
    {
        QFETCH(std::string, writer);
        QFETCH(std::string, reader);
        QFETCH(std::string, json);
        QFETCH(std::string, expected);
        const auto from = schemaOf(writer);
        const auto plan = AvroPlan::make(from, schemaOf(reader));
        QCOMPARE(readWith(plan, written(from, json)), expected);
    }

    void problemsNameTheField_data()
    {
        QTest::addColumn<std::string>("writer");
        QTest::addColumn<std::string>("reader");
        QTest::addColumn<std::string>("field");
        QTest::addColumn<std::string>("what");
        QTest::addColumn<std::string>("json"); // of a record that is refused for it; "": none
        const auto row = [](const char *name, std::string writer, std::string reader, std::string field,
                            std::string what, std::string json = {}) {
            QTest::newRow(name) << std::move(writer) << std::move(reader) << std::move(field) << std::move(what)
                                << std::move(json);
        };
        const std::string a = R"({"name":"a","type":"int"})";
        row("no default", record(a), record(a + R"(,{"name":"b","type":"int"})"), "R.b", "no default", R"({"a":1})");
        row("another type", record(a), record(R"({"name":"a","type":"string"})"), "R.a",
            "written as int, which cannot be read as string", R"({"a":1})");
        row("a long does not become an int", record(R"({"name":"a","type":"long"})"), record(a), "R.a",
            "written as long", R"({"a":1})");
        row("deep",
            R"({"type":"array","items":)" + record(R"({"name":"m","type":{"type":"map","values":"int"}})") + "}",
            R"({"type":"array","items":)" + record(R"({"name":"m","type":{"type":"map","values":"boolean"}})") + "}",
            "[].m{}", "cannot be read as boolean", R"([{"m":{"k":1}}])");
        row("another name", record(a), R"({"type":"record","name":"Q","fields":[]})", "record Q", "written as record R",
            R"({"a":1})");
        row("another size", R"({"type":"fixed","name":"F","size":2})", R"({"type":"fixed","name":"F","size":3})",
            "fixed F of 3 bytes", "written as fixed F of 2 bytes", "\"ab\"");
        row("a symbol less", R"({"type":"enum","name":"E","symbols":["A","B"]})",
            R"({"type":"enum","name":"E","symbols":["A"]})", "E", "no symbol B", "\"B\"");
        row("a branch less", record(R"({"name":"u","type":["null","int"]})"), record(R"({"name":"u","type":"int"})"),
            "R.u", "written as null", R"({"u":null})");
    }
    void problemsNameTheField()
    {
        QFETCH(std::string, writer);
        QFETCH(std::string, reader);
        QFETCH(std::string, field);
        QFETCH(std::string, what);
        QFETCH(std::string, json);
        const auto from = schemaOf(writer);
        const auto plan = AvroPlan::make(from, schemaOf(reader));
        QCOMPARE(plan->problems().size(), std::size_t{1});
        const AvroProblem &problem = plan->problems().front();
        QCOMPARE(problem.field, field);
        QVERIFY2(problem.what.find(what) != std::string::npos, problem.what.c_str());
        QVERIFY(!problem.remedy.empty());
        const std::string read = readWith(plan, written(from, json));
        QVERIFY2(read.starts_with("!schema_mismatch: " + field + ": "), read.c_str());
    }

    void schemasThatAreNone_data()
    {
        QTest::addColumn<std::string>("schema");
        QTest::addColumn<std::string>("said");
        const std::pair<const char *, const char *> all[] = {
            {"{nope", "the schema is no JSON"},
            {"7", "a type is a name, an object or a list"},
            {"\"strang\"", "there is no type \"strang\""},
            {R"({"type":"record","fields":[]})", "\"name\" is missing"},
            {R"({"type":"record","name":"1x","fields":[]})", "\"1x\" is no name"},
            {R"({"type":"record","name":"int","fields":[]})", "the name int is taken"},
            {R"({"type":"record","name":"R"})", "R: \"fields\" is missing"},
            {R"({"type":"record","name":"R","fields":[{"type":"int"}]})", "R: a field has no name"},
            {R"({"type":"record","name":"R","fields":[{"name":"a"}]})", "R.a: \"type\" is missing"},
            {R"({"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]})",
             "R.a: the default does not fit: \"x\" is no int"},
            {R"({"type":"record","name":"R","fields":[{"name":"a","type":["null","int"],"default":1}]})",
             "R.a: the default does not fit: 1 is no null"},
            {R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]})",
             "R.a: two fields have this name"},
            {R"({"type":"record","name":"R","fields":[{"name":"a","type":"R","default":{}}]})",
             "R.a: the default does not fit: a default cannot hold the record in which it stands"},
            {R"({"type":"enum","name":"E","symbols":["A","A"]})", "the symbol A is there twice"},
            {R"({"type":"enum","name":"E","symbols":["A"],"default":"B"})", "the default B is none"},
            {R"({"type":"fixed","name":"F","size":-1})", "\"size\" is not a number"},
            {R"(["int",["null"]])", "a union stands directly in a union"},
            {R"(["int","string","int"])", "two branches of the type int"},
            {"[]", "a union has no branch"},
            {R"({"type":"map"})", "\"values\" is missing"},
        };
        for (const auto &[schema, said] : all)
            QTest::newRow(schema) << std::string(schema) << std::string(said);
    }
    void schemasThatAreNone()
    {
        QFETCH(std::string, schema);
        QFETCH(std::string, said);
        const auto parsed = AvroSchema::parse(schema, "x.avsc");
        QVERIFY(!parsed);
        QVERIFY2(parsed.error().text().find(said) != std::string::npos, parsed.error().text().c_str());
        QVERIFY(parsed.error().text().starts_with("x.avsc: "));
    }

    /// Bytes that promise more than they hold, or hold more than anybody wants.
    void attacks_data()
    {
        QTest::addColumn<std::string>("schema");
        QTest::addColumn<QByteArray>("hex");
        QTest::addColumn<std::string>("said");
        const std::string list = record(R"({"name":"n","type":["null","R"]})");
        QTest::newRow("a string of 2^62 bytes") << std::string("\"string\"") << QByteArray("feffffffffffffff7f61")
                                                << std::string("bytes are announced and 1 left");
        QTest::newRow("a negative length") << std::string("\"bytes\"") << QByteArray("0161") << std::string("negative");
        QTest::newRow("2^62 nulls") << std::string(R"({"type":"array","items":"null"})")
                                    << QByteArray("feffffffffffffff7f00") << std::string("elements take no bytes");
        QTest::newRow("2^62 entries") << std::string(R"({"type":"map","values":"string"})")
                                      << QByteArray("feffffffffffffff7f02610261")
                                      << std::string("the bytes end within a number");
        QTest::newRow("a count of -2^63") << std::string(R"({"type":"array","items":"int"})")
                                          << QByteArray("ffffffffffffffffff0100") << std::string("a block has no size");
        QTest::newRow("a block beyond the end") << std::string(R"({"type":"array","items":"int"})")
                                                << QByteArray("01c8010200") << std::string("longer than");
        QTest::newRow("a list without end")
            << list << QByteArray("02").repeated(2'000'000) << std::string("values are nested deeper than 200");
        QTest::newRow("a number without end")
            << std::string("\"long\"") << QByteArray(40, 'f') << std::string("64 bits");
        QTest::newRow("an int too long") << std::string("\"int\"") << QByteArray("8080808010")
                                         << std::string("32 bits");
        QTest::newRow("no such branch") << std::string(R"(["null","int"])") << QByteArray("0402")
                                        << std::string("no branch 2");
        QTest::newRow("no such symbol") << std::string(R"({"type":"enum","name":"E","symbols":["A"]})")
                                        << QByteArray("02") << std::string("no symbol 1");
        QTest::newRow("a boolean of 2") << std::string("\"boolean\"") << QByteArray("02")
                                        << std::string("neither 0 nor 1");
        QTest::newRow("bytes behind") << std::string("\"int\"") << QByteArray("0200") << std::string("1 bytes follow");
        QTest::newRow("nothing") << std::string("\"double\"") << QByteArray("") << std::string("0 left");
        QTest::newRow("not UTF-8") << std::string("\"string\"") << QByteArray("02ff") << std::string("not UTF-8");
    }
    void attacks()
    {
        QFETCH(std::string, schema);
        QFETCH(QByteArray, hex);
        QFETCH(std::string, said);
        const std::string read = readPlain(schema, fromHex(hex));
        QVERIFY2(read.starts_with("!") && read.find(said) != std::string::npos, read.substr(0, 300).c_str());
    }

    void blocksWithTheirSizes()
    {
        QCOMPARE(readPlain(R"({"type":"array","items":"int"})", fromHex("03040204020600")), std::string("[1,2,3]"));
    }

    /// Whatever the bytes and whatever the schema: an answer, and it is JSON or names what is wrong.
    void mutatedBytesAreReadOrRefused()
    {
        std::mt19937 random(20'251'122);
        const auto all = schemaOf(AllTypes);
        const std::pair<std::shared_ptr<const AvroPlan>, std::string> from[] = {
            {AvroPlan::make(all, all), fromHex(AllTypesHex)},
            {AvroPlan::make(envelopeSchema(), envelopeSchema()),
             written(envelopeSchema(),
                     R"({"event_id":"e","ts_event":"t","ts_ingest":"i","tenant_id":"acme","source":{"type":"host",)"
                     R"("source_id":"a"},"schema_name":"s","schema_version":1,"attributes":{"metric":"cpu","v":"1"},)"
                     R"("tags":{"a":"b"}})")}};
        int read = 0, refused = 0;
        JsonReader json;
        for (int round = 0; round < rounds(); ++round) {
            const auto &[plan, whole] = from[round % 2];
            std::string bytes = whole;
            for (auto change = random() % 4; change-- > 0 && !bytes.empty();) {
                const std::size_t at = random() % bytes.size();
                switch (random() % 4) {
                case 0: bytes[at] = static_cast<char>(random()); break;
                case 1: bytes.resize(at); break;
                case 2:
                    bytes.insert(at, 1 + random() % 3, static_cast<char>(random() % 2 == 0 ? 0xff : random()));
                    break;
                default: bytes.erase(at, 1 + random() % 3);
                }
            }
            const std::string out = readWith(plan, bytes);
            if (out.starts_with('!')) {
                ++refused;
                QVERIFY2(out.find(": ") != std::string::npos, out.c_str());
            } else {
                ++read;
                QVERIFY2(!json.read(out), out.c_str());
                QVERIFY(out.size() < 16 * bytes.size() + 512);
            }
        }
        QVERIFY(read > rounds() / 10 && refused > rounds() / 10);
    }

    /// A schema comes from elsewhere as well.
    void mutatedSchemasAreReadOrRefused()
    {
        std::mt19937 random(7);
        int read = 0;
        for (int round = 0; round < rounds(); ++round) {
            std::string text = AllTypes;
            for (auto change = 1 + random() % 3; change-- > 0;) {
                const std::size_t at = random() % text.size();
                const std::size_t other = random() % text.size();
                switch (random() % 3) {
                case 0: text[at] = "{}[]\",:0az"[random() % 10]; break;
                case 1: text.erase(at, 1 + random() % 12); break;
                default: text.insert(at, text.substr(other, 1 + random() % 40));
                }
            }
            const auto parsed = AvroSchema::parse(text);
            if (parsed) {
                ++read;
                const auto again = AvroSchema::parse(parsed.value()->canonical());
                QVERIFY2(again, parsed.value()->canonical().c_str());
                readWith(AvroPlan::make(parsed.value(), parsed.value()), fromHex(AllTypesHex));
                readWith(AvroPlan::make(parsed.value(), schemaOf(AllTypes)), fromHex(AllTypesHex));
            } else {
                QVERIFY(!parsed.error().message.empty());
            }
        }
        QVERIFY(read > 0);
    }
};

EVENTOPS_TEST(TestAvro)
#include "tst_avro.moc"
