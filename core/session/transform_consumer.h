// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/transformer.h"
#include "core/session/backend.h"
#include "core/session/event_queue_settings.h"
#include "core/session/step_thread.h"
#include "core/session/workspace.h"
#include "core/store/transform_store.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace eventops {

/// Made transformers, kept for as long as their configuration stays. Thread: one.
class TransformerPool
{
public:
    explicit TransformerPool(const TransformerRegistry &registry) : m_registry(registry) {}
    /// As the registry makes it; what could not be made is tried again.
    Result<std::shared_ptr<Transformer>> get(const TransformerRow &row);

private:
    static constexpr std::size_t KeptMax = 256;
    struct Kept {
        std::string type, settings;
        std::shared_ptr<Transformer> transformer;
    };
    const TransformerRegistry &m_registry;
    std::map<std::int64_t, Kept> m_kept;
};

/// Why @p output cannot be stored; nothing: it can.
std::optional<Error> unfit(const TransformerOutput &output);

/// Takes what waits from the workspace's queue, lets all active transformers of a source and content type work on each
/// event, and stores what they make together with the note that they did. Each of them has its own say: one that fails
/// gives a dead letter, in the ledger and in the queue's own place for them, and stops no other. What the queue brings
/// twice is transformed once: the ledger knows what is done. One process of a workspace does it at a time; when that
/// dies another one goes on.
class TransformConsumer
{
public:
    enum class State : std::uint8_t { Off, Running, Elsewhere };
    static constexpr std::uint64_t BatchMax = 256;

    struct Options {
        EventQueueSettings queue;
        const Clock *clock = nullptr;                  ///< Null: the system's.
        std::function<void()> stored;                  ///< Called on its thread when there is something to hand on.
        std::function<void(const std::string &)> told; ///< Hears there of each trouble, once; null: nobody does.
    };
    /// @p registry outlives it.
    TransformConsumer(Workspace workspace, const TransformerRegistry &registry, Options options);
    ~TransformConsumer(); ///< Leaves a batch under way to whoever comes next.

    void wake();
    State state() const { return m_state; }
    /// Whether some process of the workspace transforms just now.
    static bool runsSomewhere(const Workspace &workspace);

private:
    void work();
    Result<bool> step();
    Result<bool> takeLock();
    Status open();
    bool ended() const;
    Result<bool> work(std::vector<TakenEvent> &taken);
    Status judge(const TakenEvent &taken, std::vector<RawEvent> &events, std::vector<FailedEvent> &failed);
    using Outcome = std::pair<TransformerRow, Result<TransformerOutput>>;
    Result<std::vector<std::vector<Outcome>>> transform(const std::vector<RawEvent> &events);
    std::vector<Result<TransformerOutput>> run(const TransformerRow &row, std::span<const RawEvent> events);
    Status store(const std::vector<RawEvent> &events, const std::vector<std::vector<Outcome>> &outcomes,
                 std::span<const TakenEvent> done);
    Status storeEvent(const RawEvent &event, const std::vector<Outcome> &outcomes);
    Status storeOutput(const RawEvent &event, const TransformerRow &row, const TransformerOutput &output);

    const Workspace m_workspace;
    const Options m_options;
    TransformerPool m_pool;
    std::optional<FileLock> m_lock;
    std::unique_ptr<TransformStore> m_store;
    std::unique_ptr<RawEventQueue> m_queue;
    std::vector<TakenEvent> m_taken; ///< Not acknowledged yet; the first is next.
    std::atomic<State> m_state{State::Running};
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::string m_trouble; ///< What was told last.
    std::shared_ptr<Transformer> m_running; ///< To be cancelled when this ends.
    bool m_woken = true;
    bool m_ended = false;
    std::thread m_thread; ///< Last: it uses the others.
};

/// Hands what transformers made to the pipeline, in order, and forgets it when it is stored there. A document that is
/// handed in again after a crash is known by its key; one that is a dead letter by the letter's beginning.
class TransformForwarder
{
public:
    /// @p backend must outlive it.
    TransformForwarder(Workspace workspace, Backend &backend);
    void wake() { m_steps.wake(); }

private:
    Result<bool> step();
    Status handIn(IngestRequest request);
    Status findLetters();

    const Workspace m_workspace;
    Backend &m_backend;
    std::unique_ptr<TransformStore> m_store;
    bool m_crashed = true;            ///< What waits at first may have been handed in before.
    std::set<std::string> m_letters;  ///< Beginnings of dead letters that are there then.
    StepThread m_steps;
};

} // namespace eventops
