// SPDX-License-Identifier: MIT
#include "core/yaml/yaml.h"
#include "tests/support/test_main.h"

#include <chrono>

using namespace eventops;

namespace {

std::string json(const Value &value)
{
    std::string out;
    value.appendJson(out);
    return out;
}

std::string errorOf(std::string_view text)
{
    const Result<Value> result = parseYaml(text, "f.yaml");
    return result ? "no error: " + json(result.value()) : result.error().text();
}

std::string repeated(std::string_view unit, std::size_t bytes)
{
    std::string out;
    while (out.size() < bytes)
        out += unit;
    return out;
}

} // namespace

class TestYaml : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsKindsInOrder()
    {
        const auto value = parseYaml("b: 1\na: [x, 'true', true, ~, null, 0x10, 1e3]\nc: {d: '5', e: 2.50}\n", "f");
        QVERIFY(value);
        QCOMPARE(json(value.value()),
                 std::string(R"({"b":1,"a":["x","true",true,null,null,"0x10",1e3],"c":{"d":"5","e":2.50}})"));
    }

    void keepsPlaces()
    {
        const auto value = parseYaml("# comment\na:\n  b: x\n  c:\n    - 1\n", "f.yaml");
        QVERIFY(value);
        const Value &b = value.value().at("a").at("b");
        QCOMPARE(b.where().line, 3u);
        QCOMPARE(b.where().column, 6u);
        QCOMPARE(b.keyWhere().column, 3u);
        QCOMPARE(value.value().at("a").at("c").keyWhere().line, 4u);
    }

    void readsItsOwnJson()
    {
        const std::string text = "{\"a\":[1,2.5,\"x\\u0001\\\"\\\\\\n\"],\"b\":{},\"c\":\"80\"}";
        const auto value = parseYaml(text, "f");
        QVERIFY2(value, value ? "" : value.error().text().c_str());
        QCOMPARE(json(value.value()), text);
    }

    void errorsNameThePlace_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("error");
        const auto row = [](const char *name, const char *text, const char *error) {
            QTest::newRow(name) << QByteArray(text) << QByteArray(error);
        };
        row("twice", "a: 1\nb: 2\na: 3\n", "f.yaml:3:1: the name \"a\" stands twice in one map (keep one of them)");
        row("twice in flow", "{a: 1, a: 2}", "f.yaml:1:8: the name \"a\" stands twice in one map (keep one of them)");
        row("alias", "a: &x 1\nb: *x\n", "f.yaml:2:4: aliases (*name) are not supported (write the value out)");
        row("merge", "a: &x {k: 1}\nb: {<<: *x}\n",
            "f.yaml:2:9: aliases (*name) are not supported (write the value out)");
        row("tag", "a: !python/object x\n", "f.yaml:1:4: the tag !python/object is not supported (remove it)");
        row("tab", "a:\n\tb: 1\n", "f.yaml:2:1: a tab in the indentation (indent with spaces)");
        row("comma", ",", "f.yaml:1:1: the file begins with a comma (remove it)");
        row("comma later", "# x\n\n --- ,", "f.yaml:3:6: the file begins with a comma (remove it)");
        row("control", "a: \x01", "f.yaml:1:4: a control character (remove it)");
        row("not UTF-8", "a: b\nc: \xff\n", "f.yaml:2:4: not valid UTF-8 (save the file as UTF-8)");
        row("list as name", "? [a]\n: b\n",
            "f.yaml:1:3: a name must be a text, not a list or map (write `name: value`)");
        row("no name", "~: b\n", "f.yaml:1:1: a name is missing before the colon (write `name: value`)");
        row("indentation", "a: 1\n b: 2\n",
            "f.yaml:2:3: not valid YAML: illegal map value (check the indentation, and quote a text that holds \": "
            "\")");
    }
    void errorsNameThePlace()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, error);
        QCOMPARE(QByteArray::fromStdString(errorOf(text.toStdString())), error);
    }

    void limitsHold()
    {
        QVERIFY(errorOf(std::string((1u << 20) + 1, ' ')).find("larger than 1048576 bytes") != std::string::npos);
        QVERIFY(errorOf(repeated("- ", 200)).find("nested deeper than 64 levels") != std::string::npos);
        QVERIFY(errorOf(repeated("a: [", 400)).find("nested deeper") != std::string::npos);
        QVERIFY(errorOf(repeated("- 1\n", 500'000)).find("more than 100000 values") != std::string::npos);
        QVERIFY(errorOf(repeated("{", 900'000)).find("more than 20000 brackets") != std::string::npos);
        QVERIFY(errorOf("a: 1\n---\nb: 2\n").find("more than one YAML document") != std::string::npos);
        std::string deep;
        for (int i = 0; i < 64; ++i)
            deep += '[';
        deep += std::string(64, ']');
        QVERIFY(parseYaml(deep, "f"));
        QVERIFY(!parseYaml('[' + deep + ']', "f"));
    }

    /// Texts that kept yaml-cpp 0.7 busy for ever or cost it much; a test that hangs fails by its time limit.
    void hostileTextsEnd()
    {
        constexpr std::string_view Texts[] = {
            ",", "[,", "{,}", "? ,", "- ,", ": ,", "--- ,", "&a ,", "!t ,", "%Y 1\n,", "|\n,", "a\n,", "{a,", "- - ,",
            "[[],", "'", "\"\\", "*", "&", "!", "@", "`", "%", "---", "...", "\xef\xbb\xbf,", "\r,", "? ? ?", "- :,",
            "[a: ", "{?"};
        for (const std::string_view text : Texts) {
            const Result<Value> result = parseYaml(text, "f");
            QVERIFY(result || !result.error().message.empty());
        }
        QVERIFY(!parseYaml(",", "f") && !parseYaml("&a ,", "f") && !parseYaml("|\n,", "f"));
        for (const std::string_view unit :
             {"[", "{a,", "- ", "? ", "a: ", "&a ", "\"a\" ", "'", "\n", "[]", "|\n a\n"}) {
            const auto from = std::chrono::steady_clock::now();
            const Result<Value> result = parseYaml(repeated(unit, 900'000), "f");
            QVERIFY(result || !result.error().message.empty());
            QVERIFY(std::chrono::steady_clock::now() - from < std::chrono::seconds(20));
        }
    }

    /// Random texts out of YAML's own signs: each ends with a value or an error that has a sentence.
    void randomTextsEnd()
    {
        constexpr std::string_view Signs[] = {
            ",", "[", "]", "{", "}", "?", ":", "-", "\n", " ", "  ", "a", "b: ", "- ", "? ", ": ", "&a ", "*a", "!",
            "!t ", "|", "|\n", "> ", "'", "\"", "#", " #", "%", "%Y 1\n", "---", "...", "\t", "@", "`", "\r", "\\", "1",
            "<<", "\xc3", "0"};
        std::uint32_t state = 12345;
        const auto next = [&state] { return state = state * 1664525u + 1013904223u, state >> 8; };
        int values = 0;
        for (int i = 0; i < 30'000; ++i) {
            std::string text;
            for (std::uint32_t n = 1 + next() % 12; n > 0; --n)
                text += Signs[next() % std::size(Signs)];
            const Result<Value> result = parseYaml(text, "f");
            if (result) {
                ++values;
                const Result<Value> again = parseYaml(json(result.value()), "f");
                QVERIFY2(again, text.c_str());
                QCOMPARE(json(again.value()), json(result.value()));
            } else {
                QVERIFY(!result.error().message.empty());
                QCOMPARE(result.error().where.file, std::string("f"));
            }
        }
        QVERIFY(values > 1000);
    }

    void readsCsvTables()
    {
        const auto value = parseCsvTable("id,env,team\nhost-a,prod,\"a \"\"b\"\", c\"\r\n\nhost-b,,x\n", "t.csv");
        QVERIFY2(value, value ? "" : value.error().text().c_str());
        QCOMPARE(json(value.value()),
                 std::string(R"({"host-a":{"env":"prod","team":"a \"b\", c"},"host-b":{"team":"x"}})"));
        QCOMPARE(parseCsvTable("id,env\na,1\na,2\n", "t").error().text(),
                 std::string("t:3:1: \"a\" stands twice in the table (keep one of them)"));
        QCOMPARE(parseCsvTable("id,env\na\n", "t").error().text(),
                 std::string("t:2:1: a line of 1 cells under 2 columns (give each line as many cells as the first)"));
        QVERIFY(!parseCsvTable("id,env\n\"a,1\n", "t"));
        QVERIFY(!parseCsvTable("id,env,env\na,1,2\n", "t"));
        QVERIFY(!parseCsvTable("", "t"));
    }

    void missingFilesAreNamed()
    {
        const auto result = loadYaml("/nonexistent/x.yaml");
        QVERIFY(!result);
        QCOMPARE(result.error().code, Error::Code::NotFound);
        QVERIFY(!loadYaml("/dev/zero"));
        QVERIFY(!loadYaml("/"));
    }
};

EVENTOPS_TEST(TestYaml)
#include "tst_yaml.moc"
