// SPDX-License-Identifier: MIT
#include "core/entropy/gap_sketch.h"

#include "core/base/types.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace eventops {
namespace {

constexpr unsigned SubBits = 3; ///< 2^3 buckets an octave.
static_assert(GapSketch::BucketIndexEnd == 62U << SubBits);

} // namespace

/// Values below 8 have buckets of their own; from there the top four bits name the bucket.
std::uint16_t GapSketch::bucketOf(std::int64_t ns)
{
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
    if (value < (1U << SubBits))
        return static_cast<std::uint16_t>(value);
    const auto top = static_cast<unsigned>(std::bit_width(value)) - 1;
    const unsigned sub = static_cast<unsigned>(value >> (top - SubBits)) & ((1U << SubBits) - 1);
    return static_cast<std::uint16_t>(((top - SubBits + 1) << SubBits) + sub);
}

std::int64_t GapSketch::lowerEdgeNs(unsigned index)
{
    if (index < (1U << SubBits))
        return index;
    const unsigned shift = (index >> SubBits) - 1;
    return static_cast<std::int64_t>((static_cast<std::uint64_t>(1U << SubBits)
        + (index & ((1U << SubBits) - 1))) << shift);
}

std::int64_t GapSketch::upperEdgeNs(unsigned index)
{
    if (index < (1U << SubBits))
        return index;
    const unsigned shift = (index >> SubBits) - 1;
    return lowerEdgeNs(index) + static_cast<std::int64_t>((std::uint64_t{1} << shift) - 1);
}

void GapSketch::addBucket(std::uint16_t index, std::uint32_t count)
{
    const auto it = std::lower_bound(m_buckets.begin(), m_buckets.end(), index,
                                     [](const Bucket &b, std::uint16_t i) { return b.index < i; });
    if (it != m_buckets.end() && it->index == index)
        it->count += count;
    else
        m_buckets.insert(it, {index, count});
    m_total += count;
    if (m_buckets.size() > BucketsMax) {
        m_buckets[1].count += m_buckets[0].count;
        m_buckets.erase(m_buckets.begin());
    }
    if (m_total <= TotalMax)
        return;
    m_total = 0;
    for (Bucket &bucket : m_buckets)
        m_total += bucket.count /= 2;
    std::erase_if(m_buckets, [](const Bucket &b) { return b.count == 0; });
}

void GapSketch::add(std::int64_t ns, std::uint32_t count)
{
    addBucket(bucketOf(ns), count);
}

void GapSketch::merge(const GapSketch &other)
{
    for (const Bucket &bucket : other.m_buckets)
        addBucket(bucket.index, bucket.count);
}

std::int64_t GapSketch::longestNs() const
{
    return m_buckets.empty() ? 0 : upperEdgeNs(m_buckets.back().index);
}

std::int64_t GapSketch::quantileNs(double q) const
{
    const double rank = q * static_cast<double>(m_total);
    double below = 0.0;
    for (const Bucket &bucket : m_buckets) {
        below += bucket.count;
        if (below >= rank || &bucket == &m_buckets.back()) {
            const std::int64_t low = lowerEdgeNs(bucket.index);
            return low + (upperEdgeNs(bucket.index) - low) / 2;
        }
    }
    return 0;
}

double GapSketch::countLater(std::int64_t ns) const
{
    const std::uint16_t index = bucketOf(ns);
    double later = 0.0;
    for (auto it = m_buckets.rbegin(); it != m_buckets.rend() && it->index >= index; ++it)
        later += it->index == index ? 0.5 * it->count : it->count;
    return later;
}

void GapSketch::save(StateWriter &out) const
{
    out.u64(m_buckets.size());
    for (const Bucket &bucket : m_buckets) {
        out.u64(bucket.index);
        out.u64(bucket.count);
    }
}

Status GapSketch::load(StateReader &in)
{
    const Error corrupt{Error::Code::Corrupt, "timing model state is damaged"};
    m_buckets.clear();
    m_total = 0;
    const std::uint64_t count = in.u64();
    if (count > BucketsMax)
        return corrupt;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t index = in.u64();
        const std::uint64_t number = in.u64();
        if (index >= BucketIndexEnd || number > TotalMax || (i > 0 && index <= m_buckets.back().index))
            return corrupt;
        m_buckets.push_back({static_cast<std::uint16_t>(index), static_cast<std::uint32_t>(number)});
        m_total += number;
    }
    return m_total <= TotalMax ? Status(Ok{}) : Status(corrupt);
}

void GapSketches::add(std::uint64_t transition, std::int64_t gapNs, std::uint32_t age)
{
    assert(gapNs >= 0);
    Entry &entry = m_sketches.findOrInsert(tableKey(transition)).first;
    entry.seen = std::max(entry.seen, age);
    entry.sketch.add(gapNs);
}

void GapSketches::merge(const GapSketches &delta)
{
    for (const Entry *from : delta.m_sketches.sorted()) {
        Entry &to = m_sketches.findOrInsert(from->key).first;
        to.seen = std::max(to.seen, from->seen);
        to.sketch.merge(from->sketch);
    }
}

const GapSketch *GapSketches::sketch(std::uint64_t transition) const
{
    const Entry *entry = m_sketches.find(tableKey(transition));
    return entry != nullptr ? &entry->sketch : nullptr;
}

void GapSketches::save(StateWriter &out) const
{
    const auto all = m_sketches.sorted();
    out.u64(all.size());
    for (const Entry *entry : all) {
        out.u64(entry->key);
        out.u64(entry->seen);
        entry->sketch.save(out);
    }
}

Status GapSketches::load(StateReader &in)
{
    const Error corrupt{Error::Code::Corrupt, "timing model state is damaged"};
    clear();
    const std::uint64_t count = in.u64();
    if (count > m_sketches.entriesMax())
        return corrupt;
    for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
        Entry &entry = m_sketches.findOrInsert(tableKey(in.u64())).first;
        entry.seen = static_cast<std::uint32_t>(in.u64());
        EVENTOPS_TRY(entry.sketch.load(in));
    }
    if (in.failed())
        return corrupt;
    return Ok{};
}

} // namespace eventops
