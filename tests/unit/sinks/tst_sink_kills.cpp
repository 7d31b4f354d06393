// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#ifndef Q_MOC_RUN // which misreads raw strings
#include "tests/unit/sinks/fake_peers.h"
#endif
#include "tests/unit/sinks/sink_bench.h"

#include <QtCore/QProcess>

#include <random>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int Events = 200;

int rounds()
{
    const int given = qEnvironmentVariableIntValue("EVENTOPS_FAULT_ROUNDS");
    return given > 0 ? given : 1;
}

/// The program, killed after @p ms; true: it ended before that.
bool runUnlessKilled(const QStringList &arguments, int ms)
{
    QProcess process;
    process.start(program(), arguments);
    const bool ended = process.waitForFinished(ms);
    if (!ended) {
        process.kill();
        process.waitForFinished(20'000);
    }
    return ended && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
}

} // namespace

/// Whoever is killed amid delivery goes on: every event is at the peer once, byte for byte.
class TestSinkKills : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void killedAmidDelivery()
    {
        std::mt19937_64 random(7);
        int kills = 0, amid = 0;
        const int wanted = 8 * rounds();
        for (int round = 0; kills < wanted || amid == 0; ++round) {
            QVERIFY(round < 20 * wanted);
            FakeOpenSearch search;
            FakeNeo4j graph;
            Scratch scratch;
            const QString pipeline = scratch.file(
                QStringLiteral("p.yaml"), pipelineWith("  - opensearch: {batch: 4, url: \"" + search.url()
                                                       + "\"}\n  - neo4j: {batch: 4, url: \"" + graph.url() + "\"}\n"));
            const QString events = scratch.file(QStringLiteral("events.ndjson"), sinkEvents(Events));
            const QStringList all{QStringLiteral("replay"),      events,
                                  QStringLiteral("--pipeline"),  pipeline,
                                  QStringLiteral("--workspace"), scratch.workspace()};
            int span = 40;
            while (!runUnlessKilled(all, 10 + static_cast<int>(random() % static_cast<unsigned>(span)))) {
                ++kills;
                const std::size_t there = search.documents().size();
                amid += there > 0 && there < Events ? 1 : 0;
                span += 40;
            }
            const auto stored = eventsByKey(scratch);
            QCOMPARE(stored.size(), std::size_t(Events));
            QVERIFY(search.documents() == stored);
            QVERIFY(graph.documents() == stored);
        }
        qInfo("%d kills, %d of them amid delivery", kills, amid);
    }
};

EVENTOPS_TEST(TestSinkKills)
#include "tst_sink_kills.moc"
