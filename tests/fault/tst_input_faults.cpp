// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/support/program.h"

#include <random>

using namespace eventops::test;

/// Input that is hard to keep: through the ledger and out of the program's JSON without a silent change.
class TestInputFaults : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void literalsComeOutAsTheyWentIn()
    {
        const QByteArrayList kept{"9007199254740991",
                                  "9007199254740993",
                                  "-9007199254740993",
                                  "18446744073709551615",
                                  "1e400",
                                  "-0.0",
                                  "0.1",
                                  "1.7976931348623157e308",
                                  "\"\\ud800\"",
                                  "\"\\u0000\"",
                                  "1,\"v\":2"};
        QByteArray text;
        for (const QByteArray &literal : kept)
            text += "{\"v\":" + literal + "}\n";
        const Scratch scratch;
        const Ran replayed = scratch.replay({scratch.file(QStringLiteral("in.ndjson"), text)});
        QCOMPARE(replayed.json()[QStringLiteral("stored")].toInt(), static_cast<int>(kept.size()));
        const Ran ran = run({QStringLiteral("query"), QStringLiteral("events"), QStringLiteral("--workspace"),
                             scratch.workspace(), QStringLiteral("--json")});
        const QByteArrayList lines = ran.out.trimmed().split('\n');
        QCOMPARE(lines.size(), kept.size());
        for (qsizetype i = 0; i < kept.size(); ++i)
            QVERIFY2(lines[i].contains("\"attrs\":{\"v\":" + kept[i] + "}"), lines[i].constData());
    }

    void whatCannotBeKeptIsADeadLetter()
    {
        const QByteArrayList bad{"{\"v\":NaN}",
                                 "{\"v\":\"\xff\xfe\"}",
                                 "{\"tenant_id\":\"t\",\"host\":\"h\",\"metric\":\"m\",\"value\":1e400,\"ts_event\":1}",
                                 "{\"v\":Infinity}"};
        const Scratch scratch;
        QVERIFY(scratch.replay({scratch.file(QStringLiteral("in.ndjson"), bad.join('\n') + "\n{\"v\":1}\n")}).exitCode
                == 0);
        const Ran ran = run({QStringLiteral("deadletters"), QStringLiteral("list"), QStringLiteral("--workspace"),
                             scratch.workspace(), QStringLiteral("--json")});
        const QList<QJsonObject> rows = ran.rows();
        QCOMPARE(rows.size(), bad.size());
        for (qsizetype i = 0; i < bad.size(); ++i) {
            QVERIFY(!rows[i][QStringLiteral("reason")].toString().isEmpty());
            QCOMPARE(QByteArray::fromHex(rows[i][QStringLiteral("bytes_hex")].toString().toLatin1()), bad[i]);
        }
    }

    /// Out of order, repeated, with times that jump an hour to and fro: conserved, and one digest on any workers.
    void disorderGivesOneDigest()
    {
        std::vector<QByteArray> lines;
        for (int i = 0; i < 5000; ++i) {
            const int jump = i % 1000 < 20 ? 3600 : i % 1000 < 40 ? -3600 : 0;
            lines.push_back("{\"tenant_id\":\"t" + QByteArray::number(i % 3) + "\",\"host\":\"h"
                            + QByteArray::number(i % 40) + "\",\"metric\":\"cpu_load\",\"value\":"
                            + QByteArray::number(i % 97) + ",\"ts_event\":"
                            + QByteArray::number(1711843200 + i + jump)
                            + ",\"idempotency_key\":\"k" + QByteArray::number(i) + "\"}\n");
            if (i % 10 == 0)
                lines.push_back(lines[lines.size() / 2]);
        }
        std::shuffle(lines.begin(), lines.end(), std::mt19937_64(5));
        QByteArray text;
        for (const QByteArray &line : lines)
            text += line;
        QStringList digests;
        for (const char *workers : {"1", "2", "8"}) {
            const Scratch scratch;
            const QJsonObject summary = scratch.replay({scratch.file(QStringLiteral("in.ndjson"), text)},
                                                       {QStringLiteral("--workers"), QLatin1String(workers)}).json();
            QCOMPARE(summary[QStringLiteral("received")].toInt(), static_cast<int>(lines.size()));
            QCOMPARE(summary[QStringLiteral("stored")].toInt(), 5000);
            QCOMPARE(summary[QStringLiteral("duplicate")].toInt(), static_cast<int>(lines.size()) - 5000);
            digests << summary[QStringLiteral("digest")].toString();
        }
        QVERIFY(!digests.front().isEmpty());
        QCOMPARE(digests[1], digests[0]);
        QCOMPARE(digests[2], digests[0]);
    }
};

EVENTOPS_TEST(TestInputFaults)
#include "tst_input_faults.moc"
