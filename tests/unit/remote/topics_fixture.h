// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/action_state.h"
#include "core/codec/alert.h"
#include "core/codec/decision_command.h"
#include "core/codec/signal.h"
#include "core/kafka/topics.h"
#include "core/remote/kafka_backend.h"
#include "core/session/kafka_decisions.h"
#include "core/session/kafka_feed.h"
#include "pipelines/components.h"
#include "tests/support/local_workspace.h"
#include "tests/support/wait_for.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <QtTest/QtTest>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace eventops::test {

/// Empty: it is good.
template <typename T>
std::string errorOf(const Result<T> &result)
{
    return result ? std::string() : result.error().text();
}

/// What an engine publishes for consoles that see nothing else.
inline const std::vector<std::string> PublishedForConsoles{std::string(NormalizedTopic),
                                                           "deviations",
                                                           AlertTopic,
                                                           "actions.requested",
                                                           "actions.progress",
                                                           "actions.result",
                                                           "actions.dlq",
                                                           ActionStateTopic,
                                                           std::string(FindingsPublished)};

/// An engine's workspace and what it publishes to @p brokers.
class PublishingEngine
{
public:
    /// @p records: agents' metrics; 3'000 of them make some thirty findings.
    explicit PublishingEngine(std::string brokers, int records = 3'000, bool takesDecisions = false)
        : m_brokers(std::move(brokers)), m_backend(m_workspace.backend())
    {
        m_failure = read(0, records);
        m_settings.set("brokers", m_brokers);
        if (takesDecisions)
            m_settings.set("take_decisions", "true");
        const Status published = m_settings.publish(PublishedForConsoles);
        if (m_failure.empty() && !published)
            m_failure = published.error().text();
    }
    const std::string &failure() const { return m_failure; }
    /// Takes in more of them. Empty: all went well.
    std::string read(int from, int count)
    {
        QFile file(m_files.filePath(QStringLiteral("%1.ndjson").arg(from)));
        if (!file.open(QIODevice::WriteOnly))
            return "no file";
        for (const KafkaPeer::Record &record : agentRecords(from, count))
            file.write(QByteArray::fromStdString(record.value) + '\n');
        file.close();
        ReplayRequest request;
        request.files = {file.fileName().toStdString()};
        request.pipelineName = EVENTOPS_SOURCE_DIR "/pipelines/definitions/default.yaml";
        QFile pipeline(QString::fromStdString(request.pipelineName));
        request.pipelineText = pipeline.open(QIODevice::ReadOnly) ? pipeline.readAll().toStdString() : "";
        return errorOf(waitFor<WorkspaceSummary>([&](Done<WorkspaceSummary> done) {
            m_backend->replay({"tester", Role::Admin, {}}, request, {}, std::move(done));
        }));
    }
    std::string directory() const { return m_workspace.directory(); }
    Workspace workspace() const { return {directory()}; }
    LocalBackend &backend() { return *m_backend; }
    const KafkaFeedSettings &settings() const { return m_settings; }

    /// Empty: everything that is committed is published.
    std::string publish(bool again = false) const
    {
        if (again)
            QFile::remove(QString::fromStdString(KafkaFeedSettings::markFile(workspace())));
        const auto feed = KafkaFeed::open(workspace(), m_settings, [] { return false; });
        if (!feed)
            return feed.error().text();
        const Status done = feed.value()->catchUp();
        const std::string notice = feed.value()->notice();
        return done ? notice : done.error().text();
    }

private:
    const std::string m_brokers;
    QTemporaryDir m_files;
    LocalWorkspace m_workspace;
    std::unique_ptr<LocalBackend> m_backend;
    KafkaFeedSettings m_settings;
    std::string m_failure;
};

/// One that takes decisions of alice, and of victor, who may only look.
class DecidingEngine : public PublishingEngine
{
public:
    static constexpr const char *Secret = "0123456789abcdef0123456789abcdef0123456789abcdef";
    static constexpr const char *ViewersSecret = "fedcba9876543210fedcba9876543210fedcba9876543210";

