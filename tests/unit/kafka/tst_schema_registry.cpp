// SPDX-License-Identifier: MIT
//
// The client of a schema registry: against a server in this process and, where it is installed, against Apicurio's.
#include "core/codec/avro_payload.h"
#include "core/kafka/schema_registry.h"
#include "tests/support/fake_registry.h"
#include "tests/support/real_registry.h"
#include "tests/support/test_main.h"

using namespace eventops;
using namespace eventops::test;

namespace {

std::shared_ptr<SchemaRegistry> clientOf(const std::string &url, const std::string &user = {},
                                         const std::string &password = {})
{
    SchemaRegistryAddress address;
    address.url = url;
    address.user = user;
    address.password = password;
    auto made = SchemaRegistry::open(std::move(address));
    if (!made)
        qFatal("%s", made.error().text().c_str());
    return std::move(made).value();
}

std::shared_ptr<const AvroSchema> schemaOf(const std::string &text)
{
    return AvroSchema::parse(text).value();
}

/// The envelope's schema with another text in place of @p what.
std::shared_ptr<const AvroSchema> changed(const std::string &what, const std::string &by)
{
    std::string text = envelopeSchema()->canonical();
    return schemaOf(text.replace(text.find(what), what.size(), by));
}

bool holds(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

const char WithoutTenant[] = R"({"name":"tenant_id","type":"string"},)";

/// What registering must do, whoever the registry is.
void walkThrough(const std::string &url, const std::string &subject)
{
    const auto registry = clientOf(url);
    const auto none = registry->latest(subject);
    QVERIFY(!none);
    QCOMPARE(none.error().code, Error::Code::NotFound);
    const auto made = registerSchema(*registry, subject, envelopeSchema());
    QVERIFY2(made, made ? "" : made.error().text().c_str());
    QVERIFY(made.value().made);
    const auto again = registerSchema(*registry, subject, envelopeSchema());
    QVERIFY2(again, again ? "" : again.error().text().c_str());
    QVERIFY(!again.value().made);
    QCOMPARE(again.value().id, made.value().id);
    const auto found = registry->find(subject, *envelopeSchema());
    QVERIFY2(found, found ? "" : found.error().text().c_str());
    QCOMPARE(found.value().id, made.value().id);
    const auto latest = registry->latest(subject);
    QVERIFY2(latest, latest ? "" : latest.error().text().c_str());
    QCOMPARE(latest.value().version, 1U);
    QCOMPARE(latest.value().schema->canonical(), envelopeSchema()->canonical());
    const auto text = registry->schema(made.value().id);
    QVERIFY2(text, text ? "" : text.error().text().c_str());
    QCOMPARE(text.value(), envelopeSchema()->canonical());
    const auto unknown = registry->schema(987'654);
    QVERIFY(!unknown);
    QCOMPARE(unknown.error().code, Error::Code::NotFound);
    QVERIFY2(holds(unknown.error().text(), "schema 987654") && holds(unknown.error().text(), url),
             unknown.error().text().c_str());
    // E22: a field that others need, and one that we would need, each named.
    const auto lacking = registerSchema(*registry, subject, changed(WithoutTenant, ""));
    QVERIFY(!lacking);
    QCOMPARE(lacking.error().code, Error::Code::Refused);
    QVERIFY2(holds(lacking.error().text(), "monitoring.v1.Envelope.tenant_id"), lacking.error().text().c_str());
    const auto needing =
        registerSchema(*registry, subject,
                       changed(WithoutTenant, std::string(WithoutTenant) + R"({"name":"region","type":"string"},)"));
    QVERIFY(!needing);
    QVERIFY2(holds(needing.error().text(), "monitoring.v1.Envelope.region"), needing.error().text().c_str());
    // … and a field that nobody has to know.
    const auto full = AvroSchema::parse(R"({"type":"record","name":"E","fields":[{"name":"a","type":"int"}]})").value();
    QVERIFY(registerSchema(*registry, subject + "-2", full));
    const auto grown = registry->allows(
        subject + "-2",
        *schemaOf(
            R"({"type":"record","name":"E","fields":[{"name":"a","type":"int"},{"name":"b","type":["null","int"]}]})"));
    QVERIFY2(grown, grown ? "" : grown.error().text().c_str());
}

} // namespace

class TestSchemaRegistry : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void schemasAreRegisteredAndFound()
    {
        const FakeRegistry server;
        walkThrough(server.url(), "ops.alert.v1-value");
    }

    void anIdIsAskedForOnce()
    {
        FakeRegistry server;
        const int id = server.add("t-value", envelopeSchema()->canonical());
        const auto registry = clientOf(server.url());
        for (int i = 0; i < 5; ++i) {
            QVERIFY(registry->schema(static_cast<std::uint32_t>(id)));
            QVERIFY(!registry->schema(77));
        }
        QCOMPARE(server.count("/schemas/ids/1"), std::size_t{1});
        QCOMPARE(server.count("/schemas/ids/77"), std::size_t{1});
    }

    void theRulesOfTheRegistryCount()
    {
        FakeRegistry server;
        server.add("t-value", R"({"type":"record","name":"E","fields":[]})");
        server.allowsAll = true; // its rules would let anything in
        const auto registry = clientOf(server.url());
        const auto ours = registerSchema(
            *registry, "t-value", schemaOf(R"({"type":"record","name":"E","fields":[{"name":"a","type":"int"}]})"));
        QVERIFY(!ours);
        QVERIFY2(holds(ours.error().text(), "E.a: the writer's schema has no such field")
                     && holds(ours.error().text(), "version 1 of subject t-value"),
                 ours.error().text().c_str());
        QCOMPARE(server.count("/subjects/t-value/versions"), std::size_t{0});
    }

    void whatIsNoAvroIsSaid()
    {
        FakeRegistry server;
        const int proto = server.add("p-value", "syntax = \"proto3\";", "PROTOBUF");
        const auto registry = clientOf(server.url());
        const auto read = registry->schema(static_cast<std::uint32_t>(proto));
        QVERIFY(!read);
        QCOMPARE(read.error().code, Error::Code::InvalidInput);
        QVERIFY2(holds(read.error().text(), "PROTOBUF, not Avro"), read.error().text().c_str());
    }

    /// L22: a 404 that no registry says, and what to do about it.
    void whoIsNoRegistryIsTold_data()
    {
        QTest::addColumn<int>("status");
        for (const int status : {404, 200, 301, 500, 503})
            QTest::addRow("%d", status) << status;
    }
    void whoIsNoRegistryIsTold()
    {
        QFETCH(int, status);
        FakeRegistry server;
        server.status = status;
        const auto read = clientOf(server.url())->schema(1);
        QVERIFY(!read);
        QCOMPARE(read.error().code, Error::Code::Unavailable);
        QVERIFY2(holds(read.error().text(), "--schema-registry-addr=0.0.0.0:8081")
                     && holds(read.error().text(), server.url()),
                 read.error().text().c_str());
    }

    void nobodyAnswers()
    {
        std::string url;
        {
            const FakeRegistry gone;
            url = gone.url();
        }
        const auto read = clientOf(url)->schema(1);
        QVERIFY(!read);
        QCOMPARE(read.error().code, Error::Code::Unavailable);
        QVERIFY2(holds(read.error().text(), "SCHEMA_URL"), read.error().text().c_str());
    }

    void answersHaveLimits()
    {
        const LoopbackServer endless([](const std::string &) {
            return LoopbackServer::Answer{"HTTP/1.1 200 OK\r\n\r\n" + std::string(1 << 20, 'x'), false, true};
        });
        const auto tooLong = clientOf(endless.url())->schema(1);
        QVERIFY(!tooLong);
        QCOMPARE(tooLong.error().code, Error::Code::LimitExceeded);
        const LoopbackServer silent([](const std::string &) { return LoopbackServer::Answer{"", true, false}; });
        SchemaRegistryAddress address;
        address.url = silent.url();
        address.requestMsMax = 200;
        const auto late = SchemaRegistry::open(address).value()->schema(1);
        QVERIFY(!late);
        QVERIFY2(holds(late.error().text(), "no answer in time"), late.error().text().c_str());
    }

    void signsIn()
    {
        FakeRegistry server;
        server.authorization = "Basic " + QByteArray("ada:s3cret").toBase64().toStdString();
        server.add("t-value", "\"string\"");
        QCOMPARE(clientOf(server.url(), "ada", "s3cret")->schema(1).valueOr("refused"), std::string("\"string\""));
        const auto refused = clientOf(server.url(), "ada", "wrong")->schema(1);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, Error::Code::Refused);
        QVERIFY2(holds(refused.error().text(), "SCHEMA_PASSWORD") && !holds(refused.error().text(), "wrong"),
                 refused.error().text().c_str());
    }

