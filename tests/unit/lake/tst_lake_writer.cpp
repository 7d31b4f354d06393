// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/lake/files.h"
#include "core/lake/parquet_parts.h"
#include "core/lake/utf8.h"
#include "tests/unit/lake/lake_fixture.h"

#include <QtCore/QFile>
#include <QtCore/QProcess>

#include <filesystem>
#include <fstream>

using namespace eventops;
using namespace eventops::lake;
using eventops::test::BatchMaker;
using eventops::test::ScratchLake;

namespace {

using Strings = std::vector<std::string>;

std::string bytesOf(const std::string &path)
{
    QFile file(QString::fromStdString(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : "no file";
}

void overwrite(const std::string &path, qint64 at, const std::string &bytes)
{
    QFile file(QString::fromStdString(path));
    QVERIFY(file.open(QIODevice::ReadWrite));
    QVERIFY(file.seek(at));
    QCOMPARE(file.write(bytes.data(), qint64(bytes.size())), qint64(bytes.size()));
}

/// One reading, committed and exported.
void fill(LakeWriter &writer, Seq seq, double value)
{
    BatchMaker maker(seq);
    test::addReading(maker, "acme", value);
    const auto batch = maker.take();
    EVENTOPS_OK(writer.append(*batch));
    EVENTOPS_OK(writer.commit(seq, 0));
    EVENTOPS_OK(writer.exportParts());
}

} // namespace

class TestLakeWriter final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void encodesHostileNames()
    {
        QCOMPARE(encodePartValue("acme"), std::string("acme"));
        QCOMPARE(encodePartValue("../../etc/passwd"), std::string("..%2F..%2Fetc%2Fpasswd"));
        QCOMPARE(encodePartValue("a=b c%"), std::string("a%3Db%20c%25"));
        QCOMPARE(encodePartValue(std::string_view("\0\xff\n", 3)), std::string("%00%FF%0A"));
        const std::string longName(300, '/');
        const std::string encoded = encodePartValue(longName);
        QVERIFY(encoded.size() <= PartValueBytesMax);
        QVERIFY(encoded != encodePartValue(longName + '/'));
        QCOMPARE(encoded.find_first_not_of("%0123456789ABCDEF~abcdef"), std::string::npos);
        QCOMPARE(partFolder("acme", "cpu_load", "2025-10-21"),
                 std::string("tenant=acme/metric=cpu_load/date=2025-10-21"));
        QCOMPARE(partFolder("", "m", ""), std::string("tenant=/metric=m/date=__HIVE_DEFAULT_PARTITION__"));
        QCOMPARE(partName(1), std::string("part-0001.parquet"));
        QCOMPARE(partName(12'345), std::string("part-12345.parquet"));
        QCOMPARE(partNumber("part-0042.parquet"), std::uint64_t{42});
        for (const char *name : {"part-.parquet", "part-1x.parquet", "part-0001.parquet.new", "other-0001.parquet"})
            QCOMPARE(partNumber(name), std::uint64_t{0});
    }

    void neverReplacesAPart()
    {
        const QTemporaryDir directory;
        const std::string root = directory.path().toStdString();
        const auto write = [](const std::string &path, const char *text) { std::ofstream(path) << text; };
        write(root + "/new", "one");
        EVENTOPS_OK(placePart({root + "/new", root + "/a/b/part-0001.parquet"}));
        QCOMPARE(bytesOf(root + "/a/b/part-0001.parquet"), std::string("one"));
        EVENTOPS_OK(placePart({root + "/new", root + "/a/b/part-0001.parquet"})); // done before a crash
        write(root + "/new", "two");
        const Status again = placePart({root + "/new", root + "/a/b/part-0001.parquet"});
        QVERIFY(!again);
        QCOMPARE(bytesOf(root + "/a/b/part-0001.parquet"), std::string("one"));
        QCOMPARE(lastPartNumber(root + "/a/b"), std::uint64_t{1});
        QVERIFY(!placePart({root + "/gone", root + "/a/b/part-0002.parquet"}));
    }

    void readsTags()
    {
        std::vector<std::pair<std::string, std::string>> tags;
        readTags(R"({"env":"pr\u00f6d","n":1.50,"o":{"a":[1]},"env":"dev"})", tags);
        QCOMPARE(tags.size(), std::size_t{3});
        QCOMPARE(tags[0].second, std::string("dev")); // of two the last counts: a map holds a key once
        QCOMPARE(tags[1].second, std::string("1.50"));
        QCOMPARE(tags[2].second, std::string(R"({"a":[1]})"));
        for (const char *bad : {"", "[]", "null", "\"x\""}) {
            readTags(bad, tags);
            QVERIFY(tags.empty());
        }
        std::string scratch;
        QCOMPARE(std::string(validUtf8("a\xff"
                                       "b",
                                       scratch)),
                 std::string("a\xEF\xBF\xBD"
                             "b"));
    }

    void setsAsideUnderFreshNames()
    {
        const QTemporaryDir directory;
        const std::string path = directory.filePath(QStringLiteral("x")).toStdString();
        QVERIFY(!setAside(path));
        for (const char *text : {"1", "2"}) {
            std::ofstream(path) << text;
            const auto aside = setAside(path);
            QVERIFY(bool(aside));
            QCOMPARE(aside.value(), path + ".damaged-" + text);
            QCOMPARE(bytesOf(aside.value()), std::string(text));
        }
    }

    /// Contracts L13 and L14.
    void hasTheSeedsTablesAndLayout()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const ScratchLake lake;
        const auto writer = lake.open();
        BatchMaker maker;
        test::addReading(maker, "acme", 85);
        test::addReading(maker, "acme", 97, SeedPlus5);
        const auto batch = maker.take();
        EVENTOPS_OK(writer->append(*batch));
        EVENTOPS_OK(writer->append(test::ruleAlert(97, SeedPlus5)));
        EVENTOPS_OK(writer->commit(2, 1));
        EVENTOPS_OK(writer->exportParts());
        EVENTOPS_OK(writer->publish());
        QCOMPARE(lake.ask("SELECT * FROM metrics ORDER BY ts DESC LIMIT 5"),
                 (Strings{"2025-10-21 10:05:00\tacme\thost-a\tcpu_load\t97\tpercent\t{\"env\":\"prod\"}",
                          "2025-10-21 10:00:00\tacme\thost-a\tcpu_load\t85\tpercent\t{\"env\":\"prod\"}"}));
        QCOMPARE(lake.ask("SELECT column_name || ' ' || column_type FROM (DESCRIBE metrics)"),
                 (Strings{"ts TIMESTAMP", "tenant VARCHAR", "source_id VARCHAR", "metric VARCHAR", "value DOUBLE",
                          "unit VARCHAR", "tags MAP(VARCHAR, VARCHAR)"}));
        QCOMPARE(lake.ask("SELECT column_name FROM (DESCRIBE alerts)"),
                 (Strings{"ts", "tenant", "source_id", "metric", "severity", "rule", "value", "message", "tags"}));
        QCOMPARE(lake.ask("SELECT severity, rule, value FROM alerts"),
                 (Strings{"critical\tcpu_load_threshold\t97"}));
        const std::string parts = lake.paths().metricParts();
        QVERIFY(std::filesystem::exists(parts + "/tenant=acme/metric=cpu_load/date=2025-10-21/part-0001.parquet"));
        QCOMPARE(lake.read("SELECT tenant, metric, date, value FROM read_parquet('" + parts
                           + "/*/*/*/part-*.parquet', hive_partitioning=true) ORDER BY ts"),
                 (Strings{"acme\tcpu_load\t2025-10-21\t85", "acme\tcpu_load\t2025-10-21\t97"}));
    }

    void addsPartsAndLeavesOldOnesAlone()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const ScratchLake lake;
        const std::string folder = lake.paths().metricParts() + "/tenant=acme/metric=cpu_load/date=2025-10-21/";
        std::string first;
        {
            const auto writer = lake.open();
            fill(*writer, 1, 10);
            first = bytesOf(folder + "part-0001.parquet");
            QVERIFY(first.substr(0, 4) == "PAR1");
            fill(*writer, 2, 20);
            std::filesystem::remove(folder + "part-0002.parquet"); // a person's choice; its number stays used
        }
        const auto writer = lake.open();
        fill(*writer, 3, 30);
        QCOMPARE(bytesOf(folder + "part-0001.parquet"), first);
        QVERIFY(!std::filesystem::exists(folder + "part-0002.parquet"));
        QCOMPARE(lake.read("SELECT value FROM '" + folder + "part-0003.parquet'"), (Strings{"30"}));
        QCOMPARE(writer->mark().parts, std::uint64_t{3});
    }

    void keepsHostileNamesInsideOfTheLake()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const ScratchLake lake;
        const auto writer = lake.open();
        const Strings names = {"../../../escape", "a/b", "x=y", "it's", "50%", "", ".", std::string(300, 'n'),
                               "bad \xff byte", "new\nline", "ünïcode"};
        BatchMaker maker;
        for (const std::string &name : names)
            test::addReading(maker, name, 1, NoTime, "{}", name);
        const auto batch = maker.take();
        EVENTOPS_OK(writer->append(*batch));
        EVENTOPS_OK(writer->commit(names.size(), 0));
        EVENTOPS_OK(writer->exportParts());
        std::size_t files = 0;
        for (const auto &entry : std::filesystem::recursive_directory_iterator(lake.paths().directory))
            files += entry.path().extension() == ".parquet" ? 1 : 0;
        QCOMPARE(files, names.size());
        QCOMPARE(lake.read("SELECT count(*), count(DISTINCT tenant) FROM read_parquet('" + lake.paths().metricParts()
                           + "/*/*/*/part-*.parquet', hive_partitioning=false)"),
                 (Strings{std::to_string(names.size()) + '\t' + std::to_string(names.size())}));
        QVERIFY(!std::filesystem::exists(lake.paths().directory + "/../../escape"));
        EVENTOPS_OK(writer->publish());
        QCOMPARE(lake.ask("SELECT count(DISTINCT tenant) FROM metrics WHERE ts IS NULL"),
                 (Strings{std::to_string(names.size())}));
    }

