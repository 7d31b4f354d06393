// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/unit/lake/lake_fixture.h"

#include <QtCore/QFile>

#include <chrono>
#include <thread>

using namespace eventops;
using namespace eventops::lake;
using eventops::test::ScratchLake;

namespace {

using Strings = std::vector<std::string>;

void publishOne(const ScratchLake &lake)
{
    const auto writer = lake.open();
    test::BatchMaker maker;
    test::addReading(maker, "acme", 85);
    const auto batch = maker.take();
    EVENTOPS_OK(writer->append(*batch));
    EVENTOPS_OK(writer->commit(1, 0));
    EVENTOPS_OK(writer->publish());
}

} // namespace

class TestLakeQuery final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refusesWhatIsNotReading_data()
    {
        QTest::addColumn<QString>("sql");
        for (const char *sql :
             {"COPY metrics TO '%1/out.csv'", "COPY metrics FROM '/etc/passwd'", "ATTACH '%1/other.db'",
              "ATTACH ':memory:' AS m", "INSTALL httpfs", "LOAD json", "SET memory_limit='8GB'", "RESET memory_limit",
              "SET enable_external_access=true", "CREATE TABLE t(a INT)", "CREATE TEMP TABLE t(a INT)",
              "INSERT INTO metrics(tenant) VALUES ('x')", "DELETE FROM metrics", "DROP TABLE metrics",
              "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'",
              "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_blob('/etc/passwd')",
              "SELECT * FROM glob('/etc/*')", "SELECT * FROM read_parquet('%1/x.parquet')",
              "EXPLAIN ANALYZE COPY metrics TO '%1/out.csv'", "EXPORT DATABASE '%1/out'", "IMPORT DATABASE '/tmp'",
              "PRAGMA enable_profiling", "CALL pragma_version()", "PREPARE p AS SELECT 1", "BEGIN", "CHECKPOINT",
              "VACUUM", "SELECT 1; COPY metrics TO '%1/out.csv'", "CREATE SECRET s (TYPE s3)", "USE metrics",
              "SELECT * FROM sniff_csv('/etc/passwd')", "CREATE MACRO f() AS 1"})
            QTest::newRow(sql) << QString::fromLatin1(sql);
    }
    void refusesWhatIsNotReading()
    {
        EVENTOPS_NEEDS_DUCKDB();
        QFETCH(QString, sql);
        if (m_shared == nullptr) {
            m_shared = std::make_unique<ScratchLake>();
            publishOne(*m_shared);
        }
        const ScratchLake &lake = *m_shared;
        const QTemporaryDir out;
        const std::string text = sql.replace(QStringLiteral("%1"), out.path()).toStdString();
        const Status status = queryLake(
            lake.paths(), text, {}, {}, [](const std::vector<SqlColumn> &) {}, [](SqlRow &) { return true; });
        QVERIFY2(!status, "it was let through");
        QVERIFY(QDir(out.path()).isEmpty());
        QCOMPARE(lake.ask("SELECT count(*) FROM metrics"), (Strings{"1"}));
    }

    void showsEveryType()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const ScratchLake lake;
        publishOne(lake);
        const auto one = [&](const char *expression) {
            const Strings rows = lake.ask(std::string("SELECT ") + expression);
            return QString::fromStdString(rows.size() == 1 ? rows.front() : "?");
        };
        const auto text = [](const char *expected) { return QString::fromUtf8(expected); };
        QCOMPARE(one("12.50::DECIMAL(5,2)"), text("12.50"));
        QCOMPARE(one("-0.05::DECIMAL(38,2)"), text("-0.05"));
        QCOMPARE(one("7::DECIMAL(4,3)"), text("7.000"));
        QCOMPARE(one("170141183460469231731687303715884105727::HUGEINT"),
                 text("170141183460469231731687303715884105727"));
        QCOMPARE(one("-5::HUGEINT"), text("-5"));
        QCOMPARE(one("9007199254740993"), text("9007199254740993"));
        QCOMPARE(one("0.1::DOUBLE"), text("0.1"));
        QCOMPARE(one("'nan'::DOUBLE"), text("nan"));
        QCOMPARE(one("DATE '2025-01-02'"), text("2025-01-02"));
        QCOMPARE(one("TIMESTAMP '1969-12-31 23:59:59.5'"), text("1969-12-31 23:59:59.500000"));
        QCOMPARE(one("TIMESTAMP '2400-02-29 12:00:00'"), text("2400-02-29 12:00:00"));
        QCOMPARE(one("TIMESTAMP_NS '2025-01-01 00:00:00.123456789'"), text("2025-01-01 00:00:00.123456789"));
        QCOMPARE(one("TIMESTAMP_S '9999-12-31 23:59:59'"), text("9999-12-31 23:59:59"));
        QCOMPARE(one("DATE '5881580-07-10'"), text("5881580-07-10"));
        QCOMPARE(one("'infinity'::TIMESTAMP"), text("infinity"));
        QCOMPARE(one("TIME '01:02:03'"), text("01:02:03"));
        QCOMPARE(one("INTERVAL 3 DAY"), text("3 days"));
        QCOMPARE(one("[1, NULL, 3]"), text("[1,null,3]"));
        QCOMPARE(one("{'a': 1, 'b': ['x']}"), text("{\"a\":1,\"b\":[\"x\"]}"));
        QCOMPARE(one("MAP {'k': 'v\"'}"), text("{\"k\":\"v\\\"\"}"));
        QCOMPARE(one("[1, 2]::INTEGER[2]"), text("[1,2]"));
        QCOMPARE(one("'b'::ENUM('a', 'b')"), text("b"));
        QCOMPARE(one("'\\xAA\\x01'::BLOB"), text("aa01"));
        QCOMPARE(one("'00112233-4455-6677-8899-aabbccddeeff'::UUID"), text("00112233-4455-6677-8899-aabbccddeeff"));
        QCOMPARE(one("true"), text("true"));
        QCOMPARE(one("NULL"), text("NULL"));
        QCOMPARE(one("repeat('long ', 10)"), text("long long long long long long long long long long "));
    }

    void endsWhenTold()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const ScratchLake lake;
        publishOne(lake);
        const std::string endless = "SELECT count(*) FROM range(100000000000) a, range(1000) b WHERE a.range % 7 = 1";
        SqlLimits limits;
        limits.timeNsMax = 50 * NsPerMs;
        QCOMPARE(lake.ask(endless, limits), (Strings{"the query took longer than it may (ask for less)"}));
        std::atomic<bool> stop{false};
        limits = {};
        limits.stop = &stop;
        std::thread later([&] { stop = true; });
        QCOMPARE(lake.ask(endless, limits), (Strings{"the query was stopped"}));
        later.join();
        limits = {};
        limits.rowsMax = 3;
        QCOMPARE(lake.ask("SELECT * FROM range(1000000000000)", limits), (Strings{"0", "1", "2"}));
    }

    void keepsToItsMemory()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const ScratchLake lake;
        publishOne(lake);
        AnalysisOptions options;
        options.memoryBytesMax = 32u << 20;
        const Status status = queryLake(
            lake.paths(), "SELECT * FROM range(20000000) ORDER BY hash(range)", {}, options,
            [](const std::vector<SqlColumn> &) {}, [](SqlRow &) { return true; });
        QVERIFY(!status);
        QCOMPARE(status.error().code, Error::Code::LimitExceeded);
    }

    void listsTablesAndSaysWhatIsMissing()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const ScratchLake lake;
        const auto none = lakeTables(lake.paths());
        QVERIFY(!none);
        QCOMPARE(none.error().code, Error::Code::NotFound);
        publishOne(lake);
        const auto tables = lakeTables(lake.paths());
        QVERIFY(bool(tables));
        Strings names;
        for (const SqlTable &table : tables.value())
            names.push_back(table.schema + '.' + table.name);
        QCOMPARE(names, (Strings{".alerts", ".metrics", "lake.mark", "lake.part"}));
        QCOMPARE(tables.value()[1].columns[0].type, std::string("TIMESTAMP"));
        QCOMPARE(lakeStatus(lake.paths()).mark.metricRows, std::uint64_t{1});
    }

    void writesResultsAsFiles()
    {
        std::string csv;
        appendSqlHeadCsv(csv, {{"a", ""}, {"b", ""}, {"=c", ""}});
        appendSqlRowCsv(csv, {{SqlCell::Kind::Number, "-5"}, {SqlCell::Kind::Text, "=1+1"}, {}});
        appendSqlRowCsv(csv, {{SqlCell::Kind::Text, "-5"}, {SqlCell::Kind::Text, "a \"b\", c"},
                              {SqlCell::Kind::Text, "@x"}});
        QCOMPARE(QByteArray::fromStdString(csv),
                 QByteArray("a,b,\"'=c\"\r\n-5,\"'=1+1\",\r\n\"'-5\",\"a \"\"b\"\", c\",\"'@x\"\r\n"));
        EVENTOPS_NEEDS_DUCKDB();
        const ScratchLake lake;
        const QTemporaryDir out;
        const std::string path = out.filePath(QStringLiteral("it's.parquet")).toStdString();
        EVENTOPS_OK(writeParquet(path, {{"n", ""}, {"x", ""}, {"n", ""}, {"odd \"name", ""}},
                                 {{{SqlCell::Kind::Number, "1"}, {SqlCell::Kind::Number, "0.5"}, {},
                                   {SqlCell::Kind::Text, "=1+1"}},
                                  {{SqlCell::Kind::Number, "2"}, {}, {}, {SqlCell::Kind::Text, "\xff"}}}));
        QCOMPARE(lake.read("SELECT * FROM '" + out.filePath(QStringLiteral("it''s.parquet")).toStdString() + "'"),
                 (Strings{"1\t0.5\tNULL\t=1+1", "2\tNULL\tNULL\t\xEF\xBF\xBD"}));
    }

private:
    std::unique_ptr<ScratchLake> m_shared; ///< For questions that may not change it.
};

EVENTOPS_TEST(TestLakeQuery)
#include "tst_lake_query.moc"
