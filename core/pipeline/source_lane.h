// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/bounded_queue.h"
#include "core/base/doorbell.h"
#include "core/pipeline/batch_pool.h"
#include "core/pipeline/chunk_pool.h"
#include "core/pipeline/decode_phase.h"
#include "core/pipeline/source.h"
#include "core/pipeline/worker_pool.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>

namespace eventops {

/// One source on its way into the pipeline: a reader thread hands chunks to the workers; decoded batches come out in
/// the order of reading. At most QueuedMax chunks are under way: that is the back-pressure on the source.
/// Thread: `next` and construction by the runner.
class SourceLane
{
public:
    /// What came out: a decoded batch, or how the source ended.
    struct Item {
        std::unique_ptr<Batch> batch;    ///< Null at the end.
        std::uint64_t positionEnd = 0;   ///< Cursor after the batch.
        std::uint64_t prefixHash = 0;    ///< hash64 of the source's bytes up to positionEnd.
        std::uint64_t duplicates = 0;    ///< Records below the committed cursor that the chunk held, not in the batch.
        std::uint64_t bytes = 0;         ///< Raw bytes read for it.
        bool ended = false;              ///< The source has no more.
        std::optional<Error> error;      ///< Reading failed.
    };
    using PhaseOf = std::function<DecodePhase &(unsigned worker)>;

    /// @p ready rings whenever `next` has something new.
    SourceLane(Source &source, std::uint32_t index, std::uint64_t skipBelow, WorkerPool &pool, BatchPool &batches,
               Doorbell &ready, PhaseOf phaseOf);
    ~SourceLane();
    SourceLane(const SourceLane &) = delete;
    SourceLane &operator=(const SourceLane &) = delete;

    /// The next item in order; nothing when none is ready within @p wait.
    std::optional<Item> next(std::chrono::milliseconds wait);
    std::size_t queued() const { return m_pending.size(); } ///< Chunks read and not taken.
    static constexpr std::size_t QueuedMax = 4; ///< At most so many; more the source waits with.
    void stop(); ///< Reading ends at the next chunk; what is under way still comes out.

private:
    using Pending = std::future<Item>;
    void readAll();
    void submit(std::shared_ptr<RawChunk> chunk, std::vector<OversizePart> oversize);
    Item decode(const std::shared_ptr<RawChunk> &chunk, std::vector<OversizePart> &oversize, unsigned worker);

    Source &m_source;
    const std::uint32_t m_index;
    const std::uint64_t m_skipBelow;
    WorkerPool &m_pool;
    BatchPool &m_batches;
    Doorbell &m_ready;
    PhaseOf m_phaseOf;
    ChunkPool m_chunks;
    std::vector<std::unique_ptr<RecordDecoder>> m_decoders; ///< By worker.
    BoundedQueue<Pending> m_pending;
    std::optional<Pending> m_front;
    std::atomic<bool> m_stop{false};
    std::thread m_reader;
};

} // namespace eventops
