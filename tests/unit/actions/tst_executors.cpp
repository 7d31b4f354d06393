// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"
#include "tests/support/loopback_server.h"

#include "core/base/clock.h"
#include "core/codec/webhook.h"
#include "core/yaml/yaml.h"
#include "pipelines/components.h"

#include <QtCore/QDir>
#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>

#include <csignal>
#include <cstring>

using namespace eventops;
using test::LoopbackServer;
using Kind = ActionOutcome::Kind;

namespace {

Result<std::unique_ptr<Executor>> tryMake(std::string_view name, const std::string &settings)
{
    auto value = parseYaml(settings, "e.yaml");
    if (!value)
        return std::move(value).error();
    for (const ExecutorSpec *spec : builtinExecutors()) {
        if (spec->name == name)
            return spec->make(value.value());
    }
    return Error{Error::Code::NotFound, "no such executor"};
}

std::unique_ptr<Executor> make(std::string_view name, const std::string &settings)
{
    auto made = tryMake(name, settings);
    if (!made)
        qFatal("%s", made.error().text().c_str());
    return std::move(made).value();
}

std::string refusal(std::string_view name, const std::string &settings)
{
    const auto made = tryMake(name, settings);
    return made ? std::string() : made.error().text();
}

ActionRequest request(std::string command = "run")
{
    ActionRequest r;
    r.actionId = "abc.1";
    r.idempotencyKey = "key-1";
    r.command = std::move(command);
    r.args = R"({"x":"y"})";
    r.tenant = "acme";
    r.entityType = "host";
    r.entityId = "host-a";
    r.ttlSeconds = 30.0;
    r.envelope = R"({"event_type":"action.requested"})";
    return r;
}

LoopbackServer::Answer answer(const std::string &status, const std::string &body = "ok",
                              const std::string &headers = {})
{
    return {"HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers
                + "Connection: close\r\n\r\n" + body,
            false, false};
}

/// Runs /bin/sh as the program itself, to see what a program of the list gets.
std::string shell(const std::string &script, const std::string &more = {})
{
    return "{commands: {run: {program: /bin/sh, args: [-c, \"" + script + "\"" + more + "]}}}";
}

} // namespace

