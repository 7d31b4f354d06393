// SPDX-License-Identifier: MIT
//
// The server against clients that are slow, greedy, broken or hostile. Its limits are short here.
#include "tests/support/test_main.h"

#include "core/api/http_server.h"
#include "tests/unit/api/http_client.h"

#include <sys/socket.h>

#include <QtCore/QFile>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

using namespace eventops;
using namespace eventops::api;
using eventops::test::HttpAnswer;
using eventops::test::HttpClient;

namespace {

/// A server whose handler tells what it was asked.
class Echo
{
public:
    explicit Echo(const HttpLimits &limits = shortLimits())
    {
        auto made = HttpServer::listen(
            "127.0.0.1", 0, limits, [this](const std::shared_ptr<HttpExchange> &exchange) { answer(exchange); },
            statistics);
        if (made)
            server = std::move(made).value();
    }

    static HttpLimits shortLimits()
    {
        HttpLimits limits;
        limits.requestTimeMax = std::chrono::milliseconds(400);
        limits.idleTimeMax = std::chrono::milliseconds(800);
        limits.stallTimeMax = std::chrono::milliseconds(400);
        limits.lingerTimeMax = std::chrono::milliseconds(200);
        limits.lookTime = std::chrono::milliseconds(20);
        return limits;
    }

    quint16 port() const { return server->port(); }

    std::shared_ptr<HttpStatistics> statistics = std::make_shared<HttpStatistics>();
    std::mutex mutex;
    std::condition_variable wake;
    std::vector<std::shared_ptr<HttpExchange>> held; ///< Of "/hold" and "/stream".
    int goneCalls = 0;
    std::unique_ptr<HttpServer> server;

    std::shared_ptr<HttpExchange> waitForHeld()
    {
        std::unique_lock lock(mutex);
        wake.wait_for(lock, std::chrono::seconds(10), [&] { return !held.empty(); });
        return held.empty() ? nullptr : held.back();
    }

private:
    void answer(const std::shared_ptr<HttpExchange> &exchange)
    {
        const HttpRequest &request = exchange->request();
        if (request.target == "/throw")
            throw std::runtime_error("a bug");
        if (request.target == "/drop")
            return;
        if (request.target == "/hold" || request.target == "/stream") {
            exchange->whenGone([this] {
                const std::lock_guard lock(mutex);
                ++goneCalls;
                wake.notify_all();
            });
            if (request.target == "/stream")
                exchange->beginStream({200, "text/event-stream", {}, {}}, [] {});
            const std::lock_guard lock(mutex);
            held.push_back(exchange);
            wake.notify_all();
            return;
        }
        if (request.target == "/large")
            return exchange->respond({200, "text/plain", {}, std::string(8u << 20, 'x')});
        exchange->respond({200, "text/plain", {}, request.method + ' ' + request.target + ' ' + request.body});
    }
};

QByteArray get(const QByteArray &target, const QByteArray &headers = {})
{
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}

} // namespace

