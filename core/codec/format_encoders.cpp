// SPDX-License-Identifier: MIT
#include "core/codec/format_encoders.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/json_envelope.h"
#include "core/codec/json_tree.h"

#include <algorithm>
#include <array>

namespace eventops {
namespace {

void fieldIfThere(JsonWriter &json, const Batch &batch, const Event &event, std::string_view name, Field field)
{
    if (event[field] != NoStr)
        json.field(name, batch.text(event, field));
}

void rawIfThere(JsonWriter &json, std::string_view name, std::string_view object)
{
    if (!object.empty())
        json.key(name).raw(object);
}

/// A CloudEvent in the structured mode; one of a batch is written as it was.
std::string encodeCloudEvent(const Batch &batch, const Event &event)
{
    if (batch.text(event, Field::Codec) == "cloudevents.batch")
        return std::string(batch.text(event, Field::Attrs));
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("specversion", "1.0");
    const auto textOr = [&](Field field, std::string_view otherwise) {
        return event[field] == NoStr ? otherwise : batch.text(event, field);
    };
    json.field("id", textOr(Field::EventId, textOr(Field::IdempotencyKey, "0")));
    json.field("source", textOr(Field::SourceId, "eventops")).field("type", textOr(Field::Type, "event"));
    fieldIfThere(json, batch, event, "subject", Field::EntityId);
    if (event.tsEvent != NoTime)
        json.field("time", formatTimestamp(event.tsEvent));
    json.field("datacontenttype", "application/json");
    fieldIfThere(json, batch, event, "correlationid", Field::CorrelationId);
    fieldIfThere(json, batch, event, "causationid", Field::CausationId);
    if (event.severity != Severity::Unset)
        json.field("severitytext",
                   textOr(Field::SeverityText, severityName(static_cast<std::uint8_t>(event.severity))));
    json.key("data").beginObject();
    fieldIfThere(json, batch, event, "message", Field::Message);
    fieldIfThere(json, batch, event, "metric", Field::Metric);
    if (event.hasValue) {
        std::string value;
        appendEventValue(value, batch, event);
        json.key("value").raw(value);
    }
    fieldIfThere(json, batch, event, "unit", Field::Unit);
    rawIfThere(json, "tags", batch.text(event, Field::Tags));
    rawIfThere(json, "attrs", batch.text(event, Field::Attrs));
    json.endObject().endObject();
    return out;
}

/// {"name": text, …} of an object's members but @p without; what is no scalar as JSON in a text.
void writeTexts(JsonWriter &json, std::string_view object, std::initializer_list<std::string_view> without)
{
    JsonItems items(object);
    std::string_view rawName, value;
    std::string name, scratch;
    while (items.next(rawName, value)) {
        const std::string_view key = jsonUnescape(rawName, name);
        if (std::find(without.begin(), without.end(), key) != without.end())
            continue;
        const auto text = scalarText(value, scratch);
        if (text)
            json.field(key, *text);
        else if (jsonKind(value) != JsonKind::Null)
            json.field(key, value);
    }
}

/// Alertmanager's webhook, version 4, with the event as its one alert.
std::string encodeAlert(const Batch &batch, const Event &event)
{
    const bool resolved =
        batch.text(event, Field::Type).ends_with(".resolved") || batch.text(event, Field::Step) == "resolved";
    const std::string_view status = resolved ? "resolved" : "firing";
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("version", "4").field("groupKey", "").field("status", status);
    json.field("receiver", batch.text(event, Field::SourceNamespace));
    json.key("groupLabels").raw("{}").key("commonLabels").raw("{}").key("commonAnnotations").raw("{}");
    json.field("externalURL", batch.text(event, Field::SourceId)).key("alerts").beginArray().beginObject();
    json.field("status", status).key("labels").beginObject();
    json.field("alertname", batch.text(event, event[Field::Metric] != NoStr ? Field::Metric : Field::Type));
    if (event.severity != Severity::Unset)
        json.field("severity", severityName(static_cast<std::uint8_t>(event.severity)));
    fieldIfThere(json, batch, event, "instance", Field::EntityId);
    writeTexts(json, batch.text(event, Field::Tags), {"alertname", "severity", "instance"});
    json.endObject().key("annotations").beginObject();
    fieldIfThere(json, batch, event, "summary", Field::Message);
    writeTexts(json, batch.text(event, Field::Attrs), {"summary"});
    json.endObject().field("startsAt", eventTimeText(batch, event)).field("endsAt", "0001-01-01T00:00:00Z");
    fieldIfThere(json, batch, event, "fingerprint", Field::CorrelationId);
    json.endObject().endArray().endObject();
    return out;
}

void writePairs(JsonWriter &json, std::string_view object)
{
    JsonItems items(object);
    std::string_view rawName, value;
    std::string name;
    while (items.next(rawName, value)) {
        json.beginObject().field("key", jsonUnescape(rawName, name)).key("value").raw(typedValue(value));
        json.endObject();
    }
}

/// A request of OTLP/JSON with the event as its one log record.
std::string encodeLogRecord(const Batch &batch, const Event &event)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("resourceLogs").beginArray().beginObject().key("resource").beginObject();
    json.key("attributes").beginArray();
    const std::string_view tags = batch.text(event, Field::Tags);
    const bool named = !tags.empty() && jsonMember(tags, "service.name");
    if (!named && event[Field::EntityId] != NoStr) {
        json.beginObject().field("key", "service.name").key("value").beginObject();
        json.field("stringValue", batch.text(event, Field::EntityId)).endObject().endObject();
    }
    writePairs(json, tags);
    json.endArray().endObject().key("scopeLogs").beginArray().beginObject().key("scope").beginObject();
    fieldIfThere(json, batch, event, "name", Field::SourceNamespace);
    json.endObject().key("logRecords").beginArray().beginObject();
    if (event.tsEvent != NoTime)
        json.field("timeUnixNano", std::to_string(raw(event.tsEvent)));
    if (event.severity != Severity::Unset)
        json.key("severityNumber").integer(static_cast<int>(event.severity));
    if (event[Field::Message] != NoStr)
        json.key("body").beginObject().field("stringValue", batch.text(event, Field::Message)).endObject();
    if (batch.text(event, Field::Type) != "log")
        fieldIfThere(json, batch, event, "eventName", Field::Type);
    json.key("attributes").beginArray();
    writePairs(json, batch.text(event, Field::Attrs));
    json.endArray();
    fieldIfThere(json, batch, event, "traceId", Field::TraceId);
    fieldIfThere(json, batch, event, "spanId", Field::SpanId);
    json.endObject().endArray().endObject().endArray().endObject().endArray().endObject();
    return out;
}

} // namespace

FormatEncoder formatEncoder(std::string_view format)
{
    constexpr std::pair<std::string_view, FormatEncoder> Encoders[] = {
        {"alertmanager", encodeAlert}, {"cloudevents", encodeCloudEvent}, {"otlp.logs", encodeLogRecord}};
    for (const auto &[name, encoder] : Encoders) {
        if (name == format)
            return encoder;
    }
    return nullptr;
}

} // namespace eventops
