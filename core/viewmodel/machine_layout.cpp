// SPDX-License-Identifier: MIT
#include "core/viewmodel/machine_layout.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace eventops {
namespace {

constexpr int Sweeps = 4; ///< Of ordering the rows by their neighbours.

/// Columns from 0 on without a gap, by rounded mean position; the end has one of its own, the last.
std::vector<std::size_t> columnsOf(const StepMachine &machine, const std::vector<double> &positions)
{
    std::vector<long> rounded;
    for (std::size_t i = 0; i < positions.size(); ++i)
        rounded.push_back(machine.steps[i].kind == MachineStep::Kind::End ? PositionsMax + 1
                                                                          : std::lround(positions[i]));
    std::vector<long> used = rounded;
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
    std::vector<std::size_t> columns;
    for (const long place : rounded)
        columns.push_back(static_cast<std::size_t>(std::lower_bound(used.begin(), used.end(), place) - used.begin()));
    return columns;
}

/// The steps of each column from top to bottom, so that ways cross little (barycentres: Sugiyama, Tagawa, Toda,
/// "Methods for visual understanding of hierarchical system structures", 1981).
std::vector<std::vector<std::size_t>> rowsOf(const StepMachine &machine, const std::vector<std::size_t> &columns)
{
    std::vector<std::vector<std::size_t>> rows;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        rows.resize(std::max(rows.size(), columns[i] + 1));
        rows[columns[i]].push_back(i);
    }
    std::vector<double> height(columns.size(), 0.0);
    const auto number = [&](const std::vector<std::size_t> &column) {
        for (std::size_t r = 0; r < column.size(); ++r)
            height[column[r]] = static_cast<double>(r) - static_cast<double>(column.size() - 1) / 2.0;
    };
    for (auto &column : rows) {
        std::stable_sort(column.begin(), column.end(), [&](std::size_t a, std::size_t b) {
            return machine.steps[a].count > machine.steps[b].count;
        });
        number(column);
    }
    for (int sweep = 0; sweep < Sweeps; ++sweep) {
        std::vector<double> sum(columns.size(), 0.0), weight(columns.size(), 0.0);
        for (const MachineEdge &edge : machine.edges) {
            for (const auto &[of, by] : {std::pair(edge.to, edge.from), std::pair(edge.from, edge.to)}) {
                if (columns[of] == columns[by])
                    continue;
                sum[of] += edge.probability * height[by];
                weight[of] += edge.probability;
            }
        }
        const auto centre = [&](std::size_t i) { return weight[i] > 0.0 ? sum[i] / weight[i] : height[i]; };
        for (auto &column : rows) {
            std::stable_sort(column.begin(), column.end(),
                             [&](std::size_t a, std::size_t b) { return centre(a) < centre(b); });
            number(column);
        }
    }
    return rows;
}

bool isWorthALine(const StepMachine &machine, std::size_t at)
{
    const MachineEdge &edge = machine.edges[at];
    if (edge.probability >= EdgeShownMin)
        return true;
    bool isFirstOut = true, isFirstIn = true;
    for (std::size_t i = 0; i < machine.edges.size(); ++i) {
        const MachineEdge &other = machine.edges[i];
        if (i == at || other.from == other.to)
            continue;
        isFirstOut = isFirstOut && (other.from != edge.from || std::pair(-edge.probability, at)
                                                                   < std::pair(-other.probability, i));
        isFirstIn = isFirstIn && (other.to != edge.to || std::pair(other.count, at) < std::pair(edge.count, i));
    }
    return edge.from != edge.to && (isFirstOut || isFirstIn);
}

QPointF middle(const MachineCurve &curve)
{
    return (curve.from + 3.0 * curve.control1 + 3.0 * curve.control2 + curve.to) / 8.0;
}

