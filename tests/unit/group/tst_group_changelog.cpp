// SPDX-License-Identifier: MIT
//
// The changelog and the transactions that write it, on a real Kafka.
#include "core/kafka/changelog.h"
#include "core/kafka/kafka_transactions.h"
#include "tests/support/test_main.h"
#include "tests/unit/group/group_fixture.h"

#include <random>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr std::uint32_t Place = 1; ///< The partition used.

ChangelogState stateOf(std::size_t bytes, Seq seq)
{
    ChangelogState state;
    state.at = {seq, seq * 2};
    state.watermark = WallNs{1'760'000'000'000'000'000 + static_cast<std::int64_t>(seq)};
    state.config = "c0ffee";
    std::mt19937 random(static_cast<unsigned>(seq)); // what does not shrink when it is packed
    for (std::size_t i = 0; i < bytes; ++i)
        state.bytes += static_cast<char>(random());
    return state;
}

} // namespace

class TestGroupChangelog : public QObject
{
    Q_OBJECT
private:
    std::unique_ptr<RealKafka> m_kafka;
    KafkaSettings m_settings;
    std::shared_ptr<KafkaClient> m_client;

    std::unique_ptr<KafkaTransactions> open(const char *id)
    {
        auto made = KafkaTransactions::open(m_settings, id, {});
        return made ? std::move(made).value() : nullptr;
    }
    Status sendAll(KafkaTransactions &to, const char *topic, const std::vector<ChangelogRecord> &records)
    {
        for (const ChangelogRecord &record : records) {
            KafkaOutput output{topic, record.key, {}};
            if (record.value)
                output.payload = *record.value;
            output.partition = Place;
            EVENTOPS_TRY(to.send(output));
        }
        return Ok{};
    }
    Status write(KafkaTransactions &to, const char *topic, const ChangelogState &state, std::size_t partsBefore)
    {
        EVENTOPS_TRY(to.begin());
        EVENTOPS_TRY(sendAll(to, topic, stateRecords(Place, state, partsBefore)));
        EVENTOPS_TRY(sendAll(to, topic, {cursorRecord(Place, state.at)}));
        return to.commit();
    }
    ChangelogContent read(const char *topic)
    {
        auto content = readChangelog(m_client, topic, Place, nullptr);
        return content ? std::move(content).value() : ChangelogContent();
    }
    std::size_t tombstones(const char *topic)
    {
        const auto all = m_kafka->peer().readAll(topic, Place);
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(), [](const KafkaPeer::Read &one) { return !one.value; }));
    }

