// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/clock.h"
#include "core/base/doorbell.h"
#include "core/pipeline/batch_pool.h"
#include "core/pipeline/commit.h"
#include "core/pipeline/decode_phase.h"
#include "core/pipeline/key_window.h"
#include "core/pipeline/playback.h"
#include "core/pipeline/source_lane.h"
#include "core/pipeline/spec.h"
#include "core/pipeline/stage_engine.h"
#include "core/pipeline/worker_pool.h"

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

namespace eventops {

class CommitWriter;

/// A source to run, and where the ledger says it was left.
struct RunnerSource {
    std::unique_ptr<Source> source;
    SourceProgress progress;   ///< Of earlier runs; cursor 0: never read.
    std::optional<Retention> retention; ///< What its events are kept as; nothing: as the source says.
};

/// How full a queue is. Full: what comes before it waits.
struct QueueDepth {
    std::size_t items = 0;
    std::size_t itemsMax = 0;
};

struct RunProgress {
    std::uint64_t bytesRead = 0;
    std::uint64_t bytesTotal = 0; ///< 0: unknown.
    Counters counters;            ///< Of this run.
    std::uint64_t findings = 0;
    std::uint64_t suggestions = 0;
    WallNs watermark = NoTime;
    QueueDepth chunks;            ///< Read and not yet admitted, of all sources.
    QueueDepth commits;           ///< Groups on their way into the ledger.
    std::string trouble;          ///< Why nothing gets on just now, for people: the ledger's, else a source's.
    std::vector<SourceHealth> sources; ///< Of the run, in its order; looked at a few times a second.
};

struct RunnerOptions {
    unsigned workers = 1;
    std::size_t commitRecordsMax = 16'384;    ///< A commit holds at most about this many records …
    std::size_t commitBytesMax = 6u << 20;    ///< … or raw bytes.
    std::uint64_t checkpointRecords = 262'144;///< Records between two checkpoints of stage state.
    std::chrono::milliseconds commitDelay{75}; ///< A live source's records wait no longer for their commit.
    std::chrono::milliseconds holdBackMax{0}; ///< So long a run waits for a ledger without room; then it ends: Full.
    const Clock *clock = nullptr;             ///< Ingest times; null: SystemClock.
    const std::atomic<bool> *stop = nullptr;  ///< Set: end after what was read is committed.
    Playback *playback = nullptr;             ///< Records pass when it lets them; for finite sources only.
    std::function<void()> committed;          ///< On the writer's thread, after each group that is in the ledger.
    /// Present: knows the dedupe keys instead of the sink, is saved with each checkpoint and restored with it; and an
    /// event without a time never gets the clock's. All that comes out is then a function of the input alone.
    KeyWindow *keys = nullptr;
    std::function<void(const RunProgress &)>
        progress; ///< On the runner's thread, after each group handed to the ledger and when trouble comes or goes.
};

/// Runs a pipeline over its sources into the ledger.
///
/// Threads: a reader per source, `workers` workers, one ledger writer, and the caller of `run`, which admits records in
/// order (sequence number, dedupe, missing times), drives the stateful stages and forms commits. Every queue is
/// bounded: a slow ledger slows the sources, and one without room stops them until there is some. Order: one source
/// keeps its own; several finite ones are merged by event time (those of one numbering by their numbers), ties by their
/// order in `sources`; with an endless one all are taken in order of arrival. Errors: what the ledger or a source
/// returns (what a source says to be missing comes last, all else is stored then); everything committed before stays
/// valid and the cursor says how far.
class PipelineRunner
{
public:
    static Result<std::unique_ptr<PipelineRunner>> make(const PipelineSpec &spec, CommitSink &sink,
                                                        RunnerOptions options);
    ~PipelineRunner();

    /// Where the ledger stands. @p replay feeds the stored events after a given seq in order, to bring the stages'
    /// state up to @p lastSeq when the checkpoint is older; what the stages emit then was committed before.
    using Replay = std::function<Status(Seq after, const std::function<Status(Batch &)> &consume)>;
    Status restore(Seq lastSeq, WallNs watermark, const std::optional<Checkpoint> &checkpoint,
                   std::span<const std::string> storedSourceKeys, const Replay &replay);

