// SPDX-License-Identifier: MIT
#pragma once

#include <QString>

#include <cstdint>
#include <vector>

namespace eventops {

/// One tick of a time axis, in UTC.
struct TimeTick {
    std::int64_t ns = 0;
    QString label;       ///< As fine as the step: "10:05", "10:05:30", "10:05:30.250", "Oct 21", "2025".
    bool isMajor = false;///< Begins a new minute, hour, day, month or year above the step's unit.
};

constexpr std::size_t TimeTicksMax = 64;

/// Ticks on round times in [fromNs, toNs), at least @p minStepNs apart: 1, 2, 5 of a decimal fraction of a second; 1,
/// 2, 5, 10, 15, 30 seconds or minutes; 1, 2, 3, 6, 12 hours; 1, 2, 7 days; months; years. A label that begins a new
/// day says the day. Pure; thread: any. O(ticks).
std::vector<TimeTick> timeTicks(std::int64_t fromNs, std::int64_t toNs, std::int64_t minStepNs);

/// "2025-10-21 10:05 – 10:35 UTC": a span as a heading, as fine as it needs to be.
QString timeSpanText(std::int64_t fromNs, std::int64_t toNs);

/// "2025-10-21 10:05:30.250": as fine as @p resolutionNs needs, at most nanoseconds.
QString timeText(std::int64_t ns, std::int64_t resolutionNs);

/// "30 min", "1.5 s", "3 d": a length of time in its largest unit.
QString durationText(std::int64_t ns);

} // namespace eventops
