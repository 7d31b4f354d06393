// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/event.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace eventops {

/// What a timeline tells apart: the bands of severityName(), the quietest first.
enum class SeverityBand : std::uint8_t { Unset, Info, Notice, Warning, Error, Critical };
constexpr std::size_t SeverityBandCount = 6;
SeverityBand severityBand(Severity severity); ///< Debug counts as Info.

/// Equal columns of time: column c covers [fromNs + c·columnNs, fromNs + (c+1)·columnNs).
struct TimeGrid {
    std::int64_t fromNs = 0;
    std::int64_t columnNs = 1; ///< At least 1.
    std::size_t columns = 0;
    bool operator==(const TimeGrid &) const = default;
};

/// Counts of events by time, lane and severity, for drawing any stretch of time at any scale.
///
/// Method: a B+-tree of two levels. Leaves of LeafEventsMax events sorted by time hold exact times; the directory above
/// holds each leaf's span and, beside it, its counts by lane and severity. So the resolution follows the data, not the
/// calendar: a year with one busy minute costs no more than an even one. A leaf that lies inside one column adds its
/// counts; only leaves that a column's edge cuts are read event by event.
///
/// Complexity: `append` of n events that go to one place O(n), to arbitrary places O(n · LeafEventsMax) moves of bytes;
/// `count` O(leaves in view · kinds in a leaf + min(events in view, columns · LeafEventsMax)), so 10 M events cost
/// little more than 1 M. A kind is a lane with a severity.
/// Memory: 10.5 bytes an event where times arrive nearly in order (10 M: 105 MB), 15 where they arrive in any order,
/// and never more than LeavesMax leaves (about 180 MB): beyond that the leaf with the oldest times goes; see `dropped`.
/// Thread: one at a time.
class TimelineIndex
{
public:
    static constexpr std::size_t LeafEventsMax = 1'024;
    static constexpr std::size_t LeavesMax = 16'384;
    static constexpr std::size_t KindsMax = 128; ///< Counts kept of a leaf; one with more kinds is read event by event.
    static constexpr std::uint16_t LanesMax = 4'096;
    /// Times are clamped to 1900-01-01 and 2116-01-01, so that spans and their sums stay within 64 bits.
    static constexpr std::int64_t TimeMinNs = -2'208'988'800'000'000'000;
    static constexpr std::int64_t TimeMaxNs = 4'607'280'000'000'000'000;
    static constexpr std::uint16_t NoSlot = 0xFFFF;

    TimelineIndex();
    ~TimelineIndex();
    TimelineIndex(TimelineIndex &&) noexcept;
    TimelineIndex &operator=(TimelineIndex &&) noexcept;

    /// Adds events in any order of time. The three are of one length. Lanes from LanesMax on share the last one.
    void append(std::span<const WallNs> ts, std::span<const Severity> severity, std::span<const std::uint16_t> lane);
    void clear();

    std::uint64_t size() const { return m_size; }       ///< Events that can be counted.
    std::uint64_t untimed() const { return m_untimed; } ///< Events without a time: in no column.
    std::uint64_t dropped() const { return m_dropped; } ///< Events given up because of LeavesMax.
    std::int64_t firstNs() const;                       ///< Of all; 0 when there are none.
    std::int64_t lastNs() const;
    const std::vector<std::uint64_t> &laneTotals() const
    {
        return m_laneTotals;
    }                                                   ///< Dropped and untimed ones included.
    std::size_t bytes() const;                          ///< Memory held, about.

    /// Counts the events in each column. The grid lies within TimeMinNs and TimeMaxNs, give or take half their
    /// distance.
    /// @p slotOfLane: which row of the result a lane adds to, NoSlot (or past its
    /// end) for none. The result has (slot · columns + column) · SeverityBandCount + band; @p counts is overwritten.
    void count(const TimeGrid &grid, std::span<const std::uint16_t> slotOfLane, std::size_t slots,
               std::vector<std::uint32_t> &counts);

private:
    using Kind = std::uint16_t; ///< lane · 8 + band
    struct Leaf;
    struct Entry {
        std::int64_t firstNs, lastNs;
        std::unique_ptr<Leaf> leaf;
    };
    struct Timed {
        std::int64_t ns;
        Kind kind;
    };

    void insertSorted(std::span<const Timed> events);
    std::size_t leafFor(std::int64_t ns) const;
    std::size_t makeRoom(std::size_t at, std::int64_t ns);
    std::size_t addLeaf(std::size_t at);
    void dropOldest();
    static void mergeInto(Entry &entry, std::span<const Timed> events);
    void summarise(Leaf &leaf);

    std::vector<Entry> m_leaves;  ///< By time.
    std::size_t m_hint = 0;       ///< The leaf that was written last.
    std::vector<Timed> m_sorting; ///< Scratch of `append`.
    std::vector<std::uint64_t> m_laneTotals;
    std::vector<std::uint32_t> m_offsetOfKind; ///< Scratch of `count`.
    std::vector<std::uint16_t> m_kindCounts; ///< Scratch of `summarise`: zeros, one for each kind.
    std::uint64_t m_size = 0, m_untimed = 0, m_dropped = 0;
};

} // namespace eventops
