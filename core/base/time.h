// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
constexpr std::int64_t daysFromCivil(std::int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
    const unsigned yoe = static_cast<unsigned>(y - era * 400);
    const unsigned doy = (153 * (m + (m > 2 ? -3U : 9U)) + 2) / 5 + d - 1;
    const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

/// Reads RFC 3339 ("2025-10-21T10:00:00.123456789+02:00", 'Z', 't'/' ' as separator, ',' as decimal sign) and the
/// same without a zone, which is taken as UTC. Fractions past nanoseconds are cut. A leap second (:60) becomes
/// :59.999999999. Nothing: the text is not a time, or lies outside WallNs.
std::optional<WallNs> parseTimestamp(std::string_view text);

/// Reads a Unix time. The unit follows from the magnitude, as every log tool does it: below 1e11 seconds,
/// below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
std::optional<WallNs> timestampFromEpoch(std::int64_t value);
/// The same for a decimal number ("1588205199.82437"), read exactly, without passing through a double.
std::optional<WallNs> timestampFromEpochText(std::string_view text);

/// RFC 3339 in UTC with 'Z' and as many of 0, 3, 6 or 9 fraction digits as the value needs.
std::string formatTimestamp(WallNs time);
void appendTimestamp(std::string &out, WallNs time);

struct CivilTime {
    int year;
    unsigned month, day, hour, minute, second; ///< month and day from 1
    unsigned nanosecond;
    unsigned weekday; ///< 0 = Monday
};
CivilTime civilTime(WallNs time);

/// "90s", "5m", "2h", "7d", "500ms" as nanoseconds; nothing when it is no duration or negative.
std::optional<std::int64_t> parseDurationNs(std::string_view text);

} // namespace eventops
