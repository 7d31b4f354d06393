// SPDX-License-Identifier: MIT
//
// What the routes answer, compared with what the back end behind them says.
#include "tests/support/test_main.h"

#include "core/model/row_json.h"
#include "tests/support/program.h"
#include "tests/support/wait_for.h"
#include "tests/unit/api/api_fixture.h"

#include <QtCore/QJsonArray>
#include <QtCore/QProcess>
#include <QtCore/QSet>
#include <QtCore/QTemporaryFile>
#include <QtCore/QUrl>

#include <csignal>
#include <sys/types.h>

using namespace eventops;
using namespace eventops::api;
using eventops::test::HttpAnswer;
using eventops::test::HttpClient;
using eventops::test::Scratch;
using eventops::test::ServedWorkspace;

namespace {

const Caller Tester{"tester", Role::Admin, {}};

std::unique_ptr<ServedWorkspace> served;

std::vector<Finding> findingsOf(Backend &backend)
{
    std::vector<Finding> all;
    const auto done = test::waitFor<Ok>([&](Done<Ok> then) {
        backend.findings(
            Tester, {"", UINT64_MAX, true},
            [&](std::vector<Finding> page) { all.insert(all.end(), page.begin(), page.end()); }, std::move(then));
    });
    return done ? all : std::vector<Finding>();
}

std::vector<Finding> alertsOf(Backend &backend)
{
    std::vector<Finding> all = findingsOf(backend);
    std::erase_if(all, [](const Finding &finding) { return finding.alert.empty(); });
    return all;
}

QStringList eventIds(Backend &backend)
{
    QStringList ids;
    const auto done = test::waitFor<Ok>([&](Done<Ok> then) {
        backend.events(
            Tester, {"", UINT64_MAX, true},
            [&](const EventPage &page) {
                for (const std::uint32_t row : page.rows) {
                    const auto id = page.batch.text(page.batch.events[row], Field::EventId);
                    ids.append(QString::fromUtf8(id.data(), static_cast<qsizetype>(id.size())));
                }
            },
            std::move(then));
    });
    return done ? ids : QStringList();
}

/// All pages of a list, one after the other; the ids of the rows.
QStringList idsOf(const QByteArray &target, const char *name, const char *key)
{
    QStringList ids;
    QByteArray cursor;
    for (int page = 0; page < 1'000; ++page) {
        const HttpAnswer answer = served->get(target + (cursor.isEmpty() ? QByteArray() : "&cursor=" + cursor));
        if (answer.status != 200)
            return {QString::fromUtf8(answer.body)};
        const QJsonObject json = answer.json();
        for (const QJsonValue &row : json[QLatin1String(name)].toArray())
            ids.append(row.toObject()[QLatin1String(key)].toString());
        cursor = json[QLatin1String("next")].toString().toLatin1();
        if (!json[QLatin1String("more")].toBool())
            return ids;
    }
    return ids;
}

QStringList reversed(QStringList list)
{
    std::reverse(list.begin(), list.end());
    return list;
}

/// The next alert of a stream: its id and its data. Comments are passed over.
std::pair<QByteArray, QByteArray> nextAlert(HttpClient &client)
{
    for (;;) {
        const QByteArray frame = client.readUntil("\n\n");
        if (frame.isEmpty())
            return {};
        if (frame.startsWith(':'))
            continue;
        const QList<QByteArray> lines = frame.trimmed().split('\n');
        if (lines.size() != 2 || !lines[0].startsWith("id: ") || !lines[1].startsWith("data: "))
            return {};
        return {lines[0].mid(4), lines[1].mid(6)};
    }
}

void compareAlerts(HttpClient &client, const std::vector<Finding> &alerts, std::size_t from)
{
    for (std::size_t i = from; i < alerts.size(); ++i) {
        const auto [id, data] = nextAlert(client);
        QCOMPARE(id.toStdString(), alerts[i].id);
        QCOMPARE(data.toStdString(), alerts[i].alert);
    }
}

} // namespace

