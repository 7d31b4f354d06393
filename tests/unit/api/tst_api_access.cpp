// SPDX-License-Identifier: MIT
//
// Who is let in, route by route: every route against every way of not being allowed.
#include "tests/support/test_main.h"

#include "core/session/guarded_backend.h"
#include "tests/support/fake_backend.h"
#include "tests/support/wait_for.h"
#include "tests/unit/api/api_fixture.h"

#include <QtCore/QFile>

#include <sys/stat.h>

using namespace eventops;
using namespace eventops::api;
using eventops::test::HttpAnswer;
using eventops::test::HttpClient;
using eventops::test::ServedWorkspace;

namespace {

/// A path that the route takes.
QByteArray targetOf(const Route &route)
{
    return QByteArray(route.path.data(), static_cast<qsizetype>(route.path.size())).replace("{id}", "abc.1");
}

QByteArray methodOf(const Route &route)
{
    return QByteArray(route.method.data(), static_cast<qsizetype>(route.method.size()));
}

QByteArray bodyOf(const Route &route)
{
    if (route.anyBody || route.goodStatus == 201)
        return R"({"type":"x","timestamp":"2026-01-05T10:00:00Z"})";
    if (route.readsBody)
        return R"({"query_type":"orphans"})";
    return route.body.empty() ? QByteArray() : QByteArray(R"({"reason":"seen"})");
}

QString readable(const HttpAnswer &answer, const Route &route)
{
    return QStringLiteral("%1 %2: %3 %4")
        .arg(QString::fromLatin1(methodOf(route)), QString::fromLatin1(targetOf(route)))
        .arg(answer.status)
        .arg(QString::fromUtf8(answer.body.left(300)));
}

std::unique_ptr<ServedWorkspace> served;

/// All that a path takes.
QByteArrayList methodsOf(std::string_view path)
{
    QByteArrayList methods;
    for (const Route &route : served->server().routes()) {
        if (route.path == path)
            methods += route.method == "GET" ? QByteArrayList{"GET", "HEAD"} : QByteArrayList{methodOf(route)};
    }
    return methods;
}

} // namespace

