// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/entropy/root_cause.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// One measured series of a table; the n-th values of all series belong to the same window of time.
struct MetricColumn {
    std::string node;
    std::string metric;         ///< "latency", "availability", "requests", …
    std::string statistic;      ///< "Average", "p99", "Sum", …
    std::vector<double> values; ///< NaN: nothing was measured.
};

struct MetricTable {
    std::vector<MetricColumn> columns;
    std::size_t rows = 0;
};

/// What a metric's name says about it; letter case does not matter.
enum class MetricMeaning : std::uint8_t {
    Waiting, ///< "latency", "duration", "response_time": more is worse, costs calls × time.
    Working, ///< "availability", "success": less is worse, costs calls × the part that failed.
    Failing, ///< "error", "fault", "fail", "timeout": more is worse.
    Volume,  ///< "requests", "calls", "count", "throughput": how much is asked for; a context, no symptom.
    Other,   ///< Both directions are a deviation.
};
MetricMeaning metricMeaning(std::string_view metric);

struct MetricDeviations {
    std::vector<std::string> metrics;      ///< In order of their names: what `NodeDeviation::metric` counts.
    std::vector<NodeDeviation> deviations; ///< By node, then metric.
};

constexpr std::size_t NormalSamplesMin = 8; ///< Fewer say nothing of a spread: the node counts as not measured.

/// How far each metric of each node deviates in @p issue from @p normal, for rankCauses.
///
/// A series: level and spread are the median and the greater of the scaled median deviation and the scaled width of
/// the middle 90 %, so that neither outliers nor quantised values break it; never less than a thousandth of the level.
/// A window's bits are studentTailBits of its deviation in the bad direction, less the mean bits of normal windows: a
/// series that often swings must swing further. A series that was always 0 gives log2(samples + 2) at any change. The
/// bits of a metric are the mean over its statistics. The impact is taken from the average (without one, from the
/// first statistic) times the node's volume; unknown without a volume.
///
/// Windows are weighted by the target's own bits over all its metrics, as the cause must deviate when the target does
/// and the issue period may begin before or end after it; all alike when the target shows none. A window in which a
/// node was not measured counts as normal. A metric that is nowhere in @p normal is not measured.
///
/// Errors: LimitExceeded above CauseMetricsMax kinds of metrics. Deterministic. O(values × log values).
Result<MetricDeviations> metricDeviations(const MetricTable &normal, const MetricTable &issue,
                                          std::span<const std::string> nodes, std::uint32_t target);

} // namespace eventops
