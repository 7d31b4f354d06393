// SPDX-License-Identifier: MIT
#include "core/pipeline/retention.h"

#include <algorithm>

namespace eventops {

std::string_view toString(Retention retention)
{
    constexpr std::array<std::string_view, Retentions.size()> Names = {"capture", "demo", "input", "signals", "alerts"};
    return Names[static_cast<std::size_t>(retention)];
}

std::optional<Retention> retentionByName(std::string_view name)
{
    for (const Retention retention : Retentions) {
        if (toString(retention) == name)
            return retention;
    }
    return std::nullopt;
}

std::optional<std::int64_t> RetentionTimes::eventsNs(Retention retention) const
{
    if (!isStream(retention))
        return std::nullopt;
    return retention == Retention::Alerts ? alertsNs : signalsNs;
}

const RetentionTimes &RetentionPolicy::of(std::string_view tenant) const
{
    const auto at = std::lower_bound(tenants.begin(), tenants.end(), tenant,
                                     [](const auto &entry, std::string_view name) { return entry.first < name; });
    return at != tenants.end() && at->first == tenant ? at->second : times;
}

} // namespace eventops
