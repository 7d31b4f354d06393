// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/base/types.h"
#include "core/entropy/gap_sketch.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace eventops {

// The named estimators of contract X18: latency_entropy and late_p95.

/// Shannon's entropy of a histogram in bits: −Σ p log2 p; 0 when it is empty. Deterministic. O(counts).
double histogramEntropyBits(std::span<const std::uint64_t> counts);

enum class EntropyTolerance : std::uint8_t {
    Mad, ///< So many median absolute deviations of the baseline's entropies, scaled to σ.
    Pct, ///< A percentage of the baseline.
    Abs, ///< Bits.
};

struct LatencyEntropyOptions {
    static constexpr std::int64_t LatencyBucketNs = 500 * NsPerMs;    ///< For latencies of requests.
    static constexpr std::int64_t StepBucketNs = 30 * NsPerSecond;    ///< For durations of steps.
    std::int64_t bucketNs = LatencyBucketNs;
    std::int64_t windowNs = 7 * 86'400 * NsPerSecond; ///< How far back the baseline looks.
    std::int64_t sliceNs = 3'600 * NsPerSecond;       ///< What one entropy is taken over; divides the window.
    EntropyTolerance tolerance = EntropyTolerance::Mad;
    double toleranceMads = 3.0;
    double tolerancePct = 20.0;
    double toleranceAbs = 0.5;       ///< Bits.
    double toleranceMin = 0.1;       ///< Bits; a series that never varied would else have none at all.
    std::uint64_t samplesMin = 30;   ///< A slice with fewer says nothing.
    std::size_t slicesMin = 8;       ///< Learning before.
    std::size_t keysMax = 4'096;     ///< Beyond it the longest untouched key is forgotten.
};

/// How spread out latencies were in one slice, against what is usual.
struct EntropyDeviation {
    WallNs start = NoTime, end = NoTime; ///< Of the slice; the end is exclusive.
    double entropy = 0.0;   ///< Bits.
    double baseline = 0.0;  ///< Median of the slices before it within the window.
    double tolerance = 0.0; ///< |entropy − baseline| exceeds it.
    std::uint64_t samples = 0;
    std::size_t slices = 0; ///< Behind the baseline.
};

/// latency_entropy: the entropy of latency buckets, slice by slice, against the median of the slices of the last
/// window. A step that begins to take two times instead of one, or one instead of many, moves it, where mean and
/// quantiles may stay. Deviating slices join the baseline too: the median does not mind few of them, and many are the
/// new normal.
///
/// A slice is judged when a later one begins; values of earlier slices are late and left out, but LateRunMax of them in
/// a row mean that time itself went back: the key begins afresh. Sparse buckets beyond BucketsMax share the last one.
/// Thread: one; each partition has its own. Complexity: O(buckets) a value, O(slices log slices) a slice.
/// Memory: bounded by keysMax × (BucketsMax + slices).
class LatencyEntropy
{
public:
    static constexpr std::size_t BucketsMax = 64;
    static constexpr std::size_t SlicesMax = 1'024; ///< windowNs / sliceNs is taken for no more.
    static constexpr std::uint32_t LateRunMax = 32;

    explicit LatencyEntropy(const LatencyEntropyOptions &options);

    /// @p key: hash of tenant, entity and step, not 0. @p latencyNs: negative ones count as 0. Gives the deviation of
    /// the slice that this value ends, if it deviates. Without a sensible time nothing is learned.
    std::optional<EntropyDeviation> observe(std::uint64_t key, std::int64_t latencyNs, WallNs at);

    /// In the order of last touch: what is forgotten next after loading is what would have been without.
    void save(StateWriter &out) const;
    Status load(StateReader &in);
    std::size_t size() const { return m_series.size(); }

private:
    struct Series {
        std::uint64_t key = 0;
        std::int64_t slice = 0;      ///< Number of the present slice since 1970.
        std::uint32_t lateRun = 0;
        std::vector<std::pair<std::uint64_t, std::uint64_t>> counts; ///< (bucket, values) of the present slice.
        std::vector<std::pair<std::int64_t, double>> past;           ///< (slice, entropy), oldest first.
    };
    using List = std::list<Series>;

    Series &touch(std::uint64_t key, std::int64_t slice);
    std::optional<EntropyDeviation> finish(Series &series) const;
    double toleranceOf(const std::vector<double> &sorted, double baseline) const;

    LatencyEntropyOptions m_options;
    std::int64_t m_windowSlices;
    List m_series; ///< Longest untouched first.
    std::unordered_map<std::uint64_t, List::iterator> m_byKey; // looked up only, never walked
};

/// What late_p95 says of a duration, from before it was learned.
struct LateP95Score {
    bool learning = true;
    bool late = false;          ///< Longer than the 95th percentile, by more than a bucket of GapSketch.
    std::int64_t medianNs = 0;  ///< Predicted duration.
    std::int64_t madNs = 0;     ///< Half the width of the middle half: the median deviation where both sides are alike.
    std::int64_t p95Ns = 0;     ///< After this it is late.
    double bits = 0.0;          ///< −log2 of the share of durations that were as long.
    std::uint64_t samples = 0;
};

/// late_p95 of one (entity, step): median and MAD predict when it ends, the 95th percentile says when it is late.
/// The past fades as in GapSketch. Complexity: O(buckets). Memory: one sketch.
class LateP95
{
public:
    static constexpr std::uint64_t SamplesMin = 30; ///< Learning before.

    LateP95Score score(std::int64_t durationNs) const;
    void learn(std::int64_t durationNs) { m_sketch.add(durationNs); }
    void save(StateWriter &out) const { m_sketch.save(out); }
    Status load(StateReader &in) { return m_sketch.load(in); }

private:
    GapSketch m_sketch;
};

} // namespace eventops
