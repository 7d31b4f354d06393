// SPDX-License-Identifier: MIT
#include "core/codec/event_fields.h"

#include "core/base/time.h"
#include "core/codec/json_envelope.h"

namespace eventops {

std::vector<EventField> eventFields(const Batch &batch, const Event &event)
{
    std::vector<EventField> out;
    if (event.tsEvent != NoTime)
        out.push_back({"ts_event", formatTimestamp(event.tsEvent)});
    if (event.severity != Severity::Unset)
        out.push_back({"severity", std::string(severityName(static_cast<std::uint8_t>(event.severity)))});
    if (event.hasValue) {
        std::string value;
        appendEventValue(value, batch, event);
        out.push_back({"value", std::move(value)});
    }
    for (std::size_t i = 0; i < FieldCount; ++i) {
        const auto field = static_cast<Field>(i);
        if (event[field] != NoStr && field != Field::TsText && field != Field::Codec)
            out.push_back({std::string(toString(field)), std::string(batch.text(event, field))});
    }
    return out;
}

std::string_view mappingName(std::string_view field)
{
    if (field == "ts_event")
        return "ts";
    if (field == "severity_text")
        return "severity";
    return field == "value_text" ? "value" : field;
}

} // namespace eventops
