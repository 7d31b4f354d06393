// SPDX-License-Identifier: MIT
//
// Events handed in over HTTP: what is answered well is stored, once, whatever happens to the server.
#include "tests/support/test_main.h"

#include "core/session/engine.h"
#include "tests/support/program.h"
#include "tests/support/wait_for.h"
#include "tests/unit/api/api_fixture.h"
#include "tests/unit/api/serve_process.h"

#include <QtCore/QJsonArray>
#include <QtCore/QSet>

using namespace eventops;
using eventops::test::HttpAnswer;
using eventops::test::HttpClient;
using eventops::test::Scratch;
using eventops::test::ServeProcess;
using eventops::test::ServedWorkspace;

namespace {

constexpr const char *Logged = "{\"message\":\"Event logged successfully\"}";

QByteArray envelope(const QByteArray &key, const QByteArray &type = "deploy.finished")
{
    return "{\"ts\":\"2026-01-05T10:00:00Z\",\"event_type\":\"" + type
           + "\",\"entity_id\":\"service:api\",\"correlation_id\":\"c1\",\"tags\":{},\"attrs\":{},"
             "\"idempotency_key\":\""
           + key + "\"}";
}

qint64 counted(const ServedWorkspace &served, const char *what)
{
    return served.get("/api/v1/health").json()[QLatin1String("records")].toObject()[QLatin1String(what)].toInteger();
}

QString memberOf(const HttpAnswer &answer, const char *name)
{
    return answer.json()[QLatin1String(name)].toString();
}

} // namespace

