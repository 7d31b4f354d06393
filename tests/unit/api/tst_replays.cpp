// SPDX-License-Identifier: MIT
//
// Captures read in over HTTP: from the server's own folder alone, by those who may, with their progress and an end.
#include "tests/support/test_main.h"

#include "tests/unit/api/api_fixture.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QTemporaryDir>

using namespace eventops;
using eventops::test::HttpAnswer;
using eventops::test::ServedWorkspace;

namespace {

constexpr char Path[] = "/api/v1/replays";

/// A server with a folder of captures; one link leads out of it.
class Captures
{
public:
    explicit Captures(bool readOnly = false)
    {
        QDir(folder.path()).mkpath(QStringLiteral("in/more"));
        QFile::copy(QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson"),
                    at("in/more/agents.ndjson"));
        QFile::copy(at("in/more/agents.ndjson"), at("outside.ndjson"));
        QFile::copy(at("in/more/agents.ndjson"), at("in/.hidden"));
        QFile::link(at("outside.ndjson"), at("in/link.ndjson"));
        served = std::make_unique<ServedWorkspace>("", false, "default", [&](api::ApiOptions &options) {
            options.readOnly = readOnly;
            options.replays.directory = at("in").toStdString();
            options.replays.pipeline = []() -> Result<std::pair<std::string, std::string>> {
                const std::string path = EVENTOPS_SOURCE_DIR "/pipelines/definitions/default.yaml";
                QFile file(QString::fromStdString(path));
                if (!file.open(QIODevice::ReadOnly))
                    return Error{Error::Code::NotFound, "no pipeline"};
                return std::pair(path, file.readAll().toStdString());
            };
        });
    }
    QString at(const char *name) const { return folder.filePath(QString::fromLatin1(name)); }
    HttpAnswer start(const QByteArray &capture, const char *token = "operator") const
    {
        return served->post(Path, "{\"capture\":\"" + capture + "\"}", token);
    }
    QString stateOf(const QByteArray &id) const
    {
        return served->get(QByteArray(Path) + '/' + id).json()[QLatin1String("state")].toString();
    }

    QTemporaryDir folder;
    std::unique_ptr<ServedWorkspace> served;
};

} // namespace

