// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/json.h"
#include "core/base/result.h"
#include "core/model/value.h"
#include "core/pipeline/retention.h"

#include <string>

namespace eventops {

// How long what streams bring in is kept, counted from when it came in; captures, the demo and decisions stay:
//
//     retention:
//       raw: 3d                  # raw bytes
//       signals: 14d             # events of streams of metrics, logs or changes
//       alerts: 30d              # events of streams of alerts
//       sources: own             # or capture, signals, alerts: what all sources of the pipeline count as
//       tenants:
//         acme: {raw: 1d, signals: 7d}

constexpr std::size_t RetentionTenantsMax = 10'000;
constexpr std::int64_t RetentionNsMin = std::int64_t{1'000'000'000};               ///< A second.
constexpr std::int64_t RetentionNsMax = std::int64_t{36'500} * RetentionTimes::DayNs; ///< A hundred years.

/// Errors: InvalidConfig, LimitExceeded, with place, field and remedy. Thread: any.
Result<RetentionPolicy> readRetention(const Value &section);
/// As canonical JSON.
void appendRetention(JsonWriter &json, const RetentionPolicy &policy);
/// The same for people and comparisons.
std::string retentionText(const RetentionPolicy &policy);

} // namespace eventops
