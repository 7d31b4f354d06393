// SPDX-License-Identifier: MIT
#pragma once

#include "core/lake/lake_query.h"
#include "core/lake/lake_writer.h"
#include "core/session/ledger_follower.h"
#include "core/session/workspace.h"
#include "core/store/ledger.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace eventops {

lake::LakePaths lakePaths(const Workspace &workspace);
/// True when the workspace has a lake, which every later run then keeps up to date.
bool hasLake(const Workspace &workspace);

/// Feeds the lake from what the ledger has committed. It only ever reads the ledger, on a connection of its own, so it
/// cannot hold up ingestion however slow it is (contract K113). Thread: one.
class LakeFeed
{
public:
    /// Takes the workspace's "lake" lock. Busy, Unavailable, NotFound (no ledger yet), and LakeWriter's.
    static Result<std::unique_ptr<LakeFeed>> open(const Workspace &workspace);

    /// Projects everything that is committed by now. Cancelled: @p mustStop said so; what was committed is kept.
    Status catchUp(const std::function<bool()> &mustStop);
    /// Writes parts of all rows that have none and publishes.
    Status publish(bool withParts);

    const lake::LakeMark &mark() const { return m_writer->mark(); }
    const std::string &notice() const { return m_notice; }
    std::uint64_t rowsWithoutParts() const { return m_writer->rowsWithoutParts(); }
    Result<std::uint64_t> changeCounter() { return m_ledger->changeCounter(); }

private:
    LakeFeed(FileLock lock, std::unique_ptr<Ledger> ledger, std::unique_ptr<lake::LakeWriter> writer,
             std::string notice)
        : m_lock(std::move(lock)),
          m_ledger(std::move(ledger)),
          m_writer(std::move(writer)),
          m_notice(std::move(notice))
    {
    }
    FileLock m_lock;
    std::unique_ptr<Ledger> m_ledger;
    std::unique_ptr<lake::LakeWriter> m_writer;
    const std::string m_notice;
};

/// Builds the lake up to the present end of the ledger. @p anew: throws away what is there first.
Result<lake::LakeMark> buildLake(const Workspace &workspace, bool anew, const std::atomic<bool> *stop,
                                 std::string &notice);

/// A thread that keeps the lake close to the ledger while an engine runs: publishes at most every five seconds and
/// never for more than a twentieth of the time. Thread: the one that made it.
class LakeProjector
{
public:
    struct State {
        bool working = false;
        std::string notice; ///< Why the lake began anew, or why it stands still; empty: all is well.
        lake::LakeMark mark;
    };
    /// @p stop: set by any thread; the projector then ends early. @p changed: after each step, on the projector's
    /// thread.
    LakeProjector(Workspace workspace, const std::atomic<bool> *stop, std::function<void(const State &)> changed);
    ~LakeProjector(); ///< Ends without catching up, if `finish` was not called.

    /// Catches up with the ledger, writes parts, publishes and ends. An error leaves the ledger as it is: a later run
    /// or `eventops lake build` goes on.
    Status finish() { return m_follower.finish(); }

private:
    class Steps;
    const Workspace m_workspace;
    const std::function<void(const State &)> m_changed;
    LedgerFollower m_follower; ///< Last: its thread uses the others.
};

} // namespace eventops
