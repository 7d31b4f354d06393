// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/bounded_queue.h"
#include "core/base/doorbell.h"
#include "core/pipeline/batch_pool.h"
#include "core/pipeline/commit.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>

namespace eventops {

/// The ledger writer thread: commits groups one after the other while the next is being formed, and lets the ledger
/// keep house in between. A ledger that has no
/// room (Full) or is held by others (Busy) holds everything back: the same group is tried again, the queue fills, and
/// the sources wait. After any other error it commits nothing more. Thread: all calls by the runner.
class CommitWriter
{
public:
    struct Limits {
        std::chrono::milliseconds holdBackMax{0};  ///< A group is tried again for so long.
        const std::atomic<bool> *stop = nullptr;   ///< Set: what cannot be committed now is not tried again.
    };
    static constexpr std::chrono::milliseconds RetryEvery{100};
    static constexpr std::chrono::seconds MaintainEvery{60}; ///< Without commits in between.

    /// @p idle rings when the last group handed over is dealt with.
    CommitWriter(CommitSink &sink, BatchPool &batches, Limits limits, Doorbell &idle);
    ~CommitWriter();

    /// Hands over a group with its dedupe keys. False: no room in the queue within @p wait; all are as they were. The
    /// error of an earlier group. @p committed: null, or called on the writer's thread once the group is committed.
    Result<bool> push(CommitGroup &group, std::unordered_set<std::uint64_t> &keys, std::function<void()> &committed,
                      std::chrono::milliseconds wait);
    /// Groups handed over and not yet committed: one is written, one waits.
    std::size_t underWay();
    static constexpr std::size_t UnderWayMax = 2;
    /// Which of @p keyHashes are committed or on their way, in their order.
    std::vector<bool> seen(std::span<const std::uint64_t> keyHashes);
    /// Waits at most @p wait until everything handed over is committed. False: it is not yet. The first error, if any.
    Result<bool> drain(std::chrono::milliseconds wait);
    /// Why nothing is committed at the moment, a sentence for people; empty: all is well.
    std::string trouble();

private:
    struct Job {
        CommitGroup group;
        std::function<void()> committed;
    };
    void work();
    Status commit(CommitGroup &group);
    bool maintain();
    bool holdBack(const Error &error, std::chrono::steady_clock::time_point since);

    CommitSink &m_sink;
    BatchPool &m_batches;
    const Limits m_limits;
    Doorbell &m_idleBell;
    BoundedQueue<Job> m_queue{1};
    std::mutex m_sinkMutex;  ///< `commit` and `seen` of the sink never overlap.
    std::mutex m_mutex;      ///< Guards what follows.
    std::condition_variable m_idle;
    std::deque<std::unordered_set<std::uint64_t>> m_keysUnderWay; ///< One set per group not yet committed.
    std::size_t m_underWay = 0;
    std::optional<Error> m_error;
    std::string m_trouble;
    std::string m_untidy; ///< Why the ledger's housekeeping stands still.
    bool m_closing = false;
    std::condition_variable m_retry;
    std::thread m_thread;
};

} // namespace eventops
