// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/lake/duckdb_library.h"
#include "core/session/lake_feed.h"
#include "core/session/query_library.h"
#include "core/session/sql_export.h"
#include "tests/support/local_workspace.h"
#include "tests/support/program.h"
#include "tests/unit/lake/lake_fixture.h"

#include <QtCore/QFile>

#include <filesystem>
#include <future>

using namespace eventops;
using eventops::test::LocalWorkspace;

namespace {

const Caller Tester{"tester", Role::Admin, {}};

struct Asked {
    std::vector<SqlPage> pages;
    std::string error;
    SqlOutcome outcome;
    std::string first() const { return pages.empty() || pages[0].rows.empty() ? "" : pages[0].rows[0][0].text; }
};

Asked ask(Backend &backend, const SqlRequest &request, const Caller &caller = Tester)
{
    Asked asked;
    std::promise<void> done;
    backend.sql(
        caller, request, [&](SqlPage page) { asked.pages.push_back(std::move(page)); },
        [&](const Result<SqlOutcome> &outcome) {
            if (outcome)
                asked.outcome = outcome.value();
            else
                asked.error = outcome.error().text();
            done.set_value();
        });
    done.get_future().wait();
    return asked;
}

Health healthOf(Backend &backend)
{
    std::promise<Health> promise;
    backend.health(Tester, [&](Result<Health> health) { promise.set_value(std::move(health).valueOr({})); });
    return promise.get_future().get();
}

} // namespace