class TestExecutors : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void demo()
    {
        const auto demo = make("demo",
                               "{fail: [explode], fail_once: [flaky], commands: [run, explode, flaky], steps: 4}");
        QVERIFY(demo->accepts("run") && !demo->accepts("other"));
        std::vector<int> percents;
        const auto progress = [&](int percent, std::string_view) { percents.push_back(percent); };
        const ActionOutcome good = demo->execute(request(), progress);
        QVERIFY(good.kind == Kind::Succeeded);
        QCOMPARE(percents, (std::vector<int>{25, 50, 75, 100}));
        QCOMPARE(demo->execute(request(), nullptr).output, good.output);
        const ActionOutcome bad = demo->execute(request("explode"), progress);
        QVERIFY(bad.kind == Kind::Failed && !bad.retryable && !bad.error.empty());
        ActionRequest flaky = request("flaky");
        const ActionOutcome first = demo->execute(flaky, nullptr);
        QVERIFY(first.kind == Kind::Failed && first.retryable);
        flaky.attempt = 2;
        QVERIFY(demo->execute(flaky, nullptr).kind == Kind::Succeeded);
        flaky.args = std::string(2 * ExecutorOutputBytesMax, 'x');
        QCOMPARE(demo->execute(flaky, nullptr).output.size(), ExecutorOutputBytesMax);
        QVERIFY(make("demo", "{}")->accepts("anything"));
    }

    void demoTellsItsWorld()
    {
        QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("world.ndjson")).toStdString();
        ActionRequest request;
        request.command = "restart_service";
        request.args = R"({"host":"a"})";
        request.entityType = "Host";
        request.entityId = "host:a\nb";
        const auto demo = make("demo", "{world: '" + path + "', fail: [reboot]}");
        QCOMPARE(demo->execute(request, {}).kind, ActionOutcome::Kind::Succeeded);
        request.command = "reboot";
        QCOMPARE(demo->execute(request, {}).kind, ActionOutcome::Kind::Failed); // what failed was not done
        QFile file(QString::fromStdString(path));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(),
                 QByteArray("{\"command\":\"restart_service\",\"args\":{\"host\":\"a\"},\"entity_type\":\"Host\","
                            "\"entity_id\":\"host:a\\nb\"}\n"));
        const auto nowhere = make("demo", "{world: /nonexistent/world}");
        const ActionOutcome outcome = nowhere->execute(request, {});
        QCOMPARE(outcome.kind, ActionOutcome::Kind::Failed);
        QVERIFY(outcome.retryable);
    }

    void webhookPostsTheEnvelope()
    {
        LoopbackServer server([](const std::string &) { return answer("200 OK", "done"); });
        QVERIFY(server.ok());
        const auto hook = make("webhook", "{url: '" + server.url("/hook") + "', commands: [run]}");
        QVERIFY(hook->accepts("run") && !hook->accepts("other"));
        const ActionOutcome outcome = hook->execute(request(), nullptr);
        QVERIFY2(outcome.kind == Kind::Succeeded, outcome.error.c_str());
        QCOMPARE(outcome.output, std::string("done"));
        QCOMPARE(server.requests().size(), std::size_t{1});
        const std::string sent = server.requests().front();
        QVERIFY(sent.starts_with("POST /hook HTTP/1.1\r\n"));
        QVERIFY(sent.find("\r\nIdempotency-Key: key-1\r\n") != std::string::npos);
        QVERIFY(sent.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
        QVERIFY(sent.ends_with("\r\n\r\n" + request().envelope));
    }

    void webhookAnswers_data()
    {
        QTest::addColumn<QByteArray>("status");
        QTest::addColumn<bool>("good");
        QTest::addColumn<bool>("retryable");
        QTest::newRow("202") << QByteArray("202 Accepted") << true << false;
        QTest::newRow("302") << QByteArray("302 Found") << false << false;
        QTest::newRow("400") << QByteArray("400 Bad Request") << false << false;
        QTest::newRow("408") << QByteArray("408 Request Timeout") << false << true;
        QTest::newRow("429") << QByteArray("429 Too Many Requests") << false << true;
        QTest::newRow("500") << QByteArray("500 Error") << false << true;
        QTest::newRow("503") << QByteArray("503 Unavailable") << false << true;
    }
    void webhookAnswers()
    {
        QFETCH(QByteArray, status);
        QFETCH(bool, good);
        QFETCH(bool, retryable);
        LoopbackServer server([&](const std::string &) {
            return answer(status.toStdString(), "text", "Location: http://127.0.0.1:1/elsewhere\r\n");
        });
        const ActionOutcome outcome = make("webhook", "{url: '" + server.url() + "'}")->execute(request(), nullptr);
        QCOMPARE(outcome.kind == Kind::Succeeded, good);
        QCOMPARE(outcome.retryable, retryable);
        QCOMPARE(outcome.output, std::string("text"));
        QCOMPARE(outcome.error.empty(), good);
        QCOMPARE(server.requests().size(), std::size_t{1});
    }

    void webhookSilenceEndsAtTheLimit()
    {
        LoopbackServer server([](const std::string &) { return LoopbackServer::Answer{"", true, false}; });
        QElapsedTimer timer;
        timer.start();
        const ActionOutcome outcome =
            make("webhook", "{url: '" + server.url() + "', timeout: 200ms}")->execute(request(), nullptr);
        QVERIFY(outcome.kind == Kind::Failed && outcome.retryable);
        QCOMPARE(outcome.error, std::string("no answer within the time limit"));
        QVERIFY(timer.elapsed() >= 190 && timer.elapsed() < 5'000);
    }

    void webhookTtlShortensTheLimit()
    {
        LoopbackServer server([](const std::string &) { return LoopbackServer::Answer{"", true, false}; });
        ActionRequest r = request();
        r.ttlSeconds = 0.2;
        QElapsedTimer timer;
        timer.start();
        QVERIFY(make("webhook", "{url: '" + server.url() + "', timeout: 60s}")->execute(r, nullptr).retryable);
        QVERIFY(timer.elapsed() < 5'000);
    }

    void webhookEndlessAnswerIsCut()
    {
        LoopbackServer server([](const std::string &request) {
            (void)request;
            return LoopbackServer::Answer{"HTTP/1.1 200 OK\r\n\r\n" + std::string(4096, '\xff'), false, true};
        });
        const ActionOutcome outcome = make("webhook", "{url: '" + server.url() + "'}")->execute(request(), nullptr);
        QVERIFY(outcome.kind == Kind::Succeeded);
        QCOMPARE(outcome.output.size(), ExecutorOutputBytesMax);
    }

    void webhookHostileServer()
    {
        for (const std::string &bytes : {std::string("not http at all\r\n\r\n"), std::string("HTTP/1.1 200"),
                                         std::string(),
                                         "HTTP/1.1 200 OK\r\nX: " + std::string(300'000, 'a') + "\r\n\r\n",
                                         std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")}) {
            LoopbackServer server([&](const std::string &) { return LoopbackServer::Answer{bytes, false, false}; });
            const ActionOutcome outcome =
                make("webhook", "{url: '" + server.url() + "', timeout: 2s}")->execute(request(), nullptr);
            QVERIFY(outcome.kind == Kind::Failed);
            QVERIFY(!outcome.error.empty());
            QVERIFY(outcome.output.size() <= ExecutorOutputBytesMax);
        }
    }

    void webhookRefusesHeaderInjection()
    {
        LoopbackServer server([](const std::string &) { return answer("200 OK"); });
        ActionRequest r = request();
        r.idempotencyKey = "a\r\nX-Evil: 1";
        const ActionOutcome outcome = make("webhook", "{url: '" + server.url() + "'}")->execute(r, nullptr);
        QVERIFY(outcome.kind == Kind::Failed && !outcome.retryable);
        QVERIFY(server.requests().empty());
    }

    void webhookSettings()
    {
        QVERIFY(refusal("webhook", "{url: 'http://example.com/x'}").find("plain http") != std::string::npos);
        QVERIFY(refusal("webhook", "{url: 'http://127.0.0.1.evil.example/x'}").find("plain http") != std::string::npos);
        QVERIFY(refusal("webhook", "{url: 'http://localhost@evil.example/'}").find("user") != std::string::npos);
        QVERIFY(refusal("webhook", "{url: 'file:///etc/passwd'}").find("scheme") != std::string::npos);
        QVERIFY(refusal("webhook", "{url: 'no url'}").find("no URL") != std::string::npos);
        QVERIFY(refusal("webhook", "{url: 'https://h/', timeout: 0s}").find("timeout") != std::string::npos);
        QVERIFY(refusal("webhook", "{url: 'https://h/', token_env: EVENTOPS_NO_SUCH}").find("holds no token")
                != std::string::npos);
        QVERIFY(refusal("webhook", "{}").find("url") != std::string::npos);
        QCOMPARE(refusal("webhook", "{url: 'https://example.com/x'}"), std::string());
        QCOMPARE(refusal("webhook", "{url: 'http://example.com/x', allow_http: true}"), std::string());
        QCOMPARE(refusal("webhook", "{url: 'http://[::1]:8080/'}"), std::string());
    }

    void webhookSignsWithTheSecret()
    {
        LoopbackServer server([](const std::string &) { return answer("200 OK"); });
        const QByteArray secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        QVERIFY(refusal("webhook", "{url: 'https://h/', secret_env: EVENTOPS_NO_SUCH}").find("secret")
                != std::string::npos);
        qputenv("EVENTOPS_TEST_SECRET", secret);
        const auto hook = make("webhook", "{url: '" + server.url() + "', secret_env: EVENTOPS_TEST_SECRET}");
        qunsetenv("EVENTOPS_TEST_SECRET");
        ActionRequest again = request();
        again.attempt = 2;
        QVERIFY(hook->execute(request(), nullptr).kind == Kind::Succeeded);
        QVERIFY(hook->execute(again, nullptr).kind == Kind::Succeeded);
        const auto requests = server.requests();
        QCOMPARE(requests.size(), std::size_t(2));
        std::vector<WebhookHead> heads;
        for (const std::string &sent : requests) {
            const auto header = [&](const char *name) {
                const std::size_t at = sent.find(std::string("\r\n") + name + ": ") + std::strlen(name) + 4;
                return sent.substr(at, sent.find("\r\n", at) - at);
            };
            heads.push_back({header(WebhookIdHeader), header(WebhookTimestampHeader), header(WebhookSignatureHeader)});
            const std::int64_t now = raw(SystemClock().now()) / NsPerSecond;
            const std::string body = sent.substr(sent.find("\r\n\r\n") + 4);
            QVERIFY(WebhookKeys::parse(secret.toStdString()).value().verify(heads.back(), body, now));
        }
        QCOMPARE(heads[0].id, heads[1].id); // who keeps ids does it once
    }

    void webhookSendsTheToken()
    {
        LoopbackServer server([](const std::string &) { return answer("200 OK"); });
        qputenv("EVENTOPS_TEST_TOKEN", "s3cret");
        const auto hook = make("webhook", "{url: '" + server.url() + "', token_env: EVENTOPS_TEST_TOKEN}");
        qunsetenv("EVENTOPS_TEST_TOKEN");
        QVERIFY(hook->execute(request(), nullptr).kind == Kind::Succeeded);
        QVERIFY(server.requests().front().find("\r\nAuthorization: Bearer s3cret\r\n") != std::string::npos);
    }

    void commandRunsItsProgramOnly()
    {
        const auto command = make("command", shell("echo out; echo err >&2; exit 0"));
        QVERIFY(command->accepts("run") && !command->accepts("sh"));
        const ActionOutcome outcome = command->execute(request(), nullptr);
        QVERIFY2(outcome.kind == Kind::Succeeded, outcome.error.c_str());
        QCOMPARE(outcome.output, std::string("out\nerr\n"));
        QVERIFY(command->execute(request("other"), nullptr).error.find("not on the list") != std::string::npos);
        const ActionOutcome failed = make("command", shell("exit 3"))->execute(request(), nullptr);
        QVERIFY(failed.kind == Kind::Failed && !failed.retryable);
        QCOMPARE(failed.error, std::string("ended with exit status 3"));
        QVERIFY(make("command", shell("exit 75"))->execute(request(), nullptr).retryable);
        QCOMPARE(make("command", shell("kill -TERM $$"))->execute(request(), nullptr).error,
                 std::string("ended by signal 15"));
        const ActionOutcome missing =
            make("command", "{commands: {run: {program: /no/such/program}}}")->execute(request(), nullptr);
        QVERIFY(missing.kind == Kind::Failed && missing.error.find("/no/such/program") != std::string::npos);
    }

    /// Each hostile value arrives as exactly one argument, byte for byte.
    void commandArgumentsStayWhole()
    {
        const auto command = make("command", "{commands: {run: {program: /usr/bin/printf, args: ['[%s]', '{args.a}', "
                                             "'pre {entity.id}', '{args.n}']}}}");
        for (const std::string &text : {std::string("$(reboot)"), std::string("; rm -rf / #"), std::string("`id`"),
                                        std::string("a b\tc\nd"), std::string("'\""), std::string("{args.n}"),
                                        std::string("* ? ~ %s"), std::string("")}) {
            ActionRequest r = request();
            std::string json;
            for (const char c : text) // JSON string by hand: the test must not trust what it tests
                json += c == '"' ? "\\\"" : c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
            r.args = "{\"a\":\"" + json + "\",\"n\":5}";
            r.entityId = text;
            const ActionOutcome outcome = command->execute(r, nullptr);
            QVERIFY2(outcome.kind == Kind::Succeeded, outcome.error.c_str());
            QCOMPARE(outcome.output, '[' + text + "][pre " + text + "][5]");
        }
    }

    void commandRefusesWhatIsNoPlainArgument()
    {
        const auto command = make("command", "{commands: {run: {program: /usr/bin/printf, args: ['%s', '{args.a}']}}}");
        const auto error = [&](const std::string &args) {
            ActionRequest r = request();
            r.args = args;
            const ActionOutcome outcome = command->execute(r, nullptr);
            return outcome.kind == Kind::Failed && !outcome.retryable ? outcome.error : std::string();
        };
        QCOMPARE(error(R"({"a":"--version"})"), std::string("argument 2 would be read as an option"));
        QCOMPARE(error(R"({"a":"a\u0000b"})"), std::string("argument 2 holds a NUL byte"));
        QCOMPARE(error(R"({})"), std::string("argument 2 needs a field that the request does not have"));
        QCOMPARE(error("not json"), std::string("argument 2 needs a field that the request does not have"));
        QVERIFY(error("{\"a\":\"" + std::string(5'000, 'x') + "\"}").find("longer than") != std::string::npos);
        const auto dashes = make("command",
                                 "{commands: {run: {program: /usr/bin/printf, allow_dash: true, args: ['%s', "
                                            "'{args.a}']}}}");
        ActionRequest r = request();
        r.args = R"({"a":"-5"})";
        QCOMPARE(dashes->execute(r, nullptr).output, std::string("-5"));
    }

    void commandInheritsNothing()
    {
        qputenv("EVENTOPS_TEST_SECRET", "s3cret");
        QTemporaryDir directory;
        QFile open(directory.filePath(QStringLiteral("open")));
        QVERIFY(open.open(QIODevice::WriteOnly));
        const ActionOutcome outcome =
            make("command", shell("env; pwd; ls /proc/self/fd | wc -l; cat; ps -o pgid= $$ 2>/dev/null || true"))
                ->execute(request(), nullptr);
        qunsetenv("EVENTOPS_TEST_SECRET");
        QVERIFY2(outcome.kind == Kind::Succeeded, outcome.error.c_str());
        QVERIFY(outcome.output.find("s3cret") == std::string::npos);
        QVERIFY(outcome.output.find("HOME=") == std::string::npos);
        QVERIFY(outcome.output.find("EVENTOPS_IDEMPOTENCY_KEY=key-1\n") != std::string::npos);
        QVERIFY(outcome.output.find("\n/\n") != std::string::npos);
        QVERIFY2(outcome.output.find("\n/\n4\n") != std::string::npos, outcome.output.c_str()); // 0, 1, 2 and ls's own
    }

    void commandTimeLimitKillsTheGroup()
    {
        QTemporaryDir directory;
        const std::string pidFile = directory.filePath(QStringLiteral("pid")).toStdString();
        const auto command = make("command", "{commands: {run: {program: /bin/sh, timeout: 300ms, args: [-c, "
                                             "\"sleep 60 & echo $! > " + pidFile + "; echo begun; wait\"]}}}");
        QElapsedTimer timer;
        timer.start();
        const ActionOutcome outcome = command->execute(request(), nullptr);
        QVERIFY(timer.elapsed() < 10'000);
        QVERIFY(outcome.kind == Kind::Failed && !outcome.retryable);
        QVERIFY(outcome.error.starts_with("stopped at its time limit"));
        QCOMPARE(outcome.output, std::string("begun\n"));
        QVERIFY(isGone(pidFile));
    }

    /// A program that ends and leaves something behind that holds its output open neither blocks nor survives.
    void commandLeavesNothingBehind()
    {
        QTemporaryDir directory;
        const std::string pidFile = directory.filePath(QStringLiteral("pid")).toStdString();
        QElapsedTimer timer;
        timer.start();
        const ActionOutcome outcome =
            make("command", shell("sleep 60 & echo $! > " + pidFile + "; echo left"))->execute(request(), nullptr);
        QVERIFY(timer.elapsed() < 10'000);
        QVERIFY(outcome.kind == Kind::Succeeded);
        QCOMPARE(outcome.output, std::string("left\n"));
        QVERIFY(isGone(pidFile));
    }

    void commandOutputIsBounded()
    {
        const auto command = make("command", "{commands: {run: {program: /bin/sh, timeout: 500ms, args: [-c, "
                                             "'while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done']}}}");
        QElapsedTimer timer;
        timer.start();
        const ActionOutcome outcome = command->execute(request(), nullptr);
        QVERIFY(timer.elapsed() < 10'000);
        QCOMPARE(outcome.output.size(), ExecutorOutputBytesMax);
        QVERIFY(outcome.error.starts_with("stopped at its time limit"));
        const auto printer = make("command", shell("printf '\\\\377\\\\000\\\\033[2J'"));
        const ActionOutcome bytes = printer->execute(request(), nullptr);
        QCOMPARE(bytes.output, std::string("\xff\0\x1b[2J", 6));
    }

    void commandSettings()
    {
        QVERIFY(refusal("command", "{}").find("commands") != std::string::npos);
        QVERIFY(refusal("command", "{commands: {run: {program: sh}}}").find("e.yaml:1:28: expected an absolute path")
                != std::string::npos);
        QVERIFY(refusal("command",
                        "{commands: {run: {program: /bin/sh, args: ['{nope}']}}}").find("unknown field {nope}")
                != std::string::npos);
        QVERIFY(refusal("command",
                        "{commands: {run: {program: /bin/sh, shell: true}}}").find("shell") != std::string::npos);
        QVERIFY(refusal("command", "{commands: {run: {program: /bin/sh, timeout: 2000h}}}").find("timeout")
                != std::string::npos);
    }

private:
    /// True when the process whose id the file holds is dead (or a zombie that waits for its new parent).
    static bool isGone(const std::string &pidFile)
    {
        QFile file(QString::fromStdString(pidFile));
        if (!file.open(QIODevice::ReadOnly))
            return false;
        const int pid = file.readAll().trimmed().toInt();
        return pid > 0 && QTest::qWaitFor([&] {
            if (::kill(pid, 0) != 0)
                return true;
            QFile stat(QStringLiteral("/proc/%1/stat").arg(pid));
            return !stat.open(QIODevice::ReadOnly) || stat.readAll().contains(") Z ");
        }, 5'000);
    }
};

EVENTOPS_TEST(TestExecutors)
#include "tst_executors.moc"
