// SPDX-License-Identifier: MIT
//
// Prometheus itself against `/metrics`, where its programs are installed (Debian's package `prometheus`).
#include "tests/support/test_main.h"

#include "tests/support/free_port.h"
#include "tests/unit/api/api_fixture.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>

#include <csignal>

using namespace eventops;
using eventops::test::HttpAnswer;
using eventops::test::HttpClient;
using eventops::test::ServedWorkspace;

class TestPrometheus : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void itsCheckerFindsNothing()
    {
        const QString checker = QStandardPaths::findExecutable(QStringLiteral("promtool"));
        if (checker.isEmpty())
            QSKIP("there is no promtool");
        const ServedWorkspace served;
        const HttpAnswer answer = served.get("/metrics");
        QCOMPARE(answer.status, 200);
        QVERIFY(answer.body.contains("\neventops_events_total "));
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(checker, {QStringLiteral("check"), QStringLiteral("metrics")});
        process.write(answer.body);
        process.closeWriteChannel();
        QVERIFY(process.waitForFinished(30'000));
        QCOMPARE(process.readAll(), QByteArray()); // no error, and no advice either
        QCOMPARE(process.exitCode(), 0);
    }

    void itScrapesWithAToken()
    {
        const QString program = QStandardPaths::findExecutable(QStringLiteral("prometheus"));
        if (program.isEmpty())
            QSKIP("there is no prometheus");
        const ServedWorkspace served;
        const QTemporaryDir folder;
        QFile settings(folder.filePath(QStringLiteral("prometheus.yml")));
        QVERIFY(settings.open(QIODevice::WriteOnly));
        settings.write("global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: eventops\n    authorization: "
                       "{credentials: "
                       + ServedWorkspace::token("viewer") + "}\n    static_configs: [{targets: ['127.0.0.1:"
                       + QByteArray::number(served.port()) + "']}]\n");
        settings.close();
        const auto port = static_cast<quint16>(test::freePort());
        QProcess process;
        process.start(program, {QStringLiteral("--config.file=") + settings.fileName(),
                                QStringLiteral("--storage.tsdb.path=") + folder.filePath(QStringLiteral("data")),
                                QStringLiteral("--web.listen-address=127.0.0.1:%1").arg(port)});
        QVERIFY(process.waitForStarted());
        const auto scraped = [&] {
            HttpClient client(port);
            client.send("GET /api/v1/query?query=eventops_events_total HTTP/1.1\r\nHost: localhost\r\n\r\n");
            const QJsonArray rows =
                client.read().json()[QLatin1String("data")].toObject()[QLatin1String("result")].toArray();
            return rows.isEmpty() ? QString() : rows[0].toObject()[QLatin1String("value")].toArray()[1].toString();
        };
        QTRY_VERIFY_WITH_TIMEOUT(!scraped().isEmpty(), 40'000);
        const auto ledger = Ledger::open(served.directory(), LedgerMode::Read, {}).value();
        QCOMPARE(scraped().toULongLong(), ledger->eventCount().valueOr(0));
        ::kill(static_cast<pid_t>(process.processId()), SIGTERM);
        process.waitForFinished(20'000);
    }
};

EVENTOPS_TEST(TestPrometheus)
#include "tst_prometheus.moc"
