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

/// A projection that catches up whenever the ledger has changed. What it feeds may be away: it is then tried again
/// every few seconds, and holds nothing up.
class RetryingProjection : public Projection
{
public:
    Status step() final;
    Status finish() final;

protected:
    /// Opens what is fed, unless it is open. Unavailable: it is away.
    virtual Status open() = 0;
    virtual Result<std::uint64_t> changeCounter() = 0; ///< Of the ledger; called after `open`, as the others are.
    virtual Status catchUp() = 0;
    /// What else there is to do at every step; @p last: all of it, nothing comes after.
    virtual Status attend(bool last);
    /// What became of it; @p working: more is to come. Never Ok after an error that ends the following.
    virtual void told(bool working, const Status &outcome);

private:
    Status tryStep();

    std::uint64_t m_changes = 0; ///< Counter at the last time that it caught up.
    std::chrono::steady_clock::time_point m_nextTry;
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
