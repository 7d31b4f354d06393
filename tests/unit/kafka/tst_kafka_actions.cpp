// SPDX-License-Identifier: MIT
//
// Actions over the bus (K120): what a program outside does with our requests, and says of them, is what our actions
// are.
#include "core/codec/action_events.h"
#include "core/session/action_reports.h"
#include "core/session/workspace.h"
#include "tests/support/real_kafka.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int SoonMs = 30'000, AllRecords = 3'000; // moc takes a digit separator in a macro for a quote
constexpr const char *Accepted = ",\"state\":\"accepted\"", *Percent10 = ",\"percent\":10",
                     *Percent20 = ",\"percent\":20", *TimedOut = ",\"state\":\"failed\",\"error\":\"timeout\"";
constexpr const char *Nameless = "{\"event_type\":\"action.failed\"}";
constexpr const char *NotOurs = "{\"event_type\":\"action.failed\",\"action_id\":\"0000.1\"}";
constexpr const char *OfOthers = "{\"event_type\":\"action.failed\",\"action_id\":\"other system\"}";

QJsonObject firstWaiting(const Scratch &scratch)
{
    return run({QStringLiteral("approvals"), QStringLiteral("list"), QStringLiteral("--workspace"), scratch.workspace(),
                QStringLiteral("--json")})
        .rows()
        .value(0);
}

Ran approve(const Scratch &scratch, const QString &id)
{
    return run({QStringLiteral("approvals"), QStringLiteral("approve"), id, QStringLiteral("--reason"),
                QStringLiteral("seen"), QStringLiteral("--no-wait"), QStringLiteral("--workspace"),
                scratch.workspace()});
}

QString stateOf(const Scratch &scratch, const QString &id)
{
    const Ran listed = run({QStringLiteral("approvals"), QStringLiteral("list"), QStringLiteral("--all"),
                            QStringLiteral("--workspace"), scratch.workspace(), QStringLiteral("--json")});
    for (const QJsonObject &action : listed.rows()) {
        if (action.value(QLatin1String("id")).toString() == id)
            return action.value(QLatin1String("state")).toString();
    }
    return {};
}

qsizetype deadLetters(const Scratch &scratch)
{
    return run({QStringLiteral("deadletters"), QStringLiteral("list"), QStringLiteral("--workspace"),
                scratch.workspace(), QStringLiteral("--json")})
        .rows()
        .size();
}

/// A workspace with an action that was approved and published; `id` is its name.
struct Published {
    Scratch scratch;
    QString id;

    Published()
    {
        QByteArray lines;
        for (const KafkaPeer::Record &record : agentRecords(0, 3'000))
            lines += QByteArray::fromStdString(record.value) + '\n';
        scratch.replay({scratch.file(QStringLiteral("a.ndjson"), lines)});
        id = firstWaiting(scratch).value(QLatin1String("id")).toString();
        approve(scratch, id);
    }
    std::unique_ptr<Ledger> ledger() const
    {
        return Ledger::open(scratch.workspace().toStdString(), LedgerMode::Decide, {}).value();
    }
    std::string report(const char *type, const char *attrs = "") const
    {
        return "{\"event_type\":\"" + std::string(type)
               + "\",\"ts\":\"2026-01-01T00:00:00Z\",\"attrs\":{\"action_id\":\"" + id.toStdString() + '"' + attrs
               + "}}";
    }
};

std::string outcome(ActionReports &reports, const std::string &document)
{
    const auto taken = reports.take(document);
    if (!taken)
        return taken.error().message;
    constexpr const char *Names[] = {"moved", "noted", "known", "foreign"};
    return Names[static_cast<std::size_t>(taken.value())];
}

} // namespace

class TestKafkaActions : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// X2, X3: specific and generic types, in order, twice, late, and with steps left out.
    void reportsMoveAnActionByTheTable()
    {
        const Published published;
        const auto ledger = published.ledger();
        ActionReports reports(*ledger, "bus");
        const auto state = [&] {
            return std::string(toString(ledger->action(published.id.toStdString()).value().state));
        };
        QCOMPARE(state(), std::string("published"));
        QCOMPARE(outcome(reports, published.report("actions.progress", Accepted)), std::string("moved"));
        QCOMPARE(state(), std::string("acknowledged"));
        QCOMPARE(outcome(reports, published.report("action.progress", Percent10)), std::string("moved"));
        QCOMPARE(state(), std::string("started"));
        QCOMPARE(outcome(reports, published.report("action.progress", Percent20)), std::string("noted"));
        QCOMPARE(outcome(reports, published.report("action.progress", Percent20)), std::string("known"));
        QCOMPARE(outcome(reports, published.report("action.started")), std::string("known"));
        QCOMPARE(outcome(reports, published.report("action.progress", Accepted)), std::string("known"));
        QCOMPARE(outcome(reports, published.report("action.result", TimedOut)), std::string("moved"));
        QCOMPARE(state(), std::string("timed_out"));
        const std::uint64_t audited = ledger->verifyAudit().value();
        QCOMPARE(outcome(reports, published.report("action.succeeded")), std::string("known"));
        QCOMPARE(state(), std::string("timed_out"));
        QCOMPARE(ledger->verifyAudit().value(), audited);
    }

    void aResultAloneIsEnoughAndStepsAreFilledIn()
    {
        const Published published;
        const auto ledger = published.ledger();
        ActionReports reports(*ledger, "bus");
        // By the key of the request, which is the action's id where none is given (X3).
        const std::string key = ledger->action(published.id.toStdString()).value().idempotencyKey;
        const std::string byKey = "{\"event_type\":\"action.succeeded\",\"idempotency_key\":\"" + key + "\"}";
        QCOMPARE(outcome(reports, byKey), std::string("moved"));
        std::vector<std::string> verbs;
        QVERIFY(ledger->audit({}, [&](const AuditRow &row) {
            if (row.actor == "bus")
                verbs.push_back(row.verb);
            return true;
        }));
        QCOMPARE(verbs, (std::vector<std::string>{"acknowledged", "started", "succeeded"}));
    }

