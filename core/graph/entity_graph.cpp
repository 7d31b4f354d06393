// SPDX-License-Identifier: MIT
#include "core/graph/entity_graph.h"

#include <algorithm>

namespace eventops {
namespace {

/// Widens the span and adds the count of @p from to @p to; NoTime is no time.
template <typename Record>
void mergeSeen(Record &to, const Record &from)
{
    if (from.firstSeen != NoTime && (to.firstSeen == NoTime || from.firstSeen < to.firstSeen))
        to.firstSeen = from.firstSeen;
    to.lastSeen = std::max(to.lastSeen, from.lastSeen);
    if (from.firstSeq != 0 && (to.firstSeq == 0 || from.firstSeq < to.firstSeq))
        to.firstSeq = from.firstSeq;
    to.events += from.events;
}

} // namespace

LinkSense linkSense(std::string_view linkType)
{
    return linkType == "causes" ? LinkSense::TargetDependsOnSource : LinkSense::SourceDependsOnTarget;
}

EntityKey EntityGraph::refOf(std::uint32_t node) const
{
    return {m_nodes[node].entity.type, m_nodes[node].entity.id};
}

std::uint32_t EntityGraph::nodeOf(const Entity &entity)
{
    const auto [it, isNew] = m_byRef.try_emplace(EntityKey{entity.type, entity.id},
                                                 static_cast<std::uint32_t>(m_nodes.size()));
    if (isNew)
        m_nodes.push_back({entity, {}});
    return it->second;
}

void EntityGraph::add(const Entity &entity)
{
    const std::size_t before = m_nodes.size();
    Entity &known = m_nodes[nodeOf(entity)].entity;
    if (m_nodes.size() != before)
        return;
    if (!entity.lastStep.empty() && entity.lastSeen >= known.lastSeen)
        known.lastStep = entity.lastStep;
    mergeSeen(known, entity);
}

bool EntityGraph::add(const Link &link)
{
    if (link.sourceType == link.targetType && link.sourceId == link.targetId)
        return false;
    const auto end = [&](const std::string &type, const std::string &id) {
        Entity entity;
        entity.tenant = link.tenant;
        entity.type = type;
        entity.id = id;
        return nodeOf(entity);
    };
    const std::uint32_t source = end(link.sourceType, link.sourceId);
    const std::uint32_t target = end(link.targetType, link.targetId);
    const auto [it, isNew] = m_linkByKey.try_emplace({source, target, link.type},
                                                     static_cast<std::uint32_t>(m_links.size()));
    if (!isNew) {
        mergeSeen(m_links[it->second], link);
        return true;
    }
    m_links.push_back(link);
    const bool sourceDepends = linkSense(link.type) == LinkSense::SourceDependsOnTarget;
    m_nodes[source].edges.push_back({target, it->second, true, sourceDepends});
    m_nodes[target].edges.push_back({source, it->second, false, !sourceDepends});
    return true;
}

const Entity *EntityGraph::find(const EntityKey &entity) const
{
    const auto it = m_byRef.find(entity);
    return it != m_byRef.end() ? &m_nodes[it->second].entity : nullptr;
}

/// By the identity of the other end and the link's type, so that walks do not show the order of insertion.
std::vector<EntityGraph::Edge> EntityGraph::sortedEdges(std::uint32_t node, Walk walk) const
{
    std::vector<Edge> edges;
    for (const Edge &edge : m_nodes[node].edges) {
        if (walk == Walk::Both || edge.dependsOn == (walk == Walk::Dependencies))
            edges.push_back(edge);
    }
    std::sort(edges.begin(), edges.end(), [&](const Edge &a, const Edge &b) {
        const Entity &left = m_nodes[a.node].entity;
        const Entity &right = m_nodes[b.node].entity;
        return std::tie(left.type, left.id, m_links[a.link].type, a.outgoing)
             < std::tie(right.type, right.id, m_links[b.link].type, b.outgoing);
    });
    return edges;
}

GraphView EntityGraph::walk(const EntityKey &start, std::uint32_t depth, std::size_t entitiesMax, Walk kind) const
{
    GraphView view;
    const auto it = m_byRef.find(start);
    if (it == m_byRef.end() || entitiesMax == 0)
        return view;
    std::vector<std::uint32_t> order{it->second};
    std::vector<bool> reached(m_nodes.size(), false);
    reached[it->second] = true;
    view.entities.push_back({start, 0, {}});
    for (std::size_t at = 0; at < order.size(); ++at) {
        const std::uint32_t nextDepth = view.entities[at].depth + 1;
        if (nextDepth > depth)
            break;
        for (const Edge &edge : sortedEdges(order[at], kind)) {
            if (reached[edge.node])
                continue;
            if (order.size() >= entitiesMax) {
                view.truncated = true;
                break;
            }
            reached[edge.node] = true;
            order.push_back(edge.node);
            view.entities.push_back({refOf(edge.node), nextDepth, m_links[edge.link].type});
        }
    }
    for (const std::uint32_t node : order) {
        for (const Edge &edge : m_nodes[node].edges) {
            if (edge.outgoing && reached[edge.node])
                view.links.push_back(m_links[edge.link]);
        }
    }
    std::sort(view.links.begin(), view.links.end(), [](const Link &a, const Link &b) {
        return std::tie(a.sourceType, a.sourceId, a.targetType, a.targetId, a.type)
             < std::tie(b.sourceType, b.sourceId, b.targetType, b.targetId, b.type);
    });
    return view;
}

GraphView EntityGraph::neighbourhood(const EntityKey &start, std::uint32_t depth, std::size_t entitiesMax) const
{
    return walk(start, depth, entitiesMax, Walk::Both);
}

GraphView EntityGraph::dependencies(const EntityKey &start, std::uint32_t depth, std::size_t entitiesMax) const
{
    return walk(start, depth, entitiesMax, Walk::Dependencies);
}

GraphView EntityGraph::impact(const EntityKey &start, std::uint32_t depth, std::size_t entitiesMax) const
{
    return walk(start, depth, entitiesMax, Walk::Impact);
}

std::vector<EntityKey> EntityGraph::shortestPath(const EntityKey &from, const EntityKey &to) const
{
    const auto first = m_byRef.find(from);
    const auto last = m_byRef.find(to);
    if (first == m_byRef.end() || last == m_byRef.end())
        return {};
    constexpr std::uint32_t Unreached = UINT32_MAX;
    std::vector<std::uint32_t> before(m_nodes.size(), Unreached);
    std::vector<std::uint32_t> order{first->second};
    before[first->second] = first->second;
    for (std::size_t at = 0; at < order.size() && before[last->second] == Unreached; ++at) {
        for (const Edge &edge : sortedEdges(order[at], Walk::Both)) {
            if (before[edge.node] != Unreached)
                continue;
            before[edge.node] = order[at];
            order.push_back(edge.node);
        }
    }
    if (before[last->second] == Unreached)
        return {};
    std::vector<EntityKey> path{refOf(last->second)};
    for (std::uint32_t node = last->second; node != first->second; node = before[node])
        path.push_back(refOf(before[node]));
    std::reverse(path.begin(), path.end());
    return path;
}

} // namespace eventops