class TestApiAccess : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        served = std::make_unique<ServedWorkspace>();
        QCOMPARE(served->failure(), std::string());
        QVERIFY(served->server().routes().size() >= 18);
    }
    void cleanupTestCase() { served.reset(); }

    void everyRouteRefuses_data()
    {
        QTest::addColumn<QByteArray>("headers");
        QTest::addColumn<int>("status");
        QTest::addColumn<bool>("publicToo"); // routes that need no token refuse it as well
        QTest::newRow("no token") << QByteArray() << 401 << false;
        QTest::newRow("wrong token") << "Authorization: Bearer " + QByteArray(64, 'a') + "\r\n" << 401 << false;
        QTest::newRow("cut token") << "Authorization: Bearer " + ServedWorkspace::token("admin").chopped(1) + "\r\n"
                                   << 401 << false;
        QTest::newRow("longer token") << "Authorization: Bearer " + ServedWorkspace::token("admin") + "0\r\n"
                                      << 401 << false;
        QTest::newRow("other scheme") << "Authorization: Basic " + ServedWorkspace::token("admin") + "\r\n"
                                      << 401 << false;
        QTest::newRow("two tokens") << "Authorization: Bearer " + ServedWorkspace::token("viewer")
                                           + "\r\nAuthorization: Bearer " + ServedWorkspace::token("admin") + "\r\n"
                                    << 401 << false;
        const QByteArray good = "Authorization: Bearer " + ServedWorkspace::token("admin") + "\r\n";
        QTest::newRow("foreign Host") << good + "Host: evil.example\r\n" << 421 << true;
        QTest::newRow("foreign Host, our port") << good + "Host: evil.example:PORT\r\n" << 421 << true;
        QTest::newRow("our name, another port") << good + "Host: localhost:1\r\n" << 421 << true;
        QTest::newRow("our name within another") << good + "Host: localhost:PORT.evil.example\r\n" << 421 << true;
        QTest::newRow("two Hosts") << good + "Host: localhost:PORT\r\nHost: localhost:PORT\r\n" << 400 << true;
        QTest::newRow("foreign Origin") << good + "Origin: https://evil.example\r\n" << 403 << true;
        QTest::newRow("Origin null") << good + "Origin: null\r\n" << 403 << true;
        QTest::newRow("Origin of another port") << good + "Origin: http://localhost:1\r\n" << 403 << true;
        QTest::newRow("Origin by another scheme") << good + "Origin: https://localhost:PORT\r\n" << 403 << true;
    }
    void everyRouteRefuses()
    {
        QFETCH(QByteArray, headers);
        QFETCH(int, status);
        QFETCH(bool, publicToo);
        headers.replace("PORT", QByteArray::number(served->port()));
        for (const Route &route : served->server().routes()) {
            const HttpAnswer answer =
                served->ask(served->request(methodOf(route), targetOf(route), nullptr, bodyOf(route), headers));
            const bool open = route.access == RouteAccess::Public && !publicToo;
            QVERIFY2(open ? answer.status == 200 : answer.status == status, qPrintable(readable(answer, route)));
            if (open)
                continue;
            QCOMPARE(answer.header("content-type"), QByteArray("application/problem+json"));
            QVERIFY2(!answer.json()[QLatin1String("remedy")].toString().isEmpty() || status == 400,
                     qPrintable(readable(answer, route)));
            const bool bySignature = route.access == RouteAccess::Signed;
            QCOMPARE(answer.header("www-authenticate").startsWith(bySignature ? "Webhook" : "Bearer"), status == 401);
        }
    }

    void publicRoutesTellNothingOfTheWorkspace()
    {
        QStringList paths;
        for (const Route &route : served->server().routes()) {
            if (route.access == RouteAccess::Public)
                paths.append(QString::fromLatin1(targetOf(route)));
        }
        const QStringList expected{
            QStringLiteral("/healthz"), QStringLiteral("/healthcheck"),  QStringLiteral("/chronos/healthcheck"),
            QStringLiteral("/readyz"),  QStringLiteral("/chronos/severities"),
            QStringLiteral("/chronos-consumer/healthcheck"), QStringLiteral("/"), QStringLiteral("/page.js"),
            QStringLiteral("/page.css"), QStringLiteral("/openapi.json"), QStringLiteral("/docs"),
            QStringLiteral("/chronos/openapi.json"), QStringLiteral("/chronos/docs")};
        QCOMPARE(paths, expected);
        for (const QString &path : paths) {
            const HttpAnswer answer = served->get(path.toLatin1(), nullptr);
            QCOMPARE(answer.status, 200);
            QVERIFY2(!answer.body.contains("acme"), qPrintable(path));
        }
    }

    void everyRouteRefusesWhatIsNotMeantForIt()
    {
        for (const Route &route : served->server().routes()) {
            for (const char *method : {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "NONSENSE"}) {
                if (methodsOf(route.path).contains(method))
                    continue;
                const HttpAnswer answer = served->ask(served->request(method, targetOf(route)));
                const bool word = route.readsAll && answer.status == 422; // where another route has a number
                QVERIFY2(answer.status == 405 || word, qPrintable(readable(answer, route)));
                if (route.readsAll) // another route of its group may take the same path
                    continue;
                QCOMPARE(answer.header("allow"), methodsOf(route.path).join(", "));
            }
            if (route.readsAll) // says by itself what is wrong: TestChronos
                continue;
            const QByteArray body = bodyOf(route).isEmpty() ? QByteArray("{}") : bodyOf(route);
            for (const char *type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""}) {
                if (route.anyBody && route.bodyTypes.front() == eventops::api::AnyType)
                    break; // what it is said to be is for the handler to judge
                const HttpAnswer answer = served->ask(served->request(methodOf(route), targetOf(route), "admin", body,
                                                                      QByteArray("Content-Type: ") + type + "\r\n"));
                QVERIFY2(answer.status == 415, qPrintable(readable(answer, route)));
            }
            const HttpAnswer query =
                served->ask(served->request(methodOf(route), targetOf(route) + "?nonsense=1", "admin", bodyOf(route)));
            QVERIFY2(query.status == 400, qPrintable(readable(query, route)));
            QCOMPARE(query.json()[QLatin1String("field")].toString(), QStringLiteral("nonsense"));
        }
    }

    /// L12: the page is there for anybody, tells nothing by itself and loads nothing from elsewhere.
    void thePageStandsByItself()
    {
        const HttpAnswer page = served->get("/", nullptr);
        QCOMPARE(page.status, 200);
        QVERIFY(page.body.contains("Latest CPU Metrics") && page.body.contains("Live Alerts (SSE)"));
        QVERIFY(page.header("content-security-policy").startsWith("default-src 'none'"));
        for (const char *path : {"/", "/page.js", "/page.css"}) {
            const QByteArray body = served->get(path, nullptr).body;
            for (const char *outside : {"http:", "https:", "//cdn", "@import", "innerHTML", "eval("})
                QVERIFY2(!body.contains(outside), outside);
        }
    }

    /// An EventSource sends no header: a cookie stands for the token, for reading alone.
    void aCookieReadsAndDoesNothingElse()
    {
        QCOMPARE(served->post("/api/v1/session", {}, nullptr).status, 401);
        const HttpAnswer session = served->ask(served->request("POST", "/api/v1/session", "viewer"));
        QCOMPARE(session.status, 200);
        const QByteArray set = session.header("set-cookie");
        QVERIFY2(set.contains("HttpOnly") && set.contains("SameSite=Strict"), set.constData());
        const QByteArray cookie = "Cookie: other=1; " + set.left(set.indexOf(';')) + "\r\n";
        QCOMPARE(served->ask(served->request("GET", "/api/v1/health", nullptr, {}, cookie)).status, 200);
        QCOMPARE(served->ask(served->request("POST", "/v1/graph/query", nullptr, R"({"query_type":"orphans"})", cookie))
                     .status,
                 401);
        QCOMPARE(served->ask(served->request("GET", "/api/v1/health", nullptr, {},
                                             cookie + "Origin: http://evil.example\r\n"))
                     .status,
                 403);
        const QByteArray wrong = "Cookie: eventops_session=" + QByteArray(64, '0') + "\r\n";
        QCOMPARE(served->ask(served->request("GET", "/api/v1/health", nullptr, {}, wrong)).status, 401);
        HttpClient stream(served->port());
        stream.send(served->request("GET", "/alerts/stream", nullptr, {}, cookie));
        QVERIFY(!stream.readUntil("data: ").isEmpty());
    }

    void everyRouteRefusesPathsOfTwoMeanings()
    {
        for (const Route &route : served->server().routes()) {
            const QByteArray target = targetOf(route);
            const QByteArray last = target.mid(target.lastIndexOf('/') + 1);
            const QByteArray parent = target.left(target.lastIndexOf('/'));
            for (const QByteArray &path : {"/" + target,
                                           parent + "//" + last,
                                           target + "/",
                                           target + "//",
                                           parent + "/./" + last,
                                           parent + "/x/../" + last,
                                           parent + "/%2e%2e" + target,
                                           parent + "/%2E/" + last,
                                           parent + "/x/%2e%2e/" + last,
                                           parent + "%2f" + last,
                                           parent + "/%2F" + last,
                                           parent + "/%5c" + last,
                                           parent + "\\" + last,
                                           target + "%00",
                                           target + "%0a",
                                           target + "%ff",
                                           target + "%c3%28",
                                           target + "%",
                                           target + "%4",
                                           target + "%zz",
                                           QByteArray("%2f") + target,
                                           "http://localhost:" + QByteArray::number(served->port()) + target,
                                           target + "\xff"}) {
                const HttpAnswer answer = served->ask(served->request(methodOf(route), path, "admin", bodyOf(route)));
                QVERIFY2(answer.status == 400 || answer.status == 404, (path + " " + answer.body).constData());
                const bool exactly400 = path.contains("//") || path.contains("%2e%2e");
                QVERIFY2(!exactly400 || answer.status == 400, (path + " " + answer.body).constData());
            }
        }
    }

    void anOriginOfOursAndNamesOfOursAreLetIn()
    {
        const QByteArray port = QByteArray::number(served->port());
        for (const char *name : {"localhost", "LocalHost", "127.0.0.1", "[::1]"}) {
            const QByteArray host = QByteArray(name) + ":" + port;
            const HttpAnswer answer = served->ask(served->request(
                "GET", "/api/v1/health", "viewer", {}, "Host: " + host + "\r\nOrigin: http://" + host + "\r\n"));
            QCOMPARE(answer.status, 200);
            QVERIFY(answer.header("access-control-allow-origin").isEmpty());
        }
    }

    void rolesAreAskedInTheCore()
    {
        for (const char *verb : {"approve", "reject"}) {
            const QByteArray target = "/api/v1/approvals/abc.1/" + QByteArray(verb);
            for (const char *name : {"viewer", "operator"}) {
                const HttpAnswer answer = served->post(target, R"({"reason":"x"})", name);
                QCOMPARE(answer.status, 403);
                QCOMPARE(answer.json()[QLatin1String("code")].toString(), QStringLiteral("refused"));
            }
            for (const char *name : {"approver", "admin"})
                QCOMPARE(served->post(target, R"({"reason":"x"})", name).status, 404); // there is no such action
        }
    }

    void otherTenantsSeeNothing()
    {
        const QByteArray id = served->get("/api/v1/findings")
                                  .json()[QLatin1String("findings")]
                                  .toArray()[0]
                                  .toObject()[QLatin1String("id")]
                                  .toString()
                                  .toLatin1();
        QCOMPARE(id.size(), 32);
        QCOMPARE(served->get("/api/v1/findings/" + id).status, 200);
        QCOMPARE(served->get("/api/v1/findings/" + id, "acme").status, 200);
        QCOMPARE(served->get("/api/v1/findings/" + id, "other").status, 404);
        for (const Route &route : served->server().routes()) {
            if (route.method != "GET" || route.access == RouteAccess::Public
                || route.path.find('{') != std::string::npos || route.path == "/alerts/stream"
                || route.path == "/api/v1/attach") // streams
                continue;
            const HttpAnswer answer = served->get(targetOf(route), "other");
            QVERIFY2(answer.status == 200 || answer.status == 403, qPrintable(readable(answer, route)));
            QVERIFY2(!answer.body.contains("acme") && !answer.body.contains("host-a"),
                     qPrintable(readable(answer, route)));
        }
        QCOMPARE(served->get("/metrics", "other").status, 403);
        const QJsonObject waiting = served->get("/api/v1/approvals?limit=1").json();
        const QByteArray action =
            waiting[QLatin1String("approvals")].toArray()[0].toObject()[QLatin1String("id")].toString().toLatin1();
        QVERIFY(!action.isEmpty());
        QCOMPARE(served->post("/api/v1/approvals/" + action + "/reject", R"({"reason":"x"})", "other").status, 404);
    }

    void aFilterCannotWidenWhatACallerSees()
    {
        for (const char *filter :
             {"tenant%20=%20acme", "tenant%20=%20acme%20or%20tenant%20!=%20acme", "exists(id)%20or%20exists(tenant)"}) {
            for (const char *path : {"/api/v1/events", "/api/v1/findings", "/api/v1/entities", "/api/v1/graph"}) {
                const HttpAnswer answer = served->get(QByteArray(path) + "?filter=" + filter, "other");
                QVERIFY(answer.status == 200 || answer.status == 400); // not every table has an id
                QVERIFY2(!answer.body.contains("host-a"), answer.body.constData());
            }
        }
        const QByteArray quote = "/metrics/cpu?tenant=x%22%20or%20tenant%20=%20%22acme";
        QCOMPARE(served->get(quote, "other").body, QByteArray("[]"));
        QCOMPARE(served->get(quote).body, QByteArray("[]"));
    }

    void demosMayOpenTheSeedsRoutesAlone()
    {
        const ServedWorkspace open("agents.ndjson", true);
        QCOMPARE(open.failure(), std::string());
        for (const Route &route : open.server().routes()) {
            if (route.path == "/alerts/stream")
                continue;
            const HttpAnswer answer = open.ask(open.request(methodOf(route), targetOf(route), nullptr, bodyOf(route)));
            const bool closed = route.access == RouteAccess::Token || route.access == RouteAccess::Signed;
            if (route.readsAll) // open, and says by itself what is wrong: TestChronos
                QVERIFY2(answer.status != 401, qPrintable(readable(answer, route)));
            else
                QCOMPARE(answer.status, closed ? 401 : int(route.goodStatus));
            const QByteArray foreign = "Host: evil.example:" + QByteArray::number(open.port()) + "\r\n";
            QCOMPARE(open.ask(open.request(methodOf(route), targetOf(route), nullptr, bodyOf(route), foreign)).status,
                     421);
        }
        QCOMPARE(open.ask(open.request("GET", "/metrics/cpu", nullptr, {}, "Authorization: Bearer x\r\n")).status, 401);
    }

    void offLoopbackItDoesNotServe()
    {
        for (const char *address : {"0.0.0.0", "::", "192.168.1.1", "example.org"}) {
            ApiOptions options;
            options.address = address;
            const auto server = ApiServer::start(served->backend(), {}, options);
            QVERIFY(!server);
            QCOMPARE(server.error().code, Error::Code::Refused);
            QVERIFY(!server.error().remedy.empty());
        }
    }
};

