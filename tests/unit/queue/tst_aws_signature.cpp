// SPDX-License-Identifier: MIT
//
// Signatures of AWS, version 4, against the examples that AWS publishes: the one of its guide "Signature Version 4
// signing process" and requests of the test suite that came with it (aws-sig-v4-test-suite).
#include "tests/support/test_main.h"

#include "core/base/time.h"
#include "core/queue/aws_signature.h"

#include <map>

using namespace eventops;

namespace {

const AwsCredentials Example{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", {}};
const WallNs Then = parseTimestamp("2015-08-30T12:36:00Z").value();

AwsRequest request(const char *method, const char *service)
{
    AwsRequest out;
    out.method = method;
    out.region = "us-east-1";
    out.service = service;
    out.headers = {{"host", "example.amazonaws.com"}};
    return out;
}

} // namespace

class TestAwsSignature : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theGuidesExample()
    {
        AwsRequest list = request("GET", "iam");
        list.query = "Action=ListUsers&Version=2010-05-08";
        list.headers = {{"host", "iam.amazonaws.com"},
                        {"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
        const auto headers = signAwsRequest(list, Example, Then);
        QCOMPARE(headers.size(), std::size_t{2});
        QCOMPARE(headers[0],
                 std::string("Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/"
                             "aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature="
                             "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"));
        QCOMPARE(headers[1], std::string("X-Amz-Date: 20150830T123600Z"));
    }

    void theSuite_data()
    {
        QTest::addColumn<QByteArray>("method");
        QTest::addColumn<QByteArray>("query");
        QTest::addColumn<QByteArray>("header");
        QTest::addColumn<QByteArray>("signature");
        QTest::newRow("get-vanilla") << QByteArray("GET") << QByteArray() << QByteArray()
                                     << QByteArray("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        QTest::newRow("post-vanilla") << QByteArray("POST") << QByteArray() << QByteArray()
                                      << QByteArray("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
        QTest::newRow("get-vanilla-query-order-key-case")
            << QByteArray("GET") << QByteArray("Param1=value1&Param2=value2") << QByteArray()
            << QByteArray("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
        QTest::newRow("post-header-key-case")
            << QByteArray("POST") << QByteArray() << QByteArray()
            << QByteArray("5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
        QTest::newRow("post-header-value-case")
            << QByteArray("POST") << QByteArray() << QByteArray("VALUE1")
            << QByteArray("cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d");
    }
    void theSuite()
    {
        QFETCH(QByteArray, method);
        QFETCH(QByteArray, query);
        QFETCH(QByteArray, header);
        QFETCH(QByteArray, signature);
        AwsRequest one = request(method.constData(), "service");
        one.query = query.toStdString();
        if (!header.isEmpty())
            one.headers.emplace_back("my-header1", header.toStdString());
        const auto headers = signAwsRequest(one, Example, Then);
        const QByteArray said = QByteArray::fromStdString(headers.front());
        QVERIFY2(said.endsWith("Signature=" + signature), said.constData());
    }

    /// What the request holds, who asks and when: each of them changes the signature; a token is signed and sent.
    void everythingIsSigned()
    {
        const auto sign = [](const AwsRequest &one, const AwsCredentials &who, WallNs when) {
            const std::string head = signAwsRequest(one, who, when).front();
            return head.substr(head.rfind('='));
        };
        const AwsRequest plain = request("POST", "sqs");
        const std::string usual = sign(plain, Example, Then);
        AwsRequest other = plain;
        other.body = "{}";
        QVERIFY(sign(other, Example, Then) != usual);
        other = plain;
        other.region = "eu-central-1";
        QVERIFY(sign(other, Example, Then) != usual);
        other = plain;
        other.headers.emplace_back("x-amz-target", "AmazonSQS.SendMessage");
        QVERIFY(sign(other, Example, Then) != usual);
        QVERIFY(sign(plain, {"AKIDEXAMPLE", "other", {}}, Then) != usual);
        QVERIFY(sign(plain, Example, Then + NsPerSecond) != usual);
        AwsCredentials passing = Example;
        passing.sessionToken = "token";
        const auto headers = signAwsRequest(plain, passing, Then);
        QCOMPARE(headers.size(), std::size_t{3});
        QCOMPARE(headers[2], std::string("X-Amz-Security-Token: token"));
        QVERIFY(headers[0].find("SignedHeaders=host;x-amz-date;x-amz-security-token,") != std::string::npos);
    }

    void keysComeFromTheEnvironment()
    {
        std::map<std::string, std::string> variables;
        const auto read = [&] {
            return AwsCredentials::fromEnvironment([&](const char *name) -> const char * {
                const auto found = variables.find(name);
                return found != variables.end() ? found->second.c_str() : nullptr;
            });
        };
        QVERIFY(read().error().message.find("AWS_ACCESS_KEY_ID") != std::string::npos);
        variables["AWS_ACCESS_KEY_ID"] = "key";
        QVERIFY(read().error().message.find("AWS_SECRET_ACCESS_KEY") != std::string::npos);
        variables["AWS_SECRET_ACCESS_KEY"] = "secret\n"; // as a file gives it
        QCOMPARE(read().error().code, Error::Code::InvalidConfig);
        QVERIFY2(read().error().text().find("secret") == std::string::npos, read().error().text().c_str());
        variables["AWS_SECRET_ACCESS_KEY"] = "secret";
        variables["AWS_SESSION_TOKEN"] = "token";
        QCOMPARE(read().value().secret, std::string("secret"));
        QCOMPARE(read().value().sessionToken, std::string("token"));
    }
};

EVENTOPS_TEST(TestAwsSignature)
#include "tst_aws_signature.moc"
