// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/unit/remote/raw_console.h"
#include "tests/unit/remote/remote_fixture.h"
#include "tests/unit/remote/served_program.h"

#include <QtNetwork/QTcpServer>

#include <random>

using namespace eventops;
using namespace eventops::test;
using remote::ConnectionState;
using remote::RemoteBackend;
using Phase = ConnectionState::Phase;

namespace {

int roundsOf(int usual)
{
    bool given = false;
    const int rounds = qEnvironmentVariableIntValue("EVENTOPS_FAULT_ROUNDS", &given);
    return given ? rounds : usual;
}

/// A view as those of the window are: told of a change, it asks for what is behind what it has.
class Follower
{
public:
    explicit Follower(Backend &backend) : m_backend(backend)
    {
        m_backend.subscribe({}, [this](const Change &change) {
            const std::lock_guard lock(m_mutex);
            m_revisions.push_back(change.revision);
            m_known = std::max(m_known, change.events);
            ask();
        });
    }
    std::vector<std::uint64_t> places() const { return with(m_places); }
    std::vector<std::uint64_t> revisions() const { return with(m_revisions); }

private:
    template <typename T>
    T with(const T &what) const
    {
        const std::lock_guard lock(m_mutex);
        return what;
    }
    void ask()
    {
        if (m_asking || m_places.size() >= m_known)
            return;
        m_asking = true;
        m_backend.eventRange({}, {m_places.size(), 64}, [this](const Result<EventPage> &page) {
            const std::lock_guard lock(m_mutex);
            m_asking = false;
            if (!page)
                return; // the next change asks again
            m_places.insert(m_places.end(), page.value().places.begin(), page.value().places.end());
            ask();
        });
    }

    Backend &m_backend;
    mutable std::mutex m_mutex;
    std::vector<std::uint64_t> m_places, m_revisions;
    std::uint64_t m_known = 0;
    bool m_asking = false;
};

} // namespace

/// What becomes of a console when the engine or the line goes, and of an engine when a console is ill-behaved.
class TestRemoteFaults : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    /// Qt asks the system to ignore it once; Qt Test asks to hear of it before each class.
    void init() { std::signal(SIGPIPE, SIG_IGN); }
    void whoMayNotIsNotUpgraded_data();
    void whoMayNotIsNotUpgraded();
    void whatIsNoUpgradeIsTold();
    void theDoctorSaysWhy_data();
    void theDoctorSaysWhy();
    void nobodyListensIsTold();
    void tlsOnAPlainPortAndTheReverseAreTold();
    void anotherVersionIsRefusedWithBothNamed();
    void strangePacketsCloseTheirConnectionAlone();
    void aKilledEngineIsFoundAgainWithoutGapOrDuplicate();
    void whatChangesIsNotSentTwice();
    void questionsWaitForTheConnection();
    void aStalledConsoleIsCutAndCostsLittle();
    void aConsoleThatDoesNotGreetIsCut();
};

void TestRemoteFaults::whoMayNotIsNotUpgraded_data()
{
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<QByteArray>("headers");
    QTest::addColumn<int>("status");
    const QByteArray good = ServedWorkspace::token("viewer");
    QTest::newRow("good") << good << QByteArray() << 101;
    QTest::newRow("good, other tenant") << ServedWorkspace::token("other") << QByteArray() << 101; // sees nothing
    QTest::newRow("no token") << QByteArray() << QByteArray() << 401;
    QTest::newRow("wrong token") << QByteArray(40, 'x') << QByteArray() << 401;
    QTest::newRow("two tokens") << good << QByteArray("Authorization: Bearer " + good + "\r\n") << 401;
    QTest::newRow("foreign Host") << good << QByteArray("Host: evil.example\r\n") << 421;
    QTest::newRow("rebound Host") << good << QByteArray("Host: localhost.evil.example:PORT\r\n") << 421;
    QTest::newRow("foreign Origin") << good << QByteArray("Origin: http://evil.example\r\n") << 403;
    QTest::newRow("Origin null") << good << QByteArray("Origin: null\r\n") << 403;
    QTest::newRow("own Origin") << good << QByteArray("Origin: http://localhost:PORT\r\n") << 101;
}

