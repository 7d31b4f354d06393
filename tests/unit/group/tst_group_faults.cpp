// SPDX-License-Identifier: MIT
//
// Members that are killed, that stand still, that know much: on a real Kafka, as processes of their own.
#include "tests/support/test_main.h"
#include "tests/unit/group/group_fixture.h"

#include <cstdlib>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int Records = 20'000;

int rounds()
{
    const char *const given = std::getenv("EVENTOPS_FAULT_ROUNDS");
    return given != nullptr ? std::max(1, std::atoi(given)) : 1;
}

} // namespace

class TestGroupFaults : public QObject
{
    Q_OBJECT
private:
    std::unique_ptr<RealKafka> m_kafka;
    Scratch m_scratch;

    KafkaPeer &peer() { return m_kafka->peer(); }
    QString pipeline(const std::string &application, const std::string &topic, const QByteArray &group)
    {
        return groupPipeline(m_scratch, m_kafka->brokers(), QByteArray::fromStdString('[' + topic + ']'),
                             QByteArray::fromStdString(application), group);
    }
    /// What one member publishes of the topic, undisturbed.
    std::vector<Published> alone(const std::string &topic, const QByteArray &group)
    {
        const QString file = pipeline(topic + "-alone", topic, group);
        if (const QByteArray wrong = initGroup(file); !wrong.isEmpty())
            qWarning("%s", wrong.constData());
        RunningMember member(file);
        if (!waitForGroup(peer(), topic + "-alone", topic.c_str()))
            qWarning("%s", memberJson(member.health()).c_str());
        return published(peer(), topic + "-alone");
    }
    void compare(const std::string &application, const std::string &topic, const QByteArray &group)
    {
        const std::vector<Published> all = published(peer(), application);
        const std::vector<Published> reference = alone(topic, group);
        QVERIFY2(reference.size() > 10, std::to_string(reference.size()).c_str());
        QCOMPARE(twice(all), std::set<std::string>());
        QCOMPARE(all.size(), reference.size());
        QVERIFY(byKey(all) == byKey(reference));
    }

private Q_SLOTS:
    void initTestCase()
    {
        EVENTOPS_NEEDS_KAFKA();
        m_kafka = std::make_unique<RealKafka>();
        QVERIFY2(m_kafka->isUp(), m_kafka->output());
    }

