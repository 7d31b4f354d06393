// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/transformer.h"
#include "core/session/backend.h"
#include "core/session/transform_consumer.h"
#include "core/session/transform_publisher.h"
#include "core/session/workspace.h"
#include "core/store/transform_store.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace eventops {

/// What a transformer would make of an event.
struct DryRun {
    std::int64_t source = 0, transformer = 0;
    std::string name;
    Result<TransformerOutput> output = TransformerOutput();
};

/// The workspace's transformers in this process: takes raw events and configuration, lets transformers work on what
/// waits, and hands what they make to the back end as records. Everything is in the ledger before it is answered, and
/// between any two steps the process may die: nothing is lost and nothing stored twice.
///
/// Thread: any may call. Five threads of its own: one for what is asked and handed in (what waits together is one
/// transaction), one for dry runs, one that announces to a queue outside of the ledger, one that transforms, one that
/// hands on.
class TransformDesk
{
public:
    struct Options {
        TransformerRegistry registry;
        const Clock *clock = nullptr; ///< Null: the system's.
        bool consumes = true;         ///< Transforms here; false: another process does.
        bool forwards = true;         ///< Announces what waits, hands on what was made; false: neither.
        EventQueueSettings queue;
        std::function<void(const std::string &)> told; ///< Hears of each trouble once, on some thread; null: nobody.
    };
    static constexpr std::size_t WaitingMax = 4'096; ///< Calls; more are Busy.

    /// @p backend must outlive it.
    TransformDesk(Workspace workspace, Backend &backend, Options options);
    ~TransformDesk(); ///< What waits to be asked ends with Cancelled; what waits to be transformed stays.

    using Work = std::function<Status(TransformStore &)>;
    using Answer = std::function<void(const Status &)>;
    /// Runs @p work on the desk's thread and then @p answer, when what it wrote is committed; @p writes: it does, and
    /// all of it is undone if it fails.
    void post(bool writes, Work work, Answer answer);
    /// There are raw events that wait.
    void wake();
    /// What the active transformers of the event's source make of it. Stores nothing. NotFound: there is no such
    /// source, or it has no active transformer.
    void dryRun(RawEvent event, Done<std::vector<DryRun>> done);
    /// Whether the settings will do; see TransformerRegistry::make.
    Status check(const TransformerSetup &setup) const;
    /// Somebody transforms: this process, or another one that took it over.
    bool isConsumed() const;
    WallNs now() const;

private:
    struct Call {
        bool writes = false;
        Work work;
        Answer answer;
    };
    struct Lane {
        std::mutex mutex;
        std::condition_variable filled;
        std::deque<Call> calls;
        bool ended = false;
        std::unique_ptr<TransformStore> store; ///< The thread's own.
        std::thread thread;
    };
    void enqueue(Lane &lane, Call call);
    void work(Lane &lane);
    void serve(Lane &lane, std::deque<Call> calls);
    Status openStore(Lane &lane) const;
    static void end(Lane &lane);

    const Workspace m_workspace;
    const Options m_options;
    SystemClock m_systemClock;
    TransformerPool m_pool; ///< Of dry runs.
    Lane m_calls, m_tests;
    std::unique_ptr<TransformConsumer> m_consumer;   ///< Null: another process's.
    std::unique_ptr<TransformForwarder> m_forwarder; ///< Null: nothing is changed here.
    std::unique_ptr<TransformPublisher> m_publisher; ///< Null as well where the ledger is the queue.
};

} // namespace eventops
