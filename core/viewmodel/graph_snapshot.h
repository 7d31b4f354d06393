// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/entity.h"
#include "core/model/finding.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace eventops {

constexpr std::size_t GraphNodesMax = 20'000;      ///< Drawn; the busiest are.
constexpr std::size_t GraphLinksMax = 60'000;      ///< Drawn.
constexpr std::size_t GraphEntitiesReadMax = 200'000; ///< Looked at to find the busiest.
constexpr std::size_t GraphLinksReadMax = 400'000;
constexpr std::size_t GraphFindingsReadMax = 100'000;

/// An entity as the graph shows it.
struct GraphNode {
    std::string tenant, type, id, lastStep;
    WallNs firstSeen = NoTime, lastSeen = NoTime;
    std::uint64_t events = 0;
    std::uint64_t seq = 0;
    Severity severity = Severity::Unset; ///< The worst of the open findings.
    std::uint32_t openFindings = 0;
    std::uint32_t degree = 0;            ///< Links drawn.
};

/// A link between two nodes by index, directed.
struct GraphLink {
    std::uint32_t source = 0, target = 0;
    std::uint32_t type = 0; ///< Index into linkTypes.
};

/// A link as one of its ends sees it.
struct GraphNeighbour {
    std::uint32_t node = 0, link = 0;
    bool outgoing = false;
};

/// Entities, links and open findings at one moment. Immutable once built, so threads share it without locks.
struct GraphSnapshot {
    std::vector<GraphNode> nodes; ///< In order of appearance: those that come later stand behind.
    std::vector<GraphLink> links;
    std::vector<std::string> linkTypes;          ///< The most frequent first.
    std::vector<std::uint32_t> neighbourBegin;   ///< One more than nodes.
    std::vector<GraphNeighbour> neighbours;
    std::unordered_map<std::string, std::uint32_t> indexOfKey;
    std::uint64_t entitiesLeftOut = 0;           ///< Known, not drawn.
    std::uint64_t linksLeftOut = 0;
    std::uint32_t nodesWithFindings = 0;
    std::uint64_t structure = 0;                 ///< Hash of nodes and links by identity: equal, nothing moved.

    std::span<const GraphNeighbour> neighboursOf(std::uint32_t node) const
    {
        return std::span(neighbours).subspan(neighbourBegin[node], neighbourBegin[node + 1] - neighbourBegin[node]);
    }
    /// Index of a node, or -1.
    int find(std::string_view tenant, std::string_view type, std::string_view id) const;
    /// Links between each node and @p start, at most @p hops; others get 255. O(nodes + links reached).
    std::vector<std::uint8_t> hopsFrom(std::uint32_t start, int hops) const;
};
constexpr std::uint8_t NotReached = 255;

/// Gathers rows in any order and makes a snapshot of them. Thread: one at a time.
class GraphBuilder
{
public:
    void addEntities(std::vector<Entity> entities);
    void addLinks(std::vector<Link> links);
    /// Oldest first: a later finding of the same name about the same entity and metric takes the place of the earlier,
    /// and a resolved one closes it.
    void addFindings(const std::vector<Finding> &findings);
    /// Leaves the builder empty. O(n log n).
    std::shared_ptr<const GraphSnapshot> build();

private:
    void chooseNodes(GraphSnapshot &graph);
    void resolveLinks(GraphSnapshot &graph);
    void orderLinkTypes(GraphSnapshot &graph);
    void buildNeighbours(GraphSnapshot &graph) const;
    void applyFindings(GraphSnapshot &graph) const;

    struct OpenFinding {
        std::string entity;
        Severity severity = Severity::Unset;
        bool open = false;
    };
    std::vector<Entity> m_entities;
    std::vector<Link> m_links;
    std::unordered_map<std::string, OpenFinding> m_findings;
};

} // namespace eventops
