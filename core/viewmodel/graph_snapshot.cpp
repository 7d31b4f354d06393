// SPDX-License-Identifier: MIT
#include "core/viewmodel/graph_snapshot.h"

#include "core/base/hash.h"

#include <algorithm>
#include <numeric>

namespace eventops {
namespace {

/// Lengths stand before the parts, so that no choice of names makes two entities one.
std::string keyOf(std::string_view tenant, std::string_view type, std::string_view id)
{
    std::string key;
    key.reserve(tenant.size() + type.size() + id.size() + 16);
    key.append(std::to_string(tenant.size())).append(1, ':').append(tenant);
    key.append(std::to_string(type.size())).append(1, ':').append(type).append(id);
    return key;
}

} // namespace

int GraphSnapshot::find(std::string_view tenant, std::string_view type, std::string_view id) const
{
    const auto found = indexOfKey.find(keyOf(tenant, type, id));
    return found == indexOfKey.end() ? -1 : static_cast<int>(found->second);
}

std::vector<std::uint8_t> GraphSnapshot::hopsFrom(std::uint32_t start, int hops) const
{
    std::vector<std::uint8_t> reached(nodes.size(), NotReached);
    if (start >= nodes.size())
        return reached;
    reached[start] = 0;
    std::vector<std::uint32_t> queue{start};
    for (std::size_t i = 0; i < queue.size(); ++i) {
        if (reached[queue[i]] >= hops)
            break;
        for (const GraphNeighbour &n : neighboursOf(queue[i])) {
            if (reached[n.node] != NotReached)
                continue;
            reached[n.node] = static_cast<std::uint8_t>(reached[queue[i]] + 1);
            queue.push_back(n.node);
        }
    }
    return reached;
}

void GraphBuilder::addEntities(std::vector<Entity> entities)
{
    std::move(entities.begin(), entities.end(), std::back_inserter(m_entities));
}

void GraphBuilder::addLinks(std::vector<Link> links)
{
    std::move(links.begin(), links.end(), std::back_inserter(m_links));
}

void GraphBuilder::addFindings(const std::vector<Finding> &findings)
{
    for (const Finding &finding : findings) {
        std::string entity = keyOf(finding.tenant, finding.entityType, finding.entityId);
        std::string key = keyOf(entity, finding.name, finding.metric);
        OpenFinding &state = m_findings[std::move(key)];
        state.entity = std::move(entity);
        state.severity = finding.severity;
        state.open = finding.state != FindingState::Resolved;
    }
}

std::shared_ptr<const GraphSnapshot> GraphBuilder::build()
{
    auto graph = std::make_shared<GraphSnapshot>();
    chooseNodes(*graph);
    resolveLinks(*graph);
    orderLinkTypes(*graph);
    buildNeighbours(*graph);
    applyFindings(*graph);
    *this = {};
    return graph;
}

void GraphBuilder::chooseNodes(GraphSnapshot &graph)
{
    const auto before = [](const Entity &a, const Entity &b) {
        return std::tie(a.firstSeq, a.tenant, a.type, a.id) < std::tie(b.firstSeq, b.tenant, b.type, b.id);
    };
    if (m_entities.size() > GraphNodesMax) {
        const auto end = m_entities.begin() + static_cast<std::ptrdiff_t>(GraphNodesMax);
        std::nth_element(m_entities.begin(), end, m_entities.end(), [&](const Entity &a, const Entity &b) {
            return a.events != b.events ? a.events > b.events : before(a, b);
        });
        graph.entitiesLeftOut = m_entities.size() - GraphNodesMax;
        m_entities.resize(GraphNodesMax);
    }
    std::sort(m_entities.begin(), m_entities.end(), before);
    graph.nodes.reserve(m_entities.size());
    for (Entity &e : m_entities) {
        const auto index = static_cast<std::uint32_t>(graph.nodes.size());
        std::string key = keyOf(e.tenant, e.type, e.id);
        graph.structure = hashCombine(graph.structure, hash64(key));
        if (!graph.indexOfKey.emplace(std::move(key), index).second)
            continue; // a back end that tells an entity twice
        GraphNode node;
        node.tenant = std::move(e.tenant);
        node.type = std::move(e.type);
        node.id = std::move(e.id);
        node.lastStep = std::move(e.lastStep);
        node.firstSeen = e.firstSeen;
        node.lastSeen = e.lastSeen;
        node.events = e.events;
        node.seq = e.firstSeq;
        graph.nodes.push_back(std::move(node));
    }
}

void GraphBuilder::resolveLinks(GraphSnapshot &graph)
{
    std::unordered_map<std::string, std::uint32_t> typeIndex;
    const auto nodeOf = [&](const std::string &tenant, const std::string &type, const std::string &id) -> int {
        const int known = graph.find(tenant, type, id);
        if (known >= 0 || graph.nodes.size() >= GraphNodesMax || graph.entitiesLeftOut > 0)
            return known;
        // Named by a link, without an event of its own.
        GraphNode node;
        node.tenant = tenant;
        node.type = type;
        node.id = id;
        graph.nodes.push_back(std::move(node));
        graph.indexOfKey.emplace(keyOf(tenant, type, id), static_cast<std::uint32_t>(graph.nodes.size() - 1));
        return static_cast<int>(graph.nodes.size()) - 1;
    };
    for (const Link &link : m_links) {
        const int source = nodeOf(link.tenant, link.sourceType, link.sourceId);
        const int target = nodeOf(link.tenant, link.targetType, link.targetId);
        if (source < 0 || target < 0 || source == target || graph.links.size() >= GraphLinksMax) {
            graph.linksLeftOut += source != target || source < 0 ? 1 : 0;
            continue;
        }
        const auto type = typeIndex.emplace(link.type, static_cast<std::uint32_t>(graph.linkTypes.size()));
        if (type.second)
            graph.linkTypes.push_back(link.type);
        graph.links.push_back({static_cast<std::uint32_t>(source), static_cast<std::uint32_t>(target),
                               type.first->second});
    }
}

/// The most frequent type gets the plainest line.
void GraphBuilder::orderLinkTypes(GraphSnapshot &graph)
{
    std::vector<std::uint32_t> counts(graph.linkTypes.size());
    for (const GraphLink &link : graph.links)
        ++counts[link.type];
    std::vector<std::uint32_t> order(graph.linkTypes.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return counts[a] != counts[b] ? counts[a] > counts[b] : graph.linkTypes[a] < graph.linkTypes[b];
    });
    std::vector<std::uint32_t> rank(order.size());
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < order.size(); ++i) {
        rank[order[i]] = i;
        names.push_back(std::move(graph.linkTypes[order[i]]));
    }
    graph.linkTypes = std::move(names);
    for (GraphLink &link : graph.links) {
        link.type = rank[link.type];
        graph.structure = hashCombine(graph.structure, (std::uint64_t{link.source} << 32U) + link.target);
    }
    graph.structure = hashCombine(graph.structure, graph.nodes.size());
}

