// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

#include <cstdint>
#include <string>

namespace eventops {

/// A thing events are about. Changes are additive: the ledger adds `events` and widens the time span.
struct Entity {
    std::string tenant;
    std::string type;
    std::string id;
    WallNs firstSeen = NoTime; ///< Event time.
    WallNs lastSeen = NoTime;
    Seq firstSeq = 0;
    std::uint64_t events = 0;
    std::string lastStep;      ///< Step of the event with the highest sequence number that has one.
};

/// A typed, directed relation. (tenant, source, target, type) is its identity.
struct Link {
    std::string tenant;
    std::string sourceType, sourceId;
    std::string targetType, targetId;
    std::string type;          ///< "causes", "part_of", "derived_from", "depends_on", or a source's own.
    WallNs firstSeen = NoTime;
    WallNs lastSeen = NoTime;
    Seq firstSeq = 0;
    std::uint64_t events = 0;
};

} // namespace eventops
