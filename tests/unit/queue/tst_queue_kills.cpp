// SPDX-License-Identifier: MIT
//
// Server, consumer and queue die at any moment, again and again: every raw event that was answered well is transformed,
// once (contracts C3, C4, C15). A few kills in every run; EVENTOPS_FAULT_ROUNDS times as many in the long tier.
#include "tests/support/test_main.h"

#include "tests/support/mock_cluster.h"
#include "tests/support/real_kafka.h"
#include "tests/unit/queue/fake_sqs.h"
#include "tests/unit/queue/queue_bench.h"

#include <cstdlib>
#include <random>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int KillsOfARound = 4;
const QStringList Elsewhere{QStringLiteral("--no-transform")};

int kills()
{
    const char *const given = std::getenv("EVENTOPS_FAULT_ROUNDS");
    return KillsOfARound * (given != nullptr ? std::max(1, std::atoi(given)) : 1);
}

QSet<qint64> idsIn(const QList<QByteArray> &letters)
{
    QSet<qint64> out;
    for (const QByteArray &letter : letters)
        out.insert(QJsonDocument::fromJson(letter)
                       .object()[QLatin1String("data")]
                       .toObject()[QLatin1String("RawEventID")]
                       .toInteger());
    return out;
}

} // namespace

class TestQueueKills : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        qputenv("AWS_ACCESS_KEY_ID", FakeSqs::KeyId);
        qputenv("AWS_SECRET_ACCESS_KEY", FakeSqs::Secret);
        qputenv("AWS_REGION", "eu-central-1");
        qunsetenv("AWS_SESSION_TOKEN");
        qunsetenv("AWS_ENDPOINT_URL");
        qunsetenv("AWS_ENDPOINT_URL_SQS");
    }

    void consumersDie_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::newRow("ledger") << QStringLiteral("ledger");
        QTest::newRow("kafka") << QStringLiteral("kafka");
        QTest::newRow("sqs") << QStringLiteral("sqs");
    }
    void consumersDie()
    {
        QFETCH(QString, kind);
        MockCluster cluster;
        FakeSqs sqs;
        QueueBench bench;
        QStringList settings{QStringLiteral("--kind"), kind, QStringLiteral("--announce-again"), QStringLiteral("2s")};
        if (kind == QLatin1String("kafka")) {
            cluster.makeTopic("raw-events", 3);
            cluster.makeTopic("dlq-events", 1);
            settings << QStringLiteral("--brokers") << QString::fromStdString(cluster.brokers())
                     << QStringLiteral("--no-topics");
        } else if (kind == QLatin1String("sqs")) {
            settings << QStringLiteral("--queue-url") << QString::fromStdString(sqs.url())
                     << QStringLiteral("--dead-letter-url") << QString::fromStdString(sqs.url("dlq-events"))
                     << QStringLiteral("--visibility") << QStringLiteral("2s");
        }
        const QByteArray refused = bench.setQueue(settings);
        QVERIFY2(refused.isEmpty(), refused);
        QVERIFY(bench.serve(Elsewhere));
        QVERIFY(bench.configure());
        std::mt19937 random(11);
        const int count = kills();
        for (int kill = 0; kill < count; ++kill) {
            QVERIFY2(bench.consume(), bench.consumer->err());
            bench.send(15 + static_cast<int>(random() % 15));
            QTest::qWait(static_cast<int>(random() % 400));
            QVERIFY2(bench.server->ended().isEmpty(), bench.server->ended());
            QVERIFY2(bench.consumer->ended().isEmpty(), bench.consumer->ended());
            bench.consumer->kill();
            if (kill % 4 == 2) { // the server as well, with what it was about to announce
                bench.send(5);
                bench.server->kill();
                QVERIFY(bench.serve(Elsewhere));
            }
            if (kill % 4 == 3) // what was announced to it is gone
                sqs.forget();
        }
        QVERIFY(bench.consume());
        QVERIFY2(bench.isDone(), bench.wrong() + bench.consumer->err() + bench.server->err());
        const QByteArray wrong = bench.wrong();
        QVERIFY2(wrong.isEmpty(), wrong);
        QCOMPARE(bench.consumer->get("/chronos-consumer/healthcheck").body,
                 QByteArray("{\"status\":\"OK\",\"consumer\":\"running\"}"));
        QCOMPARE(bench.consumer->interrupt(), 0);
        if (kind != QLatin1String("ledger")) { // whoever looks at the queue's dead letters finds every one of them
            QList<QByteArray> letters;
            for (const auto &one : cluster.readAll("dlq-events", 0))
                letters.append(QByteArray::fromStdString(one.value.value_or("")));
            for (const auto &one : sqs.messages("dlq-events"))
                letters.append(one.body.toUtf8());
            const QSet<qint64> named = idsIn(letters);
            QVERIFY(bench.failed().contains(named));
            QVERIFY(kind == QLatin1String("sqs") || named == bench.failed()); // that one forgot some on the way
        }
        QCOMPARE(sqs.complaint(), QByteArray());
        qInfo("%s: %d kills, %lld raw events, 0 lost, 0 twice", qPrintable(kind), count,
              static_cast<long long>(bench.answered.size()));
    }

    /// The server answers while no broker does; what it took then is transformed when one is back.
    void brokersDie()
    {
        EVENTOPS_NEEDS_KAFKA();
        RealKafka broker;
        QVERIFY2(broker.isUp(), broker.output());
        QueueBench bench;
        const QByteArray refused = bench.setQueue(
            {QStringLiteral("--kind"), QStringLiteral("kafka"), QStringLiteral("--brokers"),
             QString::fromStdString(broker.brokers()), QStringLiteral("--announce-again"), QStringLiteral("5s")});
        QVERIFY2(refused.isEmpty(), refused);
        QCOMPARE(broker.peer().partitions("raw-events"), 3);
        QVERIFY(bench.serve(Elsewhere));
        QVERIFY(bench.configure());
        QVERIFY(bench.consume());
        const int count = kills() / KillsOfARound;
        for (int kill = 0; kill < count; ++kill) {
            bench.send(10);
            broker.kill();
            bench.send(10);
            QCOMPARE(bench.answered.size(), 20 * (kill + 1));
            QVERIFY2(broker.start(), broker.output());
        }
        QVERIFY2(bench.isDone(120'000), bench.wrong() + bench.consumer->err() + bench.server->err());
        QVERIFY2(bench.wrong().isEmpty(), bench.wrong());
        qInfo("%d kills of the broker: %lld raw events, 0 lost, 0 twice", count,
              static_cast<long long>(bench.answered.size()));
    }

    /// One of them transforms; when it dies the other one goes on, and health says who is there.
    void theServerTakesOver()
    {
        QueueBench bench;
        const QByteArray running("{\"status\":\"OK\",\"consumer\":\"running\"}");
        QVERIFY(bench.consume());
        QVERIFY(bench.serve({}));
        QVERIFY(bench.configure());
        bench.send(10);
        QVERIFY(bench.isDone());
        QCOMPARE(bench.consumer->get("/chronos-consumer/healthcheck").body, running);
        bench.consumer->kill();
        bench.send(10);
        QVERIFY(bench.isDone());
        QVERIFY2(bench.wrong().isEmpty(), bench.wrong());
        QCOMPARE(bench.server->get("/chronos-consumer/healthcheck").body, running);
    }

    /// A server that is told not to keeps what comes in, says that nobody transforms, and so does the doctor.
    void aServerThatMayNotWaits()
    {
        QueueBench bench;
        QVERIFY(bench.serve(Elsewhere));
        QVERIFY(bench.configure());
        bench.send(10);
        QCOMPARE(bench.server->get("/chronos-consumer/healthcheck").status, 500);
        QCOMPARE(bench.server->get("/chronos/healthcheck").body, QByteArray("{\"status\":\"ok\"}"));
        QCOMPARE(bench.count("karma.raw_event WHERE waits = 1"), 10);
        const Ran doctor = run({QStringLiteral("doctor"), QStringLiteral("--workspace"), bench.scratch.workspace()});
        QVERIFY2(doctor.out.contains("10 raw events wait for transformers in the ledger, and nobody transforms"),
                 doctor.out);
        QVERIFY(bench.consume());
        QVERIFY(bench.isDone());
        QCOMPARE(bench.server->get("/chronos-consumer/healthcheck").status, 200);
        QVERIFY2(bench.wrong().isEmpty(), bench.wrong());
    }

    /// What waits moves with the setting: to a queue, from one that was never read to another, and back.
    void whatWaitsMovesWithTheSetting()
    {
        MockCluster cluster;
        cluster.makeTopic("raw-events", 1);
        cluster.makeTopic("dlq-events", 1);
        FakeSqs sqs;
        QueueBench bench;
        const auto set = [&](const QStringList &more) {
            return bench.setQueue(QStringList{QStringLiteral("--announce-again"), QStringLiteral("1h")} + more);
        };
        QVERIFY(bench.serve(Elsewhere));
        QVERIFY(bench.configure());
        bench.send(10);
        bench.server->kill();
        QVERIFY2(set({QStringLiteral("--kind"), QStringLiteral("sqs"), QStringLiteral("--queue-url"),
                      QString::fromStdString(sqs.url())})
                     .isEmpty(),
                 "queue");
        QVERIFY(bench.serve(Elsewhere));
        QTRY_COMPARE_WITH_TIMEOUT(sqs.messages().size(), std::size_t{10}, 30'000);
        bench.send(5);
        QTRY_COMPARE_WITH_TIMEOUT(sqs.messages().size(), std::size_t{15}, 30'000);
        bench.server->kill();
        QVERIFY(set({QStringLiteral("--kind"), QStringLiteral("kafka"), QStringLiteral("--no-topics"),
                     QStringLiteral("--brokers"), QString::fromStdString(cluster.brokers())})
                    .isEmpty());
        QVERIFY(bench.serve(Elsewhere));
        QTRY_COMPARE_WITH_TIMEOUT(cluster.readAll("raw-events", 0).size(), std::size_t{15}, 30'000);
        bench.server->kill();
        QVERIFY(set({QStringLiteral("--kind"), QStringLiteral("ledger")}).isEmpty());
        QVERIFY(bench.serve({}));
        QVERIFY(bench.isDone());
        bench.server->kill();
        // And who still comes to the topic finds that all of it is done.
        QVERIFY(set({QStringLiteral("--kind"), QStringLiteral("kafka")}).isEmpty());
        QVERIFY(cluster.produce("raw-events", 0, {{"{\"rawEventID\": 3}"}, {"{\"rawEventID\": 999}"}, {"?"}}));
        QVERIFY(bench.serve({}));
        bench.send(5);
        QVERIFY(bench.isDone());
        QVERIFY2(bench.wrong().isEmpty(), bench.wrong());
        QList<QByteArray> letters;
        for (const auto &one : cluster.readAll("dlq-events", 0))
            letters.append(QByteArray::fromStdString(one.value.value_or("")));
        QVERIFY2(letters.contains("?"), letters.join('\n'));
        QVERIFY2(letters.contains("{\"data\":{\"RawEventID\":999,\"Error\":\"no raw event has had this id here: it is "
                                  "another workspace's queue\"}}"),
                 letters.join('\n'));
    }

    void settingsAreChecked_data()
    {
        QTest::addColumn<QStringList>("options");
        QTest::addColumn<QByteArray>("said");
        QTest::newRow("kind") << QStringList{QStringLiteral("--kind"), QStringLiteral("rabbit")}
                              << QByteArray("ledger, kafka, sqs");
        QTest::newRow("loop") << QStringList{QStringLiteral("--kind"), QStringLiteral("kafka"),
                                             QStringLiteral("--topic"), QStringLiteral("dlq-events")}
                              << QByteArray("would come again for ever");
        QTest::newRow("no url") << QStringList{QStringLiteral("--kind"), QStringLiteral("sqs")}
                                << QByteArray("queue_url is empty");
        QTest::newRow("visibility") << QStringList{QStringLiteral("--visibility"), QStringLiteral("13h")}
                                    << QByteArray("not between 1s and 12h");
        QTest::newRow("again") << QStringList{QStringLiteral("--announce-again"), QStringLiteral("10ms")}
                               << QByteArray("less than a second");
    }
    void settingsAreChecked()
    {
        QFETCH(QStringList, options);
        QFETCH(QByteArray, said);
        const QueueBench bench;
        const QByteArray refused = bench.setQueue(options);
        QVERIFY2(refused.contains(said), refused);
        const Ran shown = run({QStringLiteral("transformer"), QStringLiteral("queue"), QStringLiteral("--workspace"),
                               bench.scratch.workspace(), QStringLiteral("--json")});
        QCOMPARE(shown.json()[QLatin1String("kind")].toString(), QStringLiteral("ledger")); // nothing was written
    }
};

EVENTOPS_TEST(TestQueueKills)
#include "tst_queue_kills.moc"