class TestApiRoutes : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        served = std::make_unique<ServedWorkspace>();
        QCOMPARE(served->failure(), std::string());
    }
    void cleanupTestCase() { served.reset(); }

    void healthBodiesAreExact()
    {
        for (const char *path : {"/healthz", "/readyz", "/healthcheck", "/chronos/healthcheck"}) {
            const HttpAnswer answer = served->get(path, nullptr);
            QCOMPARE(answer.status, 200);
            QCOMPARE(answer.body, QByteArray(R"({"status":"ok"})"));
            QCOMPARE(answer.header("content-type"), QByteArray("application/json"));
        }
    }

    void eventsComeInPagesThatMissNothing()
    {
        const QStringList all = eventIds(served->backend());
        QCOMPARE(all.size(), 132);
        QCOMPARE(idsOf("/api/v1/events?limit=7", "events", "id"), all);
        QCOMPARE(idsOf("/api/v1/events?limit=1000", "events", "id"), all);
        QCOMPARE(idsOf("/api/v1/events?limit=7&order=newest", "events", "id"), reversed(all));
        const QByteArray filter = "&filter=entity.id%20%3D%20%22host%3Ahost-a%22";
        const QStringList some = idsOf("/api/v1/events?limit=5" + filter, "events", "id");
        QVERIFY(some.size() > 5 && some.size() < all.size());
        QCOMPARE(idsOf("/api/v1/events?limit=5&order=newest" + filter, "events", "id"), reversed(some));
    }

    void aCursorWaitsForWhatComes()
    {
        const ServedWorkspace own;
        const QJsonObject first = own.get("/api/v1/events?limit=1000").json();
        QCOMPARE(first[QLatin1String("more")].toBool(), false);
        const QByteArray next = first[QLatin1String("next")].toString().toLatin1();
        const QJsonObject nothing = own.get("/api/v1/events?cursor=" + next).json();
        QVERIFY(nothing[QLatin1String("events")].toArray().isEmpty());
        QCOMPARE(nothing[QLatin1String("next")].toString().toLatin1(), next);
        const QJsonObject newest = own.get("/api/v1/events?order=newest&limit=1000").json();
        QVERIFY(!newest.contains(QLatin1String("next")));
    }

    void eventsLookAsEverywhere()
    {
        const QJsonObject row =
            served->get("/api/v1/events?limit=1").json()[QLatin1String("events")].toArray()[0].toObject();
        QCOMPARE(row[QLatin1String("tenant")].toString(), QStringLiteral("acme"));
        QCOMPARE(row[QLatin1String("ts_event")].toString(), QStringLiteral("2025-10-21T09:00:00Z"));
        QCOMPARE(row[QLatin1String("value")].toDouble(), 34.5);
    }

    void findingsEntitiesAndGraphAreThose()
    {
        const std::vector<Finding> findings = findingsOf(served->backend());
        QCOMPARE(findings.size(), std::size_t(3));
        QStringList ids;
        for (const Finding &finding : findings)
            ids.append(QString::fromStdString(finding.id));
        QCOMPARE(idsOf("/api/v1/findings?limit=2", "findings", "id"), ids);
        QCOMPARE(idsOf("/api/v1/findings?limit=3&order=newest", "findings", "id"), reversed(ids));
        std::string expected;
        appendFindingJson(expected, findings.front());
        QCOMPARE(served->get("/api/v1/findings/" + ids.front().toLatin1()).body.trimmed().toStdString(), expected);

        const QStringList entities = idsOf("/api/v1/entities?limit=1", "entities", "id");
        QVERIFY(entities.contains(QStringLiteral("host:host-a")));
        const QJsonObject graph = served->get("/api/v1/graph").json();
        QCOMPARE(graph[QLatin1String("nodes")].toArray().size(), entities.size());
        QVERIFY(graph[QLatin1String("edges")].isArray());
        QCOMPARE(graph[QLatin1String("more")].toBool(), false);
        QCOMPARE(served->get("/api/v1/graph?limit=1").json()[QLatin1String("more")].toBool(), true);
    }

    void theGraphIsAsked()
    {
        const ServedWorkspace logs("kafka_server.log", false, "kafka_logs");
        QCOMPARE(logs.failure(), std::string());
        const QJsonObject all = logs.get("/api/v1/graph?limit=10000").json();
        const QJsonObject edge = all[QLatin1String("edges")].toArray().first().toObject();
        const auto idOf = [&](const char *end) {
            return edge[QLatin1String(end)].toObject()[QLatin1String("id")].toString();
        };
        const auto escaped = [](const QString &text) { return QUrl::toPercentEncoding(text); };
        const QJsonObject path = logs.get("/api/v1/graph/shortest_path?entity=" + escaped(idOf("source")) + "&to="
                                          + escaped(idOf("target"))).json();
        QCOMPARE(path[QLatin1String("nodes")].toArray().size(), 2);
        QCOMPARE(path[QLatin1String("edges")].toArray().size(), 1);
        const HttpAnswer near = logs.get("/api/v1/graph/neighbourhood?depth=1&entity=" + escaped(idOf("source")));
        QVERIFY(near.status == 200 && near.json()[QLatin1String("nodes")].toArray().size() >= 2);
        QCOMPARE(logs.get("/api/v1/graph/everything").status, 404);
        QCOMPARE(logs.get("/api/v1/graph/downstream").status, 400);
        QCOMPARE(logs.get("/api/v1/graph/downstream?entity=nobody").status, 404);
        QCOMPARE(logs.get("/api/v1/graph/orphans", "other").json()[QLatin1String("nodes")].toArray().size(), 0);
        // Karma's query: its own two lists, and its own words for what is wrong.
        const auto query = [&](const QByteArray &body) { return logs.post("/v1/graph/query", body); };
        QCOMPARE(query("{}").status, 400);
        QCOMPARE(query("{}").body, QByteArray("{\"error\":\"Missing 'query_type'\"}"));
        QCOMPARE(query("{\"query_type\":\"moon\"}").body, QByteArray("{\"nodes\":[],\"edges\":[]}"));
        for (const char *bad : {"{\"depth\":\"two\"", "{\"depth\":-1", "{\"depth\":1.5", "{\"depth\":65",
                                "{\"within\":\"soon\""}) {
            const HttpAnswer refused = query("{\"query_type\":\"downstream\",\"parameters\":" + QByteArray(bad)
                                             + ",\"entity_id\":\"" + idOf("source").toUtf8() + "\"}}");
            QVERIFY2(refused.status == 400 && refused.body.startsWith("{\"error\":"), refused.body.constData());
        }
        QVERIFY(query("{\"query_type\":").body.startsWith("{\"error\":\"the body is no JSON"));
        const QJsonObject every = query(R"({"query_type":"dependencies","parameters":{}})").json();
        QCOMPARE(every[QLatin1String("edges")].toArray().size(), all[QLatin1String("edges")].toArray().size());
        const QJsonObject node = every[QLatin1String("nodes")].toArray().first().toObject();
        QVERIFY(node.contains(QLatin1String("id")) && node.contains(QLatin1String("label")));
        const QByteArray one = QByteArray(R"({"query_type":"neighbourhood","more":1,"parameters":%})")
                                   .replace('%', "{\"depth\":1,\"entity_id\":\"" + idOf("source").toUtf8() + "\"}");
        QCOMPARE(query(one).json()[QLatin1String("nodes")].toArray().size(),
                 near.json()[QLatin1String("nodes")].toArray().size());
        QCOMPARE(query(R"({"query_type":"downstream","parameters":{"entity_id":"nobody"}})").body,
                 QByteArray("{\"nodes\":[],\"edges\":[]}"));
        const QJsonObject paths = logs.get("/openapi.json").json()[QLatin1String("paths")].toObject();
        QCOMPARE(paths[QLatin1String("/v1/graph/query")][QLatin1String("post")][QLatin1String("x-lambda-nickname")]
                     .toString(), QStringLiteral("karma-graph-query"));
    }

    void theGraphHasLinks()
    {
        const ServedWorkspace logs("kafka_server.log", false, "kafka_logs");
        QCOMPARE(logs.failure(), std::string());
        const QJsonObject graph = logs.get("/api/v1/graph?limit=10000").json();
        QSet<QString> nodes;
        for (const QJsonValue &node : graph[QLatin1String("nodes")].toArray())
            nodes.insert(node.toObject()[QLatin1String("id")].toString());
        for (const QJsonValue &edge : graph[QLatin1String("edges")].toArray()) {
            const QJsonObject link = edge.toObject();
            QVERIFY(nodes.contains(link[QLatin1String("source")].toObject()[QLatin1String("id")].toString()));
            QVERIFY(nodes.contains(link[QLatin1String("target")].toObject()[QLatin1String("id")].toString()));
        }
        QCOMPARE(graph[QLatin1String("edges")].toArray().size(), 45);
    }

    void wrongParametersNameFieldAndRemedy_data()
    {
        QTest::addColumn<QByteArray>("target");
        QTest::addColumn<QString>("field");
        QTest::newRow("limit 0") << QByteArray("/api/v1/events?limit=0") << QStringLiteral("limit");
        QTest::newRow("limit high") << QByteArray("/api/v1/events?limit=10001") << QStringLiteral("limit");
        QTest::newRow("limit text") << QByteArray("/api/v1/findings?limit=ten") << QStringLiteral("limit");
        QTest::newRow("limit empty") << QByteArray("/api/v1/findings?limit=") << QStringLiteral("limit");
        QTest::newRow("limit negative") << QByteArray("/api/v1/findings?limit=-1") << QStringLiteral("limit");
        QTest::newRow("order") << QByteArray("/api/v1/findings?order=up") << QStringLiteral("order");
        QTest::newRow("twice") << QByteArray("/api/v1/findings?limit=1&limit=2") << QStringLiteral("limit");
        QTest::newRow("cursor of another list") << QByteArray("/api/v1/events?cursor=r1") << QStringLiteral("cursor");
        QTest::newRow("cursor huge") << QByteArray("/api/v1/events?cursor=p99999999999999999999")
                                     << QStringLiteral("cursor");
        QTest::newRow("cursor long") << "/api/v1/events?cursor=" + QByteArray(99, 'p') << QStringLiteral("cursor");
        QTest::newRow("filter of events") << QByteArray("/api/v1/events?filter=%3D%3D") << QStringLiteral("filter");
        QTest::newRow("filter of findings")
            << QByteArray("/api/v1/findings?filter=a%20%3D") << QStringLiteral("filter");
        QTest::newRow("filter of the graph") << QByteArray("/api/v1/graph?filter=(") << QStringLiteral("filter");
        QTest::newRow("state") << QByteArray("/api/v1/approvals?state=done") << QStringLiteral("state");
    }
    void wrongParametersNameFieldAndRemedy()
    {
        QFETCH(QByteArray, target);
        QFETCH(QString, field);
        const HttpAnswer answer = served->get(target);
        QCOMPARE(answer.status, 400);
        QCOMPARE(answer.header("content-type"), QByteArray("application/problem+json"));
        const QJsonObject problem = answer.json();
        QCOMPARE(problem[QLatin1String("field")].toString(), field);
        QCOMPARE(problem[QLatin1String("code")].toString(), QStringLiteral("invalid_argument"));
        QVERIFY(!problem[QLatin1String("detail")].toString().isEmpty());
        if (!target.contains("filter"))
            QVERIFY(!problem[QLatin1String("remedy")].toString().isEmpty());
    }

    void aDecisionIsTheTokensOwnersAndHappensOnce()
    {
        const ServedWorkspace own;
        const QJsonArray waiting = own.get("/api/v1/approvals").json()[QLatin1String("approvals")].toArray();
        QVERIFY(waiting.size() >= 2);
        const QByteArray first = waiting[0].toObject()[QLatin1String("id")].toString().toLatin1();
        const QByteArray second = waiting[1].toObject()[QLatin1String("id")].toString().toLatin1();
        const HttpAnswer approved =
            own.post("/api/v1/approvals/" + first + "/approve", R"({"reason":"seen","wait":true})", "approver");
        QCOMPARE(approved.status, 200);
        const QJsonObject action = approved.json()[QLatin1String("action")].toObject();
        QCOMPARE(action[QLatin1String("state")].toString(), QStringLiteral("succeeded"));
        QCOMPARE(action[QLatin1String("approver")].toString(), QStringLiteral("approver"));
        QCOMPARE(action[QLatin1String("decision_reason")].toString(), QStringLiteral("seen"));
        const HttpAnswer again = own.post("/api/v1/approvals/" + first + "/reject", R"({"reason":"late"})", "approver");
        QCOMPARE(again.status, 409);
        QVERIFY(!again.json()[QLatin1String("remedy")].toString().isEmpty());
        const HttpAnswer rejected = own.post("/api/v1/approvals/" + second + "/reject", R"({"reason":"no"})", "acme");
        QCOMPARE(rejected.status, 200);
        QCOMPARE(rejected.json()[QLatin1String("action")].toObject()[QLatin1String("state")].toString(),
                 QStringLiteral("rejected"));
        const QJsonArray left = own.get("/api/v1/approvals").json()[QLatin1String("approvals")].toArray();
        QCOMPARE(left.size(), waiting.size() - 2);
        const QJsonArray all = own.get("/api/v1/approvals?state=all").json()[QLatin1String("approvals")].toArray();
        QCOMPARE(all.size(), waiting.size());
    }

    void aDecisionNeedsAReason()
    {
        for (const char *body : {"{}", R"({"reason":""})", R"({"reason":1})", R"({"reason":"a","reason":"b"})",
                                 R"({"reason":"a","user":"joe"})", "[]", "{", "null", "\"reason\"", "\xff"}) {
            const HttpAnswer answer = served->post("/api/v1/approvals/abc.1/approve", body);
            QVERIFY2(answer.status == 400, body);
            QVERIFY2(!answer.json()[QLatin1String("detail")].toString().isEmpty(), body);
        }
        QCOMPARE(served->post("/api/v1/approvals/abc.1/approve", "{}").json()[QLatin1String("field")].toString(),
                 QStringLiteral("reason"));
    }

    void latestMetricsAreAsUpstreamTellsThem()
    {
        const HttpAnswer answer = served->get("/metrics/cpu?tenant=acme&host=host-a");
        QCOMPARE(answer.status, 200);
        const QJsonArray rows = QJsonDocument::fromJson(answer.body).array();
        QVERIFY(rows.size() > 10);
        QString before = QStringLiteral("9");
        for (const QJsonValue &value : rows) {
            const QJsonObject row = value.toObject();
            QCOMPARE(row.keys(), QStringList({QStringLiteral("tags"), QStringLiteral("ts"), QStringLiteral("unit"),
                                              QStringLiteral("value")}));
            QVERIFY(row[QLatin1String("ts")].toString() <= before); // newest first
            before = row[QLatin1String("ts")].toString();
            QCOMPARE(row[QLatin1String("unit")].toString(), QStringLiteral("percent"));
            QVERIFY(row[QLatin1String("tags")].isObject());
        }
        QVERIFY2(
            answer.body.endsWith(
                R"({"ts":"2025-10-21T09:00:00Z","value":34.5,"unit":"percent","tags":{"env":"prod","team":"core"}}])"),
            answer.body.right(200).constData());
        QCOMPARE(served->get("/metrics/cpu?tenant=acme&host=nobody").body, QByteArray("[]"));
        const QJsonArray latest = QJsonDocument::fromJson(served->get("/metrics/latest?metric=cpu_load").body).array();
        QCOMPARE(latest.size(), 50);
        QCOMPARE(latest[0].toObject()[QLatin1String("source_id")].toString().startsWith(QStringLiteral("host-")), true);
        QCOMPARE(latest[0].toObject()[QLatin1String("metric")].toString(), QStringLiteral("cpu_load"));
    }

    void metricsAreForPrometheus()
    {
        const HttpAnswer answer = served->get("/metrics");
        QCOMPARE(answer.status, 200);
        QVERIFY(answer.header("content-type").startsWith("text/plain; version=0.0.4"));
        QVERIFY(answer.body.contains("\neventops_events_total 132\n"));
        QVERIFY(answer.body.contains("\neventops_records_total{outcome=\"stored\"} 132\n"));
        QSet<QByteArray> typed;
        for (const QByteArray &line : answer.body.trimmed().split('\n')) {
            if (line.startsWith("# TYPE "))
                typed.insert(line.split(' ')[2]);
            if (line.startsWith('#'))
                continue;
            QCOMPARE(line.count(' '), 1);
            QVERIFY2(typed.contains(line.left(line.indexOf(line.contains('{') ? '{' : ' '))), line.constData());
            bool isNumber = false;
            line.mid(line.indexOf(' ') + 1).toULongLong(&isNumber);
            QVERIFY(isNumber);
        }
    }

    void healthTellsTheCounts()
    {
        const QJsonObject health = served->get("/api/v1/health").json();
        QCOMPARE(health[QLatin1String("status")].toString(), QStringLiteral("ok"));
        QCOMPARE(health[QLatin1String("pipeline")].toString(), QStringLiteral("default"));
        const QJsonObject records = health[QLatin1String("records")].toObject();
        QCOMPARE(records[QLatin1String("received")].toInt(), 132);
        QCOMPARE(records[QLatin1String("events")].toInt(), 132);
        QCOMPARE(health[QLatin1String("sources")].toArray().size(), 1);
        QVERIFY(!served->get("/api/v1/health", "acme").json().contains(QLatin1String("records")));
    }

    void headAnswersWithoutABody()
    {
        for (const char *path : {"/healthz", "/api/v1/events", "/docs"}) {
            HttpClient client(served->port());
            client.send(served->request("HEAD", path) + served->request("GET", "/healthz"));
            const HttpAnswer head = client.read(true);
            QCOMPARE(head.status, 200);
            QVERIFY(head.header("content-length").toInt() > 0);
            QCOMPARE(client.read().body, QByteArray(R"({"status":"ok"})"));
        }
    }

    void whatItSaysOfItselfIsWhole()
    {
        const QJsonObject api = served->get("/openapi.json", nullptr).json();
        QCOMPARE(api[QLatin1String("openapi")].toString(), QStringLiteral("3.0.3"));
        const QJsonObject paths = api[QLatin1String("paths")].toObject();
        const QByteArray page = served->get("/docs", nullptr).body;
        QSet<QString> operations;
        for (const Route &route : served->server().routes()) {
            const QString path = QString::fromLatin1(route.path.data(), static_cast<qsizetype>(route.path.size()));
            const QString method =
                QString::fromLatin1(route.method.data(), static_cast<qsizetype>(route.method.size())).toLower();
            const QJsonObject operation = paths[path].toObject()[method].toObject();
            operations.insert(operation[QLatin1String("operationId")].toString());
            QCOMPARE(operation[QLatin1String("security")].toArray().isEmpty(), route.access == RouteAccess::Public);
            QCOMPARE(operation[QLatin1String("parameters")].toArray().size(),
                     qsizetype(route.query.size()) + path.count(QLatin1Char('{')));
            QCOMPARE(operation.contains(QLatin1String("requestBody")), !route.body.empty() || route.anyBody);
            QVERIFY(page.contains(path.toHtmlEscaped().toUtf8()));
        }
        QCOMPARE(std::size_t(operations.size()), served->server().routes().size()); // ids are unique
        for (const char *outside : {"http://", "https://", "<script", "src=", "@import"})
            QVERIFY2(!page.contains(outside), outside);
    }

    void anEmptyWorkspaceAnswersToo()
    {
        const ServedWorkspace empty("");
        QCOMPARE(empty.failure(), std::string());
        for (const char *list : {"events", "findings", "entities", "approvals"}) {
            const HttpAnswer answer = empty.get("/api/v1/" + QByteArray(list));
            QCOMPARE(answer.status, 200);
            QVERIFY(answer.json()[QLatin1String(list)].toArray().isEmpty());
            QCOMPARE(answer.json()[QLatin1String("more")].toBool(), false);
        }
        QCOMPARE(empty.get("/api/v1/graph").status, 200);
        QCOMPARE(empty.get("/metrics/cpu").body, QByteArray("[]"));
        for (const char *path : {"/readyz", "/api/v1/health", "/metrics"})
            QCOMPARE(empty.get(path).status, 200);
        QCOMPARE(empty.get("/api/v1/findings/0123").status, 404);
    }
};

