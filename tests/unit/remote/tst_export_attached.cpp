// SPDX-License-Identifier: MIT
//
// `eventops export --attach`: what an engine or topics elsewhere have, taken home and opened offline.
#include "tests/support/mock_cluster.h" // before Qt's macros
#include "tests/support/test_main.h"
#include "tests/unit/remote/served_program.h"
#include "tests/unit/remote/topics_fixture.h"

using namespace eventops;
using namespace eventops::test;

namespace {

QString definition(const char *name)
{
    return QStringLiteral(EVENTOPS_SOURCE_DIR "/pipelines/definitions/") + QLatin1String(name);
}

Ran exportFrom(const QString &address, const QString &file, const QStringList &more = {})
{
    return run(QStringList{QStringLiteral("export"), QStringLiteral("--json"), QStringLiteral("--attach"), address,
                           QStringLiteral("--out"), file}
               + more);
}

/// id → the whole row, but for what is each ledger's own.
std::map<QString, QJsonObject> rowsOf(const Scratch &scratch, const char *table, const char *filter = "")
{
    std::map<QString, QJsonObject> rows;
    for (QJsonObject row : scratch.query(QLatin1String(table), QLatin1String(filter))) {
        for (const char *const own : {"seq", "emission", "place"})
            row.remove(QLatin1String(own));
        const QString id = row.value(QLatin1String("id")).toString(row.value(QLatin1String("event_id")).toString());
        rows.emplace(id, row);
    }
    return rows;
}

} // namespace

class TestExportAttached : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void anEnginesEventsAreOpenedOffline()
    {
        const Scratch there, here;
        const QString pipeline = QStringLiteral("--pipeline");
        const Ran read = there.replay({QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson")},
                                      {pipeline, definition("default.yaml")});
        QVERIFY2(read.exitCode == 0, read.err);
        ServedProgram engine(there.workspace());
        QVERIFY(engine.start());
        const QString address = QStringLiteral("localhost:%1").arg(engine.port());
        const QString file = here.path(QStringLiteral("home.evcap"));
        QVERIFY(exportFrom(address, file).exitCode != 0); // by nobody's token
        QVERIFY(!QFile::exists(file));
        const QStringList token{QStringLiteral("--token-file"), there.workspace() + QStringLiteral("/api_tokens")};
        const Ran taken = exportFrom(address, file, token);
        QVERIFY2(taken.exitCode == 0, taken.err);
        QCOMPARE(taken.json().value(QLatin1String("bytes")).toInt(), static_cast<int>(QFileInfo(file).size()));
        QVERIFY(exportFrom(address, file, token).exitCode != 0); // it is there, and nobody said --force
        engine.kill();

        const Ran opened = here.replay({file}, {pipeline, definition("default.yaml")});
        QVERIFY2(opened.exitCode == 0, opened.err);
        QVERIFY(opened.json().value(QLatin1String("findings")).toInt() > 0);
        QCOMPARE(opened.json().value(QLatin1String("digest")), read.json().value(QLatin1String("digest")));
    }

    void whatTopicsHaveIsOpenedOffline()
    {
        MockCluster mock;
        for (const ContractTopic &topic : contractTopics())
            mock.makeTopic(std::string(topic.name).c_str(), 2);
        PublishingEngine engine(mock.brokers());
        QCOMPARE(engine.failure(), std::string());
        QCOMPARE(engine.publish(), std::string());
        const Scratch here;
        const QString file = here.path(QStringLiteral("topics.evcap"));
        const Ran taken = exportFrom(QStringLiteral("kafka://") + QString::fromStdString(mock.brokers()), file);
        QVERIFY2(taken.exitCode == 0, taken.err);
        const Ran opened = here.replay({file}, {QStringLiteral("--pipeline"), definition("topics.yaml")});
        QVERIFY2(opened.exitCode == 0, opened.err);

        const auto findings = findingsOf(engine.backend());
        QVERIFY(findings.size() > 10);
        const auto found = rowsOf(here, "findings");
        QCOMPARE(found.size(), findings.size());
        for (const auto &[id, finding] : findings) {
            const auto row = found.find(QString::fromStdString(id));
            QVERIFY2(row != found.end(), id.c_str());
            QCOMPARE(row->second.value(QLatin1String("name")).toString().toStdString(), finding.name);
        }
        const auto events = eventsOf(engine.backend(), "");
        const auto seen = rowsOf(here, "events", NotOfTopics);
        QCOMPARE(seen.size(), events.size());
        for (const auto &[id, type] : events)
            QVERIFY2(seen.contains(QString::fromStdString(id)), id.c_str());
    }
};

EVENTOPS_TEST(TestExportAttached)
#include "tst_export_attached.moc"
