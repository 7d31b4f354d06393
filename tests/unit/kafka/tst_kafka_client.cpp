// SPDX-License-Identifier: MIT
//
// core/kafka by itself: settings, the consumer of one partition, the producer, the topics of the contracts.
#include "core/kafka/kafka_consumer.h"
#include "core/kafka/kafka_producer.h"
#include "core/kafka/topic_admin.h"
#include "core/pipeline/settings.h"
#include "tests/support/mock_cluster.h"
#include "tests/support/test_main.h"

#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>

#include <set>

using namespace eventops;

namespace {

constexpr std::chrono::milliseconds Second{1'000};

Result<KafkaSettings> read(std::vector<Value::Member> members, bool connecting = true)
{
    const Value checked = EVENTOPS_TRY(
        checkSettings(Value::map(std::move(members), {"p.yaml", 3, 5}), kafkaConnectionFields(), "source \"kafka\""));
    return readKafkaSettings(checked, connecting);
}

Value::Member text(const char *name, const std::string &value)
{
    return {name, Value::scalar(value, {"p.yaml", 4, 7})};
}

KafkaSettings settingsOf(const MockCluster &mock)
{
    KafkaSettings settings;
    settings.brokers = mock.brokers();
    return settings;
}

std::shared_ptr<KafkaClient> clientOf(const MockCluster &mock)
{
    auto client = KafkaClient::openConsumer(settingsOf(mock), {});
    return client ? client.value() : nullptr;
}

struct Kept {
    std::uint64_t offset;
    std::optional<std::string> key, payload;
    std::vector<std::pair<std::string, std::optional<std::string>>> headers;
    WallNs ts;
};

Kept keep(const KafkaMessage &message)
{
    Kept kept{message.offset, {}, {}, {}, message.ts};
    if (message.key)
        kept.key = std::string(*message.key);
    if (message.payload)
        kept.payload = std::string(*message.payload);
    for (const KafkaHeader &header : message.headers)
        kept.headers.emplace_back(header.name,
                                  header.value ? std::optional<std::string>(std::string(*header.value)) : std::nullopt);
    return kept;
}

/// Messages until the end, an error, or @p within has passed without one.
std::vector<Kept> readToEnd(KafkaConsumer &consumer, KafkaConsumer::Met &last, std::chrono::milliseconds within)
{
    std::vector<Kept> all;
    KafkaMessage message;
    auto until = std::chrono::steady_clock::now() + within;
    last = KafkaConsumer::Met::Nothing;
    while (std::chrono::steady_clock::now() < until) {
        const auto met = consumer.next(message, std::chrono::milliseconds(100));
        if (!met)
            break;
        last = met.value();
        if (last == KafkaConsumer::Met::Message)
            all.push_back(keep(message));
        else if (last != KafkaConsumer::Met::Nothing)
            break;
    }
    return all;
}

} // namespace

class TestKafkaSettings : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        for (const char *name : {"KAFKA_BOOTSTRAP", "BROKERS", "KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM",
                                 "KAFKA_USER", "KAFKA_PASS"})
            qunsetenv(name);
    }
    void cleanup() { init(); }

    void readsAConnectionAndTheEnvironment()
    {
        const auto plain = read({text("brokers", "a:9092, b:9093")});
        QVERIFY(plain);
        QCOMPARE(plain.value().brokers, std::string("a:9092, b:9093"));
        QVERIFY(!plain.value().usesSasl() && !plain.value().usesTls());
        qputenv("KAFKA_BOOTSTRAP", "c:1");
        qputenv("KAFKA_SECURITY_PROTOCOL", "SASL_SSL");
        qputenv("KAFKA_SASL_MECHANISM", "scram-sha-512");
        qputenv("KAFKA_USER", "karma");
        qputenv("KAFKA_PASS", "secret");
        const auto fromEnvironment = read({});
        QVERIFY2(fromEnvironment, fromEnvironment ? "" : fromEnvironment.error().text().c_str());
        QCOMPARE(fromEnvironment.value().brokers, std::string("c:1"));
        QCOMPARE(fromEnvironment.value().securityProtocol, std::string("sasl_ssl"));
        QCOMPARE(fromEnvironment.value().saslMechanism, std::string("SCRAM-SHA-512"));
        QVERIFY(fromEnvironment.value().usesSasl() && fromEnvironment.value().usesTls());
        // What is written counts more.
        QCOMPARE(read({text("brokers", "d:2")}).value().brokers, std::string("d:2"));
    }

    void refusalsNameTheField_data()
    {
        QTest::addColumn<QStringList>("members");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *name, const QStringList &members, const char *expected) {
            QTest::newRow(name) << members << QString::fromUtf8(expected);
        };
        const QString brokers = QStringLiteral("brokers=a:9092");
        row("no brokers", {}, "brokers: no Kafka is named");
        row("no port", {QStringLiteral("brokers=localhost")}, "brokers: \"localhost\" is not host:port");
        row("port too large", {QStringLiteral("brokers=a:70000")}, "is not host:port");
        row("empty part", {QStringLiteral("brokers=a:1,,b:2")}, "is not host:port");
        row("protocol", {brokers, QStringLiteral("security_protocol=tls")}, "unknown protocol \"tls\"");
        row("mechanism", {brokers, QStringLiteral("security_protocol=sasl_ssl"), QStringLiteral("sasl_mechanism=X")},
            "unknown mechanism \"X\"");
        row("no user", {brokers, QStringLiteral("security_protocol=sasl_ssl"), QStringLiteral("sasl_mechanism=PLAIN")},
            "sasl_user: sasl_ssl needs a user");
        row("no password",
            {brokers, QStringLiteral("security_protocol=sasl_ssl"), QStringLiteral("sasl_mechanism=PLAIN"),
             QStringLiteral("sasl_user=u")},
            "sasl_password_file: there is no password");
        row("password file",
            {brokers, QStringLiteral("security_protocol=sasl_ssl"), QStringLiteral("sasl_mechanism=PLAIN"),
             QStringLiteral("sasl_user=u"), QStringLiteral("sasl_password_file=/nowhere")},
            "/nowhere:1: no secret stands in the first line");
        row("user without sign-in", {brokers, QStringLiteral("sasl_user=u")}, "sasl_user does nothing");
        row("authority without TLS", {brokers, QStringLiteral("tls_ca_file=/etc/hostname")},
            "tls_ca_file does nothing");
        row("half a certificate", {brokers, QStringLiteral("security_protocol=ssl"), QStringLiteral("tls_key_file=/k")},
            "tls_certificate_file and tls_key_file go together");
        row("missing file", {brokers, QStringLiteral("security_protocol=ssl"), QStringLiteral("tls_ca_file=/nowhere")},
            "tls_ca_file: cannot read /nowhere");
        // A secret has no place in a pipeline file.
        row("password", {brokers, QStringLiteral("sasl_password=x")}, "sasl_password");
    }

    void refusalsNameTheField()
    {
        QFETCH(QStringList, members);
        QFETCH(QString, expected);
        std::vector<Value::Member> list;
        for (const QString &member : members)
            list.push_back(text(qPrintable(member.section(QLatin1Char('='), 0, 0)),
                                member.section(QLatin1Char('='), 1).toStdString()));
        const auto settings = read(std::move(list));
        QVERIFY(!settings);
        QCOMPARE(settings.error().code, Error::Code::InvalidConfig);
        QVERIFY2(settings.error().text().find(expected.toStdString()) != std::string::npos,
                 settings.error().text().c_str());
        QVERIFY(!settings.error().remedy.empty());
    }

    void takesASecretFromAFile()
    {
        QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("password")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("hunter2\r\nmore\n");
        file.close();
        QCOMPARE(kafkaSecret(file.fileName().toStdString(), "KAFKA_PASS").value(), std::string("hunter2"));
        QVERIFY(kafkaSecret({}, "KAFKA_PASS").value().empty());
    }

    /// A file is read by a pipeline whose Kafka is elsewhere.
    void whoDoesNotConnectNeedsNoAddress()
    {
        QVERIFY(read({}, false));
        QVERIFY(read({text("security_protocol", "sasl_ssl"), text("sasl_user", "u")}, false));
        QVERIFY(!read({text("security_protocol", "tls")}, false));
        QVERIFY(!read({text("brokers", "nonsense")}, false));
    }
};

