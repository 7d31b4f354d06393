// SPDX-License-Identifier: MIT
//
// Signatures by the Standard Webhooks specification, with the specification's own vectors.
#include "tests/support/test_main.h"

#include "core/base/base64.h"
#include "core/base/hmac.h"
#include "core/codec/json_reader.h"
#include "core/codec/webhook.h"

using namespace eventops;

namespace {

constexpr char Secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char Id[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr char Body[] = R"({"test": 2432232314})";
constexpr std::int64_t Time = 1'614'265'330;
constexpr char Signature[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

WebhookKeys keysOf(std::string_view text)
{
    auto keys = WebhookKeys::parse(text);
    return keys ? std::move(keys).value() : WebhookKeys();
}

} // namespace

class TestWebhook : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// RFC 4231, test cases 1, 2 and 6.
    void hmacIsTheStandards_data()
    {
        QTest::addColumn<QByteArray>("key");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("1") << QByteArray(20, '\x0b') << QByteArray("Hi There")
                           << QByteArray("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
        QTest::newRow("2") << QByteArray("Jefe") << QByteArray("what do ya want for nothing?")
                           << QByteArray("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        QTest::newRow("6") << QByteArray(131, '\xaa')
                           << QByteArray("Test Using Larger Than Block-Size Key - Hash Key First")
                           << QByteArray("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
    void hmacIsTheStandards()
    {
        QFETCH(QByteArray, key);
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, expected);
        QCOMPARE(QByteArray::fromStdString(hmacSha256(key.toStdString(), text.toStdString())).toHex(), expected);
    }

    void base64GoesBothWays()
    {
        for (qsizetype size = 0; size < 50; ++size) {
            QByteArray bytes;
            for (qsizetype i = 0; i < size; ++i)
                bytes.append(static_cast<char>(i * 37 + size));
            const std::string text = base64(bytes.toStdString());
            QCOMPARE(QByteArray::fromStdString(text), bytes.toBase64());
            std::string back;
            QVERIFY(readBase64(text, back));
            QCOMPARE(back, bytes.toStdString());
        }
    }

    void signsAsTheSpecificationDoes() { QCOMPARE(keysOf(Secret).sign(Id, Time, Body), std::string(Signature)); }

    void knowsItsOwnSignature()
    {
        const WebhookKeys keys = keysOf(Secret);
        QVERIFY(keys.verify({Id, std::to_string(Time), Signature}, Body, Time));
        const std::string others = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v2,x " + std::string(Signature);
        QVERIFY(keys.verify({Id, std::to_string(Time), others}, Body, Time));
    }

    void whateverIsWrongIsRefused_data()
    {
        QTest::addColumn<QString>("id");
        QTest::addColumn<QString>("timestamp");
        QTest::addColumn<QString>("signature");
        QTest::addColumn<QString>("body");
        const QString id = QString::fromLatin1(Id), time = QString::number(Time), body = QString::fromLatin1(Body);
        const QString good = QString::fromLatin1(Signature);
        QTest::newRow("no id") << QString() << time << good << body;
        QTest::newRow("another id") << id + QStringLiteral("x") << time << good << body;
        QTest::newRow("a dot in the id") << QStringLiteral("a.1") << time << good << body;
        QTest::newRow("no time") << id << QString() << good << body;
        QTest::newRow("a word for a time") << id << QStringLiteral("hello") << good << body;
        QTest::newRow("another time") << id << QString::number(Time + 1) << good << body;
        QTest::newRow("a sign before the time") << id << QStringLiteral("+") + time << good << body;
        QTest::newRow("no signature") << id << time << QString() << body;
        QTest::newRow("another version") << id << time << QStringLiteral("v1a") + good.mid(2) << body;
        QTest::newRow("a bit of it") << id << time << good.left(20) << body;
        QTest::newRow("one letter") << id << time << good.chopped(3) + QStringLiteral("A==") << body;
        QTest::newRow("another body") << id << time << good << body + QLatin1Char(' ');
    }
    void whateverIsWrongIsRefused()
    {
        QFETCH(QString, id);
        QFETCH(QString, timestamp);
        QFETCH(QString, signature);
        QFETCH(QString, body);
        const Status refused = keysOf(Secret).verify(
            {id.toStdString(), timestamp.toStdString(), signature.toStdString()}, body.toStdString(), Time);
        QVERIFY(!refused);
        QVERIFY(refused.error().code == Error::Code::Refused);
        QVERIFY(!refused.error().remedy.empty());
    }

    void whatIsNotOfNowIsRefused()
    {
        const WebhookKeys keys = keysOf(Secret);
        const WebhookHead head{Id, std::to_string(Time), Signature};
        QVERIFY(keys.verify(head, Body, Time + WebhookToleranceSeconds));
        QVERIFY(keys.verify(head, Body, Time - WebhookToleranceSeconds));
        QVERIFY(!keys.verify(head, Body, Time + WebhookToleranceSeconds + 1));
        QVERIFY(!keys.verify(head, Body, Time - WebhookToleranceSeconds - 1));
    }

    void aNewSecretTakesOverStepByStep()
    {
        const std::string fresh = newWebhookSecret().valueOr("");
        QVERIFY(fresh.starts_with("whsec_"));
        QVERIFY(fresh != newWebhookSecret().valueOr(""));
        const WebhookKeys both = keysOf(fresh + "\n" + Secret + " # the old one\n");
        QCOMPARE(both.size(), std::size_t(2));
        const std::string text = both.sign(Id, Time, Body);
        QVERIFY(QByteArray::fromStdString(text).endsWith(QByteArray(" ").append(Signature)));
        const WebhookHead head{Id, std::to_string(Time), text};
        QVERIFY(keysOf(Secret).verify(head, Body, Time)); // who has not heard of the new one yet
        QVERIFY(keysOf(fresh).verify(head, Body, Time));
        QVERIFY(both.verify({Id, std::to_string(Time), Signature}, Body, Time));
    }

    void secretsThatAreNoneAreNotTold()
    {
        for (const std::string text : {"", "# nothing", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=",
                                       "whsec_!!!", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_no"}) {
            const auto keys = WebhookKeys::parse(text);
            QVERIFY2(!keys, text.c_str());
            QVERIFY(keys.error().code == Error::Code::InvalidConfig);
            QVERIFY(keys.error().text().find("MfKQ") == std::string::npos);
        }
        std::string many;
        for (std::size_t i = 0; i <= WebhookKeys::KeysMax; ++i)
            many += std::string(Secret) + '\n';
        QVERIFY(!WebhookKeys::parse(many));
    }

    void aMessageIsACloudEvent()
    {
        WebhookMessage message{"finding_1",          "ops.alert.v1", "host \"a\"", WallNs(1'700'000'000'000'000'000),
                               R"({"value": 85.0})", "https://x/y"};
        const std::string text = encodeWebhookMessage(message);
        JsonReader reader;
        QVERIFY(!reader.read(text));
        const auto member = [&](const char *name) {
            const JsonEntry *entry = reader.find(name);
            return entry == nullptr ? QByteArray() : QByteArray::fromStdString(std::string(entry->value));
        };
        QCOMPARE(member("specversion"), QByteArray("\"1.0\""));
        QCOMPARE(member("id"), QByteArray("\"finding_1\""));
        QCOMPARE(member("type"), QByteArray("\"ops.alert.v1\""));
        QCOMPARE(member("subject"), QByteArray("\"host \\\"a\\\"\""));
        QCOMPARE(member("time"), QByteArray("\"2023-11-14T22:13:20Z\""));
        QCOMPARE(member("callbackurl"), QByteArray("\"https://x/y\""));
        QCOMPARE(member("data"), QByteArray(R"({"value": 85.0})")); // byte for byte
        QCOMPARE(webhookDocument(text).valueOr(""), std::string(R"({"value": 85.0})"));
        QCOMPARE(webhookDocument(R"( {"data":1} )").valueOr(""), std::string(R"({"data":1})")); // of no CloudEvent
        for (const char *wrong : {"", "[]", "1", "{", R"({"specversion":"1.0","data":[]})"})
            QVERIFY2(!webhookDocument(wrong), wrong);
    }
};

EVENTOPS_TEST(TestWebhook)
#include "tst_webhook.moc"
