// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/entity.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

namespace eventops {

/// Entities and links in memory: changes are merged by identity as the ledger merges them. Thread: one.
/// Complexity: O(log things) a change.
class EntityTable
{
public:
    using EntityKey = std::tuple<std::string, std::string, std::string>;
    using LinkKey = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string>;

    void add(const Entity &change)
    {
        const auto [at, fresh] = m_entities.try_emplace({change.tenant, change.type, change.id}, change);
        if (fresh)
            return;
        merge(at->second, change);
        if (!change.lastStep.empty())
            at->second.lastStep = change.lastStep;
    }
    void add(const Link &change)
    {
        const auto [at, fresh] = m_links.try_emplace({change.tenant, change.sourceType, change.sourceId,
                                                      change.targetType, change.targetId, change.type}, change);
        if (!fresh)
            merge(at->second, change);
    }
    const std::map<EntityKey, Entity> &entities() const { return m_entities; } ///< By (tenant, type, id).
    const std::map<LinkKey, Link> &links() const { return m_links; } ///< By (tenant, source, target, type).

private:
    template <typename T>
    static void merge(T &into, const T &change)
    {
        into.firstSeen = into.firstSeen == NoTime     ? change.firstSeen
                         : change.firstSeen == NoTime ? into.firstSeen
                                                      : std::min(into.firstSeen, change.firstSeen);
        into.lastSeen = std::max(into.lastSeen, change.lastSeen);
        into.firstSeq = std::min(into.firstSeq, change.firstSeq);
        into.events += change.events;
    }

    std::map<EntityKey, Entity> m_entities;
    std::map<LinkKey, Link> m_links;
};

} // namespace eventops
