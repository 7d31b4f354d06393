// SPDX-License-Identifier: MIT
//
// The composed stack: the published services, ports and environment (contracts E6, E15, X24), each with something of
// this repository to run. What it does when it runs is shown where its parts are tested.
#include "tests/support/test_main.h"

#include "core/yaml/yaml.h"

#include <QtCore/QFileInfo>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>
#include <QtCore/QTemporaryDir>

#include <set>

using namespace eventops;

namespace {

constexpr char Folder[] = EVENTOPS_SOURCE_DIR "/installer/compose";

const Value &services()
{
    static const Value file = loadYaml(EVENTOPS_SOURCE_DIR "/installer/compose/compose.yaml").valueOr(Value());
    static const Value none;
    const Value *found = file.find("services");
    return found == nullptr ? none : *found;
}

QStringList textsOf(const Value *list)
{
    QStringList out;
    for (const Value &item : list == nullptr ? std::vector<Value>() : list->items())
        out.append(QString::fromStdString(item.text().valueOr("?")));
    return out;
}

/// "A=b", sorted.
QStringList environmentOf(const Value *map)
{
    QStringList out;
    for (const auto &[name, value] : map == nullptr ? std::vector<Value::Member>() : map->members())
        out.append(QString::fromStdString(name + '=' + value.text().valueOr("?")));
    out.sort();
    return out;
}

} // namespace

