// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_client.h"
#include "core/pipeline/settings.h"
#include "pipelines/components.h"
#include "tests/support/mock_cluster.h"
#include "tests/support/program.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtCore/QProcess>

#include <algorithm>
#include <csignal>

namespace eventops::test {

inline std::string clusterOf(const auto &kafka)
{
    KafkaSettings settings;
    settings.brokers = kafka.brokers();
    return KafkaClient::openConsumer(settings, {}).value()->clusterId(std::chrono::seconds(10)).value();
}

/// Agents' metrics, one a second, now and then above the threshold of the shipped rules.
inline std::vector<KafkaPeer::Record> agentRecords(int from, int count)
{
    std::vector<KafkaPeer::Record> records;
    for (int i = from; i < from + count; ++i) {
        const std::string host = "host-" + std::to_string(i % 7);
        const QString text =
            QStringLiteral(
                R"({"tenant_id":"acme","host":"%1","metric":"cpu_load","value":%2,"ts_event":"2025-10-21T%3:%4:%5Z","unit":"percent","tags":{"env":"prod"}})")
                .arg(QString::fromStdString(host))
                .arg(20 + (i * 7919) % 30 + (i % 97 == 0 ? 55 : 0))
                .arg(i / 3600 % 24, 2, 10, QLatin1Char('0'))
                .arg(i / 60 % 60, 2, 10, QLatin1Char('0'))
                .arg(i % 60, 2, 10, QLatin1Char('0'));
        records.push_back({text.toStdString(), host, {{"agent", "7.1"}}, 1'760'000'000'000 + i});
    }
    return records;
}

/// agentRecords as of now: a real broker's retention goes by the time of a message.
inline std::vector<KafkaPeer::Record> freshRecords(int from, int count)
{
    std::vector<KafkaPeer::Record> records = agentRecords(from, count);
    for (KafkaPeer::Record &record : records)
        record.tsMs = 0;
    return records;
}

/// A pipeline file with one Kafka source. @p kafka: what has brokers(). @p more: lines of its settings; @p stages: of
/// the file.
inline QString pipelineFile(const Scratch &scratch, const auto &kafka, const QByteArray &topics,
                            const QByteArray &more = "follow: false", const QByteArray &name = "kafka.yaml")
{
    QByteArray text = "pipeline: kafka\nsources:\n  - kafka:\n      brokers: \""
                      + QByteArray::fromStdString(kafka.brokers()) + "\"\n      topics: " + topics + '\n';
    for (const QByteArray &line : more.split('\n'))
        text += "      " + line + '\n';
    text += "stages:\n  - enrich: {cmdb: hosts.yaml}\n  - rules: {files: [cpu_load.yaml]}\n  - entropy: {}\n"
            "  - entities: {}\n  - suggest: {files: [policy.yaml]}\n";
    const QString shipped = QStringLiteral(EVENTOPS_SOURCE_DIR "/pipelines/");
    QFile::copy(shipped + QStringLiteral("cmdb/hosts.yaml"), scratch.path(QStringLiteral("hosts.yaml")));
    QFile::copy(shipped + QStringLiteral("rules/cpu_load.yaml"), scratch.path(QStringLiteral("cpu_load.yaml")));
    QFile::copy(shipped + QStringLiteral("policies/default.yaml"), scratch.path(QStringLiteral("policy.yaml")));
    return scratch.file(QString::fromUtf8(name), text);
}

inline Ran runPipeline(const Scratch &scratch, const QString &pipeline, const QString &workspace = {})
{
    return run({QStringLiteral("run"), pipeline, QStringLiteral("--workspace"),
                workspace.isEmpty() ? scratch.workspace() : workspace, QStringLiteral("--json")});
}

/// `eventops kafka VERB` over the scratch workspace.
inline Ran kafka(const Scratch &scratch, const char *verb, const auto &kafka, const QStringList &more = {})
{
    return run(QStringList{QStringLiteral("kafka"), QString::fromUtf8(verb), QStringLiteral("--brokers"),
                           QString::fromStdString(kafka.brokers()), QStringLiteral("--workspace"), scratch.workspace(),
                           QStringLiteral("--json")}
               + more);
}

/// `eventops run` over a stream, in the background, ended with this object.
class LiveRun
{
public:
    LiveRun(const Scratch &scratch, const QString &pipeline) : m_scratch(scratch)
    {
        m_process.start(program(),
                        {QStringLiteral("run"), pipeline, QStringLiteral("--workspace"), scratch.workspace()});
        m_process.waitForStarted();
    }
    ~LiveRun()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    /// Events in the ledger by now.
    qint64 stored() const
    {
        const Ran counted = m_scratch.sql("SELECT count(*) AS n FROM event");
        return counted.exitCode == 0 ? counted.rows().value(0).value(QLatin1String("n")).toInteger() : 0;
    }
    bool waitForStored(qint64 count, int withinMs = 60'000)
    {
        return waitUntil([&] { return stored() >= count; }, withinMs);
    }
    bool waitForError(const char *text, int withinMs = 60'000)
    {
        return waitUntil([&] { return err().contains(text); }, withinMs);
    }
    /// What it said so far.
    QByteArray err()
    {
        m_err += m_process.readAllStandardError();
        return m_err;
    }
    bool isRunning() { return m_process.state() == QProcess::Running; }
    qint64 id() const { return m_process.processId(); }
    /// As Ctrl+C ends it; its exit code.
    int interrupt()
    {
        ::kill(static_cast<pid_t>(m_process.processId()), SIGINT);
        return m_process.waitForFinished(60'000) ? m_process.exitCode() : -1;
    }
    template <typename Condition>
    bool waitUntil(Condition condition, int withinMs)
    {
        QElapsedTimer clock;
        for (clock.start(); clock.elapsed() < withinMs && isRunning(); m_process.waitForFinished(100)) {
            if (condition())
                return true;
        }
        return condition();
    }

private:
    const Scratch &m_scratch;
    QProcess m_process;
    QByteArray m_err;
};

/// The registry's Kafka source with these settings; texts are YAML scalars.
inline Result<std::unique_ptr<Source>> makeKafkaSource(std::vector<Value::Member> members, const std::string &path = {})
{
    const auto sources = builtinSources();
    const auto spec = std::find_if(sources.begin(), sources.end(), [](const auto *s) { return s->name == "kafka"; });
    const Value checked =
        EVENTOPS_TRY(checkSettings(Value::map(std::move(members)), (*spec)->fields, "source \"kafka\""));
    return (*spec)->make(checked, {path, {}});
}

inline std::vector<Value::Member> kafkaMembers(const auto &kafka, std::vector<std::string> topics,
                                               std::vector<std::pair<std::string, std::string>> more = {})
{
    std::vector<Value> names;
    for (std::string &topic : topics)
        names.push_back(Value::scalar(std::move(topic)));
    std::vector<Value::Member> members{{"brokers", Value::scalar(kafka.brokers())},
                                       {"topics", Value::list(std::move(names))}};
    for (auto &[name, value] : more)
        members.emplace_back(name, Value::scalar(value));
    return members;
}

/// Everything that a source gives until it ends or @p within has passed.
struct AllRead {
    std::vector<std::string> lines;
    std::vector<std::uint64_t> positions;
    std::uint64_t positionEnd = 0, prefixHash = 0;
    std::size_t oversize = 0;
    std::optional<Error> error;
};

inline AllRead readSource(Source &source, std::chrono::milliseconds within = std::chrono::seconds(10),
                          std::size_t enough = SIZE_MAX)
{
    AllRead all;
    const auto until = std::chrono::steady_clock::now() + within;
    while (std::chrono::steady_clock::now() < until && all.lines.size() < enough) {
        RawChunk chunk;
        std::vector<OversizePart> parts;
        const auto more = source.read(chunk, parts);
        if (!more)
            all.error = more.error();
        if (!more || !more.value())
            break;
        all.positionEnd = chunk.positionEnd;
        all.prefixHash = chunk.prefixHash;
        all.oversize += parts.size();
        for (std::size_t i = 0; i < chunk.records.size(); ++i) {
            all.lines.push_back(chunk.bytes.substr(chunk.records[i].offset, chunk.records[i].size));
            all.positions.push_back(chunk.origins.empty() ? chunk.position : chunk.origins[i].position);
        }
    }
    return all;
}

} // namespace eventops::test
