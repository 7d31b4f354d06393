// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/model/action.h"
#include "core/model/batch.h"
#include "core/model/entity.h"
#include "core/model/expectation.h"
#include "core/model/feature_window.h"
#include "core/model/feedback.h"
#include "core/model/finding.h"
#include "core/model/loss.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace eventops {

// A pipeline's stages run in three phases, in the order of the file within each:
//   map     any worker, one batch at a time, no memory of earlier batches: normalize, enrich;
//   keyed   per partition of (tenant, entity), in input order, with state: rules, entropy;
//   global  one thread, in input order, after the partitions' findings are merged: entities, suggest.
// All are functions of (input, state, settings): no clock, no randomness, no thread ids, no unordered iteration that
// shows in a result, no libm transcendentals. That is what makes replay, recovery and scaling exact.

/// How a map stage takes events out of a batch. Thread: the worker's.
class MapContext
{
public:
    virtual ~MapContext();
    /// The record of @p event goes to the dead letters whole, with all its events. @p detail names field and value.
    virtual void deadLetter(std::uint32_t event, const LossReason &reason, std::string_view detail) = 0;
    /// The event is not wanted. A record left without events counts as skipped.
    virtual void skip(std::uint32_t event, const LossReason &reason) = 0;
};

/// Thread: each worker has an instance of its own; it may cache, but a cache must never show in a result.
/// Errors: a bad event is not an error: deadLetter it and go on.
class MapStage
{
public:
    virtual ~MapStage();
    /// Changes the batch's events in place. O(events).
    virtual void process(Batch &batch, MapContext &context) = 0;
};

/// Where keyed stages put findings and features. The runner sets seq and emission; the stage fills the rest.
class Emitter
{
public:
    virtual ~Emitter();
    /// @p event: index in the batch of the event that triggered it.
    virtual void emit(std::uint32_t event, Finding finding) = 0;
    /// A window of event time that is over. Nobody has to look: the base class drops it.
    virtual void emitFeature(std::uint32_t event, FeatureWindow window);
};

/// How far event time had come at each event of a stretch of a batch: the watermark, which never goes back.
class TimeProgress
{
public:
    /// @p marks: the watermark after each event, the first one's being that of event @p begin.
    TimeProgress(std::uint32_t begin, std::span<const WallNs> marks) : m_begin(begin), m_marks(marks) {}
    /// After all events; NoTime: no event had a time yet.
    WallNs last() const { return m_marks.empty() ? NoTime : m_marks.back(); }
    /// One past the last event.
    std::uint32_t end() const { return m_begin + static_cast<std::uint32_t>(m_marks.size()); }
    /// The first event at which the watermark had come to @p time; `end()`: at none of them.
    std::uint32_t firstAt(WallNs time) const;

private:
    std::uint32_t m_begin;
    std::span<const WallNs> m_marks;
};

/// One partition of a keyed stage.
/// Thread: one worker at a time, never two. Memory: bounded; the bound is a `…_max` field of its StageSpec.
class KeyedStage
{
public:
    virtual ~KeyedStage();
    /// @p events: this partition's events of the batch, ascending; the runner never crosses an epoch in one call.
    /// @p time: of the whole stretch. What falls due between two events is done before the second, whatever
    /// partition's event moved the watermark, so batch boundaries never show.
    virtual void process(const Batch &batch, std::span<const std::uint32_t> events, const TimeProgress &time,
                         Emitter &emitter) = 0;
    /// The watermark at which something falls due here though no event may come; NoTime: nothing does.
    virtual WallNs nextDue() const;
    /// Of memory that grows with what it keeps; 0: not told.
    virtual std::size_t bytes() const;
    virtual void save(StateWriter &out) const = 0;
    virtual Status load(StateReader &in) = 0;
};

/// A keyed stage of a pipeline: makes its 64 partitions and owns what they share.
/// Shared models are read by partitions as a snapshot plus each partition's own delta; `mergeEpoch` folds the deltas
/// into the next snapshot every EpochRecords records (sooner at the start), in partition order. Thread: `mergeEpoch`,
/// `save` and `load` run while no partition runs.
class KeyedOperator
{
public:
    virtual ~KeyedOperator();
    virtual std::unique_ptr<KeyedStage> makePartition(unsigned partition) = 0;
    virtual void mergeEpoch(std::span<const std::unique_ptr<KeyedStage>> partitions);
    /// What a person told, at its place in the input; @p emitter takes what follows from it. Nobody has to listen.
    /// Thread: as mergeEpoch.
    virtual void takeFeedback(const Feedback &feedback, std::span<const std::unique_ptr<KeyedStage>> partitions,
                              std::uint32_t event, Emitter &emitter);
    virtual std::size_t bytes() const; ///< Of what the partitions share; as theirs.
    /// Adds what people may see of the state, a function of the state alone; the bounds of StageView hold for one
    /// operator. The base class shows nothing. Thread: while no partition runs.
    virtual void view(std::span<const std::unique_ptr<KeyedStage>> partitions, StageView &out) const;
    virtual void save(StateWriter &out) const;
    virtual Status load(StateReader &in);
};

/// What global stages add to a commit.
struct GlobalOutput {
    std::vector<Entity> entities;      ///< Changes; merged by identity.
    std::vector<Link> links;           ///< Changes; merged by identity.
    std::vector<Suggestion> suggestions;
};

/// Thread: the runner's. Sees every event once, in input order, and the findings of the same stretch, ordered by
/// (seq, emission).
class GlobalStage
{
public:
    virtual ~GlobalStage();
    /// @p events: the half-open range of batch.events to look at; @p findings: those triggered by them.
    virtual void process(const Batch &batch, std::size_t eventBegin, std::size_t eventEnd,
                         std::span<const Finding> findings, GlobalOutput &out) = 0;
    virtual void save(StateWriter &out) const;
    virtual Status load(StateReader &in);
};

} // namespace eventops