/// Server-sent events.
class TestAlertStream : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyViewerGetsEveryAlert()
    {
        ServedWorkspace own;
        const std::vector<Finding> alerts = alertsOf(own.backend());
        QCOMPARE(alerts.size(), std::size_t(2));
        HttpClient one(own.port()), two(own.port());
        for (HttpClient *client : {&one, &two}) {
            client->send(own.request("GET", "/alerts/stream"));
            QVERIFY(client->readUntil("\r\n\r\n").contains("text/event-stream"));
            compareAlerts(*client, alerts, 0);
        }
        // What comes while they listen reaches both, once.
        QTemporaryFile more;
        QVERIFY(more.open());
        for (int i = 0; i < 5; ++i)
            more.write(
                QStringLiteral(
                    R"({"tenant_id":"acme","host":"host-a","metric":"cpu_load","value":9%1,"ts_event":"2025-10-22T10:0%1:00Z","unit":"percent"})")
                    .arg(i)
                    .toUtf8()
                + "\n");
        more.close();
        replay(own.backend(), more.fileName());
        const std::vector<Finding> all = alertsOf(own.backend());
        QCOMPARE(all.size(), alerts.size() + 5);
        compareAlerts(one, all, alerts.size());
        compareAlerts(two, all, alerts.size());
    }

    void whoComesBackMissesNothing()
    {
        ServedWorkspace own;
        const std::vector<Finding> alerts = alertsOf(own.backend());
        for (std::size_t last = 0; last < alerts.size(); ++last) {
            HttpClient client(own.port());
            client.send(own.request("GET", "/alerts/stream", "viewer", {},
                                    "Last-Event-ID: " + QByteArray::fromStdString(alerts[last].id) + "\r\n"));
            client.readUntil("\r\n\r\n");
            compareAlerts(client, alerts, last + 1);
        }
        HttpClient stranger(own.port());
        stranger.send(own.request("GET", "/alerts/stream", "viewer", {}, "Last-Event-ID: unheard-of\r\n"));
        QVERIFY(!stranger.readUntil("not known here\n\n").isEmpty());
        compareAlerts(stranger, alerts, 0);
    }

    void aLongPastIsReadFromTheLedger()
    {
        ServedWorkspace own;
        QTemporaryFile many;
        QVERIFY(many.open());
        const int count = 10'000; // more than are kept at hand
        for (int i = 0; i < count; ++i)
            many.write(
                QStringLiteral(
                    R"({"tenant_id":"t%1","host":"host-%2","metric":"cpu_load","value":95,"ts_event":"2025-10-23T%3:%4:%5Z","unit":"percent"})")
                    .arg(i % 2)
                    .arg(i % 7)
                    .arg(i / 3600, 2, 10, QLatin1Char('0'))
                    .arg(i / 60 % 60, 2, 10, QLatin1Char('0'))
                    .arg(i % 60, 2, 10, QLatin1Char('0'))
                    .toUtf8()
                + "\n");
        many.close();
        replay(own.backend(), many.fileName());
        const std::vector<Finding> alerts = alertsOf(own.backend());
        QVERIFY(alerts.size() > 9'000);
        HttpClient client(own.port());
        client.send(own.request("GET", "/alerts/stream", "viewer", {},
                                "Last-Event-ID: " + QByteArray::fromStdString(alerts[1].id) + "\r\n"));
        client.readUntil("\r\n\r\n");
        compareAlerts(client, alerts, 2);
    }

    void viewersSeeTheirTenantsAlone()
    {
        ServedWorkspace own;
        HttpClient other(own.port());
        other.send(own.request("GET", "/alerts/stream", "other"));
        QVERIFY(!other.readUntil(": alerts\n\n").isEmpty());
        QVERIFY(other.readUntil("data:", 1'500).isEmpty());
        const auto alerts = alertsOf(own.backend());
        HttpClient acme(own.port());
        acme.send(own.request("GET", "/alerts/stream", "acme"));
        acme.readUntil("\r\n\r\n");
        compareAlerts(acme, alerts, 0);
    }

    void streamsEndWithTheServer()
    {
        ServedWorkspace own;
        HttpClient client(own.port());
        client.send(own.request("GET", "/alerts/stream"));
        QVERIFY(!client.readUntil(": alerts\n\n").isEmpty());
        own.stop();
        QVERIFY(client.waitForEnd());
    }

private:
    static void replay(Backend &backend, const QString &file)
    {
        ReplayRequest request;
        request.files = {file.toStdString()};
        request.pipelineName = EVENTOPS_SOURCE_DIR "/pipelines/definitions/default.yaml";
        QFile pipeline(QString::fromStdString(request.pipelineName));
        QVERIFY(pipeline.open(QIODevice::ReadOnly));
        request.pipelineText = pipeline.readAll().toStdString();
        const auto summary =
            test::waitFor<WorkspaceSummary>([&](auto done) { backend.replay(Tester, request, {}, std::move(done)); });
        QVERIFY2(summary, summary ? "" : summary.error().text().c_str());
    }
};

/// The program itself.
class TestServeCommand : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void itServesUntilASignal_data()
    {
        QTest::addColumn<int>("number");
        QTest::newRow("SIGINT") << SIGINT;
        QTest::newRow("SIGTERM") << SIGTERM;
    }
    void itServesUntilASignal()
    {
        QFETCH(int, number);
        const Scratch scratch;
        QCOMPARE(scratch.replay({QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson")}).exitCode, 0);
        QProcess process;
        process.start(test::program(), {QStringLiteral("serve"), QStringLiteral("--workspace"), scratch.workspace(),
                                        QStringLiteral("--port"), QStringLiteral("0"), QStringLiteral("--json")});
        QVERIFY(process.waitForReadyRead(30'000));
        const QJsonObject said = QJsonDocument::fromJson(process.readLine()).object();
        const auto port = static_cast<quint16>(said[QLatin1String("port")].toInt());
        QVERIFY(port != 0);
        QFile tokens(said[QLatin1String("tokens")].toString());
        QVERIFY(tokens.open(QIODevice::ReadOnly));
        const QByteArray token = tokens.readAll().trimmed().split('\n').last().split(' ').first();
        HttpClient client(port);
        client.send("GET /api/v1/health HTTP/1.1\r\nHost: localhost:" + QByteArray::number(port)
                    + "\r\nAuthorization: Bearer " + token + "\r\n\r\n");
        const HttpAnswer answer = client.read();
        QCOMPARE(answer.status, 200);
        QCOMPARE(answer.json()[QLatin1String("records")].toObject()[QLatin1String("stored")].toInt(), 132);
        HttpClient stream(port);
        stream.send("GET /alerts/stream HTTP/1.1\r\nHost: localhost:" + QByteArray::number(port)
                    + "\r\nAuthorization: Bearer " + token + "\r\n\r\n");
        QVERIFY(!stream.readUntil("data: ").isEmpty());
        QCOMPARE(::kill(static_cast<pid_t>(process.processId()), number), 0);
        QVERIFY(process.waitForFinished(10'000));
        QCOMPARE(process.exitStatus(), QProcess::NormalExit);
        QCOMPARE(process.exitCode(), 0);
        QVERIFY(stream.waitForEnd());
        QCOMPARE(process.readAllStandardError(), QByteArray());
    }

    void itRefusesWhatIsNotSafe()
    {
        const Scratch scratch;
        const QStringList serve{QStringLiteral("serve"), QStringLiteral("--workspace"), scratch.workspace(),
                                QStringLiteral("--port"), QStringLiteral("0")};
        const auto off = test::run(serve + QStringList{QStringLiteral("--host"), QStringLiteral("0.0.0.0")});
        QCOMPARE(off.exitCode, 3);
        QVERIFY2(off.err.contains("loopback"), off.err.constData());
        QFile tokens(scratch.workspace() + QStringLiteral("/api_tokens"));
        QVERIFY(tokens.setPermissions(QFile::ReadOwner | QFile::ReadGroup));
        const auto open = test::run(serve);
        QCOMPARE(open.exitCode, 3);
        QVERIFY2(open.err.contains("chmod 600"), open.err.constData());
    }
};

EVENTOPS_TEST(TestApiRoutes)
EVENTOPS_TEST(TestAlertStream)
EVENTOPS_TEST(TestServeCommand)
#include "tst_api_routes.moc"
