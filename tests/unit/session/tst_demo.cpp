// SPDX-License-Identifier: MIT
//
// `eventops demo` as a whole: the same day every time, its faults found, and a world that mends when it is told to.
#include "core/session/demo.h"
#include "tests/support/program.h"
#include "tests/support/test_main.h"

#include <QtCore/QJsonArray>

using namespace eventops::test;

namespace {

Ran demo(const QString &workspace, const QStringList &more = {})
{
    return run(QStringList{QStringLiteral("demo"), QStringLiteral("--json"), QStringLiteral("--workspace"), workspace}
               + more);
}

QString text(const QJsonObject &object, const char *key)
{
    return object.value(QLatin1String(key)).toString();
}

qint64 number(const QJsonObject &object, const char *key)
{
    return object.value(QLatin1String(key)).toInteger();
}

QJsonObject faultNamed(const QJsonObject &card, const char *id)
{
    const QJsonArray faults = card.value(QLatin1String("faults")).toArray();
    for (const auto &fault : faults) {
        if (text(fault.toObject(), "id") == QLatin1String(id))
            return fault.toObject();
    }
    return {};
}

const QString Checkout = QStringLiteral("host:checkout-2");

} // namespace

class TestDemo : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theSameSeedIsTheSameDay()
    {
        QString digest;
        const QList<QStringList> runs = {
            {QStringLiteral("--workers"), QStringLiteral("1")},
            {QStringLiteral("--workers"), QStringLiteral("2")},
            {QStringLiteral("--workers"), QStringLiteral("4"), QStringLiteral("--pace"), QStringLiteral("0")},
            {QStringLiteral("--workers"), QStringLiteral("2"), QStringLiteral("--pace"), QStringLiteral("6000")},
        };
        for (const QStringList &more : runs) {
            Scratch scratch;
            const Ran ran = demo(scratch.workspace(), more);
            QVERIFY2(ran.exitCode == 0, ran.err.constData());
            const QJsonObject out = ran.json();
            QCOMPARE(text(out, "digest").size(), 64);
            QCOMPARE(number(out, "dead_lettered"), 2);
            QVERIFY(number(out, "duplicate") > 0);
            QCOMPARE(number(out, "received"), number(out, "stored") + number(out, "duplicate") + 2);
            if (digest.isEmpty())
                digest = text(out, "digest");
            QCOMPARE(text(out, "digest"), digest);
        }
        Scratch scratch;
        QVERIFY(text(demo(scratch.workspace(), {QStringLiteral("--seed"), QStringLiteral("8")}).json(), "digest")
                != digest);
    }

    void theScorecardIsMeasured()
    {
        Scratch scratch;
        const QJsonObject card = demo(scratch.workspace()).json().value(QLatin1String("scorecard")).toObject();
        const double precision = card.value(QLatin1String("precision")).toDouble();
        const double recall = card.value(QLatin1String("recall")).toDouble();
        QVERIFY(precision > 0.5 && precision <= 1.0);
        QVERIFY(recall > 0.5 && recall <= 1.0);
        QCOMPARE(number(card, "detected") + number(card, "missed"), 6);
        QCOMPARE(number(card, "open"), 0);
        const QJsonObject cpu = faultNamed(card, "cpu-after-deployment");
        QCOMPARE(text(cpu, "outcome"), QStringLiteral("detected"));
        QVERIFY(number(cpu, "lead_time_ms") < 60'000);
        // The load stood at 85 and then at 97, said by findings that know when it was over.
        const auto rows = scratch.query(QStringLiteral("findings"), QStringLiteral("name = cpu_load_threshold"));
        QStringList states;
        for (const QJsonObject &row : rows)
            states << text(row, "state") + QLatin1Char(' ') + text(row, "severity");
        QVERIFY(states.contains(QStringLiteral("firing warning")));
        QVERIFY(states.contains(QStringLiteral("firing critical")));
        QVERIFY(states.contains(QStringLiteral("resolved critical")));
    }

    void theDeploymentIsTheCauseInTheGraph()
    {
        Scratch scratch;
        QCOMPARE(demo(scratch.workspace(), {QStringLiteral("--duration"), QStringLiteral("64m")}).exitCode, 0);
        const auto causes = scratch.query(QStringLiteral("links"), QStringLiteral("type = causes"));
        bool deployment = false, job = false;
        for (const QJsonObject &row : causes) {
            const QString source = text(row.value(QLatin1String("source")).toObject(), "id");
            const QString target = text(row.value(QLatin1String("target")).toObject(), "id");
            deployment = deployment || (source == QLatin1String("deployment:checkout-231") && target == Checkout);
            job = job || (source.startsWith(QLatin1String("order:")) && target.startsWith(QLatin1String("job:")));
        }
        QVERIFY(deployment);
        QVERIFY(job);
        QVERIFY(!scratch.query(QStringLiteral("links"), QStringLiteral("type = part_of")).isEmpty());
    }

    void anApprovedActionMendsTheWorld()
    {
        const QStringList short80 = {QStringLiteral("--duration"), QStringLiteral("80m")};
        const QString resolved = QStringLiteral("state = resolved and name = cpu_load_threshold");
        Scratch left;
        QCOMPARE(demo(left.workspace(), short80).exitCode, 0);
        QCOMPARE(left.query(QStringLiteral("findings"), resolved).size(), 0); // its scripted end comes later

        Scratch mended;
        const QStringList approve = {QStringLiteral("--approve"), QStringLiteral("--pace"), QStringLiteral("100")};
        const Ran ran = demo(mended.workspace(), short80 + approve);
        QVERIFY2(ran.exitCode == 0, ran.err.constData());
        const auto rows = mended.query(QStringLiteral("findings"), resolved);
        QCOMPARE(rows.size(), 1);
        QCOMPARE(text(rows.front().value(QLatin1String("entity")).toObject(), "id"), Checkout);
        const auto done = mended.query(QStringLiteral("actions"), QStringLiteral("command = restart_service"));
        QCOMPARE(done.size(), 1);
        QCOMPARE(text(done.front(), "state"), QStringLiteral("succeeded"));

        // The same world again, with what was done to it, at once: the same bytes, so all of them are duplicates.
        const QJsonObject again = demo(mended.workspace(), short80).json();
        const QJsonObject once = ran.json();
        QVERIFY(number(again, "received") > number(once, "received"));
        QCOMPARE(number(again, "received") - number(once, "received"),
                 number(again, "duplicate") - number(once, "duplicate"));
        QCOMPARE(text(again, "digest"), text(once, "digest"));
    }

    void optionsReachSourceAndExecutor()
    {
        const std::string given = "pipeline: x\n"
                                  "sources:\n  - capture: {path: a}\n  - scenario: {file: s.yaml, pace: 1}\n"
                                  "executors: {demo: {steps: 2}, webhook: {url: u}}\n";
        const eventops::DemoOptions options{5, 60.0, "90m", {}, "/w/world"};
        const auto text = eventops::demoPipeline(given, "x.yaml", options);
        QVERIFY(bool(text));
        QCOMPARE(QByteArray::fromStdString(text.value()),
                 QByteArray("{'pipeline':'x','sources':[{'capture':{'path':'a'}},{'scenario':{'file':'s.yaml',"
                            "'pace':60,'seed':5,'duration':'90m','world':'/w/world'}}],'executors':{'demo':{'steps':2,"
                            "'world':'/w/world'},'webhook':{'url':'u'}}}")
                     .replace('\'', '"'));
        QVERIFY(!eventops::demoPipeline("pipeline: x\nsources: [{capture: {}}]\n", "x.yaml", options));
        QVERIFY(!eventops::demoPipeline("pipeline: [", "x.yaml", options));
    }

    void aWorkspaceOfItsOwnWhenNoneIsNamed()
    {
        const Ran ran = run({QStringLiteral("demo"), QStringLiteral("--json"), QStringLiteral("--duration"),
                             QStringLiteral("1m")});
        QVERIFY2(ran.exitCode == 0, ran.err.constData());
        const QString workspace = text(ran.json(), "workspace");
        QVERIFY(QFile::exists(workspace + QStringLiteral("/ledger.db")));
        QVERIFY(QDir(workspace).removeRecursively());
        QCOMPARE(run({QStringLiteral("demo"), QStringLiteral("--duration"), QStringLiteral("soon")}).exitCode, 1);
        QCOMPARE(run({QStringLiteral("demo"), QStringLiteral("--pace"), QStringLiteral("-3")}).exitCode, 2);
    }
};

EVENTOPS_TEST(TestDemo)
#include "tst_demo.moc"
