// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

#include <cstdint>
#include <string>

namespace eventops {

/// What one entity's values of a window of event time amount to: one row of `features_windowed`.
struct FeatureWindow {
    Seq seq = 0;              ///< Raw record that closed the window.
    std::uint32_t emission = 0; ///< Orders windows of one record.
    WallNs start = NoTime;    ///< Inclusive.
    WallNs end = NoTime;      ///< Exclusive.
    std::string tenant;
    std::string entityType, entityId;
    std::string sourceId;
    std::string rule;         ///< Name of the rule that asked for it.
    std::string metric, unit; ///< Empty: events were counted.
    std::string step;         ///< Empty: not about a step.
    std::uint64_t count = 0;
    std::uint64_t late = 0;   ///< Values that came too late for their window and are in none, since the last row.
    double p50 = 0.0, p95 = 0.0, avg = 0.0, stddev = 0.0; ///< 0 when events were counted.
};

} // namespace eventops
