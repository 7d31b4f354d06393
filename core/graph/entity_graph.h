// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/entity.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace eventops {

/// Identity of an entity inside one tenant's graph.
struct EntityKey {
    std::string type;
    std::string id;
    auto operator<=>(const EntityKey &) const = default;
};

/// How far a node lies from where a walk started.
struct ReachedEntity {
    EntityKey entity;
    std::uint32_t depth = 0;
    std::string linkType; ///< Of the link it was first reached by; empty at the start.
};

/// A part of a graph: nodes in the order of a breadth-first walk and the links between them, by identity.
struct GraphView {
    std::vector<ReachedEntity> entities;
    std::vector<Link> links;
    bool truncated = false; ///< entitiesMax was met; there is more.
};

/// What would become of a graph without one of its entities.
struct GraphLoss {
    std::vector<ReachedEntity> lost;     ///< What is away, first, then what cannot do without it, by distance.
    std::vector<ReachedEntity> weakened; ///< What depends on something lost, and on another of its type that is not.
    std::vector<EntityKey> stranded;     ///< Neither, but all their links led to what is lost.
    bool truncated = false;              ///< entitiesMax was met; there is more.
};

/// Which end of a link depends on which. A cause is what its effect depends on, and a whole depends on its parts:
/// failures travel along `causes` and `part_of`, and against `depends_on` and `derived_from`; a type of a source's own
/// counts as "source depends on target".
enum class LinkSense : std::uint8_t { SourceDependsOnTarget, TargetDependsOnSource };
LinkSense linkSense(std::string_view linkType);

/// The entities and links of one tenant, in memory: what queries walk. Self links are refused.
/// Thread: one writer or many readers. Complexity: O(log n) to add, walks O(nodes + links reached). Memory: O(nodes +
/// links), the caller's bound. Results do not depend on the order in which things were added.
class EntityGraph
{
public:
    static constexpr std::size_t WalkEntitiesMax = 100'000;

    void add(const Entity &entity);           ///< Merges with what is known: counts add, the time span widens.
    bool add(const Link &link);               ///< False: a self link. Adds both ends where unknown.

    std::size_t entityCount() const { return m_nodes.size(); }
    std::size_t linkCount() const { return m_links.size(); }
    const Entity *find(const EntityKey &entity) const;
    std::vector<EntityKey> withId(std::string_view id) const; ///< By type. O(nodes).
    /// By identity. O(links of the entities).
    std::vector<Link> linksAmong(std::span<const EntityKey> entities) const;

    /// Everything within @p depth links in either direction, the start included (depth 0).
    GraphView neighbourhood(const EntityKey &start, std::uint32_t depth,
                            std::size_t entitiesMax = WalkEntitiesMax) const;
    /// What @p start depends on, at any distance up to @p depth.
    GraphView dependencies(const EntityKey &start, std::uint32_t depth, std::size_t entitiesMax =
        WalkEntitiesMax) const;
    /// What depends on @p start: what is hit when it fails.
    GraphView impact(const EntityKey &start, std::uint32_t depth, std::size_t entitiesMax = WalkEntitiesMax) const;
    /// A shortest chain of entities from @p from to @p to, links taken in either direction; empty: there is none.
    std::vector<EntityKey> shortestPath(const EntityKey &from, const EntityKey &to) const;
    /// What if @p gone were away? Several entities of one type that something depends on, or that are its parts, are
    /// taken for a choice: who has one left is weakened, and what depends on it is not hit. All other links are needed.
    /// Nothing is lost of an entity that is not known. O(nodes hit + their links).
    GraphLoss without(const EntityKey &gone, std::size_t entitiesMax = WalkEntitiesMax) const;
    /// Entities without any link, by identity; at most @p entitiesMax. O(nodes).
    std::vector<EntityKey> orphans(std::size_t entitiesMax = WalkEntitiesMax) const;
    /// Entities and links first seen at @p since or later, the newest first (depth 0), then the other ends of the links
    /// (depth 1). O(nodes + links · log links).
    GraphView newSince(WallNs since, std::size_t entitiesMax = WalkEntitiesMax) const;

private:
    struct Edge {
        std::uint32_t node = 0; ///< At the other end.
        std::uint32_t link = 0;
        bool outgoing = false;
        bool dependsOn = false; ///< This end depends on the other.
    };
    struct Node {
        Entity entity;
        std::vector<Edge> edges;
    };
    enum class Walk : std::uint8_t { Both, Dependencies, Impact };

    std::uint32_t nodeOf(const Entity &entity);
    std::vector<Edge> sortedEdges(std::uint32_t node, Walk walk) const;
    /// Whether the entity at @p node cannot do without what is @p lost.
    bool cannotDoWithout(std::uint32_t node, const std::vector<bool> &lost) const;
    GraphView walk(const EntityKey &start, std::uint32_t depth, std::size_t entitiesMax, Walk kind) const;
    EntityKey refOf(std::uint32_t node) const;
    std::vector<Link> linksAmong(const std::vector<std::uint32_t> &nodes, const std::vector<bool> &isThere) const;

    std::map<EntityKey, std::uint32_t> m_byRef;
    std::vector<Node> m_nodes;
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::string>, std::uint32_t> m_linkByKey;
    std::vector<Link> m_links;
};

} // namespace eventops