    /// Reads the sources to their end (or until stopped) and commits everything. May be called again with others.
    /// @p known: how far sources of earlier runs were read; those that come up beside another one find their place
    /// there. One that is the same as one that is being read waits for a while until that has ended.
    Status run(std::vector<RunnerSource> sources, std::vector<SourceProgress> known = {});

    const RunProgress &progress() const { return m_progress; }

private:
    struct Lane;
    /// One that came up meanwhile and is not read yet.
    struct Coming {
        RunnerSource source;
        std::chrono::steady_clock::time_point since;
    };
    PipelineRunner(const PipelineSpec &spec, CommitSink &sink, RunnerOptions options);

    Status openLanes(std::vector<RunnerSource> &sources);
    Result<std::unique_ptr<Lane>> openLane(RunnerSource &given);
    void startReader(std::size_t index);
    Status runLanes(std::vector<RunnerSource> &sources);
    Status runInOrderOfArrival();
    Status runMerged();
    enum class Stretch : std::uint8_t { Full, Held, Ended };
    Result<Lane *> firstLane(bool numbered, Batch &merged, std::size_t &bytes);
    void takeRecord(Lane &lane, Batch &merged);
    Stretch pace(const Lane &next) const;
    Status waitForPlayback();
    Result<bool> refill(Lane &lane, std::chrono::milliseconds wait);
    Status admit(std::unique_ptr<Batch> batch);
    void dropSeen(Batch &batch);
    std::vector<bool> fresh(const Batch &batch, std::span<const std::size_t> events,
                            std::span<const std::uint64_t> keys);
    void giveTimes(Batch &batch);
    void countOutcomes(const Batch &batch);
    Status flush(bool final);
    std::function<void()> receiptsOf(const CommitGroup &group) const;
    bool hurried() const;
    Status handOver();
    Status drain();
    void tellTrouble();
    void lookAtSources();
    void addSources();
    Result<bool> addSource(Coming &coming);
    Result<std::size_t> freeSlot(const std::string &key);
    std::string trouble() const;
    bool stopped() const { return m_options.stop != nullptr && m_options.stop->load(); }
    Checkpoint makeCheckpoint() const;
    bool viewDue() const;
    void takeView(bool final);

    const PipelineSpec &m_spec;
    CommitSink &m_sink;
    RunnerOptions m_options;
    SystemClock m_systemClock;
    std::vector<std::unique_ptr<DecodePhase>> m_phases; ///< By worker.
    std::unique_ptr<StageEngine> m_engine;
    BatchPool m_batches;
    Doorbell m_bell;                        ///< A source has something, or the writer nothing.
    std::unique_ptr<WorkerPool> m_pool;
    CommitWriter *m_writer = nullptr;       ///< While `run` runs.
    std::vector<std::unique_ptr<Lane>> m_lanes;
    std::vector<std::string> m_sourceKeys;  ///< By RawRecord::source.

    Seq m_lastSeq = 0;
    Seq m_checkpointSeq = 0;
    Seq m_viewSeq = 0;                      ///< What the last view of the stages covers …
    std::chrono::steady_clock::time_point m_viewAfter; ///< … and when it is time for another.
    WallNs m_newest = NoTime;               ///< Newest event time admitted.
    WallNs m_lastTime = NoTime;             ///< Event time of the last record that had one; for those that have none.
    CommitGroup m_group;
    std::size_t m_groupBytes = 0;
    std::size_t m_groupRecords = 0;
    std::unordered_set<std::uint64_t> m_groupKeys; ///< Dedupe keys of the group being formed.
    StageEngine::Output m_output;
    RunProgress m_progress;
    std::vector<SourceProgress> m_known;    ///< Of earlier runs.
    std::vector<Coming> m_coming;
    std::optional<Error> m_incomplete;      ///< What a source of this run said to be missing.
    std::chrono::steady_clock::time_point m_flushedAt;
    std::chrono::steady_clock::time_point m_lookedAt;        ///< At the health of the sources.
};

} // namespace eventops
