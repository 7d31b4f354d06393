// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/clock.h"
#include "core/filter/filter.h"
#include "core/session/ledger_follower.h"
#include "core/session/sink_mark.h"
#include "core/store/ledger.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace eventops {

/// How patiently a sink's peer is offered what it does not take.
struct SinkPatience {
    std::int64_t delayMs = 1'000;     ///< After the first failure; doubles with each further one, …
    std::int64_t delayMsMax = 60'000; ///< … up to this. Each is cut by a random part of up to half.
};

/// Writes what the ledger has committed to one sink, in order and at least once: the mark moves when the peer has
/// taken a batch, and what comes twice after a crash or a broken connection comes under the same key, so that it is
/// there once. It only ever reads the ledger, never while it waits for the network, and holds the sink's lock only
/// while it delivers. Thread: one. Memory: a batch.
class SinkFeed
{
public:
    /// @p mustStop: asked often; once true, what is under way soon ends. Empty: never. NotFound: no ledger yet. What is
    /// wrong with the settings.
    static Result<std::unique_ptr<SinkFeed>> open(const Workspace &workspace, const Configured<SinkSpec> &sink,
                                                  std::function<bool()> mustStop, const SinkPatience &patience = {},
                                                  const Clock *clock = nullptr);

    /// Writes everything that is committed by now. Unavailable: not yet, see `wait`; Busy: another process delivers;
    /// Cancelled: stopped; Full, Io: the mark cannot be written. @p last: nobody comes after, so links go out too.
    Status catchUp(bool last);
    /// Offers again what was set aside. How many of them the peer took.
    Result<std::uint64_t> retry();
    /// The next time begins at the beginning of the ledger.
    Status forget();
    /// Connects and makes what is missing there, without writing an event.
    Status check();

    std::chrono::milliseconds wait() const { return m_wait; } ///< After Unavailable: so long.
    const SinkMark &mark() const { return m_mark; }
    Result<std::uint64_t> changeCounter() { return m_ledger->changeCounter(); }
    ~SinkFeed();

private:
    /// Documents to write, and how far the ledger was looked through for them.
    struct Gathered {
        std::vector<SinkDocument> documents;
        std::vector<std::uint64_t> places; ///< Of each document.
        std::uint64_t upTo = 0, dropped = 0;
    };
    /// What became of a batch so far.
    struct Written {
        std::uint64_t delivered = 0;
        std::vector<SinkLetter> letters;
    };

    SinkFeed(const Workspace &workspace, const Configured<SinkSpec> &sink, std::function<bool()> mustStop,
             const SinkPatience &patience, const Clock *clock);
    Status findMark();
    Status openSink();
    Status pushEvents();
    Status pushLinks();
    Result<Gathered> gather(std::uint64_t first, std::uint64_t count);
    Status pushBatch(const Gathered &gathered, std::size_t begin, std::size_t end);
    Status write(const Gathered &gathered, std::size_t begin, std::size_t end, Written &written);
    Status failed(const Error &error);
    Status save();

    const Workspace m_workspace;
    const std::string m_name;
    const std::function<bool()> m_mustStop;
    const SinkPatience m_patience;
    SystemClock m_systemClock;
    const Clock &m_clock;
    Filter m_filter;
    std::size_t m_batch = 0;
    std::unique_ptr<Sink> m_sink;
    bool m_open = false;
    std::unique_ptr<Ledger> m_ledger;
    SinkMark m_mark;
    std::chrono::milliseconds m_wait{0};
    std::chrono::steady_clock::time_point m_linksAgain;
};

/// Writes to all sinks of a pipeline, each by a follower of its own, so that none waits for another and nothing waits
/// for them. Thread: the one that made it.
class SinkProjector
{
public:
    /// @p stop: set by any thread; it then ends early. Null: nobody. @p told: hears of each trouble that no mark tells
    /// of, on any thread. Null: nobody.
    SinkProjector(Workspace workspace, std::vector<Configured<SinkSpec>> sinks, const std::atomic<bool> *stop,
                  std::function<void(const std::string &)> told = nullptr);
    ~SinkProjector(); ///< Ends at once, if `finish` was not called.

    /// Offers all that is committed once, to all sinks at the same time, and ends. What is not there afterwards, a
    /// sentence a sink. A peer that was away a moment ago is not waited for.
    std::vector<std::string> finish();

private:
    class Steps;
    struct Followed;

    const Workspace m_workspace;
    const std::function<void(const std::string &)> m_told;
    std::vector<std::unique_ptr<Followed>> m_followed;
};

/// Keeps the sinks of whatever pipeline the workspace ran last up to date, also while nothing runs; a pipeline that
/// comes meanwhile is followed. Thread: the one that made it.
class SinkWatch
{
public:
    using Load = std::function<Result<std::vector<Configured<SinkSpec>>>()>;
    /// @p load: the sinks as they are now; called on a thread of its own whenever the workspace's pipeline changed.
    SinkWatch(Workspace workspace, Load load, std::function<void(const std::string &)> told);
    ~SinkWatch();

private:
    void watch();

    const Workspace m_workspace;
    const Load m_load;
    const std::function<void(const std::string &)> m_told;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_ended = false;
    std::thread m_thread; ///< Last: it uses the others.
};

} // namespace eventops
