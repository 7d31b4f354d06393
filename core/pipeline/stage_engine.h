// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/limits.h"
#include "core/pipeline/spec.h"
#include "core/pipeline/worker_pool.h"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// The source whose events may be what a person told the stages; in a capture of a workspace "input-log@…". What other
/// sources say of that kind is not heeded.
inline constexpr std::string_view InputLogKey = "input-log";
bool isInputLog(std::string_view sourceKey);

/// The stateful half of a pipeline: keyed stages over 64 partitions, then the global stages.
///
/// What it gives is a function of the events in input order and the settings alone. Partitions are independent of the
/// number of workers, findings are merged by (event, stage, order of emission), shared models are folded together only
/// at records that are numbered so (EpochRecords), so neither threads nor batch boundaries show.
/// Thread: one caller; uses the pool's workers inside `process`. Complexity: O(events).
class StageEngine
{
public:
    /// @p latenessNs: how far the watermark stays behind the newest event time.
    /// Errors: InvalidConfig from a stage's settings.
    static Result<std::unique_ptr<StageEngine>> make(std::span<const Configured<StageSpec>> stages,
                                                     std::int64_t latenessNs);

    /// What one batch added.
    struct Output {
        std::vector<Finding> findings;
        std::vector<FeatureWindow> features;
        GlobalOutput global;
        void clear();
    };

    /// Runs the stages over all events of @p batch. Records have their final seq, events their entityKey.
    /// @p sourceKeys: Source::key() by RawRecord::source, for event ids. @p pool may be null: everything on this
    /// thread.
    void process(const Batch &batch, std::span<const std::string> sourceKeys, WorkerPool *pool, Output &out);

    /// The global stages alone, over findings that the keyed stages gave before, ordered by (seq, emission): those that
    /// the events of @p batch triggered.
    void processGlobal(const Batch &batch, std::span<const Finding> findings, Output &out);

    /// Told what each stage gave, in input order; null: nobody. It must outlive the engine.
    class Observer
    {
    public:
        virtual ~Observer();
        virtual void found(std::string_view stage, const Finding &finding) = 0;
        /// @p before: what @p out held before this stage; what stands after it is the stage's.
        struct Sizes {
            std::size_t entities, links, suggestions;
        };
        virtual void gave(std::string_view stage, const GlobalOutput &out, const Sizes &before) = 0;
    };
    void observe(Observer *observer) { m_observer = observer; }

    /// What people may see of the stages' state: that of all of them, in their order. Changes nothing.
    StageView view() const;
    bool hasState() const { return !m_keyed.empty() || !m_global.empty(); }
    std::size_t bytes() const; ///< Of the keyed stages' state, as they tell it. O(state).
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    struct Keyed {
        std::string name;
        std::unique_ptr<KeyedOperator> shared;
        std::vector<std::unique_ptr<KeyedStage>> partitions;
    };
    struct Global {
        std::string name;
        std::unique_ptr<GlobalStage> stage;
    };
    struct Emitted {
        std::uint32_t event;
        std::uint32_t stage;
        Finding finding;
    };
    struct EmittedFeature {
        std::uint32_t event;
        std::uint32_t stage;
        FeatureWindow window;
    };
    class Collector;

    StageEngine() = default;
    void enterEpochOf(Seq seq);
    void processSegment(const Batch &batch, std::size_t begin, std::size_t end, WorkerPool *pool, Output &out,
                        std::span<const std::string> sourceKeys);
    void tellFeedback(std::uint32_t event);
    void partition(const Batch &batch, std::size_t begin, std::size_t end);
    void markTimes(const Batch &batch, std::size_t begin, std::size_t end);
    void runPartition(const Batch &batch, std::size_t partition, const TimeProgress &time);
    void runGlobal(const Batch &batch, std::size_t begin, std::size_t end, std::span<const Finding> findings,
                   Output &out);
    void mergeFindings(const Batch &batch, std::span<const std::string> sourceKeys, Output &out);
    void mergeFeatures(const Batch &batch, Output &out);

    std::vector<Keyed> m_keyed;
    std::vector<Global> m_global;
    Observer *m_observer = nullptr;
    std::uint64_t m_epoch = 0;
    std::int64_t m_latenessNs = 0;
    WallNs m_newest = NoTime;                ///< Newest event time seen.
    std::vector<WallNs> m_marks;             ///< The watermark after each event of the stretch.
    std::optional<Feedback> m_told;          ///< Of the stretch, which is that one event then.
    std::vector<std::uint32_t> m_order;                       ///< Event indices grouped by partition.
    std::array<std::uint32_t, PartitionCount + 1> m_first{};  ///< Where each partition's group begins.
    std::array<std::vector<Emitted>, PartitionCount> m_emitted;
    std::vector<Emitted> m_merged;
    std::array<std::vector<EmittedFeature>, PartitionCount> m_emittedFeatures;
    std::vector<EmittedFeature> m_mergedFeatures;
};

/// The id of an event: the source's own, else derived from its position (model/event_id.h).
std::string eventId(const Batch &batch, const Event &event, std::span<const std::string> sourceKeys);

} // namespace eventops