MachineCurve curveOf(const QRectF &from, const QRectF &to, std::size_t edge, const MachineMetrics &metrics)
{
    MachineCurve curve;
    curve.edge = edge;
    const bool isSameColumn = from != to && std::abs(from.center().x() - to.center().x()) < 1.0;
    curve.isBack = !isSameColumn && to.left() <= from.left();
    if (isSameColumn) {
        const bool isDown = to.top() > from.top();
        const qreal aside = (isDown ? 1.0 : -1.0) * from.width() / 8.0; // there and back are two ways
        curve.from = {from.center().x() + aside, isDown ? from.bottom() : from.top()};
        curve.to = {to.center().x() + aside, isDown ? to.top() : to.bottom()};
        const qreal reach = (curve.to.y() - curve.from.y()) / 3.0;
        const qreal bow = std::abs(reach) > metrics.rowGap ? aside * 6.0 : 0.0; // past the boxes between
        curve.control1 = curve.from + QPointF(bow, reach);
        curve.control2 = curve.to + QPointF(bow, -reach);
    } else if (!curve.isBack) {
        curve.from = {from.right(), from.center().y()};
        curve.to = {to.left(), to.center().y()};
        const qreal reach = std::max((curve.to.x() - curve.from.x()) / 2.0, metrics.columnGap / 2.0);
        // A way that passes over a column bows, or it would lie behind the boxes there.
        const bool isFar = to.left() - from.right() > metrics.columnGap + 1.0;
        const qreal bow = isFar && std::abs(curve.to.y() - curve.from.y()) < metrics.node.height() / 2.0
            ? -(metrics.node.height() / 2.0 + metrics.rowGap) * 1.34 : 0.0;
        curve.control1 = curve.from + QPointF(reach, bow);
        curve.control2 = curve.to - QPointF(reach, -bow);
    } else {
        const qreal spread = from == to ? metrics.node.width() / 4.0 : 0.0;
        curve.from = {from.center().x() + spread, from.bottom()};
        curve.to = {to.center().x() - spread, to.bottom()};
        const qreal depth = metrics.rowGap * 1.2;
        curve.control1 = curve.from + QPointF(0.0, depth);
        curve.control2 = curve.to + QPointF(0.0, depth);
    }
    curve.label = middle(curve);
    return curve;
}

} // namespace

QPointF MachineCurve::heading() const
{
    const QPointF way = to - control2;
    const qreal length = std::sqrt(QPointF::dotProduct(way, way));
    return length > 0.0 ? way / length : QPointF(1.0, 0.0);
}

std::vector<double> meanPositions(const StepMachine &machine)
{
    const std::size_t size = machine.steps.size();
    std::vector<double> mass(size, 0.0), visits(size, 0.0), sum(size, 0.0);
    for (std::size_t i = 0; i < size; ++i)
        mass[i] = machine.steps[i].kind == MachineStep::Kind::Start ? 1.0 : 0.0;
    for (int position = 0; position < PositionsMax; ++position) {
        for (std::size_t i = 0; i < size; ++i) {
            visits[i] += mass[i];
            sum[i] += mass[i] * position;
        }
        std::vector<double> next(size, 0.0);
        for (const MachineEdge &edge : machine.edges)
            next[edge.to] += mass[edge.from] * edge.probability;
        mass = std::move(next);
    }
    std::vector<double> positions(size, 0.0);
    for (std::size_t i = 0; i < size; ++i)
        positions[i] = visits[i] > 0.0 ? sum[i] / visits[i] : PositionsMax;
    return positions;
}

MachineLayout layoutMachine(const StepMachine &machine, const MachineMetrics &metrics)
{
    MachineLayout layout;
    layout.nodes.resize(machine.steps.size());
    if (machine.steps.empty())
        return layout;
    const std::vector<std::size_t> columns = columnsOf(machine, meanPositions(machine));
    const auto rows = rowsOf(machine, columns);
    std::size_t tallest = 0;
    for (const auto &column : rows)
        tallest = std::max(tallest, column.size());
    const qreal rowHeight = metrics.node.height() + metrics.rowGap;
    const qreal height = rowHeight * static_cast<qreal>(tallest);
    qreal left = metrics.margin;
    for (std::size_t c = 0; c < rows.size(); ++c) {
        const bool isEnds = std::none_of(rows[c].begin(), rows[c].end(), [&](std::size_t i) {
            return machine.steps[i].kind == MachineStep::Kind::Step;
        });
        const QSizeF box(isEnds ? metrics.endWidth : metrics.node.width(), metrics.node.height());
        const qreal top = metrics.margin + (height - rowHeight * static_cast<qreal>(rows[c].size())) / 2.0
            + metrics.rowGap / 2.0;
        for (std::size_t r = 0; r < rows[c].size(); ++r)
            layout.nodes[rows[c][r]] = QRectF(QPointF(left, top + static_cast<qreal>(r) * rowHeight), box);
        left += box.width() + metrics.columnGap;
    }
    for (std::size_t i = 0; i < machine.edges.size(); ++i) {
        const MachineEdge &edge = machine.edges[i];
        if (isWorthALine(machine, i))
            layout.curves.push_back(curveOf(layout.nodes[edge.from], layout.nodes[edge.to], i, metrics));
    }
    std::stable_sort(layout.curves.begin(), layout.curves.end(), [&](const MachineCurve &a, const MachineCurve &b) {
        return machine.edges[a.edge].probability < machine.edges[b.edge].probability;
    });
    qreal bottom = metrics.margin + height;
    for (const MachineCurve &curve : layout.curves)
        bottom = std::max(bottom, curve.isBack ? curve.label.y() + metrics.rowGap / 2.0 : 0.0);
    layout.size = {left - metrics.columnGap + metrics.margin, bottom + metrics.margin};
    layout.columns = rows.size();
    layout.rows = tallest;
    return layout;
}

} // namespace eventops
