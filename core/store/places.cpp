// SPDX-License-Identifier: MIT
#include "core/store/places.h"

#include <algorithm>

namespace eventops {

Status PlaceIndex::refresh(sqlite::Database &database)
{
    sqlite::Statement rows = EVENTOPS_TRY(
        database.prepare("SELECT id, seq_min, seq_max, ts_ingest, events FROM event_block WHERE id > ?1 ORDER BY id"));
    rows.bind(1, m_lastId);
    bool added = false;
    while (EVENTOPS_TRY(rows.step())) {
        m_lastId = rows.integer(0);
        m_blocks.push_back(
            {{m_lastId, rows.unsignedInteger(1), rows.unsignedInteger(2), WallNs{rows.integer(3)}},
             rows.unsignedInteger(4)});
        m_events += m_blocks.back().events;
        added = true;
    }
    if (added)
        cluster();
    return Ok{};
}

void PlaceIndex::cluster()
{
    std::sort(m_blocks.begin(), m_blocks.end(), [](const Block &a, const Block &b) {
        return std::pair(a.head.seqMin, a.head.id) < std::pair(b.head.seqMin, b.head.id);
    });
    m_clusters.clear();
    std::uint64_t place = 0;
    for (std::size_t i = 0; i < m_blocks.size(); ++i) {
        const Block &block = m_blocks[i];
        if (m_clusters.empty() || block.head.seqMin > m_clusters.back().seqMax)
            m_clusters.push_back({place, block.head.seqMin, block.head.seqMax, i, i});
        Cluster &last = m_clusters.back();
        last.seqMax = std::max(last.seqMax, block.head.seqMax);
        last.end = i + 1;
        place += block.events;
    }
}

PlaceIndex::Stretch PlaceIndex::stretch(std::uint64_t first, std::uint64_t count) const
{
    Stretch result;
    auto cluster = std::upper_bound(m_clusters.begin(), m_clusters.end(), first,
                                    [](std::uint64_t place, const Cluster &c) { return place < c.firstPlace; });
    if (cluster == m_clusters.begin() || first >= m_events)
        return result;
    --cluster;
    result.firstPlace = cluster->firstPlace;
    for (; cluster != m_clusters.end() && (cluster->firstPlace <= first || cluster->firstPlace - first < count);
         ++cluster) {
        for (std::size_t i = cluster->begin; i < cluster->end; ++i)
            result.heads.push_back(m_blocks[i].head);
    }
    return result;
}

PlaceIndex::Stretch PlaceIndex::stretchOf(Seq seq) const
{
    Stretch result;
    auto cluster = std::upper_bound(m_clusters.begin(), m_clusters.end(), seq,
                                    [](Seq wanted, const Cluster &c) { return wanted < c.seqMin; });
    if (cluster == m_clusters.begin() || (--cluster)->seqMax < seq)
        return result;
    result.firstPlace = cluster->firstPlace;
    for (std::size_t i = cluster->begin; i < cluster->end; ++i)
        result.heads.push_back(m_blocks[i].head);
    return result;
}

} // namespace eventops
