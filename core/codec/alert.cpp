// SPDX-License-Identifier: MIT
#include "core/codec/alert.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/json_envelope.h"
#include "core/codec/python_json.h"

#include <algorithm>

namespace eventops {
namespace {

class AlertEnvelope final : public JsonEnvelope
{
public:
    DecodeFailure decode(Batch &batch, std::uint32_t record, const JsonReader &json) override
    {
        if (json.kind() != JsonKind::Object)
            return lose(loss::NotAnObject, "the alert is a JSON object");
        Event &event = appendEvent(batch, record, AlertTopic);
        const DecodeFailure failure = read(batch, event, json);
        if (failure)
            batch.events.pop_back();
        return failure;
    }

private:
    DecodeFailure read(Batch &batch, Event &event, const JsonReader &json)
    {
        constexpr MemberField Texts[] = {{"tenant", Field::Tenant},
                                         {"source_id", Field::SourceId},
                                         {"severity", Field::SeverityText},
                                         {"message", Field::Message}};
        if (DecodeFailure failure = readTexts(batch, event, json, Texts, m_scratch))
            return failure;
        if (!isAbsent(json.find("ts"))) { // a finding without a time has none
            if (DecodeFailure failure = readEventTime(batch, event, json, "ts", m_scratch))
                return failure;
        }
        if (DecodeFailure failure = readObject(batch, event, json, {"tags", Field::Tags}, internRawJson))
            return failure;
        if (event[Field::Tenant] == NoStr)
            event[Field::Tenant] = batch.strings.intern("default");
        event[Field::Type] = batch.strings.intern(AlertTopic);
        if (const JsonEntry *severity = json.find("severity"); !isAbsent(severity))
            event.severity = jsonSeverity(severity->value, m_scratch);
        m_attrs.clear();
        JsonWriter attrs(m_attrs);
        attrs.beginObject();
        for (const std::string_view name : {"rule", "metric", "value"}) {
            if (const JsonEntry *const member = json.find(name); !isAbsent(member))
                attrs.key(name).raw(member->value);
        }
        attrs.endObject();
        event[Field::Attrs] = appendRawJson(batch, m_attrs);
        return {};
    }

    std::string m_scratch, m_attrs;
};

} // namespace

bool looksLikeAlert(const JsonReader &json)
{
    constexpr std::string_view Names[] = {"ts", "source_id", "metric", "severity", "rule", "message"};
    return std::all_of(std::begin(Names), std::end(Names),
                       [&](std::string_view name) { return json.find(name) != nullptr; });
}

std::unique_ptr<JsonEnvelope> makeAlertEnvelope()
{
    return std::make_unique<AlertEnvelope>();
}

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