void GraphBuilder::buildNeighbours(GraphSnapshot &graph) const
{
    graph.neighbourBegin.assign(graph.nodes.size() + 1, 0);
    for (const GraphLink &link : graph.links) {
        ++graph.neighbourBegin[link.source + 1];
        ++graph.neighbourBegin[link.target + 1];
    }
    std::partial_sum(graph.neighbourBegin.begin(), graph.neighbourBegin.end(), graph.neighbourBegin.begin());
    graph.neighbours.resize(graph.neighbourBegin.back());
    std::vector<std::uint32_t> next(graph.neighbourBegin.begin(), graph.neighbourBegin.end() - 1);
    for (std::uint32_t i = 0; i < graph.links.size(); ++i) {
        const GraphLink &link = graph.links[i];
        graph.neighbours[next[link.source]++] = {link.target, i, true};
        graph.neighbours[next[link.target]++] = {link.source, i, false};
    }
    for (std::size_t i = 0; i < graph.nodes.size(); ++i)
        graph.nodes[i].degree = graph.neighbourBegin[i + 1] - graph.neighbourBegin[i];
}

void GraphBuilder::applyFindings(GraphSnapshot &graph) const
{
    for (const auto &[key, finding] : m_findings) { // the order does not show: counts and a maximum
        const auto at = graph.indexOfKey.find(finding.entity);
        if (!finding.open || at == graph.indexOfKey.end())
            continue;
        GraphNode &node = graph.nodes[at->second];
        node.severity = std::max(node.severity, finding.severity);
        graph.nodesWithFindings += node.openFindings == 0 ? 1 : 0;
        ++node.openFindings;
    }
}

} // namespace eventops