class TestApiIngest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// K1, K14, K20: on a workspace where nothing ever ran, with both of Karma's shapes and its own errors.
    void karmasEventsAreLoggedAndCanBeAskedFor()
    {
        const ServedWorkspace served("");
        QVERIFY2(served.failure().empty(), served.failure().c_str());
        const HttpAnswer logged = served.post(
            "/v1/events",
            R"({"type":"config_change","timestamp":"2026-01-05T09:59:00Z","metadata":{"service":"api","n":1}})");
        QCOMPARE(logged.status, 201);
        QCOMPARE(logged.body, QByteArray(Logged));
        QCOMPARE(served.post("/events", envelope("k1")).status, 201);
        QCOMPARE(counted(served, "stored"), 2);

        const QJsonArray events = served.get("/api/v1/events").json()[QLatin1String("events")].toArray();
        QCOMPARE(events.size(), 2);
        QCOMPARE(events[0].toObject()[QLatin1String("type")].toString(), QStringLiteral("config_change"));
        QCOMPARE(events[1].toObject()[QLatin1String("idempotency_key")].toString(), QStringLiteral("k1"));
        const HttpAnswer graph = served.post("/v1/graph/query", R"({"query_type":"recent_changes"})");
        QCOMPARE(graph.status, 200);
        const QJsonArray nodes = graph.json()[QLatin1String("nodes")].toArray();
        QVERIFY2(graph.body.contains("service:api") || graph.body.contains("\"api\""), graph.body.constData());
        QCOMPARE(nodes.size(), 1);
    }

    void whatIsWrongIsSaidAsKarmaSaysIt_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("says");
        QTest::addColumn<int>("kept"); // as a dead letter
        QTest::newRow("no type") << QByteArray(R"({"timestamp":"2026-01-05T10:00:00Z"})")
                                 << QByteArray("Missing 'type'") << 0;
        QTest::newRow("no time") << QByteArray(R"({"type":"x"})") << QByteArray("Missing 'timestamp'") << 0;
        QTest::newRow("a list") << QByteArray("[1]") << QByteArray("no JSON object") << 0;
        QTest::newRow("time is null")
            << QByteArray(R"({"type":"x","timestamp":null,"more":1})") << QByteArray("'timestamp' is neither") << 0;
        QTest::newRow("metadata is no object") << QByteArray(R"({"type":"x","timestamp":1,"metadata":false,"more":1})")
                                               << QByteArray("'metadata' is no JSON object") << 0;
        QTest::newRow("no JSON") << QByteArray("{\"type\":") << QByteArray("dead letter") << 1;
        QTest::newRow("time is no time") << QByteArray(R"({"type":"x","timestamp":"yesterday"})")
                                        << QByteArray("timestamp") << 1;
    }
    void whatIsWrongIsSaidAsKarmaSaysIt()
    {
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, says);
        QFETCH(int, kept);
        const ServedWorkspace served("");
        const HttpAnswer answer = served.post("/v1/events", body);
        QCOMPARE(answer.status, 400);
        QVERIFY2(memberOf(answer, "error").contains(QString::fromUtf8(says)), answer.body.constData());
        QCOMPARE(counted(served, "dead_lettered"), kept);
        QCOMPARE(counted(served, "stored"), 0);
    }

    void manyAtOnceAreToldOneByOne()
    {
        const ServedWorkspace served("");
        const HttpAnswer list =
            served.post("/api/v1/events", "[" + envelope("a") + ",\n " + envelope("b") + "," + envelope("a") + "]");
        QCOMPARE(list.status, 200);
        QCOMPARE(list.json()[QLatin1String("stored")].toInt(), 2);
        QCOMPARE(list.json()[QLatin1String("duplicate")].toInt(), 1);

        QByteArray lines;
        for (int i = 0; i < 5'000; ++i) // more than one chunk holds
            lines += envelope("line" + QByteArray::number(i)) + "\r\n\n";
        lines += "{broken\n";
        const HttpAnswer many = served.ask(served.request("POST", "/api/v1/events", "operator", lines,
                                                          "Content-Type: application/x-ndjson\r\n"));
        QVERIFY2(many.status == 200, many.body.constData());
        QCOMPARE(many.json()[QLatin1String("stored")].toInt(), 5'000);
        QCOMPARE(many.json()[QLatin1String("dead_lettered")].toInt(), 1);
        const QJsonObject refused = many.json()[QLatin1String("dead_letters")].toArray()[0].toObject();
        QCOMPARE(refused[QLatin1String("record")].toInt(), 5'000);
        QCOMPARE(refused[QLatin1String("reason")].toString(), QStringLiteral("invalid_json"));
        QCOMPARE(counted(served, "stored"), 5'002);

        QCOMPARE(served.post("/api/v1/events", "{broken").status, 422);
        QCOMPARE(served.post("/api/v1/events", "[]").status, 400);
    }

    void whoMayHandInWhat_data()
    {
        QTest::addColumn<QByteArray>("token");
        QTest::addColumn<QByteArray>("tenant");
        QTest::addColumn<int>("status");
        QTest::newRow("operator") << QByteArray("operator") << QByteArray("any") << 200;
        QTest::newRow("viewer") << QByteArray("viewer") << QByteArray("any") << 403;
        QTest::newRow("own tenant") << QByteArray("acme") << QByteArray("acme") << 200;
        QTest::newRow("other tenant") << QByteArray("acme") << QByteArray("globex") << 403;
        QTest::newRow("no tenant") << QByteArray("acme") << QByteArray() << 403;
    }
    void whoMayHandInWhat()
    {
        QFETCH(QByteArray, token);
        QFETCH(QByteArray, tenant);
        QFETCH(int, status);
        const ServedWorkspace served("");
        QByteArray body = envelope("k");
        if (!tenant.isEmpty())
            body.replace("\"tags\":{}", "\"tags\":{\"tenant\":\"" + tenant + "\"}");
        const HttpAnswer answer = served.post("/api/v1/events", body, token.constData());
        QVERIFY2(answer.status == status, answer.body.constData());
        QCOMPARE(counted(served, "stored"), status == 200 ? 1 : 0);
    }

    /// Without a token the seeds' routes are open for demos alone, and only with JSON.
    void theOpenLoopbackTakesKarmasEvents()
    {
        const ServedWorkspace open("", true);
        QCOMPARE(open.post("/v1/events", envelope("k"), nullptr).status, 201);
        QCOMPARE(open.post("/api/v1/events", envelope("k"), nullptr).status, 401);
        QCOMPARE(open.ask(open.request("POST", "/v1/events", nullptr, envelope("l"), "Content-Type: text/plain\r\n"))
                     .status,
                 415);
        const ServedWorkspace closed("");
        QCOMPARE(closed.post("/v1/events", envelope("k"), nullptr).status, 401);
    }

    void manyClientsAtOnceLoseNothing()
    {
        const ServedWorkspace served("");
        constexpr int Clients = 64, Each = 20;
        std::vector<std::unique_ptr<HttpClient>> clients;
        for (int i = 0; i < Clients; ++i)
            clients.push_back(std::make_unique<HttpClient>(served.port()));
        for (int round = 0; round < Each; ++round) {
            for (int i = 0; i < Clients; ++i)
                clients[static_cast<std::size_t>(i)]->send(served.request(
                    "POST", "/v1/events", "operator",
                    envelope(QByteArray::number(i) + '-' + QByteArray::number(round))));
            for (const auto &client : clients)
                QCOMPARE(client->read().status, 201);
        }
        QCOMPARE(counted(served, "stored"), Clients * Each);
        QCOMPARE(counted(served, "duplicate"), 0);
    }

    /// Reading captures and redriving go before; who hands in events is told, or waits a moment.
    void otherWorkComesBetween()
    {
        ServedWorkspace served("");
        QCOMPARE(served.post("/v1/events", envelope("before")).status, 201);
        const std::string failure = test::LocalWorkspace::replay(served.backend(), "agents.ndjson");
        QVERIFY2(failure.empty(), failure.c_str());
        QCOMPARE(served.post("/v1/events", envelope("after")).status, 201);
        QCOMPARE(served.post("/v1/events", "{\"type\"").status, 400);
        const auto redriven = test::waitFor<Ok>(
            [&](Done<Ok> done) { served.backend().redrive({"t", Role::Admin, {}}, 1, "text", std::move(done)); });
        QVERIFY2(redriven, redriven ? "" : redriven.error().text().c_str());
        QCOMPARE(served.post("/v1/events", envelope("last")).status, 201);
        QCOMPARE(counted(served, "stored"), 132 + 3 + 1);
    }

    /// The same records, decoded again from what was kept, give the same history.
    void historyRunsAgain()
    {
        ServedWorkspace served("");
        QCOMPARE(served.post("/v1/events", envelope("one")).status, 201);
        QCOMPARE(served.post("/v1/events", R"({"type":"x","timestamp":"2026-01-05T10:00:01Z"})").status, 201);
        QCOMPARE(served.post("/v1/events", "{").status, 400);
        const auto check = test::waitFor<RerunCheck>(
            [&](Done<RerunCheck> done) { served.backend().checkHistory({"t", Role::Admin, {}}, {}, std::move(done)); });
        QVERIFY2(check, check ? "" : check.error().text().c_str());
        QVERIFY(check.value().equal());
    }

    void anotherEngineIsNamed()
    {
        const ServedWorkspace served("agents.ndjson");
        const auto lock = FileLock::take(Workspace{served.directory()}, "engine");
        QVERIFY(lock);
        const HttpAnswer answer = served.post("/v1/events", envelope("k"));
        QCOMPARE(answer.status, 503);
        QCOMPARE(answer.header("retry-after"), QByteArray("1"));
        QVERIFY2(memberOf(answer, "detail").contains(QStringLiteral("another engine")), answer.body.constData());
    }
};

namespace {

int killRounds()
{
    const int given = qEnvironmentVariableIntValue("EVENTOPS_FAULT_ROUNDS");
    return given > 0 ? given * 20 : 8; // 50: a thousand
}

} // namespace

/// SIGKILL while clients hand in events: what was answered well is stored, and what was sent again is not stored twice.
class TestIngestKills : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyGoodAnswerIsStoredOnce()
    {
        const Scratch scratch;
        QSet<QByteArray> answered;
        QList<QByteArray> open; // sent, and not answered: sent again
        int next = 0;
        const int rounds = killRounds();
        for (int round = 0; round < rounds; ++round) {
            ServeProcess server(scratch);
            QVERIFY(server.port() != 0);
            std::vector<std::unique_ptr<HttpClient>> clients;
            for (int i = 0; i < 16; ++i)
                clients.push_back(std::make_unique<HttpClient>(server.port()));
            const int turns = 1 + round % 5;
            for (int turn = 0; turn <= turns; ++turn) {
                QList<QByteArray> sent;
                for (const auto &client : clients) {
                    const QByteArray key = open.isEmpty() ? QByteArray::number(next++) : open.takeFirst();
                    client->send(server.request(envelope(key)));
                    sent.append(key);
                }
                if (turn == turns) { // in the middle of it, a little later each time
                    QTest::qWait(round % 7);
                    server.kill();
                }
                for (std::size_t i = 0; i < clients.size(); ++i) {
                    const int status = clients[i]->read(false, 5'000).status;
                    if (status == 201)
                        answered.insert(sent[static_cast<qsizetype>(i)]);
                    else
                        open.append(sent[static_cast<qsizetype>(i)]);
                }
            }
        }
        {
            ServeProcess last(scratch);
            for (const QByteArray &key : std::as_const(open)) {
                HttpClient client(last.port());
                client.send(last.request(envelope(key)));
                QCOMPARE(client.read().status, 201);
                answered.insert(key);
            }
        }
        QCOMPARE(answered.size(), next);
        QSet<QByteArray> stored;
        const auto rows = scratch.query(QStringLiteral("events"));
        for (const QJsonObject &row : rows)
            stored.insert(row[QLatin1String("idempotency_key")].toString().toLatin1());
        QCOMPARE(rows.size(), next); // none twice
        QCOMPARE(stored, answered);
    }
};

EVENTOPS_TEST(TestApiIngest)
EVENTOPS_TEST(TestIngestKills)
#include "tst_api_ingest.moc"
