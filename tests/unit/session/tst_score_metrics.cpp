// SPDX-License-Identifier: MIT
//
// `eventops entropy score metrics` over files.
#include "tests/support/program.h"
#include "tests/support/test_main.h"

#include "core/entropy/value_model.h"
#include "pipelines/components.h"

#include <QtCore/QDir>

using namespace eventops;
using namespace eventops::test;

namespace {

/// 300 rows of a small wave and one spike at row 280.
QByteArray wave()
{
    QByteArray out = "timestamp,value\n";
    for (int i = 0; i < 300; ++i)
        out += QStringLiteral("2025-03-%1 %2:%3:00,")
                   .arg(1 + i / 288, 2, 10, QLatin1Char('0'))
                   .arg(i / 12 % 24, 2, 10, QLatin1Char('0'))
                   .arg(i % 12 * 5, 2, 10, QLatin1Char('0'))
                   .toUtf8()
             + QByteArray::number(i == 280 ? 900 : 30 + i * 7 % 5) + '\n';
    return out;
}

Ran score(const QString &root)
{
    return run({QStringLiteral("entropy"), QStringLiteral("score"), QStringLiteral("metrics"),
                QStringLiteral("--root"), root});
}

} // namespace

class TestScoreMetrics : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void oneRowForEachInOrder()
    {
        const Scratch scratch;
        QVERIFY(QDir(scratch.path(QStringLiteral("."))).mkpath(QStringLiteral("root/b")));
        scratch.file(QStringLiteral("root/b/two.csv"), wave());
        scratch.file(QStringLiteral("root/a,1.csv"), wave());
        scratch.file(QStringLiteral("root/README.md"), "no series");
        const Ran ran = score(scratch.path(QStringLiteral("root")));
        QCOMPARE(ran.err, QByteArray("# threshold 0.5\n"));
        QCOMPARE(ran.exitCode, 0);
        const QList<QByteArray> rows = ran.out.split('\n');
        QCOMPARE(rows.size(), 602);
        QCOMPARE(rows.front(), QByteArray("file,score"));
        for (int i = 0; i < 300; ++i) {
            const QByteArray cell = rows.at(i + 1).mid(9);
            QVERIFY(rows.at(i + 1).startsWith("\"a,1.csv\","));
            QCOMPARE(rows.at(i + 301), "b/two.csv" + cell.mid(cell.lastIndexOf(',')));
            const double value = cell.mid(cell.lastIndexOf(',') + 1).toDouble();
            QCOMPARE(value >= 0.5, i == 280);
            QVERIFY(value >= 0.0 && value < 1.0);
        }
        QCOMPARE(score(scratch.path(QStringLiteral("root"))).out, ran.out);
    }

    void rowsWithoutANumberAreNamed()
    {
        const Scratch scratch;
        QVERIFY(QDir(scratch.path(QStringLiteral("."))).mkpath(QStringLiteral("root")));
        scratch.file(QStringLiteral("root/x.csv"),
                     "timestamp,value\n2025-01-01 00:00:00,1\n2025-01-01 00:05:00,\n\n2025-01-01 00:10:00,nan\nnoon,4\n"
                     "only\n1735690200,5\r\n\n");
        const Ran ran = score(scratch.path(QStringLiteral("root")));
        QCOMPARE(ran.exitCode, 0);
        QCOMPARE(ran.out.count('\n'), 7);
        QVERIFY2(ran.err.contains("x.csv:3: there is no number"), ran.err.constData());
        QVERIFY(ran.err.contains("x.csv:4: the line is empty"));
        QVERIFY(ran.err.contains("x.csv:5: there is no number"));
        QVERIFY(ran.err.contains("x.csv:6: the first cell is no time"));
        QVERIFY(ran.err.contains("x.csv:7: there is no number"));
        QVERIFY(!ran.err.contains("x.csv:8"));
    }

    void whatCannotBeReadIsSaid()
    {
        const Scratch scratch;
        QDir(scratch.path(QStringLiteral("."))).mkpath(QStringLiteral("root"));
        const Ran none = score(scratch.path(QStringLiteral("root")));
        QVERIFY(none.exitCode != 0);
        QVERIFY2(none.err.contains("no .csv file"), none.err.constData());
        QVERIFY(score(scratch.path(QStringLiteral("nowhere"))).exitCode != 0);
        scratch.file(QStringLiteral("root/long.csv"), "timestamp,value\n1,2\n" + QByteArray(10'000, '7') + "\n");
        const Ran tooLong = score(scratch.path(QStringLiteral("root")));
        QVERIFY(tooLong.exitCode != 0);
        QVERIFY2(tooLong.err.contains("line 3 is longer"), tooLong.err.constData());
        QCOMPARE(run({QStringLiteral("entropy"), QStringLiteral("score"), QStringLiteral("metrics")}).exitCode, 2);
    }

    void defaultsAreThoseOfPipelines()
    {
        const Registry registry{builtinStages(), {}};
        const RobustValueOptions options;
        int found = 0;
        for (const FieldSpec &field : registry.stage("entropy")->fields) {
            const double value = QByteArray(field.defaultValue.data(), qsizetype(field.defaultValue.size())).toDouble();
            found += (field.name == "bits_min" && value == options.bitsMin)
                  || (field.name == "samples_min" && value == options.samplesMin)
                  || (field.name == "memory_samples" && value == options.memorySamples);
        }
        QCOMPARE(found, 3);
    }
};

EVENTOPS_TEST(TestScoreMetrics)
#include "tst_score_metrics.moc"
