// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"
#include "tests/unit/codec/codec_fixture.h"

#include "core/codec/json_reader.h"

#include <filesystem>
#include <limits>

#include <simdjson.h>

using namespace eventops;
using namespace eventops::test;

namespace {

const std::string SuiteFolder = outsidePath("EVENTOPS_JSON_SUITE");

std::string nested(std::size_t depth, char open, char close)
{
    return std::string(depth, open) + std::string(depth, close);
}

} // namespace

class TestJsonReader : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void membersKeepOrderSpellingAndDuplicates()
    {
        JsonReader reader;
        const std::string text = " {\"a\":1e400 , \"b\\u0063\" : [1, {\"x\":\"}\"}],"
            "\"a\":18446744073709551615,\"\":null} ";
        const std::string_view list = "[1, {\"x\":\"}\"}]";
        QVERIFY(!reader.read(text));
        QCOMPARE(reader.members().size(), std::size_t{4});
        QCOMPARE(reader.members()[0].value, std::string_view("1e400"));
        QCOMPARE(reader.members()[1].name, std::string_view("bc"));
        QCOMPARE(reader.members()[1].value, list);
        QCOMPARE(reader.find("a")->value, std::string_view("18446744073709551615"));
        QCOMPARE(reader.find("")->value, std::string_view("null"));
        QVERIFY(reader.find("x") == nullptr);
        QCOMPARE(reader.document().front(), '{');
        QCOMPARE(reader.document().back(), '}');
    }

    void failuresSayWhatAndWhere()
    {
        using What = JsonFailure::What;
        struct Case {
            std::string text;
            What what;
            std::size_t offset;
        };
        const Case cases[] = {
            {"", What::Empty, 0}, {" \n", What::Empty, 0}, {"{\"a\":1", What::Truncated, 6},
                {"\"abc", What::Truncated, 4},
            {"{\"a\":tru", What::Truncated, 8}, {"{\"a\":1}}", What::Invalid, 7}, {"[1,]", What::Invalid, 3},
            {"{\"a\" 1}", What::Invalid, 5}, {"[01]", What::Invalid, 2}, {"\"\\x\"", What::Invalid, 2},
            {"\"a\nb\"", What::Invalid, 2}, {"nul", What::Truncated, 3}, {"-", What::Truncated, 1},
            {"\"\xff\xfe\"", What::InvalidUtf8, 1}, {"\xef\xbb\xbf{}", What::Invalid, 0},
            {nested(1001, '[', ']'), What::TooDeep, 1000},
        };
        JsonReader reader;
        for (const Case &c : cases) {
            const JsonFailure failure = reader.read(c.text);
            QVERIFY2(failure.what == c.what && failure.offset == c.offset,
                     (c.text.substr(0, 40) + " → " + failure.text()).c_str());
            QVERIFY(!failure.text().empty());
            QVERIFY(reader.members().empty());
        }
    }

    void depthIsBoundedAndNeverOverflows()
    {
        JsonReader reader;
        QVERIFY(!reader.read(nested(1000, '[', ']')));
        QVERIFY(reader.read(nested(100'000, '[', ']')).what == JsonFailure::What::TooDeep);
        std::string objects;
        for (int i = 0; i < 100'000; ++i)
            objects += "{\"a\":";
        QVERIFY(reader.read(objects).what == JsonFailure::What::TooDeep);
    }

    void prefixStopsBehindTheFirstDocument()
    {
        JsonReader reader;
        std::size_t end = 0;
        QVERIFY(!reader.readPrefix("  {\"a\":[1]} {\"b\":2}", end));
        QCOMPARE(end, std::size_t{11});
        QVERIFY(reader.readPrefix("{\"a\":[1", end).what == JsonFailure::What::Truncated);
    }

    void unescapes()
    {
        std::string scratch;
        const std::pair<std::string, std::string> cases[] = {
            {"\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00z\"", "a\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80z"},
            {"\"\\ud800\"", "\xef\xbf\xbd"},
            {"\"\\ud800\\u0041\"", "\xef\xbf\xbd" "A"},
            {"\"plain\"", "plain"},
        };
        for (const auto &[written, text] : cases)
            QCOMPARE(std::string(jsonText(written, scratch)), text);
    }

    void exactnessOfDoubles()
    {
        const auto exact = [](const char *text) { return doubleIsExact(text, jsonDouble(text).value()); };
        for (const char *text : {"0", "-0", "92", "0.1", "1e3", "0.10", "9007199254740992", "123456789012345",
                                 "1.50000000000000000000", "100000000000000000000", "5e-324"})
            QVERIFY2(exact(text), text);
        for (const char *text : {"9007199254740993", "18446744073709551615", "0.1000000000000000055511151231257827",
                                 "1e400"})
            QVERIFY2(!exact(text), text);
        QCOMPARE(jsonDouble("1e400").value(), std::numeric_limits<double>::infinity());
        QCOMPARE(jsonDouble("-1e400").value(), -std::numeric_limits<double>::infinity());
        QCOMPARE(jsonDouble("1e-400").value(), 0.0);
        for (const char *text : {"", "x", "inf", "nan", "1.", "0x10"})
            QVERIFY2(!jsonDouble(text), text);
        for (const char *text : {"01", "+1", "1.", ".5", "1e", "- 1", " 1", "1 ", "Infinity", ""})
            QVERIFY2(!isJsonNumberText(text), text);
    }

    void compactsWithoutTouchingTokens()
    {
        std::string out;
        appendJsonCompact(out, "{ \"a b\" : [ 1.50 ,\n \"x \\\" y\" ] }");
        QCOMPARE(out, std::string("{\"a b\":[1.50,\"x \\\" y\"]}"));
    }

    void suite()
    {
        if (!std::filesystem::is_directory(SuiteFolder))
            QSKIP("JSONTestSuite is not here");
        JsonReader reader;
        int accepted = 0;
        int refused = 0;
        for (const auto &entry : std::filesystem::directory_iterator(SuiteFolder)) {
            const std::string name = entry.path().filename().string();
            if (name.size() < 2 || name[1] != '_')
                continue;
            const bool failed = static_cast<bool>(reader.read(readFile(entry.path().string())));
            if (name[0] == 'y')
                ++accepted;
            if (name[0] == 'n')
                ++refused;
            QVERIFY2(name[0] == 'i' || failed == (name[0] == 'n'), name.c_str());
        }
        QVERIFY(accepted >= 95 && refused >= 143);
    }

    /// Why there is a reader of our own (adr/0005): what simdjson's parsers let pass, refuse or forget.
    void simdjsonsParsersDoNotServe()
    {
        JsonReader reader;
        simdjson::ondemand::parser onDemand;
        for (const char *damaged : {"{\"skip\":[1,,2 x],\"a\":7}", "{\"a\":7,\"skip\":tru}", "{\"skip\":01,\"a\":7}",
                                    "{\"skip\":\"\\q\",\"a\":7}"}) {
            const simdjson::padded_string padded(std::string_view{damaged});
            simdjson::ondemand::document document;
            std::int64_t a = 0;
            QCOMPARE(onDemand.iterate(padded).get(document), simdjson::SUCCESS);
            QCOMPARE(document["a"].get(a), simdjson::SUCCESS); // it does not look at what it skips
            QCOMPARE(a, std::int64_t{7});
            QVERIFY2(reader.read(damaged).what == JsonFailure::What::Invalid, damaged);
        }
        simdjson::dom::parser dom;
        for (const std::string number : {"18446744073709551616", "1e400"}) {
            QCOMPARE(dom.parse(number).error(), simdjson::NUMBER_ERROR);
            QVERIFY(!reader.read(number));
            QCOMPARE(reader.document(), std::string_view(number));
        }
        simdjson::dom::element parsed;
        QCOMPARE(dom.parse(std::string("{\"a\":92.50,\"a\":1e3}")).get(parsed), simdjson::SUCCESS);
        QCOMPARE(simdjson::minify(parsed), std::string("{\"a\":92.5,\"a\":1000.0}")); // the spelling is gone
        QVERIFY(!reader.read("{\"a\":92.50,\"a\":1e3}"));
        QCOMPARE(reader.members().front().value, std::string_view("92.50"));
        QCOMPARE(reader.find("a")->value, std::string_view("1e3")); // the last one; simdjson's lookup takes the first
        double first = 0;
        QCOMPARE(parsed["a"].get(first), simdjson::SUCCESS);
        QCOMPARE(first, 92.5);
    }

    /// Every damaged document is judged as simdjson's own parser judges it, but for numbers it cannot hold.
    void agreesWithSimdjson()
    {
        const std::string seeds[] = {
            "{\"tenant_id\":\"acme\",\"value\":92.5e-3,\"tags\":{\"env\":\"prod\",\"x\":[true,false,null]},"
            "\"u\":\"\\u00e9\\n\"}",
            "[[],{},\"\",0,-1.5E+10,{\"a\":{\"b\":[1,2,3]}},\"é😀\"]",
        };
        std::uint64_t state = 42;
        const auto below = [&](std::size_t n) {
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            return static_cast<std::size_t>((state >> 33) % n);
        };
        simdjson::dom::parser parser;
        JsonReader reader;
        int valid = 0;
        for (int round = 0; round < 20'000; ++round) {
            std::string text = seeds[below(2)];
            for (std::size_t edits = 1 + below(3); edits > 0; --edits) {
                const std::size_t at = below(text.size());
                constexpr std::string_view Alphabet = "{}[]\",:\\0123456789.eE+-truefalsn \n\t\x01\x80\xc3u";
                switch (below(3)) {
                case 0: text.erase(at, 1 + below(3)); break;
                case 1: text.insert(at, 1, Alphabet[below(Alphabet.size())]); break;
                default: text[at] = Alphabet[below(Alphabet.size())];
                }
                if (text.empty())
                    text = "0";
            }
            const auto theirs = parser.parse(text.data(), text.size()).error();
            if (theirs == simdjson::NUMBER_ERROR)
                continue;
            const bool ours = !reader.read(text);
            QVERIFY2(ours == (theirs == simdjson::SUCCESS), text.c_str());
            valid += ours;
        }
        QVERIFY(valid > 1000);
    }
};

EVENTOPS_TEST(TestJsonReader)
#include "tst_json_reader.moc"
