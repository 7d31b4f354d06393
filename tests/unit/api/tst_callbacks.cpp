// SPDX-License-Identifier: MIT
//
// Signed callbacks: what the target of a webhook says of an action becomes its state, and nothing else does.
#include "tests/support/test_main.h"

#include "core/codec/webhook.h"
#include "core/session/webhook_feed.h"
#include "tests/support/program.h"
#include "tests/unit/api/api_fixture.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>

#include <csignal>
#include <sys/stat.h>

using namespace eventops;
using eventops::test::HttpAnswer;
using eventops::test::Ran;
using eventops::test::Scratch;
using eventops::test::ServedWorkspace;

namespace {

constexpr char Secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char Path[] = "/api/v1/webhooks/ops/reports";

std::int64_t nowSeconds()
{
    return raw(SystemClock().now()) / NsPerSecond;
}

QByteArray signedHeaders(const QByteArray &id, const QByteArray &body, std::int64_t seconds = nowSeconds(),
                         const char *secret = Secret)
{
    const std::string signature =
        WebhookKeys::parse(secret).value().sign(id.toStdString(), seconds, body.toStdString());
    return "webhook-id: " + id + "\r\nwebhook-timestamp: " + QByteArray::number(static_cast<qlonglong>(seconds))
           + "\r\nwebhook-signature: " + QByteArray::fromStdString(signature) + "\r\n";
}

QByteArray reportOf(const QByteArray &action, const QByteArray &type, const QByteArray &attrs = "{}")
{
    return "{\"event_type\":\"" + type + "\",\"action_id\":\"" + action + "\",\"attrs\":" + attrs + "}";
}

/// A served workspace with one hook, and actions that were approved.
class Hooked
{
public:
    explicit Hooked(const std::string &filter = {})
    {
        WebhookHook hook;
        hook.name = "ops";
        hook.url = "http://127.0.0.1:9/";
        hook.send = {"requests"};
        hook.filter = filter;
        hook.secretFile = "webhook-ops.secret";
        hook.callback = "http://127.0.0.1:8088";
        QFile file(QString::fromStdString(served.directory() + "/webhook-ops.secret"));
        if (file.open(QIODevice::WriteOnly))
            file.write(Secret);
        file.close();
        ::chmod(file.fileName().toLocal8Bit().constData(), 0600);
        const std::vector<WebhookHook> hooks{hook};
        [[maybe_unused]] const Status written = writeWebhooks({served.directory()}, hooks);
    }
    QByteArray approve(int which = 0) const
    {
        const QByteArray id = waiting(which);
        const HttpAnswer answer = served.post("/api/v1/approvals/" + id + "/approve", R"({"reason":"go"})");
        return answer.status == 200 ? id : QByteArray();
    }
    QByteArray waiting(int which = 0) const
    {
        const QJsonArray rows =
            served.get("/api/v1/approvals?filter=state%20=%20proposed").json()[QLatin1String("approvals")].toArray();
        return rows[which].toObject()[QLatin1String("id")].toString().toLatin1();
    }
    QString state(const QByteArray &action) const
    {
        const auto ledger = Ledger::open(served.directory(), LedgerMode::Read, {}).value();
        const auto found = ledger->action(action.toStdString());
        return found ? QString::fromStdString(std::string(toString(found.value().state))) : QString();
    }
    std::size_t auditRows() const
    {
        std::size_t rows = 0;
        const auto ledger = Ledger::open(served.directory(), LedgerMode::Read, {}).value();
        const Status read = ledger->audit({}, [&](const AuditRow &) { return ++rows > 0; });
        return read ? rows : 0;
    }
    HttpAnswer say(const QByteArray &body, const QByteArray &headers, const QByteArray &path = Path) const
    {
        return served.ask(served.request("POST", path, nullptr, body, headers));
    }
    static QString taken(const HttpAnswer &answer)
    {
        return answer.status == 200 ? answer.json()[QLatin1String("taken")].toString() : QString::number(answer.status);
    }