    explicit DecidingEngine(const std::string &brokers) : PublishingEngine(brokers, 3'000, true)
    {
        QFile tokens(QString::fromStdString(directory() + '/' + DecisionTokensFile));
        if (!tokens.open(QIODevice::WriteOnly) || !tokens.setPermissions(QFile::ReadOwner | QFile::WriteOwner))
            qFatal("no tokens");
        tokens.write(QByteArray(Secret) + " alice approver *\n" + ViewersSecret + " victor viewer *\n");
    }
    ~DecidingEngine()
    {
        m_stop = true;
        m_wake.notify_all();
        if (m_thread.joinable())
            m_thread.join();
    }

    Result<std::unique_ptr<KafkaDecisions>> open() const
    {
        return KafkaDecisions::open(workspace(), settings(), [this] { return m_stop.load(); });
    }
    /// From now on it hears decisions and publishes what becomes of them, as a live run does. Returns once it does.
    void attend()
    {
        const auto decisions = std::make_shared<Result<std::unique_ptr<KafkaDecisions>>>(open());
        if (!*decisions)
            qFatal("%s", decisions->error().text().c_str());
        m_thread = std::thread([this, decisions] {
            while (!m_stop) {
                (void)decisions->value()->poll();
                (void)publish();
                std::unique_lock lock(m_mutex);
                m_wake.wait_for(lock, std::chrono::milliseconds(50), [this] { return m_stop.load(); });
            }
        });
    }
    /// Verb and detail of the step of the action that @p actor made; empty: none.
    std::string audited(const std::string &id, const std::string &actor) const
    {
        std::string found;
        const auto ledger = Ledger::open(directory(), LedgerMode::Read, {});
        (void)ledger.value()->audit({}, [&](const AuditRow &row) {
            if (row.subject == id && row.actor == actor)
                found += row.verb + ' ' + row.detail;
            return true;
        });
        return found;
    }

private:
    std::atomic<bool> m_stop{false};
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::thread m_thread;
};

inline remote::KafkaAttachOptions topicsOf(const std::string &brokers, const std::string &settings = {})
{
    remote::KafkaAttachOptions options;
    options.address = readKafkaAddress("kafka://" + brokers + settings).value();
    options.local.registry = {builtinStages(), builtinSources()};
    options.local.dataDirectory = EVENTOPS_SOURCE_DIR "/pipelines";
    options.user = "alice";
    options.retryMin = std::chrono::milliseconds(100);
    options.retryMax = std::chrono::milliseconds(500);
    return options;
}

inline Caller lookingOn()
{
    return {"alice", Role::Approver, {}};
}

template <typename Row>
std::vector<Row> rowsOf(std::function<void(OnPage<Row>, Done<Ok>)> ask)
{
    std::vector<Row> all;
    const auto asked = waitFor<Ok>([&](Done<Ok> done) {
        ask([&](std::vector<Row> page) { std::move(page.begin(), page.end(), std::back_inserter(all)); },
            std::move(done));
    });
    return asked ? all : std::vector<Row>();
}

inline std::map<std::string, Finding> findingsOf(Backend &backend)
{
    std::map<std::string, Finding> all;
    for (Finding &finding : rowsOf<Finding>([&](auto page, auto done) {
             backend.findings(lookingOn(), {"", UINT64_MAX, true}, page, std::move(done));
         })) {
        finding.seq = 0; // each ledger's own
        finding.emission = 0;
        const std::string id = finding.id;
        all.emplace(id, std::move(finding));
    }
    return all;
}

inline std::map<std::string, Action> actionsOf(Backend &backend)
{
    std::map<std::string, Action> all;
    for (Action &action : rowsOf<Action>([&](auto page, auto done) {
             backend.actions(lookingOn(), {"", UINT64_MAX, true}, page, std::move(done));
         }))
        all.emplace(action.displayId(), action);
    return all;
}

/// id → type of the events that @p filter leaves.
inline std::map<std::string, std::string> eventsOf(Backend &backend, const std::string &filter)
{
    std::map<std::string, std::string> all;
    const auto asked = waitFor<Ok>([&](Done<Ok> done) {
        backend.events(
            lookingOn(), {filter, UINT64_MAX, true},
            [&](const EventPage &page) {
                for (const std::uint32_t row : page.rows) {
                    const Event &event = page.batch.events[row];
                    all.emplace(page.batch.text(event, Field::EventId), page.batch.text(event, Field::Type));
                }
            },
            std::move(done));
    });
    if (!asked)
        all.emplace(asked.error().text(), "");
    return all;
}

/// What only a reader of topics has: the messages that tell of findings and of actions' states.
inline constexpr const char *NotOfTopics =
    "type != \"ops.alert.v1\" and type != \"entropy.deviation\" and type != \"action.state\" "
    "and type != \"finding.state\"";

} // namespace eventops::test
