// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/remote/connection_doctor.h"
#include "core/remote/remote_backend.h"

#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>

using namespace eventops;
using namespace eventops::remote;

/// What is wrong with a connection, said so that somebody can mend it. Without a network.
class TestConnectionDoctor : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyFailureHasACauseAndARemedy_data();
    void everyFailureHasACauseAndARemedy();
    void theBetterAddressIsNamed();
    void messagesOfOtherToolsAreRecognised_data();
    void messagesOfOtherToolsAreRecognised();
    void otherMessagesAreNot();
    void addressesAreReadAsPeopleWriteThem();
    void aTokenIsNotSentInPlainTextToAnotherMachine();
    void aTokenFileIsReadIfItIsPrivate();
};

void TestConnectionDoctor::everyFailureHasACauseAndARemedy_data()
{
    using enum ConnectionFacts::Failure;
    QTest::addColumn<int>("failure");
    QTest::addColumn<int>("status");
    QTest::addColumn<QString>("cause");
    QTest::addColumn<QString>("remedy");
    QTest::addColumn<bool>("passes"); // by itself, or by somebody else's doing
    const auto row = [](const char *name, ConnectionFacts::Failure failure, int status, const char *cause,
                        const char *remedy, bool passes) {
        QTest::newRow(name) << static_cast<int>(failure) << status << QString::fromLatin1(cause)
                            << QString::fromLatin1(remedy) << passes;
    };
    row("refused", Refused, 0, "nobody listens", "eventops serve", true);
    row("unknown host", UnknownHost, 0, "no machine of the name", "DNS", true);
    row("unreachable", Unreachable, 0, "nothing answers", "firewall", true);
    row("certificate", Tls, 0, "not trusted", "certificate", false);
    row("wrong token", Http, 401, "does not know the token", "api_tokens", false);
    row("wrong role", Http, 403, "does not let us in", "role", false);
    row("foreign Host", Http, 421, "not called by this name", "127.0.0.1", false);
    row("no such path", Http, 404, "no engine to attach", "port", false);
    row("proxy swallows the upgrade", Http, 426, "no WebSocket", "Upgrade", false);
    row("full", Http, 503, "no room", "close another", true);
    row("proxy without engine", Http, 502, "does not reach", "eventops serve", true);
    row("another server", Http, 200, "is no engine", "eventops serve", false);
    row("closed", Closed, 0, "broke", "engine's output", true);
}

void TestConnectionDoctor::everyFailureHasACauseAndARemedy()
{
    QFETCH(int, failure);
    QFETCH(int, status);
    QFETCH(QString, cause);
    QFETCH(QString, remedy);
    QFETCH(bool, passes);
    ConnectionFacts facts;
    facts.url = "ws://localhost:8088";
    facts.failure = static_cast<ConnectionFacts::Failure>(failure);
    facts.status = static_cast<unsigned>(status);
    const Error error = explainConnection(facts);
    QVERIFY2(QString::fromStdString(error.message).contains(cause), error.message.c_str());
    QVERIFY2(QString::fromStdString(error.message).contains(QStringLiteral("ws://localhost:8088")),
             error.message.c_str());
    QVERIFY2(QString::fromStdString(error.remedy).contains(remedy), error.remedy.c_str());
    QVERIFY(error.code == (passes ? Error::Code::Unavailable : Error::Code::Refused));
    QVERIFY(betterUrl(facts).empty());
}

void TestConnectionDoctor::theBetterAddressIsNamed()
{
    ConnectionFacts plain;
    plain.url = "wss://localhost:8088";
    plain.wantedTls = true;
    plain.failure = ConnectionFacts::Failure::Tls;
    plain.speaksHttp = true;
    QVERIFY(explainConnection(plain).message.find("speaks no TLS") != std::string::npos);
    QCOMPARE(betterUrl(plain), std::string("ws://localhost:8088"));
    ConnectionFacts tls;
    tls.url = "ws://localhost:8443";
    tls.failure = ConnectionFacts::Failure::Closed;
    tls.speaksTls = true;
    QVERIFY(explainConnection(tls).message.find("speaks TLS") != std::string::npos);
    QCOMPARE(betterUrl(tls), std::string("wss://localhost:8443"));
}

