// SPDX-License-Identifier: MIT
#pragma once

#include "core/group/transaction_sink.h"
#include "core/pipeline/runner.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace eventops {

/// How the work on one partition goes.
struct TaskHealth {
    TopicPartition place;
    bool rekeys = false;
    bool running = false; ///< Restored, and reading.
    std::string trouble;  ///< Why nothing gets on, for people; empty: it does.
    SourceHealth source;
    SinkCounts counts;
    std::uint64_t restoredFrom = 0; ///< Offset of the state that it began with.
    std::uint64_t failures = 0;     ///< Times that it began anew after an error …
    std::string lastError;          ///< … and the last of those.
};

/// Works on one partition while this member owns it, on a thread of its own: restores what was known of it, then reads,
/// finds and commits. After any error it begins again from what is committed, with a pause that grows to some seconds.
/// Thread: the one that made it; `health` any.
class GroupTask
{
public:
    /// @p group outlives it.
    GroupTask(std::shared_ptr<const GroupPlan> plan, const GroupStep &step, const KafkaGroup &group,
              TopicPartition place);
    ~GroupTask(); ///< As `join`.
    GroupTask(const GroupTask &) = delete;
    GroupTask &operator=(const GroupTask &) = delete;

    /// Asks it to end: what was read is committed with the state behind it, unless @p lost says that others may work on
    /// the partition already. Where no broker answers it gives up after some seconds; whoever comes next reads again
    /// what was not committed.
    void stop(bool lost);
    void join(); ///< Asks it to end, as well, and waits for it.

    TaskHealth health() const;

private:
    void work();
    Status attempt();
    Result<TaskStart> findStart();
    Status checkPlace(const TaskStart &start) const;
    Result<RunnerSource> makeInput(const TaskStart &start) const;
    Result<std::unique_ptr<PipelineRunner>> makeRunner(TransactionSink &sink, KeyWindow &keys, TaskStart &start);
    Status run(PipelineRunner &runner, const TransactionSink &sink, RunnerSource input);
    void hear(const RunProgress &progress);
    bool mustGiveUp() const;
    bool pauseFor(std::chrono::milliseconds time);
    void note(const std::string &text);

    const std::shared_ptr<const GroupPlan> m_plan;
    const GroupStep &m_step;
    const KafkaGroup &m_group;
    const TopicPartition m_place;
    std::atomic<bool> m_stop{false};
    std::atomic<bool> m_lost{false};
    mutable std::mutex m_mutex;
    std::condition_variable m_stopped;
    std::chrono::steady_clock::time_point m_stoppedAt;
    TaskHealth m_health;
    SinkCounts m_before;                     ///< Of the attempts before.
    const TransactionSink *m_sink = nullptr; ///< Of the attempt under way.
    std::thread m_thread;                    ///< Last: it uses all others.
};

} // namespace eventops
