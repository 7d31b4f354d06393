// SPDX-License-Identifier: MIT
//
// The program as scripts use it: forms, JSON, exit codes, and the main job from bytes to an approved action.
#include "tests/support/program.h"
#include "tests/support/test_main.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QMap>
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

    void aTimeCanBeStoppedAtAndGoneOnFrom()
    {
        const QString capture = QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson");
        const Scratch whole, then;
        const QString digest = whole.replay({capture}).json()[QStringLiteral("digest")].toString();
        const QStringList until{QStringLiteral("--until"), QStringLiteral("2025-10-21T10:00:00Z")};
        const Ran stopped = then.replay({capture}, until);
        QCOMPARE(stopped.exitCode, 0);
        QCOMPARE(then.query(QStringLiteral("findings")).size(), 0); // the first one is of ten o'clock
        const int before = stopped.json()[QStringLiteral("events")].toInt();
        QVERIFY(before > 0);
        // At 10,000 seconds a second the last five minutes take 30 ms.
        const Ran rest = then.replay({capture}, {QStringLiteral("--speed"), QStringLiteral("10000")});
        QCOMPARE(rest.json()[QStringLiteral("digest")].toString(), digest);
        QCOMPARE(rest.json()[QStringLiteral("duplicate")].toInt(), 0);
        QCOMPARE(then.replay({capture}, {QStringLiteral("--until"), QStringLiteral("noon")}).exitCode, 2);
        QVERIFY(then.replay({capture}, {QStringLiteral("--speed"), QStringLiteral("0")}).exitCode != 0);
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
        const Ran count = scratch.sql("SELECT count() FROM karma.events_raw");
        QCOMPARE(count.exitCode, 0);
        QCOMPARE(count.json().begin().value().toInt(), 490);
        QVERIFY(scratch.sql("DELETE FROM karma.finding").exitCode != 0);
        QVERIFY(scratch.sql("ATTACH '/tmp/x.db' AS x").exitCode != 0);
    }

    /// Contracts K119, K120: approving publishes a request and nothing else; an executor, when one is started, takes
    /// it, and what it reports comes back into the stream.
    void nothingIsDoneUntilAnExecutorTakesTheRequest()
    {
        Scratch scratch;
        scratch.replay({scratch.file(QStringLiteral("l10.ndjson"), CpuWarning + CpuCritical)});
        const QString id = firstWaiting(scratch);
        QVERIFY(!id.isEmpty());
        const QString actions = QStringLiteral("type ~ \"^action\\.\"");
        const Ran approved =
            run({QStringLiteral("approvals"), QStringLiteral("approve"), id, QStringLiteral("--reason"),
                 QStringLiteral("seen"), QStringLiteral("--no-wait"), QStringLiteral("--workspace"),
                 scratch.workspace(), QStringLiteral("--json")});
        QCOMPARE(approved.exitCode, 0);
        QCOMPARE(approved.json().value(QLatin1String("state")).toString(), QStringLiteral("published"));
        QCOMPARE(scratch.sql("SELECT topic, state FROM outbox").out,
                 QByteArray("{\"topic\":\"actions.requested\",\"state\":\"published\"}\n"));
        QCOMPARE(scratch.query(QStringLiteral("events"), actions).size(), 1); // the request itself
        QCOMPARE(run({QStringLiteral("executor"), QStringLiteral("--once"), QStringLiteral("--workspace"),
                      scratch.workspace()}).exitCode, 0);
        scratch.replay({scratch.file(QStringLiteral("none.ndjson"), "")}); // an engine takes what was reported
        const auto events = scratch.query(QStringLiteral("events"), actions);
        QCOMPARE(events.back().value(QLatin1String("type")).toString(), QStringLiteral("action.succeeded"));
        QStringList states;
        for (const QJsonObject &event : events)
            states << event.value(QLatin1String("attrs")).toObject().value(QLatin1String("state")).toString();
        QCOMPARE(states, QStringList({QString(), QStringLiteral("accepted"), QStringLiteral("started"),
                                      QStringLiteral("started"), QStringLiteral("started"), QStringLiteral("started"),
                                      QStringLiteral("started"), QStringLiteral("succeeded")}));
    }

    /// Contract K121: a failed attempt is repeated under the same key; each step is in the audit, in the events and in
    /// the tables that SQL sees.
    void everyStepOfARetryIsAuditedAndVisible()
    {
        Scratch scratch;
        const QString pipeline = scratch.file(QStringLiteral("p.yaml"),
                                              "pipeline: flaky\n"
                                              "sources:\n  - capture: {format: auto}\n"
                                              "stages:\n"
                                              "  - rules: {files: [../rules/cpu_load.yaml]}\n"
                                              "  - suggest: {files: [../policies/default.yaml]}\n"
                                              "executors:\n  demo: {fail_once: [restart_service], steps: 1}\n");
        const Ran replayed = scratch.replay({scratch.file(QStringLiteral("l10.ndjson"), CpuCritical)},
                                            {QStringLiteral("--pipeline"), pipeline});
        QVERIFY2(replayed.exitCode == 0, replayed.err.constData());
        const Ran approved = decide(scratch, "approve", firstWaiting(scratch));
        QCOMPARE(approved.json().value(QLatin1String("state")).toString(), QStringLiteral("succeeded"));
        QCOMPARE(approved.json().value(QLatin1String("attempts")).toInt(), 2);
        QStringList states, requests;
        const auto events = scratch.query(QStringLiteral("events"), QStringLiteral("type ~ \"^action\""));
        for (const QJsonObject &event : events) {
            const QJsonObject attrs = event.value(QLatin1String("attrs")).toObject();
            states << attrs.value(QLatin1String("state")).toString();
            requests << attrs.value(QLatin1String("request")).toString();
        }
        QCOMPARE(states.count(QStringLiteral("retrying")), 2); // announced, and begun
        QCOMPARE(requests.mid(1).count(requests.back()), requests.size() - 1); // one key throughout
        const Ran audit = run({QStringLiteral("audit"), QStringLiteral("list"), QStringLiteral("--json"),
                               QStringLiteral("--workspace"), scratch.workspace()});
        QStringList verbs;
        for (const QJsonObject &row : audit.rows())
            verbs << row.value(QLatin1String("verb")).toString();
        QCOMPARE(verbs, QStringList({QStringLiteral("proposed"), QStringLiteral("approved"),
                                     QStringLiteral("published"), QStringLiteral("acknowledged"),
                                     QStringLiteral("started"), QStringLiteral("succeeded")}));
        QCOMPARE(scratch.sql("SELECT state, attempts FROM karma.action_state_current").out,
                 QByteArray("{\"state\":\"succeeded\",\"attempts\":2}\n"));
        QCOMPARE(scratch.sql("SELECT count(*) AS n FROM karma.events_raw WHERE event_type LIKE 'action.%'").out,
                 QByteArray("{\"n\":") + QByteArray::number(states.size()) + "}\n");
    }

    /// Contracts K101, K127: metrics, a log and a change stream in one ledger, under one filter and one table.
    void differentSignalsAreOneQueryableSystem()
    {
        Scratch scratch;
        const QString root = QStringLiteral(EVENTOPS_SOURCE_DIR);
        const std::pair<const char *, const char *> captures[] = {{"default", "agents.ndjson"},
                                                                  {"kafka_logs", "kafka_server.log"},
                                                                  {"mongo_cdc", "mongo_files.ndjson"}};
        for (const auto &[pipeline, capture] : captures) {
            const Ran ran = scratch.replay(
                {root + QStringLiteral("/resources/captures/") + QLatin1String(capture)},
                {QStringLiteral("--pipeline"),
                 root + QStringLiteral("/pipelines/definitions/%1.yaml").arg(QLatin1String(pipeline))});
            QVERIFY2(ran.exitCode == 0, ran.err.constData());
        }
        QMap<QString, int> types;
        for (const QJsonObject &event : scratch.query(
                 QStringLiteral("events"),
                 QStringLiteral("metric = cpu_load and value > 90 or severity >= error or tags.status = arrived")))
            ++types[event.value(QLatin1String("type")).toString()];
        QCOMPARE(types, (QMap<QString, int>{{QStringLiteral("signals.metric"), 1},
                                            {QStringLiteral("kafka.log"), 5},
                                            {QStringLiteral("file_arrived"), 8}}));
        QCOMPARE(scratch.sql("SELECT event_type, count() AS n FROM karma.events_raw GROUP BY 1 ORDER BY 1").out,
                 QByteArray("{\"event_type\":\"file_arrived\",\"n\":8}\n"
                            "{\"event_type\":\"file_event\",\"n\":9}\n"
                            "{\"event_type\":\"kafka.log\",\"n\":706}\n"
                            "{\"event_type\":\"signals.metric\",\"n\":132}\n"));
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
        // The lock is taken before the ledger is made: once that is there, another engine is late for certain.
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(scratch.workspace() + QStringLiteral("/ledger.db")), 30'000);
        QCOMPARE(scratch.replay({file}).exitCode, 4);
        holder.closeWriteChannel();
        QVERIFY(holder.state() == QProcess::NotRunning || holder.waitForFinished());
        QCOMPARE(holder.exitCode(), 0);
    }
};

EVENTOPS_TEST(TestCli)
#include "tst_cli.moc"
