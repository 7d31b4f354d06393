// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/entropy/flat_table.h"

#include <cstdint>
#include <span>
#include <vector>

namespace eventops {

/// Quantiles of durations in logarithmic buckets, mergeable without loss (DDSketch: Masson, Rim, Lee, VLDB 12, 2019,
/// with the mapping that interpolates linearly inside a power of two, so integers suffice): 8 buckets an octave,
/// quantiles to within 6.25 %. Past BucketsMax buckets the lowest two collapse.
/// Complexity: O(log buckets) to add, O(buckets) to query. Memory: 8 bytes a bucket in use.
class GapSketch
{
public:
    static constexpr std::size_t BucketsMax = 160;
    static constexpr std::uint16_t BucketIndexEnd = 62U << 3U;
    static constexpr std::uint64_t TotalMax = 1U << 16; ///< Counts halve beyond: the past fades.

    struct Bucket {
        std::uint16_t index = 0;
        std::uint32_t count = 0;
    };
    static std::uint16_t bucketOf(std::int64_t ns);
    static std::int64_t lowerEdgeNs(unsigned index);
    static std::int64_t upperEdgeNs(unsigned index); ///< The last value inside.

    void add(std::int64_t ns, std::uint32_t count = 1);
    void merge(const GapSketch &other);
    std::span<const Bucket> buckets() const { return m_buckets; } ///< By index, below BucketIndexEnd.
    std::uint64_t total() const { return m_total; }
    std::size_t bytes() const { return m_buckets.capacity() * sizeof(Bucket); } ///< Beyond the sketch itself.
    std::int64_t longestNs() const;            ///< Upper edge of the highest bucket in use; 0 when empty.
    std::int64_t quantileNs(double q) const;   ///< q in [0,1]; middle of the bucket; 0 when empty.
    /// Those in higher buckets, plus half of those in the bucket of @p ns.
    double countLater(std::int64_t ns) const;
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    void addBucket(std::uint16_t index, std::uint32_t count);
    std::vector<Bucket> m_buckets; ///< By index.
    std::uint64_t m_total = 0;
};

/// What a timing model says of one gap, from before it was learned.
struct TimingScore {
    bool learning = true;
    bool late = false;          ///< Longer than one waits, see GapModel::patience: only then may it alarm.
    double bits = 0.0;          ///< −log2 P(gap ≥ this).
    std::int64_t p50Ns = 0;
    std::int64_t p95Ns = 0;
    std::uint64_t samples = 0;
};

/// Mergeable sketches by transition.
class GapSketches
{
public:
    explicit GapSketches(std::size_t transitionsMax) : m_sketches(transitionsMax) {}
    void add(std::uint64_t transition, std::int64_t gapNs, std::uint32_t age);
    void merge(const GapSketches &delta); ///< In the order of keys.
    void clear() { m_sketches.clear(); }
    bool empty() const { return m_sketches.size() == 0; }
    std::size_t bytes() const
    {
        return m_sketches.bytes() + m_sketches.sum([](const Entry &entry) { return entry.sketch.bytes(); });
    }
    const GapSketch *sketch(std::uint64_t transition) const;
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    struct Entry {
        std::uint64_t key = 0;
        std::uint32_t seen = 0;
        GapSketch sketch;
    };
    FlatTable<Entry> m_sketches;
};

} // namespace eventops
