// SPDX-License-Identifier: MIT
//
// Runs after all other tests (a ctest fixture) and reads what they reported. `EVENTOPS_UPDATE=1` writes the README's
// table instead of comparing it.
#include "tests/support/test_main.h"
#include "tests/trace/trace.h"

#include <QtCore/QDir>
#include <QtCore/QFile>

using namespace eventops;

namespace {

const QByteArray TableBegin = "<!-- contracts: written from tests/trace/contracts.tsv -->\n";
const QByteArray TableEnd = "<!-- contracts: end -->\n";

QByteArray contents(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

trace::Table shippedTable()
{
    return trace::parseTable(contents(QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/trace/contracts.tsv")).toStdString());
}

trace::Table tableOf(const std::string &number, const std::string &state)
{
    std::string text;
    for (const std::string &n : trace::allNumbers())
        text += n + "\t" + (n == number ? state : "planned") + "\tsomething\n";
    return trace::parseTable(text);
}

trace::Results someResults()
{
    trace::Results results;
    trace::addResults(results, "<testsuite name=\"TestX\"><properties><property name=\"a\" value=\"b\"/></properties>"
                               "<testcase name=\"initTestCase\"/><testcase name=\"good\"/>"
                               "<testcase name=\"rows(one)\"/><testcase name=\"rows(two)\"><failure/></testcase>"
                               "<testcase name=\"not_here\"><skipped/></testcase></testsuite>");
    trace::addResults(results, "<testsuite name=\"TestY\"><testcase name=\"good\"/></testsuite>");
    return results;
}

} // namespace

class TestTrace : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void numbersAreAllThere()
    {
        QCOMPARE(trace::allNumbers().size(), std::size_t{138});
        QCOMPARE(shippedTable().rows.size(), std::size_t{138});
    }

    void namedTestsRanAndPassed()
    {
        trace::Results results;
        const QDir folder(QStringLiteral(EVENTOPS_BINARY_DIR "/test-results"));
        const QStringList files = folder.entryList({QStringLiteral("*.xml")}, QDir::Files, QDir::Name);
        for (const QString &file : files) {
            if (file != QStringLiteral("TestTrace.xml"))
                trace::addResults(results, contents(folder.filePath(file)).toStdString());
        }
        std::string text;
        for (const std::string &breach : trace::check(shippedTable(), results, EVENTOPS_WITH_WINDOW,
                                                     EVENTOPS_WITH_DUCKDB))
            text += breach + "\n";
        QVERIFY2(text.empty(), text.c_str());
    }

    void readmeTableIsCurrent()
    {
        const QString path = QStringLiteral(EVENTOPS_SOURCE_DIR "/README.md");
        QByteArray readme = contents(path);
        const auto begin = readme.indexOf(TableBegin);
        const auto end = readme.indexOf(TableEnd);
        QVERIFY2(begin >= 0 && end > begin, "README.md has no marked place for the table of contracts");
        const auto from = begin + TableBegin.size();
        const QByteArray wanted = QByteArray::fromStdString(trace::markdown(shippedTable()));
        if (qEnvironmentVariableIsSet("EVENTOPS_UPDATE")) {
            readme.replace(from, end - from, wanted);
            QFile file(path);
            QVERIFY(file.open(QIODevice::WriteOnly));
            QCOMPARE(file.write(readme), readme.size());
            return;
        }
        QVERIFY2(readme.mid(from, end - from) == wanted,
                 "README.md's table of contracts is stale: EVENTOPS_UPDATE=1 build/dev/tests/tst_trace writes it anew");
    }

    void testsOfTheWindowCountWhereThereIsOne()
    {
        const trace::Table table = tableOf("K1", "TestX::good window:TestZ::seen");
        QCOMPARE(trace::check(table, someResults(), true).size(), std::size_t{1});
        QCOMPARE(trace::check(table, someResults(), false).size(), std::size_t{0});
        QVERIFY(trace::markdown(table).find("`TestZ::seen`") != std::string::npos);
    }

    void findsWhatIsWrong_data()
    {
        QTest::addColumn<QString>("state");
        QTest::addColumn<int>("breaches");
        QTest::newRow("planned") << QStringLiteral("planned") << 0;
        QTest::newRow("passed") << QStringLiteral("TestX::good") << 0;
        QTest::newRow("class passed") << QStringLiteral("TestY") << 0;
        QTest::newRow("both passed") << QStringLiteral("TestX::good TestY::good") << 0;
        QTest::newRow("one of two") << QStringLiteral("TestX::good TestY::bad") << 1;
        QTest::newRow("a data row failed") << QStringLiteral("TestX::rows") << 1;
        QTest::newRow("the row beside it") << QStringLiteral("TestX::rows(one)") << 0;
        QTest::newRow("the row itself") << QStringLiteral("TestX::rows(two)") << 1;
        QTest::newRow("no such row") << QStringLiteral("TestX::rows(three)") << 1;
        QTest::newRow("skipped") << QStringLiteral("TestX::not_here") << 1;
        QTest::newRow("class with failures") << QStringLiteral("TestX") << 1;
        QTest::newRow("no such function") << QStringLiteral("TestX::goo") << 1;
        QTest::newRow("no such class") << QStringLiteral("Test") << 1;
        QTest::newRow("no state") << QString() << 2; // a line that is none, and a number that is missing
    }
    void findsWhatIsWrong()
    {
        QFETCH(QString, state);
        QFETCH(int, breaches);
        QCOMPARE(static_cast<int>(trace::check(tableOf("K7", state.toStdString()), someResults()).size()), breaches);
    }

    void findsMissingAndDoubleNumbers()
    {
        trace::Table table = tableOf("K7", "planned");
        table.rows.push_back(table.rows.front());
        QCOMPARE(trace::check(table, {}).size(), std::size_t{1});
        table = tableOf("K7", "planned");
        table.rows.pop_back();
        table.rows.front().number = "K23";
        QCOMPARE(trace::check(table, {}).size(), std::size_t{3});
    }

    void refusesBrokenResults()
    {
        trace::Results results;
        trace::addResults(results, "<testsuite name=\"TestX\"><testcase name=\"go");
        QCOMPARE(results.errors.size(), std::size_t{1});
    }
};

EVENTOPS_TEST(TestTrace)
#include "tst_trace.moc"
