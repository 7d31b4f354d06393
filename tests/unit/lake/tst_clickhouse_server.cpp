// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/lake/clickhouse_query.h"
#include "tests/support/fake_clickhouse.h"
#include "tests/support/real_clickhouse.h"
#include "tests/unit/lake/clickhouse_fixture.h"

#include <mutex>

using namespace eventops;
using namespace eventops::lake;
using eventops::test::LoopbackServer;
using eventops::test::RealClickHouse;
using eventops::test::ScratchProjection;

namespace {

/// Between us and the server: passes each request on and brings its answer back, but cuts insertions as told.
class CuttingProxy
{
public:
    enum class Cut { Nothing, Answer, HalfOfTheAnswer, HalfOfTheRequest };

    explicit CuttingProxy(unsigned port)
        : m_server([port, this](const std::string &request) { return pass(port, request); })
    {
    }
    std::string url() const { return m_server.url("/"); }
    void next(Cut cut)
    {
        const std::lock_guard lock(m_mutex);
        m_next = cut;
    }
    std::size_t cuts() const
    {
        const std::lock_guard lock(m_mutex);
        return m_cuts;
    }

private:
    LoopbackServer::Answer pass(unsigned port, const std::string &request)
    {
        const std::lock_guard lock(m_mutex);
        const bool isInsert = request.find("query=INSERT") != std::string::npos;
        const Cut cut = isInsert ? std::exchange(m_next, Cut::Nothing) : Cut::Nothing;
        m_cuts += cut == Cut::Nothing ? 0 : 1;
        if (cut == Cut::HalfOfTheRequest) {
            // The server gets half of the rows and then no more, though more were announced.
            const std::size_t head = request.find("\r\n\r\n") + 4;
            test::exchange(port, request.substr(0, head + (request.size() - head) / 2), true);
            return {};
        }
        std::string answer = test::exchange(port, request); // only now the server is done with it
        if (cut == Cut::Answer)
            answer.clear();
        if (cut == Cut::HalfOfTheAnswer)
            answer.resize(std::min<std::size_t>(answer.size(), 9));
        return {answer};
    }

    mutable std::mutex m_mutex;
    Cut m_next = Cut::Nothing;
    std::size_t m_cuts = 0;
    LoopbackServer m_server;
};

std::string count(const RealClickHouse &server, const std::string &table = "events_raw",
                  const std::string &key = "idempotency_key")
{
    return server.ask("SELECT count() = uniqExact(" + key + "), count() FROM karma." + table);
}

} // namespace

class TestClickHouseServer final : public QObject
{
    Q_OBJECT

    std::unique_ptr<RealClickHouse> m_server;

private Q_SLOTS:
    void initTestCase()
    {
        EVENTOPS_NEEDS_CLICKHOUSE();
        m_server = std::make_unique<RealClickHouse>();
        QVERIFY(m_server->isUp());
    }
    void cleanupTestCase() { m_server.reset(); }
    void cleanup() { m_server->ask("DROP DATABASE IF EXISTS karma"); }

