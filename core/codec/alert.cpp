// SPDX-License-Identifier: MIT
#include "core/codec/alert.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/json_reader.h"
#include "core/codec/python_json.h"

namespace eventops {

std::string encodeAlert(const Finding &finding)
{
    std::string out = "{\"ts\": ";
    const bool timeKnown = !finding.tsText.empty() || finding.ts != NoTime;
    if (timeKnown)
        appendPythonString(out, finding.tsText.empty() ? formatTimestamp(finding.ts) : finding.tsText);
    else
        out += "null";
    const auto field = [&](std::string_view name, std::string_view text) {
        out += ", \"";
        out += name;
        out += "\": ";
        appendPythonString(out, text);
    };
    field("tenant", finding.tenant);
    field("source_id", finding.sourceId);
    field("metric", finding.metric);
    field("severity", severityName(static_cast<std::uint8_t>(finding.severity)));
    field("rule", finding.name);
    out += ", \"value\": ";
    if (finding.hasValue)
        appendPythonFloat(out, finding.value);
    else
        out += "null";
    field("message", finding.message);
    out += ", \"tags\": ";
    JsonReader reader;
    if (!reader.read(finding.tags) && reader.kind() == JsonKind::Object)
        appendPythonJson(out, reader.document());
    else
        out += "{}";
    out += '}';
    return out;
}

void appendAlertEvent(Batch &batch, const Finding &finding)
{
    Event &event = batch.events.emplace_back();
    const auto set = [&](Field field, std::string_view text) {
        if (!text.empty())
            event[field] = batch.strings.append(text);
    };
    event.tsEvent = finding.ts;
    set(Field::TsText, finding.tsText);
    set(Field::EventId, finding.id);
    set(Field::Type, AlertTopic);
    set(Field::Tenant, finding.tenant);
    set(Field::SourceId, finding.sourceId);
    set(Field::EntityType, finding.entityType);
    set(Field::EntityId, finding.entityId);
    set(Field::Metric, finding.metric);
    set(Field::Unit, finding.unit);
    event.hasValue = finding.hasValue;
    event.value = finding.value;
    std::string attrs;
    JsonWriter json(attrs);
    json.beginObject().field("severity", severityName(static_cast<std::uint8_t>(finding.severity)));
    json.field("rule", finding.name).field("message", finding.message).endObject();
    set(Field::Attrs, attrs);
    JsonReader reader;
    if (!reader.read(finding.tags) && reader.kind() == JsonKind::Object)
        set(Field::Tags, reader.document());
}

} // namespace eventops
