// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// What the events of a source are kept as. Only streams are ever dropped; see adr/0007.
enum class Retention : std::uint8_t {
    Capture, ///< A file or what was piped in: kept for ever.
    Demo,    ///< A made-up world: kept for ever.
    Input,   ///< What decisions and actions put in: kept for ever.
    Signals, ///< A stream of metrics, logs or changes.
    Alerts,  ///< A stream of alerts.
};
inline constexpr std::array Retentions = {Retention::Capture, Retention::Demo, Retention::Input, Retention::Signals,
                                   Retention::Alerts};

/// "capture", "demo", "input", "signals", "alerts": the name in pipelines, ledger and reports.
std::string_view toString(Retention retention);
std::optional<Retention> retentionByName(std::string_view name);
constexpr bool isStream(Retention retention)
{
    return retention == Retention::Signals || retention == Retention::Alerts;
}

/// How long is kept what came in by streams, counted from when it came in.
struct RetentionTimes {
    static constexpr std::int64_t DayNs = 86'400 * NsPerSecond;
    std::int64_t rawNs = 3 * DayNs;      ///< Raw bytes of their records; no longer than the events.
    std::int64_t signalsNs = 14 * DayNs; ///< Events of signals.
    std::int64_t alertsNs = 30 * DayNs;  ///< Events of alerts.

    /// How long events are kept; nothing: for ever.
    std::optional<std::int64_t> eventsNs(Retention retention) const;
    friend bool operator==(const RetentionTimes &, const RetentionTimes &) = default;
};

/// The `retention:` section of a pipeline.
struct RetentionPolicy {
    std::optional<Retention> sources;                            ///< What all sources count as; else each says so.
    RetentionTimes times;                                        ///< Of all tenants …
    std::vector<std::pair<std::string, RetentionTimes>> tenants; ///< … but these, sorted by name.

    const RetentionTimes &of(std::string_view tenant) const;
    friend bool operator==(const RetentionPolicy &, const RetentionPolicy &) = default;
};

} // namespace eventops
