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
    /// Same messages, same order within each key, none twice.
    void compareWithAlone(const std::vector<Published> &all)
    {
        QCOMPARE(twice(all), std::set<std::string>());
        std::vector<Published> sorted = all, alone = m_alone;
        std::sort(sorted.begin(), sorted.end());
        std::sort(alone.begin(), alone.end());
        QCOMPARE(sorted.size(), alone.size());
        QVERIFY(sorted == alone);
        QVERIFY(byKey(all) == byKey(m_alone));
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
        QVERIFY(std::any_of(m_alone.begin(), m_alone.end(), [](const auto &one) { return one.topic == "ops.alert.v1"; }));
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
        compareWithAlone(published(peer(), "pair"));
    }

    void aMemberGoesOnWhereOneEnded()
    {
        const QString file = pipeline("relay");
        QCOMPARE(initGroup(file), QByteArray());
        for (int turn = 0; turn < 3; ++turn) {
            RunningMember member(file);
            QVERIFY(RunningMember::waitUntil(
                [&] { return member.health().counts.records > 0 || turn == 2; }, 60'000));
            if (turn == 2)
                QVERIFY(waitForGroup(peer(), "relay", Input));
            QVERIFY(member.end());
        }
        compareWithAlone(published(peer(), "relay"));
    }

    void membersComeAndGo()
    {
        const QString file = pipeline("restless");
        QCOMPARE(initGroup(file), QByteArray());
        QCOMPARE(peer().makeTopic("restless-in", InputPartitions), std::string());
        const QString restless = pipeline("restless", ", checkpoint_records: 400", "[restless-in]");
        auto first = std::make_unique<RunningMember>(restless);
        QVERIFY(first->owns(InputPartitions));
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
        // The places are others than those of the input that one member read alone: ids differ, the rest does not.
        const QString reference = pipeline("restless-alone", ", checkpoint_records: 400", "[restless-in]");
        QCOMPARE(initGroup(reference), QByteArray());
        RunningMember alone(reference);
        QVERIFY(waitForGroup(peer(), "restless-alone", "restless-in"));
        QVERIFY(alone.end());
        m_alone = published(peer(), "restless-alone");
        QVERIFY(m_alone.size() > 100);
        compareWithAlone(published(peer(), "restless"));
        qInfo("%d joins and leaves, %d records, %zu messages: 0 lost, 0 twice, all the same", count, produced,
              m_alone.size());
    }
};

EVENTOPS_TEST(TestGroupMember)
#include "tst_group_member.moc"