void TestRemoteFaults::whoMayNotIsNotUpgraded()
{
    QFETCH(QByteArray, token);
    QFETCH(QByteArray, headers);
    QFETCH(int, status);
    ServedWorkspace served("");
    RawConsole console(served.port());
    headers.replace("PORT", QByteArray::number(served.port()));
    QCOMPARE(console.open(token, headers), status);
    if (status != 101)
        return;
    console.hello();
    QVERIFY(!console.client().readUntil("eventops").isEmpty()); // the welcome
}

void TestRemoteFaults::whatIsNoUpgradeIsTold()
{
    ServedWorkspace served("");
    const auto status = [&](const QByteArray &headers) {
        return served.ask(served.request("GET", wire::AttachPath, "admin", {}, headers)).status;
    };
    QCOMPARE(status({}), 426);
    const QByteArray upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    QCOMPARE(status(upgrade), 426);
    QCOMPARE(status(upgrade + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n"), 426);
    QCOMPARE(status(upgrade + "Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 426);
    QCOMPARE(served.post(wire::AttachPath, "{}").status, 405);
}

void TestRemoteFaults::theDoctorSaysWhy_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("token");
    QTest::addColumn<QString>("cause");
    const QString good = QString::fromLatin1(ServedWorkspace::token("viewer"));
    QTest::newRow("wrong token") << QStringLiteral("localhost:PORT") << QString(40, QLatin1Char('x'))
                                 << QStringLiteral("does not know the token");
    QTest::newRow("foreign Host") << QStringLiteral("127.0.0.2:PORT") << good
                                  << QStringLiteral("not called by this name");
    QTest::newRow("wrong path") << QStringLiteral("http://localhost:PORT/elsewhere") << good
                                << QStringLiteral("no engine to attach");
    QTest::newRow("unknown host") << QStringLiteral("wss://no-such-machine.invalid") << good
                                  << QStringLiteral("no machine of the name");
}

void TestRemoteFaults::theDoctorSaysWhy()
{
    QFETCH(QString, url);
    QFETCH(QString, token);
    QFETCH(QString, cause);
    api::ApiOptions any;
    any.address = "127.0.0.1";
    LocalWorkspace workspace;
    const auto local = workspace.backend();
    if (url.contains(QLatin1String("127.0.0.2")))
        any.address = "127.0.0.2"; // reached, but by a name that is not among ours
    auto server = api::ApiServer::start(
        *local, {{sha256Hex(ServedWorkspace::token("viewer").toStdString()), {"viewer", Role::Viewer, {}}}}, any);
    QVERIFY(server);
    remote::RemoteOptions options;
    options.url =
        remote::normalUrl(url.replace(QLatin1String("PORT"), QString::number(server.value()->port())).toStdString())
            .value();
    options.token = token.toStdString();
    const auto attached = RemoteBackend::attach(options);
    QVERIFY(!attached);
    QVERIFY2(QString::fromStdString(attached.error().message).contains(cause), attached.error().text().c_str());
    QVERIFY(!attached.error().remedy.empty());
}

void TestRemoteFaults::nobodyListensIsTold()
{
    QTcpServer taken;
    QVERIFY(taken.listen(QHostAddress::LocalHost));
    const quint16 port = taken.serverPort();
    taken.close();
    const auto attached = RemoteBackend::attach(remoteOptions(port));
    QVERIFY(!attached);
    QVERIFY(attached.error().code == Error::Code::Unavailable);
    QVERIFY(attached.error().message.find("nobody listens") != std::string::npos);
}

void TestRemoteFaults::tlsOnAPlainPortAndTheReverseAreTold()
{
    ServedWorkspace served("");
    remote::RemoteOptions options = remoteOptions(served.port());
    options.url = remote::normalUrl("wss://localhost:" + std::to_string(served.port())).value();
    StateLog log;
    options.changed = [&](const ConnectionState &state) {
        log.add(state);
    };
    const auto plain = RemoteBackend::attach(options);
    QVERIFY(!plain);
    QVERIFY2(plain.error().message.find("speaks no TLS") != std::string::npos, plain.error().text().c_str());
    QCOMPARE(log.all().back().betterUrl, "ws://localhost:" + std::to_string(served.port()));

    std::atomic<bool> stop{false};
    std::promise<quint16> listening;
    std::thread thread([&] { // what TLS servers say to those who greet in plain text
        QTcpServer alerting;
        listening.set_value(alerting.listen(QHostAddress::LocalHost) ? alerting.serverPort() : quint16{0});
        while (!stop) {
            if (!alerting.waitForNewConnection(50))
                continue;
            const std::unique_ptr<QTcpSocket> socket(alerting.nextPendingConnection());
            socket->waitForReadyRead(1'000);
            socket->write(QByteArray::fromHex("15030100020246"));
            socket->waitForBytesWritten(1'000);
        }
    });
    const quint16 port = listening.get_future().get();
    const auto tls = RemoteBackend::attach(remoteOptions(port));
    stop = true;
    thread.join();
    QVERIFY(!tls);
    QVERIFY2(tls.error().message.find("speaks TLS") != std::string::npos, tls.error().text().c_str());
}

void TestRemoteFaults::anotherVersionIsRefusedWithBothNamed()
{
    ServedWorkspace served("");
    RawConsole console(served.port());
    QCOMPARE(console.open(ServedWorkspace::token("viewer")), 101);
    console.hello(wire::PacketVersion + 1);
    const QByteArray said = console.client().readUntil("update the engine");
    QVERIFY(said.contains("(protocol 1)") && said.contains("(protocol 2)"));
    QVERIFY(console.client().waitForEnd());
}

void TestRemoteFaults::strangePacketsCloseTheirConnectionAlone()
{
    ServedWorkspace served;
    auto honest = RemoteBackend::attach(remoteOptions(served.port()));
    QVERIFY(honest);
    std::mt19937 random(4);
    for (int round = 0; round < roundsOf(60); ++round) {
        RawConsole console(served.port());
        QCOMPARE(console.open(ServedWorkspace::token("viewer")), 101);
        if (round % 3 != 0)
            console.hello();
        std::string bytes(1 + random() % 300, '\0');
        for (char &c : bytes)
            c = static_cast<char>(random());
        switch (round % 4) {
        case 0: console.send(bytes); break;
        case 1: console.call(7, static_cast<std::uint8_t>(random() % 40), bytes); break;
        case 2: console.send(bytes, 1); break;                                   // text
        default: console.client().send(QByteArray::fromStdString(bytes)); break; // no frame at all
        }
    }
    const auto health = waitFor<Health>([&](auto done) { return honest.value()->health({}, done); });
    QVERIFY2(health, health ? "" : health.error().text().c_str());
}

void TestRemoteFaults::aKilledEngineIsFoundAgainWithoutGapOrDuplicate()
{
    Scratch scratch;
    ServedProgram engine(scratch.workspace());
    const auto records = [&](int from, int to) {
        QByteArray lines;
        for (int i = from; i < to; ++i)
            lines += "{\"ts\":\"2026-01-01T00:00:00Z\",\"type\":\"order\",\"id\":\"" + QByteArray::number(i) + "\"}\n";
        return scratch.file(QStringLiteral("part-%1.ndjson").arg(from), lines);
    };
    constexpr int Step = 500;
    QCOMPARE(scratch.replay({records(0, Step)}).exitCode, 0);
    QVERIFY(engine.start());
    StateLog log;
    remote::RemoteOptions options = engine.options();
    options.changed = [&](const ConnectionState &state) {
        log.add(state);
    };
    auto attached = RemoteBackend::attach(options);
    QVERIFY2(attached, attached ? "" : attached.error().text().c_str());
    const auto follower = std::make_unique<Follower>(*attached.value());
    const int rounds = roundsOf(3);
    std::size_t stored = Step;
    for (int round = 0; round < rounds; ++round) {
        QTest::qWait(round * 7 % 40); // somewhere in what goes on
        engine.kill();
        QCOMPARE(scratch.replay({records(static_cast<int>(stored), static_cast<int>(stored) + Step)}).exitCode, 0);
        stored += Step;
        QVERIFY(engine.start());
        QTRY_COMPARE_WITH_TIMEOUT(follower->places().size(), stored, 30'000);
    }
    const auto places = follower->places();
    for (std::size_t i = 0; i < places.size(); ++i)
        QCOMPARE(places[i], std::uint64_t{i}); // no gap, nothing twice
    const auto revisions = follower->revisions();
    QVERIFY(std::adjacent_find(revisions.begin(), revisions.end(), std::greater_equal<>()) == revisions.end());
    QVERIFY(log.count(Phase::Waiting) >= static_cast<std::size_t>(rounds));
    QCOMPARE(log.count(Phase::Attached), static_cast<std::size_t>(rounds) + 1);
    for (const ConnectionState &state : log.all()) {
        if (state.phase == Phase::Waiting)
            QVERIFY(state.lastSeen != NoTime && !state.error.message.empty() && state.retryIn.count() > 0);
    }
    std::move(attached).value().reset();
}

void TestRemoteFaults::whatChangesIsNotSentTwice()
{
    auto served = std::make_unique<ServedWorkspace>();
    StateLog log;
    remote::RemoteOptions options = remoteOptions(served->port());
    options.changed = [&](const ConnectionState &state) {
        log.add(state);
    };
    auto attached = RemoteBackend::attach(options);
    QVERIFY(attached);
    served->stop();
    QTRY_VERIFY(log.count(Phase::Waiting) > 0);
    const auto decided = waitFor<DecisionOutcome>([&](auto done) {
        return attached.value()->decide({}, {"a.1", DecisionKind::Approve, "admin", "r"}, false, done);
    });
    QVERIFY(!decided);
    QVERIFY(decided.error().code == Error::Code::Unavailable);
}

void TestRemoteFaults::questionsWaitForTheConnection()
{
    Scratch scratch;
    ServedProgram engine(scratch.workspace());
    const QString capture = scratch.file(QStringLiteral("one.ndjson"),
                                         "{\"ts\":\"2026-01-01T00:00:00Z\",\"type\":\"order\",\"id\":\"1\"}\n");
    QCOMPARE(scratch.replay({capture}).exitCode, 0);
    QVERIFY(engine.start());
    StateLog log;
    remote::RemoteOptions options = engine.options();
    options.changed = [&](const ConnectionState &state) {
        log.add(state);
    };
    auto attached = RemoteBackend::attach(options);
    QVERIFY(attached);
    engine.kill();
    QTRY_VERIFY(log.count(Phase::Waiting) > 0);
    std::promise<Result<Health>> promise;
    attached.value()->health({}, [&](Result<Health> health) { promise.set_value(std::move(health)); });
    Ticket unwanted = attached.value()->events({}, {}, {}, [](const Result<Ok> &) {});
    unwanted.cancel();
    QVERIFY(engine.start());
    const auto health = promise.get_future().get();
    QVERIFY2(health, health ? "" : health.error().text().c_str());
    QCOMPARE(health.value().summary.counters.events, std::uint64_t{1});

    options.patience = std::chrono::milliseconds(300);
    auto hasty = RemoteBackend::attach(options);
    QVERIFY(hasty);
    engine.kill();
    const auto told = waitFor<Health>([&](auto done) { return hasty.value()->health({}, done); });
    QVERIFY(!told);
    QVERIFY(told.error().code == Error::Code::Unavailable);
    QVERIFY(told.error().text().find("no connection to the engine") != std::string::npos);
}

/// The whole program, so that its memory can be read.
void TestRemoteFaults::aStalledConsoleIsCutAndCostsLittle()
{
    Scratch scratch;
    QByteArray lines;
    constexpr int Records = 60'000;
    for (int i = 0; i < Records; ++i)
        lines += "{\"ts\":\"2026-01-01T00:00:00Z\",\"type\":\"order\",\"id\":\"" + QByteArray::number(i)
                 + "\",\"filling\":\"" + QByteArray(1'500, static_cast<char>('a' + i % 26)) + "\"}\n";
    QCOMPARE(scratch.replay({scratch.file(QStringLiteral("much.ndjson"), lines)}).exitCode, 0);
    ServedProgram engine(scratch.workspace());
    QVERIFY(engine.start());
    auto honest = RemoteBackend::attach(engine.options());
    QVERIFY(honest);
    const Query everything{"", UINT64_MAX, true};
    const auto askAll = [&] {
        std::uint64_t rows = 0;
        const auto done = waitFor<Ok>([&](Done<Ok> told) {
            return honest.value()->events(
                {}, everything, [&](const EventPage &page) { rows += page.rows.size(); }, std::move(told));
        });
        return done ? rows : 0;
    };
    const auto peakDuring = [&](const auto &what) {
        std::atomic<bool> over{false};
        double most = 0;
        std::thread watch([&] {
            while (!over) {
                most = std::max(most, engine.residentMiB());
                QThread::msleep(5);
            }
        });
        what();
        over = true;
        watch.join();
        return most;
    };
    std::uint64_t rows = 0;
    const double usual = peakDuring([&] { rows = askAll(); });
    QCOMPARE(rows, std::uint64_t{Records});
    RawConsole stalled(engine.port());
    stalled.client().socket().setReadBufferSize(1'024);
    QCOMPARE(stalled.open(QByteArray::fromStdString(engine.options().token)), 101);
    stalled.hello();
    for (std::uint64_t call = 1; call <= 8; ++call)
        stalled.call(call, wire::Calls::number<&Backend::events>(), everything);
    QElapsedTimer timer;
    timer.start();
    qint64 small = 0;
    const double most = peakDuring([&] {
        const auto health = waitFor<Health>([&](auto done) { return honest.value()->health({}, done); });
        small = health ? timer.elapsed() : 60'000; // does not wait for it
        rows = askAll();                           // does, until it is cut, and sees no gap
    });
    const qint64 elapsed = timer.elapsed();
    qInfo("resident at most %.1f MiB, with a stalled console %.1f; a small question took %lld ms, a large one %lld",
          usual, most, static_cast<long long>(small), static_cast<long long>(elapsed));
    QCOMPARE(rows, std::uint64_t{Records});
    QVERIFY(small < 3'000);
    QVERIFY2(most - usual <= 16, qPrintable(QString::number(most - usual)));
    QVERIFY(elapsed < 15'000);
    QVERIFY(stalled.client().waitForEnd(5'000) || !stalled.client().isConnected());
}

void TestRemoteFaults::aConsoleThatDoesNotGreetIsCut()
{
    LocalWorkspace workspace;
    const auto local = workspace.backend();
    api::ApiOptions options;
    options.attach.greetingTimeMax = std::chrono::milliseconds(200);
    const QByteArray token = ServedWorkspace::token("viewer");
    auto server =
        api::ApiServer::start(*local, {{sha256Hex(token.toStdString()), {"viewer", Role::Viewer, {}}}}, options);
    QVERIFY(server);
    RawConsole console(server.value()->port());
    QCOMPARE(console.open(token), 101);
    QVERIFY(console.client().waitForEnd(5'000));
}

EVENTOPS_TEST(TestRemoteFaults)
#include "tst_remote_faults.moc"
