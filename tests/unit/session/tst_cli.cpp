// SPDX-License-Identifier: MIT
//
// The program as scripts use it: forms, JSON, exit codes, and the main job from bytes to an approved action.
#include "tests/support/program.h"
#include "tests/support/test_main.h"

#include <QtCore/QJsonArray>
#include <QtCore/QProcess>

#include <csignal>
#include <sys/types.h>

using namespace eventops::test;

namespace {

const QByteArray CpuWarning =
    R"({"tenant_id":"acme","host":"host-a","metric":"cpu_load","value":85,"ts_event":"2025-10-21T10:00:00Z","unit":"percent","tags":{"env":"prod"}})"
    "\n";
const QByteArray CpuCritical =
    R"({"tenant_id":"acme","host":"host-a","metric":"cpu_load","value":97,"ts_event":"2025-10-21T10:05:00Z","unit":"percent","tags":{"env":"prod"}})"
    "\n";

/// The multi-line form of seed 002's quick start.
const QByteArray KcatExample = R"({"tenant_id":"acme","host":"host-a","metric":"cpu_load","value":92,
 "ts_event":"2025-10-16T09:00:00Z","unit":"percent","tags":{"env":"prod"}})" "\n";

QByteArray manyLines(int count)
{
    QByteArray out;
    for (int i = 0; i < count; ++i) {
        if (i % 50 == 49) {
            out += "{\"tenant_id\":\"acme\",\"host\":\n";
            continue;
        }
        out +=
            QStringLiteral(
                R"({"tenant_id":"t%1","host":"host-%2","metric":"cpu_load","value":%3,"ts_event":"2025-10-21T%4:%5:%6Z","unit":"percent","tags":{"env":"prod"}})")
                .arg(i % 3)
                .arg(i % 40)
                .arg(20 + (i * 7919) % 30 + (i % 997 == 0 ? 60 : 0))
                .arg(i / 3600 % 24, 2, 10, QLatin1Char('0'))
                .arg(i / 60 % 60, 2, 10, QLatin1Char('0'))
                .arg(i % 60, 2, 10, QLatin1Char('0'))
                .toUtf8()
            + '\n';
    }
    return out;
}

void checkConserved(const QJsonObject &counts)
{
    const auto n = [&](const char *key) { return counts.value(QLatin1String(key)).toInteger(); };
    QCOMPARE(n("received"), n("stored") + n("skipped") + n("duplicate") + n("dead_lettered") + n("in_flight"));
}

QString firstWaiting(const Scratch &scratch)
{
    const auto rows = run({QStringLiteral("approvals"), QStringLiteral("list"), QStringLiteral("--workspace"),
                           scratch.workspace(), QStringLiteral("--json")}).rows();
    return rows.isEmpty() ? QString() : rows.front().value(QLatin1String("id")).toString();
}

Ran decide(const Scratch &scratch, const char *verb, const QString &id)
{
    return run({QStringLiteral("approvals"), QLatin1String(verb), id, QStringLiteral("--reason"),
                QStringLiteral("seen"), QStringLiteral("--workspace"), scratch.workspace(), QStringLiteral("--json")});
}

} // namespace

