// SPDX-License-Identifier: MIT
#include "core/session/likely_causes.h"

#include "core/entropy/root_cause.h"

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
            m_names.push_back(type + ':' + id);
            m_deviations.emplace_back();
        }
        return it->second;
    }
    void add(const Link &link)
    {
        const std::uint32_t source = place(link.sourceType, link.sourceId);
        const std::uint32_t target = place(link.targetType, link.targetId);
        m_edges.push_back(sourceDepends(link.type) ? CallEdge{source, target} : CallEdge{target, source});
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

    Result<std::vector<LikelyCause>> rank(std::uint32_t target) const
    {
        std::vector<NodeDeviation> deviations;
        for (std::uint32_t i = 0; i < m_deviations.size(); ++i)
            deviations.push_back({i, 0, m_deviations[i].bits, ImpactUnknown}); // every entity is watched
        std::vector<LikelyCause> causes;
        for (const RankedCause &ranked : EVENTOPS_TRY(rankCauses(m_names, m_edges, deviations, target))) {
            const Deviation &own = m_deviations[ranked.node];
            if (causes.size() == CausesMax || ranked.share < CauseShareMin || own.bits <= 0.0)
                break;
            causes.push_back({m_entities[ranked.node]->first, m_entities[ranked.node]->second, ranked.share,
                              ranked.ownBits, own.findingId, own.message});
        }
        return causes;
    }

private:
    std::map<EntityName, std::uint32_t> m_places;
    std::vector<const EntityName *> m_entities;
    std::vector<std::string> m_names;
    std::vector<Deviation> m_deviations;
    std::vector<CallEdge> m_edges;
};

} // namespace

bool sourceDepends(std::string_view linkType)
{
    return linkType != "causes" && linkType != "part_of";
}

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
