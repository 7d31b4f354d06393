// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/session/clickhouse_feed.h"
#include "core/session/query_library.h"
#include "tests/support/fake_clickhouse.h"
#include "tests/support/local_workspace.h"
#include "tests/support/program.h"
#include "tests/support/real_clickhouse.h"
#include "tests/unit/store/fixture.h"

#include <QtCore/QElapsedTimer>

using namespace eventops;
using eventops::test::FakeClickHouse;
using eventops::test::LocalWorkspace;
using Fault = FakeClickHouse::Fault;

namespace {

Status configure(const LocalWorkspace &workspace, const std::string &url)
{
    const Workspace opened = EVENTOPS_TRY(Workspace::open(workspace.directory()));
    ClickHouseSettings settings;
    settings.url = url;
    return settings.write(opened);
}

std::uint64_t eventsOf(const LocalWorkspace &workspace)
{
    auto ledger = Ledger::open(workspace.directory(), LedgerMode::Read, {});
    return ledger ? ledger.value()->eventCount().valueOr(0) : 0;
}

Health healthOf(Backend &backend)
{
    std::promise<Health> promise;
    backend.health({"tester", Role::Admin, {}},
                   [&](Result<Health> health) { promise.set_value(std::move(health).valueOr({})); });
    return promise.get_future().get();
}

} // namespace

