// SPDX-License-Identifier: MIT
//
// Topics that are not keyed by tenant and entity, brought into that order first.
#include "core/group/rekey.h"
#include "tests/support/test_main.h"
#include "tests/unit/group/group_fixture.h"

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr const char *Line = "{\"topic\":\"t\",\"payload\":\"x\"}";

/// A batch of one record with the line @p line and events of these hosts.
Batch batchOf(const std::string &line, std::initializer_list<const char *> hosts)
{
    Batch batch;
    auto chunk = std::make_shared<RawChunk>();
    chunk->bytes = line;
    batch.chunks.push_back(std::move(chunk));
    RawRecord record;
    record.size = static_cast<std::uint32_t>(line.size());
    record.outcome = Outcome::Stored;
    batch.records.push_back(record);
    for (const char *const host : hosts) {
        Event event;
        event[Field::Tenant] = batch.strings.intern("acme");
        event[Field::EntityId] = batch.strings.intern(host);
        batch.events.push_back(event);
    }
    return batch;
}

class Skipped final : public MapContext
{
public:
    void deadLetter(std::uint32_t, const LossReason &, std::string_view) override { QFAIL("no dead letters here"); }
    void skip(std::uint32_t event, const LossReason &reason) override
    {
        events.push_back(event);
        QCOMPARE(std::string(reason.name), std::string("of_another_key"));
    }
    std::vector<std::uint32_t> events;
};

std::vector<std::uint32_t> skippedOf(const std::string &line, std::initializer_list<const char *> hosts)
{
    Batch batch = batchOf(line, hosts);
    Skipped skipped;
    KeepKeyStage.makeMap(Value::map({})).value()->process(batch, skipped);
    return skipped.events;
}

} // namespace

class TestGroupRepartition : public QObject
{
    Q_OBJECT
private:
    std::unique_ptr<RealKafka> m_kafka;
    Scratch m_scratch;
    KafkaPeer &peer() { return m_kafka->peer(); }

    /// The same records, keyed by who wrote them, and read directly: alerts are byte for byte the same.
    void compareWithKeyed(const std::vector<std::vector<KafkaPeer::Record>> &keyed)
    {
        QCOMPARE(peer().makeTopic("keyed-in", 4), std::string());
        for (int partition = 0; partition < 4; ++partition)
            QVERIFY(peer().produce("keyed-in", partition, keyed[static_cast<std::size_t>(partition)]));
        const QString direct = groupPipeline(m_scratch, m_kafka->brokers(), "[keyed-in]", "keyed");
        QCOMPARE(initGroup(direct), QByteArray());
        {
            RunningMember member(direct);
            QVERIFY(waitForGroup(peer(), "keyed", "keyed-in"));
        }
        const auto alerts = [&](const char *application) {
            std::map<std::string, std::vector<std::string>> out;
            for (const Published &one : published(peer(), application, {"ops.alert.v1"}))
                out[one.key].push_back(one.value);
            return out;
        };
        QVERIFY(!alerts("keyed").empty());
        QVERIFY(alerts("unkeyed") == alerts("keyed"));
        QCOMPARE(published(peer(), "unkeyed").size(), published(peer(), "keyed").size());
        QCOMPARE(twice(published(peer(), "unkeyed")), std::set<std::string>());
    }

private Q_SLOTS:
    void aMessageOfOneKeyStaysAsItIs()
    {
        const Batch batch = batchOf(Line, {"a", "a"});
        const auto messages = rekeyed(batch, batch.records[0], 0, 2);
        QCOMPARE(messages.size(), std::size_t(1));
        QCOMPARE(messages[0].key, std::string("acme|a"));
        QCOMPARE(messages[0].line, std::string(Line));
        QVERIFY(skippedOf(messages[0].line, {"a", "a"}).empty());
    }

    void aMessageOfSeveralKeysGoesToEachAndCountsOnce()
    {
        const Batch batch = batchOf(Line, {"a", "b+", "a"});
        const auto messages = rekeyed(batch, batch.records[0], 0, 3);
        QCOMPARE(messages.size(), std::size_t(2));
        QCOMPARE(messages[1].key, std::string("acme|b+"));
        QCOMPARE(messages[0].line, std::string("{\"for\":\"acme|a\",\"topic\":\"t\",\"payload\":\"x\"}"));
        QCOMPARE(messages[1].line, std::string("{\"for\":\"acme|b+\",\"topic\":\"t\",\"payload\":\"x\"}"));
        QCOMPARE(skippedOf(messages[0].line, {"a", "b+", "a"}), (std::vector<std::uint32_t>{1}));
        QCOMPARE(skippedOf(messages[1].line, {"a", "b+", "a"}), (std::vector<std::uint32_t>{0, 2}));
    }

