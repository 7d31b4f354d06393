// SPDX-License-Identifier: MIT
#pragma once

#include "core/script/script_worker.h"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace eventops {

/// Several workers of one script. What is asked together is shared out among them in pieces, and its outputs come back
/// in order. Each worker has a thread of ours for as long as the pool stands: processes die with the thread that
/// started them. Thread: one at a time.
class ScriptPool
{
public:
    static constexpr unsigned WorkersMax = 64;
    static constexpr std::size_t PieceMin = 16; ///< Events that are worth a worker of their own.

    /// @p workers: 1 … WorkersMax. Nothing is started before it is needed.
    ScriptPool(const ScriptSpec &spec, unsigned workers);
    ~ScriptPool();

    /// As ScriptWorker::transform.
    std::vector<ScriptOutput> transform(std::span<const ScriptInput> inputs);
    void cancel();                   ///< As ScriptWorker::cancel, of all.
    ScriptCounters counters() const; ///< Of all workers.
    /// Of the first worker; known once something was transformed.
    Isolation isolation() const { return m_lanes.front()->worker.isolation(); }

private:
    /// A worker, its thread, and the piece that it works on.
    struct Lane {
        explicit Lane(const ScriptSpec &spec) : worker(spec) {}
        ScriptWorker worker;
        std::span<const ScriptInput> piece;
        std::vector<ScriptOutput> outputs;
        bool busy = false;
        std::thread thread;
    };
    void work(Lane &lane);

    std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_stop = false;
    std::vector<std::unique_ptr<Lane>> m_lanes;
};

} // namespace eventops