class TestReplays : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void anOperatorReadsACaptureIn()
    {
        const Captures captures;
        QCOMPARE(captures.served->failure(), std::string());
        const HttpAnswer begun = captures.start("more/agents.ndjson");
        QCOMPARE(begun.status, 202);
        const QByteArray id = begun.json()[QLatin1String("id")].toString().toLatin1();
        QVERIFY(!id.isEmpty());
        QTRY_COMPARE_WITH_TIMEOUT(captures.stateOf(id), QStringLiteral("done"), 60'000);
        const QJsonObject replay = captures.served->get(QByteArray(Path) + '/' + id).json();
        QCOMPARE(replay[QLatin1String("capture")].toString(), QStringLiteral("more/agents.ndjson"));
        QCOMPARE(replay[QLatin1String("user")].toString(), QStringLiteral("operator"));
        const double stored = replay[QLatin1String("records")].toObject()[QLatin1String("stored")].toDouble();
        QVERIFY(stored > 0);
        QVERIFY(!captures.served->get("/api/v1/events?limit=1").json()[QLatin1String("events")].toArray().isEmpty());
        // Once more: every record is known.
        const QByteArray again = captures.start("more/agents.ndjson").json()[QLatin1String("id")].toString().toLatin1();
        QTRY_COMPARE_WITH_TIMEOUT(captures.stateOf(again), QStringLiteral("done"), 60'000);
        const QJsonArray all = captures.served->get(Path).json()[QLatin1String("replays")].toArray();
        QCOMPARE(all.size(), 2);
        QCOMPARE(all[0].toObject()[QLatin1String("id")].toString().toLatin1(), again); // newest first
        QCOMPARE(all[0].toObject()[QLatin1String("records")].toObject()[QLatin1String("stored")].toDouble(), 0.0);
        // What has ended cannot be ended.
        QCOMPARE(captures.served->post(QByteArray(Path) + '/' + id + "/cancel", {}).status, 200);
        QCOMPARE(captures.stateOf(id), QStringLiteral("done"));
    }

    void nothingOutsideTheFolderIsRead_data()
    {
        QTest::addColumn<QByteArray>("capture");
        QTest::addColumn<int>("status");
        QTest::newRow("absolute") << QByteArray("/etc/passwd") << 400;
        QTest::newRow("upwards") << QByteArray("../outside.ndjson") << 400;
        QTest::newRow("upwards inside") << QByteArray("more/../../outside.ndjson") << 400;
        QTest::newRow("hidden") << QByteArray(".hidden") << 400;
        QTest::newRow("by a link") << QByteArray("link.ndjson") << 404;
        QTest::newRow("a folder") << QByteArray("more") << 404;
        QTest::newRow("with a slash") << QByteArray("more/") << 400;
        QTest::newRow("not there") << QByteArray("none.ndjson") << 404;
        QTest::newRow("empty") << QByteArray("") << 400;
        QTest::newRow("standard input") << QByteArray("-") << 404;
        QTest::newRow("long") << QByteArray(2'000, 'a') << 400;
    }
    void nothingOutsideTheFolderIsRead()
    {
        QFETCH(QByteArray, capture);
        QFETCH(int, status);
        const Captures captures;
        const HttpAnswer answer = captures.start(capture);
        QCOMPARE(answer.status, status);
        QVERIFY(!answer.body.contains(captures.folder.path().toLocal8Bit())); // where it lies is not told
        QVERIFY(captures.served->get(Path).json()[QLatin1String("replays")].toArray().isEmpty());
    }

    void onlyWhoMayStartsAndSees()
    {
        const Captures captures;
        QCOMPARE(captures.start("more/agents.ndjson", "viewer").status, 403);
        QCOMPARE(captures.start("more/agents.ndjson", "acme").status, 403);  // of one tenant
        QCOMPARE(captures.start("more/agents.ndjson", "other").status, 403); // an admin of another one
        QCOMPARE(captures.served->get(Path, "acme").status, 403);
        QCOMPARE(captures.served->get(Path, "viewer").status, 200);
        QCOMPARE(captures.served->get(QByteArray(Path) + "/r9").status, 404);
        QCOMPARE(captures.served->post(QByteArray(Path) + "/r9/cancel", {}).status, 404);
        QCOMPARE(captures.served->post(QByteArray(Path) + "/r9/cancel", {}, "viewer").status, 403);
        const Captures locked(true);
        QCOMPARE(locked.start("more/agents.ndjson", "admin").status, 403); // --read-only
        QVERIFY(locked.served->get(Path).json()[QLatin1String("replays")].toArray().isEmpty());
        const ServedWorkspace none(""); // without a folder
        QCOMPARE(none.post(Path, R"({"capture":"agents.ndjson"})").status, 403);
    }

    void aReplayCanBeEnded()
    {
        const Captures captures;
        QFile large(captures.at("in/large.ndjson"));
        QVERIFY(large.open(QIODevice::WriteOnly));
        QByteArray line = R"({"tenant_id":"acme","host":"host-a","metric":"cpu_load","value":1,"ts_event":"T"})";
        for (int i = 0; i < 400'000; ++i)
            large.write(QByteArray(line).replace("\"T\"", '"' + QByteArray::number(1'700'000'000 + i) + '"') + '\n');
        large.close();
        const QByteArray id = captures.start("large.ndjson").json()[QLatin1String("id")].toString().toLatin1();
        QCOMPARE(captures.served->post(QByteArray(Path) + '/' + id + "/cancel", {}, "operator").status, 200);
        QTRY_COMPARE_WITH_TIMEOUT(captures.stateOf(id), QStringLiteral("cancelled"), 30'000);
    }

    void noMoreThanSomeWait()
    {
        const Captures captures;
        QFile::copy(captures.at("in/more/agents.ndjson"), captures.at("in/a.ndjson"));
        QList<int> statuses;
        for (int i = 0; i < 60; ++i)
            statuses.append(captures.start("a.ndjson").status);
        for (const int status : statuses)
            QVERIFY(status == 202 || status == 503);
        QVERIFY(statuses.contains(202));
        QVERIFY(captures.served->get(Path).json()[QLatin1String("replays")].toArray().size() <= 32);
    }
};

EVENTOPS_TEST(TestReplays)
#include "tst_replays.moc"
