// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eventops {

/// A fault that is known to have been there, because somebody put it there: what detectors are judged by.
struct GroundTruthFault {
    std::string id;                   ///< "cpu-after-deployment".
    std::string kind;                 ///< "metric", "lost_step", "late_step", "retries".
    std::string description;          ///< One sentence for people.
    std::string tenant;
    std::string entityType, entityId; ///< What is broken.
    WallNs start = NoTime;            ///< From here on it can be seen.
    WallNs end = NoTime;              ///< Scripted; what a remedy ends earlier is seen earlier or not at all.
    std::int64_t graceNs = 0;         ///< A finding may come so long after the end.
    /// What a finding must be about, one of these metrics or one of these steps. Both empty: anything of the entity.
    std::vector<std::string> metrics, steps;
    std::string remedy;               ///< Command that ends it; empty: none does.
};

/// All of a made-up world that its records do not say.
struct GroundTruth {
    WallNs start = NoTime;            ///< Instant at which its time begins.
    std::int64_t durationNs = 0;
    std::int64_t warmupNs = 0;        ///< The beginning that comes at once, even when the world is paced.
    std::vector<GroundTruthFault> faults; ///< In the order of the file.
};

} // namespace eventops
