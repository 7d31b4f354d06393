// SPDX-License-Identifier: MIT
//
// Attaching over TLS: by the right name and authority, and by no other.
#include "tests/support/test_main.h"

#include "tests/support/test_certificates.h"
#include "tests/support/wait_for.h"
#include "tests/unit/remote/remote_fixture.h"

using namespace eventops;
using namespace eventops::remote;
using eventops::test::ServedWorkspace;
using eventops::test::TestCertificates;
using eventops::test::waitFor;

namespace {

std::unique_ptr<TestCertificates> certificates;
std::unique_ptr<ServedWorkspace> served;

std::unique_ptr<ServedWorkspace> serve(const char *certificate, const char *key)
{
    return std::make_unique<ServedWorkspace>("agents.ndjson", false, "default", [&](api::ApiOptions &options) {
        options.tls = api::TlsFiles{certificates->path(certificate), certificates->path(key)};
    });
}

RemoteOptions optionsFor(const ServedWorkspace &engine, const std::string &scheme = "wss",
                         const char *authority = "ca.pem")
{
    RemoteOptions options = test::remoteOptions(engine.port());
    options.url = normalUrl(scheme + "://localhost:" + std::to_string(engine.port())).value();
    options.authorities = readAuthorities(certificates->path(authority)).value();
    return options;
}

} // namespace

class TestRemoteTls : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        certificates = std::make_unique<TestCertificates>();
        if (!certificates->ok())
            QSKIP("there is no openssl");
        served = serve("server.pem", "server.key");
        QCOMPARE(served->failure(), std::string());
    }
    void cleanupTestCase()
    {
        served.reset();
        certificates.reset();
    }

    void attachesAndAsks_data()
    {
        QTest::addColumn<QString>("scheme");
        QTest::newRow("wss") << QStringLiteral("wss");
        QTest::newRow("https") << QStringLiteral("https");
    }
    void attachesAndAsks()
    {
        QFETCH(QString, scheme);
        const auto engine = RemoteBackend::attach(optionsFor(*served, scheme.toStdString()));
        QVERIFY2(engine, engine ? "" : engine.error().text().c_str());
        const Caller caller{"tester", Role::Admin, {}};
        const auto here = waitFor<WorkspaceSummary>(
            [&](Done<WorkspaceSummary> done) { served->backend().summary(caller, true, std::move(done)); });
        const auto there = waitFor<WorkspaceSummary>(
            [&](Done<WorkspaceSummary> done) { engine.value()->summary(caller, true, std::move(done)); });
        QVERIFY(here && there);
        QVERIFY(!here.value().digest.empty());
        QCOMPARE(there.value().digest, here.value().digest);
        std::size_t events = 0;
        const auto all = waitFor<Ok>([&](Done<Ok> done) {
            engine.value()->events(
                caller, {}, [&](const EventPage &page) { events += page.rows.size(); }, std::move(done));
        });
        QVERIFY(all);
        QCOMPARE(events, std::size_t(here.value().counters.events));
    }

    void whoIsNotTrustedIsNotAttached_data()
    {
        QTest::addColumn<QByteArray>("certificate");
        QTest::addColumn<QByteArray>("authority");
        QTest::addColumn<QString>("remedy");
        QTest::newRow("another authority")
            << QByteArray("server") << QByteArray("other-ca.pem") << QStringLiteral("--ca FILE");
        QTest::newRow("another name") << QByteArray("elsewhere") << QByteArray("ca.pem")
                                      << QStringLiteral("a name that its certificate has");
    }
    void whoIsNotTrustedIsNotAttached()
    {
        QFETCH(QByteArray, certificate);
        QFETCH(QByteArray, authority);
        QFETCH(QString, remedy);
        const auto other =
            serve(QByteArray(certificate + ".pem").constData(), QByteArray(certificate + ".key").constData());
        QCOMPARE(other->failure(), std::string());
        const auto engine = RemoteBackend::attach(optionsFor(*other, "wss", authority.constData()));
        QVERIFY(!engine);
        QVERIFY2(engine.error().code == Error::Code::Refused, engine.error().text().c_str());
        QVERIFY2(QString::fromStdString(engine.error().message).contains(QLatin1String("not trusted")),
                 engine.error().text().c_str());
        QVERIFY2(QString::fromStdString(engine.error().remedy).contains(remedy), engine.error().text().c_str());
    }

    void plainTextToATlsPortIsExplained()
    {
        RemoteOptions options = optionsFor(*served);
        options.url = normalUrl("ws://localhost:" + std::to_string(served->port())).value();
        const auto engine = RemoteBackend::attach(options);
        QVERIFY(!engine);
        QVERIFY2(QString::fromStdString(engine.error().remedy).contains(QLatin1String("wss://")),
                 engine.error().text().c_str());
    }

    void authoritiesAreCertificates()
    {
        QVERIFY(!readAuthorities(certificates->path("server.key")));
        const auto missing = readAuthorities(certificates->path("none.pem"));
        QVERIFY(!missing && missing.error().code == Error::Code::NotFound);
    }
};

EVENTOPS_TEST(TestRemoteTls)
#include "tst_remote_tls.moc"
