// SPDX-License-Identifier: MIT
#include "core/graph/entity_graph.h"

#include <algorithm>
#include <set>
#include <utility>

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

/// Of several of one type one will do: hosts of a service, or parts of it.
bool isChoice(std::string_view linkType)
{
    return linkType == "depends_on" || linkType == "part_of";
}

} // namespace

LinkSense linkSense(std::string_view linkType)
{
    const bool targetDepends = linkType == "causes" || linkType == "part_of";
    return targetDepends ? LinkSense::TargetDependsOnSource : LinkSense::SourceDependsOnTarget;
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

std::vector<EntityKey> EntityGraph::withId(std::string_view id) const
{
    std::vector<EntityKey> found;
    for (const auto &[entity, node] : m_byRef) {
        if (entity.id == id)
            found.push_back(entity);
    }
    return found;
}

std::vector<Link> EntityGraph::linksAmong(std::span<const EntityKey> entities) const
{
    std::vector<std::uint32_t> nodes;
    std::vector<bool> isThere(m_nodes.size(), false);
    for (const EntityKey &entity : entities) {
        const auto it = m_byRef.find(entity);
        if (it == m_byRef.end() || isThere[it->second])
            continue;
        isThere[it->second] = true;
        nodes.push_back(it->second);
    }
    return linksAmong(nodes, isThere);
}

std::vector<Link> EntityGraph::linksAmong(const std::vector<std::uint32_t> &nodes,
                                          const std::vector<bool> &isThere) const
{
    std::vector<Link> links;
    for (const std::uint32_t node : nodes) {
        for (const Edge &edge : m_nodes[node].edges) {
            if (edge.outgoing && isThere[edge.node])
                links.push_back(m_links[edge.link]);
        }
    }
    std::sort(links.begin(), links.end(), [](const Link &a, const Link &b) {
        return std::tie(a.sourceType, a.sourceId, a.targetType, a.targetId, a.type)
             < std::tie(b.sourceType, b.sourceId, b.targetType, b.targetId, b.type);
    });
    return links;
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
    view.links = linksAmong(order, reached);
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

bool EntityGraph::cannotDoWithout(std::uint32_t node, const std::vector<bool> &lost) const
{
    std::map<std::string_view, bool> choices; // by type: whether one of them is left
    for (const Edge &edge : m_nodes[node].edges) {
        if (!edge.dependsOn)
            continue;
        if (!isChoice(m_links[edge.link].type)) {
            if (lost[edge.node])
                return true;
            continue;
        }
        bool &left = choices[m_nodes[edge.node].entity.type];
        left = left || !lost[edge.node];
    }
    return std::ranges::any_of(choices, [](const auto &choice) { return !choice.second; });
}

GraphLoss EntityGraph::without(const EntityKey &gone, std::size_t entitiesMax) const
{
    GraphLoss loss;
    const auto it = m_byRef.find(gone);
    if (it == m_byRef.end() || entitiesMax == 0)
        return loss;
    std::vector<bool> lost(m_nodes.size(), false);
    std::map<EntityKey, std::pair<std::uint32_t, ReachedEntity>> touched; // hit, but not lost so far
    std::vector<std::uint32_t> order{it->second};
    lost[it->second] = true;
    loss.lost.push_back({gone, 0, {}});
    for (std::size_t at = 0; at < order.size(); ++at) {
        const std::uint32_t depth = loss.lost[at].depth + 1;
        for (const Edge &edge : sortedEdges(order[at], Walk::Impact)) {
            if (lost[edge.node])
                continue;
            const ReachedEntity reached{refOf(edge.node), depth, m_links[edge.link].type};
            if (!cannotDoWithout(edge.node, lost)) {
                touched.try_emplace(reached.entity, edge.node, reached);
                continue;
            }
            if (order.size() >= entitiesMax) {
                loss.truncated = true;
                return loss;
            }
            lost[edge.node] = true;
            order.push_back(edge.node);
            loss.lost.push_back(reached);
        }
    }
    for (const auto &[entity, hit] : touched) {
        if (!lost[hit.first])
            loss.weakened.push_back(hit.second);
    }
    std::set<EntityKey> stranded;
    for (const std::uint32_t node : order) {
        for (const Edge &edge : m_nodes[node].edges) {
            const auto &edges = m_nodes[edge.node].edges;
            const bool isAlone = std::ranges::all_of(edges, [&](const Edge &each) { return lost[each.node]; });
            if (!lost[edge.node] && !touched.contains(refOf(edge.node)) && isAlone)
                stranded.insert(refOf(edge.node));
        }
    }
    loss.stranded.assign(stranded.begin(), stranded.end());
    return loss;
}

std::vector<EntityKey> EntityGraph::orphans(std::size_t entitiesMax) const
{
    std::vector<EntityKey> found;
    for (const auto &[entity, node] : m_byRef) {
        if (found.size() >= entitiesMax)
            break;
        if (m_nodes[node].edges.empty())
            found.push_back(entity);
    }
    return found;
}

GraphView EntityGraph::newSince(WallNs since, std::size_t entitiesMax) const
{
    GraphView view;
    std::vector<std::uint32_t> fresh;
    for (const auto &[entity, node] : m_byRef) {
        if (m_nodes[node].entity.firstSeen != NoTime && m_nodes[node].entity.firstSeen >= since)
            fresh.push_back(node);
    }
    const auto firstSeen = [&](std::uint32_t node) { return m_nodes[node].entity.firstSeen; };
    std::ranges::stable_sort(fresh, [&](std::uint32_t a, std::uint32_t b) { return firstSeen(a) > firstSeen(b); });
    std::vector<bool> isThere(m_nodes.size(), false);
    const auto take = [&](std::uint32_t node, std::uint32_t depth, const std::string &linkType) {
        if (isThere[node])
            return true;
        if (view.entities.size() >= entitiesMax) {
            view.truncated = true;
            return false;
        }
        isThere[node] = true;
        view.entities.push_back({refOf(node), depth, linkType});
        return true;
    };
    for (const std::uint32_t node : fresh)
        take(node, 0, {});
    for (const Link &link : m_links) {
        if (link.firstSeen != NoTime && link.firstSeen >= since)
            view.links.push_back(link);
    }
    std::ranges::sort(view.links, [](const Link &a, const Link &b) {
        return std::tie(b.firstSeen, a.sourceType, a.sourceId, a.targetType, a.targetId, a.type)
             < std::tie(a.firstSeen, b.sourceType, b.sourceId, b.targetType, b.targetId, b.type);
    });
    std::erase_if(view.links, [&](const Link &link) {
        const bool source = take(m_byRef.at({link.sourceType, link.sourceId}), 1, link.type);
        const bool target = take(m_byRef.at({link.targetType, link.targetId}), 1, link.type);
        return !source || !target;
    });
    return view;
}

} // namespace eventops
