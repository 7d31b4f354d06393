// SPDX-License-Identifier: MIT
#pragma once

#include "core/config/pipeline_file.h"
#include "core/group/group_member.h"
#include "pipelines/components.h"
#include "tests/support/program.h"
#include "tests/support/real_kafka.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QProcess>

#include <atomic>
#include <map>
#include <set>
#include <thread>

namespace eventops::test {

constexpr int InputPartitions = 4;

/// Agents' metrics of 8 hosts, ten a second, keyed by tenant and host: half of them are often above the shipped rule's
/// threshold, the others so seldom that it is a surprise.
inline std::vector<KafkaPeer::Record> hostRecords(int from, int count)
{
    std::vector<KafkaPeer::Record> records;
    for (int i = from; i < from + count; ++i) {
        const int number = i * 3 % 8;
        const std::string host = "host-" + std::to_string(number);
        const int peak = number < 4 ? (i % 29 == 0 ? 62 : 0) : (i % 211 == 0 ? 62 + i % 29 : 0);
        const QString text =
            QStringLiteral(
                R"({"tenant_id":"acme","host":"%1","metric":"cpu_load","value":%2,"ts_event":"2025-10-21T%3:%4:%5.%6Z","unit":"percent","tags":{"env":"prod"}})")
                .arg(QString::fromStdString(host))
                .arg(20 + (i * 7919) % 6 + peak)
                .arg(i / 36'000 % 24, 2, 10, QLatin1Char('0'))
                .arg(i / 600 % 60, 2, 10, QLatin1Char('0'))
                .arg(i / 10 % 60, 2, 10, QLatin1Char('0'))
                .arg(i % 10);
        records.push_back({text.toStdString(), "acme|" + host});
    }
    return records;
}

/// A pipeline file of a group. @p group: what stands in its braces, after the application.
inline QString groupPipeline(const Scratch &scratch, const std::string &brokers, const QByteArray &topics,
                             const QByteArray &application, const QByteArray &group = {})
{
    QByteArray text =
        "pipeline: " + application + "\nsources:\n  - kafka:\n      brokers: \"" + QByteArray::fromStdString(brokers)
        + "\"\n      topics: " + topics + "\n      codec: eventops.agent\n      group: {application: " + application
        + ", writer: " + application + ", session_timeout: 6s, commit_delay: 50ms" + group + "}\n"
        + "stages:\n  - enrich: {cmdb: hosts.yaml}\n  - rules: {files: [cpu_load.yaml]}\n  - entropy: {}\n"
          "  - entities: {}\n  - suggest: {files: [policy.yaml]}\n";
    const QString shipped = QStringLiteral(EVENTOPS_SOURCE_DIR "/pipelines/");
    QFile::copy(shipped + QStringLiteral("cmdb/hosts.yaml"), scratch.path(QStringLiteral("hosts.yaml")));
    QFile::copy(shipped + QStringLiteral("rules/cpu_load.yaml"), scratch.path(QStringLiteral("cpu_load.yaml")));
    QFile::copy(shipped + QStringLiteral("policies/default.yaml"), scratch.path(QStringLiteral("policy.yaml")));
    return scratch.file(QString::fromUtf8(application) + QStringLiteral(".yaml"), text);
}

/// `eventops group init`; empty: done, else what it said.
inline QByteArray initGroup(const QString &pipeline, const QStringList &more = {})
{
    const Ran made =
        run(QStringList{QStringLiteral("group"), QStringLiteral("init"), pipeline, QStringLiteral("--json")} + more);
    return made.exitCode == 0 ? QByteArray() : made.err + made.out;
}

inline Result<PipelineSpec> loadGroup(const QString &pipeline)
{
    static const Registry registry{builtinStages(), builtinSources()};
    return loadPipeline(pipeline.toStdString(), registry, EVENTOPS_SOURCE_DIR "/pipelines");
}

/// A member in this process, which ends with this object.
class RunningMember
{
public:
    explicit RunningMember(const QString &pipeline)
    {
        auto spec = loadGroup(pipeline);
        if (!spec) {
            m_outcome = spec.error();
            return;
        }
        auto made = GroupMember::open(spec.value());
        if (!made) {
            m_outcome = made.error();
            return;
        }
        m_member = std::move(made).value();
        m_thread = std::thread([this] { m_outcome = m_member->run(m_stop); });
    }
    ~RunningMember() { [[maybe_unused]] const Status ended = end(); }
    RunningMember(const RunningMember &) = delete;
    RunningMember &operator=(const RunningMember &) = delete;

    Status end()
    {
        m_stop = true;
        if (m_thread.joinable())
            m_thread.join();
        return m_outcome;
    }
    MemberHealth health() const { return m_member != nullptr ? m_member->health() : MemberHealth(); }
    const Status &outcome() const { return m_outcome; } ///< Once it has ended, or if it could not begin.
    bool began() const { return m_member != nullptr; }
    /// True once it owns so many partitions and reads all of them.
    bool owns(std::size_t partitions, int withinMs = 60'000) const
    {
        return waitUntil(
            [&] {
                const MemberHealth now = health();
                return now.partitions.size() == partitions
                       && std::all_of(now.partitions.begin(), now.partitions.end(),
                                      [](const TaskHealth &task) { return task.running; });
            },
            withinMs);
    }
    template <typename Condition>
    static bool waitUntil(Condition condition, int withinMs)
    {
        QElapsedTimer clock;
        for (clock.start(); clock.elapsed() < withinMs; QThread::msleep(50)) {
            if (condition())
                return true;
        }
        return condition();
    }

private:
    std::unique_ptr<GroupMember> m_member;
    std::atomic<bool> m_stop{false};
    Status m_outcome = Ok{};
    std::thread m_thread;
};

/// `eventops group run` as a process of its own, killed with this object.
class MemberProcess
{
public:
    explicit MemberProcess(const QString &pipeline)
    {
        m_process.start(program(), {QStringLiteral("group"), QStringLiteral("run"), pipeline, QStringLiteral("--json"),
                                    QStringLiteral("--health-port"), QStringLiteral("0")});
        m_process.waitForStarted();
        for (int i = 0; i < 300 && !m_process.canReadLine(); ++i)
            m_process.waitForReadyRead(100);
        m_first = QJsonDocument::fromJson(m_process.readLine()).object();
    }
    ~MemberProcess() { kill(); }
    void kill()
    {
        m_process.kill();
        m_process.waitForFinished(10'000);
    }
    void signal(int number) { ::kill(static_cast<pid_t>(m_process.processId()), number); }
    /// As systemd ends it; its exit code.
    int terminate()
    {
        signal(SIGTERM);
        return m_process.waitForFinished(60'000) ? m_process.exitCode() : -1;
    }
    bool isRunning() { return m_process.state() == QProcess::Running; }
    QByteArray err() { return m_process.readAllStandardError(); }
    QByteArray get(const QString &path) const
    {
        QProcess curl;
        curl.start(
            QStringLiteral("curl"),
            {QStringLiteral("-s"), QStringLiteral("-m"), QStringLiteral("10"),
             QStringLiteral("http://127.0.0.1:%1%2").arg(m_first.value(QLatin1String("port")).toInteger()).arg(path)});
        curl.waitForFinished(15'000);
        return curl.readAllStandardOutput();
    }
    QJsonObject health() const { return QJsonDocument::fromJson(get(QStringLiteral("/health"))).object(); }
    bool owns(int partitions, int withinMs = 60'000) const
    {
        return RunningMember::waitUntil(
            [&] {
                const QJsonArray all = health().value(QLatin1String("partitions")).toArray();
                return all.size() == partitions && std::all_of(all.begin(), all.end(), [](const QJsonValue &one) {
                           return one.toObject().value(QLatin1String("running")).toBool();
                       });
            },
            withinMs);
    }

private:
    QProcess m_process;
    QJsonObject m_first;
};

/// One message that a group published.
struct Published {
    std::string topic, key, value, id;
    auto operator<=>(const Published &) const = default;
};

/// All that @p application published to @p topics and committed, in the order of each partition.
inline std::vector<Published> published(KafkaPeer &peer, const std::string &application,
                                        std::initializer_list<const char *> topics = {"ops.alert.v1",
                                                                                      "events.normalized"})
{
    std::vector<Published> out;
    for (const char *const topic : topics) {
        for (int partition = 0; partition < peer.partitions(topic); ++partition) {
            for (const KafkaPeer::Read &message : peer.readAll(topic, partition)) {
                std::string writer, id;
                for (const auto &[name, value] : message.headers) {
                    writer = name == "eventops-writer" ? value : writer;
                    id = name == "eventops-id" ? value : id;
                }
                if (writer == application)
                    out.push_back({topic, message.key.value_or("-"), message.value.value_or("-"), id});
            }
        }
    }
    return out;
}

/// Ids that were published more than once to one topic.
inline std::set<std::string> twice(const std::vector<Published> &all)
{
    std::set<std::string> seen, out;
    for (const Published &one : all) {
        if (!seen.insert(one.topic + ' ' + one.id).second)
            out.insert(one.topic + ' ' + one.id);
    }
    return out;
}

/// The messages of each key, in their order: what a consumer sees of an entity.
inline std::map<std::string, std::vector<Published>> byKey(const std::vector<Published> &all)
{
    std::map<std::string, std::vector<Published>> out;
    for (const Published &one : all)
        out[one.topic + ' ' + one.key].push_back(one);
    return out;
}

/// True once the group has committed all that the topic holds. @p markers: the topic's own transactions leave one.
inline bool waitForGroup(KafkaPeer &peer, const std::string &group, const char *topic, std::int64_t markers = 0,
                         int withinMs = 90'000)
{
    KafkaSettings settings;
    settings.brokers = peer.brokers();
    std::vector<TopicPartition> places;
    for (int partition = 0; partition < peer.partitions(topic); ++partition)
        places.push_back({topic, static_cast<std::uint32_t>(partition)});
    std::string behind;
    const bool done = RunningMember::waitUntil(
        [&] {
            const auto state = groupState(settings, group, places, std::chrono::seconds(10));
            behind = state ? std::string() : state.error().text();
            if (!state)
                return false;
            std::map<TopicPartition, std::uint64_t> committed(state.value().committed.begin(),
                                                              state.value().committed.end());
            return std::all_of(places.begin(), places.end(), [&](const TopicPartition &place) {
                const std::int64_t end = peer.ends(topic, static_cast<std::int32_t>(place.partition)).second;
                const auto at = committed.contains(place) ? static_cast<std::int64_t>(committed[place]) : 0;
                behind = place.text() + " is at " + std::to_string(at) + " of " + std::to_string(end);
                return at >= end - markers;
            });
        },
        withinMs);
    if (!done)
        qWarning("group %s: %s", group.c_str(), behind.c_str());
    return done;
}

/// What tells @p all from what a member published alone: same messages, same order within each key, none twice. Empty:
/// nothing.
inline QByteArray difference(const std::vector<Published> &all, const std::vector<Published> &alone)
{
    if (alone.empty())
        return "nothing to compare with";
    if (const auto repeated = twice(all); !repeated.empty())
        return QByteArray::number(repeated.size()) + " twice, as " + QByteArray::fromStdString(*repeated.begin());
    if (byKey(all) != byKey(alone))
        return QByteArray::number(all.size()) + " messages, not the " + QByteArray::number(alone.size()) + " alone";
    return {};
}

/// What one member publishes alone of all that is on @p topic, under an application of its own: ids hang on the places
/// of its records.
inline std::vector<Published> publishedAlone(KafkaPeer &peer, const Scratch &scratch, const QByteArray &topic)
{
    const QByteArray application = topic + "-alone";
    const QString file =
        groupPipeline(scratch, peer.brokers(), '[' + topic + ']', application, ", checkpoint_records: 400");
    if (!initGroup(file).isEmpty())
        return {};
    RunningMember alone(file);
    if (!waitForGroup(peer, application.toStdString(), topic.constData()) || !alone.end())
        return {};
    return published(peer, application.toStdString());
}

} // namespace eventops::test