    void topicsThatAreSeveralNeedIt()
    {
        const QString file = groupPipeline(m_scratch, "127.0.0.1:1", "[one, two]", "several");
        auto spec = loadGroup(file);
        QVERIFY(spec);
        const KafkaGroupSettings settings = groupSettingsOf(spec.value()).value();
        const auto topics = groupTopicsOf(spec.value(), settings, {{"one", 1}, {"two", 1}});
        QVERIFY(!topics);
        QCOMPARE(topics.error().code, Error::Code::InvalidConfig);
        QVERIFY(topics.error().text().find("repartition: true") != std::string::npos);
        const auto missing = groupTopicsOf(spec.value(), settings, {{"one", 1}});
        QCOMPARE(missing.error().code, Error::Code::NotFound);
    }

    void unkeyedTopicsGiveWhatAKeyedOneGives()
    {
        EVENTOPS_NEEDS_KAFKA();
        m_kafka = std::make_unique<RealKafka>();
        QVERIFY2(m_kafka->isUp(), m_kafka->output());
        // One partition, no keys: what each entity's order is, is known.
        QCOMPARE(peer().makeTopic("unkeyed-in", 1), std::string());
        std::vector<KafkaPeer::Record> records = hostRecords(0, 6'000);
        std::vector<std::string> keys;
        for (KafkaPeer::Record &record : records) {
            keys.push_back(record.key->insert(5, "host:")); // as the events call it
            record.key.reset();
        }
        records.push_back({"no measurement at all"});
        QVERIFY(peer().produce("unkeyed-in", 0, records));
        const QString file = groupPipeline(m_scratch, m_kafka->brokers(), "[unkeyed-in]", "unkeyed",
                                           ", repartition: true, checkpoint_records: 400");
        QCOMPARE(initGroup(file, {QStringLiteral("--partitions"), QStringLiteral("4")}), QByteArray());
        QCOMPARE(peer().partitions("unkeyed-repartition"), 4);
        {
            RunningMember first(file), second(file);
            QVERIFY2(waitForGroup(peer(), "unkeyed-repartition", "unkeyed-in"),
                     (memberJson(first.health()) + memberJson(second.health())).c_str());
            QVERIFY2(waitForGroup(peer(), "unkeyed", "unkeyed-repartition", 1),
                     (memberJson(first.health()) + memberJson(second.health())).c_str());
            const std::uint64_t rekeyed = first.health().counts.rekeyed + second.health().counts.rekeyed;
            QCOMPARE(rekeyed, std::uint64_t(6'000));
            QVERIFY(first.end() && second.end());
        }
        // Every message is there once, each key in one partition and in its order.
        std::map<std::string, int> partitionOf;
        std::map<std::string, std::vector<std::string>> orders;
        for (int partition = 0; partition < 4; ++partition) {
            for (const KafkaPeer::Read &message : peer().readAll("unkeyed-repartition", partition)) {
                const auto known = partitionOf.emplace(*message.key, partition);
                QCOMPARE(known.first->second, partition);
                const auto line = QJsonDocument::fromJson(QByteArray::fromStdString(*message.value)).object();
                QCOMPARE(line.value(QLatin1String("topic")).toString(), QStringLiteral("unkeyed-in"));
                orders[*message.key].push_back(line.value(QLatin1String("payload")).toString().toStdString());
            }
        }
        std::map<std::string, std::vector<std::string>> wanted;
        std::vector<std::vector<KafkaPeer::Record>> keyed(4);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            wanted[keys[i]].push_back(records[i].value);
            keyed[static_cast<std::size_t>(partitionOf[keys[i]])].push_back({records[i].value, keys[i]});
        }
        for (const auto &[key, order] : wanted) {
            QCOMPARE(orders[key].size(), order.size());
            QVERIFY2(orders[key] == order, key.c_str());
        }
        QCOMPARE(orders.size(), wanted.size());

        compareWithKeyed(keyed);

        // What is no event went to the dead letters, once, as it was.
        const auto letters = published(peer(), "unkeyed", {"events.normalized.dlq"});
        QCOMPARE(letters.size(), std::size_t(1));
        QCOMPARE(letters[0].value, std::string("no measurement at all"));
        QCOMPARE(letters[0].id, std::string("letter:unkeyed-in/0/6000"));
    }
};

EVENTOPS_TEST(TestGroupRepartition)
#include "tst_group_repartition.moc"
