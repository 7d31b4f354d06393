// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// A written form of times, after strptime(3): %Y %y %m %d %e %b %B %H %I %p %M %S %f %z %s %a %A %j %%; a blank takes
/// any run of blanks. %f is 1 to 9 digits of a fraction (more are cut), %z is Z, +02:00, +0200, +02, or a name such as
/// PDT or CEST. Or one of the words "rfc3339" (see parseTimestamp) and "epoch" (see timestampFromEpochText).
/// Locale-free. Thread: immutable, any.
class TimeFormat
{
public:
    struct Options {
        std::int64_t zoneSeconds = 0; ///< East of UTC, for texts without %z.
        int year = 0;                 ///< For formats without a year; 0: there is none.
    };
    /// Nothing: @p error says what is wrong with the format.
    static std::optional<TimeFormat> compile(std::string_view format, Options options, std::string &error);
    /// The whole text must match. Nothing: it does not, or names no real date.
    std::optional<WallNs> parse(std::string_view text) const;
    const std::string &format() const { return m_format; }

private:
    std::string m_format;
    Options m_options;
};

/// "+02:00", "-0530", "Z", "UTC" as seconds east of UTC.
std::optional<std::int64_t> parseZone(std::string_view text);

} // namespace eventops