    ServedWorkspace served;
};

} // namespace

class TestCallbacks : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aSignedReportMovesTheAction()
    {
        const Hooked hooked;
        QCOMPARE(hooked.served.failure(), std::string());
        const QByteArray action = hooked.approve();
        QVERIFY(!action.isEmpty());
        const QByteArray half = reportOf(action, "action.progress", R"({"percent":50})");
        QCOMPARE(Hooked::taken(hooked.say(half, signedHeaders("m1", half))), QStringLiteral("moved"));
        QCOMPARE(hooked.state(action), QStringLiteral("started"));
        const QByteArray done = R"({"specversion":"1.0","id":"x","source":"n8n","type":"action.result","data":)"
                                + reportOf(action, "action.result", R"({"state":"succeeded","output":"ok"})") + "}";
        QCOMPARE(Hooked::taken(
                     hooked.say(done, signedHeaders("m2", done) + "Content-Type: application/cloudevents+json\r\n")),
                 QStringLiteral("moved"));
        QCOMPARE(hooked.state(action), QStringLiteral("succeeded"));
        const auto ledger = Ledger::open(hooked.served.directory(), LedgerMode::Read, {}).value();
        QVERIFY(ledger->verifyAudit());
        QStringList actors;
        QVERIFY(ledger->audit({}, [&](const AuditRow &row) {
            if (row.subject == action.toStdString())
                actors.append(QString::fromStdString(row.actor));
            return true;
        }));
        QCOMPARE(actors.last(), QStringLiteral("webhook:ops"));
    }

    void theReportBecomesAnEvent()
    {
        const Hooked hooked;
        const QByteArray action = hooked.approve();
        const QByteArray done = reportOf(action, "action.result", R"({"state":"succeeded"})");
        QCOMPARE(Hooked::taken(hooked.say(done, signedHeaders("m1", done))), QStringLiteral("moved"));
        const QByteArray query = "/api/v1/events?filter=type%20=%20action.succeeded";
        QTRY_VERIFY_WITH_TIMEOUT(hooked.served.get(query).json()[QLatin1String("events")].toArray().size() >= 1,
                                 20'000);
    }

    void saidTwiceOrTooLateChangesNothing()
    {
        const Hooked hooked;
        const QByteArray action = hooked.approve();
        const QByteArray half = reportOf(action, "action.progress", R"({"percent":50})");
        const QByteArray failed = reportOf(action, "action.failed", R"({"error":"no"})");
        const QByteArray late = reportOf(action, "action.result", R"({"state":"succeeded"})");
        QCOMPARE(Hooked::taken(hooked.say(half, signedHeaders("m1", half))), QStringLiteral("moved"));
        QCOMPARE(Hooked::taken(hooked.say(failed, signedHeaders("m2", failed))), QStringLiteral("moved"));
        const std::size_t rows = hooked.auditRows();
        QCOMPARE(Hooked::taken(hooked.say(failed, signedHeaders("m2", failed))), QStringLiteral("known"));
        QCOMPARE(Hooked::taken(hooked.say(failed, signedHeaders("m3", failed))), QStringLiteral("known"));
        QCOMPARE(Hooked::taken(hooked.say(late, signedHeaders("m4", late))), QStringLiteral("known"));
        QCOMPARE(Hooked::taken(hooked.say(half, signedHeaders("m5", half))), QStringLiteral("known"));
        QCOMPARE(hooked.state(action), QStringLiteral("failed"));
        QCOMPARE(hooked.auditRows(), rows);
    }

    void whoDoesNotSignIsNotHeard_data()
    {
        QTest::addColumn<QByteArray>("headers");
        QTest::addColumn<QByteArray>("path");
        QTest::addColumn<int>("status");
        const QByteArray good(Path);
        QTest::newRow("no signature") << QByteArray() << good << 401;
        QTest::newRow("another secret") << QByteArray("OTHER") << good << 401;
        QTest::newRow("another body") << QByteArray("BODY") << good << 401;
        QTest::newRow("six minutes ago") << QByteArray("OLD") << good << 401;
        QTest::newRow("in six minutes") << QByteArray("NEW") << good << 401;
        QTest::newRow("two signatures") << QByteArray("TWICE") << good << 401;
        QTest::newRow("a token instead") << QByteArray("TOKEN") << good << 401;
        QTest::newRow("another hook") << QByteArray("GOOD") << QByteArray("/api/v1/webhooks/none/reports") << 401;
        QTest::newRow("a foreign page") << QByteArray("PAGE") << good << 403;
        QTest::newRow("plain text") << QByteArray("TEXT") << good << 415;
    }
    void whoDoesNotSignIsNotHeard()
    {
        QFETCH(QByteArray, headers);
        QFETCH(QByteArray, path);
        QFETCH(int, status);
        const Hooked hooked;
        const QByteArray action = hooked.approve();
        const QByteArray body = reportOf(action, "action.result", R"({"state":"succeeded"})");
        const std::string other = newWebhookSecret().value();
        const std::int64_t now = nowSeconds();
        const QByteArray good = signedHeaders("m1", body);
        if (headers == "OTHER")
            headers = signedHeaders("m1", body, now, other.c_str());
        else if (headers == "BODY")
            headers = signedHeaders("m1", body + " ");
        else if (headers == "OLD")
            headers = signedHeaders("m1", body, now - 360);
        else if (headers == "NEW")
            headers = signedHeaders("m1", body, now + 360);
        else if (headers == "TWICE")
            headers = good + good.mid(good.indexOf("webhook-signature"));
        else if (headers == "TOKEN")
            headers = "Authorization: Bearer " + ServedWorkspace::token("admin") + "\r\n";
        else if (headers == "GOOD")
            headers = good;
        else if (headers == "PAGE")
            headers = good + "Origin: https://evil.example\r\n";
        else if (headers == "TEXT")
            headers = good + "Content-Type: text/plain\r\n";
        const std::size_t rows = hooked.auditRows();
        const HttpAnswer answer = hooked.say(body, headers, path);
        QCOMPARE(answer.status, status);
        QVERIFY(!answer.json()[QLatin1String("remedy")].toString().isEmpty());
        QCOMPARE(hooked.state(action), QStringLiteral("published"));
        QCOMPARE(hooked.auditRows(), rows);
    }

    void whatIsNoReportOfItsActionIsRefused()
    {
        const Hooked hooked("command = \"no_such_command\"");
        const QByteArray action = hooked.approve();
        const auto status = [&](const QByteArray &body) {
            return hooked.say(body, signedHeaders("m" + QByteArray::number(qHash(body)), body)).status;
        };
        QCOMPARE(status(reportOf(action, "action.result", R"({"state":"succeeded"})")), 404); // the filter is not its
        QCOMPARE(status(reportOf("00000000000000000000000000000000.1", "action.started")), 404);
        QCOMPARE(status(reportOf(action, "action.dancing")), 400);
        QCOMPARE(status("[]"), 400);
        QCOMPARE(status("{"), 400);
        QCOMPARE(status(reportOf(action, "action.started", "{\"output\":\"" + QByteArray(300'000, 'x') + "\"}")), 413);
        QCOMPARE(hooked.state(action), QStringLiteral("published"));
        const Hooked all;
        const QByteArray early = reportOf(all.waiting(), "action.started"); // nobody was asked
        QCOMPARE(all.say(early, signedHeaders("m1", early)).status, 400);
    }

    /// The whole circle, with a workflow that is no part of this project: request → webhook → script → callback.
    void aWorkflowCarriesOutWhatItIsAskedFor()
    {
        if (QStandardPaths::findExecutable(QStringLiteral("python3")).isEmpty())
            QSKIP("there is no python3");
        const Scratch scratch;
        const QString workspace = scratch.workspace();
        QCOMPARE(scratch.replay({QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson")}).exitCode, 0);
        const auto in = [&](QStringList arguments) {
            return eventops::test::run(arguments << QStringLiteral("--workspace") << workspace);
        };
        const QString secret = scratch.file(QStringLiteral("secret"), Secret);
        ::chmod(secret.toLocal8Bit().constData(), 0600);
        QProcess workflow;
        workflow.start(QStringLiteral("python3"),
                       {QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/support/foreign_webhook.py"), secret});
        QVERIFY(workflow.waitForReadyRead(30'000));
        const QByteArray target = workflow.readLine().trimmed();
        QVERIFY(target.toUShort() != 0);
        QProcess server;
        server.start(eventops::test::program(),
                     {QStringLiteral("serve"), QStringLiteral("--json"), QStringLiteral("--port"), QStringLiteral("0"),
                      QStringLiteral("--workspace"), workspace});
        QVERIFY(server.waitForReadyRead(30'000));
        const QString url = QJsonDocument::fromJson(server.readLine()).object()[QLatin1String("url")].toString();
        QVERIFY(!url.isEmpty());
        const Ran added = in({QStringLiteral("webhook"), QStringLiteral("add"), QStringLiteral("flow"),
                              QStringLiteral("http://127.0.0.1:") + QString::fromLatin1(target),
                              QStringLiteral("--send"), QStringLiteral("requests,reports"),
                              QStringLiteral("--secret-file"), secret, QStringLiteral("--callback"), url});
        QVERIFY2(added.exitCode == 0, added.err.constData()); // the running server notices by itself
        QCOMPARE(in({QStringLiteral("webhook"), QStringLiteral("test"), QStringLiteral("flow")}).exitCode, 0);
        const auto rows = scratch.query(QStringLiteral("actions"), QStringLiteral("state = proposed"));
        QVERIFY(!rows.isEmpty());
        const QString action = rows.front()[QLatin1String("id")].toString();
        const Ran approved = in({QStringLiteral("approvals"), QStringLiteral("approve"), action,
                                 QStringLiteral("--reason"), QStringLiteral("go"), QStringLiteral("--no-wait")});
        QVERIFY2(approved.exitCode == 0, approved.err.constData());

        QByteArray said;
        QElapsedTimer timer;
        timer.start();
        while (!said.contains("\"finished\"") && timer.elapsed() < 60'000) {
            workflow.waitForReadyRead(500);
            said += workflow.readAllStandardOutput();
        }
        QHash<QString, QStringList> reports;
        for (const QByteArray &line : said.trimmed().split('\n')) {
            const QJsonObject one = QJsonDocument::fromJson(line).object();
            if (one.contains(QLatin1String("message")))
                QVERIFY2(one[QLatin1String("good")].toBool(), line.constData());
            if (one.contains(QLatin1String("report")))
                reports[one[QLatin1String("report")].toString()] +=
                    QString::number(one[QLatin1String("status")].toInt()) + one[QLatin1String("taken")].toString();
        }
        QCOMPARE(reports[QStringLiteral("forged")], QStringList{QStringLiteral("401")});
        QCOMPARE(reports[QStringLiteral("begun")], QStringList{QStringLiteral("200moved")});
        QCOMPARE(reports[QStringLiteral("done")],
                 (QStringList{QStringLiteral("200moved"), QStringLiteral("200known")}));
        QCOMPARE(reports[QStringLiteral("late")], QStringList{QStringLiteral("200known")});
        const auto after = scratch.query(QStringLiteral("actions"), QStringLiteral("state = succeeded"));
        QCOMPARE(after.size(), 1);
        QVERIFY(after.front()[QLatin1String("output")].toString().startsWith(QLatin1String("did ")));
        QCOMPARE(in({QStringLiteral("audit"), QStringLiteral("verify")}).exitCode, 0);
        for (QProcess *process : {&server, &workflow}) {
            ::kill(static_cast<pid_t>(process->processId()), SIGTERM);
            process->waitForFinished(10'000);
        }
    }
};

EVENTOPS_TEST(TestCallbacks)
#include "tst_callbacks.moc"