class TestLakeSession final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void ledgerAnswersInPages()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        SqlRequest request;
        request.text = "SELECT metric, value FROM karma.metrics WHERE value >= 85; SELECT 1 AS one WHERE 0";
        const Asked asked = ask(*backend, request);
        QCOMPARE(asked.error, std::string());
        QCOMPARE(asked.pages.size(), std::size_t{2});
        QCOMPARE(asked.pages[0].columns[0].name, std::string("metric"));
        QCOMPARE(asked.outcome.rows, std::uint64_t{2});
        QVERIFY(!asked.outcome.cut);
        QCOMPARE(asked.pages[1].statement, std::size_t{1});
        QCOMPARE(asked.pages[1].columns[0].name, std::string("one"));
        QVERIFY(asked.pages[1].rows.empty());
        request.text = "SELECT * FROM karma.metrics";
        request.rowsMax = 5;
        const Asked cut = ask(*backend, request);
        QCOMPARE(cut.outcome.rows, std::uint64_t{5});
        QVERIFY(cut.outcome.cut);
        const Asked refused = ask(*backend, request, {"x", Role::Admin, {"acme"}});
        QVERIFY(refused.error.find("every tenant") != std::string::npos);
        request.text = "DELETE FROM karma.finding";
        QVERIFY(!ask(*backend, request).error.empty());
    }

    void ledgerTellsItsTables()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        std::promise<Result<std::vector<SqlTable>>> promise;
        backend->sqlTables(Tester, SqlPlace::Ledger,
                           [&](Result<std::vector<SqlTable>> tables) { promise.set_value(std::move(tables)); });
        const auto tables = promise.get_future().get();
        EVENTOPS_OK(tables);
        const auto metrics = std::find_if(tables.value().begin(), tables.value().end(),
                                          [](const SqlTable &table) { return table.name == "metrics"; });
        QVERIFY(metrics != tables.value().end());
        QCOMPARE(metrics->kind, std::string("view"));
        QCOMPARE(metrics->columns.size(), std::size_t{7});
        QCOMPARE(metrics->columns.front().name, std::string("ts"));
    }

    void ledgerQueriesEnd()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        SqlRequest request;
        request.text = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        request.timeNsMax = 50 * NsPerMs;
        QVERIFY(ask(*backend, request).error.find("longer than it may") != std::string::npos);
        request.timeNsMax = 0;
        std::promise<std::string> promise;
        Ticket ticket = backend->sql(Tester, request, [](const SqlPage &) {}, [&](const Result<SqlOutcome> &outcome) {
            promise.set_value(outcome ? "" : toString(outcome.error().code));
        });
        ticket.cancel();
        QCOMPARE(promise.get_future().get(), std::string("cancelled"));
    }

    void laysTheLakeBesideARun()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        QVERIFY(!hasLake({workspace.directory()})); // off costs nothing
        QVERIFY(!healthOf(*backend).lake);
        SqlRequest request;
        request.place = SqlPlace::Lake;
        request.text = "SELECT count(*) FROM metrics";
        QVERIFY(ask(*backend, request).error.find("eventops lake build") != std::string::npos);
        std::string notice;
        EVENTOPS_OK(buildLake({workspace.directory()}, false, nullptr, notice));
        SqlRequest ledger;
        ledger.text = "SELECT count(*) FROM karma.metrics";
        QCOMPARE(ask(*backend, request).first(), ask(*backend, ledger).first());
        request.text = "SELECT count(*) FROM alerts";
        QCOMPARE(ask(*backend, request).first(), std::string("2"));
        // From now on a run keeps it up to date, though nobody asks for it.
        QCOMPARE(LocalWorkspace::replay(*backend, "mongo_files.ndjson"), std::string());
        const Health health = healthOf(*backend);
        QVERIFY(health.lake.has_value());
        QVERIFY(health.lake->notice.empty());
        QCOMPARE(health.lake->alertRows, std::uint64_t{2});
        request.text = "SELECT events FROM lake.mark";
        ledger.text = "SELECT max(seq) FROM karma.event";
        QCOMPARE(ask(*backend, request).first(), ask(*backend, ledger).first());
    }

    void aDamagedLakeNeverStopsARun()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        std::string notice;
        EVENTOPS_OK(buildLake({workspace.directory()}, false, nullptr, notice));
        const std::string working = lakePaths({workspace.directory()}).working();
        std::filesystem::resize_file(working, 5'000);
        QCOMPARE(LocalWorkspace::replay(*backend, "mongo_files.ndjson"), std::string());
        const Health health = healthOf(*backend);
        QVERIFY(health.lake.has_value());
        QVERIFY2(health.lake->notice.find("anew") != std::string::npos, health.lake->notice.c_str());
        QCOMPARE(health.lake->alertRows, std::uint64_t{2});
        QVERIFY(std::filesystem::exists(working + ".damaged-1"));
    }

    void shippedQueriesAnswer()
    {
        EVENTOPS_NEEDS_DUCKDB();
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        std::string notice;
        EVENTOPS_OK(buildLake({workspace.directory()}, false, nullptr, notice));
        const QueryFolders folders{EVENTOPS_SOURCE_DIR "/pipelines", workspace.directory()};
        std::vector<Error> errors;
        std::vector<SavedQuery> queries = savedQueries(folders, errors);
        QVERIFY(queries.size() >= 2);
        const std::vector<Dashboard> dashboards = savedDashboards(folders, errors);
        QVERIFY2(errors.empty(), errors.empty() ? "" : errors.front().text().c_str());
        QCOMPARE(dashboards.size(), std::size_t{2});
        for (const Dashboard &dashboard : dashboards)
            queries.insert(queries.end(), dashboard.panels.begin(), dashboard.panels.end());
        for (const SavedQuery &query : queries) {
            SqlRequest request;
            request.text = query.text;
            request.place = query.place;
            const Asked asked = ask(*backend, request);
            QVERIFY2(asked.error.empty(), (query.title + ": " + asked.error).c_str());
            for (const std::string &column : {query.chart.x, query.chart.y, query.chart.series}) {
                const auto &columns = asked.pages[0].columns;
                const bool known = std::any_of(columns.begin(), columns.end(),
                                               [&](const SqlColumn &c) { return c.name == column; });
                QVERIFY2(column.empty() || known, (query.title + ": no column " + column).c_str());
            }
        }
    }

    void savesQueries()
    {
        const QTemporaryDir directory;
        const QueryFolders folders{"/nonexistent", directory.path().toStdString()};
        SavedQuery query;
        query.title = "Über: all / \"mine\"";
        query.text = "SELECT '#', \"x\"\n FROM t -- tail\n";
        query.place = SqlPlace::Lake;
        query.chart = {SqlChart::Kind::Line, "a: b", "y", "s", "%"};
        const auto first = saveQuery(folders, query);
        EVENTOPS_OK(first);
        const auto second = saveQuery(folders, query);
        EVENTOPS_OK(second);
        QVERIFY(first.value() != second.value());
        std::vector<Error> errors;
        std::vector<SavedQuery> read = savedQueries(folders, errors);
        QVERIFY(errors.empty());
        QCOMPARE(read.size(), std::size_t{2});
        QCOMPARE(read[0].title, query.title);
        QCOMPARE(read[0].text, query.text);
        QCOMPARE(read[0].place, SqlPlace::Lake);
        QCOMPARE(read[0].chart.x, std::string("a: b"));
        EVENTOPS_OK(removeQuery(read[0]));
        QFile bad(directory.filePath(QStringLiteral("queries/bad.yaml")));
        QVERIFY(bad.open(QIODevice::WriteOnly));
        bad.write("query: x\nwhere: moon\nsql: SELECT 1\n");
        bad.close();
        read = savedQueries(folders, errors);
        QCOMPARE(read.size(), std::size_t{1});
        QCOMPARE(errors.size(), std::size_t{1});
        QVERIFY(errors[0].text().find("bad.yaml:1") != std::string::npos);
        QVERIFY(!parseDashboard("dashboard: d\npanels: []\n", "d.yaml"));
        QVERIFY(!parseSavedQuery("query: q\nwhere: lake\nsql: x\nsurprise: 1\n", "q.yaml"));
    }

    void commandsTellWhatIsMissing()
    {
        const test::Scratch scratch;
        const QByteArray capture = "{\"tenant_id\":\"acme\",\"host\":\"host-a\",\"metric\":\"cpu_load\",\"value\":97,"
                                   "\"ts_event\":\"2025-10-21T10:05:00Z\","
                                   "\"unit\":\"percent\",\"tags\":{\"env\":\"prod\"}}"
                                   "\n";
        const QString file = scratch.file(QStringLiteral("a.ndjson"), capture);
        const auto cli = [&](const QStringList &arguments) {
            return test::run(arguments + QStringList{QStringLiteral("--workspace"), scratch.workspace()});
        };
        const QString seeds = QStringLiteral("SELECT * FROM metrics ORDER BY ts DESC LIMIT 5");
        qputenv("EVENTOPS_DUCKDB", "/nonexistent/libduckdb.so");
        QCOMPARE(scratch.replay({file}).exitCode, 0); // the lake is optional
        const test::Ran missing = cli({QStringLiteral("sql"), QStringLiteral("--lake"), seeds});
        qunsetenv("EVENTOPS_DUCKDB");
        QCOMPARE(missing.exitCode, 1);
        QVERIFY2(missing.err.contains("installer/duckdb"), missing.err.constData());
        EVENTOPS_NEEDS_DUCKDB();
        qputenv("EVENTOPS_DUCKDB", lake::DuckDbLibrary::load().value()->path().c_str());
        const test::Ran replayed = scratch.replay({file}, {QStringLiteral("--lake")});
        const test::Ran asked = cli({QStringLiteral("sql"), QStringLiteral("--lake"), seeds});
        const test::Ran status = cli({QStringLiteral("lake"), QStringLiteral("status"), QStringLiteral("--json")});
        const test::Ran rebuilt = cli({QStringLiteral("lake"), QStringLiteral("rebuild"), QStringLiteral("--json")});
        const test::Ran wrong =
            cli({QStringLiteral("sql"), QStringLiteral("--lake"), QStringLiteral("DROP TABLE metrics")});
        qunsetenv("EVENTOPS_DUCKDB");
        QCOMPARE(replayed.exitCode, 0);
        QCOMPARE(asked.out, QByteArray("{\"ts\":\"2025-10-21 10:05:00\",\"tenant\":\"acme\",\"source_id\":\"host-a\","
                                       "\"metric\":\"cpu_load\",\"value\":97,\"unit\":\"percent\","
                                       "\"tags\":{\"env\":\"prod\",\"team\":\"core\"}}"
                                       "\n"));
        QCOMPARE(status.json().value(QLatin1String("metrics")).toInt(), 1);
        QCOMPARE(rebuilt.json().value(QLatin1String("parts")).toInt(), 2); // a reading and its alert
        QCOMPARE(wrong.exitCode, 3);
    }

    /// Contract K113: the lake is fed from what is committed, so every tag may be new and the ledger is the same.
    void everyTagMayBeNew()
    {
        EVENTOPS_NEEDS_DUCKDB();
        constexpr int Readings = 5'000;
        QByteArray capture;
        for (int i = 0; i < Readings; ++i) {
            const QByteArray n = QByteArray::number(i);
            capture += "{\"tenant_id\":\"acme\",\"host\":\"host-a\",\"metric\":\"cpu_load\",\"value\":"
                       + QByteArray::number(i % 70)
                       + ",\"ts_event\":\"2025-10-21T10:00:00Z\",\"tags\":{\"pod-" + n + "\":\"id-" + n + "\"}}\n";
        }
        const test::Scratch with, without;
        qputenv("EVENTOPS_DUCKDB", lake::DuckDbLibrary::load().value()->path().c_str());
        const test::Ran fed = with.replay({with.file(QStringLiteral("a.ndjson"), capture)}, {QStringLiteral("--lake")});
        const test::Ran asked =
            test::run({QStringLiteral("sql"), QStringLiteral("--lake"),
                       QStringLiteral("SELECT count(DISTINCT k) AS n FROM (SELECT unnest(map_keys(tags)) AS k FROM "
                                      "metrics) WHERE k LIKE 'pod-%'"),
                       QStringLiteral("--workspace"), with.workspace()});
        qunsetenv("EVENTOPS_DUCKDB");
        const test::Ran plain = without.replay({without.file(QStringLiteral("a.ndjson"), capture)});
        QCOMPARE(fed.exitCode, 0);
        QCOMPARE(asked.out, "{\"n\":" + QByteArray::number(Readings) + "}\n");
        QVERIFY(!fed.json().value(QLatin1String("digest")).toString().isEmpty());
        QCOMPARE(fed.json().value(QLatin1String("digest")), plain.json().value(QLatin1String("digest")));
    }

    void exportsRows()
    {
        const QTemporaryDir directory;
        const std::vector<SqlColumn> columns = {{"a", ""}, {"b", ""}};
        const std::vector<SqlRow> rows = {{{SqlCell::Kind::Text, "=cmd"}, {SqlCell::Kind::Number, "-1.50"}}};
        const auto written = [&](const char *name) {
            const QString path = directory.filePath(QLatin1String(name));
            const auto format = sqlFileFormat(path.toStdString());
            if (!format || !exportSqlRows(path.toStdString(), format.value(), columns, rows))
                return QByteArray("failed");
            QFile file(path);
            return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("no file");
        };
        QCOMPARE(written("x.csv"), QByteArray("a,b\r\n\"'=cmd\",-1.50\r\n"));
        QCOMPARE(written("x.json"), QByteArray("{\"a\":\"=cmd\",\"b\":-1.50}\n"));
        QCOMPARE(written("x.doc"), QByteArray("failed"));
        QCOMPARE(written("none/x.csv"), QByteArray("failed"));
    }
};

EVENTOPS_TEST(TestLakeSession)
#include "tst_lake_session.moc"
