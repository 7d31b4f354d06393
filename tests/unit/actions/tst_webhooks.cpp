// SPDX-License-Identifier: MIT
//
// Webhooks: what the ledger holds, delivered at least once and in order, whatever the target makes of it.
#include "tests/support/test_main.h"

#include "core/session/webhook_callbacks.h"
#include "core/session/webhook_feed.h"
#include "tests/support/local_workspace.h"
#include "tests/support/loopback_server.h"
#include "tests/support/wait_for.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

#include <sys/stat.h>

using namespace eventops;
using eventops::test::LocalWorkspace;
using eventops::test::LoopbackServer;

namespace {

constexpr char Secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

LoopbackServer::Answer says(const std::string &status, const std::string &headers = {})
{
    return {"HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n" + headers + "\r\n"};
}

std::string headerOf(const std::string &request, const std::string &name)
{
    const std::size_t at = request.find("\r\n" + name + ": ");
    const std::size_t begin = at + name.size() + 4;
    return at == std::string::npos ? std::string() : request.substr(begin, request.find("\r\n", begin) - begin);
}

std::string bodyOf(const std::string &request)
{
    return request.substr(request.find("\r\n\r\n") + 4);
}

std::vector<std::string> idsOf(const std::vector<std::string> &requests)
{
    std::vector<std::string> ids;
    for (const std::string &request : requests)
        ids.push_back(headerOf(request, WebhookIdHeader));
    return ids;
}

/// A workspace that has found something, with one hook.
class Hooked
{
public:
    explicit Hooked(const std::string &url)
    {
        m_failure = LocalWorkspace::replay(*m_backend, "agents.ndjson");
        hook.name = "ops";
        hook.url = url;
        hook.secretFile = "webhook-ops.secret";
        writeSecret(Secret);
        const std::vector<WebhookHook> hooks{hook};
        if (!writeWebhooks(workspace(), hooks))
            m_failure = "no settings";
    }
    void writeSecret(const std::string &text, unsigned mode = 0600) const
    {
        const QString path = QString::fromStdString(hook.secretPath(workspace()));
        QFile::remove(path);
        QFile file(path);
        if (file.open(QIODevice::WriteOnly))
            file.write(text.c_str());
        file.close();
        ::chmod(path.toLocal8Bit().constData(), mode);
    }
    const std::string &failure() const { return m_failure; }
    Workspace workspace() const { return {m_workspace.directory()}; }
    LocalBackend &backend() { return *m_backend; }
    std::unique_ptr<Ledger> ledger(LedgerMode mode = LedgerMode::Read) const
    {
        return Ledger::open(m_workspace.directory(), mode, {}).value();
    }
    std::vector<std::string> alertIds() const
    {
        std::vector<std::string> ids;
        const Status read = ledger()->findingsAfter(0, [&](std::uint64_t, const Finding &finding) {
            if (!finding.alert.empty())
                ids.push_back("finding_" + finding.id);
            return true;
        });
        return read ? ids : std::vector<std::string>();
    }
    std::unique_ptr<WebhookFeed> feed() const
    {
        WebhookPatience quick;
        quick.delayMs = 20;
        quick.delayMsMax = 100;
        quick.attemptsMax = 4;
        quick.refusalsMax = 2;
        return WebhookFeed::open(
                   workspace(), hook, [] { return false; }, quick)
            .value();
    }
    WebhookMark mark() const { return WebhookMark::read(hook.markFile(workspace())).valueOr({}); }

    WebhookHook hook;

private:
    LocalWorkspace m_workspace;
    std::unique_ptr<LocalBackend> m_backend = m_workspace.backend();
    std::string m_failure;
};

} // namespace

