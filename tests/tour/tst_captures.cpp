// SPDX-License-Identifier: MIT
//
// Every shipped pipeline on a real capture, with the program just built. Captures that may not be shipped are looked
// for in the folder that $EVENTOPS_INPUTS names; without it those rows are skipped.
#include "tests/support/test_main.h"

#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QProcess>
#include <QtCore/QTemporaryDir>

namespace {

/// Files of a pattern, sorted; empty when there are none.
QStringList filesOf(const QString &pattern)
{
    const QFileInfo info(pattern);
    const QDir folder = info.dir();
    QStringList files;
    for (const QString &name : folder.entryList({info.fileName()}, QDir::Files, QDir::Name))
        files << folder.filePath(name);
    return files;
}

QString place(const QString &capture)
{
    const QString prefix = QStringLiteral("inputs:");
    if (!capture.startsWith(prefix))
        return QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/captures/") + capture;
    const QString folder = qEnvironmentVariable("EVENTOPS_INPUTS");
    return folder.isEmpty() ? QString() : folder + QLatin1Char('/') + capture.mid(prefix.size());
}

QJsonObject replay(const QString &pipeline, const QStringList &files, const QString &workspace, const QString &workers)
{
    QProcess program;
    program.start(QStringLiteral(EVENTOPS_CLI_DIR "/eventops"),
                  QStringList{QStringLiteral("replay"), QStringLiteral("--pipeline"),
                              QStringLiteral(EVENTOPS_SOURCE_DIR "/pipelines/definitions/") + pipeline,
                              QStringLiteral("--workspace"), workspace, QStringLiteral("--workers"), workers,
                              QStringLiteral("--json")}
                      + files);
    if (!program.waitForFinished(120'000) || program.exitCode() != 0) {
        qWarning("%s", program.readAllStandardError().constData());
        return {};
    }
    return QJsonDocument::fromJson(program.readAllStandardOutput()).object();
}

int number(const QJsonObject &object, const char *name)
{
    return object.value(QLatin1String(name)).toInt(-1);
}

} // namespace

class TestCaptures : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void pipelinesReadRealCaptures_data()
    {
        QTest::addColumn<QString>("pipeline");
        QTest::addColumn<QString>("capture");
        QTest::addColumn<int>("records");
        QTest::addColumn<int>("events");
        const auto row = [](const char *pipeline, const char *capture, int records, int events) {
            QTest::newRow(capture) << QString::fromLatin1(pipeline) << QString::fromLatin1(capture) << records
                                   << events;
        };
        row("default.yaml", "agents.ndjson", 132, 132);
        row("kafka_logs.yaml", "kafka_server.log", 706, 706);
        row("adage_fabric.yaml", "adage-fabric/case_*.jsonl", 20, 20);
        row("mongo_cdc.yaml", "mongo_files.ndjson", 17, 17);
        row("kafka_logs.yaml", "inputs:captures/kafka_controller.log", 570, 570);
        row("nginxplus.yaml", "inputs:captures/nginxplus.ndjson", 500, 500);
        row("otel_logs.yaml", "inputs:captures/otel_demo_logs.ndjson", 617, 1443);
        row("cloudtrail.yaml", "inputs:cloudtrail/invictus/*.json", 1, 29);
    }
    /// Everything becomes an event, nothing is lost, and two workers come to the same as one.
    void pipelinesReadRealCaptures()
    {
        QFETCH(QString, pipeline);
        QFETCH(QString, capture);
        QFETCH(int, records);
        QFETCH(int, events);
        const QString pattern = place(capture);
        if (pattern.isEmpty())
            QSKIP("EVENTOPS_INPUTS names no folder");
        const QStringList files = filesOf(pattern);
        QVERIFY2(!files.isEmpty(), qPrintable(pattern));
        QTemporaryDir one;
        QTemporaryDir two;
        const QJsonObject result = replay(pipeline, files, one.path(), QStringLiteral("1"));
        QCOMPARE(number(result, "received"), records);
        QCOMPARE(number(result, "stored"), records);
        QCOMPARE(number(result, "dead_lettered"), 0);
        QCOMPARE(number(result, "in_flight"), 0);
        QCOMPARE(number(result, "events"), events);
        const QString digest = result.value(QLatin1String("digest")).toString();
        QCOMPARE(digest.size(), 64);
        QCOMPARE(replay(pipeline, files, two.path(), QStringLiteral("2")), result);
    }
};

EVENTOPS_TEST(TestCaptures)
#include "tst_captures.moc"
