// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/timeline_index.h"

namespace eventops {

/// Which stretch of time a view shows, in whole columns: a column is a whole number of nanoseconds and columns begin at
/// multiples of that, so that panning moves columns without recounting them. Std only. Thread: one. O(1).
class TimeWindow
{
public:
    /// The extent of the data, first and last event.
    void setExtent(std::int64_t firstNs, std::int64_t lastNs);
    void setColumns(std::size_t columns); ///< Keeps the left edge and the scale; the whole stays the whole.

    TimeGrid grid() const { return {m_firstColumn * m_columnNs, m_columnNs, m_columns}; }
    std::int64_t fromNs() const { return m_firstColumn * m_columnNs; }
    std::int64_t toNs() const { return fromNs() + spanNs(); }
    std::int64_t spanNs() const { return m_columnNs * static_cast<std::int64_t>(m_columns); }
    std::int64_t columnNs() const { return m_columnNs; }
    bool isWhole() const { return m_whole; } ///< Shows all there is, also as it grows.

    void showWhole();
    void show(std::int64_t fromNs, std::int64_t toNs);
    /// Factors above 1 show more. What stands at @p column stays there, as nearly as whole columns allow.
    void zoom(double factor, std::size_t column);
    void pan(std::int64_t columns); ///< Positive: later.
    void showEnd();                 ///< Keeps the scale; the last event comes to the right edge.
    void showStart();

private:
    void clampEdges();

    std::int64_t m_firstNs = 0, m_lastNs = 0;
    std::int64_t m_columnNs = 1;
    std::int64_t m_firstColumn = 0; ///< fromNs / columnNs
    std::size_t m_columns = 1;
    bool m_whole = true;
};

/// The counts of a window, kept from one picture to the next: after a pan only new columns are counted.
class TimelineColumns
{
public:
    /// Makes the counts those of @p grid. @p revision: another one than last time means that the data changed.
    void update(TimelineIndex &index, const TimeGrid &grid, const std::vector<std::uint16_t> &slotOfLane,
                std::size_t slots, std::uint64_t revision);
    /// SeverityBandCount counts.
    const std::uint32_t *at(std::size_t slot, std::size_t column) const
    {
        return m_counts.data() + (slot * m_grid.columns + column) * SeverityBandCount;
    }
    const TimeGrid &grid() const { return m_grid; }
    std::size_t slots() const { return m_slots; }
    std::uint32_t tallest() const { return m_tallest; } ///< The largest sum of one slot's column.

private:
    void shift(std::int64_t columns);
    void countPart(TimelineIndex &index, std::size_t from, std::size_t to);
    void findTallest();

    TimeGrid m_grid;
    std::size_t m_slots = 0;
    std::uint64_t m_revision = 0;
    std::vector<std::uint16_t> m_slotOfLane;
    std::vector<std::uint32_t> m_counts, m_part;
    std::uint32_t m_tallest = 0;
};

} // namespace eventops