    void tablesAreTheContracts()
    {
        const ScratchProjection projection(m_server->url());
        const auto writer = projection.open();
        QCOMPARE(m_server->ask("SELECT groupArray(name) FROM (SELECT name FROM system.columns WHERE database = 'karma' "
                               "AND table = 'events_raw')"),
                 std::string("['ts','event_type','entity_id','correlation_id','tags','attrs','idempotency_key',"
                             "'source','_ingested_at']\n"));
        QCOMPARE(m_server->ask("SELECT groupArray(name) FROM (SELECT name FROM system.tables WHERE database = 'karma' "
                               "AND name NOT LIKE '.%' ORDER BY name)"),
                 std::string("['action_history','action_state_current','alerts','entropy_scores','events_raw',"
                             "'features_windowed','mv_event_counts_5m','v_event_counts_5m','v_latest_by_entity']\n"));
        QVERIFY(!writer->server().hadEvents);
        if (writer->server().dialect.major < 24)
            QVERIFY2(writer->notice().find("documents are String") != std::string::npos, writer->notice().c_str());
        EVENTOPS_OK(test::pushEvents(*writer, 1, 700));
        // The seeds' own question, by its own means.
        const std::string answer = test::exchange(
            m_server->port(),
            "GET /?query=SELECT%20count()%20FROM%20karma.events_raw HTTP/1.1\r\nHost: localhost\r\n\r\n");
        QVERIFY2(answer.find("\r\n700\n") != std::string::npos, answer.c_str());
        QCOMPARE(m_server->ask("SELECT tags, attrs, toUInt32(ts), _ingested_at > '2020-01-01 00:00:00' FROM "
                               "karma.events_raw WHERE idempotency_key = 'k5' FORMAT TabSeparatedRaw"),
                 std::string("{\"env\":\"prod\",\"quote\":\"it's \\\"so\\\"\\\\\",\"tenant\":\"acme\"}\t{\"a\":1}\t"
                             "1761040805\t1\n"));
        QCOMPARE(m_server->ask("SELECT sum(events), min(ts) FROM karma.v_event_counts_5m"),
                 std::string("700\t2025-10-21 10:00:00\n"));
        QCOMPARE(m_server->ask("SELECT count(), min(idempotency_key), max(rn) FROM karma.v_latest_by_entity"),
                 std::string("7\tk694\t1\n"));
        // Again: everything is left as it is.
        const auto again = projection.open();
        QVERIFY(again->server().hadEvents);
        QCOMPARE(count(*m_server), std::string("1\t700\n"));
    }

    void ttlOnlyWhereItIsKnown()
    {
        ClickHouseAddress address;
        address.url = m_server->url();
        const auto client = ClickHouseClient::open(address);
        QVERIFY(bool(client));
        const auto server = prepareClickHouse(*client.value(), {90});
        EVENTOPS_OK(server);
        const std::string made = m_server->ask("SHOW CREATE TABLE karma.events_raw");
        QCOMPARE(made.find("TTL") != std::string::npos, server.value().dialect.ttl);
    }

    void cutAfterAcceptance()
    {
        constexpr std::size_t Cuts = 100, Rows = 40;
        CuttingProxy proxy(m_server->port());
        const ScratchProjection projection(proxy.url());
        const auto writer = projection.open();
        for (std::size_t i = 0; i < Cuts; ++i) {
            proxy.next(i % 2 == 0 ? CuttingProxy::Cut::Answer : CuttingProxy::Cut::HalfOfTheAnswer);
            EVENTOPS_OK(test::pushEvents(*writer, 1 + i * Rows, Rows));
        }
        QCOMPARE(proxy.cuts(), Cuts);
        QCOMPARE(count(*m_server), "1\t" + std::to_string(Cuts * Rows) + "\n");
        QCOMPARE(writer->mark().found, std::uint64_t{Cuts * Rows});
        // The views were fed once as well.
        QCOMPARE(m_server->ask("SELECT sum(events) FROM karma.v_event_counts_5m"),
                 std::to_string(Cuts * Rows) + "\n");
    }

    void cutInTheMiddle()
    {
        constexpr std::size_t Cuts = 3, Rows = 400;
        CuttingProxy proxy(m_server->port());
        const ScratchProjection projection(proxy.url(), 0);
        const auto writer = projection.open();
        for (std::size_t i = 0; i < Cuts; ++i) {
            proxy.next(CuttingProxy::Cut::HalfOfTheRequest);
            EVENTOPS_OK(test::pushEvents(*writer, 1 + i * Rows, Rows));
        }
        QCOMPARE(proxy.cuts(), Cuts);
        QCOMPARE(count(*m_server), "1\t" + std::to_string(Cuts * Rows) + "\n");
    }