void TestConnectionDoctor::messagesOfOtherToolsAreRecognised_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<QByteArray>("fix");
    const QByteArray registry = "--schema-registry-addr=0.0.0.0:8081", topics = "eventops kafka init";
    QTest::newRow("kcat") << QByteArray("% ERROR: Topic signals error: Broker: Unknown topic or partition") << topics;
    QTest::newRow("rpk") << QByteArray("UNKNOWN_TOPIC_OR_PARTITION: This server does not host this topic") << topics;
    QTest::newRow("short") << QByteArray("error code 3 (UNKNOWN_TOPIC_OR_PART)") << topics;
    QTest::newRow("registry 404") << QByteArray("GET http://localhost:8081/subjects: 404 Not Found") << registry;
    QTest::newRow("registry refused") << QByteArray(
        "schema registry: dial tcp 127.0.0.1:8081: connect: connection refused")
                                      << registry;
    QTest::newRow("compose") << QByteArray("Error response from daemon: driver failed programming external "
                                           "connectivity: Bind for 0.0.0.0:8081 failed: port is already allocated")
                             << registry;
    QTest::newRow("in use") << QByteArray("listen tcp4 0.0.0.0:8081: bind: address already in use") << registry;
    QTest::newRow("build") << QByteArray("unable to prepare context: path \"./services\" not found")
                           << QByteArray("docker compose build");
    QTest::newRow("broker") << QByteArray("localhost:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: "
                                          "Connection refused")
                            << QByteArray("eventops kafka status");
}

void TestConnectionDoctor::messagesOfOtherToolsAreRecognised()
{
    QFETCH(QByteArray, message);
    QFETCH(QByteArray, fix);
    const auto known = recogniseTrouble(message.toStdString());
    QVERIFY(known);
    QVERIFY2(known->fix.find(fix.toStdString()) != std::string_view::npos, std::string(known->fix).c_str());
    QVERIFY(!known->cause.empty() && !known->remedy.empty());
}

void TestConnectionDoctor::otherMessagesAreNot()
{
    QVERIFY(!recogniseTrouble(""));
    QVERIFY(!recogniseTrouble("404 Not Found")); // of whom?
    QVERIFY(!recogniseTrouble("port 18081 is fine"));
    QVERIFY(!recogniseTrouble("my_unknown_topic_or_part_x"));
    QVERIFY(!recogniseTrouble(std::string(1u << 20, 'x')));
}

void TestConnectionDoctor::addressesAreReadAsPeopleWriteThem()
{
    const auto read = [](const char *text) {
        const auto url = normalUrl(text);
        return url ? url.value() : std::string();
    };
    QCOMPARE(read("localhost"), std::string("ws://localhost:8088/api/v1/attach"));
    QCOMPARE(read(" 127.0.0.1:9000 "), std::string("ws://127.0.0.1:9000/api/v1/attach"));
    QCOMPARE(read("http://[::1]:9000/"), std::string("ws://[::1]:9000/api/v1/attach"));
    QCOMPARE(read("https://ops.example.com"), std::string("wss://ops.example.com:443/api/v1/attach"));
    QCOMPARE(read("wss://ops.example.com:8443/east/attach?x=1"), std::string("wss://ops.example.com:8443/east/attach"));
    for (const char *wrong : {"", "ftp://localhost", "ws://", "localhost:99999", "ws://me:secret@localhost"}) {
        const auto url = normalUrl(wrong);
        QVERIFY2(!url, wrong);
        QVERIFY(url.error().code == Error::Code::InvalidArgument);
    }
}

void TestConnectionDoctor::aTokenIsNotSentInPlainTextToAnotherMachine()
{
    const auto url = normalUrl("ws://ops.example.com:8088");
    QVERIFY(!url);
    QVERIFY(url.error().code == Error::Code::Refused);
    QVERIFY(url.error().remedy.find("ssh -L 8088:localhost:8088 ops.example.com") != std::string::npos);
}

void TestConnectionDoctor::aTokenFileIsReadIfItIsPrivate()
{
    QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("token")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("# who may ask\n\n  0123456789abcdef admin admin *\nother viewer viewer *\n");
    file.close();
    const std::string path = file.fileName().toStdString();
    QVERIFY(file.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
    QCOMPARE(readTokenFile(path).valueOr("none"), std::string("0123456789abcdef"));
    QVERIFY(file.setPermissions(QFile::ReadOwner | QFile::ReadGroup));
    const auto open = readTokenFile(path);
    QVERIFY(!open);
    QVERIFY(open.error().code == Error::Code::Refused);
    QVERIFY(!readTokenFile(path + ".not"));
}

EVENTOPS_TEST(TestConnectionDoctor)
#include "tst_connection_doctor.moc"
