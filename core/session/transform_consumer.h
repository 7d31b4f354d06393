// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/transformer.h"
#include "core/session/backend.h"
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

/// Lets all active transformers of a source and content type work on each event that waits, in order, and stores what
/// they make together with the note that they did. Each of them has its own say: one that fails gives a dead letter and
/// stops no other. One process of a workspace does it at a time; when that dies another one goes on.
class TransformConsumer
{
public:
    enum class State : std::uint8_t { Off, Running, Elsewhere };
    static constexpr std::uint64_t BatchMax = 256;

    /// @p registry outlives it. @p stored: called on its thread when there is something to hand on.
    TransformConsumer(Workspace workspace, const TransformerRegistry &registry, const Clock *clock,
                      std::function<void()> stored);
    ~TransformConsumer(); ///< Leaves a batch under way to whoever comes next.

    void wake();
    State state() const { return m_state; }
    /// Why nothing is done at the moment; empty: all is well.
    std::string trouble() const;

private:
    void work();
    Result<bool> step();
    Result<bool> takeLock();
    using Outcome = std::pair<TransformerRow, Result<TransformerOutput>>;
    Result<std::vector<std::vector<Outcome>>> transform(const std::vector<RawEvent> &events);
    std::vector<Result<TransformerOutput>> run(const TransformerRow &row, std::span<const RawEvent> events);
    Status store(const std::vector<RawEvent> &events, const std::vector<std::vector<Outcome>> &outcomes);
    Status storeEvent(const RawEvent &event, const std::vector<Outcome> &outcomes);
    Status storeOutput(const RawEvent &event, const TransformerRow &row, const TransformerOutput &output);

    const Workspace m_workspace;
    const Clock *const m_clock;
    const std::function<void()> m_stored;
    TransformerPool m_pool;
    std::optional<FileLock> m_lock;
    std::unique_ptr<TransformStore> m_store;
    std::atomic<State> m_state{State::Running};
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::string m_trouble;
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
    ~TransformForwarder();
    void wake();

private:
    void work();
    Result<bool> step();
    Status handIn(IngestRequest request);
    Status findLetters();

    const Workspace m_workspace;
    Backend &m_backend;
    std::unique_ptr<TransformStore> m_store;
    bool m_crashed = true;            ///< What waits at first may have been handed in before.
    std::set<std::string> m_letters;  ///< Beginnings of dead letters that are there then.
    std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_woken = true;
    bool m_ended = false;
    std::thread m_thread; ///< Last: it uses the others.
};

} // namespace eventops