class TestWebhooks : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void everyAlertGoesOutOnceInOrderAndSigned()
    {
        LoopbackServer target([](const std::string &) { return says("204 No Content"); });
        Hooked hooked(target.url("/in"));
        QCOMPARE(hooked.failure(), std::string());
        const std::vector<std::string> wanted = hooked.alertIds();
        QVERIFY(wanted.size() >= 2);
        QVERIFY(hooked.feed()->catchUp());
        const std::vector<std::string> requests = target.requests();
        QCOMPARE(idsOf(requests), wanted);
        const WebhookKeys keys = WebhookKeys::parse(Secret).value();
        for (const std::string &request : requests) {
            QVERIFY(request.starts_with("POST /in HTTP/1.1\r\n"));
            QCOMPARE(headerOf(request, "Content-Type"), std::string(WebhookContentType));
            const WebhookHead head{headerOf(request, WebhookIdHeader), headerOf(request, WebhookTimestampHeader),
                                   headerOf(request, WebhookSignatureHeader)};
            QVERIFY(keys.verify(head, bodyOf(request), raw(SystemClock().now()) / NsPerSecond));
            const QJsonObject event = QJsonDocument::fromJson(QByteArray::fromStdString(bodyOf(request))).object();
            QCOMPARE(event[QLatin1String("id")].toString().toStdString(), head.id);
            QCOMPARE(event[QLatin1String("type")].toString(), QStringLiteral("ops.alert.v1"));
            QVERIFY(event[QLatin1String("data")].toObject().contains(QLatin1String("rule")));
        }
        QVERIFY(hooked.feed()->catchUp()); // nothing is new
        QCOMPARE(target.requests().size(), wanted.size());
        QCOMPARE(hooked.mark().delivered, wanted.size());
        QVERIFY(webhookTroubles(hooked.workspace()).empty());
    }

    void whatIsNotTakenComesAgainUnderItsId()
    {
        std::atomic<int> asked = 0;
        LoopbackServer target(
            [&](const std::string &) { return ++asked == 2 ? says("500 Internal Server Error") : says("200 OK"); });
        Hooked hooked(target.url());
        const std::vector<std::string> wanted = hooked.alertIds();
        const auto feed = hooked.feed();
        const Status first = feed->catchUp();
        QVERIFY(!first);
        QVERIFY(first.error().code == Error::Code::Unavailable);
        QVERIFY(feed->wait().count() >= 10 && feed->wait().count() <= 20); // a random part of up to half is cut
        QCOMPARE(hooked.mark().attempts, 1U);
        QVERIFY(QString::fromStdString(hooked.mark().trouble).contains(QLatin1String("500")));
        QVERIFY(feed->catchUp());
        std::vector<std::string> seen = idsOf(target.requests());
        QCOMPARE(seen[1], seen[2]);
        QCOMPARE(bodyOf(target.requests()[1]), bodyOf(target.requests()[2])); // byte for byte
        seen.erase(seen.begin() + 1);
        QCOMPARE(seen, wanted);
    }

    void whatIsRefusedForGoodIsSetAsideAndNotLost()
    {
        std::atomic<bool> picky = true;
        std::string bad;
        LoopbackServer target([&](const std::string &request) {
            return picky && headerOf(request, WebhookIdHeader) == bad ? says("422 Unprocessable Entity")
                                                                      : says("200 OK");
        });
        Hooked hooked(target.url());
        const std::vector<std::string> wanted = hooked.alertIds();
        bad = wanted[1];
        const auto feed = hooked.feed();
        QVERIFY(!feed->catchUp()); // once …
        QVERIFY(feed->catchUp());  // … and for good
        QCOMPARE(hooked.mark().setAside.size(), std::size_t(1));
        QCOMPARE(hooked.mark().setAside[0].id, bad);
        QCOMPARE(hooked.mark().delivered, wanted.size() - 1);
        const std::vector<std::string> troubles = webhookTroubles(hooked.workspace());
        QCOMPARE(troubles.size(), std::size_t(1));
        QVERIFY(QString::fromStdString(troubles[0]).contains(QLatin1String("eventops webhook retry ops")));
        const auto health = eventops::test::waitFor<Health>([&](Done<Health> done) {
            hooked.backend().health({"tester", Role::Admin, {}}, std::move(done));
        });
        QVERIFY(health);
        QCOMPARE(health.value().summary.behind, troubles);

        QCOMPARE(feed->retry().valueOr(9), std::uint64_t(0)); // it has not changed its mind
        picky = false;
        QCOMPARE(feed->retry().valueOr(9), std::uint64_t(1));
        QCOMPARE(idsOf(target.requests()).back(), bad);
        QVERIFY(hooked.mark().setAside.empty());
        QVERIFY(webhookTroubles(hooked.workspace()).empty());
    }

    void aTargetThatIsGoneIsLeftInPeace()
    {
        std::atomic<bool> gone = true;
        LoopbackServer target([&](const std::string &) { return gone ? says("410 Gone") : says("200 OK"); });
        Hooked hooked(target.url());
        const auto feed = hooked.feed();
        const Status refused = feed->catchUp();
        QVERIFY(!refused && refused.error().code == Error::Code::Refused);
        QVERIFY(!feed->catchUp());
        QCOMPARE(target.requests().size(), std::size_t(1));
        QVERIFY(!webhookTroubles(hooked.workspace()).empty());
        gone = false;
        QVERIFY(feed->retry());
        QVERIFY(feed->catchUp());
        QCOMPARE(hooked.mark().delivered, hooked.alertIds().size());
    }

    void itWaitsAsLongAsTheTargetAsks()
    {
        std::atomic<int> asked = 0;
        LoopbackServer target([&](const std::string &) {
            switch (++asked) {
            case 1: return says("429 Too Many Requests", "Retry-After: 7\r\n");
            case 2: return says("503 Service Unavailable", "Retry-After: 99999999\r\n");
            default: return says("200 OK");
            }
        });
        Hooked hooked(target.url());
        const auto feed = hooked.feed();
        QVERIFY(!feed->catchUp());
        QCOMPARE(feed->wait(), std::chrono::milliseconds(7'000));
        QVERIFY(!feed->catchUp());
        QCOMPARE(feed->wait(), std::chrono::milliseconds(std::chrono::hours(1))); // no longer than that
        QVERIFY(feed->catchUp());
        QVERIFY(hooked.mark().setAside.empty());
    }

    void aTargetThatIsAwayIsOfferedForEver()
    {
        std::string url;
        {
            LoopbackServer closed([](const std::string &) { return says("200 OK"); });
            url = closed.url();
        }
        Hooked hooked(url);
        const auto feed = hooked.feed();
        for (std::uint32_t i = 1; i <= 8; ++i) { // more often than a refusal may come
            const Status away = feed->catchUp();
            QVERIFY(!away && away.error().code == Error::Code::Unavailable);
            QCOMPARE(hooked.mark().attempts, i);
        }
        QVERIFY(hooked.mark().setAside.empty());
        QVERIFY(feed->wait().count() <= 100);
        QVERIFY(webhookTroubles(hooked.workspace()).size() == 1);
    }

    void neitherRedirectsNorEndlessAnswersNorSilenceDoHarm()
    {
        LoopbackServer other([](const std::string &) { return says("200 OK"); });
        LoopbackServer redirect([&](const std::string &) {
            return says("307 Temporary Redirect", "Location: " + other.url("/secret") + "\r\n");
        });
        Hooked hooked(redirect.url());
        QVERIFY(!hooked.feed()->catchUp());
        QVERIFY(other.requests().empty());
        QVERIFY(QString::fromStdString(hooked.mark().trouble).contains(QLatin1String("redirects are not followed")));

        LoopbackServer endless([](const std::string &) {
            return LoopbackServer::Answer{"HTTP/1.1 200 OK\r\n\r\n" + std::string(32'768, 'x'), false, true};
        });
        hooked.hook.url = endless.url();
        QElapsedTimer timer;
        timer.start();
        QVERIFY(hooked.feed()->catchUp()); // it was taken; what it says is of no matter
        QVERIFY(timer.elapsed() < 20'000);

        Hooked silent("http://127.0.0.1:1");
        LoopbackServer holds([](const std::string &) { return LoopbackServer::Answer{"", true, false}; });
        silent.hook.url = holds.url();
        silent.hook.timeoutMs = 200;
        timer.restart();
        QVERIFY(!silent.feed()->catchUp());
        QVERIFY(timer.elapsed() < 5'000);
        QVERIFY(QString::fromStdString(silent.mark().trouble).contains(QLatin1String("no answer within 200 ms")));
    }

    void theFilterChooses()
    {
        LoopbackServer target([](const std::string &) { return says("200 OK"); });
        Hooked hooked(target.url());
        hooked.hook.filter = "severity >= critical";
        std::vector<std::string> wanted;
        QVERIFY(hooked.ledger()->findingsAfter(0, [&](std::uint64_t, const Finding &finding) {
            if (!finding.alert.empty() && finding.severity >= Severity::Critical)
                wanted.push_back("finding_" + finding.id);
            return true;
        }));
        QVERIFY(!wanted.empty() && wanted.size() < hooked.alertIds().size());
        QVERIFY(hooked.feed()->catchUp());
        QCOMPARE(idsOf(target.requests()), wanted);
        hooked.hook.filter = "sevrity = critical";
        const Status typing = hooked.hook.check();
        QVERIFY(!typing);
        QVERIFY(QString::fromStdString(typing.error().message).contains(QLatin1String("sevrity")));
    }

    void aHookBeginsNow()
    {
        LoopbackServer target([](const std::string &) { return says("200 OK"); });
        Hooked hooked(target.url());
        QVERIFY(WebhookMark::fromNow(hooked.workspace()).value().write(hooked.hook.markFile(hooked.workspace())));
        QVERIFY(hooked.feed()->catchUp());
        QVERIFY(target.requests().empty());
    }

    void theSecretIsPrivateAndMayChange()
    {
        LoopbackServer target([](const std::string &) { return says("200 OK"); });
        Hooked hooked(target.url());
        hooked.writeSecret(Secret, 0644);
        const auto feed = hooked.feed();
        const Status open = feed->catchUp();
        QVERIFY(!open && open.error().code == Error::Code::Unavailable);
        QVERIFY(QString::fromStdString(hooked.mark().trouble).contains(QLatin1String("others may read")));
        QVERIFY(target.requests().empty());
        const std::string fresh = newWebhookSecret().value();
        hooked.writeSecret(fresh);
        QVERIFY(feed->catchUp());
        const std::string request = target.requests().front();
        const WebhookHead head{headerOf(request, WebhookIdHeader), headerOf(request, WebhookTimestampHeader),
                               headerOf(request, WebhookSignatureHeader)};
        const std::int64_t now = raw(SystemClock().now()) / NsPerSecond;
        QVERIFY(WebhookKeys::parse(fresh).value().verify(head, bodyOf(request), now));
    }

    void settingsAreChecked_data()
    {
        QTest::addColumn<QByteArray>("members");
        QTest::addColumn<QString>("names");
        QTest::newRow("url") << QByteArray("'name':'a','secret_env':'X'") << QStringLiteral("url");
        QTest::newRow("plain http away") << QByteArray("'name':'a','url':'http://example.com','secret_env':'X'")
                                         << QStringLiteral("plain http leaves this machine");
        QTest::newRow("another scheme") << QByteArray("'name':'a','url':'ftp://localhost','secret_env':'X'")
                                        << QStringLiteral("ftp");
        QTest::newRow("a password") << QByteArray("'name':'a','url':'https://u:p@x','secret_env':'X'")
                                    << QStringLiteral("user or password");
        QTest::newRow("a path for a name")
            << QByteArray("'name':'../a','url':'https://x','secret_env':'X'") << QStringLiteral("is no name");
        QTest::newRow("no secret") << QByteArray("'name':'a','url':'https://x'") << QStringLiteral("secret");
        QTest::newRow("a word") << QByteArray("'name':'a','url':'https://x','secret_env':'X','send':['alert']")
                                << QStringLiteral("alerts");
        QTest::newRow("a callback for nothing")
            << QByteArray("'name':'a','url':'https://x','secret_env':'X','callback':'http://localhost:8088'")
            << QStringLiteral("requests");
        QTest::newRow("a member") << QByteArray("'name':'a','url':'https://x','secret_env':'X','secret':'whsec_x'")
                                  << QStringLiteral("secret_env");
    }
    void settingsAreChecked()
    {
        QFETCH(QByteArray, members);
        QFETCH(QString, names);
        QTemporaryDir directory;
        const Workspace workspace{directory.path().toStdString()};
        QFile file(QString::fromStdString(webhooksFile(workspace)));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("{'webhooks':[{" + members + "}]}"); // JSON is YAML, and in YAML one may quote so
        file.close();
        const auto hooks = readWebhooks(workspace);
        QVERIFY(!hooks);
        QVERIFY(hooks.error().code == Error::Code::InvalidConfig);
        QVERIFY2(QString::fromStdString(hooks.error().text()).contains(names), hooks.error().text().c_str());
        QVERIFY(hooks.error().where.line > 0);
    }

    void settingsComeBackAsTheyWere()
    {
        Hooked hooked("http://127.0.0.1:9/x");
        hooked.hook.send = {"requests", "reports"};
        hooked.hook.filter = "command = 'a b'";
        hooked.hook.callback = "http://localhost:8088/";
        hooked.hook.timeoutMs = 1'500;
        const std::vector<WebhookHook> hooks{hooked.hook};
        QVERIFY(writeWebhooks(hooked.workspace(), hooks));
        const auto read = readWebhooks(hooked.workspace());
        QVERIFY2(read, read ? "" : read.error().text().c_str());
        QVERIFY(read.value() == hooks);
        QCOMPARE(read.value()[0].callbackUrl(), std::string("http://localhost:8088/api/v1/webhooks/ops/reports"));
    }

    /// Two targets, one of which never answers: the ledger and the other one do not wait.
    void aDeadTargetHoldsNobodyUp()
    {
        LoopbackServer good([](const std::string &) { return says("200 OK"); });
        LoopbackServer dead([](const std::string &) { return LoopbackServer::Answer{"", true, false}; });
        Hooked hooked(good.url());
        WebhookHook other = hooked.hook;
        other.name = "dead";
        other.url = dead.url();
        const std::vector<WebhookHook> hooks{other, hooked.hook};
        QVERIFY(writeWebhooks(hooked.workspace(), hooks));
        const std::size_t wanted = hooked.alertIds().size();
        QElapsedTimer timer;
        timer.start();
        {
            const WebhookProjector projector(hooked.workspace(), nullptr);
            QTRY_COMPARE_WITH_TIMEOUT(good.requests().size(), wanted, 20'000);
            QVERIFY(hooked.ledger(LedgerMode::Decide)->recordInput({})); // who writes does not wait
        }
        QVERIFY(timer.elapsed() < 9'000); // less than the dead one's limit: it was let go of
        QVERIFY(WebhookMark::read(other.markFile(hooked.workspace())).valueOr({}).delivered == 0);
    }

    void hooksComeAndGoWhileItRuns()
    {
        LoopbackServer target([](const std::string &) { return says("200 OK"); });
        Hooked hooked(target.url());
        QVERIFY(QFile::remove(QString::fromStdString(webhooksFile(hooked.workspace()))));
        WebhookProjector projector(hooked.workspace(), nullptr);
        const std::vector<WebhookHook> hooks{hooked.hook};
        QVERIFY(writeWebhooks(hooked.workspace(), hooks));
        const std::size_t wanted = hooked.alertIds().size();
        QTRY_COMPARE_WITH_TIMEOUT(target.requests().size(), wanted, 20'000);
        QVERIFY(projector.finish().empty());
    }
};

EVENTOPS_TEST(TestWebhooks)
#include "tst_webhooks.moc"
