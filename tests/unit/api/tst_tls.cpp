// SPDX-License-Identifier: MIT
//
// The server over TLS: off loopback in no other way, and with the same limits.
#include "tests/support/test_main.h"

#include "tests/support/program.h"
#include "tests/support/test_certificates.h"
#include "tests/unit/api/api_fixture.h"

#include <QtCore/QProcess>
#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslSocket>

#include <csignal>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

using namespace eventops;
using namespace eventops::api;
using eventops::test::ServedWorkspace;
using eventops::test::TestCertificates;

namespace {

std::unique_ptr<TestCertificates> certificates;

TlsFiles serverFiles()
{
    return {certificates->path("server.pem"), certificates->path("server.key")};
}

/// A client that trusts our authority.
std::unique_ptr<QSslSocket> connectTo(quint16 port, const char *name = "localhost")
{
    auto socket = std::make_unique<QSslSocket>();
    QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
    tls.setCaCertificates(QSslCertificate::fromPath(QString::fromStdString(certificates->path("ca.pem"))));
    socket->setSslConfiguration(tls);
    socket->setPeerVerifyName(QString::fromLatin1(name));
    socket->connectToHostEncrypted(QStringLiteral("127.0.0.1"), port);
    socket->waitForEncrypted(10'000);
    return socket;
}

/// All that comes until the server closes.
QByteArray readToEnd(QSslSocket &socket, int timeMs = 20'000)
{
    QByteArray out;
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < timeMs
           && (socket.bytesAvailable() > 0 || socket.state() == QAbstractSocket::ConnectedState)) {
        socket.waitForReadyRead(200);
        out += socket.readAll();
    }
    return out + socket.readAll();
}

/// What a raw client is told until the server closes; the time that it took.
qint64 closedAfterMs(QTcpSocket &socket)
{
    QElapsedTimer timer;
    timer.start();
    while (socket.state() == QAbstractSocket::ConnectedState && timer.elapsed() < 20'000)
        socket.waitForReadyRead(50);
    return timer.elapsed();
}

/// A server that answers "/stream" with as much as the client may be owed, again and again.
class Streamer
{
public:
    Streamer()
    {
        HttpLimits limits;
        limits.handshakeTimeMax = std::chrono::milliseconds(400);
        limits.requestTimeMax = std::chrono::milliseconds(1'500);
        limits.stallTimeMax = std::chrono::milliseconds(600);
        limits.lookTime = std::chrono::milliseconds(20);
        auto made = HttpServer::listen(
            "127.0.0.1", 0, limits, [this](std::shared_ptr<HttpExchange> given) { answer(std::move(given)); },
            statistics, serverFiles());
        if (made)
            server = std::move(made).value();
    }
    void answer(std::shared_ptr<HttpExchange> given)
    {
        if (given->request().target != "/stream")
            return given->respond({200, "text/plain", {}, std::string(given->request().body.size() + 5, 'x')});
        exchange = std::move(given);
        exchange->beginStream({}, [this] {
            while (exchange->write(std::string(64'000, 's'))) {}
            queuedMost = std::max(queuedMost.load(), exchange->queuedBytes());
        });
    }

    std::shared_ptr<HttpStatistics> statistics = std::make_shared<HttpStatistics>();
    std::shared_ptr<HttpExchange> exchange;
    std::atomic<std::size_t> queuedMost = 0;
    std::unique_ptr<HttpServer> server;
};

/// A certificate and its key at one place, as a program that renews them puts others there.
class Renewed
{
public:
    Renewed() { put("server", "server"); }
    TlsFiles files() const { return {path("live.pem"), path("live.key")}; }
    std::string path(const char *name) const { return m_directory.filePath(QLatin1String(name)).toStdString(); }
    /// Null: as it is.
    void put(const char *certificate, const char *key)
    {
        if (certificate != nullptr)
            place(std::string(certificate) + ".pem", "live.pem");
        if (key != nullptr)
            place(std::string(key) + ".key", "live.key");
    }

private:
    void place(const std::string &from, const char *to)
    {
        const QString made = m_directory.filePath(QStringLiteral("made-%1").arg(++m_count));
        QFile::copy(QString::fromStdString(certificates->path(from.c_str())), made);
        ::chmod(made.toLocal8Bit().constData(), 0600);
        ::rename(made.toLocal8Bit().constData(), path(to).c_str());
    }

    QTemporaryDir m_directory;
    int m_count = 0;
};

/// What a served workspace says to an administrator, over a connection that is made for it.
QByteArray ask(const ServedWorkspace &served, const char *path, const char *name)
{
    const auto socket = connectTo(served.port(), name);
    socket->write("GET " + QByteArray(path) + " HTTP/1.1\r\nConnection: close\r\nHost: localhost:"
                  + QByteArray::number(served.port()) + "\r\nAuthorization: Bearer " + ServedWorkspace::token("admin")
                  + "\r\n\r\n");
    return readToEnd(*socket);
}

QString tlsTrouble(const ServedWorkspace &served, const char *name)
{
    const QByteArray said = ask(served, "/api/v1/health", name);
    return QJsonDocument::fromJson(said.mid(said.indexOf("\r\n\r\n") + 4))
        .object()
        .value(QStringLiteral("tls_trouble"))
        .toString(QStringLiteral("nothing"));
}

QString shown(const ServedWorkspace &served, const char *name)
{
    return connectTo(served.port(), name)->peerCertificate().subjectInfo(QSslCertificate::CommonName).join(u' ');
}

constexpr char Close[] = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

} // namespace

class TestTls : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        certificates = std::make_unique<TestCertificates>();
        if (!certificates->ok())
            QSKIP("there is no openssl");
    }
    void cleanupTestCase() { certificates.reset(); }

    void offLoopbackItServesByTlsAlone()
    {
        ApiOptions options;
        options.address = "0.0.0.0";
        const ServedWorkspace served("agents.ndjson", false, "default", [](ApiOptions &given) {
            given.address = "0.0.0.0";
            given.tls = serverFiles();
            given.hostNames = {"OPS.example.com", "front.example.com:9443"};
        });
        QCOMPARE(served.failure(), std::string());
        const QByteArray port = ':' + QByteArray::number(served.port());
        QCOMPARE(QByteArray::fromStdString(served.server().url()), "https://OPS.example.com" + port);
        const auto status = [&](const QByteArray &host, const QByteArray &more = {}) {
            const auto socket = connectTo(served.port(), "ops.example.com");
            if (!socket->isEncrypted())
                return 0;
            socket->write("GET /api/v1/health HTTP/1.1\r\nConnection: close\r\nHost: " + host
                          + "\r\nAuthorization: Bearer " + ServedWorkspace::token("viewer") + "\r\n" + more + "\r\n");
            return readToEnd(*socket).mid(9, 3).toInt();
        };
        QCOMPARE(status("ops.example.com" + port), 200);
        QCOMPARE(status("localhost" + port), 200);
        QCOMPARE(status("front.example.com:9443"), 200); // handed on from there
        QCOMPARE(status("front.example.com" + port), 421);
        QCOMPARE(status("evil.example.com" + port), 421);
        QCOMPARE(status("ops.example.com:1"), 421);
        QCOMPARE(status("ops.example.com" + port, "Origin: https://ops.example.com" + port + "\r\n"), 200);
        QCOMPARE(status("ops.example.com" + port, "Origin: http://ops.example.com" + port + "\r\n"), 403);
        QTcpSocket plain; // the same, unencrypted
        plain.connectToHost(QStringLiteral("127.0.0.1"), served.port());
        QVERIFY(plain.waitForConnected(5'000));
        plain.write(served.request("GET", "/healthz", nullptr));
        closedAfterMs(plain);
        QVERIFY(!plain.readAll().contains("HTTP/1.1"));
    }

    void whatIsNoCertificateIsRefused_data()
    {
        QTest::addColumn<QString>("certificate");
        QTest::addColumn<QString>("key");
        QTest::addColumn<int>("mode");
        QTest::addColumn<QString>("says");
        const auto path = [](const char *name) {
            return certificates ? QString::fromStdString(certificates->path(name)) : QString();
        };
        QTest::newRow("others may read the key")
            << path("server.pem") << path("server.key") << 0640 << QStringLiteral("others may read");
        QTest::newRow("another key") << path("server.pem") << path("elsewhere.key") << 0600
                                     << QStringLiteral("does not belong");
        QTest::newRow("no key") << path("server.pem") << path("server.csr") << 0600 << QStringLiteral("no key");
        QTest::newRow("no certificate") << path("server.key") << path("server.key") << 0600
                                        << QStringLiteral("no certificate");
        QTest::newRow("no file") << path("none.pem") << path("server.key") << 0600 << QStringLiteral("cannot read");
    }
    void whatIsNoCertificateIsRefused()
    {
        QFETCH(QString, certificate);
        QFETCH(QString, key);
        QFETCH(int, mode);
        QFETCH(QString, says);
        ::chmod(key.toLocal8Bit().constData(), static_cast<mode_t>(mode));
        const auto server = HttpServer::listen(
            "127.0.0.1", 0, {}, [](const auto &) {}, std::make_shared<HttpStatistics>(),
            TlsFiles{certificate.toStdString(), key.toStdString()});
        ::chmod(key.toLocal8Bit().constData(), 0600);
        QVERIFY(!server);
        QVERIFY2(QString::fromStdString(server.error().text()).contains(says), server.error().text().c_str());
        QVERIFY(!server.error().remedy.empty());
    }

    void aRenewedCertificateCountsAtOnce()
    {
        Renewed live;
        const ServedWorkspace served("", false, "default", [&](ApiOptions &given) { given.tls = live.files(); });
        QCOMPARE(served.failure(), std::string());
        constexpr char Before[] = "localhost", After[] = "elsewhere.example.com";
        const auto open = connectTo(served.port());
        QVERIFY(open->isEncrypted());
        QCOMPARE(shown(served, Before), QStringLiteral("server"));
        QCOMPARE(tlsTrouble(served, Before), QString());
        live.put("elsewhere", nullptr); // the key comes a moment later
        QCOMPARE(shown(served, Before), QStringLiteral("server"));
        QVERIFY(tlsTrouble(served, Before).contains(QLatin1String("does not belong")));
        QVERIFY(tlsTrouble(served, Before).contains(QString::fromStdString(live.files().key)));
        QVERIFY(ask(served, "/metrics", Before).contains("\neventops_tls_trouble 1\n"));
        live.put(nullptr, "elsewhere");
        QCOMPARE(shown(served, After), QStringLiteral("elsewhere"));
        QVERIFY(!connectTo(served.port(), Before)->isEncrypted());
        QCOMPARE(tlsTrouble(served, After), QString());
        QVERIFY(ask(served, "/metrics", After).contains("\neventops_tls_trouble 0\n"));
        // Who was there before stays, with what he was shown.
        open->write("GET /healthz HTTP/1.1\r\nConnection: close\r\nHost: localhost:"
                    + QByteArray::number(served.port()) + "\r\n\r\n");
        QVERIFY(readToEnd(*open).startsWith("HTTP/1.1 200"));
    }

    void aBrokenPairLeavesTheOneBeforeInUse_data()
    {
        QTest::addColumn<int>("broken");
        QTest::addColumn<QString>("says");
        int row = 0;
        for (const char *const says : {"others may read", "no certificate", "cannot read the certificate",
                                       "cannot read the server's key", "no key in PEM"})
            QTest::newRow(says) << row++ << QString::fromLatin1(says);
    }
    void aBrokenPairLeavesTheOneBeforeInUse()
    {
        QFETCH(int, broken);
        QFETCH(QString, says);
        Renewed live;
        const ServedWorkspace served("", false, "default", [&](ApiOptions &given) { given.tls = live.files(); });
        const TlsFiles files = live.files();
        switch (broken) {
        case 0: QCOMPARE(::chmod(files.key.c_str(), 0640), 0); break;
        case 1: QCOMPARE(::truncate(files.certificate.c_str(), 40), 0); break;
        case 2: QCOMPARE(std::remove(files.certificate.c_str()), 0); break;
        case 3: QCOMPARE(std::remove(files.key.c_str()), 0); break;
        default: QCOMPARE(::truncate(files.key.c_str(), 0), 0);
        }
        QCOMPARE(shown(served, "localhost"), QStringLiteral("server"));
        const QString trouble = tlsTrouble(served, "localhost");
        QVERIFY2(trouble.contains(says), qPrintable(trouble));
        QVERIFY2(trouble.endsWith(QLatin1String("connections get the certificate of before")), qPrintable(trouble));
        live.put("server", "server");
        QCOMPARE(shown(served, "localhost"), QStringLiteral("server"));
        QCOMPARE(tlsTrouble(served, "localhost"), QString());
    }

    void offLoopbackWithoutTlsOrNameIsRefused()
    {
        const ServedWorkspace served("");
        const auto refusal = [&](const std::function<void(ApiOptions &)> &change) {
            ApiOptions options;
            options.address = "0.0.0.0";
            options.tls = serverFiles();
            options.hostNames = {"ops.example.com"};
            change(options);
            const auto server = ApiServer::start(const_cast<ServedWorkspace &>(served).backend(), {}, options);
            return server ? QString() : QString::fromStdString(server.error().text());
        };
        QVERIFY(refusal([](ApiOptions &o) { o.tls.reset(); }).contains(QLatin1String("--tls-cert")));
        QVERIFY(refusal([](ApiOptions &o) { o.hostNames.clear(); }).contains(QLatin1String("--host-name")));
        QVERIFY(refusal([](ApiOptions &o) { o.insecureLoopback = true; }).contains(QLatin1String("loopback alone")));
    }

    void answersArriveWholeAndEndProperly()
    {
        const Streamer streamer;
        QVERIFY(streamer.server != nullptr);
        const auto socket = connectTo(streamer.server->port());
        QVERIFY2(socket->isEncrypted(), qPrintable(socket->errorString()));
        QVERIFY(socket->sessionProtocol() == QSsl::TlsV1_2 || socket->sessionProtocol() == QSsl::TlsV1_3);
        socket->write("GET /a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /b" + QByteArray(Close)); // pipelined
        const QByteArray said = readToEnd(*socket);
        QCOMPARE(said.count("HTTP/1.1 200"), 2);
        QVERIFY(said.endsWith("xxxxx"));
        QCOMPARE(socket->error(), QAbstractSocket::RemoteHostClosedError); // told, not cut
    }

    void aSlowHandshakeIsCut()
    {
        const Streamer streamer;
        std::vector<std::unique_ptr<QTcpSocket>> crowd; // and who is in earnest is served meanwhile
        for (int i = 0; i < 100; ++i) {
            crowd.push_back(std::make_unique<QTcpSocket>());
            crowd.back()->connectToHost(QStringLiteral("127.0.0.1"), streamer.server->port());
            QVERIFY(crowd.back()->waitForConnected(5'000));
        }
        const auto honest = connectTo(streamer.server->port());
        QVERIFY(honest->isEncrypted());
        honest->write("GET /a" + QByteArray(Close));
        QVERIFY(readToEnd(*honest).startsWith("HTTP/1.1 200"));
        QTcpSocket silent, babbling;
        for (QTcpSocket *socket : {&silent, &babbling}) {
            socket->connectToHost(QStringLiteral("127.0.0.1"), streamer.server->port());
            QVERIFY(socket->waitForConnected(5'000));
        }
        babbling.write(QByteArray::fromHex("1603010200")); // the beginning of a greeting
        const qint64 took = closedAfterMs(silent);
        QVERIFY2(took >= 200 && took < 5'000, qPrintable(QString::number(took)));
        QVERIFY(closedAfterMs(babbling) < 5'000);
        QTRY_VERIFY(streamer.statistics->connectionsCut >= crowd.size() + 2);
        QTRY_COMPARE(streamer.statistics->connectionsOpen.load(), 0U);
    }

    void aSlowRequestIsCut()
    {
        const Streamer streamer;
        const auto socket = connectTo(streamer.server->port());
        QVERIFY(socket->isEncrypted());
        socket->write("GET / HTTP/1.1\r\nHost:");
        QVERIFY(readToEnd(*socket).startsWith("HTTP/1.1 408"));
    }

    void aStalledReaderIsCutAndHoldsLittle()
    {
        const Streamer streamer;
        const auto socket = connectTo(streamer.server->port());
        QVERIFY(socket->isEncrypted());
        socket->setReadBufferSize(1'024);
        socket->write("GET /stream" + QByteArray(Close));
        socket->flush();
        QElapsedTimer timer;
        timer.start();
        while (streamer.statistics->connectionsCut == 0 && timer.elapsed() < 20'000)
            QThread::msleep(20); // it takes nothing
        QCOMPARE(streamer.statistics->connectionsCut.load(), 1U);
        QVERIFY(streamer.queuedMost <= HttpLimits().outputBytesMax);
        QVERIFY(streamer.queuedMost > HttpLimits().outputBytesMax / 2); // what is only encrypted counts
    }

    /// What the container of the composed stack runs.
    void theEntryScriptServesByTls()
    {
        const test::Scratch scratch;
        QProcess entry;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("PATH"), QFileInfo(test::program()).path() + QLatin1Char(':')
                                                       + environment.value(QStringLiteral("PATH")));
        environment.insert(QStringLiteral("EVENTOPS_WORKSPACE"), scratch.workspace());
        environment.insert(QStringLiteral("API_NAMES"), QStringLiteral("localhost localhost:9443"));
        entry.setProcessEnvironment(environment);
        entry.start(QStringLiteral(EVENTOPS_SOURCE_DIR "/installer/compose/entry"),
                    {QStringLiteral("serve"), QStringLiteral("0.0.0.0:0")});
        QVERIFY(entry.waitForReadyRead(60'000));
        const QByteArray said = entry.readLine();
        const qsizetype at = said.indexOf("https://localhost:");
        QVERIFY2(at > 0, said.constData());
        const auto port = static_cast<quint16>(said.mid(at + 18).trimmed().toUInt());
        QFile::copy(scratch.workspace() + QStringLiteral("/tls/certificate.pem"), scratch.path(QStringLiteral("ca")));
        QSslSocket socket;
        QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
        tls.setCaCertificates(QSslCertificate::fromPath(scratch.path(QStringLiteral("ca"))));
        socket.setSslConfiguration(tls);
        socket.connectToHostEncrypted(QStringLiteral("localhost"), port);
        QVERIFY2(socket.waitForEncrypted(10'000), qPrintable(socket.errorString()));
        socket.write("GET /healthz HTTP/1.1\r\nHost: localhost:9443\r\nConnection: close\r\n\r\n");
        QVERIFY(readToEnd(socket).startsWith("HTTP/1.1 200"));
        ::kill(static_cast<pid_t>(entry.processId()), SIGTERM);
        QVERIFY(entry.waitForFinished(20'000));
    }
};

EVENTOPS_TEST(TestTls)
#include "tst_tls.moc"