class TestClickHouseSession final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void settingsComeBack()
    {
        const QTemporaryDir directory;
        const Workspace workspace{directory.path().toStdString()};
        QVERIFY(!hasClickHouse(workspace));
        QCOMPARE(ClickHouseSettings::read(workspace).error().code, Error::Code::NotFound);
        ClickHouseSettings settings;
        settings.url = "https://a.example:8443/\"quoted\"";
        settings.database = "other";
        settings.ttlDays = 90;
        EVENTOPS_OK(settings.write(workspace));
        const auto read = ClickHouseSettings::read(workspace);
        EVENTOPS_OK(read);
        QCOMPARE(read.value().url, settings.url);
        QCOMPARE(read.value().database, settings.database);
        QCOMPARE(read.value().ttlDays, 90u);
        for (const QByteArray &bad : {QByteArray("{\"url\":7}"), QByteArray("{"), QByteArray("{\"ttl_days\":-1}")}) {
            QFile file(QString::fromStdString(ClickHouseSettings::file(workspace)));
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(bad);
            file.close();
            const auto broken = ClickHouseSettings::read(workspace);
            QVERIFY2(!broken, bad.constData());
            QCOMPARE(broken.error().code, Error::Code::InvalidConfig);
        }
    }

    void isFedBesideARun()
    {
        FakeClickHouse server;
        server.plan({Fault::CutAfter, Fault::None, Fault::Busy});
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        EVENTOPS_OK(configure(workspace, server.url()));
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        QCOMPARE(server.rows("events_raw").size(), std::size_t{eventsOf(workspace)});
        QCOMPARE(server.rows("alerts").size(), std::size_t{2});
        QVERIFY(!server.rows("entropy_scores").empty());
        const auto history = server.rows("action_history");
        QVERIFY(!history.empty());
        QVERIFY2(history.front().find("\"command\":\"\"") == std::string::npos, history.front().c_str());
        const Health health = healthOf(*backend);
        QVERIFY(health.clickHouse.has_value());
        QCOMPARE(health.clickHouse->notice, std::string());
        QVERIFY(health.clickHouse->rows >= eventsOf(workspace));
        // A second reading adds what is new.
        QCOMPARE(LocalWorkspace::replay(*backend, "mongo_files.ndjson"), std::string());
        QCOMPARE(server.rows("events_raw").size(), std::size_t{eventsOf(workspace)});
    }

    void aServerThatIsAwayHoldsNothingUp()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        EVENTOPS_OK(configure(workspace, "http://127.0.0.1:1/"));
        QElapsedTimer clock;
        clock.start();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        QVERIFY(clock.elapsed() < 30'000);
        const Health health = healthOf(*backend);
        QVERIFY(health.clickHouse.has_value());
        QVERIFY2(health.clickHouse->notice.find("cannot be reached") != std::string::npos,
                 health.clickHouse->notice.c_str());
        QVERIFY(eventsOf(workspace) > 0);
        // On the terminal it is said, and the run has done its work all the same.
        const auto ran = test::run({QStringLiteral("replay"),
                             QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson"),
                             QStringLiteral("--workspace"), QString::fromStdString(workspace.directory())});
        QCOMPARE(ran.exitCode, 0);
        QVERIFY2(ran.err.contains("not up to date: ClickHouse") && ran.err.contains("clickhouse push"),
                 ran.err.constData());
        // It comes back: a later push makes up for it.
        FakeClickHouse server;
        ClickHouseSettings settings;
        settings.url = server.url();
        const auto feed = ClickHouseFeed::open({workspace.directory()}, settings, {}, [] { return false; });
        QVERIFY2(bool(feed), feed ? "" : feed.error().text().c_str());
        EVENTOPS_OK(feed.value()->catchUp());
        QCOMPARE(server.rows("events_raw").size(), std::size_t{eventsOf(workspace)});
        QCOMPARE(ClickHouseFeed::open({workspace.directory()}, settings, {}, [] { return false; }).error().code,
                 Error::Code::Busy);
    }

    void isAskedLikeLedgerAndLake()
    {
        const auto saved = parseSavedQuery("query: q\nwhere: clickhouse\nsql: SELECT 1\n", "q.yaml");
        EVENTOPS_OK(saved);
        QCOMPARE(saved.value().place, SqlPlace::ClickHouse);
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        const Caller tester{"tester", Role::Admin, {}};
        SqlRequest request;
        request.place = SqlPlace::ClickHouse;
        request.text = "SELECT count() FROM events_raw";
        request.rowsMax = 10;
        std::vector<SqlPage> pages;
        const auto ask = [&] {
            pages.clear();
            std::promise<std::string> promise;
            backend->sql(
                tester, request, [&](SqlPage page) { pages.push_back(std::move(page)); },
                [&](const Result<SqlOutcome> &outcome) { promise.set_value(test::errorText(outcome)); });
            return promise.get_future().get();
        };
        QVERIFY(ask().find("eventops clickhouse init") != std::string::npos);
        EVENTOPS_NEEDS_CLICKHOUSE();
        const test::RealClickHouse server;
        QVERIFY(server.isUp());
        EVENTOPS_OK(configure(workspace, server.url()));
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        QCOMPARE(ask(), std::string());
        QCOMPARE(pages.front().rows.front().front().text, std::to_string(eventsOf(workspace)));
        request.text = "SELECT entity_id FROM events_raw";
        QCOMPARE(ask(), std::string());
        QCOMPARE(pages.front().rows.size(), std::size_t{10});
        std::promise<Result<std::vector<SqlTable>>> promise;
        backend->sqlTables(tester, SqlPlace::ClickHouse,
                           [&](Result<std::vector<SqlTable>> tables) { promise.set_value(std::move(tables)); });
        const auto tables = promise.get_future().get();
        EVENTOPS_OK(tables);
        QCOMPARE(tables.value().size(), std::size_t{9});
        const Health health = healthOf(*backend);
        const bool toldOfString = health.clickHouse->notice.find("documents are String") != std::string::npos;
        QCOMPARE(toldOfString, server.isOld());
    }

    void windowsOfFeaturesAreFed()
    {
        FakeClickHouse server;
        const test::Scratch scratch;
        QByteArray lines;
        for (int i = 0; i < 60; ++i)
            lines += QStringLiteral("{\"tenant_id\":\"acme\",\"host\":\"web-%1\",\"metric\":\"latency_ms\","
                                    "\"value\":%2,\"ts_event\":\"2025-10-21T10:%3:00Z\"}\n")
                         .arg(i % 2).arg(100 + i).arg(i, 2, 10, QLatin1Char('0')).toUtf8();
        const QString pipeline = scratch.file(QStringLiteral("windows.yaml"),
                                              "pipeline: windows\nsources:\n  - capture: {format: auto}\nstages:\n"
                                              "  - rules:\n      rules:\n        - {metric: latency_ms, window: 5m}\n");
        QCOMPARE(scratch.replay({scratch.file(QStringLiteral("a.ndjson"), lines)},
                                {QStringLiteral("--pipeline"), pipeline}).exitCode, 0);
        const QList<QJsonObject> known =
            scratch.sql("SELECT entity_id, step, count, p50, p95, hour, day_of_week FROM karma.features_windowed "
                        "ORDER BY ts, entity_id").rows();
        QVERIFY(known.size() > 15);
        ClickHouseSettings settings;
        settings.url = server.url();
        const Workspace workspace{scratch.workspace().toStdString()};
        for (int again = 0; again < 2; ++again) { // nothing twice
            const auto feed = ClickHouseFeed::open(workspace, settings, {}, [] { return false; });
            QVERIFY2(bool(feed), feed ? "" : feed.error().text().c_str());
            EVENTOPS_OK(feed.value()->catchUp());
            const auto rows = server.rows("features_windowed");
            QCOMPARE(rows.size(), static_cast<std::size_t>(known.size()));
            QSet<QByteArray> sent, kept;
            for (const std::string &row : rows) {
                QJsonObject object = QJsonDocument::fromJson(QByteArray::fromStdString(row)).object();
                for (const char *name : {"ts", "avg", "stddev"})
                    object.remove(QLatin1String(name));
                sent.insert(QJsonDocument(object).toJson());
            }
            for (const QJsonObject &row : known)
                kept.insert(QJsonDocument(row).toJson());
            QCOMPARE(sent, kept);
        }
        // A mark from before there were windows goes on, and feeds them.
        QFile mark(QString::fromStdString(ClickHouseSettings::markFile(workspace)));
        QVERIFY(mark.open(QIODevice::ReadWrite));
        QJsonObject older = QJsonDocument::fromJson(mark.readAll()).object();
        older.remove(QLatin1String("features"));
        QVERIFY(mark.resize(0) && mark.seek(0) && mark.write(QJsonDocument(older).toJson(QJsonDocument::Compact)) > 0);
        mark.close();
        const auto read = lake::ClickHouseMark::read(ClickHouseSettings::markFile(workspace));
        EVENTOPS_OK(read);
        QCOMPARE(read.value()[lake::ClickHouseStream::Features].done, std::uint64_t{0});
        QVERIFY(read.value()[lake::ClickHouseStream::Events].done > 0);
    }

    void commandsOnDebiansServer()
    {
        EVENTOPS_NEEDS_CLICKHOUSE();
        const test::RealClickHouse server;
        QVERIFY(server.isUp());
        const test::Scratch scratch;
        const QString url = QString::fromStdString(server.url());
        const QString workspace = scratch.workspace();
        const auto run = [&](QStringList arguments) {
            arguments << QStringLiteral("--workspace") << workspace;
            return test::run(arguments);
        };
        const auto clickHouse = [&](const char *verb) {
            return run({QStringLiteral("clickhouse"), QLatin1String(verb), QStringLiteral("--url"), url});
        };
        const test::Ran without = clickHouse("push");
        QVERIFY(without.exitCode != 0);
        const test::Ran init = clickHouse("init");
        QVERIFY2(init.exitCode == 0, init.err.constData());
        QCOMPARE(init.out.contains("documents are String"), server.isOld());
        const QString capture = QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson");
        QCOMPARE(scratch.replay({capture}).exitCode, 0);
        const test::Ran asked = run({QStringLiteral("clickhouse"), QStringLiteral("query"),
                                     QStringLiteral("SELECT count() AS n FROM karma.events_raw")});
        const test::Ran ledger = scratch.sql("SELECT count(*) AS n FROM karma.events_raw");
        QCOMPARE(asked.out, ledger.out);
        QCOMPARE(server.ask("SELECT count() = uniqExact(idempotency_key) FROM karma.events_raw"), std::string("1\n"));
        const test::Ran keys = run({QStringLiteral("clickhouse"), QStringLiteral("query"),
                                    QStringLiteral("SELECT min(idempotency_key) AS k FROM events_raw")});
        QCOMPARE(keys.out, scratch.sql("SELECT min(idempotency_key) AS k FROM karma.events_raw").out);
        const test::Ran states = run({QStringLiteral("clickhouse"), QStringLiteral("query"),
                                      QStringLiteral("SELECT action_id, state, command, ts FROM action_state_current "
                                                     "ORDER BY action_id")});
        QCOMPARE(states.out, scratch.sql("SELECT action_id, state, command, ts FROM karma.action_state_current "
                                         "ORDER BY action_id").out);
        QVERIFY(!states.out.isEmpty());
        const test::Ran check = run({QStringLiteral("clickhouse"), QStringLiteral("push"), QStringLiteral("--check"),
                                     QStringLiteral("--json")});
        QCOMPARE(check.json().value(QLatin1String("rows")), check.json().value(QLatin1String("found")));
        QCOMPARE(server.ask("SELECT count() = uniqExact(idempotency_key) FROM karma.events_raw"), std::string("1\n"));
        QCOMPARE(test::run({QStringLiteral("sql"), QStringLiteral("--clickhouse"), url,
                            QStringLiteral("SELECT sum(events) > 0 AS yes FROM karma.v_event_counts_5m")}).out,
                 QByteArray("{\"yes\":1}\n"));
        QVERIFY(test::run({QStringLiteral("sql"), QStringLiteral("--clickhouse"), url,
                           QStringLiteral("DROP TABLE karma.events_raw")}).exitCode != 0);
        QCOMPARE(run({QStringLiteral("clickhouse"), QStringLiteral("status")}).exitCode, 0);
    }
};

EVENTOPS_TEST(TestClickHouseSession)
#include "tst_clickhouse_session.moc"
