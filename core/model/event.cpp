// SPDX-License-Identifier: MIT
#include "core/model/event.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::array<std::string_view, FieldCount> Names = {
    "event_id", "ts_text", "tenant", "source.type", "source.id", "source.namespace", "schema.name", "schema.version",
    "type", "entity.type", "entity.id", "step", "correlation_id", "causation_id", "trace_id", "span_id",
    "idempotency_key", "severity_text", "message", "metric", "value_text", "unit", "tags", "attrs", "entities", "links",
    "codec", "content_type", "headers",
};

struct SeverityWord {
    std::string_view word;
    Severity severity;
};
constexpr SeverityWord Words[] = {
    {"trace", Severity::Debug},
    {"debug", Severity::Debug},
    {"verbose", Severity::Debug},
    {"info", Severity::Info},
    {"information", Severity::Info},
    {"informational", Severity::Info},
    {"ok", Severity::Info},
    {"notice", Severity::Notice},
    {"warn", Severity::Warning},
    {"warning", Severity::Warning},
    {"err", Severity::Error},
    {"error", Severity::Error},
    {"severe", Severity::Error},
    {"crit", Severity::Critical},
    {"critical", Severity::Critical},
    {"fatal", Severity::Critical},
    {"alert", Severity::Critical},
    {"emerg", Severity::Critical},
    {"emergency", Severity::Critical},
    {"panic", Severity::Critical},
};

} // namespace

std::string_view toString(Field field)
{
    return Names[static_cast<std::size_t>(field)];
}

std::optional<Field> fieldByName(std::string_view name)
{
    const auto it = std::find(Names.begin(), Names.end(), name);
    if (it == Names.end())
        return std::nullopt;
    return static_cast<Field>(it - Names.begin());
}

std::string_view severityName(std::uint8_t number)
{
    if (number == 0)
        return "";
    if (number < 9)
        return "debug";
    if (number < 10)
        return "info";
    if (number < 13)
        return "notice";
    if (number < 17)
        return "warning";
    return number < 21 ? "error" : "critical";
}

Severity severityFromText(std::string_view text)
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    for (const SeverityWord &entry : Words) {
        if (std::equal(entry.word.begin(), entry.word.end(), text.begin(), text.end(),
                       [&](char a, char b) { return a == lower(b); }))
            return entry.severity;
    }
    return Severity::Unset;
}

} // namespace eventops
