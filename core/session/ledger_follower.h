// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace eventops {

/// What is fed from the ledger, as its follower sees it. Thread: the follower's.
class Projection
{
public:
    virtual ~Projection();
    /// Called twice a second. An error ends the following.
    virtual Status step() = 0;
    /// Called once, last: takes in all that is committed by now.
    virtual Status finish() = 0;
};

/// A thread that keeps a projection close to the ledger while an engine runs. It runs at a low priority and only ever
/// reads the ledger, so it cannot hold up ingestion however slow it is. Thread: the one that made it.
class LedgerFollower
{
public:
    /// @p open: makes the projection, on the follower's thread. @p stop: set by any thread; the follower then ends
    /// early. @p failed: hears of the error that ended it, on its thread.
    LedgerFollower(std::function<Result<std::unique_ptr<Projection>>(const LedgerFollower &)> open,
                   const std::atomic<bool> *stop, std::function<void(const Error &)> failed);
    ~LedgerFollower(); ///< Ends without catching up, if `finish` was not called.

    /// Catches up with the ledger and ends.
    Status finish();
    bool mustStop() const { return m_abandoned.load() || (m_stop != nullptr && m_stop->load()); }
    const std::atomic<bool> *abandoned() const { return &m_abandoned; }

private:
    void work();
    Status run();

    const std::function<Result<std::unique_ptr<Projection>>(const LedgerFollower &)> m_open;
    const std::atomic<bool> *const m_stop;
    const std::function<void(const Error &)> m_failed;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_finish = false;
    std::atomic<bool> m_abandoned{false};
    Status m_outcome = Ok{};
    std::thread m_thread;
};

} // namespace eventops