    void goesOnWhereItsMarkStands()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const ScratchLake lake;
        {
            const auto writer = lake.open();
            fill(*writer, 7, 10);
            BatchMaker maker(8);
            test::addReading(maker, "acme", 20);
            const auto batch = maker.take();
            EVENTOPS_OK(writer->append(*batch)); // and the process dies
        }
        const auto writer = lake.open();
        QCOMPARE(writer->mark().events, Seq{7});
        QCOMPARE(writer->mark().metricRows, std::uint64_t{1});
        QVERIFY(writer->notice().empty());
    }

    /// A crash between the plan of a part and its rename.
    void finishesPlannedParts()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const ScratchLake lake;
        fill(*lake.open(), 1, 10);
        const std::string part =
            lake.paths().metricParts() + "/tenant=acme/metric=cpu_load/date=2025-10-21/part-0001.parquet";
        for (const bool renamed : {false, true}) {
            DuckDatabase::Options options;
            options.access = DuckDatabase::Access::Write;
            const auto database = DuckDatabase::open(lake.paths().working(), options);
            QVERIFY(bool(database));
            EVENTOPS_OK(database.value()->execute("UPDATE lake.part SET written_as = 'x.parquet'"));
            std::filesystem::create_directories(lake.paths().scratch());
            if (!renamed)
                std::filesystem::rename(part, lake.paths().scratch() + "/x.parquet");
        // closes the database
        }
        const auto writer = lake.open();
        QVERIFY(writer->notice().empty());
        QVERIFY(std::filesystem::exists(part));
        QVERIFY(!std::filesystem::exists(lake.paths().scratch()));
    }

    void setsADamagedLakeAside_data()
    {
        QTest::addColumn<int>("kind");
        QTest::newRow("garbage") << 0;
        QTest::newRow("empty head") << 1;
        QTest::newRow("cut") << 2;
        QTest::newRow("of another ledger") << 3;
        QTest::newRow("gone, parts left") << 4;
    }
    void setsADamagedLakeAside()
    {
        EVENTOPS_NEEDS_DUCKDB();
        QFETCH(int, kind);
        const ScratchLake lake;
        fill(*lake.open(), 1'000, 10);
        const std::string working = lake.paths().working();
        switch (kind) {
        case 0: overwrite(working, 0, std::string(8'192, 'x')); break;
        case 1: overwrite(working, 0, std::string(12'288, '\0')); break;
        case 2: std::filesystem::resize_file(working, 20'000); break;
        case 4: std::filesystem::remove(working); break;
        default: break;
        }
        const auto writer = lake.open(kind == 3 ? 10 : 1'000'000);
        QVERIFY2(writer->notice().find("anew") != std::string::npos, writer->notice().c_str());
        QCOMPARE(writer->mark().events, Seq{0});
        QVERIFY(!std::filesystem::exists(lake.paths().metricParts()));
        QVERIFY(!damagedFiles(lake.paths()).empty());
        fill(*writer, 1, 11);
        EVENTOPS_OK(writer->publish());
        QCOMPARE(lake.ask("SELECT value FROM metrics"), (Strings{"11"}));
    }

    /// The seed's own question, by a program that is not ours, while we write (contract L13).
    void answersAForeignDuckDb()
    {
        EVENTOPS_NEEDS_DUCKDB();
#ifdef FOREIGN_DUCKDB
        const ScratchLake lake;
        const auto writer = lake.open();
        fill(*writer, 1, 97);
        EVENTOPS_OK(writer->publish());
        QProcess shell;
        const auto path = [](const std::string &text) { return QString::fromStdString(text); };
        shell.start(QStringLiteral(FOREIGN_DUCKDB),
                    {path(DuckDbLibrary::load().value()->path()), path(lake.paths().published()),
                     QStringLiteral("SELECT * FROM metrics ORDER BY ts DESC LIMIT 5")});
        QVERIFY(shell.waitForFinished());
        const QByteArray error = shell.readAllStandardError();
        QVERIFY2(shell.exitCode() == 0, error.constData());
        QCOMPARE(shell.readAllStandardOutput(),
                 QByteArray("2025-10-21 10:00:00\tacme\thost-a\tcpu_load\t97.0\tpercent\tNULL\n"));
        fill(*writer, 2, 98); // the engine goes on
        EVENTOPS_OK(writer->publish());
        QCOMPARE(lake.ask("SELECT count(*) FROM metrics"), (Strings{"2"}));
#else
        QSKIP("built without DuckDB's header");
#endif
    }

private:
    static constexpr WallNs SeedPlus5 = test::SeedTime + 300 * NsPerSecond;
};

EVENTOPS_TEST(TestLakeWriter)
#include "tst_lake_writer.moc"
