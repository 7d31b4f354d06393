// SPDX-License-Identifier: MIT
//
// What the demo's stages expect next, on the wire: one valid prediction a case, the same in every run, and no echo.
#include "tests/support/json_schema.h"
#include "tests/support/program.h"
#include "tests/support/test_main.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QSet>

using namespace eventops::test;

namespace {

Ran predictions(const QString &workspace, const QStringList &more = {})
{
    return run(QStringList{QStringLiteral("query"), QStringLiteral("predictions"), QStringLiteral("--workspace"),
                           workspace} + more);
}

QList<QByteArray> linesOf(const Ran &ran)
{
    QList<QByteArray> lines = ran.out.split('\n');
    lines.removeAll(QByteArray());
    return lines;
}

} // namespace

class TestPredictions : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        for (Scratch *demo : {&m_demo, &m_again}) {
            const Ran ran = run({QStringLiteral("demo"), QStringLiteral("--json"), QStringLiteral("--workspace"),
                                 demo->workspace()});
            QVERIFY2(ran.exitCode == 0, ran.err.constData());
        }
    }

    void eachIsAValidEnvelope()
    {
        const JsonSchema schema(QStringLiteral("envelope"));
        QCOMPARE(schema.error(), QString());
        const QList<QByteArray> lines = linesOf(predictions(m_demo.workspace()));
        QVERIFY(lines.size() > 10);
        QSet<QString> keys;
        for (const QByteArray &line : lines) {
            QCOMPARE(schema.check(line), QString());
            const QJsonObject object = QJsonDocument::fromJson(line).object();
            QCOMPARE(object.value(QLatin1String("event_type")).toString(), QStringLiteral("entropy.predicted"));
            keys.insert(object.value(QLatin1String("idempotency_key")).toString());
            const QJsonObject attrs = object.value(QLatin1String("attrs")).toObject();
            const QJsonArray expected = attrs.value(QLatin1String("expected")).toArray();
            QVERIFY(!expected.isEmpty() && expected.size() <= 3);
            QCOMPARE(attrs.value(QLatin1String("step")), expected.at(0).toObject().value(QLatin1String("step")));
            double sum = 0.0;
            for (const QJsonValue next : expected)
                sum += next.toObject().value(QLatin1String("probability")).toDouble();
            QVERIFY(sum > 0.0 && sum <= 1.0 + 1e-6);
            const auto text = [&](const char *name) { return attrs.value(QLatin1String(name)).toString(); };
            if (!text("eta").isEmpty()) {
                QCOMPARE(attrs.value(QLatin1String("confidence")).toDouble(), 0.9);
                QVERIFY(text("low") == object.value(QLatin1String("ts")).toString());
                QVERIFY(!text("high").isEmpty() && !text("standing").isEmpty());
            }
        }
        QCOMPARE(keys.size(), lines.size());
    }

    void theSameRunExpectsTheSame()
    {
        QCOMPARE(predictions(m_again.workspace()).out, predictions(m_demo.workspace()).out);
    }

    void takesALimitAndNoFilter()
    {
        QCOMPARE(linesOf(predictions(m_demo.workspace(), {QStringLiteral("--limit"), QStringLiteral("1")})).size(), 1);
        const Ran refused = predictions(m_demo.workspace(), {QStringLiteral("severity >= error")});
        QVERIFY(refused.exitCode != 0);
        QVERIFY(refused.err.contains("take no filter"));
    }

    void whatComesBackIsNoStep()
    {
        const QByteArray lines = predictions(m_demo.workspace()).out;
        Scratch again;
        QByteArray many;
        for (int i = 0; i < 40; ++i) {
            QByteArray copy = lines;
            many += copy.replace("\"prediction:", "\"prediction:" + QByteArray::number(i) + ':');
        }
        const Ran ran = again.replay({again.file(QStringLiteral("predictions.ndjson"), many)});
        QVERIFY2(ran.exitCode == 0, ran.err.constData());
        QVERIFY(ran.json().value(QLatin1String("stored")).toInteger() >= 40);
        QCOMPARE(ran.json().value(QLatin1String("dead_lettered")).toInteger(), 0);
        QCOMPARE(ran.json().value(QLatin1String("findings")).toInteger(), 0);
        QVERIFY(predictions(again.workspace()).out.isEmpty());
    }

private:
    Scratch m_demo, m_again;
};

EVENTOPS_TEST(TestPredictions)
#include "tst_predictions.moc"