class TestCompose : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theEightServicesHaveTheirPortsAndEnvironment_data()
    {
        QTest::addColumn<QStringList>("ports");
        QTest::addColumn<QStringList>("environment"); // what the contract names; more may be there
        const auto list = [](const char *text) {
            return QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts);
        };
        QTest::newRow("broker") << list("9092:9092 9644:9644 8082:8082") << list("");
        QTest::newRow("schema-registry") << list("8081:8081") << list("SCHEMA_REGISTRY_KAFKA_BROKERS=broker:9092");
        QTest::newRow("clickhouse") << list("8123:8123 9000:9000") << list("");
        QTest::newRow("normalizer") << list("") << list("BROKERS=broker:9092 SCHEMA_URL=http://schema-registry:8081");
        QTest::newRow("enricher") << list("") << list("BROKERS=broker:9092");
        QTest::newRow("feature-rules") << list("") << list("BROKERS=broker:9092");
        QTest::newRow("api") << list("8088:8088") << list("BROKERS=broker:9092 CLICKHOUSE_URL=http://clickhouse:8123");
        QTest::newRow("ui") << list("8080:80") << list("");
    }
    void theEightServicesHaveTheirPortsAndEnvironment()
    {
        QFETCH(QStringList, ports);
        QFETCH(QStringList, environment);
        const Value *const service = services().find(QTest::currentDataTag());
        QVERIFY(service != nullptr);
        QCOMPARE(textsOf(service->find("ports")), ports);
        const QStringList given = environmentOf(service->find("environment"));
        for (const QString &one : environment)
            QVERIFY2(given.contains(one), qPrintable(one));
    }

    void thereIsNoOtherServiceAndNoPortTwice()
    {
        QCOMPARE(services().members().size(), std::size_t(8));
        std::set<QString> published;
        for (const auto &[name, service] : services().members()) {
            for (const QString &port : textsOf(service.find("ports")))
                QVERIFY2(published.insert(port.section(QLatin1Char(':'), 0, 0)).second, qPrintable(port));
            for (const QString &other : textsOf(service.find("depends_on")))
                QVERIFY2(services().find(other.toStdString()) != nullptr, qPrintable(other));
        }
        QVERIFY(published.contains(QStringLiteral("8081"))); // the registry's, by one of the two (X24)
    }

    void theThreeServicesAreOneProgramWithAPipelineEach()
    {
        std::set<std::string> workspaces;
        for (const char *name : {"normalizer", "enricher", "feature-rules"}) {
            const Value *const service = services().find(name);
            QVERIFY(service != nullptr);
            QCOMPARE(service->at("extends").at("service").text().valueOr(""), std::string("eventops"));
            QCOMPARE(textsOf(service->find("command")).first(), QString::fromLatin1(name));
            QVERIFY(QFileInfo::exists(
                QStringLiteral(EVENTOPS_SOURCE_DIR "/pipelines/definitions/%1.yaml").arg(QString::fromLatin1(name))));
            const QStringList volumes = textsOf(service->find("volumes"));
            QCOMPARE(volumes.size(), 1);
            QVERIFY(volumes.first().endsWith(QLatin1String(":/data")));
            QVERIFY(workspaces.insert(volumes.first().toStdString()).second); // none shares another one's ledger
        }
    }

    void theComposeClientTakesIt()
    {
        const QString client = QStandardPaths::findExecutable(QStringLiteral("docker-compose"));
        if (client.isEmpty())
            QSKIP("there is no docker-compose");
        QProcess process;
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(client, {QStringLiteral("-f"), QString::fromLatin1(Folder) + QStringLiteral("/compose.yaml"),
                               QStringLiteral("config"), QStringLiteral("-q")});
        QVERIFY(process.waitForFinished(60'000));
        QVERIFY2(process.exitCode() == 0, process.readAll().constData());
    }

    /// With a stand-in for the program, which writes down how it is called.
    void theEntryScriptStartsWhatTheServiceIs()
    {
        const QTemporaryDir folder;
        QFile stand(folder.filePath(QStringLiteral("eventops")));
        QVERIFY(stand.open(QIODevice::WriteOnly));
        stand.write("#!/bin/sh\necho \"$@\" >> \"$LOG\"\n");
        stand.close();
        stand.setPermissions(stand.permissions() | QFileDevice::ExeOwner);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("PATH"),
                           folder.path() + QLatin1Char(':') + environment.value(QStringLiteral("PATH")));
        environment.insert(QStringLiteral("LOG"), folder.filePath(QStringLiteral("log")));
        environment.insert(QStringLiteral("EVENTOPS_WORKSPACE"), QStringLiteral("/w"));
        environment.insert(QStringLiteral("EVENTOPS_SHARE"), QStringLiteral("/s"));
        environment.insert(QStringLiteral("BROKERS"), QStringLiteral("broker:9092"));
        environment.insert(QStringLiteral("CLICKHOUSE_URL"), QStringLiteral("http://clickhouse:8123"));
        QProcess process;
        process.setProcessEnvironment(environment);
        process.start(QString::fromLatin1(Folder) + QStringLiteral("/entry"),
                      textsOf(services().at("feature-rules").find("command")));
        QVERIFY(process.waitForFinished(20'000));
        QCOMPARE(process.exitCode(), 0);
        QFile log(folder.filePath(QStringLiteral("log")));
        QVERIFY(log.open(QIODevice::ReadOnly));
        const QList<QByteArray> lines = log.readAll().trimmed().split('\n');
        QCOMPARE(lines.size(), 3);
        QVERIFY(lines[0].startsWith("kafka init --workspace /w --brokers broker:9092 --writer eventops-feature-rules"));
        QVERIFY(lines[0].contains("--publish ops.alert.v1,"));
        QCOMPARE(lines[1], QByteArray("clickhouse init --workspace /w --url http://clickhouse:8123"));
        QCOMPARE(lines[2], QByteArray("run /s/pipelines/definitions/feature-rules.yaml --workspace /w"));
    }

    void theEntryScriptIsAScript()
    {
        const QString entry = QString::fromLatin1(Folder) + QStringLiteral("/entry");
        QVERIFY(QFileInfo(entry).isExecutable());
        QProcess process;
        process.start(QStringLiteral("sh"), {QStringLiteral("-n"), entry});
        QVERIFY(process.waitForFinished(10'000));
        QCOMPARE(process.exitCode(), 0);
        process.start(entry, {QStringLiteral("dance")});
        QVERIFY(process.waitForFinished(10'000));
        QCOMPARE(process.exitCode(), 2);
    }
};

EVENTOPS_TEST(TestCompose)
#include "tst_compose.moc"
