// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "pipelines/sinks/postgres/postgres_session.h"
#include "tests/support/real_postgres.h"
#include "tests/unit/sinks/sink_bench.h"

#include <sys/stat.h>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int Events = 90;
constexpr SinkPatience Impatient{1, 2};

} // namespace

/// The sink `postgres` against Debian's server.
class TestPostgresSink : public QObject
{
    Q_OBJECT

private:
    Scratch m_scratch;
    std::unique_ptr<RealPostgres> m_server;
    std::map<std::string, std::string> m_wanted;

    QByteArray pipeline(const std::string &more = {}) const
    {
        return pipelineWith("  - postgres: {host: 127.0.0.1, port: " + std::to_string(m_server->port())
                            + ", database: postgres, user: ops, password_env: " + SecretVariable + more + "}\n");
    }
    std::unique_ptr<SinkFeed> feedOf(const std::string &more) const
    {
        const PipelineSpec spec = specOf(pipeline(more));
        auto feed = SinkFeed::open({m_scratch.workspace().toStdString()}, spec.sinks.front(), {}, Impatient);
        if (!feed)
            qFatal("%s", feed.error().text().c_str());
        return std::move(feed).value();
    }
    std::string count(const std::string &table) const { return m_server->ask("SELECT count(*) FROM " + table); }

private Q_SLOTS:
    void initTestCase()
    {
        if (RealPostgres::programs().isEmpty())
            QSKIP("no PostgreSQL: installer/setup --peers brings it");
        m_server = std::make_unique<RealPostgres>();
        QVERIFY(m_server->isUp());
        qputenv(SecretVariable, RealPostgres::Password);
        const QString file = m_scratch.file(QStringLiteral("p.yaml"), pipeline());
        const QString events = m_scratch.file(QStringLiteral("events.ndjson"), sinkEvents(Events));
        const Ran ran = m_scratch.replay({events}, {QStringLiteral("--pipeline"), file});
        QVERIFY2(ran.exitCode == 0 && !ran.err.contains("not up to date"), ran.err);
        m_wanted = eventsByKey(m_scratch);
        QCOMPARE(m_wanted.size(), std::size_t(Events));
    }

    /// K103: the run above fed it; the document is the event's JSON byte for byte, and SQL finds its way in it.
    void aRowIsTheEvent()
    {
        QCOMPARE(count("eventops_events"), std::to_string(Events) + "\n");
        for (const auto &[key, json] : m_wanted)
            QCOMPARE(m_server->ask("SELECT document FROM eventops_events WHERE key = '" + key + "'"), json + "\n");
        QCOMPARE(m_server->ask("SELECT count(*) FROM eventops_events WHERE metric = 'cpu_load' AND tenant = 'acme' AND "
                               "(document->>'value')::float8 > 90"),
                 std::to_string((Events / 3 + 1) / 2) + "\n");
        QCOMPARE(m_server->ask("SELECT ts AT TIME ZONE 'UTC' FROM eventops_events WHERE entity_id = 'order:A-31' OR "
                               "entity_id = 'A-31'"),
                 std::string("2025-10-21 10:00:00.000031\n"));
    }

    void whatComesAgainIsThereOnce()
    {
        auto feed = feedOf({});
        QVERIFY(feed->forget());
        QVERIFY(feed->catchUp(true));
        QCOMPARE(count("eventops_events"), std::to_string(Events) + "\n");
        QCOMPARE(feed->mark().delivered, std::uint64_t(Events));
    }

    /// A server that ends amid delivery, and one that comes back, lose nothing.
    void aServerThatGoesAndComesBack()
    {
        auto feed = feedOf(", table: again, batch: 10, filter: \"metric = cpu_load\"");
        QVERIFY(feed->catchUp(true));
        QCOMPARE(count("again"), std::to_string(Events / 3) + "\n");
        m_server->stop();
        auto away = feedOf(", table: again, batch: 10, name: other");
        const Status gone = away->catchUp(true);
        QVERIFY(!gone && gone.error().code == Error::Code::Unavailable);
        QVERIFY2(gone.error().message.find("PostgreSQL cannot be reached: ") == 0, gone.error().text().c_str());
        m_server->start();
        QVERIFY(m_server->isUp());
        QVERIFY(away->catchUp(true)); // it connects anew
        QCOMPARE(count("again"), std::to_string(Events) + "\n");
    }

    /// A connection that the server cuts between two batches.
    void aConnectionThatIsCut()
    {
        auto feed = feedOf(", table: cut, batch: 10");
        QVERIFY(feed->check());
        QVERIFY(feed->catchUp(true));
        m_server->ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'eventops'");
        m_server->ask("TRUNCATE cut");
        QVERIFY(feed->forget());
        const Status broken = feed->catchUp(true);
        QVERIFY(!broken && broken.error().code == Error::Code::Unavailable);
        QVERIFY(feed->catchUp(true));
        QCOMPARE(count("cut"), std::to_string(Events) + "\n");
    }

    void aServerThatStandsStillIsNotWaitedFor()
    {
        auto feed = feedOf(", table: still, timeout: 300ms");
        QVERIFY(feed->check());
        m_server->hold(true);
        QElapsedTimer time;
        time.start();
        const Status late = feed->catchUp(true);
        const qint64 took = time.elapsed();
        m_server->hold(false);
        QVERIFY(!late && late.error().code == Error::Code::Unavailable);
        QVERIFY2(took >= 250 && took < 5'000, QByteArray::number(took));
        QVERIFY2(late.error().message.find("within 300 ms") != std::string::npos, late.error().text().c_str());
        QTRY_VERIFY_WITH_TIMEOUT(static_cast<bool>(feed->catchUp(true)), 20'000);
        QCOMPARE(count("still"), std::to_string(Events) + "\n");
    }

    /// What one row breaks is set aside with the server's words; all others are there.
    void aRowThatTheTableRefusesIsSetAside()
    {
        auto feed = feedOf(", table: strict");
        QVERIFY(feed->check());
        m_server->ask("ALTER TABLE strict ADD CHECK (document->>'message' IS DISTINCT FROM 'x' AND key <> '"
                      + m_wanted.begin()->first + "')");
        QVERIFY(feed->catchUp(true));
        QCOMPARE(count("strict"), std::to_string(Events - 1) + "\n");
        QCOMPARE(feed->mark().letters.size(), std::size_t(1));
        QCOMPARE(feed->mark().letters.front().key, m_wanted.begin()->first);
        QVERIFY2(feed->mark().letters.front().why.find("PostgreSQL says 23514: ") == 0,
                 feed->mark().letters.front().why.c_str());
    }

    void aWrongPasswordIsSaid()
    {
        qputenv(SecretVariable, "wrong");
        auto feed = feedOf(", table: nobody");
        const Status refused = feed->check();
        qputenv(SecretVariable, RealPostgres::Password);
        QVERIFY(!refused && refused.error().code == Error::Code::Refused);
        QVERIFY2(refused.error().text().find("password authentication failed") != std::string::npos,
                 refused.error().text().c_str());
        QVERIFY2(refused.error().text().find("wrong") == std::string::npos, "the password is told");
    }

    void arraysHoldAnyText()
    {
        QCOMPARE(postgresArray({}), std::string("{}"));
        QCOMPARE(postgresArray({"a", "", "b\"c\\d,{}"}), std::string("{\"a\",\"\",\"b\\\"c\\\\d,{}\"}"));
        QCOMPARE(postgresArray({std::string("x\0y", 3)}), std::string("{\"x\xEF\xBF\xBDy\"}"));
    }
};

EVENTOPS_TEST(TestPostgresSink)
#include "tst_postgres_sink.moc"
