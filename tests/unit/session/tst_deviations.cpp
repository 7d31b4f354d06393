// SPDX-License-Identifier: MIT
//
// Findings of the demo on the wire: one valid deviation and one row of scores each, and no echo.
#include "tests/support/json_schema.h"
#include "tests/support/program.h"
#include "tests/support/test_main.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QSet>

#include <cmath>

using namespace eventops::test;

namespace {

QList<QByteArray> linesOf(const Ran &ran)
{
    QList<QByteArray> lines = ran.out.split('\n');
    lines.removeAll(QByteArray());
    return lines;
}

Ran query(const QString &workspace, const char *table, const QStringList &more = {})
{
    return run(QStringList{QStringLiteral("query"), QLatin1String(table), QStringLiteral("--workspace"), workspace}
               + more);
}

} // namespace

class TestDeviations : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        const Ran ran = run({QStringLiteral("demo"), QStringLiteral("--json"), QStringLiteral("--workspace"),
                             m_demo.workspace()});
        QVERIFY2(ran.exitCode == 0, ran.err.constData());
    }

    void eachFindingHasOne()
    {
        const JsonSchema schema(QStringLiteral("envelope"));
        const auto findings = m_demo.query(QStringLiteral("findings"), QStringLiteral("origin = entropy"));
        const auto absences = m_demo.query(QStringLiteral("findings"), QStringLiteral("origin = absence"));
        const QList<QByteArray> lines = linesOf(query(m_demo.workspace(), "deviations"));
        QVERIFY(!lines.isEmpty());
        QCOMPARE(lines.size(), findings.size() + absences.size());
        QSet<QString> keys;
        for (const QByteArray &line : lines) {
            QCOMPARE(schema.check(line), QString());
            const QJsonObject object = QJsonDocument::fromJson(line).object();
            keys.insert(object.value(QLatin1String("idempotency_key")).toString());
            double sum = 0.0;
            const QJsonObject attrs = object.value(QLatin1String("attrs")).toObject();
            for (const QJsonValue term : attrs.value(QLatin1String("terms")).toArray())
                sum += term.toObject().value(QLatin1String("bits")).toDouble();
            QVERIFY(std::abs(sum - attrs.value(QLatin1String("entropy")).toDouble()) < 1e-9);
        }
        QCOMPARE(keys.size(), lines.size());
        const QList<QJsonObject> rows = m_demo.sql("SELECT count(*) AS n FROM karma.entropy_scores").rows();
        QCOMPARE(rows.value(0).value(QLatin1String("n")).toInteger(), lines.size());
        QCOMPARE(linesOf(query(m_demo.workspace(), "deviations", {QStringLiteral("--legacy-top-level")})).size(),
                 lines.size());
    }

    void oneIsMirroredAsTheOther()
    {
        const auto alerts = linesOf(query(m_demo.workspace(), "alerts")).size();
        const auto deviations = linesOf(query(m_demo.workspace(), "deviations")).size();
        QVERIFY(alerts > 0);
        const JsonSchema alert(QStringLiteral("alert")), envelope(QStringLiteral("envelope"));
        const QStringList mirror = {QStringLiteral("--mirror")};
        const QList<QByteArray> allDeviations = linesOf(query(m_demo.workspace(), "deviations", mirror));
        QCOMPARE(allDeviations.size(), alerts + deviations);
        for (const QByteArray &line : allDeviations)
            QCOMPARE(envelope.check(line), QString());
        const QList<QByteArray> allAlerts = linesOf(query(m_demo.workspace(), "alerts", mirror));
        QVERIFY(allAlerts.size() >= alerts + deviations); // the end of an alert has none of its own
        for (const QByteArray &line : allAlerts)
            QCOMPARE(alert.check(line), QString());
    }

    void whatAPersonSaysIsHeard()
    {
        const auto feedback = [this](const QStringList &arguments) {
            return run(QStringList{QStringLiteral("feedback")} + arguments
                       + QStringList{QStringLiteral("--reason"), QStringLiteral("planned work"),
                                     QStringLiteral("--workspace"), m_demo.workspace()});
        };
        const auto idOf = [this](const char *filter) {
            return m_demo.query(QStringLiteral("findings"), QLatin1String(filter)).value(0)
                .value(QLatin1String("id")).toString();
        };
        const QString sudden = idOf("origin = entropy and state = firing and name = value_surprise");
        QVERIFY(!sudden.isEmpty());
        QCOMPARE(feedback({QStringLiteral("dismiss"), sudden}).exitCode, 0);
        const auto ended = m_demo.query(QStringLiteral("findings"),
                                        QStringLiteral("state = resolved and message ~ \"dismissed it: planned\""));
        QCOMPARE(ended.size(), 1);
        QCOMPARE(feedback({QStringLiteral("confirm"), idOf("name = missing_step")}).exitCode, 0);
        QCOMPARE(feedback({QStringLiteral("budget"), QStringLiteral("20")}).exitCode, 0);
        QCOMPARE(m_demo.query(QStringLiteral("events"), QStringLiteral("type ~ \"^finding\"")).size(), 3);
        // What cannot be taught says what can be done instead; nothing of it is noted.
        const Ran rule = feedback({QStringLiteral("dismiss"), idOf("origin = rule and state = firing")});
        QCOMPARE(rule.exitCode, 3);
        QVERIFY2(rule.err.contains("change the rule"), rule.err.constData());
        QVERIFY(feedback({QStringLiteral("dismiss"), QStringLiteral("0123")}).exitCode != 0);
        QVERIFY(feedback({QStringLiteral("budget"), QStringLiteral("0")}).exitCode != 0);
        // What the budget held back is told, each with fewer bits than it would have taken.
        const QList<QByteArray> held = linesOf(query(m_demo.workspace(), "held-back", {QStringLiteral("--json")}));
        QVERIFY(!held.isEmpty());
        for (const QByteArray &line : held) {
            const QJsonObject alarm = QJsonDocument::fromJson(line).object();
            QVERIFY2(alarm.value(QLatin1String("bits")).toDouble() < alarm.value(QLatin1String("takes")).toDouble()
                         && !alarm.value(QLatin1String("entity_id")).toString().isEmpty(), line.constData());
        }
        QCOMPARE(m_demo.query(QStringLiteral("events"), QStringLiteral("type ~ \"^finding\"")).size(), 3);
        // A replay of the past hears it at the same place.
        const Ran again = run({QStringLiteral("rerun"), QStringLiteral("--workspace"), m_demo.workspace()});
        QVERIFY2(again.exitCode == 0, again.out + again.err);
    }

    void whatComesBackFindsNothing()
    {
        const QByteArray lines = query(m_demo.workspace(), "deviations", {QStringLiteral("--legacy-top-level")}).out;
        Scratch again;
        QByteArray many;
        for (int i = 0; i < 40; ++i) { // enough for a step or a value to be learned, were it taken for one
            QByteArray copy = lines;
            many += copy.replace("\"deviation:", "\"deviation:" + QByteArray::number(i) + ':');
        }
        const Ran ran = again.replay({again.file(QStringLiteral("deviations.ndjson"), many)});
        QVERIFY2(ran.exitCode == 0, ran.err.constData());
        QVERIFY(ran.json().value(QLatin1String("stored")).toInteger() > 100);
        QCOMPARE(ran.json().value(QLatin1String("dead_lettered")).toInteger(), 0);
        QCOMPARE(ran.json().value(QLatin1String("findings")).toInteger(), 0);
    }

    void eachFindingIsExplained()
    {
        // The demo has no step out of order; another log has one, and one that is late.
        const Scratch jobs;
        const QString folder = QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/golden/entropy/steps/");
        QCOMPARE(jobs.replay({folder + QStringLiteral("input.ndjson")},
                             {QStringLiteral("--pipeline"), folder + QStringLiteral("pipeline.yaml")}).exitCode, 0);
        QStringList kinds;
        explainAll(m_demo, kinds);
        explainAll(jobs, kinds);
        for (const char *kind :
             {"value_surprise", "sequence_surprise", "timing_surprise", "extra_step", "missing_step"})
            QVERIFY2(kinds.contains(QLatin1String(kind)), kind);
    }

