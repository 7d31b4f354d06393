// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace eventops {

/// A sample of Prometheus, read.
struct MetricSample {
    std::string_view metric;
    std::span<const std::pair<std::string, std::string>> labels;
    std::string_view valueText; ///< As written.
    double value = 0.0;         ///< NaN and infinities are samples as well.
    std::string_view timeText;
    WallNs ts = NoTime;
    std::string_view attrs; ///< A JSON object; empty: none.
};

/// Appends it as an event of what its labels name: instance, host, node, pod or job.
void appendSample(Batch &batch, std::uint32_t record, std::string_view codec, const MetricSample &sample);

} // namespace eventops
