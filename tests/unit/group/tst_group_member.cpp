// SPDX-License-Identifier: MIT
//
// Members of a consumer group on a real Kafka: however many there are, and however they end, what they publish is the
// same, once.
#include "tests/support/test_main.h"
#include "tests/unit/group/group_fixture.h"

#include <cstdlib>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr const char *Input = "agents";
constexpr int Records = 6'000;

/// Members that come or go in every run; with EVENTOPS_FAULT_ROUNDS ten times as many as that says.
int rebalances()
{
    const char *const given = std::getenv("EVENTOPS_FAULT_ROUNDS");
    return given != nullptr ? 10 * std::max(1, std::atoi(given)) : 6;
}

} // namespace

class TestGroupMember : public QObject
{
    Q_OBJECT
private:
    std::unique_ptr<RealKafka> m_kafka;
    Scratch m_scratch;
    std::vector<Published> m_alone; ///< What one member publishes of the first Records records.

    KafkaPeer &peer() { return m_kafka->peer(); }
    QString pipeline(const QByteArray &application, const QByteArray &group = ", checkpoint_records: 400",
                     const QByteArray &topics = "[agents]")
    {
        return groupPipeline(m_scratch, m_kafka->brokers(), topics, application, group);
    }

private Q_SLOTS:
    void initTestCase()
    {
        EVENTOPS_NEEDS_KAFKA();
        m_kafka = std::make_unique<RealKafka>();
        QVERIFY2(m_kafka->isUp(), m_kafka->output());
        QCOMPARE(peer().makeTopic(Input, InputPartitions), std::string());
        QVERIFY(peer().produce(Input, std::nullopt, hostRecords(0, Records)));
    }

    void topicsAreMissingUntilInit()
    {
        const QString file = pipeline("alone");
        const RunningMember early(file);
        QVERIFY(!early.began());
        QCOMPARE(early.outcome().error().code, Error::Code::NotFound);
        QVERIFY(early.outcome().error().text().find("eventops group init") != std::string::npos);
        QCOMPARE(initGroup(file), QByteArray());
        QCOMPARE(peer().partitions("alone-changelog"), InputPartitions);
        QCOMPARE(peer().topicConfig("alone-changelog")["cleanup.policy"], std::string("compact"));
        QCOMPARE(initGroup(file), QByteArray()); // again: nothing to do
    }

    void oneMemberReadsAll()
    {
        RunningMember member(pipeline("alone"));
        QVERIFY2(member.began(), member.outcome() ? "" : member.outcome().error().text().c_str());
        QVERIFY(waitForGroup(peer(), "alone", Input));
        const MemberHealth health = member.health();
        QCOMPARE(health.counts.records, std::uint64_t(Records));
        QCOMPARE(health.partitions.size(), std::size_t(InputPartitions));
        QVERIFY(member.end());
        m_alone = published(peer(), "alone");
        QVERIFY2(m_alone.size() > 100, std::to_string(m_alone.size()).c_str());
        QCOMPARE(twice(m_alone), std::set<std::string>());
        QVERIFY(
            std::any_of(m_alone.begin(), m_alone.end(), [](const auto &one) { return one.topic == "ops.alert.v1"; }));
        QVERIFY(std::any_of(m_alone.begin(), m_alone.end(),
                            [](const auto &one) { return one.topic == "events.normalized"; }));
        // Stages that see all entities are a workspace's, and it says so.
        QVERIFY(!health.notices.empty() && health.notices.front().find("entities, suggest") != std::string::npos);
    }

    void twoMembersPublishTheSame()
    {
        const QString file = pipeline("pair");
        QCOMPARE(initGroup(file), QByteArray());
        RunningMember first(file), second(file);
        QVERIFY(waitForGroup(peer(), "pair", Input));
        QVERIFY(first.end() && second.end());
        QCOMPARE(difference(published(peer(), "pair"), m_alone), QByteArray());
    }

    void aMemberGoesOnWhereOneEnded()
    {
        QCOMPARE(peer().makeTopic("relay-in", InputPartitions), std::string());
        const QString file = pipeline("relay", ", checkpoint_records: 400", "[relay-in]");
        QCOMPARE(initGroup(file), QByteArray());
        for (int turn = 0; turn < 3; ++turn) {
            QVERIFY(peer().produce("relay-in", std::nullopt, hostRecords(turn * Records / 3, Records / 3)));
            RunningMember member(file);
            QVERIFY(waitForGroup(peer(), "relay", "relay-in"));
            const MemberHealth health = member.health();
            QCOMPARE(health.counts.records, std::uint64_t(Records / 3));
            QCOMPARE(health.counts.discarded, std::uint64_t(0)); // the state was written when the one before ended
            QVERIFY(member.end());
        }
        QCOMPARE(difference(published(peer(), "relay"), publishedAlone(peer(), m_scratch, "relay-in")), QByteArray());
    }

    void membersComeAndGo()
    {
        QCOMPARE(peer().makeTopic("restless-in", InputPartitions), std::string());
        const QString restless = pipeline("restless", ", checkpoint_records: 400", "[restless-in]");
        QCOMPARE(initGroup(restless), QByteArray());
        auto first = std::make_unique<RunningMember>(restless);
        QVERIFY2(first->owns(InputPartitions),
                 first->began() ? memberJson(first->health()).c_str() : first->outcome().error().text().c_str());
        std::unique_ptr<RunningMember> second;
        const int count = rebalances();
        int produced = 0;
        std::uint64_t seen = 0;
        for (int i = 0; i < count; ++i) {
            const int more = Records * (i + 1) / count - produced;
            QVERIFY(peer().produce("restless-in", std::nullopt, hostRecords(produced, more)));
            produced += more;
            if (second == nullptr) {
                second = std::make_unique<RunningMember>(restless);
                QVERIFY2(second->owns(InputPartitions / 2), memberJson(second->health()).c_str());
                QVERIFY2(first->owns(InputPartitions / 2), memberJson(first->health()).c_str());
            } else {
                std::swap(first, second); // the older one goes
                QVERIFY(second->end());
                seen += second->health().rebalances;
                second.reset();
                QVERIFY2(first->owns(InputPartitions), memberJson(first->health()).c_str());
            }
        }
        QVERIFY(waitForGroup(peer(), "restless", "restless-in"));
        const MemberHealth health = first->health();
        seen += health.rebalances + (second ? second->health().rebalances : 0);
        QVERIFY2(seen >= static_cast<std::uint64_t>(count), std::to_string(seen).c_str());
        second.reset();
        first.reset();
        const auto alone = publishedAlone(peer(), m_scratch, "restless-in");
        QVERIFY(alone.size() > 100);
        QCOMPARE(difference(published(peer(), "restless"), alone), QByteArray());
        qInfo("%d joins and leaves, %d records, %zu messages: 0 lost, 0 twice, all the same", count, produced,
              alone.size());
    }
};

EVENTOPS_TEST(TestGroupMember)
#include "tst_group_member.moc"