    void whatCannotBeUnderstoodIsRefusedAndChangesNothing()
    {
        const Published published;
        const auto ledger = published.ledger();
        ActionReports reports(*ledger, "bus");
        QVERIFY(outcome(reports, "{broken").find("no JSON") != std::string::npos);
        QVERIFY(outcome(reports, published.report("action.result")).find("names a state") != std::string::npos);
        QVERIFY(outcome(reports, Nameless).find("neither attrs.action_id") != std::string::npos);
        QCOMPARE(outcome(reports, NotOurs), std::string("foreign"));
        QCOMPARE(outcome(reports, OfOthers), std::string("foreign"));
        std::string other = published.report("action.succeeded");
        other.insert(1, "\"tags\":{\"tenant\":\"rival\"},");
        QVERIFY(outcome(reports, other).find("is of another one") != std::string::npos);
        const QString waiting = firstWaiting(published.scratch).value(QLatin1String("id")).toString();
        QVERIFY(!waiting.isEmpty());
        std::string early = published.report("action.succeeded");
        early.replace(early.find(published.id.toStdString()), published.id.toStdString().size(), waiting.toStdString());
        QVERIFY(outcome(reports, early).find("nobody was asked") != std::string::npos);
        QCOMPARE(stateOf(published.scratch, waiting), QStringLiteral("proposed"));
        QCOMPARE(stateOf(published.scratch, published.id), QStringLiteral("published"));
    }

    /// K120 whole: finding, approval, request on the bus, a script that nobody of us wrote, progress, result, state.
    void aForeignScriptCarriesOutAnAction()
    {
        EVENTOPS_NEEDS_KAFKA();
        for (const char *const tool : {"kcat", "python3"}) {
            if (QStandardPaths::findExecutable(QLatin1String(tool)).isEmpty())
                QSKIP("there is no kcat or python3; install them with: apt-get install kcat python3");
        }
        RealKafka broker;
        QVERIFY2(broker.isUp(), broker.output());
        const Scratch scratch;
        QCOMPARE(kafka(scratch, "init", broker).exitCode, 0);
        QVERIFY(broker.peer().produce("ingest.raw.agent", 0, freshRecords(0, AllRecords)));
        LiveRun live(scratch, pipelineFile(scratch, broker, "[ingest.raw.agent]", "follow: true"));
        QVERIFY2(live.waitForStored(AllRecords), live.err());
        QString id;
        QVERIFY2(live.waitUntil(
                     [&] {
                         id = firstWaiting(scratch).value(QLatin1String("id")).toString();
                         return !id.isEmpty();
                     },
                     SoonMs),
                 live.err());
        const Ran approved = approve(scratch, id);
        QVERIFY2(approved.exitCode == 0, approved.err);

        QProcess script;
        script.start(QStringLiteral("python3"),
                     {QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/support/foreign_executor.py"),
                      QString::fromStdString(broker.brokers())});
        QVERIFY(script.waitForFinished(2 * SoonMs));
        QVERIFY2(script.exitCode() == 0, script.readAllStandardError());
        QVERIFY(broker.peer().produce("actions.result", 0, {{"{broken", "who"}}));
        QVERIFY2(live.waitUntil([&] { return stateOf(scratch, id) == QLatin1String("succeeded"); }, SoonMs),
                 live.err());

        // Its reports are events like all others, each once; and what nobody understands is kept and sent on.
        QVERIFY2(live.waitUntil(
                     [&] {
                         return deadLetters(scratch) == 1
                                && scratch.query(QStringLiteral("events"), QStringLiteral("type = 'action.succeeded'"))
                                           .size()
                                       == 1;
                     },
                     SoonMs),
                 live.err());
        QTRY_COMPARE_WITH_TIMEOUT(broker.peer().readAll("actions.dlq", 0).size()
                                      + broker.peer().readAll("actions.dlq", 1).size()
                                      + broker.peer().readAll("actions.dlq", 2).size(),
                                  std::size_t{1}, SoonMs);
        (void)live.interrupt();
        QCOMPARE(scratch.query(QStringLiteral("events"), QStringLiteral("type = 'action.failed'")).size(), 0);
        QCOMPARE(stateOf(scratch, id), QStringLiteral("succeeded"));

        // Once more from the beginning, as after a crash without a mark: nothing is new. And we repeat nobody's words.
        QVERIFY(QFile::remove(scratch.workspace() + QStringLiteral("/kafka-reports.mark")));
        const Ran pulled = kafka(scratch, "pull", broker);
        QVERIFY2(pulled.exitCode == 0, pulled.err);
        QCOMPARE(pulled.json().value(QLatin1String("moved")).toInteger(-1), 0);
        QCOMPARE(pulled.json().value(QLatin1String("noted")).toInteger(-1), 0);
        QVERIFY(pulled.json().value(QLatin1String("known")).toInteger(-1) >= 6);
        QCOMPARE(kafka(scratch, "push", broker).exitCode, 0);
        std::size_t results = 0;
        for (int partition = 0; partition < 3; ++partition)
            results += broker.peer().readAll("actions.result", partition).size();
        QCOMPARE(results, std::size_t{3});
        const Ran audit = run(
            {QStringLiteral("audit"), QStringLiteral("verify"), QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(audit.exitCode == 0, audit.out + audit.err);
    }
};

EVENTOPS_TEST(TestKafkaActions)
#include "tst_kafka_actions.moc"