class TestHttpServer : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void keepsConnectionsAndAnswersInOrder()
    {
        Echo echo;
        HttpClient client(echo.port());
        QByteArray pipelined;
        for (int i = 0; i < 200; ++i)
            pipelined += i % 3 == 0 ? "POST /" + QByteArray::number(i)
                                          + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
                                    : get("/" + QByteArray::number(i));
        client.send(pipelined);
        for (int i = 0; i < 200; ++i) {
            const HttpAnswer answer = client.read();
            QCOMPARE(answer.status, 200);
            const QByteArray number = QByteArray::number(i);
            QCOMPARE(answer.body, i % 3 == 0 ? "POST /" + number + " abc" : "GET /" + number + " ");
            QCOMPARE(answer.header("connection"), QByteArray("keep-alive"));
        }
        QCOMPARE(echo.statistics->connectionsTotal.load(), 1u);
    }

    void readsRequestsOfAnyCut()
    {
        Echo echo;
        HttpClient client(echo.port());
        const QByteArray chunked = "POST /c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                                   "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n";
        for (const char byte : chunked) {
            client.send(QByteArray(1, byte));
        }
        QCOMPARE(client.read().body, QByteArray("POST /c abcdefg"));
        client.send(get("/after"));
        QCOMPARE(client.read().body, QByteArray("GET /after "));
    }

    void honoursVersionAndClose_data()
    {
        QTest::addColumn<QByteArray>("request");
        QTest::addColumn<bool>("ends");
        QTest::newRow("1.1") << get("/") << false;
        QTest::newRow("1.1 close") << get("/", "Connection: close\r\n") << true;
        QTest::newRow("1.0") << QByteArray("GET / HTTP/1.0\r\n\r\n") << true;
        QTest::newRow("1.0 keep-alive") << QByteArray("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") << false;
    }
    void honoursVersionAndClose()
    {
        QFETCH(QByteArray, request);
        QFETCH(bool, ends);
        Echo echo;
        HttpClient client(echo.port());
        client.send(request);
        const HttpAnswer answer = client.read();
        QCOMPARE(answer.status, 200);
        QCOMPARE(answer.header("connection"), ends ? QByteArray("close") : QByteArray("keep-alive"));
        if (ends)
            QVERIFY(client.waitForEnd());
        else
            QVERIFY(client.isConnected());
    }

    void headHasNoBody()
    {
        Echo echo;
        HttpClient client(echo.port());
        client.send("HEAD /h HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/g"));
        const HttpAnswer head = client.read(true);
        QCOMPARE(head.status, 200);
        QCOMPARE(head.header("content-length"), QByteArray("8"));
        QCOMPARE(client.read().body, QByteArray("GET /g "));
    }

    void refusesWhatIsNoHttp_data()
    {
        QTest::addColumn<QByteArray>("request");
        QTest::addColumn<int>("status");
        const QByteArray post = "POST / HTTP/1.1\r\nHost: localhost\r\n";
        QTest::newRow("noise") << QByteArray("\x16\x03\x01\x02\x00\x01\r\n\r\n") << 400;
        QTest::newRow("version 2") << QByteArray("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n") << 505;
        QTest::newRow("two lengths") << post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd" << 400;
        QTest::newRow("length and chunks") << post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                                           << 400;
        QTest::newRow("negative length") << post + "Content-Length: -1\r\n\r\n" << 400;
        QTest::newRow("huge length") << post + "Content-Length: 99999999999999999999\r\n\r\n" << 400;
        QTest::newRow("long body") << post + "Content-Length: 1048577\r\n\r\n" << 413;
        QTest::newRow("huge chunk") << post + "Transfer-Encoding: chunked\r\n\r\n7fffffffffffff\r\n" << 413;
        QTest::newRow("no chunk") << post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n" << 400;
        QTest::newRow("blank before colon") << QByteArray("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n") << 400;
        QTest::newRow("nul in a header") << QByteArray("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 30) << 400;
        QTest::newRow("long header") << get("/", "X: " + QByteArray(9'000, 'x') + "\r\n") << 431;
        QTest::newRow("many headers") << get("/", QByteArray("X: y\r\n").repeated(2'000)) << 431;
        QTest::newRow("long target") << get("/" + QByteArray(70'000, 'x')) << 431;
        QTest::newRow("endless line") << QByteArray(200'000, 'G') << 431;
    }
    void refusesWhatIsNoHttp()
    {
        QFETCH(QByteArray, request);
        QFETCH(int, status);
        Echo echo;
        HttpClient client(echo.port());
        client.offer(request, 1'000);
        const HttpAnswer answer = client.read();
        QCOMPARE(answer.status, status);
        QCOMPARE(answer.header("content-type"), QByteArray("application/problem+json"));
        QCOMPARE(answer.json()[QLatin1String("status")].toInt(), status);
        QVERIFY(!answer.json()[QLatin1String("detail")].toString().isEmpty());
        QVERIFY(client.waitForEnd());
        HttpClient other(echo.port());
        other.send(get("/still"));
        QCOMPARE(other.read().status, 200);
    }

    void theBodyLimitIsExact()
    {
        HttpLimits limits = Echo::shortLimits();
        limits.bodyBytesMax = 1'000;
        Echo echo(limits);
        HttpClient client(echo.port());
        const QByteArray head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ";
        client.send(head + "1000\r\n\r\n" + QByteArray(1'000, 'x'));
        QCOMPARE(client.read().status, 200);
        client.send(head + "1001\r\n\r\n" + QByteArray(1'001, 'x'));
        QCOMPARE(client.read().status, 413);
    }

    void saysContinueToThoseWhoWait()
    {
        Echo echo;
        HttpClient client(echo.port());
        client.send("POST /e HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        QCOMPARE(client.readUntil("\r\n\r\n"), QByteArray("HTTP/1.1 100 Continue\r\n\r\n"));
        client.send("ok");
        QCOMPARE(client.read().body, QByteArray("POST /e ok"));
    }

    void slowRequestsAreCutWhileOthersAreServed()
    {
        Echo echo;
        QElapsedTimer timer;
        timer.start();
        std::vector<std::unique_ptr<HttpClient>> slow;
        for (int i = 0; i < 300; ++i) {
            slow.push_back(std::make_unique<HttpClient>(echo.port()));
            QVERIFY(slow.back()->isConnected());
            if (i % 3 != 0)
                slow.back()->send("GET / HTTP/1.1\r\nHost: loc");
        }
        HttpClient honest(echo.port());
        honest.send(get("/quick"));
        QCOMPARE(honest.read().status, 200);
        for (int i = 0; i < 300; ++i) {
            QVERIFY(slow[static_cast<std::size_t>(i)]->waitForEnd());
            const QByteArray &said = slow[static_cast<std::size_t>(i)]->rest();
            QCOMPARE(said.startsWith("HTTP/1.1 408"), i % 3 != 0);
        }
        QVERIFY(timer.elapsed() >= 400);
        QVERIFY(echo.statistics->connectionsCut >= 200);
    }

    void aBodyThatTricklesIsCut()
    {
        Echo echo;
        HttpClient client(echo.port());
        client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
        QElapsedTimer timer;
        timer.start();
        bool ended = false;
        while (timer.elapsed() < 10'000 && !ended) {
            client.offer("x", 10);
            ended = client.waitForEnd(20);
        }
        QVERIFY(ended);
        QVERIFY(timer.elapsed() < 5'000);
        QVERIFY(client.rest().startsWith("HTTP/1.1 408"));
    }

    void idleConnectionsAreClosedWithoutAWord()
    {
        Echo echo;
        HttpClient client(echo.port());
        client.send(get("/one"));
        QCOMPARE(client.read().status, 200);
        QVERIFY(client.waitForEnd());
        QVERIFY(client.rest().isEmpty());
        QCOMPARE(echo.statistics->connectionsCut.load(), 0u);
    }

    void tooManyConnectionsAreRefused()
    {
        HttpLimits limits = Echo::shortLimits();
        limits.connectionsMax = 3;
        limits.requestTimeMax = std::chrono::seconds(20);
        Echo echo(limits);
        std::vector<std::unique_ptr<HttpClient>> open;
        for (int i = 0; i < 3; ++i) {
            open.push_back(std::make_unique<HttpClient>(echo.port()));
            open.back()->send(get("/"));
            QCOMPARE(open.back()->read().status, 200);
        }
        HttpClient refused(echo.port());
        const HttpAnswer answer = refused.read();
        QCOMPARE(answer.status, 503);
        QCOMPARE(answer.header("retry-after"), QByteArray("1"));
        QCOMPARE(echo.statistics->connectionsRefused.load(), 1u);
        open.front()->send(get("/here"));
        QCOMPARE(open.front()->read().status, 200);
    }

    void bodiesUnderWayAreBoundedTogether()
    {
        HttpLimits limits = Echo::shortLimits();
        limits.requestTimeMax = std::chrono::seconds(20);
        limits.bodiesBytesMax = 100'000;
        Echo echo(limits);
        std::vector<std::unique_ptr<HttpClient>> clients;
        int refused = 0;
        for (int i = 0; i < 4; ++i) {
            clients.push_back(std::make_unique<HttpClient>(echo.port()));
            clients.back()->send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n"
                                 + QByteArray(40'000, 'x'));
            refused += clients.back()->read(false, 500).status == 503 ? 1 : 0;
        }
        QVERIFY(refused >= 1);
        clients.clear();
        HttpClient after(echo.port());
        after.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n" + QByteArray(50'000, 'x'));
        QCOMPARE(after.read().status, 200);
    }

    void aReaderThatStallsIsCutAndCostsNoMore()
    {
        Echo echo;
        HttpClient client(echo.port());
        client.socket().setReadBufferSize(1'024);
        client.send(get("/stream"));
        QVERIFY(client.readUntil("\r\n\r\n").startsWith("HTTP/1.1 200"));
        const auto exchange = echo.waitForHeld();
        QVERIFY(exchange);
        std::size_t taken = 0;
        while (exchange->write(std::string(64u << 10, 'x')))
            taken += 64u << 10;
        QVERIFY(exchange->queuedBytes() <= HttpLimits().outputBytesMax);
        QVERIFY(taken >= HttpLimits().outputBytesMax - (64u << 10));
        HttpClient other(echo.port());
        other.send(get("/other"));
        QCOMPARE(other.read().status, 200);
        {
            std::unique_lock lock(echo.mutex);
            QVERIFY(echo.wake.wait_for(lock, std::chrono::seconds(10), [&] { return echo.goneCalls == 1; }));
        }
        QVERIFY(exchange->gone());
        QVERIFY(!exchange->write("more"));
        QCOMPARE(echo.statistics->connectionsCut.load(), 1u);
    }

    void aLargeAnswerArrivesWhole()
    {
        Echo echo;
        HttpClient client(echo.port());
        client.send(get("/large") + get("/next"));
        QCOMPARE(client.read(false, 30'000).body.size(), qsizetype(8) << 20);
        QCOMPARE(client.read().body, QByteArray("GET /next "));
    }

    void streamsFlowAndEnd()
    {
        Echo echo;
        HttpClient client(echo.port());
        client.send(get("/stream"));
        const QByteArray head = client.readUntil("\r\n\r\n").toLower();
        QVERIFY(head.contains("content-type: text/event-stream"));
        QVERIFY(!head.contains("content-length"));
        const auto exchange = echo.waitForHeld();
        QVERIFY(exchange->write("one\n"));
        QCOMPARE(client.readUntil("\n"), QByteArray("one\n"));
        QVERIFY(exchange->write("two\n"));
        exchange->end();
        QVERIFY(client.waitForEnd());
        QCOMPARE(client.rest(), QByteArray("two\n"));
    }

    void whoeverGoesIsToldOf()
    {
        Echo echo;
        auto client = std::make_unique<HttpClient>(echo.port());
        client->send(get("/hold"));
        const auto exchange = echo.waitForHeld();
        QVERIFY(exchange);
        client.reset();
        std::unique_lock lock(echo.mutex);
        QVERIFY(echo.wake.wait_for(lock, std::chrono::seconds(10), [&] { return echo.goneCalls == 1; }));
        lock.unlock();
        exchange->respond({200, "text/plain", {}, "too late"});
        QVERIFY(exchange->gone());
    }

    void answersComeFromAnyThread()
    {
        Echo echo;
        HttpClient client(echo.port());
        client.send(get("/hold") + get("/behind"));
        const auto exchange = echo.waitForHeld();
        exchange->respond({200, "text/plain", {}, "from here"}); // the test's thread is not the server's
        exchange->respond({200, "text/plain", {}, "a second one is none"});
        QCOMPARE(client.read().body, QByteArray("from here"));
        QCOMPARE(client.read().body, QByteArray("GET /behind "));
    }

    void bugsBehindItAreAnswered()
    {
        Echo echo;
        HttpClient client(echo.port());
        client.send(get("/throw") + get("/drop") + get("/fine"));
        QCOMPARE(client.read().status, 500);
        QCOMPARE(client.read().status, 500);
        QCOMPARE(client.read().status, 200);
        QCOMPARE(echo.statistics->responses[4].load(), 2u);
    }

    void endsWithClientsInside()
    {
        Echo echo;
        HttpClient client(echo.port());
        client.send(get("/hold"));
        const auto exchange = echo.waitForHeld();
        QVERIFY(exchange);
        echo.server.reset();
        QVERIFY(client.waitForEnd());
        QVERIFY(exchange->gone());
        exchange->respond({200, "text/plain", {}, "to nobody"});
    }

    void aPortThatIsTakenIsSaidSo()
    {
        Echo echo;
        const auto second = HttpServer::listen(
            "127.0.0.1", echo.port(), {}, [](const auto &) {}, echo.statistics);
        QVERIFY(!second);
        QCOMPARE(second.error().code, Error::Code::Unavailable);
        QVERIFY(!second.error().remedy.empty());
        QCOMPARE(HttpServer::listen(
                     "example", 0, {}, [](const auto &) {}, echo.statistics)
                     .error()
                     .code,
                 Error::Code::InvalidArgument);
    }
};

EVENTOPS_TEST(TestHttpServer)
#include "tst_http_server.moc"