    void findingsAndActionsAreThereOnce()
    {
        CuttingProxy proxy(m_server->port());
        const ScratchProjection projection(proxy.url());
        const auto writer = projection.open();
        Finding finding;
        finding.ts = test::ClickHouseSeedTime;
        finding.tenant = "acme";
        finding.entityId = "host:a";
        finding.step = "it's";
        finding.bits = 12.5;
        finding.terms = {{"value", 12.5, "host:a", "97", "34 \xC2\xB1 2", 40}};
        Action action;
        action.suggestion.id = "s1";
        action.suggestion.command = "restart_service";
        for (int round = 0; round < 3; ++round) {
            ClickHouseWriter::Rows parts[2] = {{ClickHouseTable::Scores, {}}, {ClickHouseTable::Alerts, {}}};
            finding.id = "f" + std::to_string(round);
            parts[0].rows.push_back(clickHouseScoreRow(finding, writer->server().jsonScores));
            finding.id = "r" + std::to_string(round);
            parts[1].rows.push_back(clickHouseAlertRow(finding, writer->server().jsonAlerts));
            proxy.next(CuttingProxy::Cut::Answer);
            EVENTOPS_OK(writer->push(ClickHouseStream::Findings, static_cast<std::uint64_t>(round) + 1, parts));
            AuditRow step;
            step.number = static_cast<std::uint64_t>(round) + 1;
            step.at = test::ClickHouseSeedTime;
            step.verb = round == 0 ? "proposed" : round == 1 ? "approved" : "published";
            step.hash = std::string(64, static_cast<char>('a' + round));
            ClickHouseWriter::Rows steps{ClickHouseTable::History, {clickHouseHistoryRow(step, action)}};
            proxy.next(CuttingProxy::Cut::Answer);
            EVENTOPS_OK(writer->push(ClickHouseStream::History, step.number, {&steps, 1}));
        }
        FeatureWindow window;
        window.start = test::ClickHouseSeedTime;
        window.entityId = "host:a\tb";
        window.metric = "latency_ms";
        window.count = 4;
        window.p95 = 812.5;
        ClickHouseWriter::Rows features{ClickHouseTable::Features, {clickHouseFeatureRow(window)}};
        window.step = "paid";
        window.count = 5;
        features.rows.push_back(clickHouseFeatureRow(window));
        proxy.next(CuttingProxy::Cut::Answer);
        EVENTOPS_OK(writer->push(ClickHouseStream::Features, 9, {&features, 1}));
        QCOMPARE(m_server->ask("SELECT step, count, p95, day_of_week = toDayOfWeek(ts, 'UTC'), hour = toHour(ts, 'UTC')"
                               " FROM karma.features_windowed ORDER BY count"),
                 std::string("latency_ms\t4\t812.5\t1\t1\npaid\t5\t812.5\t1\t1\n"));
        QCOMPARE(m_server->ask("SELECT count(), sum(score) FROM karma.entropy_scores"), std::string("3\t37.5\n"));
        QCOMPARE(count(*m_server, "alerts", "finding_id"), std::string("1\t3\n"));
        QCOMPARE(count(*m_server, "action_history", "hash"), std::string("1\t3\n"));
        QCOMPARE(m_server->ask("SELECT action_id, state, command FROM karma.action_state_current"),
                 std::string("s1.1\tpublished\trestart_service\n"));
        QCOMPARE(proxy.cuts(), std::size_t{7});
    }

    void aServerThatIsGoneComesBack()
    {
        const ScratchProjection projection("http://127.0.0.1:1/");
        ClickHouseAddress address;
        address.url = "http://127.0.0.1:1/";
        auto client = ClickHouseClient::open(address);
        QVERIFY(bool(client));
        const auto nobody =
            ClickHouseWriter::open(std::move(client).value(), projection.markPath(), {1, 1, 1, 1}, {});
        QVERIFY(!nobody);
        QCOMPARE(nobody.error().code, Error::Code::Unavailable);
    }