    void aKilledMembersStateMovesToTheOther()
    {
        const QByteArray group = ", checkpoint_records: 700";
        for (int round = 0; round < rounds(); ++round) {
            const std::string topic = "killed-in-" + std::to_string(round);
            const std::string application = "killed-" + std::to_string(round);
            QCOMPARE(peer().makeTopic(topic.c_str(), InputPartitions), std::string());
            const QString file = pipeline(application, topic, group);
            QCOMPARE(initGroup(file), QByteArray());
            MemberProcess first(file), second(file);
            QVERIFY2(first.owns(InputPartitions / 2) && second.owns(InputPartitions / 2), first.err() + second.err());
            std::atomic<bool> failed{false};
            std::thread producing([&] {
                for (int at = 0; at < Records; at += 500) {
                    failed = failed || !peer().produce(topic.c_str(), std::nullopt, hostRecords(at, 500));
                    QThread::msleep(100);
                }
            });
            const auto committed = [](const MemberProcess &member) {
                return member.health()
                    .value(QLatin1String("total"))
                    .toObject()
                    .value(QLatin1String("records"))
                    .toInteger();
            };
            QVERIFY(RunningMember::waitUntil([&] { return committed(first) > 4'000; }, 60'000));
            first.kill(); // -9, in the middle of it
            producing.join();
            QVERIFY(!failed);
            QVERIFY2(waitForGroup(peer(), application, topic.c_str()), second.get(QStringLiteral("/health")));
            const QJsonObject health = second.health();
            QCOMPARE(health.value(QLatin1String("partitions")).toArray().size(), InputPartitions);
            QVERIFY(health.value(QLatin1String("rebalances")).toInteger() >= 2);
            // It did not begin anew, but from a state that the other had written.
            bool restored = false;
            for (const QJsonValue &one : health.value(QLatin1String("partitions")).toArray())
                restored = restored || one.toObject().value(QLatin1String("restored_from")).toInteger() > 0;
            QVERIFY2(restored, QJsonDocument(health).toJson());
            QCOMPARE(second.terminate(), 0);
            compare(application, topic, group);
        }
    }

    void healthTellsLagRebalancesAndErrors()
    {
        const QString file = pipeline("healthy", "healthy-in", {});
        QCOMPARE(peer().makeTopic("healthy-in", 2), std::string());
        QCOMPARE(initGroup(file), QByteArray());
        MemberProcess member(file);
        QVERIFY2(member.owns(2), member.err());
        QVERIFY(peer().produce("healthy-in", std::nullopt, hostRecords(0, 500)));
        QVERIFY(waitForGroup(peer(), "healthy", "healthy-in"));
        QVERIFY(RunningMember::waitUntil(
            [&] {
                return member.health().value(QLatin1String("total")).toObject().value(QLatin1String("records")) == 500;
            },
            10'000));
        QJsonObject health = member.health();
        QCOMPARE(health.value(QLatin1String("status")).toString(), QStringLiteral("ok"));
        QCOMPARE(health.value(QLatin1String("lag")).toInteger(-1), 0);
        QCOMPARE(health.value(QLatin1String("rebalances")).toInteger(-1), 1);
        QVERIFY(health.contains(QLatin1String("errors")) && health.contains(QLatin1String("last_error")));
        const QByteArray metrics = member.get(QStringLiteral("/metrics"));
        for (const char *const line :
             {"eventops_group_partitions 2\n", "eventops_group_rebalances_total 1\n",
              "eventops_group_records_total 500\n", "eventops_group_lag_records{partition=\"healthy-in/0\"} 0\n",
              "eventops_group_trouble 0\n"})
            QVERIFY2(metrics.contains(line), metrics);
        QCOMPARE(member.get(QStringLiteral("/healthz")), QByteArray(R"({"status":"ok"})"));

        // The broker goes, and the member says so; it comes back, and the member goes on.
        m_kafka->kill();
        QVERIFY(RunningMember::waitUntil(
            [&] { return !member.health().value(QLatin1String("trouble")).toString().isEmpty(); }, 60'000));
        health = member.health();
        QVERIFY(health.value(QLatin1String("errors")).toInteger() > 0);
        QVERIFY(!health.value(QLatin1String("last_error")).toString().isEmpty());
        QVERIFY2(m_kafka->start(), m_kafka->output());
        QVERIFY(peer().produce("healthy-in", std::nullopt, hostRecords(500, 500)));
        QVERIFY2(waitForGroup(peer(), "healthy", "healthy-in"), member.get(QStringLiteral("/health")) + member.err());
        QVERIFY(RunningMember::waitUntil(
            [&] { return member.health().value(QLatin1String("trouble")).toString().isEmpty(); }, 60'000));
        const Ran outside = run({QStringLiteral("group"), QStringLiteral("status"), file, QStringLiteral("--json")});
        QVERIFY2(outside.exitCode == 0, outside.err);
        const QJsonObject told = outside.json().value(QLatin1String("groups")).toArray().at(0).toObject();
        QCOMPARE(told.value(QLatin1String("members")).toInteger(), 1);
        for (const QJsonValue &one : told.value(QLatin1String("partitions")).toArray())
            QCOMPARE(one.toObject().value(QLatin1String("lag")).toInteger(-1), 0);
        QCOMPARE(member.terminate(), 0);
        compare("healthy", "healthy-in", {});
    }

    void aMemberThatStoodStillDoesNotWriteTwice()
    {
        const QByteArray group = ", checkpoint_records: 700";
        QCOMPARE(peer().makeTopic("frozen-in", InputPartitions), std::string());
        const QString file = pipeline("frozen", "frozen-in", group);
        QCOMPARE(initGroup(file), QByteArray());
        QVERIFY(peer().produce("frozen-in", std::nullopt, hostRecords(0, 3'000)));
        MemberProcess zombie(file);
        QVERIFY2(zombie.owns(InputPartitions), zombie.err());
        QVERIFY(peer().produce("frozen-in", std::nullopt, hostRecords(3'000, 3'000)));
        zombie.signal(SIGSTOP);
        MemberProcess heir(file);
        QVERIFY2(heir.owns(InputPartitions), heir.err()); // once the session of the other is over
        QVERIFY(peer().produce("frozen-in", std::nullopt, hostRecords(6'000, 3'000)));
        zombie.signal(SIGCONT); // it goes on with what it had read
        QVERIFY(peer().produce("frozen-in", std::nullopt, hostRecords(9'000, 3'000)));
        QVERIFY2(zombie.owns(InputPartitions / 2) && heir.owns(InputPartitions / 2), zombie.err() + heir.err());
        QVERIFY(waitForGroup(peer(), "frozen", "frozen-in"));
        QCOMPARE(zombie.terminate(), 0);
        QCOMPARE(heir.terminate(), 0);
        compare("frozen", "frozen-in", group);
    }

    void aLargeStateIsRestored()
    {
        const QByteArray group = ", dedupe_records: 400000, checkpoint_records: 400000";
        constexpr int Many = 150'000;
        QCOMPARE(peer().makeTopic("large-in", 1), std::string());
        const QString file = pipeline("large", "large-in", group);
        QCOMPARE(initGroup(file), QByteArray());
        QVERIFY(peer().produce("large-in", 0, hostRecords(0, Many)));
        {
            RunningMember member(file);
            QVERIFY(waitForGroup(peer(), "large", "large-in"));
            QVERIFY(member.end());
            QVERIFY2(member.health().counts.stateBytes > 1'000'000,
                     std::to_string(member.health().counts.stateBytes).c_str());
        }
        QVERIFY(peer().produce("large-in", 0, hostRecords(Many, 3'000)));
        RunningMember member(file);
        QVERIFY(waitForGroup(peer(), "large", "large-in"));
        const MemberHealth health = member.health();
        QCOMPARE(health.partitions.size(), std::size_t(1));
        QVERIFY(health.partitions.front().restoredFrom >= static_cast<std::uint64_t>(Many));
        QCOMPARE(health.counts.discarded, std::uint64_t(0));
        QVERIFY(member.end());
        compare("large", "large-in", group);
    }

    void otherSettingsBuildTheStateAnew()
    {
        QCOMPARE(peer().makeTopic("changed-in", 1), std::string());
        QVERIFY(peer().produce("changed-in", 0, hostRecords(0, 3'000)));
        const QString file = pipeline("changed", "changed-in", {});
        QCOMPARE(initGroup(file), QByteArray());
        {
            RunningMember member(file);
            QVERIFY(waitForGroup(peer(), "changed", "changed-in"));
        }
        const std::size_t before = published(peer(), "changed").size();
        QVERIFY(before > 20);
        QVERIFY(peer().produce("changed-in", 0, hostRecords(3'000, 3'000)));
        RunningMember member(pipeline("changed", "changed-in", ", dedupe_records: 1000"));
        QVERIFY(waitForGroup(peer(), "changed", "changed-in"));
        const MemberHealth health = member.health();
        QCOMPARE(health.counts.discarded,
                 std::uint64_t(3'000)); // read again for the state, published by the one before
        QCOMPARE(health.counts.records, std::uint64_t(3'000));
        QVERIFY(health.partitions.front().source.notice.find("built anew") != std::string::npos);
        QVERIFY(member.end());
        const std::vector<Published> all = published(peer(), "changed");
        QVERIFY(all.size() > before);
        QCOMPARE(twice(all), std::set<std::string>());
    }

    void aTopicThatWasMadeAnewIsRefused()
    {
        QCOMPARE(peer().makeTopic("anew-in", 1), std::string());
        QVERIFY(peer().produce("anew-in", 0, hostRecords(0, 100)));
        const QString file = pipeline("anew", "anew-in", {});
        QCOMPARE(initGroup(file), QByteArray());
        {
            RunningMember member(file);
            QVERIFY(waitForGroup(peer(), "anew", "anew-in"));
        }
        QCOMPARE(peer().deleteTopic("anew-in"), std::string());
        QVERIFY(RunningMember::waitUntil([&] { return peer().makeTopic("anew-in", 1).empty(); }, 30'000));
        QVERIFY(RunningMember::waitUntil([&] { return peer().partitions("anew-in") == 1; }, 30'000));
        RunningMember member(file);
        QVERIFY2(member.began(), member.outcome() ? "" : member.outcome().error().text().c_str());
        QVERIFY(RunningMember::waitUntil(
            [&] { return member.health().trouble.find("was made anew or cut") != std::string::npos; }, 60'000));
        QVERIFY(member.health().errors > 0);
    }
};

EVENTOPS_TEST(TestGroupFaults)
#include "tst_group_faults.moc"
