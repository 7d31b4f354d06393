// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/bounded_queue.h"
#include "core/pipeline/batch_pool.h"
#include "core/pipeline/commit.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>

namespace eventops {

/// The ledger writer thread: commits groups one after the other while the next is being formed. After an error it
/// commits nothing more. Thread: `push`, `seen` and `drain` by the runner.
class CommitWriter
{
public:
    CommitWriter(CommitSink &sink, BatchPool &batches);
    ~CommitWriter();

    /// Hands over a group with its dedupe keys; waits while one is still in the queue. The error of an earlier group.
    Status push(CommitGroup group, std::unordered_set<std::uint64_t> keys);
    /// Groups handed over and not yet committed: one is written, one waits.
    std::size_t underWay();
    static constexpr std::size_t UnderWayMax = 2;
    /// True when @p keyHash is committed or on its way.
    bool seen(std::uint64_t keyHash);
    /// Waits until everything handed over is committed. The first error, if any.
    Status drain();

private:
    struct Job {
        CommitGroup group;
    };
    void work();

    CommitSink &m_sink;
    BatchPool &m_batches;
    BoundedQueue<Job> m_queue{1};
    std::mutex m_sinkMutex;  ///< `commit` and `seen` of the sink never overlap.
    std::mutex m_mutex;      ///< Guards what follows.
    std::condition_variable m_idle;
    std::deque<std::unordered_set<std::uint64_t>> m_keysUnderWay; ///< One set per group not yet committed.
    std::size_t m_underWay = 0;
    std::optional<Error> m_error;
    std::thread m_thread;
};

} // namespace eventops
