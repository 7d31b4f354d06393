// SPDX-License-Identifier: MIT
//
// The published stacks' normalizer, enricher and feature-rules: three processes that hand over by topics of a real
// Kafka, started as their containers start them, give the alerts that one process gives.
#include "tests/support/real_kafka.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <QtCore/QFileInfo>

#include <set>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int Records = 1'500;

/// A service of installer/compose, ended with this object.
class Service
{
public:
    Service(const Scratch &scratch, const std::string &brokers, const char *name, const char *topics)
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("PATH"),
                           QFileInfo(program()).path() + QLatin1Char(':') + environment.value(QStringLiteral("PATH")));
        environment.insert(QStringLiteral("EVENTOPS_WORKSPACE"), scratch.path(QLatin1String(name)));
        environment.insert(QStringLiteral("EVENTOPS_SHARE"), QStringLiteral(EVENTOPS_SOURCE_DIR));
        environment.insert(QStringLiteral("BROKERS"), QString::fromStdString(brokers));
        environment.remove(QStringLiteral("CLICKHOUSE_URL"));
        m_process.setProcessEnvironment(environment);
        m_process.setProcessChannelMode(QProcess::MergedChannels);
        m_process.start(QStringLiteral(EVENTOPS_SOURCE_DIR "/installer/compose/entry"),
                        {QLatin1String(name), QLatin1String(topics)});
        m_process.waitForStarted();
    }
    ~Service()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    bool isRunning() { return !m_process.waitForFinished(0) && m_process.state() == QProcess::Running; }
    QByteArray said() { return m_process.readAll(); }

private:
    QProcess m_process;
};

} // namespace

class TestThreeServices : public QObject
{
    Q_OBJECT
private:
    std::unique_ptr<RealKafka> m_kafka;

    /// Alerts of @p writer, each as often as it is there.
    std::multiset<std::string> alerts(const std::string &writer)
    {
        std::multiset<std::string> out;
        KafkaPeer &peer = m_kafka->peer();
        for (int partition = 0; partition < peer.partitions("ops.alert.v1"); ++partition) {
            for (const KafkaPeer::Read &message : peer.readAll("ops.alert.v1", partition)) {
                for (const auto &[name, value] : message.headers) {
                    if (name == "eventops-writer" && value == writer)
                        out.insert(message.value.value_or(""));
                }
            }
        }
        return out;
    }

private Q_SLOTS:
    void initTestCase()
    {
        EVENTOPS_NEEDS_KAFKA();
        m_kafka = std::make_unique<RealKafka>();
        QVERIFY2(m_kafka->isUp(), m_kafka->output());
    }

    void threeProcessesGiveTheAlertsOfOne()
    {
        const Scratch scratch;
        const Ran made = kafka(scratch, "init", *m_kafka, {QStringLiteral("--writer"), QStringLiteral("one")});
        QVERIFY2(made.exitCode == 0, made.err);
        Service normalizer(scratch, m_kafka->brokers(), "normalizer", "signals.metric.v1");
        Service enricher(scratch, m_kafka->brokers(), "enricher", "signals.enriched.v1");
        Service rules(scratch, m_kafka->brokers(), "feature-rules",
                      "ops.alert.v1,deviations,actions.requested,actions.progress,actions.result,actions.dlq");
        QVERIFY(m_kafka->peer().produce("ingest.raw.agent", std::nullopt, freshRecords(0, Records)));
        const Ran one = runPipeline(
            scratch, pipelineFile(scratch, *m_kafka, "[ingest.raw.agent]", "follow: false\ncodec: eventops.agent"));
        QVERIFY2(one.exitCode == 0, one.err);
        const auto expected = alerts("one");
        QVERIFY(expected.size() > 10);
        QTRY_COMPARE_WITH_TIMEOUT(alerts("eventops-feature-rules").size(), expected.size(), 60'000);
        QVERIFY2(normalizer.isRunning() && enricher.isRunning() && rules.isRunning(),
                 normalizer.said() + enricher.said() + rules.said());
        QVERIFY(alerts("eventops-feature-rules") == expected);
    }
};

EVENTOPS_TEST(TestThreeServices)
#include "tst_three_services.moc"