/// The file of tokens.
class TestApiTokens : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aFileIsMadeForItsOwnerAlone()
    {
        const QTemporaryDir directory;
        const std::string path = directory.path().toStdString();
        const auto tokens = loadTokens(path);
        QVERIFY(tokens);
        QCOMPARE(tokens.value().size(), std::size_t(1));
        QCOMPARE(tokens.value().front().caller.user, std::string("admin"));
        QVERIFY(tokens.value().front().caller.role == Role::Admin);
        QVERIFY(tokens.value().front().caller.tenants.empty());
        struct stat info = {};
        QCOMPARE(::stat((path + "/api_tokens").c_str(), &info), 0);
        QCOMPARE(info.st_mode & 0777u, 0600u);
        QFile file(directory.filePath(QStringLiteral("api_tokens")));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray last = file.readAll().trimmed().split('\n').last();
        const QByteArray token = last.split(' ').first();
        QCOMPARE(token.size(), 64); // 256 bits
        QVERIFY(findCaller(tokens.value(), token.toStdString()) != nullptr);
        QVERIFY(findCaller(tokens.value(), token.chopped(1).toStdString()) == nullptr);
        QVERIFY(findCaller(tokens.value(), "") == nullptr);
        QCOMPARE(loadTokens(path).value().front().hash, tokens.value().front().hash); // read, not made again
        const QTemporaryDir other;
        QVERIFY(loadTokens(other.path().toStdString()).value().front().hash != tokens.value().front().hash);
    }

    void aFileThatOthersMayReadIsNotUsed()
    {
        const QTemporaryDir directory;
        const std::string path = directory.path().toStdString() + "/api_tokens";
        QVERIFY(loadTokens(directory.path().toStdString()));
        for (const mode_t mode : {0640u, 0604u, 0660u, 0777u}) {
            QCOMPARE(::chmod(path.c_str(), mode), 0);
            const auto tokens = loadTokens(directory.path().toStdString());
            QVERIFY(!tokens);
            QCOMPARE(tokens.error().code, Error::Code::Refused);
            QVERIFY(tokens.error().remedy.find("chmod 600") != std::string::npos);
        }
        QCOMPARE(::chmod(path.c_str(), 0400), 0);
        QVERIFY(loadTokens(directory.path().toStdString()));
    }

    void whatIsNoOrdinaryFileIsNotUsed()
    {
        const QTemporaryDir directory, elsewhere;
        QVERIFY(loadTokens(elsewhere.path().toStdString()));
        const std::string path = directory.path().toStdString() + "/api_tokens";
        QCOMPARE(::symlink((elsewhere.path().toStdString() + "/api_tokens").c_str(), path.c_str()), 0);
        QCOMPARE(loadTokens(directory.path().toStdString()).error().code, Error::Code::Refused);
        QCOMPARE(::unlink(path.c_str()), 0);
        QCOMPARE(::mkfifo(path.c_str(), 0600), 0);
        QCOMPARE(loadTokens(directory.path().toStdString()).error().code, Error::Code::Refused);
    }

    void linesSayWhoMayWhat()
    {
        const std::string a(32, 'a'), b(40, 'b');
        const auto tokens =
            parseTokens("# all\n\n" + a + "  jane\tapprover acme,globex # on call\n" + b + " bot viewer *\r\n", "f");
        QVERIFY(tokens);
        QCOMPARE(tokens.value().size(), std::size_t(2));
        const Caller *jane = findCaller(tokens.value(), a);
        QVERIFY(jane != nullptr);
        QCOMPARE(jane->user, std::string("jane"));
        QVERIFY(jane->role == Role::Approver);
        QCOMPARE(jane->tenants, (std::vector<std::string>{"acme", "globex"}));
        QVERIFY(findCaller(tokens.value(), b)->tenants.empty());
    }

    void wrongLinesAreNamed_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<uint>("line");
        const QString token(32, QLatin1Char('a'));
        QTest::newRow("empty") << QString() << 0u;
        QTest::newRow("comments alone") << QStringLiteral("# nothing\n") << 0u;
        QTest::newRow("few words") << QStringLiteral("\n%1 jane viewer\n").arg(token) << 2u;
        QTest::newRow("many words") << QStringLiteral("%1 jane viewer acme, globex\n").arg(token) << 1u;
        QTest::newRow("short token") << QStringLiteral("%1 jane viewer *").arg(token.chopped(1)) << 1u;
        QTest::newRow("odd token") << QStringLiteral("%1\" jane viewer *").arg(token) << 1u;
        QTest::newRow("no role") << QStringLiteral("%1 jane root *").arg(token) << 1u;
        QTest::newRow("no tenants") << QStringLiteral("%1 jane viewer ,").arg(token) << 1u;
        QTest::newRow("twice") << QStringLiteral("%1 a viewer *\n%1 b admin *").arg(token) << 2u;
    }
    void wrongLinesAreNamed()
    {
        QFETCH(QString, text);
        QFETCH(uint, line);
        const auto tokens = parseTokens(text.toStdString(), "api_tokens");
        QVERIFY(!tokens);
        QCOMPARE(tokens.error().where.line, line);
        QVERIFY(!tokens.error().remedy.empty());
        QVERIFY(tokens.error().text().find(std::string(31, 'a')) == std::string::npos); // secrets are not told
    }
};