private:
    static void explainAll(const Scratch &scratch, QStringList &kinds)
    {
        const auto explain = [&](const QString &id, bool json) {
            QStringList arguments = {QStringLiteral("explain"), id, QStringLiteral("--workspace"), scratch.workspace()};
            if (json)
                arguments << QStringLiteral("--json");
            return run(arguments);
        };
        const auto findings = scratch.query(QStringLiteral("findings"),
                                           QStringLiteral("origin = entropy or origin = absence"));
        for (const QJsonObject &finding : findings) {
            if (finding.value(QLatin1String("state")).toString() == QLatin1String("resolved"))
                continue; // the end of a finding surprises nobody
            const QString id = finding.value(QLatin1String("id")).toString();
            const QJsonObject out = explain(id.first(8), true).json();
            QCOMPARE(out.value(QLatin1String("id")).toString(), id);
            double sum = 0.0;
            for (const QJsonValue term : out.value(QLatin1String("terms")).toArray())
                sum += term.toObject().value(QLatin1String("bits")).toDouble();
            QVERIFY(std::abs(sum - out.value(QLatin1String("bits")).toDouble()) < 1e-9);
            QVERIFY(!out.value(QLatin1String("unsurprising")).toString().isEmpty());
            const QJsonArray past = out.value(QLatin1String("past_cases")).toArray();
            QVERIFY(past.size() <= 5);
            if (finding.value(QLatin1String("name")).toString() == QLatin1String("value_surprise"))
                QCOMPARE(past.size(), 5);
            if (finding.value(QLatin1String("name")).toString() == QLatin1String("missing_step")) {
                QCOMPARE(past.size(), 5); // others that did take the step
                QVERIFY(!explain(id, false).out.contains("p50 0ms"));
            }
            const QString at = finding.value(QLatin1String("ts")).toString();
            for (const QJsonValue one : past) {
                QVERIFY(one.toObject().value(QLatin1String("ts")).toString() <= at);
                const QJsonArray evidence = finding.value(QLatin1String("evidence")).toArray();
                QVERIFY(!evidence.contains(one.toObject().value(QLatin1String("event_id"))));
            }
            QVERIFY(explain(id, false).out.contains("It would not have surprised: "));
            kinds << finding.value(QLatin1String("name")).toString();
        }
        QCOMPARE(explain(QStringLiteral(".*.*"), false).exitCode, 2);
        QCOMPARE(explain(QStringLiteral("00000000000"), false).exitCode, 1);
    }

    Scratch m_demo;
};

EVENTOPS_TEST(TestDeviations)
#include "tst_deviations.moc"
