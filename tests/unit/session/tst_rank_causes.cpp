// SPDX-License-Identifier: MIT
//
// `eventops entropy rank-causes` over files.
#include "tests/support/program.h"
#include "tests/support/test_main.h"

using namespace eventops::test;

namespace {

const QByteArray Graph = ",shop,cart,stock\nshop,0,1.0,0\ncart,0,0,1\nstock,0,0,0\n";

QByteArray heads()
{
    return "microservice,shop,cart,stock,shop,cart,stock\n"
           "metric,latency,latency,latency,requests,requests,requests\n"
           "statistic,Average,Average,Average,Sum,Sum,Sum\n"
           "unix_timestamp,,,,,,\n";
}

QByteArray normal()
{
    QByteArray out = heads();
    for (int i = 0; i < 12; ++i) {
        const QByteArray step = QByteArray::number(i % 3);
        out += QByteArray::number(1'000 + i) + ",1." + step + ",0.5" + step + ",0.2" + step + ",10,10,10\n";
    }
    return out;
}

struct Files {
    Scratch scratch;
    QString graph = scratch.file(QStringLiteral("graph.csv"), Graph);
    QString normal = scratch.file(QStringLiteral("normal.csv"), ::normal());
    QString issue = scratch.file(QStringLiteral("issue.csv"),
                                 heads() + "2000,3.0,2.4,,10,10,0\n2001,3.1,2.5,0.2,10,10,10\n");

    Ran rank(const QString &target = QStringLiteral("shop"), const QStringList &more = {}) const
    {
        return run(QStringList{QStringLiteral("entropy"), QStringLiteral("rank-causes"), QStringLiteral("--graph"),
                               graph, QStringLiteral("--normal"), normal, QStringLiteral("--issue"), issue,
                               QStringLiteral("--target"), target} + more);
    }
};

} // namespace

class TestRankCauses : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void rowsAndJson()
    {
        const Files files;
        const Ran ran = files.rank();
        QCOMPARE(ran.err, QByteArray());
        QCOMPARE(ran.exitCode, 0);
        QCOMPARE(ran.out, QByteArray("rank,node\n1,cart\n2,shop\n3,stock\n"));
        const auto rows = files.rank(QStringLiteral("shop"), {QStringLiteral("--json")}).rows();
        QCOMPARE(rows.size(), 3);
        QCOMPARE(rows[0].value(QLatin1String("metric")).toString(), QStringLiteral("latency"));
        double sum = 0.0;
        for (const QJsonObject &row : rows)
            sum += row.value(QLatin1String("share")).toDouble();
        QVERIFY(qAbs(sum - 1.0) < 1e-9);
    }

    void badInputIsNamed_data()
    {
        QTest::addColumn<QByteArray>("graph");
        QTest::addColumn<QByteArray>("issue");
        QTest::addColumn<QByteArray>("message");
        QTest::newRow("empty graph") << QByteArray() << heads() + "1,1,1,1,1,1,1\n" << QByteArray("graph.csv:1");
        QTest::newRow("node twice") << QByteArray(",shop,shop\n") << heads() << QByteArray("graph.csv:1: column 3");
        QTest::newRow("edge is no number")
            << QByteArray(",shop,cart\nshop,0,yes\n") << heads() << QByteArray("graph.csv:2: column 3: \"yes\"");
        QTest::newRow("value is no number")
            << Graph << heads() + "1,1,1,1,1,1,1\n2,1,nan,1,1,1,1\n" << QByteArray("issue.csv:6: column 3: \"nan\"");
        QTest::newRow("too great") << Graph << heads() + "1,1e300,1,1,1,1,1\n" << QByteArray("issue.csv:5: column 2");
        QTest::newRow("short line")
            << Graph << heads() + "1,1\n" << QByteArray("issue.csv:5: a line of 2 cells under 7");
        QTest::newRow("no heads") << Graph << QByteArray("a,shop\n") << QByteArray("the line of metrics");
        QTest::newRow("no windows") << Graph << heads() << QByteArray("no window of time");
        QTest::newRow("open quote") << QByteArray(",\"shop\n") << heads() << QByteArray("graph.csv:1");
    }
    void badInputIsNamed()
    {
        QFETCH(QByteArray, graph);
        QFETCH(QByteArray, issue);
        QFETCH(QByteArray, message);
        Files files;
        files.scratch.file(QStringLiteral("graph.csv"), graph);
        files.scratch.file(QStringLiteral("issue.csv"), issue);
        const Ran ran = files.rank();
        QCOMPARE(ran.exitCode, 1);
        QVERIFY2(ran.err.contains(message), ran.err.constData());
        QVERIFY2(ran.err.contains("("), ran.err.constData()); // the remedy
        QCOMPARE(ran.out, QByteArray());
    }

    void unknownTargetAndFile()
    {
        Files files;
        const Ran ran = files.rank(QStringLiteral("nobody"));
        QCOMPARE(ran.exitCode, 1);
        QVERIFY2(ran.err.contains("there is no node \"nobody\""), ran.err.constData());
        files.graph += QStringLiteral(".missing");
        QCOMPARE(files.rank().exitCode, 1);
    }

    void quotedNamesComeBackQuoted()
    {
        Files files;
        files.scratch.file(QStringLiteral("graph.csv"), ",shop,\"a,\"\"b\"\"\"\r\nshop,0,1\r\n");
        const Ran ran = files.rank();
        QCOMPARE(ran.out, QByteArray("rank,node\n1,shop\n2,\"a,\"\"b\"\"\"\n"));
    }
};

EVENTOPS_TEST(TestRankCauses)
#include "tst_rank_causes.moc"
