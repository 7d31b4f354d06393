// SPDX-License-Identifier: MIT
#include "core/session/likely_causes.h"

#include "core/entropy/root_cause.h"
#include "core/graph/entity_graph.h"

#include <algorithm>
#include <map>
#include <utility>

namespace eventops {
namespace {

using EntityName = std::pair<std::string, std::string>; ///< Type, id.

/// What was found of an entity around the time.
struct Deviation {
    double bits = 0.0;
    std::string findingId, message;
};

class CauseGraph
{
public:
    std::uint32_t place(const std::string &type, const std::string &id)
    {
        const auto [it, isNew] = m_places.try_emplace({type, id}, static_cast<std::uint32_t>(m_entities.size()));
        if (isNew) {
            m_entities.push_back(&it->first);
            m_deviations.emplace_back();
        }
        return it->second;
    }
    void add(const Link &link)
    {
        const std::uint32_t source = place(link.sourceType, link.sourceId);
        const std::uint32_t target = place(link.targetType, link.targetId);
        const bool sourceDepends = linkSense(link.type) == LinkSense::SourceDependsOnTarget;
        m_edges.push_back(sourceDepends ? CallEdge{source, target} : CallEdge{target, source});
    }
    void add(const Finding &finding)
    {
        const auto known = m_places.find({finding.entityType, finding.entityId});
        if (known == m_places.end())
            return;
        Deviation &deviation = m_deviations[known->second];
        const double bits = finding.origin == FindingOrigin::Rule ? RuleBits : finding.bits;
        if (bits > deviation.bits)
            deviation = {bits, finding.id, finding.message};
    }
    std::size_t edges() const { return m_edges.size(); }

    Result<std::vector<LikelyCause>> rank(std::uint32_t target)
    {
        const std::vector<std::uint32_t> below = reachable(target);
        std::vector<std::uint32_t> places(m_entities.size(), UINT32_MAX);
        std::vector<std::string> names;
        std::vector<NodeDeviation> deviations;
        for (const std::uint32_t node : below) {
            places[node] = static_cast<std::uint32_t>(names.size());
            deviations.push_back({places[node], 0, m_deviations[node].bits, ImpactUnknown}); // every entity is watched
            names.push_back(m_entities[node]->first + ':' + m_entities[node]->second);
        }
        std::vector<CallEdge> edges;
        for (const CallEdge &edge : m_edges) {
            if (places[edge.caller] != UINT32_MAX && places[edge.callee] != UINT32_MAX)
                edges.push_back({places[edge.caller], places[edge.callee]});
        }
        std::vector<LikelyCause> causes;
        for (const RankedCause &ranked : EVENTOPS_TRY(rankCauses(names, edges, deviations, places[target]))) {
            const std::uint32_t node = below[ranked.node];
            const Deviation &own = m_deviations[node];
            if (causes.size() == CausesMax || ranked.share < CauseShareMin || own.bits <= 0.0)
                break;
            causes.push_back({m_entities[node]->first, m_entities[node]->second, ranked.share, ranked.ownBits,
                              own.findingId, own.message});
        }
        return causes;
    }

private:
    /// What @p target depends on, itself first, the nearest first; at most CauseNodesMax.
    std::vector<std::uint32_t> reachable(std::uint32_t target)
    {
        std::sort(m_edges.begin(), m_edges.end(), [](const CallEdge &a, const CallEdge &b) {
            return std::pair(a.caller, a.callee) < std::pair(b.caller, b.callee);
        });
        std::vector<bool> seen(m_entities.size(), false);
        std::vector<std::uint32_t> found = {target};
        seen[target] = true;
        for (std::size_t i = 0; i < found.size(); ++i) {
            auto edge = std::lower_bound(m_edges.begin(), m_edges.end(), found[i],
                                         [](const CallEdge &e, std::uint32_t caller) { return e.caller < caller; });
            for (; edge != m_edges.end() && edge->caller == found[i] && found.size() < CauseNodesMax; ++edge) {
                if (!seen[edge->callee])
                    found.push_back(edge->callee);
                seen[edge->callee] = true;
            }
        }
        return found;
    }

    std::map<EntityName, std::uint32_t> m_places;
    std::vector<const EntityName *> m_entities;
    std::vector<Deviation> m_deviations;
    std::vector<CallEdge> m_edges;
};

} // namespace

Result<std::vector<LikelyCause>> likelyCauses(Ledger &ledger, const Finding &finding)
{
    if (finding.entityId.empty() || finding.ts == NoTime)
        return std::vector<LikelyCause>{};
    CauseGraph graph;
    const std::uint32_t target = graph.place(finding.entityType, finding.entityId);
    EVENTOPS_TRY(ledger.links({}, {}, [&](const Link &link) {
        if (link.tenant == finding.tenant)
            graph.add(link);
        return graph.edges() < CauseEdgesMax;
    }));
    EVENTOPS_TRY(ledger.findings({}, {}, [&](const Finding &other) {
        const bool near = other.ts != NoTime && raw(other.ts) >= raw(finding.ts) - CauseBeforeNs
                       && raw(other.ts) <= raw(finding.ts) + CauseAfterNs;
        if (near && other.tenant == finding.tenant && other.state == FindingState::Firing)
            graph.add(other);
        return true;
    }));
    return graph.rank(target);
}

} // namespace eventops
