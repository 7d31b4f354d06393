// SPDX-License-Identifier: MIT
//
// A broker that dies while we read from it and write to it, again and again: nothing is lost, nothing is there twice.
#include "tests/support/real_kafka.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <random>
#include <set>
#include <thread>

using namespace eventops;
using namespace eventops::test;

namespace {

/// Kills in every run; with EVENTOPS_FAULT_ROUNDS so many times as many.
constexpr int KillsOfARound = 2;

int rounds()
{
    const char *const given = std::getenv("EVENTOPS_FAULT_ROUNDS");
    return given != nullptr ? std::max(1, std::atoi(given)) : 1;
}

qint64 number(const QJsonObject &object, const char *name)
{
    return object.value(QLatin1String(name)).toInteger(-1);
}

/// Produces until it is ended, at any time with a broker that is not there.
class Producing
{
public:
    explicit Producing(KafkaPeer &peer)
        : m_thread([this, &peer] {
              while (!m_stop) {
                  std::vector<KafkaPeer::Record> records = agentRecords(m_count, Batch);
                  for (KafkaPeer::Record &record : records)
                      record.tsMs = 0;
                  if (!peer.produce("ingest.raw.agent", std::nullopt, records))
                      m_failed = true;
                  m_count += Batch;
                  std::unique_lock lock(m_mutex);
                  m_ended.wait_for(lock, std::chrono::milliseconds(20), [this] { return m_stop.load(); });
              }
          })
    {
    }
    ~Producing() { end(); }
    int end()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_stop = true;
        }
        m_ended.notify_all();
        if (m_thread.joinable())
            m_thread.join();
        return m_count;
    }
    bool failed() const { return m_failed; }

private:
    static constexpr int Batch = 50;
    std::atomic<bool> m_stop{false}, m_failed{false};
    std::mutex m_mutex;
    std::condition_variable m_ended;
    std::atomic<int> m_count{0};
    std::thread m_thread;
};

} // namespace

class TestKafkaKills : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { EVENTOPS_NEEDS_KAFKA(); }

    void aBrokerThatDiesLosesAndDoublesNothing()
    {
        RealKafka broker;
        QVERIFY2(broker.isUp(), broker.output());
        const Scratch scratch;
        const Ran made = kafka(scratch, "init", broker);
        QVERIFY2(made.exitCode == 0, made.err);
        LiveRun live(scratch, pipelineFile(scratch, broker, "[ingest.raw.agent]", "follow: true"));
        Producing producing(broker.peer());
        std::mt19937 random(7);
        qint64 before = 0;
        const int kills = KillsOfARound * rounds();
        for (int kill = 1; kill <= kills; ++kill) {
            // It reads and publishes again before the next one.
            QVERIFY2(live.waitForStored(before + 200), live.err());
            (void)live.waitUntil([] { return false; }, static_cast<int>(random() % 700));
            broker.kill();
            QVERIFY2(live.waitUntil([&] { return live.err().count("no Kafka answers at") >= kill; }, 30'000),
                     live.err());
            QVERIFY2(broker.start(), broker.output());
            before = live.stored();
            QVERIFY(live.isRunning());
        }
        QVERIFY2(live.waitForStored(before + 200), live.err());
        const int produced = producing.end();
        QVERIFY(!producing.failed());
        QVERIFY2(live.waitForStored(produced),
                 live.err() + " stored " + QByteArray::number(live.stored()) + " of " + QByteArray::number(produced));
        (void)live.interrupt();

        const Ran last = runPipeline(scratch, pipelineFile(scratch, broker, "[ingest.raw.agent]"));
        QVERIFY2(last.exitCode == 0, last.err);
        QCOMPARE(number(last.json(), "received"), produced);
        QCOMPARE(number(last.json(), "stored"), produced);
        QCOMPARE(number(last.json(), "duplicate"), 0);
        const QJsonObject row =
            scratch.sql("SELECT count(*) AS n, count(DISTINCT event_id) AS d FROM event").rows().value(0);
        QCOMPARE(number(row, "n"), produced);
        QCOMPARE(number(row, "d"), produced);

        // And every finding is on its topic, under its id.
        std::set<std::string> published;
        for (const char *const topic : {"ops.alert.v1", "events.normalized"}) {
            for (int partition = 0; partition < 3; ++partition) {
                for (const KafkaPeer::Read &message : broker.peer().readAll(topic, partition)) {
                    for (const auto &[name, value] : message.headers)
                        published.insert(name == "eventops-id" ? value : std::string());
                }
            }
        }
        published.erase(std::string());
        std::set<std::string> found;
        for (const QJsonObject &finding : scratch.query(QStringLiteral("findings")))
            found.insert("finding:" + finding.value(QLatin1String("id")).toString().toStdString());
        QVERIFY(found.size() > 10);
        QCOMPARE(published, found);
        qInfo("%d kills: %d messages, 0 lost, 0 twice; %zu findings published", kills, produced, found.size());
    }
};

EVENTOPS_TEST(TestKafkaKills)
#include "tst_kafka_kills.moc"
