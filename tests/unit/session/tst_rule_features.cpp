// SPDX-License-Identifier: MIT
//
// Windowed features from bytes to rows of SQL, also over two runs of the program.
#include "tests/support/test_main.h"

#include "core/store/sqlite.h"
#include "tests/support/program.h"

#include <sqlite3.h>

using namespace eventops::test;

namespace {

const QByteArray Pipeline = "pipeline: windows\n"
                            "sources:\n"
                            "  - capture: {format: auto}\n"
                            "stages:\n"
                            "  - rules:\n"
                            "      rules:\n"
                            "        - {metric: latency_ms, window: 5m, feature: p95, warning: 300}\n"
                            "        - {metric: queue, window: 10m}\n";

/// One value every twenty seconds of event time, by turns of two metrics and three hosts.
QByteArray lines(int from, int to)
{
    QByteArray out;
    for (int i = from; i < to; ++i)
        out += QStringLiteral("{\"tenant_id\":\"acme\",\"host\":\"web-%1\",\"metric\":\"%2\",\"value\":%3,"
                              "\"ts_event\":\"2025-10-21T%4:%5:%6Z\"}\n")
                   .arg(i % 3)
                   .arg(i % 2 == 0 ? QStringLiteral("latency_ms") : QStringLiteral("queue"))
                   .arg(100 + i * 37 % 211)
                   .arg(10 + i / 180, 2, 10, QLatin1Char('0'))
                   .arg(i / 3 % 60, 2, 10, QLatin1Char('0'))
                   .arg(i * 20 % 60, 2, 10, QLatin1Char('0'))
                   .toUtf8();
    return out;
}

QByteArray featuresOf(const Scratch &scratch)
{
    return scratch.sql("SELECT * FROM karma.features_windowed ORDER BY ts, entity_id, step").out;
}

} // namespace

class TestRuleFeatures : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void twoRunsGiveTheRowsOfOne()
    {
        const Scratch whole;
        const QStringList pipeline{QStringLiteral("--pipeline"),
                                   whole.file(QStringLiteral("windows.yaml"), Pipeline)};
        QCOMPARE(whole.replay({whole.file(QStringLiteral("all.ndjson"), lines(0, 500))}, pipeline).exitCode, 0);
        const QByteArray rows = featuresOf(whole);
        QVERIFY2(rows.count('\n') > 60, rows.constData());
        QVERIFY2(rows.contains("\"day_of_week\":2,\"hour\":11"), rows.constData());

        const Scratch grown; // breaks off inside windows
        const QString file = grown.file(QStringLiteral("all.ndjson"), lines(0, 247));
        QCOMPARE(grown.replay({file}, pipeline).exitCode, 0);
        QVERIFY(featuresOf(grown).size() < rows.size());
        grown.file(QStringLiteral("all.ndjson"), lines(0, 500));
        QCOMPARE(grown.replay({file}, pipeline).exitCode, 0);
        QCOMPARE(featuresOf(grown), rows);
        QCOMPARE(grown.replay({file}, pipeline).exitCode, 0); // nothing new, nothing twice
        QCOMPARE(featuresOf(grown), rows);
    }

    void aCheckpointOfAnotherFormIsMadeAnew()
    {
        const Scratch whole;
        const QStringList pipeline{QStringLiteral("--pipeline"),
                                   whole.file(QStringLiteral("windows.yaml"), Pipeline)};
        QCOMPARE(whole.replay({whole.file(QStringLiteral("all.ndjson"), lines(0, 500))}, pipeline).exitCode, 0);
        const Scratch older;
        const QString file = older.file(QStringLiteral("all.ndjson"), lines(0, 247));
        QCOMPARE(older.replay({file}, pipeline).exitCode, 0);
        {
            auto ledger = eventops::sqlite::Database::open(older.workspace().toStdString() + "/ledger.db",
                                                           SQLITE_OPEN_READWRITE, 1'000);
            QVERIFY(bool(ledger));
            QVERIFY(bool(ledger.value().execute("UPDATE checkpoint SET bytes = x'00ff00ff'")));
        }
        older.file(QStringLiteral("all.ndjson"), lines(0, 500));
        const Ran ran = older.replay({file}, pipeline);
        QVERIFY2(ran.exitCode == 0, ran.err.constData());
        QCOMPARE(featuresOf(older), featuresOf(whole));
    }
};

EVENTOPS_TEST(TestRuleFeatures)
#include "tst_rule_features.moc"
