// SPDX-License-Identifier: MIT
#include "core/viewmodel/time_window.h"

#include <algorithm>
#include <cmath>

namespace eventops {
namespace {

constexpr std::int64_t floorDivide(std::int64_t a, std::int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/// Room beside the first and last event, in parts of the whole.
constexpr std::int64_t MarginParts = 64;

} // namespace

void TimeWindow::setExtent(std::int64_t firstNs, std::int64_t lastNs)
{
    m_firstNs = firstNs;
    m_lastNs = std::max(firstNs, lastNs);
    if (m_whole)
        showWhole();
}

void TimeWindow::setColumns(std::size_t columns)
{
    m_columns = std::max<std::size_t>(1, columns);
    if (m_whole)
        showWhole();
}

void TimeWindow::showWhole()
{
    const std::int64_t margin = (m_lastNs - m_firstNs) / MarginParts + 1;
    show(m_firstNs - margin, m_lastNs + margin);
    m_whole = true;
}

void TimeWindow::show(std::int64_t fromNs, std::int64_t toNs)
{
    const auto columns = static_cast<std::int64_t>(m_columns);
    // Both edges move out to whole columns, so one column more is needed than the span alone would take.
    const std::int64_t parts = std::max<std::int64_t>(1, columns - 1);
    m_columnNs = std::max<std::int64_t>(1, (std::max(toNs, fromNs + 1) - fromNs + parts - 1) / parts);
    m_firstColumn = floorDivide(fromNs, m_columnNs);
    m_whole = false;
    clampEdges();
}

void TimeWindow::zoom(double factor, std::size_t column)
{
    const auto at = static_cast<std::int64_t>(std::min(column, m_columns - 1));
    const std::int64_t fixedNs = fromNs() + at * m_columnNs;
    const std::int64_t whole = m_lastNs - m_firstNs;
    const std::int64_t most = std::max<std::int64_t>(1, (whole + whole / 8) / static_cast<std::int64_t>(m_columns) + 1);
    const double wanted = static_cast<double>(m_columnNs) * factor;
    auto columnNs = static_cast<std::int64_t>(std::clamp(std::round(wanted), 1.0, static_cast<double>(most)));
    if (columnNs == m_columnNs && factor < 1.0)
        columnNs = std::max<std::int64_t>(1, columnNs - 1);
    if (columnNs == m_columnNs && factor > 1.0)
        columnNs = std::min(most, columnNs + 1);
    m_columnNs = columnNs;
    m_firstColumn = floorDivide(fixedNs, m_columnNs) - at;
    m_whole = false;
    clampEdges();
}

void TimeWindow::pan(std::int64_t columns)
{
    m_firstColumn += columns;
    m_whole = false;
    clampEdges();
}

void TimeWindow::showEnd()
{
    const std::int64_t margin = static_cast<std::int64_t>(m_columns) / MarginParts + 1;
    m_firstColumn = floorDivide(m_lastNs, m_columnNs) + margin - static_cast<std::int64_t>(m_columns);
    m_whole = false;
}

void TimeWindow::showStart()
{
    const std::int64_t margin = static_cast<std::int64_t>(m_columns) / MarginParts + 1;
    m_firstColumn = floorDivide(m_firstNs, m_columnNs) - margin;
    m_whole = false;
}

/// Something of the data stays in the middle, at least.
void TimeWindow::clampEdges()
{
    const auto half = static_cast<std::int64_t>(m_columns / 2);
    const std::int64_t least = floorDivide(m_firstNs, m_columnNs) - half;
    const std::int64_t most = floorDivide(m_lastNs, m_columnNs) - half;
    m_firstColumn = std::clamp(m_firstColumn, least, std::max(least, most));
}

void TimelineColumns::update(TimelineIndex &index, const TimeGrid &grid, const std::vector<std::uint16_t> &slotOfLane,
                             std::size_t slots, std::uint64_t revision)
{
    const bool same = revision == m_revision && slots == m_slots && grid.columns == m_grid.columns
                      && grid.columnNs == m_grid.columnNs && slotOfLane == m_slotOfLane && !m_counts.empty();
    if (same && grid == m_grid)
        return;
    const std::int64_t moved = same ? (grid.fromNs - m_grid.fromNs) / grid.columnNs : 0;
    const auto columns = static_cast<std::int64_t>(grid.columns);
    m_revision = revision;
    m_slots = slots;
    m_grid = grid;
    if (!same || moved >= columns || moved <= -columns) {
        m_slotOfLane = slotOfLane;
        index.count(m_grid, m_slotOfLane, m_slots, m_counts);
    } else {
        shift(moved);
        if (moved > 0)
            countPart(index, static_cast<std::size_t>(columns - moved), m_grid.columns);
        else
            countPart(index, 0, static_cast<std::size_t>(-moved));
    }
    findTallest();
}

void TimelineColumns::shift(std::int64_t columns)
{
    const std::size_t slotSize = m_grid.columns * SeverityBandCount;
    const auto by = static_cast<std::ptrdiff_t>(columns) * static_cast<std::ptrdiff_t>(SeverityBandCount);
    for (std::size_t slot = 0; slot < m_slots; ++slot) {
        const auto begin = m_counts.begin() + static_cast<std::ptrdiff_t>(slot * slotSize);
        const auto end = begin + static_cast<std::ptrdiff_t>(slotSize);
        if (by > 0)
            std::copy(begin + by, end, begin);
        else
            std::copy_backward(begin, end + by, end);
    }
}

void TimelineColumns::countPart(TimelineIndex &index, std::size_t from, std::size_t to)
{
    const TimeGrid part{m_grid.fromNs + static_cast<std::int64_t>(from) * m_grid.columnNs, m_grid.columnNs, to - from};
    index.count(part, m_slotOfLane, m_slots, m_part);
    const std::size_t partSize = part.columns * SeverityBandCount;
    for (std::size_t slot = 0; slot < m_slots; ++slot)
        std::copy_n(m_part.begin() + static_cast<std::ptrdiff_t>(slot * partSize), partSize,
                    m_counts.begin() + static_cast<std::ptrdiff_t>((slot * m_grid.columns + from) * SeverityBandCount));
}

void TimelineColumns::findTallest()
{
    m_tallest = 0;
    for (std::size_t i = 0; i < m_counts.size(); i += SeverityBandCount) {
        std::uint32_t sum = 0;
        for (std::size_t band = 0; band < SeverityBandCount; ++band)
            sum += m_counts[i + band];
        m_tallest = std::max(m_tallest, sum);
    }
}

} // namespace eventops