class TestCli : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void seedThresholdsGiveOneWarningAndOneCritical()
    {
        Scratch scratch;
        const Ran ran = scratch.replay({scratch.file(QStringLiteral("l10.ndjson"), CpuWarning + CpuCritical)});
        QCOMPARE(ran.exitCode, 0);
        const QJsonObject counts = ran.json();
        QCOMPARE(counts.value(QLatin1String("received")).toInt(), 2);
        QCOMPARE(counts.value(QLatin1String("events")).toInt(), 2);
        QCOMPARE(counts.value(QLatin1String("digest")).toString().size(), 64);
        checkConserved(counts);
        const Ran alerts = run({QStringLiteral("query"), QStringLiteral("alerts"), QStringLiteral("--workspace"),
                                scratch.workspace(), QStringLiteral("--json")});
        const QByteArray expected =
            R"({"ts": "2025-10-21T10:00:00Z", "tenant": "acme", "source_id": "host-a", "metric": "cpu_load", "severity": "warning", "rule": "cpu_load_threshold", "value": 85.0, "message": "cpu_load=85.0 exceeds warning threshold", "tags": {"env": "prod", "team": "core"}})"
            "\n"
            R"({"ts": "2025-10-21T10:05:00Z", "tenant": "acme", "source_id": "host-a", "metric": "cpu_load", "severity": "critical", "rule": "cpu_load_threshold", "value": 97.0, "message": "cpu_load=97.0 exceeds critical threshold", "tags": {"env": "prod", "team": "core"}})"
            "\n";
        QCOMPARE(alerts.out, expected);
    }

    void theKcatExampleGivesOneCritical()
    {
        for (const QByteArray &content : {KcatExample, QByteArray(KcatExample).replace("\n ", " ")}) {
            Scratch scratch;
            const Ran ran = scratch.replay({scratch.file(QStringLiteral("e18.json"), content)});
            QCOMPARE(ran.exitCode, 0);
            QCOMPARE(ran.json().value(QLatin1String("stored")).toInt(), 1);
            const auto alerts = scratch.query(QStringLiteral("alerts"));
            QCOMPARE(alerts.size(), 1);
            QCOMPARE(alerts.front().value(QLatin1String("severity")).toString(), QStringLiteral("critical"));
            QCOMPARE(alerts.front().value(QLatin1String("value")).toDouble(), 92.0);
        }
    }

    void workersNeverShowInTheDigest()
    {
        const QByteArray content = manyLines(30'000);
        QString digest;
        for (const char *workers : {"1", "2", "8"}) {
            Scratch scratch;
            const Ran ran = scratch.replay({scratch.file(QStringLiteral("a.ndjson"), content)},
                                           {QStringLiteral("--workers"), QLatin1String(workers)});
            QCOMPARE(ran.exitCode, 0);
            checkConserved(ran.json());
            QCOMPARE(ran.json().value(QLatin1String("dead_lettered")).toInt(), 600);
            const QString seen = ran.json().value(QLatin1String("digest")).toString();
            if (digest.isEmpty())
                digest = seen;
            QCOMPARE(seen, digest);
        }
    }

    void aKilledReplayGoesOnToTheSameDigest()
    {
        const QByteArray content = manyLines(200'000);
        Scratch whole;
        const QJsonObject reference = whole.replay({whole.file(QStringLiteral("a.ndjson"), content)}).json();
        Scratch killed;
        const QString file = killed.file(QStringLiteral("b.ndjson"), content);
        int kills = 0;
        for (int pause = 60; kills < 3 && pause < 2000; pause += 60) {
            QProcess process;
            process.start(program(), {QStringLiteral("replay"), file, QStringLiteral("--workspace"), killed.workspace(),
                                      QStringLiteral("--json")});
            if (process.waitForFinished(pause))
                break;
            ::kill(static_cast<pid_t>(process.processId()), SIGKILL);
            process.waitForFinished();
            ++kills;
        }
        QVERIFY(kills > 0);
        const QJsonObject counts = killed.replay({file}).json();
        checkConserved(counts);
        QCOMPARE(counts.value(QLatin1String("digest")).toString(), reference.value(QLatin1String("digest")).toString());
        QCOMPARE(counts.value(QLatin1String("events")).toInt(), reference.value(QLatin1String("events")).toInt());
        QCOMPARE(counts.value(QLatin1String("findings")).toInt(), reference.value(QLatin1String("findings")).toInt());
    }

    void aFinishedCaptureIsAllDuplicates()
    {
        Scratch scratch;
        const QString file = scratch.file(QStringLiteral("a.ndjson"), manyLines(1000));
        const QJsonObject first = scratch.replay({file}).json();
        const QJsonObject second = scratch.replay({file}).json();
        QCOMPARE(second.value(QLatin1String("received")).toInt(), 2000);
        QCOMPARE(second.value(QLatin1String("duplicate")).toInt(), 1000);
        QCOMPARE(second.value(QLatin1String("digest")).toString(), first.value(QLatin1String("digest")).toString());
        checkConserved(second);
    }

    void sameBeginningIsNotTheSameCapture()
    {
        Scratch scratch;
        const QByteArray common = manyLines(100); // more than the fingerprint looks at
        const QByteArray a = common + CpuWarning, b = common + CpuCritical;
        scratch.replay({scratch.file(QStringLiteral("a.ndjson"), a)});
        const QJsonObject counts = scratch.replay({scratch.file(QStringLiteral("b.ndjson"), b)}).json();
        QCOMPARE(counts.value(QLatin1String("duplicate")).toInt(), 0);
        QCOMPARE(counts.value(QLatin1String("received")).toInt(), 202);
        QCOMPARE(scratch.query(QStringLiteral("alerts"), QStringLiteral("value = 97")).size(), 1);
    }

    void anActionIsApprovedAndDone()
    {
        Scratch scratch;
        scratch.replay({scratch.file(QStringLiteral("l10.ndjson"), CpuWarning + CpuCritical)});
        const QString id = firstWaiting(scratch);
        QVERIFY(!id.isEmpty());
        const Ran approved = decide(scratch, "approve", id);
        QCOMPARE(approved.exitCode, 0);
        QCOMPARE(approved.json().value(QLatin1String("state")).toString(), QStringLiteral("succeeded"));
        QVERIFY(!approved.json().value(QLatin1String("approver")).toString().isEmpty());
        // Every step came back as an event.
        const auto events = scratch.query(QStringLiteral("events"), QStringLiteral("type ~ \"^action\\.\""));
        QVERIFY(events.size() >= 3);
        QCOMPARE(events.front().value(QLatin1String("type")).toString(), QStringLiteral("action.requested"));
        QCOMPARE(events.back().value(QLatin1String("type")).toString(), QStringLiteral("action.succeeded"));
        // Decided once: the same version is refused.
        QCOMPARE(decide(scratch, "approve", id).exitCode, 3);
        QCOMPARE(decide(scratch, "reject", id).exitCode, 3);
        const Ran audit = run(
            {QStringLiteral("audit"), QStringLiteral("verify"), QStringLiteral("--workspace"), scratch.workspace()});
        QCOMPARE(audit.exitCode, 0);
    }

    void rejectedAndUnknownActionsAreNotDone()
    {
        Scratch scratch;
        scratch.replay({scratch.file(QStringLiteral("l10.ndjson"), CpuCritical)});
        const QString id = firstWaiting(scratch);
        QVERIFY(!id.isEmpty());
        QString stale = id;
        stale.replace(stale.size() - 1, 1, QStringLiteral("7"));
        QCOMPARE(decide(scratch, "approve", stale).exitCode, 3);
        QCOMPARE(decide(scratch, "approve", QStringLiteral("nonsense")).exitCode, 2);
        QCOMPARE(decide(scratch, "reject", id).exitCode, 0);
        QCOMPARE(decide(scratch, "approve", id).exitCode, 3);
        QCOMPARE(scratch.query(QStringLiteral("events"), QStringLiteral("type ~ \"^action\"")).size(), 0);
    }

    void aSuggestionExpiresByTheCapturesClock()
    {
        Scratch scratch;
        QByteArray later = CpuWarning;
        later.replace("2025-10-21T10:00:00Z", "2025-10-25T10:00:00Z").replace(":85", ":12");
        scratch.replay({scratch.file(QStringLiteral("a.ndjson"), CpuCritical)});
        const QString id = firstWaiting(scratch);
        QVERIFY(!id.isEmpty());
        scratch.replay({scratch.file(QStringLiteral("b.ndjson"), later)});
        QVERIFY(firstWaiting(scratch).isEmpty());
        QCOMPARE(decide(scratch, "approve", id).exitCode, 3);
    }

    void badRecordsAreKeptWithTheirReason()
    {
        Scratch scratch;
        QByteArray deep(100'000, '[');
        const QByteArray content =
            CpuWarning + "\xff\xfe not text\n" + deep + "\n{\"tenant_id\":\"acme\n\n" + CpuCritical;
        const QJsonObject counts = scratch.replay({scratch.file(QStringLiteral("a.ndjson"), content)}).json();
        QCOMPARE(counts.value(QLatin1String("received")).toInt(), 5);
        QCOMPARE(counts.value(QLatin1String("dead_lettered")).toInt(), 3);
        checkConserved(counts);
        const auto letters = run({QStringLiteral("deadletters"), QStringLiteral("list"), QStringLiteral("--workspace"),
                                  scratch.workspace(), QStringLiteral("--json")}).rows();
        QCOMPARE(letters.size(), 3);
        QCOMPARE(letters[0].value(QLatin1String("reason")).toString(), QStringLiteral("invalid_utf8"));
        QCOMPARE(letters[0].value(QLatin1String("bytes_hex")).toString().left(4), QStringLiteral("fffe"));
        QCOMPARE(letters[1].value(QLatin1String("size")).toInt(), 100'000);
        for (const QJsonObject &letter : letters)
            QVERIFY(!letter.value(QLatin1String("detail")).toString().isEmpty());
    }

    void bigIntegersSurvive()
    {
        Scratch scratch;
        const QByteArray content =
            R"({"timestamp":"2025-10-21T10:00:00Z","a":9007199254740993,"b":18446744073709551615})"
            "\n"
            R"({"tenant_id":"t","host":"h","metric":"m","value":9007199254740993,"ts_event":"2025-10-21T10:00:00Z","unit":"u"})"
            "\n";
        QCOMPARE(scratch.replay({scratch.file(QStringLiteral("a.ndjson"), content)}).exitCode, 0);
        const QByteArray out = run({QStringLiteral("query"), QStringLiteral("events"), QStringLiteral("--workspace"),
                                    scratch.workspace(), QStringLiteral("--json")}).out;
        QVERIFY(out.contains("\"a\":9007199254740993"));
        QVERIFY(out.contains("\"b\":18446744073709551615"));
        QVERIFY(out.contains("\"value\":9007199254740993"));
    }

    void emptyAndSingleDocuments()
    {
        Scratch scratch;
        const QString json = QStringLiteral("json");
        QJsonObject counts =
            scratch.replay({scratch.file(QStringLiteral("empty.json"), "")}, {QStringLiteral("--format"), json}).json();
        QCOMPARE(counts.value(QLatin1String("dead_lettered")).toInt(), 1);
        counts =
            scratch.replay({scratch.file(QStringLiteral("one.json"), "[1,\n2]")}, {QStringLiteral("--format"), json})
                .json();
        QCOMPARE(counts.value(QLatin1String("stored")).toInt(), 1);
        counts = scratch
                     .replay({scratch.file(QStringLiteral("blank.ndjson"), "\n\n  \n")},
                             {QStringLiteral("--format"), QStringLiteral("ndjson")})
                     .json();
        QCOMPARE(counts.value(QLatin1String("received")).toInt(), 2); // blank lines are no records
        checkConserved(counts);
    }

    void sqlRunsTheSeedsQuery()
    {
        Scratch scratch;
        scratch.replay({scratch.file(QStringLiteral("a.ndjson"), manyLines(500))});
        const auto sql = [&](const char *text) {
            return run(
                {QStringLiteral("sql"), QLatin1String(text), QStringLiteral("--workspace"), scratch.workspace()});
        };
        const Ran count = sql("SELECT count() FROM karma.events_raw");
        QCOMPARE(count.exitCode, 0);
        QCOMPARE(count.json().begin().value().toInt(), 490);
        QVERIFY(sql("DELETE FROM karma.finding").exitCode != 0);
        QVERIFY(sql("ATTACH '/tmp/x.db' AS x").exitCode != 0);
    }

    void exitCodesAreAContract()
    {
        Scratch scratch;
        QCOMPARE(run({QStringLiteral("--help")}).exitCode, 0);
        QCOMPARE(run({QStringLiteral("nonsense")}).exitCode, 2);
        QCOMPARE(run({QStringLiteral("replay")}).exitCode, 2);
        QCOMPARE(scratch.replay({scratch.path(QStringLiteral("missing.ndjson"))}).exitCode, 1);
        const QString file = scratch.file(QStringLiteral("a.ndjson"), CpuWarning);
        QCOMPARE(scratch.replay({file}, {QStringLiteral("--format"), QStringLiteral("nonsense")}).exitCode != 0, true);
        QCOMPARE(run({QStringLiteral("query"), QStringLiteral("events"), QStringLiteral("severity >"),
                      QStringLiteral("--workspace"), scratch.workspace()}).exitCode, 1); // no workspace yet
        scratch.replay({file});
        QCOMPARE(run({QStringLiteral("query"), QStringLiteral("events"), QStringLiteral("severity >"),
                      QStringLiteral("--workspace"), scratch.workspace()}).exitCode, 2);
    }

    void oneEngineAtATime()
    {
        Scratch scratch;
        const QString file = scratch.file(QStringLiteral("a.ndjson"), CpuWarning);
        QProcess holder; // waits on its standard input, with the lock
        holder.start(program(), {QStringLiteral("replay"), QStringLiteral("-"), QStringLiteral("--workspace"),
                                 scratch.workspace(), QStringLiteral("--json")});
        QVERIFY(holder.waitForStarted());
        holder.write(QByteArray(CpuWarning).repeated(40));
        int code = 0;
        for (int i = 0; i < 100 && code != 4; ++i) {
            QTest::qWait(20);
            code = scratch.replay({file}).exitCode;
        }
        holder.closeWriteChannel();
        QVERIFY(holder.waitForFinished());
        QCOMPARE(code, 4);
    }
};

EVENTOPS_TEST(TestCli)
#include "tst_cli.moc"