private Q_SLOTS:
    void initTestCase()
    {
        EVENTOPS_NEEDS_KAFKA();
        m_kafka = std::make_unique<RealKafka>();
        QVERIFY2(m_kafka->isUp(), m_kafka->output());
        m_settings.brokers = m_kafka->brokers();
        m_client = KafkaClient::openConsumer(m_settings, {}).value();
        for (const char *const topic : {"long", "torn", "fenced", "compacted"})
            QCOMPARE(m_kafka->peer().makeTopic(topic, 2,
                                               {{"cleanup.policy", "compact"},
                                                {"segment.bytes", "1048576"},
                                                {"min.cleanable.dirty.ratio", "0.01"},
                                                {"delete.retention.ms", "0"}}),
                     std::string());
    }

    void anEmptyOneHoldsNothing()
    {
        const ChangelogContent content = read("long");
        QVERIFY(!content.cursor && !content.state);
        QCOMPARE(content.damage, std::string());
    }

    void aLongStateComesBackAndAShorterOneLeavesNothingOfIt()
    {
        const auto writer = open("long");
        QVERIFY(writer != nullptr);
        const ChangelogState big = stateOf(3 * ChangelogPartBytesMax + 17, 10);
        QCOMPARE(changelogParts(big), std::size_t(4));
        QVERIFY(write(*writer, "long", big, 0));
        ChangelogContent content = read("long");
        QVERIFY2(content.state.has_value(), content.damage.c_str());
        QCOMPARE(content.parts, std::size_t(4));
        QVERIFY(content.state->bytes == big.bytes);
        QCOMPARE(content.state->at.seq, big.at.seq);
        QCOMPARE(content.state->at.offset, big.at.offset);
        QCOMPARE(raw(content.state->watermark), raw(big.watermark));
        QCOMPARE(content.state->config, big.config);
        QCOMPARE(content.cursor->offset, big.at.offset);

        const ChangelogState small = stateOf(ChangelogPartBytesMax, 20);
        QVERIFY(write(*writer, "long", small, content.parts));
        content = read("long");
        QVERIFY2(content.state.has_value(), content.damage.c_str());
        QVERIFY(content.state->bytes == small.bytes);
        QCOMPARE(content.parts, std::size_t(1));
        QCOMPARE(tombstones("long"), std::size_t(3));

        const ChangelogState none = stateOf(0, 30); // before the first record
        QVERIFY(write(*writer, "long", none, content.parts));
        content = read("long");
        QVERIFY(content.state && content.state->bytes.empty());
        QCOMPARE(content.parts, std::size_t(0));
    }

    void compactionKeepsOneWholeState()
    {
        const auto writer = open("compacted");
        QVERIFY(writer != nullptr);
        std::size_t parts = 0;
        std::size_t written = 0; // counted here: the broker may already have compacted what a reading would count
        ChangelogState last;
        for (Seq seq = 1; seq <= 12; ++seq) { // as many pieces as the number says, modulo 3
            last = stateOf(ChangelogPartBytesMax * (1 + seq % 3) - 5, seq);
            QVERIFY(write(*writer, "compacted", last, parts));
            written += stateRecords(Place, last, parts).size() + 1;
            parts = changelogParts(last);
        }
        const auto isCompacted = [&] {
            const std::size_t left = read("compacted").records;
            return left > 0 && left < written;
        };
        QVERIFY(RunningMember::waitUntil(isCompacted, 60'000));
        const ChangelogContent content = read("compacted");
        QVERIFY2(content.state.has_value(), content.damage.c_str());
        QVERIFY(content.state->bytes == last.bytes);
    }

    void aTornStateIsToldFromAWholeOne()
    {
        const auto writer = open("torn");
        QVERIFY(writer != nullptr);
        QVERIFY(write(*writer, "torn", stateOf(2 * ChangelogPartBytesMax, 5), 0));
        // Somebody else's piece: the digest does not let it through.
        QVERIFY(m_kafka->peer().produce("torn", Place, {{"something else", "1|part-1"}}));
        ChangelogContent content = read("torn");
        QVERIFY(!content.state);
        QVERIFY2(content.damage.find("belong together") != std::string::npos, content.damage.c_str());
        QVERIFY(content.cursor.has_value());
        KafkaPeer::Record gone{"", "1|part-0"};
        gone.tombstone = true;
        QVERIFY(m_kafka->peer().produce("torn", Place, {gone}));
        content = read("torn");
        QVERIFY(!content.state);
        QVERIFY2(content.damage.find("piece 0 of 2 is missing") != std::string::npos, content.damage.c_str());
        QVERIFY(m_kafka->peer().produce("torn", Place, {{R"({"version":7})", "1|manifest"}}));
        QVERIFY(read("torn").damage.find("another version") != std::string::npos);
    }

    void whatIsNotCommittedIsNotThere()
    {
        const auto writer = open("fenced");
        QVERIFY(writer != nullptr);
        QVERIFY(write(*writer, "fenced", stateOf(100, 1), 0));
        QVERIFY(writer->begin());
        QVERIFY(sendAll(*writer, "fenced", stateRecords(Place, stateOf(200, 2), 1)));
        writer->abort();
        const ChangelogContent content = read("fenced");
        QVERIFY(content.state.has_value());
        QCOMPARE(content.state->bytes.size(), std::size_t(100));
    }

    void aZombieCannotCommit()
    {
        const auto zombie = open("fenced");
        QVERIFY(zombie != nullptr);
        QVERIFY(zombie->begin());
        QVERIFY(sendAll(*zombie, "fenced", stateRecords(Place, stateOf(300, 3), 1)));
        const auto owner = open("fenced"); // from here on nobody else has the id
        QVERIFY(owner != nullptr);
        QVERIFY(write(*owner, "fenced", stateOf(400, 4), 1));
        const Status late = zombie->commit();
        QVERIFY(!late);
        QVERIFY2(late.error().code == Error::Code::Refused, late.error().text().c_str());
        QVERIFY2(late.error().text().find("taken over") != std::string::npos, late.error().text().c_str());
        const Status again = zombie->begin();
        QVERIFY(!again);
        const ChangelogContent content = read("fenced");
        QVERIFY(content.state.has_value());
        QCOMPARE(content.state->bytes.size(), std::size_t(400));
        QVERIFY(write(*owner, "fenced", stateOf(500, 5), 1)); // and the owner is undisturbed
    }

    void aMessageThatIsTooLongSpoilsNothing()
    {
        const auto writer = open("fenced");
        QVERIFY(writer != nullptr);
        QVERIFY(writer->begin());
        const std::string huge(2'000'000, 'x');
        const Status sent = writer->send({"fenced", "1|huge", huge});
        QVERIFY(!sent);
        QCOMPARE(sent.error().code, Error::Code::LimitExceeded);
        QVERIFY(sendAll(*writer, "fenced", stateRecords(Place, stateOf(600, 6), 1)));
        QVERIFY(writer->commit());
        QCOMPARE(read("fenced").state->bytes.size(), std::size_t(600));
    }
};

EVENTOPS_TEST(TestGroupChangelog)
#include "tst_group_changelog.moc"
