// SPDX-License-Identifier: MIT
//
// Requests that a cluster answers with errors while we read from it and write to it: nothing is lost, nothing is there
// twice, and the run goes on by itself.
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <cstdlib>
#include <random>
#include <set>

using namespace eventops;
using namespace eventops::test;

namespace {

/// Faults in every run; with EVENTOPS_FAULT_ROUNDS so many times as many: 10 of those are a thousand.
constexpr int FaultsOfARound = 100;
constexpr int FaultsAtATime = 10;
constexpr int MessagesBetween = 40;

constexpr const char *Topics[] = {"ingest.raw.agent", "ops.alert.v1",   "events.normalized", "actions.requested",
                                  "actions.progress", "actions.result", "actions.dlq"};

int faults()
{
    const char *const given = std::getenv("EVENTOPS_FAULT_ROUNDS");
    return FaultsOfARound * (given != nullptr ? std::max(1, std::atoi(given)) : 1);
}

/// What a broker may say of a request and mean no harm by.
rd_kafka_resp_err_t someError(std::mt19937 &random, bool writing)
{
    constexpr rd_kafka_resp_err_t Both[] = {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR};
    if (random() % 4 != 0)
        return Both[random() % std::size(Both)];
    return writing ? RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS : RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

} // namespace

class TestKafkaFaults : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void errorsOfAllKindsLoseAndDoubleNothing()
    {
        MockCluster mock(3);
        for (const char *const topic : Topics)
            mock.makeTopic(topic, topic == Topics[0] ? 2 : 1);
        const Scratch scratch;
        QCOMPARE(kafka(scratch, "init", mock, {QStringLiteral("--no-topics")}).exitCode, 0);
        LiveRun live(scratch, pipelineFile(scratch, mock, "[ingest.raw.agent]", "follow: true"));
        std::mt19937 random(11);
        int produced = 0, given = 0;
        const int wanted = faults();
        while (given < wanted) {
            // A fetch that succeeds comes after all fetches that were to fail: what is stored has met them.
            for (int i = 0; i < FaultsAtATime; ++i) {
                const bool writing = i % 3 == 2;
                mock.failNext(writing ? MockCluster::ProduceApi : MockCluster::FetchApi, {someError(random, writing)});
                ++given;
            }
            for (int partition = 0; partition < 2; ++partition)
                QVERIFY(mock.produce(Topics[0], partition,
                                     freshRecords(produced + partition * MessagesBetween, MessagesBetween)));
            produced += 2 * MessagesBetween;
            QVERIFY2(live.waitForStored(produced), live.err() + QByteArray::number(live.stored()));
        }
        QVERIFY(live.isRunning());
        (void)live.interrupt();
        const Ran last = runPipeline(scratch, pipelineFile(scratch, mock, "[ingest.raw.agent]"));
        QVERIFY2(last.exitCode == 0, last.err);
        QCOMPARE(last.json().value(QLatin1String("received")).toInteger(), produced);
        QCOMPARE(last.json().value(QLatin1String("stored")).toInteger(), produced);
        QCOMPARE(last.json().value(QLatin1String("duplicate")).toInteger(), 0);

        std::multiset<std::string> published;
        for (const char *const topic : {"ops.alert.v1", "events.normalized"}) {
            for (const KafkaPeer::Read &message : mock.readAll(topic, 0)) {
                for (const auto &[name, value] : message.headers) {
                    if (name == "eventops-id")
                        published.insert(value);
                }
            }
        }
        std::multiset<std::string> found;
        for (const QJsonObject &finding : scratch.query(QStringLiteral("findings")))
            found.insert("finding:" + finding.value(QLatin1String("id")).toString().toStdString());
        QVERIFY(!found.empty());
        QCOMPARE(published, found);
        qInfo("%d faults: %d messages and %zu findings, 0 lost, 0 twice", given, produced, found.size());
    }
};

EVENTOPS_TEST(TestKafkaFaults)
#include "tst_kafka_faults.moc"
