// SPDX-License-Identifier: MIT
#include "core/graph/force_layout.h"

#include "core/base/math.h"
#include "core/graph/component_packing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace eventops {
namespace {

constexpr float NearDistance = 0.8F;        ///< Nodes nearer than this push each other.
constexpr std::uint32_t NearNodesMax = 8;   ///< Looked at for one node, cell and round.
constexpr float StressEnd = 0.1F;           ///< Step size of the last round, times the largest weight.
constexpr float MoveFirst = 0.3F, MoveLast = 0.02F; ///< Longest move of a node in the first and last refining round.
constexpr float OldNodeMove = 0.15F;        ///< How far a node goes that was already drawn, against a new one.
constexpr float NodeArea = 1.6F;             ///< Of a component's bounding box, at least, for each of its nodes.
constexpr float KnownShare = 0.5F;          ///< A component with at least this share of known nodes keeps its place.
constexpr float LinkLengthMax = 40.0F;
constexpr float MarginAcross = 2.0F, MarginDown = 1.0F; ///< Free space beside and below a component; names lie beside.
constexpr std::uint32_t SmallComponent = 256; ///< Below this, a component is done in one step.
constexpr std::uint16_t Far = std::numeric_limits<std::uint16_t>::max();

/// Finalizer of splitmix64 (Steele, Lea, Flood 2014): chance that is the same everywhere.
std::uint64_t mixed(std::uint64_t x)
{
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

/// In [-0.5, 0.5).
float chance(std::uint64_t x)
{
    return static_cast<float>(mixed(x) >> 40U) / 16'777'216.0F - 0.5F;
}

/// Neighbour lists of the internal order as offsets and one array.
void buildLists(std::size_t nodes, std::span<const LayoutEdge> edges, std::vector<std::uint32_t> &begin,
                std::vector<std::uint32_t> &lists)
{
    const auto counts = [&](const LayoutEdge &e) {
        return e.source != e.target && e.source < nodes && e.target < nodes;
    };
    begin.assign(nodes + 1, 0);
    for (const LayoutEdge &e : edges) {
        if (counts(e)) {
            ++begin[e.source + 1];
            ++begin[e.target + 1];
        }
    }
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    lists.resize(begin.back());
    std::vector<std::uint32_t> next(begin.begin(), begin.end() - 1);
    for (const LayoutEdge &e : edges) {
        if (counts(e)) {
            lists[next[e.source]++] = e.target;
            lists[next[e.target]++] = e.source;
        }
    }
}

} // namespace

ForceLayout::ForceLayout(std::size_t nodes, std::span<const LayoutEdge> edges, std::span<const LayoutStart> start)
    : m_out(nodes)
{
    for (std::size_t i = 0; i < std::min(nodes, start.size()); ++i)
        m_out[i] = start[i].known ? start[i].at : LayoutPoint{};
    buildOrder(edges.first(std::min(edges.size(), EdgesMax)), start.first(std::min(nodes, start.size())));
    if (m_components.empty())
        m_phase = Phase::Done;
}

void ForceLayout::buildOrder(std::span<const LayoutEdge> edges, std::span<const LayoutStart> start)
{
    constexpr std::uint32_t Unseen = std::numeric_limits<std::uint32_t>::max();
    const std::size_t nodes = std::min(m_out.size(), NodesMax);
    std::vector<std::uint32_t> begin, lists;
    buildLists(nodes, edges, begin, lists);
    std::vector<std::uint32_t> component(nodes, Unseen);
    m_nodeAt.reserve(nodes);
    for (std::uint32_t first = 0; first < nodes; ++first) {
        if (component[first] != Unseen)
            continue;
        const auto number = static_cast<std::uint32_t>(m_components.size());
        Component found;
        found.begin = static_cast<std::uint32_t>(m_nodeAt.size());
        component[first] = number;
        m_nodeAt.push_back(first);
        for (std::size_t i = found.begin; i < m_nodeAt.size(); ++i) {
            for (std::uint32_t e = begin[m_nodeAt[i]]; e < begin[m_nodeAt[i] + 1]; ++e) {
                if (component[lists[e]] == Unseen) {
                    component[lists[e]] = number;
                    m_nodeAt.push_back(lists[e]);
                }
            }
        }
        found.end = static_cast<std::uint32_t>(m_nodeAt.size());
        m_components.push_back(found);
    }
    std::vector<std::uint32_t> indexOf(nodes);
    for (std::uint32_t i = 0; i < nodes; ++i)
        indexOf[m_nodeAt[i]] = i;
    m_edgeBegin.assign(nodes + 1, 0);
    m_edges.reserve(lists.size());
    m_at.resize(nodes);
    m_known.assign(nodes, 0);
    for (std::uint32_t i = 0; i < nodes; ++i) {
        const std::uint32_t node = m_nodeAt[i];
        for (std::uint32_t e = begin[node]; e < begin[node + 1]; ++e)
            m_edges.push_back(indexOf[lists[e]]);
        m_edgeBegin[i + 1] = static_cast<std::uint32_t>(m_edges.size());
        m_at[i] = m_out[node];
        m_known[i] = node < start.size() && start[node].known && std::isfinite(start[node].at.x)
            && std::isfinite(start[node].at.y);
    }
    m_move.resize(nodes);
    sortComponents();
}

void ForceLayout::sortComponents()
{
    for (Component &c : m_components) {
        const auto known = std::count(m_known.begin() + c.begin, m_known.begin() + c.end, std::uint8_t{1});
        c.placed = known > 0 && static_cast<float>(known) >= KnownShare * static_cast<float>(c.end - c.begin);
    }
    std::stable_sort(m_components.begin(), m_components.end(), [](const Component &a, const Component &b) {
        return a.end - a.begin > b.end - b.begin;
    });
}

bool ForceLayout::step()
{
    switch (m_phase) {
    case Phase::Component:
        // Small components are done many at a time, or a step would be too little to be worth a call.
        for (std::uint32_t left = SmallComponent * 4; m_phase == Phase::Component && left > 0;) {
            const Component &c = m_components[m_component];
            const std::uint32_t size = c.end - c.begin;
            stepComponent();
            if (size > SmallComponent)
                break;
            while (m_phase != Phase::Component && m_phase != Phase::Pack)
                step();
            left -= std::min(left, size + 1);
        }
        break;
    case Phase::Pivots:
        stepPivot();
        break;
    case Phase::Stress:
        stepStress();
        break;
    case Phase::Refine:
        stepRefine();
        break;
    case Phase::Pack:
        pack();
        m_phase = Phase::Done;
        break;
    case Phase::Done:
        break;
    }
    return m_phase != Phase::Done;
}

/// Takes up the next component.
void ForceLayout::stepComponent()
{
    const Component &c = m_components[m_component];
    const std::uint32_t size = c.end - c.begin;
    m_round = 0;
    if (c.placed) {
        const bool unchanged = std::all_of(m_known.begin() + c.begin, m_known.begin() + c.end, [](auto k) { return k; });
        measureLinks(c);
        placeNewNodes(c);
        m_phase = Phase::Refine;
        if (unchanged && size < 3)
            finishComponent();
        return;
    }
    std::fill(m_known.begin() + c.begin, m_known.begin() + c.end, std::uint8_t{0});
    if (size < 3) {
        m_at[c.begin] = {};
        if (size == 2)
            m_at[c.begin + 1] = {1.0F, 0.0F};
        finishComponent();
        return;
    }
    m_pivots = 0;
    m_pivotNode.clear();
    m_nextPivot = c.begin;
    m_distance.assign(std::size_t{size} * std::min(size, PivotsMax), Far);
    m_nearest.assign(size, Far);
    m_nearestPivot.assign(size, 0);
    m_distances = 1;
    m_phase = Phase::Pivots;
}

/// New nodes go beside what they hang on, in breadth-first order, each a little aside so that none hides another.
void ForceLayout::placeNewNodes(const Component &component)
{
    std::vector<std::uint8_t> has(m_known.begin() + component.begin, m_known.begin() + component.end);
    std::size_t missing = static_cast<std::size_t>(std::count(has.begin(), has.end(), std::uint8_t{0}));
    for (std::size_t before = missing + 1; missing > 0 && missing < before;) {
        before = missing;
        for (std::uint32_t i = component.begin; i < component.end; ++i) {
            if (has[i - component.begin])
                continue;
            LayoutPoint sum;
            float count = 0.0F;
            for (std::uint32_t e = m_edgeBegin[i]; e < m_edgeBegin[i + 1]; ++e) {
                if (!has[m_edges[e] - component.begin])
                    continue;
                sum.x += m_at[m_edges[e]].x;
                sum.y += m_at[m_edges[e]].y;
                count += 1.0F;
            }
            if (count == 0.0F)
                continue;
            m_at[i] = {sum.x / count + 1.4F * m_linkLength * chance(std::uint64_t{m_nodeAt[i]} * 2),
                       sum.y / count + 1.4F * m_linkLength * chance(std::uint64_t{m_nodeAt[i]} * 2 + 1)};
            has[i - component.begin] = 1;
            --missing;
        }
    }
}

/// Distances from one more pivot: the node farthest from all pivots so far.
void ForceLayout::stepPivot()
{
    const Component &c = m_components[m_component];
    const std::uint32_t size = c.end - c.begin;
    const std::uint32_t count = std::min(size, PivotsMax);
    const std::uint32_t pivot = m_pivots;
    m_pivotNode.push_back(m_nextPivot - c.begin);
    m_queue.assign(1, m_nextPivot);
    m_distance[std::size_t{m_nextPivot - c.begin} * count + pivot] = 0;
    for (std::size_t i = 0; i < m_queue.size(); ++i) {
        const std::uint32_t node = m_queue[i];
        const std::uint16_t at = m_distance[std::size_t{node - c.begin} * count + pivot];
        const auto next = static_cast<std::uint16_t>(std::min<unsigned>(at + 1U, Far - 1U));
        for (std::uint32_t e = m_edgeBegin[node]; e < m_edgeBegin[node + 1]; ++e) {
            std::uint16_t &other = m_distance[std::size_t{m_edges[e] - c.begin} * count + pivot];
            if (other == Far) {
                other = next;
                m_queue.push_back(m_edges[e]);
            }
        }
    }
    std::uint16_t farthest = 0;
    for (std::uint32_t i = 0; i < size; ++i) {
        const std::uint16_t d = m_distance[std::size_t{i} * count + pivot];
        m_distances = std::max<std::uint32_t>(m_distances, d + 1U);
        if (d < m_nearest[i]) {
            m_nearest[i] = d;
            m_nearestPivot[i] = static_cast<std::uint16_t>(pivot);
        }
        if (m_nearest[i] > farthest) {
            farthest = m_nearest[i];
            m_nextPivot = c.begin + i;
        }
    }
    ++m_pivots;
    if (m_pivots == count)
        prepareStress();
}

/// Weights of the terms, and a start: each node by its distances to two pivots that are far from each other.
void ForceLayout::prepareStress()
{
    const Component &c = m_components[m_component];
    const std::uint32_t size = c.end - c.begin;
    m_weight.assign(std::size_t{m_pivots} * m_distances, 0.0F);
    // How many nodes of the pivot's own region lie within a distance; a far node minds as many of them as lie within
    // half its own distance.
    for (std::uint32_t i = 0; i < size; ++i)
        m_weight[std::size_t{m_nearestPivot[i]} * m_distances + m_nearest[i]] += 1.0F;
    m_weightMax = 1.0F;
    for (std::uint32_t p = 0; p < m_pivots; ++p) {
        float *row = &m_weight[std::size_t{p} * m_distances];
        std::partial_sum(row, row + m_distances, row);
        for (std::uint32_t d = m_distances - 1; d > 0; --d) {
            row[d] = row[d / 2] / (static_cast<float>(d) * static_cast<float>(d));
            m_weightMax = std::max(m_weightMax, row[d]);
        }
        row[0] = 0.0F; // the pivot itself
    }
    const float span = static_cast<float>(m_distances);
    for (std::uint32_t i = 0; i < size; ++i) {
        const std::uint64_t node = m_nodeAt[c.begin + i];
        m_at[c.begin + i] = {span * chance(node * 2 + 1), span * chance(node * 2 + 2)};
    }
    m_phase = Phase::Stress;
    m_round = 0;
}

void ForceLayout::stepStress()
{
    const Component &c = m_components[m_component];
    // From steps that satisfy the longest distance at once down to steps that no term can overdo.
    const float first = static_cast<float>(m_distances) * static_cast<float>(m_distances);
    const float last = StressEnd / m_weightMax;
    const double share = static_cast<double>(m_round) / (StressRounds - 1);
    const auto rate = static_cast<float>(first * detExp2(share * detLog2(static_cast<double>(last) / first)));
    const auto pull = [](LayoutPoint &at, LayoutPoint to, float distance, float strength) {
        const float dx = at.x - to.x, dy = at.y - to.y;
        const float length = std::sqrt(dx * dx + dy * dy) + 1e-6F;
        const float r = 0.5F * std::min(strength, 1.0F) * (length - distance) / length;
        at.x -= r * dx;
        at.y -= r * dy;
    };
    const bool backwards = m_round % 2 == 1;
    for (std::uint32_t n = c.begin; n < c.end; ++n) {
        const std::uint32_t i = backwards ? c.end - 1 - (n - c.begin) : n;
        LayoutPoint at = m_at[i];
        const std::uint16_t *distance = &m_distance[std::size_t{i - c.begin} * m_pivots];
        // Another pivot is the last word for each node and round, or the first steps would follow one of them alone.
        auto p = static_cast<std::uint32_t>(mixed((std::uint64_t{m_round} << 32U) + i) % m_pivots);
        for (std::uint32_t k = 0; k < m_pivots; ++k) {
            p = p + 1 == m_pivots ? 0 : p + 1;
            const std::uint16_t d = distance[p];
            if (d > 1) // neighbours are below
                pull(at, m_at[c.begin + m_pivotNode[p]], d, rate * m_weight[std::size_t{p} * m_distances + d]);
        }
        for (std::uint32_t e = m_edgeBegin[i]; e < m_edgeBegin[i + 1]; ++e)
            pull(at, m_at[m_edges[e]], 1.0F, rate);
        m_at[i] = at;
    }
    if (++m_round == StressRounds) {
        makeRoom(c);
        m_phase = Phase::Refine;
        m_round = 0;
    }
}

/// A component in which everything is near to everything has more nodes than room: it grows as a whole, so that its
/// proportions stay.
void ForceLayout::makeRoom(const Component &component)
{
    LayoutPoint low = m_at[component.begin], high = low;
    for (std::uint32_t i = component.begin; i < component.end; ++i) {
        low = {std::min(low.x, m_at[i].x), std::min(low.y, m_at[i].y)};
        high = {std::max(high.x, m_at[i].x), std::max(high.y, m_at[i].y)};
    }
    const float area = (high.x - low.x) * (high.y - low.y) + 1e-6F;
    const float wanted = NodeArea * static_cast<float>(component.end - component.begin);
    // A chain has no area and needs none.
    m_linkLength = std::clamp(std::sqrt(wanted / area), 1.0F, LinkLengthMax);
    for (std::uint32_t i = component.begin; i < component.end; ++i)
        m_at[i] = {m_at[i].x * m_linkLength, m_at[i].y * m_linkLength};
}

/// The mean length that the links of a placed component have.
void ForceLayout::measureLinks(const Component &component)
{
    double sum = 0.0, count = 0.0;
    for (std::uint32_t i = component.begin; i < component.end; ++i) {
        for (std::uint32_t e = m_edgeBegin[i]; m_known[i] && e < m_edgeBegin[i + 1]; ++e) {
            const float dx = m_at[m_edges[e]].x - m_at[i].x, dy = m_at[m_edges[e]].y - m_at[i].y;
            sum += m_known[m_edges[e]] ? std::sqrt(dx * dx + dy * dy) : 0.0F;
            count += m_known[m_edges[e]];
        }
    }
    m_linkLength = count > 0.0 ? std::clamp(static_cast<float>(sum / count), 1.0F, LinkLengthMax) : 1.0F;
}

void ForceLayout::stepRefine()
{
    const Component &c = m_components[m_component];
    std::fill(m_move.begin() + c.begin, m_move.begin() + c.end, LayoutPoint{});
    fillCells(c);
    pushNear(c);
    pullLinks(c);
    const float share = static_cast<float>(m_round) / (RefineRounds - 1);
    const float longest = MoveFirst + share * (MoveLast - MoveFirst);
    for (std::uint32_t i = c.begin; i < c.end; ++i) {
        const float limit = m_known[i] ? longest * OldNodeMove : longest;
        const float length = std::sqrt(m_move[i].x * m_move[i].x + m_move[i].y * m_move[i].y);
        const float scale = length > limit ? limit / length : 1.0F;
        m_at[i].x += m_move[i].x * scale;
        m_at[i].y += m_move[i].y * scale;
    }
    if (++m_round == RefineRounds)
        finishComponent();
}

/// Sorts the component's nodes into the cells of a grid, by counting.
void ForceLayout::fillCells(const Component &component)
{
    const std::uint32_t size = component.end - component.begin;
    LayoutPoint low = m_at[component.begin], high = low;
    for (std::uint32_t i = component.begin; i < component.end; ++i) {
        low = {std::min(low.x, m_at[i].x), std::min(low.y, m_at[i].y)};
        high = {std::max(high.x, m_at[i].x), std::max(high.y, m_at[i].y)};
    }
    // A drawing far larger than its nodes need gets larger cells: memory stays O(n).
    const float cellsMax = 4.0F * static_cast<float>(size) + 16.0F;
    float cell = NearDistance;
    const float width = high.x - low.x, height = high.y - low.y;
    cell = std::max({cell, std::sqrt(width * height / cellsMax), width / cellsMax, height / cellsMax});
    m_cellColumns = static_cast<std::uint32_t>(width / cell) + 1;
    m_cellRows = static_cast<std::uint32_t>(height / cell) + 1;
    m_cellOf.resize(size);
    m_cellBegin.assign(std::size_t{m_cellColumns} * m_cellRows + 1, 0);
    for (std::uint32_t i = 0; i < size; ++i) {
        const LayoutPoint at = m_at[component.begin + i];
        const auto column = std::min(static_cast<std::uint32_t>((at.x - low.x) / cell), m_cellColumns - 1);
        const auto row = std::min(static_cast<std::uint32_t>((at.y - low.y) / cell), m_cellRows - 1);
        m_cellOf[i] = row * m_cellColumns + column;
        ++m_cellBegin[m_cellOf[i] + 1];
    }
    std::partial_sum(m_cellBegin.begin(), m_cellBegin.end(), m_cellBegin.begin());
    m_cellNodes.resize(size);
    for (std::uint32_t i = size; i > 0; --i) // backwards: fills each cell from its end, and leaves the ends as begins
        m_cellNodes[--m_cellBegin[m_cellOf[i - 1] + 1]] = component.begin + i - 1;
    // Each entry now holds its cell's begin, one place too far to the right.
    m_cellBegin.erase(m_cellBegin.begin());
    m_cellBegin.push_back(size);
}

void ForceLayout::pushNear(const Component &component)
{
    for (std::uint32_t i = component.begin; i < component.end; ++i) {
        const std::uint32_t cell = m_cellOf[i - component.begin];
        const std::uint32_t column = cell % m_cellColumns, row = cell / m_cellColumns;
        LayoutPoint push;
        for (std::uint32_t r = row > 0 ? row - 1 : 0; r <= std::min(row + 1, m_cellRows - 1); ++r) {
            for (std::uint32_t k = column > 0 ? column - 1 : 0; k <= std::min(column + 1, m_cellColumns - 1); ++k) {
                const std::uint32_t begin = m_cellBegin[r * m_cellColumns + k];
                const std::uint32_t count = m_cellBegin[r * m_cellColumns + k + 1] - begin;
                const std::uint32_t looked = std::min(count, NearNodesMax);
                // Of a crowded cell another part each round.
                const std::uint32_t from = count > looked ? (i * 31 + m_round * looked) % count : 0;
                for (std::uint32_t n = 0; n < looked; ++n) {
                    const std::uint32_t at = from + n < count ? from + n : from + n - count;
                    const std::uint32_t other = m_cellNodes[begin + at];
                    float dx = m_at[i].x - m_at[other].x, dy = m_at[i].y - m_at[other].y;
                    float squared = dx * dx + dy * dy;
                    if (other == i || squared >= NearDistance * NearDistance)
                        continue;
                    if (squared < 1e-6F) { // on the same spot: any direction will do, opposite for the two
                        const std::uint64_t pair = std::uint64_t{std::min(i, other)} << 32U | std::max(i, other);
                        dx = (i < other ? 1.0F : -1.0F) * chance(pair);
                        dy = (i < other ? 1.0F : -1.0F) * chance(pair + 1);
                        squared = dx * dx + dy * dy + 1e-6F;
                    }
                    const float distance = std::sqrt(squared);
                    const float strength = 0.5F * (NearDistance - distance) / distance;
                    push.x += dx * strength;
                    push.y += dy * strength;
                }
            }
        }
        m_move[i].x += push.x;
        m_move[i].y += push.y;
    }
}

void ForceLayout::pullLinks(const Component &component)
{
    for (std::uint32_t i = component.begin; i < component.end; ++i) {
        const std::uint32_t links = m_edgeBegin[i + 1] - m_edgeBegin[i];
        LayoutPoint pull;
        for (std::uint32_t e = m_edgeBegin[i]; e < m_edgeBegin[i + 1]; ++e) {
            const LayoutPoint to = m_at[m_edges[e]];
            const float dx = to.x - m_at[i].x, dy = to.y - m_at[i].y;
            const float length = std::sqrt(dx * dx + dy * dy) + 1e-6F;
            const float strength = 0.2F * (length - m_linkLength) / length;
            pull.x += dx * strength;
            pull.y += dy * strength;
        }
        // A hub is not torn about by the sum of its links.
        const float calm = 1.0F / std::sqrt(static_cast<float>(std::max(links, 1U)));
        m_move[i].x += pull.x * calm;
        m_move[i].y += pull.y * calm;
    }
}

void ForceLayout::finishComponent()
{
    Component &c = m_components[m_component];
    if (!c.placed)
        turnWide(c);
    c.left = c.right = m_at[c.begin].x;
    c.top = c.bottom = m_at[c.begin].y;
    for (std::uint32_t i = c.begin; i < c.end; ++i) {
        c.left = std::min(c.left, m_at[i].x);
        c.right = std::max(c.right, m_at[i].x);
        c.top = std::min(c.top, m_at[i].y);
        c.bottom = std::max(c.bottom, m_at[i].y);
    }
    ++m_component;
    m_phase = m_component < m_components.size() ? Phase::Component : Phase::Pack;
}

/// Windows are wider than high: the longest extent lies across. The angle is that of the points' principal axis, by
/// halving the angle of (a − b, 2c) with square roots alone.
void ForceLayout::turnWide(const Component &component)
{
    const auto count = static_cast<float>(component.end - component.begin);
    LayoutPoint middle;
    for (std::uint32_t i = component.begin; i < component.end; ++i) {
        middle.x += m_at[i].x / count;
        middle.y += m_at[i].y / count;
    }
    float xx = 0, yy = 0, xy = 0;
    for (std::uint32_t i = component.begin; i < component.end; ++i) {
        const float dx = m_at[i].x - middle.x, dy = m_at[i].y - middle.y;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    const float length = std::sqrt((xx - yy) * (xx - yy) + 4.0F * xy * xy);
    const float cosTwice = length > 0.0F ? (xx - yy) / length : 1.0F;
    const float cosine = std::sqrt(std::max(0.0F, 0.5F * (1.0F + cosTwice)));
    const float sine = (xy < 0.0F ? -1.0F : 1.0F) * std::sqrt(std::max(0.0F, 0.5F * (1.0F - cosTwice)));
    for (std::uint32_t i = component.begin; i < component.end; ++i) {
        const float dx = m_at[i].x - middle.x, dy = m_at[i].y - middle.y;
        m_at[i] = {dx * cosine + dy * sine, dy * cosine - dx * sine};
    }
}

void ForceLayout::pack()
{
    std::vector<PackedBox> boxes;
    boxes.reserve(m_components.size());
    for (const Component &c : m_components)
        boxes.push_back({c.left - MarginAcross / 2, c.top - MarginDown / 2, c.right - c.left + MarginAcross,
                         c.bottom - c.top + MarginDown, c.placed});
    packBoxes(boxes);
    for (std::size_t n = 0; n < m_components.size(); ++n) {
        const Component &c = m_components[n];
        const float dx = boxes[n].x + MarginAcross / 2 - c.left, dy = boxes[n].y + MarginDown / 2 - c.top;
        for (std::uint32_t i = c.begin; i < c.end; ++i)
            m_out[m_nodeAt[i]] = {m_at[i].x + dx, m_at[i].y + dy};
    }
}

double layoutStress(std::span<const LayoutPoint> positions, std::span<const LayoutEdge> edges, std::size_t samples)
{
    const std::size_t nodes = positions.size();
    std::vector<std::uint32_t> begin, lists, queue;
    buildLists(nodes, edges, begin, lists);
    double ratio = 0.0, ratioSquared = 0.0, pairs = 0.0; // Σ |p|/d, Σ (|p|/d)², count
    std::vector<std::uint32_t> distance(nodes);
    for (std::size_t s = 0; s < std::min(samples, nodes); ++s) {
        const auto source = static_cast<std::uint32_t>(samples >= nodes ? s : mixed(s) % nodes);
        distance.assign(nodes, std::numeric_limits<std::uint32_t>::max());
        distance[source] = 0;
        queue.assign(1, source);
        for (std::size_t i = 0; i < queue.size(); ++i) {
            for (std::uint32_t e = begin[queue[i]]; e < begin[queue[i] + 1]; ++e) {
                if (distance[lists[e]] != std::numeric_limits<std::uint32_t>::max())
                    continue;
                distance[lists[e]] = distance[queue[i]] + 1;
                queue.push_back(lists[e]);
            }
        }
        for (std::size_t i = 1; i < queue.size(); ++i) {
            const double dx = positions[queue[i]].x - positions[source].x;
            const double dy = positions[queue[i]].y - positions[source].y;
            const double r = std::sqrt(dx * dx + dy * dy) / distance[queue[i]];
            ratio += r;
            ratioSquared += r * r;
            pairs += 1.0;
        }
    }
    // Σ (s·r − 1)² is least at s = Σr / Σr².
    return pairs == 0.0 || ratioSquared == 0.0 ? 0.0 : 1.0 - ratio * ratio / (ratioSquared * pairs);
}

} // namespace eventops
