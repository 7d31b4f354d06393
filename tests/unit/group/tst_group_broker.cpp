// SPDX-License-Identifier: MIT
//
// A Kafka that goes away under the members of a group: killed and started again, or its connections cut. What they
// publish is what one member publishes that nobody disturbs, and a ClickHouse has each of it once.
#include "tests/support/real_clickhouse.h"
#include "tests/support/test_main.h"
#include "tests/unit/group/group_fixture.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstdlib>
#include <random>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int RecordsOfAStep = 1'000;
/// @p usual in every run; with EVENTOPS_FAULT_ROUNDS so many times @p round.
int faults(int usual, int round)
{
    const char *const given = std::getenv("EVENTOPS_FAULT_ROUNDS");
    return given != nullptr ? round * std::max(1, std::atoi(given)) : usual;
}

/// Cuts every connection of this process to @p broker ("127.0.0.1:9092"), whatever is under way on it. How many there
/// were.
int cutConnections(const std::string &broker)
{
    const int port = std::atoi(broker.substr(broker.rfind(':') + 1).c_str());
    int cut = 0;
    for (int fd = 3; fd < 4'096; ++fd) {
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        const bool is = ::getpeername(fd, reinterpret_cast<sockaddr *>(&peer), &size) == 0 && peer.sin_family == AF_INET
                        && ntohs(peer.sin_port) == port;
        cut += is && ::shutdown(fd, SHUT_RDWR) == 0 ? 1 : 0;
    }
    return cut;
}

} // namespace

class TestGroupBroker : public QObject
{
    Q_OBJECT
private:
    std::unique_ptr<RealKafka> m_kafka;
    Scratch m_scratch;

    KafkaPeer &peer() { return m_kafka->peer(); }
    QString pipeline(const QByteArray &application, const QByteArray &topic)
    {
        return groupPipeline(m_scratch, m_kafka->brokers(), '[' + topic + ']', application,
                             ", checkpoint_records: 400");
    }

private Q_SLOTS:
    void init()
    {
        EVENTOPS_NEEDS_KAFKA();
        m_kafka = std::make_unique<RealKafka>(); // ids of ClickHouse's rows are those of this one's topics
        QVERIFY2(m_kafka->isUp(), m_kafka->output());
        QCOMPARE(peer().makeTopic("in", InputPartitions), std::string());
    }
    void cleanup() { m_kafka.reset(); }

    void killedBrokersLoseAndDoubleNothing()
    {
        const QString file = pipeline("killed", "in");
        QCOMPARE(initGroup(file), QByteArray());
        RunningMember first(file), second(file);
        QVERIFY2(first.owns(InputPartitions / 2), memberJson(first.health()).c_str());
        std::mt19937 random(5);
        const int kills = faults(1, 2);
        int produced = 0;
        for (int i = 0; i < kills; ++i) {
            QVERIFY(peer().produce("in", std::nullopt, hostRecords(produced, RecordsOfAStep)));
            produced += RecordsOfAStep;
            QTest::qWait(static_cast<int>(random() % 400));
            m_kafka->kill();
            QVERIFY2(m_kafka->start(), m_kafka->output());
            QVERIFY2(waitForGroup(peer(), "killed", "in"), memberJson(first.health()).c_str());
        }
        QVERIFY(first.health().errors + second.health().errors > 0); // and health says so
        QVERIFY(first.end() && second.end());
        const auto all = published(peer(), "killed");
        compareWithClickHouse(all);
        const auto alone = publishedAlone(peer(), m_scratch, "in");
        QVERIFY(alone.size() > 5);
        QCOMPARE(difference(all, alone), QByteArray());
        qInfo("%d kills of the broker, %d records, %zu messages: 0 lost, 0 twice, all the same", kills, produced,
              alone.size());
    }

    void cutConnectionsLoseAndDoubleNothing()
    {
        const QString file = pipeline("cut", "in");
        QCOMPARE(initGroup(file), QByteArray());
        RunningMember first(file), second(file);
        QVERIFY2(first.owns(InputPartitions / 2), memberJson(first.health()).c_str());
        std::mt19937 random(7);
        int produced = 0, cuts = 0;
        for (const int wanted = faults(30, 100); cuts < wanted;) {
            QVERIFY(peer().produce("in", std::nullopt, hostRecords(produced, RecordsOfAStep)));
            produced += RecordsOfAStep;
            for (int i = 0; i < 3; ++i) { // while it is read, written and committed
                QTest::qWait(static_cast<int>(random() % 60));
                cuts += cutConnections(m_kafka->brokers());
            }
            QVERIFY2(waitForGroup(peer(), "cut", "in"), memberJson(first.health()).c_str());
        }
        QVERIFY(first.end() && second.end());
        const auto alone = publishedAlone(peer(), m_scratch, "in");
        QVERIFY(alone.size() > 5);
        QCOMPARE(difference(published(peer(), "cut"), alone), QByteArray());
        qInfo("%d cut connections, %d records, %zu messages: 0 lost, 0 twice, all the same", cuts, produced,
              alone.size());
    }

private:
    /// A workspace on what the group publishes feeds it, twice: every event is there, by its id, once.
    void compareWithClickHouse(const std::vector<Published> &all)
    {
        if (RealClickHouse::program().isEmpty())
            return qInfo("no clickhouse-server is installed: not compared with it");
        const RealClickHouse server;
        QVERIFY(server.isUp());
        const QString reader =
            m_scratch.file(QStringLiteral("reader.yaml"), "pipeline: reader\nsources:\n  - kafka: {brokers: \""
                                                              + QByteArray::fromStdString(m_kafka->brokers())
                                                              + "\", topics: [events.normalized], follow: false}\n");
        std::set<std::string> ids;
        for (const Published &one : all) {
            if (one.topic == "events.normalized")
                ids.insert(one.id);
        }
        QVERIFY(!ids.empty());
        const QStringList on{QStringLiteral("--workspace"), m_scratch.workspace()};
        const Ran made = run(QStringList{QStringLiteral("run"), reader} + on);
        QVERIFY2(made.exitCode == 0, made.err);
        for (int again = 0; again < 2; ++again) {
            const Ran fed = run(QStringList{QStringLiteral("clickhouse"), QStringLiteral("init"),
                                            QStringLiteral("--url"), QString::fromStdString(server.url())}
                                + on);
            QVERIFY2(fed.exitCode == 0, fed.err);
            const Ran pushed = run(QStringList{QStringLiteral("clickhouse"), QStringLiteral("push")} + on);
            QVERIFY2(pushed.exitCode == 0, pushed.err);
        }
        QCOMPARE(server.ask("SELECT count(), uniqExact(idempotency_key) FROM karma.events_raw"),
                 std::to_string(ids.size()) + '\t' + std::to_string(ids.size()) + '\n');
    }
};

EVENTOPS_TEST(TestGroupBroker)
#include "tst_group_broker.moc"