    void answersQuestionsAndNothingElse()
    {
        const ScratchProjection projection(m_server->url());
        const auto writer = projection.open();
        EVENTOPS_OK(test::pushEvents(*writer, 1, 50));
        ClickHouseAddress address;
        address.url = m_server->url();
        for (const bool asViewer : {false, true}) {
            address.user = asViewer ? "viewer" : "";
            address.password = asViewer ? "secret" : "";
            const auto client = ClickHouseClient::open(address);
            std::vector<SqlColumn> columns;
            std::vector<SqlRow> rows;
            const auto ask = [&](const char *sql, SqlLimits limits = {}) {
                rows.clear();
                return test::errorText(queryClickHouse(
                    *client.value(), sql, limits, [&](const std::vector<SqlColumn> &shape) { columns = shape; },
                    [&](SqlRow &row) {
                        rows.push_back(row);
                        return true;
                    }));
            };
            QCOMPARE(ask("SELECT count() AS n, NULL, 'a\tb', toFloat64('nan'), 9007199254740993 FROM events_raw; \n"),
                     std::string());
            QCOMPARE(columns[0].name + " " + columns[0].type, std::string("n UInt64"));
            QCOMPARE(rows.size(), std::size_t{1});
            QCOMPARE(rows[0][0].text, std::string("50"));
            QCOMPARE(rows[0][0].kind, SqlCell::Kind::Number);
            QCOMPARE(rows[0][1].kind, SqlCell::Kind::Null);
            QCOMPARE(rows[0][2].text, std::string("a\tb"));
            QCOMPARE(rows[0][3].kind, SqlCell::Kind::Text);
            QCOMPARE(rows[0][4].text, std::string("9007199254740993"));
            SqlLimits few;
            few.rowsMax = 7;
            QCOMPARE(ask("SELECT number FROM system.numbers LIMIT 100000", few), std::string());
            QCOMPARE(rows.size(), std::size_t{7});
            QVERIFY(ask("SELECT nosuch").find("nosuch") != std::string::npos);
            QVERIFY(ask("SELECT 1 FORMAT JSON").find("FORMAT") != std::string::npos);
            for (const char *sql : {"DROP TABLE karma.events_raw", "CREATE TABLE karma.x (a UInt8) ENGINE = Memory",
                                    "INSERT INTO karma.events_raw (entity_id) VALUES ('x')",
                                    "ALTER TABLE karma.events_raw DROP COLUMN tags", "SET readonly = 0"})
                QVERIFY2(!ask(sql).empty(), sql);
            QCOMPARE(count(*m_server), std::string("1\t50\n"));
        }
        address.user.clear();
        address.password.clear();
        const auto client = ClickHouseClient::open(address);
        SqlLimits soon;
        soon.timeNsMax = NsPerSecond;
        const Status slow = queryClickHouse(
            *client.value(), "SELECT count() FROM system.numbers", soon, [](const std::vector<SqlColumn> &) {},
            [](SqlRow &) { return true; });
        QVERIFY(!slow);
        QCOMPARE(slow.error().code, Error::Code::LimitExceeded);
        const auto tables = clickHouseTables(*client.value());
        EVENTOPS_OK(tables);
        QCOMPARE(tables.value().size(), std::size_t{9});
        QCOMPARE(tables.value()[4].name, std::string("events_raw"));
        QCOMPARE(tables.value()[4].kind, std::string("table"));
        QCOMPARE(tables.value()[4].columns[0].type, std::string("DateTime"));
        QCOMPARE(tables.value()[8].kind, std::string("view"));
    }

    void secretsAreChecked()
    {
        ClickHouseAddress address;
        address.url = m_server->url();
        address.user = "viewer";
        const auto without = ClickHouseClient::open(address);
        const auto refused = without.value()->ask("SELECT 1");
        QVERIFY(!refused);
        QVERIFY2(refused.error().text().find("CLICKHOUSE_PASSWORD") != std::string::npos,
                 refused.error().text().c_str());
        address.password = "secret";
        const auto with = ClickHouseClient::open(address);
        QCOMPARE(with.value()->ask("SELECT 1").valueOr("refused"), std::string("1\n"));
    }
};

EVENTOPS_TEST(TestClickHouseServer)
#include "tst_clickhouse_server.moc"
