// SPDX-License-Identifier: MIT
//
// Contracts C20, C21: the tables of transformers for a MySQL or a PostgreSQL of one's own.
#include "tests/support/test_main.h"

#include "core/store/transform_sql.h"
#include "core/store/transform_store.h"
#include "tests/support/program.h"
#include "tests/support/real_postgres.h"

using namespace eventops;
using eventops::test::RealPostgres;
using eventops::test::Scratch;

namespace {

constexpr const char *Tables[] = {"sources",    "transformers",        "json_transformers", "python_transformers",
                                  "raw_events", "processed_events_v2", "entities",          "links"};

/// A row in every table; the raw event is no text.
void fill(const Scratch &scratch)
{
    QVERIFY(QDir().mkpath(scratch.workspace()));
    const auto opened = TransformStore::open(scratch.workspace().toStdString());
    QVERIFY(opened);
    TransformStore &store = *opened.value();
    QVERIFY(store.addSource({0, "t", "o'shop \\", "application/octet-stream", "it \"sells\""}));
    TransformerRow rules;
    rules.source = 1;
    rules.name = "rules";
    rules.type = "JSONTransformer";
    rules.settings =
        "{\"MatchingEntity\":\"key\",\"MatchingPath\":\"a\",\"EventMappings\":[{\"from\":\"a\",\"to\":\"b\"}]}";
    QVERIFY(store.addTransformer(rules));
    TransformerRow script;
    script.source = 1;
    script.name = "script";
    script.type = "PythonTransformer";
    script.settings = "{\"ScriptPath\":\"x.py\",\"ClassName\":\"X\"}";
    QVERIFY(store.addTransformer(script));
    const RawEvent event{0,           "t",        "o'shop \\", "application/octet-stream", std::string("\0\xff'\\", 4),
                         store.now(), store.now()};
    QVERIFY(store.addRaw(event, false));
    QVERIFY(store.addProcessed(
        {0, 1, 1, 1, "t", {"UP", "h1", "{\"it's\":\"\\\\\"}", "INFO", "m"}, store.now(), store.now()}));
    QVERIFY(store.addEntity("t", {"h1", "Host"}));
    QVERIFY(store.addLink("t", {"h1", "h2"}));
}

} // namespace

class TestSqlExport : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void eitherDialectHasTheTables_data()
    {
        QTest::addColumn<QString>("dialect");
        QTest::addColumn<QByteArray>("quote");
        QTest::addColumn<QByteArray>("bytes");
        QTest::newRow("mysql") << QStringLiteral("mysql") << QByteArray("`") << QByteArray("00ff275c");
        QTest::newRow("postgres") << QStringLiteral("postgres") << QByteArray("\"") << QByteArray("00ff275c");
    }
    void eitherDialectHasTheTables()
    {
        QFETCH(QString, dialect);
        QFETCH(QByteArray, quote);
        QFETCH(QByteArray, bytes);
        const Scratch scratch;
        fill(scratch);
        const QString path = scratch.path(QStringLiteral("tables.sql"));
        const test::Ran ran =
            test::run({QStringLiteral("export"), QStringLiteral("--sql"), dialect, QStringLiteral("--out"), path,
                       QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(ran.exitCode == 0, ran.err);
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray sql = file.readAll();
        for (const char *const table : Tables) {
            QVERIFY2(sql.contains("CREATE TABLE " + quote + table + quote), table);
            QVERIFY2(sql.contains("INSERT INTO " + quote + table + quote), table);
        }
        QVERIFY2(sql.toLower().contains(bytes), sql.constData());
        QVERIFY(sql.contains("o''shop"));
    }

    void aRealPostgresTakesThem()
    {
        if (RealPostgres::programs().isEmpty())
            QSKIP("there is no PostgreSQL; install it with: apt-get install postgresql");
        const Scratch scratch;
        fill(scratch);
        std::string sql;
        const Status written = exportTransformTables(scratch.workspace().toStdString(), SqlDialect::PostgreSql,
                                                     [&](std::string_view piece) -> Status {
                                                         sql += piece;
                                                         return Ok{};
                                                     });
        QVERIFY2(written, written ? "" : written.error().text().c_str());
        RealPostgres postgres;
        QVERIFY(postgres.isUp());
        postgres.ask(sql);
        for (const char *const table : Tables) {
            const std::string rows = table == std::string("transformers") ? "2\n" : "1\n";
            QCOMPARE(postgres.ask("SELECT count(*) FROM \"" + std::string(table) + '"'), rows);
        }
        QCOMPARE(postgres.ask("SELECT \"SourceName\", \"Description\" FROM sources"),
                 std::string("o'shop \\|it \"sells\"\n"));
        QCOMPARE(postgres.ask("SELECT encode(\"EventData\", 'hex') FROM raw_events"), std::string("00ff275c\n"));
        QCOMPARE(postgres.ask("SELECT \"EventData\"->>'it''s' FROM processed_events"), std::string("\\\n"));
    }
};

EVENTOPS_TEST(TestSqlExport)
#include "tst_sql_export.moc"
