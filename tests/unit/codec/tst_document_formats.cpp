// SPDX-License-Identifier: MIT
//
// The tables of formats: each is sound, and knows its own documents and no other's.
#include "tests/support/test_main.h"

#include "core/codec/document_format.h"
#include "core/codec/format_tables.h"
#include "core/yaml/yaml.h"
#include "tests/unit/codec/codec_fixture.h"

using namespace eventops;
using namespace eventops::test;

class TestDocumentFormats : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void tablesAreSound_data()
    {
        QTest::addColumn<QByteArray>("text");
        for (const auto &[name, text] : formatTables())
            QTest::newRow(std::string(name).c_str()) << QByteArray(text.data(), static_cast<qsizetype>(text.size()));
    }
    void tablesAreSound()
    {
        QFETCH(QByteArray, text);
        const auto value = parseYaml(text.toStdString(), QTest::currentDataTag());
        QVERIFY2(bool(value), value ? "" : value.error().text().c_str());
        const auto format = DocumentFormat::parse(value.value());
        QVERIFY2(bool(format), format ? "" : format.error().text().c_str());
    }

    /// formats.md says of each what the program says.
    void documentationListsThem()
    {
        QFile file(QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/docs/formats.md"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray text = file.readAll();
        QVERIFY(documentFormats().size() > 10);
        for (const DocumentFormat &format : documentFormats()) {
            const std::string row = "\n| `" + format.name() + "` | " + format.summary() + " |\n";
            QVERIFY2(text.contains(row.c_str()), row.c_str());
        }
    }

    void damagedTablesAreTold_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("said");
        const auto row = [](const char *name, const char *text, const char *said) {
            QTest::newRow(name) << QByteArray(text) << QByteArray(said);
        };
        row("no map", "format: x\nsummary: y\nwhen: {a: any}\n", "t.yaml:1:1: a format needs map");
        row("another member", "format: x\nsummary: y\nwhen: {a: any}\nmap: {ts: t}\ncolor: red\n",
            "t.yaml:5:8: a format has no \"color\"");
        row("a kind that is none", "format: x\nsummary: y\nwhen: {a: thing}\nmap: {ts: t}\n",
            "t.yaml:3:11: when.a: expected a kind");
        row("a path that is none", "format: x\nsummary: y\nwhen: {'a[': any}\nmap: {ts: t}\n", "t.yaml:3:14: when: ");
        row("no condition", "format: x\nsummary: y\nwhen: {}\nmap: {ts: t}\n", "t.yaml:3:7: when: expected");
        row("a field that is none", "format: x\nsummary: y\nwhen: {a: any}\nmap: {time: t}\n",
            "t.yaml:4:13: map: there is no field");
    }
    void damagedTablesAreTold()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, said);
        const auto value = parseYaml(text.toStdString(), "t.yaml");
        QVERIFY2(bool(value), value ? "" : value.error().text().c_str());
        const auto format = DocumentFormat::parse(value.value());
        QVERIFY(!format);
        QVERIFY2(format.error().text().find(said.constData()) == 0, format.error().text().c_str());
    }

    /// Real documents are of the format that their folder says, whole.
    void realDocuments_data()
    {
        QTest::addColumn<QString>("codec");
        QTest::newRow("otlp/proto-examples/logs.json") << QStringLiteral("otlp.logs");
        QTest::newRow("otlp/proto-examples/events.json") << QStringLiteral("otlp.logs");
        QTest::newRow("otlp/proto-examples/metrics.json") << QStringLiteral("otlp.metrics");
        QTest::newRow("otlp/proto-examples/trace.json") << QStringLiteral("otlp.traces");
        QTest::newRow("alertmanager/alerta-prometheus_v4_alert.json") << QStringLiteral("alertmanager");
        QTest::newRow("kubernetes/audit/falco-create_secret.json") << QStringLiteral("kubernetes.audit");
        QTest::newRow("kubernetes/audit/falco-exec_pod.json") << QStringLiteral("kubernetes.audit");
        QTest::newRow("kubernetes/events/fluentbit-eventlist_v1_with_lastTimestamp.json")
            << QStringLiteral("kubernetes.events");
        QTest::newRow("kubernetes/events/fluentbit-watch_v1_with_lastTimestamp.json")
            << QStringLiteral("kubernetes.watch");
        QTest::newRow("cloudevents/cdevents/service_deployed.json") << QStringLiteral("cdevents");
        QTest::newRow("openlineage/client__python__tests__example_full_event.json") << QStringLiteral("openlineage");
        QTest::newRow("incident-webhooks/pagerduty/v3_incident_triggered.json") << QStringLiteral("pagerduty");
        QTest::newRow("incident-webhooks/opsgenie/create.json") << QStringLiteral("opsgenie");
        QTest::newRow("prometheus/node_exporter/textfile__histogram__metrics.prom") << QStringLiteral("prometheus");
        QTest::newRow("prometheus/node_exporter/textfile__summary__metrics.prom") << QStringLiteral("prometheus");
    }
    void realDocuments()
    {
        QFETCH(QString, codec);
        const std::string document = readFile(outsidePath("EVENTOPS_INPUTS", QTest::currentDataTag()));
        if (document.empty())
            QSKIP("the document is not here");
        std::vector<std::string> records{document};
        if (codec == QLatin1String("prometheus")) {
            records.clear();
            std::istringstream lines(document);
            for (std::string line; std::getline(lines, line);)
                records.push_back(line);
        }
        const Decoded decoded =
            decodeAll(*codecByName(codec == QLatin1String("prometheus") ? "prometheus" : "auto"), records);
        for (std::size_t i = 0; i < records.size(); ++i)
            QVERIFY2(decoded.reasons[i].empty(), (decoded.reasons[i] + ": " + decoded.details[i]).c_str());
        QVERIFY(!decoded.batch.events.empty());
        for (std::size_t i = 0; i < decoded.batch.events.size(); ++i) {
            QCOMPARE(QString::fromStdString(decoded.text(Field::Codec, i)), codec);
            QVERIFY(decoded.event(i)[Field::Type] != NoStr);
        }
    }

    /// A sample that is read and written is the sample.
    void samplesComeBack_data()
    {
        QTest::addColumn<QByteArray>("line");
        for (const char *const line : {"up 1", "http_requests_total{method=\"post\",code=\"200\"} 1027 1762156800123",
                                       "a{b=\"\\\\\\\"\\n\"} -2.5e-07", "{\"dotted.name\",x=\"1\"} NaN", "x +Inf 0",
                                       "big 9007199254740993", "e{f=\"\"} 0"})
            QTest::newRow(line) << QByteArray(line);
    }
    void samplesComeBack()
    {
        QFETCH(QByteArray, line);
        const Decoded decoded = decodeOne("prometheus", line.toStdString());
        QCOMPARE(decoded.details.front(), std::string());
        LossReport loss;
        const auto again = codecByName("prometheus")->encode(decoded.batch, decoded.event(), loss);
        QVERIFY2(bool(again), again ? "" : again.error().text().c_str());
        QCOMPARE(QByteArray::fromStdString(again.value()), line);
        QVERIFY(loss.items.empty());
    }
};

EVENTOPS_TEST(TestDocumentFormats)
#include "tst_document_formats.moc"