class TestKafkaClient : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void readsMessagesAsTheyAre()
    {
        MockCluster mock;
        mock.makeTopic("t", 2);
        QVERIFY(mock.produce("t", 1,
                             {{"first", "k", {{"trace", "1"}, {"trace", "2"}, {"none", std::nullopt}}, 1'700},
                              {"", "", {}, 1'800},
                              {"", "k", {}, 1'900, true},
                              {std::string("\x00\xff", 2), std::nullopt, {}, 2'000}}));
        const auto client = clientOf(mock);
        auto consumer = KafkaConsumer::open(client, "t", 1);
        QVERIFY(consumer);
        QVERIFY(consumer.value()->start(0));
        auto last = KafkaConsumer::Met::Nothing;
        const std::vector<Kept> all = readToEnd(*consumer.value(), last, 10 * Second);
        QCOMPARE(all.size(), std::size_t{4});
        QCOMPARE(last, KafkaConsumer::Met::End);
        QCOMPARE(*all[0].payload, std::string("first"));
        QCOMPARE(*all[0].key, std::string("k"));
        QCOMPARE(raw(all[0].ts), std::int64_t{1'700} * NsPerMs);
        QCOMPARE(all[0].headers.size(), std::size_t{3});
        QCOMPARE(*all[0].headers[1].second, std::string("2"));
        QVERIFY(!all[0].headers[2].second);
        QCOMPARE(*all[1].payload, std::string()); // empty is not null
        QCOMPARE(*all[1].key, std::string());
        QVERIFY(!all[2].payload);
        QCOMPARE(*all[2].key, std::string("k"));
        QCOMPARE(*all[3].payload, std::string("\x00\xff", 2));
        QVERIFY(!all[3].key);
        const KafkaConsumer::Statistics state = consumer.value()->statistics();
        QCOMPARE(state.next, std::uint64_t{4});
        QCOMPARE(state.lag.value_or(99), std::uint64_t{0});
        QVERIFY(!state.away);
        // From an offset on, and again.
        QVERIFY(consumer.value()->start(2));
        QCOMPARE(readToEnd(*consumer.value(), last, 10 * Second).size(), std::size_t{2});
        // Nothing was committed, and no group is known.
        const auto topics = client->topics(5 * Second);
        QVERIFY(topics);
        QCOMPARE(topics.value().at("t"), 2U);
    }

    void findsTheEndsAndTimes()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        QVERIFY(mock.produce("t", 0, {{"a", {}, {}, 1'000}, {"b", {}, {}, 2'000}, {"c", {}, {}, 3'000}}));
        const auto client = clientOf(mock);
        const auto ends = client->offsets("t", 0, 5 * Second);
        QVERIFY(ends);
        QCOMPARE(ends.value().low, std::uint64_t{0});
        QCOMPARE(ends.value().high, std::uint64_t{3});
        QVERIFY(!client->clusterId(5 * Second).value().empty());
    }

    void anOffsetThatIsNotThereIsToldAndNotGuessed()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        QVERIFY(mock.produce("t", 0, {{"a"}, {"b"}}));
        auto consumer = KafkaConsumer::open(clientOf(mock), "t", 0);
        QVERIFY(consumer.value()->start(1'000));
        auto last = KafkaConsumer::Met::Nothing;
        QVERIFY(readToEnd(*consumer.value(), last, 10 * Second).empty());
        QCOMPARE(last, KafkaConsumer::Met::OutOfRange);
        QVERIFY(consumer.value()->start(1));
        QCOMPARE(readToEnd(*consumer.value(), last, 10 * Second).size(), std::size_t{1});
    }

    void errorsThatPassLoseNothing()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        std::vector<MockCluster::Record> records;
        for (int i = 0; i < 500; ++i)
            records.push_back({"record " + std::to_string(i)});
        QVERIFY(mock.produce("t", 0, records));
        mock.failNext(MockCluster::FetchApi,
                      {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                       RD_KAFKA_RESP_ERR_UNKNOWN, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR});
        auto consumer = KafkaConsumer::open(clientOf(mock), "t", 0);
        QVERIFY(consumer.value()->start(0));
        auto last = KafkaConsumer::Met::Nothing;
        const std::vector<Kept> all = readToEnd(*consumer.value(), last, 30 * Second);
        QCOMPARE(all.size(), records.size());
        for (std::size_t i = 0; i < all.size(); ++i)
            QCOMPARE(all[i].offset, static_cast<std::uint64_t>(i));
    }

    void aBrokerThatIsAwayIsWaitedFor()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        QVERIFY(mock.produce("t", 0, {{"a"}}));
        auto consumer = KafkaConsumer::open(clientOf(mock), "t", 0);
        QVERIFY(consumer.value()->start(0));
        auto last = KafkaConsumer::Met::Nothing;
        QCOMPARE(readToEnd(*consumer.value(), last, 10 * Second).size(), std::size_t{1});
        mock.setDown(1);
        KafkaMessage message;
        QTRY_VERIFY_WITH_TIMEOUT((static_cast<void>(consumer.value()->next(message, std::chrono::milliseconds(50))),
                                  consumer.value()->statistics().away),
                                 20'000);
        QVERIFY(!consumer.value()->statistics().lastError.empty());
        mock.setUp(1);
        QVERIFY(mock.produce("t", 0, {{"b"}}));
        std::vector<Kept> more;
        for (int i = 0; i < 20 && more.empty(); ++i)
            more = readToEnd(*consumer.value(), last, 2 * Second);
        QCOMPARE(more.size(), std::size_t{1});
        QCOMPARE(*more[0].payload, std::string("b"));
        QVERIFY(!consumer.value()->statistics().away);
    }

    void nobodyAnswersIsUnavailable()
    {
        KafkaSettings settings;
        settings.brokers = "127.0.0.1:1";
        const auto client = KafkaClient::openConsumer(settings, {});
        QVERIFY(client);
        const auto id = client.value()->clusterId(std::chrono::milliseconds(1'500));
        QVERIFY(!id);
        QCOMPARE(id.error().code, Error::Code::Unavailable);
        QVERIFY(id.error().text().find("127.0.0.1:1") != std::string::npos);
        QVERIFY(!id.error().remedy.empty());
    }

    void aRightThatIsMissingEndsTheReading()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        QVERIFY(mock.produce("t", 0, {{"a"}}));
        mock.failNext(MockCluster::FetchApi, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
        auto consumer = KafkaConsumer::open(clientOf(mock), "t", 0);
        QVERIFY(consumer.value()->start(0));
        KafkaMessage message;
        Result<KafkaConsumer::Met> met = KafkaConsumer::Met::Nothing;
        for (int i = 0; i < 100 && met; ++i)
            met = consumer.value()->next(message, std::chrono::milliseconds(100));
        QVERIFY(!met);
        QCOMPARE(met.error().code, Error::Code::Refused);
        QVERIFY(met.error().text().find("t/0") != std::string::npos);
    }

    void writesWithKeysHeadersAndTombstones()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        auto producer = KafkaProducer::open(settingsOf(mock), {});
        QVERIFY(producer);
        QVERIFY(producer.value()->send({"t", "k", "value", {{"eventops-writer", "eventops"}, {"eventops-id", "7"}}}));
        QVERIFY(producer.value()->send({"t", "k", std::nullopt, {}}));
        QVERIFY(producer.value()->send({"t", std::nullopt, "", {}}));
        QVERIFY(producer.value()->flush());
        QCOMPARE(producer.value()->delivered(), std::uint64_t{3});
        const std::vector<MockCluster::Read> all = mock.readAll("t", 0);
        QCOMPARE(all.size(), std::size_t{3});
        QCOMPARE(*all[0].value, std::string("value"));
        QCOMPARE(*all[0].key, std::string("k"));
        QCOMPARE(all[0].headers.size(), std::size_t{2});
        QCOMPARE(all[0].headers[0].first, std::string("eventops-writer"));
        QCOMPARE(all[0].headers[1].second, std::string("7"));
        QVERIFY(!all[1].value);
        QCOMPARE(*all[2].value, std::string());
        QVERIFY(!all[2].key);
        QVERIFY(!producer.value()->send({"t", std::nullopt, std::nullopt, {}}));
    }

    void retriesWhatPassesAndTellsWhatDoesNot()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        auto producer = KafkaProducer::open(settingsOf(mock), {});
        mock.failNext(MockCluster::ProduceApi,
                      {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                       RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT});
        QVERIFY(producer.value()->send({"t", "k", "again", {}}));
        QVERIFY(producer.value()->flush());
        QCOMPARE(mock.readAll("t", 0).size(), std::size_t{1});
        mock.failNext(MockCluster::ProduceApi, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
        QVERIFY(producer.value()->send({"t", "k", "refused", {}}));
        const Status flushed = producer.value()->flush();
        QVERIFY(!flushed);
        QCOMPARE(flushed.error().code, Error::Code::Refused);
        QVERIFY(flushed.error().text().find("topic t") != std::string::npos);
        QCOMPARE(producer.value()->delivered(), std::uint64_t{1});
    }

    void aMessageNobodyTakesFailsInTime()
    {
        MockCluster mock;
        mock.makeTopic("t", 1);
        KafkaProducer::Options options;
        options.deliverWithin = std::chrono::milliseconds(1'500);
        auto producer = KafkaProducer::open(settingsOf(mock), options);
        mock.setDown(1);
        QVERIFY(producer.value()->send({"t", "k", "lost", {}}));
        const Status flushed = producer.value()->flush();
        QVERIFY(!flushed);
        QCOMPARE(flushed.error().code, Error::Code::Unavailable);
    }

    void theContractsTopics()
    {
        const auto config = [](const char *name) {
            std::map<std::string, std::string> map;
            for (const auto &[key, value] : contractTopic(name)->config())
                map.emplace(key, value);
            return map;
        };
        // E11-E13, X22, X23.
        QCOMPARE(config("ingest.raw.agent").at("retention.ms"), std::string("259200000"));
        QCOMPARE(config("signals.metric.v1").at("retention.ms"), std::string("1209600000"));
        QCOMPARE(config("signals.metric.v1").at("cleanup.policy"), std::string("delete"));
        QCOMPARE(config("ops.alert.v1").at("retention.ms"), std::string("2592000000"));
        QCOMPARE(config("ops.alert.v1").at("cleanup.policy"), std::string("compact,delete"));
        // E28-E30.
        for (const char *name : {"signals.log.v1", "signals.trace.v1", "signals.enriched.v1", "ctrl.command.v1"})
            QVERIFY2(contractTopic(name) != nullptr, name);
        // X1: either form stands for both.
        QCOMPARE(topicNames("actions.requested"), (std::vector<std::string>{"actions.requested", "action.requested"}));
        QCOMPARE(topicNames("action.result"), (std::vector<std::string>{"action.result", "actions.result"}));
        QCOMPARE(topicNames("mine"), (std::vector<std::string>{"mine"}));
        std::set<std::string_view> names;
        for (const ContractTopic &topic : contractTopics())
            QVERIFY(names.insert(topic.name).second);
    }

    void whatABrokerCannotMakeIsSaid()
    {
        MockCluster mock; // knows no admin requests
        const auto client = clientOf(mock);
        const auto made = makeTopics(*client, contractTopics(), {}, 3 * Second);
        QVERIFY(!made);
        QCOMPARE(made.error().code, Error::Code::Unavailable);
        // Where all of them are there nothing is asked for.
        for (const ContractTopic &topic : contractTopics())
            mock.makeTopic(std::string(topic.name == "actions.dlq" ? topic.alias : topic.name).c_str(), 1);
        const auto there = makeTopics(*client, contractTopics(), {}, 3 * Second);
        QVERIFY2(there, there ? "" : there.error().text().c_str());
        QCOMPARE(there.value().size(), contractTopics().size());
        QVERIFY(std::none_of(there.value().begin(), there.value().end(),
                             [](const TopicOutcome &topic) { return topic.made || !topic.error.empty(); }));
    }
};

EVENTOPS_TEST(TestKafkaSettings)
EVENTOPS_TEST(TestKafkaClient)
#include "tst_kafka_client.moc"