/// What callers may, whatever the way they came.
class TestGuardedBackend : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void callsAskForRoleAndTenants()
    {
        eventops::test::FakeBackend fake;
        GuardedBackend guard(fake);
        const auto refused = [&](auto call, const Caller &caller) {
            const auto result = call(caller);
            return !result && result.error().code == Error::Code::Refused;
        };
        const Caller viewer{"v", Role::Viewer, {}}, worker{"o", Role::Operator, {}}, approver{"a", Role::Approver, {}},
            admin{"x", Role::Admin, {}}, oneTenant{"t", Role::Admin, {"acme"}};
        const auto redrive = [&](const Caller &caller) {
            return test::waitFor<Ok>([&](Done<Ok> done) { guard.redrive(caller, 1, "auto", std::move(done)); });
        };
        const auto feedback = [&](const Caller &caller) {
            return test::waitFor<Ok>([&](Done<Ok> done) { guard.giveFeedback(caller, {}, std::move(done)); });
        };
        const auto replay = [&](const Caller &caller) {
            return test::waitFor<WorkspaceSummary>([&](auto done) { guard.replay(caller, {}, {}, std::move(done)); });
        };
        const auto letters = [&](const Caller &caller) {
            return test::waitFor<Ok>([&](Done<Ok> done) {
                guard.deadLetters(
                    caller, 1, [](auto) {}, std::move(done));
            });
        };
        const auto audit = [&](const Caller &caller) {
            return test::waitFor<Ok>([&](Done<Ok> done) {
                guard.audit(
                    caller, 1, [](auto) {}, std::move(done));
            });
        };
        QVERIFY(refused(redrive, viewer) && !refused(redrive, worker) && refused(redrive, oneTenant));
        QVERIFY(refused(feedback, viewer) && !refused(feedback, worker) && !refused(feedback, oneTenant));
        QVERIFY(refused(replay, approver) && !refused(replay, admin) && refused(replay, oneTenant));
        QVERIFY(!refused(letters, viewer) && refused(letters, oneTenant));
        QVERIFY(!refused(audit, viewer) && refused(audit, oneTenant));
    }

    void nobodyDecidesForAnother()
    {
        eventops::test::FakeBackend fake;
        GuardedBackend guard(fake);
        const auto decide = [&](const Caller &caller, const std::string &user) {
            return test::waitFor<DecisionOutcome>([&](Done<DecisionOutcome> done) {
                guard.decide(caller, {"a.1", DecisionKind::Approve, user, "why"}, false, std::move(done));
            });
        };
        QCOMPARE(decide({"jane", Role::Admin, {}}, "joe").error().code, Error::Code::Refused);
        QCOMPARE(decide({"jane", Role::Operator, {}}, "jane").error().code, Error::Code::Refused);
        QVERIFY(fake.with([](auto &answers) { return answers.decisions.empty(); }));
    }

    /// Views ask for places; how much was found is told to those alone who may see all of it.
    void changesTellPlacesAndNotWhatWasFound()
    {
        std::atomic<std::uint64_t> revision{0}, events{0}, findings{0}, allFindings{0};
        eventops::test::FakeBackend fake;
        GuardedBackend guard(fake);
        const Ticket watching = guard.subscribe({"t", Role::Viewer, {"acme"}}, [&](const Change &told) {
            events = told.events;
            findings = told.findings;
            revision = told.revision;
        });
        const Ticket other =
            guard.subscribe({"v", Role::Viewer, {}}, [&](const Change &told) { allFindings = told.findings; });
        Change change;
        change.revision = 5;
        change.events = 9;
        change.findings = 3;
        fake.change(change);
        QTRY_COMPARE(allFindings.load(), 3u);
        QTRY_COMPARE(revision.load(), 5u);
        QCOMPARE(events.load(), 9u);
        QCOMPARE(findings.load(), 0u);
    }

    void healthLeavesOutWhatIsOfOthers()
    {
        eventops::test::FakeBackend fake;
        fake.with([](auto &answers) {
            answers.health.summary.counters.events = 7;
            answers.health.deadLetters.push_back({"invalid_utf8", 3});
            answers.health.pipelineName = "default";
        });
        GuardedBackend guard(fake);
        const auto health = [&](const Caller &caller) {
            return test::waitFor<Health>([&](Done<Health> done) { guard.health(caller, std::move(done)); }).value();
        };
        QCOMPARE(health({"v", Role::Viewer, {}}).summary.counters.events, 7u);
        const Health told = health({"t", Role::Admin, {"acme"}});
        QCOMPARE(told.summary.counters.events, 0u);
        QVERIFY(told.deadLetters.empty());
        QCOMPARE(told.pipelineName, std::string("default"));
    }
};

EVENTOPS_TEST(TestApiAccess)
EVENTOPS_TEST(TestApiTokens)
EVENTOPS_TEST(TestGuardedBackend)
#include "tst_api_access.moc"
