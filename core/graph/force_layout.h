// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace eventops {

/// A place in the drawing; the unit is the ideal length of a link.
struct LayoutPoint {
    float x = 0.0F, y = 0.0F;
    bool operator==(const LayoutPoint &) const = default;
};

/// Two nodes by index. The direction does not matter to the layout; self links and indices out of range are ignored.
struct LayoutEdge {
    std::uint32_t source = 0, target = 0;
};

/// Where a node is already drawn, if it is.
struct LayoutStart {
    LayoutPoint at;
    bool known = false;
};

/// Places the nodes of a graph so that distances in the drawing follow distances in the graph, neighbours do not hide
/// each other, and unconnected components lie beside each other.
///
/// Each component is placed as a whole by stochastic gradient descent over a sparse stress model: every node against at
/// most PivotsMax pivots, each standing for the nodes nearest to it (Zheng, Pawar, Goodman: "Graph Drawing by
/// Stochastic Gradient Descent", IEEE TVCG 2019; Ortmann, Klimenta, Brandes: "A Sparse Stress Model", 2016). Forces
/// between what lies near, in cells of a grid, then part the nodes (the grid variant of Fruchterman and Reingold:
/// "Graph Drawing by Force-directed Placement", 1991). Components whose nodes mostly have a place keep it: new nodes
/// are put beside their neighbours and only the forces run, weakly on what was there. Components are packed below a
/// skyline, the largest first; one that is already placed stays unless it now overlaps a larger one.
///
/// Thread: one; nothing runs but inside a call. Deterministic: the same graph and start give the same places, bit for
/// bit. Complexity: O(n + m) a step and about PivotsMax + 2 · StressRounds + RefineRounds steps, fewer for small
/// graphs. Memory: about 2 · PivotsMax bytes a node of the largest component.
class ForceLayout
{
public:
    static constexpr std::size_t NodesMax = 200'000;   ///< What is beyond stays at the origin.
    static constexpr std::size_t EdgesMax = 1'000'000; ///< What is beyond is left out.
    static constexpr std::uint32_t PivotsMax = 48;
    static constexpr std::uint32_t StressRounds = 24;
    static constexpr std::uint32_t RefineRounds = 48;

    /// @p start: empty, or one for each node.
    ForceLayout(std::size_t nodes, std::span<const LayoutEdge> edges, std::span<const LayoutStart> start = {});

    /// Does a bounded part of the work; false: the places are final.
    bool step();
    bool done() const { return m_phase == Phase::Done; }
    /// By node; those of the start until the layout is done.
    const std::vector<LayoutPoint> &positions() const { return m_out; }

private:
    enum class Phase : std::uint8_t { Component, Pivots, Stress, Refine, Pack, Done };
    struct Component {
        std::uint32_t begin = 0, end = 0; ///< Of the internal order.
        bool placed = false;              ///< Mostly known from the start.
        float left = 0, top = 0, right = 0, bottom = 0;
    };

    void buildOrder(std::span<const LayoutEdge> edges, std::span<const LayoutStart> start);
    void sortComponents();
    void stepComponent();
    void placeNewNodes(const Component &component);
    void stepPivot();
    void prepareStress();
    void stepStress();
    void makeRoom(const Component &component);
    void measureLinks(const Component &component);
    void stepRefine();
    void pushNear(const Component &component);
    void pullLinks(const Component &component);
    void fillCells(const Component &component);
    void finishComponent();
    void turnWide(const Component &component);
    void pack();

    std::vector<LayoutPoint> m_out;
    // Internal order: components one after the other, each in breadth-first order, so that neighbours lie near in
    // memory.
    std::vector<std::uint32_t> m_nodeAt;   ///< Node of an internal index.
    std::vector<std::uint32_t> m_edgeBegin, m_edges;
    std::vector<LayoutPoint> m_at, m_move;
    std::vector<std::uint8_t> m_known;
    std::vector<Component> m_components;

    Phase m_phase = Phase::Component;
    std::size_t m_component = 0;
    std::uint32_t m_round = 0;
    // Of the component under way.
    std::uint32_t m_pivots = 0;
    std::uint32_t m_nextPivot = 0;
    std::vector<std::uint32_t> m_pivotNode;    ///< Counted from the component's begin.
    std::vector<std::uint16_t> m_distance;     ///< [node][pivot].
    std::vector<std::uint16_t> m_nearest;      ///< Distance to the nearest pivot so far.
    std::vector<std::uint16_t> m_nearestPivot;
    std::vector<std::uint32_t> m_queue;
    std::vector<float> m_weight;               ///< [pivot][distance], of a node at that distance.
    std::uint32_t m_distances = 0;             ///< Longest distance + 1.
    float m_weightMax = 1.0F;
    float m_linkLength = 1.0F;                 ///< That the forces aim at.
    std::vector<std::uint32_t> m_cellBegin, m_cellNodes, m_cellOf;
    std::uint32_t m_cellColumns = 0, m_cellRows = 0;
};

/// Normalised stress of a drawing: Σ (|pi − pj| · s − dij)² / dij² over the connected pairs of @p samples source nodes,
/// divided by the number of those pairs, with the scale s that makes it least. 0 is perfect; a random drawing has about
/// .4. O(samples · (nodes + edges)).
double layoutStress(std::span<const LayoutPoint> positions, std::span<const LayoutEdge> edges, std::size_t samples);

} // namespace eventops
