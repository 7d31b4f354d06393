// SPDX-License-Identifier: MIT
#pragma once

#include "core/store/event_merge.h"

#include <cstdint>
#include <vector>

namespace eventops {

/// Where each stored event stands in input order: place 0 is the oldest. Blocks are only added, so places never change.
/// Thread: its database's. Memory: 48 bytes a block of up to 4,096 events. `refresh` is O(new blocks) while nothing is
/// out of order, lookups are O(log blocks).
class PlaceIndex
{
public:
    /// Takes in blocks written since the last call.
    Status refresh(sqlite::Database &database);

    std::uint64_t events() const { return m_events; }

    /// Blocks which hold places from @p first on, in input order, enough for @p count places; and the place of the
    /// first event of the first of them.
    struct Stretch {
        std::vector<BlockHead> heads;
        std::uint64_t firstPlace = 0;
    };
    Stretch stretch(std::uint64_t first, std::uint64_t count) const;
    /// The stretch in which a record stands; no heads: no such record.
    Stretch stretchOf(Seq seq) const;

private:
    /// Blocks whose sequence numbers interleave (tenants of one commit), between two clean cuts.
    struct Cluster {
        std::uint64_t firstPlace = 0;
        Seq seqMin = 0, seqMax = 0;
        std::size_t begin = 0, end = 0; ///< Into m_blocks.
    };
    struct Block {
        BlockHead head;
        std::uint64_t events = 0;
    };
    void cluster();

    std::vector<Block> m_blocks; ///< By first sequence number.
    std::vector<Cluster> m_clusters;
    std::int64_t m_lastId = 0;
    std::uint64_t m_events = 0;
};

} // namespace eventops
