// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/base/json_scan.h"
#include "core/base/limits.h"

using namespace eventops;
using Kind = JsonSlice::Kind;

class TestJsonScan : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void findsByPath()
    {
        const std::string json =
            R"( {"a":{"b":[1,{"c":"x"},"y"],"n":null},"k8s.pod":"p","t":true,"big":18446744073709551615,)"
            "\"e\":\"q\\\"\\\\\\u00e9\",\"f\\\"g\":{\"h\":-1.5e3}} ";
        const auto text = [&](std::string_view path) {
            const auto found = jsonFind(json, path);
            return found ? std::string(found->text) : std::string("-");
        };
        QCOMPARE(text("a.b.0"), std::string("1"));
        QCOMPARE(text("a.b.1.c"), std::string("x"));
        QCOMPARE(text("a.b.2"), std::string("y"));
        QCOMPARE(text("a.b.3"), std::string("-"));
        QCOMPARE(text("a.b.x"), std::string("-"));
        QCOMPARE(text("a.b.-1"), std::string("-"));
        QCOMPARE(text("k8s.pod"), std::string("p"));
        QCOMPARE(text("t"), std::string("true"));
        QCOMPARE(text("big"), std::string("18446744073709551615"));
        QCOMPARE(text("f\"g.h"), std::string("-1.5e3"));
        QCOMPARE(text("a.n"), std::string("null"));
        QCOMPARE(text("a.b"), std::string(R"([1,{"c":"x"},"y"])"));
        QCOMPARE(text("b"), std::string("-"));
        QCOMPARE(text("a.b.0.z"), std::string("-"));
        QVERIFY(jsonFind(json, "e")->escaped);
        QVERIFY(jsonFind(json, "a")->kind == Kind::Object);
        QVERIFY(jsonFind("7", "")->kind == Kind::Number);
        QVERIFY(!jsonFind("7", "a"));
    }

    void dotsInKeysAndDuplicates()
    {
        QCOMPARE(std::string(jsonFind(R"({"a":{"x":1},"a.b":2})", "a.b")->text), std::string("2"));
        QCOMPARE(std::string(jsonFind(R"({"a":{"b":1},"a.b":2})", "a.b")->text), std::string("1"));
        QCOMPARE(std::string(jsonFind(R"({"a":1,"a":2})", "a")->text), std::string("1"));
        QCOMPARE(std::string(jsonFind(R"({"\u0061":{"b":3}})", "a.b")->text), std::string("3"));
        QCOMPARE(std::string(jsonFind(R"({"":{"":4}})", ".")->text), std::string("4"));
    }

    void unescapes()
    {
        std::string out;
        appendJsonUnescaped(out, "a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\\ud800x\\u12");
        QCOMPARE(out, std::string("a\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd" "12"));
        QVERIFY(jsonStringEquals(R"(\ud83d\ude00b)", "\xf0\x9f\x98\x80" "b"));
        QVERIFY(!jsonStringEquals(R"(ab)", "abc"));
        QVERIFY(!jsonStringEquals(R"(abc)", "ab"));
        QVERIFY(!jsonStringEquals(R"(ab\n)", "ab"));
    }

    void walksMembers()
    {
        std::string seen;
        std::size_t at = 0;
        while (const auto member = jsonNext(R"({"a":1,"b":[2,3],"c":"d"})", at))
            seen += std::string(member->key) + '=' + std::string(member->value.text) + ';';
        QCOMPARE(seen, std::string("a=1;b=[2,3];c=d;"));
        at = 0;
        QVERIFY(!jsonNext("[]", at));
        at = 0;
        QVERIFY(!jsonNext("", at));
    }

    void validates_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::addColumn<bool>("valid");
        const auto row = [](const char *json, bool valid) { QTest::newRow(json) << QByteArray(json) << valid; };
        for (const char *json : {"{}", "[]", " 1 ", "-0", "1.5E+3", "\"\\u00e9\"",
                                 "{\"a\":[1,{\"b\":null}],\"c\":true}",
                                 "[[],{}]", "false", "\"\""})
            row(json, true);
        for (const char *json : {"", "{", "]", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "1.", "-", "+1", "tru",
                                 "nul",
                                 "\"a", "\"\\x\"", "\"\\u12\"", "\"\t\"", "[1}", "{\"a\":1]", "1 2", "[1 2]",
                                 "{\"a\":1,}",
                                 "{,}", "[,1]", "1e", "\"\\"})
            row(json, false);
    }
    void validates()
    {
        QFETCH(QByteArray, json);
        QFETCH(bool, valid);
        QCOMPARE(jsonIsValid(json.toStdString()), valid);
    }

    void depthIsLimited()
    {
        const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
        QVERIFY(jsonIsValid(nested(JsonDepthMax)));
        QVERIFY(!jsonIsValid(nested(JsonDepthMax + 1)));
        QVERIFY(jsonFind("{\"a\":" + nested(100'000) + ",\"b\":1}", "b"));
    }

    /// Every prefix and every one-byte change of a text: answers may be anything, reads outside are for the sanitizers.
    void brokenTextsNeverCrash()
    {
        const std::string json = R"({"a":{"b":[1,"\u00e9\ud83d\ude00",true]},"c.d":"\\ ","e":-1.5e-3})";
        std::size_t valid = 0;
        for (std::size_t i = 0; i < json.size(); ++i) {
            QVERIFY(!jsonIsValid(json.substr(0, i)));
            (void)jsonFind(json.substr(0, i), "a.b.2");
            (void)jsonFind(json.substr(0, i), "e");
            for (const char c : {'"', '\\', '{', '}', '[', ']', '\0', ','}) {
                std::string changed = json;
                changed[i] = c;
                valid += jsonIsValid(changed) ? 1 : 0;
                for (const char *path : {"a.b.1", "c.d", "e", "zz"}) {
                    const auto found = jsonFind(changed, path);
                    std::string out;
                    if (found)
                        appendJsonUnescaped(out, found->text);
                    QVERIFY(out.size() <= changed.size() * 3);
                }
            }
        }
        QVERIFY(valid > 0);
    }
};

EVENTOPS_TEST(TestJsonScan)
#include "tst_json_scan.moc"
