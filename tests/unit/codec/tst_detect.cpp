// SPDX-License-Identifier: MIT
//
// What detect() takes bytes for: each golden document by its own format, real documents by what their folder says, and
// nothing for what is nothing.
#include "tests/support/test_main.h"

#include "core/codec/detect.h"
#include "core/codec/document_format.h"
#include "tests/unit/codec/codec_fixture.h"

#include <filesystem>
#include <random>

using namespace eventops;
using namespace eventops::test;

class TestDetect : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// A document of a golden case is told to be what the pipeline read it as.
    void goldenDocuments_data()
    {
        QTest::addColumn<QString>("file");
        for (const auto &entry : std::filesystem::directory_iterator(EVENTOPS_SOURCE_DIR "/tests/golden/formats")) {
            const std::string name = entry.path().filename().string();
            if (name != "prometheus") // read by name
                QTest::newRow(name.c_str()) << QString::fromStdString((entry.path() / "input.log").string());
        }
    }
    void goldenDocuments()
    {
        QFETCH(QString, file);
        std::istringstream lines(readFile(file.toStdString()));
        std::size_t known = 0;
        for (std::string line; std::getline(lines, line);) {
            const Decoded read = decodeOne("auto", line);
            if (!read.reasons[0].empty() || read.batch.events.empty())
                continue;
            const Detection found = detect(line);
            const std::string codec = read.text(Field::Codec);
            QVERIFY2(found.best.codec == codec || codec == "json",
                     (line.substr(0, 200) + ": " + found.best.codec + ", read as " + codec).c_str());
            QVERIFY(found.best.confidence > 0.0 && found.best.confidence <= 1.0);
            ++known;
        }
        QVERIFY(known > 0);
    }

    void realDocuments_data()
    {
        QTest::addColumn<QString>("codec");
        const std::pair<const char *, const char *> rows[] = {
            {"alertmanager/alerta-prometheus_v4_alert.json", "alertmanager"},
            {"aws-events/lambda-go/s3-event.json", "aws.s3"},
            {"aws-events/lambda-go/s3-replication-event.json", "aws.s3"},
            {"aws-events/lambda-go/cloudwatch-alarm-sns-payload-single-metric.json", "aws.cloudwatch.alarm"},
            {"aws-events/lambda-go/cloudwatch-logs-event.json", "aws.cloudwatch.logs"},
            {"aws-events/lambda-go/codebuild-state-change.json", "aws.eventbridge"},
            {"aws-events/lambda-go/dynamodb-event.json", "aws.dynamodb"},
            {"aws-events/lambda-go/kinesis-event.json", "aws.kinesis"},
            {"aws-events/lambda-go/sns-event.json", "aws.sns"},
            {"aws-events/lambda-go/sqs-event.json", "aws.sqs"},
            {"backstage/backstage_demo__catalog-info.yaml", "backstage"},
            {"backstage/elastic_logstash__catalog-info.yaml", "backstage"},
            {"captures/apache_access_10k.log", "access.log"},
            {"captures/kafka_server.log", "kafka.log"},
            {"captures/nginxplus.ndjson", "nginx.status"},
            {"captures/otel_demo_logs.ndjson", "otlp.logs"},
            {"captures/otrf/zeek_combined.log", "zeek"},
            {"cloudevents/cdevents/service_deployed.json", "cdevents"},
            {"cloudevents/google/storage__v1__StorageObjectData-simple.json", "gcp.storage"},
            {"cloudtrail/invictus/218007301253_CloudTrail_us-east-1_20230710T1145Z_7xgocspSowgK0Gto.json",
             "cloudtrail"},
            {"datadog/api-v1-cassettes.ndjson", "datadog.exchange"},
            {"elastic/lnav/logfile_ecs_log.ndjson", "ecs"},
            {"elastic/lnav/logfile_journald.ndjson", "journald"},
            {"elastic/lnav/logfile_logfmt.0", "logfmt"},
            {"github-webhooks/octokit/workflow_run__completed.payload.json", "github"},
            {"incident-webhooks/opsgenie/create.json", "opsgenie"},
            {"karma-adage/adage-fabric/case_orders_happy.jsonl", "adage.event"},
            {"kubernetes/audit/falco-exec_pod.json", "kubernetes.audit"},
            {"mongodb/kafka-source-connector/tutorials__source-connector__output__document.json", "mongodb.change"},
            {"openlineage/client__python__tests__example_full_event.json", "openlineage"},
            {"otlp/proto-examples/trace.json", "otlp.traces"},
            {"prometheus/node_exporter/textfile__histogram__metrics.prom", "prometheus"},
            {"prometheus/node_exporter/textfile__client_side_timestamp__metrics.prom", "prometheus"},
            {"syslog/lnav/logfile_syslog.0", "syslog"},
            {"syslog/lnav/logfile_syslog_fr.0", "syslog"},
            {"syslog/lnav/logfile_postgres.0", "postgres.log"},
        };
        for (const auto &[file, codec] : rows)
            QTest::newRow(file) << QString::fromLatin1(codec);
    }
    void realDocuments()
    {
        QFETCH(QString, codec);
        const std::string bytes = readFile(outsidePath("EVENTOPS_INPUTS", QTest::currentDataTag()));
        if (bytes.empty())
            QSKIP("the document is not here");
        QCOMPARE(QString::fromStdString(detect(bytes).best.codec), codec);
    }

    /// Whatever lies among the real documents gives events or a reason, record by record.
    void everyRealDocumentIsReadOrRefused()
    {
        const std::string root = outsidePath("EVENTOPS_INPUTS");
        if (!std::filesystem::exists(root))
            QSKIP("the documents are not here");
        std::size_t files = 0;
        for (const auto &entry : std::filesystem::recursive_directory_iterator(root)) {
            if (!entry.is_regular_file() || entry.path().filename() == "README.md")
                continue;
            const Ingested read = ingestFile(entry.path().string());
            QVERIFY2(read.records > 0, entry.path().c_str());
            QVERIFY2(read.records == read.stored + read.skipped + read.deadLettered, entry.path().c_str());
            QVERIFY2(read.reasons.size() == read.deadLettered, entry.path().c_str());
            ++files;
        }
        QVERIFY(files > 100);
    }

    void randomBytesAreUnknown()
    {
        std::mt19937 random(7);
        for (int round = 0; round < 200; ++round) {
            std::string bytes(32 + random() % 2'000, '\0');
            for (char &c : bytes)
                c = static_cast<char>(random());
            const Detection found = detect(bytes);
            QCOMPARE(found.best.codec, std::string("unknown"));
            QCOMPARE(found.best.confidence, 0.0);
        }
        QCOMPARE(detect("").best.codec, std::string("unknown"));
        QCOMPARE(detect("x").best.codec, std::string("unknown"));
        QCOMPARE(detect("{\"broken\":").best.codec, std::string("unknown"));
    }

    void anyJsonIsJsonAndNoMore()
    {
        const Detection found = detect("{\"a\":1}\n{\"a\":2}\n");
        QCOMPARE(found.best.codec, std::string("json"));
        QVERIFY(found.best.confidence <= 0.5);
        const Detection words = detect("dear all,\nthis is a letter.\n");
        QCOMPARE(words.best.codec, std::string("text"));
        QVERIFY(words.best.confidence <= 0.5);
    }

    void headersDecide()
    {
        const std::vector<std::pair<std::string, std::string>> binary = {{"Ce-SpecVersion", "1.0"}, {"ce-id", "1"}};
        QCOMPARE(detect("{\"a\":1}", binary).best.codec, std::string("cloudevents"));
        const std::vector<std::pair<std::string, std::string>> github = {{"X-GitHub-Event", "ping"}};
        const Detection found = detect("{\"a\":1}", github);
        QCOMPARE(found.best.codec, std::string("github"));
        QCOMPARE(found.alternatives.front().codec, std::string("json"));
    }

    void mixturesAreRankedByShare()
    {
        std::string lines;
        for (int i = 0; i < 3; ++i)
            lines += "{\"version\":\"1.1\",\"host\":\"a\",\"short_message\":\"b\"}\n";
        lines += "{\"other\":1}\n";
        const Detection found = detect(lines);
        QCOMPARE(found.best.codec, std::string("gelf"));
        QCOMPARE(found.best.confidence, 0.75);
        QCOMPARE(found.alternatives.front().codec, std::string("json"));
        QCOMPARE(found.records.size(), std::size_t{4});
    }

    void tablesSayWhereAFieldComesFrom()
    {
        const FormatLine line = formatLine("gelf", "entity.id");
        QCOMPARE(line.file, std::string("formats/gelf.yaml"));
        QVERIFY(line.text.find("host") != std::string::npos && line.line > 3);
        QVERIFY(formatLine("gelf", "links").file.empty());
        QVERIFY(formatLine("karma.v1", "type").file.empty());
    }

    /// No document is of two formats: which one is asked first must not matter.
    void noDocumentIsOfTwoFormats()
    {
        JsonReader reader;
        std::size_t documents = 0;
        for (const auto &entry : std::filesystem::directory_iterator(EVENTOPS_SOURCE_DIR "/tests/golden/formats")) {
            std::istringstream lines(readFile((entry.path() / "input.log").string()));
            for (std::string line; std::getline(lines, line);) {
                if (reader.read(line))
                    continue;
                std::string of;
                for (const DocumentFormat &format : documentFormats()) {
                    if (format.matches(reader))
                        of += format.name() + ' ';
                }
                QVERIFY2(std::count(of.begin(), of.end(), ' ') <= 1, (of + "are all of " + line).c_str());
                ++documents;
            }
        }
        QVERIFY(documents > 50);
    }
};

EVENTOPS_TEST(TestDetect)
#include "tst_detect.moc"