    void addressesAreChecked_data()
    {
        QTest::addColumn<std::string>("url");
        QTest::addColumn<std::string>("said");
        QTest::newRow("no URL") << std::string("http://[") << std::string("is no URL");
        QTest::newRow("scheme") << std::string("file:///etc") << std::string("http or https");
        QTest::newRow("user") << std::string("http://a:b@localhost:8081") << std::string("schema_user");
        QTest::newRow("query") << std::string("http://localhost:8081/?x=1") << std::string("leave it out");
        QTest::newRow("in the clear") << std::string("http://registry.example:8081") << std::string("in the clear");
    }
    void addressesAreChecked()
    {
        QFETCH(std::string, url);
        QFETCH(std::string, said);
        SchemaRegistryAddress address;
        address.url = url;
        address.user = "ada";
        address.password = "s3cret";
        const auto opened = SchemaRegistry::open(address);
        QVERIFY(!opened);
        QVERIFY2(holds(opened.error().text(), said), opened.error().text().c_str());
    }
};

/// The same against Apicurio's registry, by its API for Confluent's clients.
class TestRealRegistry : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void schemasAreRegisteredAndFound()
    {
        if (RealRegistry::jar().isEmpty())
            QSKIP("Apicurio Registry is not installed: installer/registry");
        RealRegistry server;
        QVERIFY2(server.isUp(), server.output().constData());
        walkThrough(server.url(), "ops.alert.v1-value");
        // Its root is another API: a 404 that is none of a registry's.
        const auto elsewhere = clientOf(server.root())->schema(1);
        QVERIFY(!elsewhere);
        QCOMPARE(elsewhere.error().code, Error::Code::Unavailable);
        QVERIFY2(holds(elsewhere.error().text(), "--schema-registry-addr"), elsewhere.error().text().c_str());
    }
};

EVENTOPS_TEST(TestSchemaRegistry)
EVENTOPS_TEST(TestRealRegistry)
#include "tst_schema_registry.moc"
