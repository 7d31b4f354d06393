// SPDX-License-Identifier: MIT
#include "core/codec/format_encoders.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/json_envelope.h"

#include <algorithm>
#include <array>

namespace eventops {
namespace {

bool isOf(const Batch &batch, const Event &event, std::string_view codec)
{
    return batch.text(event, Field::Codec) == codec;
}

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

/// A CloudEvent in the structured mode; one that came as such is written as it was.
std::string encodeCloudEvent(const Batch &batch, const Event &event)
{
    if (isOf(batch, event, "cloudevents") || isOf(batch, event, "cloudevents.batch"))
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
    const bool own = isOf(batch, event, "alertmanager");
    const std::string_view tags = batch.text(event, Field::Tags), attrs = batch.text(event, Field::Attrs);
    const std::string_view type = batch.text(event, Field::Type);
    const bool resolved = type.ends_with(".resolved") || batch.text(event, Field::Step) == "resolved";
    const std::string status(own ? batch.text(event, Field::Step) : resolved ? "resolved" : "firing");
    const auto kept = [&](std::string_view name) {
        return own && !attrs.empty() ? jsonMember(attrs, name) : std::nullopt;
    };
    std::string out;
    JsonWriter json(out);
    json.beginObject();
    json.field("version", own ? batch.text(event, Field::SchemaVersion) : std::string_view("4"));
    json.key("groupKey").raw(kept("group_key").value_or("\"\""));
    json.field("status", status).field("receiver", batch.text(event, Field::SourceNamespace));
    json.key("groupLabels").raw("{}").key("commonLabels").raw("{}").key("commonAnnotations").raw("{}");
    json.field("externalURL", batch.text(event, Field::SourceId)).key("alerts").beginArray().beginObject();
    json.field("status", status).key("labels").beginObject();
    if (!own) {
        json.field("alertname", batch.text(event, event[Field::Metric] != NoStr ? Field::Metric : Field::Type));
        if (event.severity != Severity::Unset)
            json.field("severity", severityName(static_cast<std::uint8_t>(event.severity)));
        fieldIfThere(json, batch, event, "instance", Field::EntityId);
        writeTexts(json, tags, {"alertname", "severity", "instance"});
    } else {
        writeTexts(json, tags, {});
    }
    json.endObject().key("annotations").beginObject();
    if (!own)
        fieldIfThere(json, batch, event, "summary", Field::Message);
    writeTexts(json, attrs,
               {own ? "ends_at" : "summary", own ? "generator_url" : "summary", own ? "group_key" : "summary"});
    json.endObject().field("startsAt", eventTimeText(batch, event));
    json.key("endsAt").raw(kept("ends_at").value_or("\"0001-01-01T00:00:00Z\""));
    if (const auto url = kept("generator_url"))
        json.key("generatorURL").raw(*url);
    fieldIfThere(json, batch, event, "fingerprint", Field::CorrelationId);
    json.endObject().endArray().endObject();
    return out;
}

/// An AnyValue of OpenTelemetry. Lists and maps that came as such are written as such, others as JSON in a text.
void writeAny(JsonWriter &json, std::string_view value)
{
    std::string scratch;
    json.beginObject();
    switch (jsonKind(value)) {
    case JsonKind::String: json.key("stringValue").raw(value); break;
    case JsonKind::True:
    case JsonKind::False: json.key("boolValue").raw(value); break;
    case JsonKind::Number: json.key("doubleValue").raw(value); break;
    case JsonKind::Null: break;
    case JsonKind::Object:
    case JsonKind::Array: {
        const auto values = jsonMember(value, "values");
        if (!values || jsonKind(*values) != JsonKind::Array) {
            json.field("stringValue", value);
            break;
        }
        JsonItems items(*values);
        std::string_view name, first;
        const bool isMap = items.next(name, first) && jsonMember(first, "key");
        json.key(isMap ? "kvlistValue" : "arrayValue").raw(value);
        break;
    }
    }
    json.endObject();
}

void writePairs(JsonWriter &json, std::string_view object)
{
    JsonItems items(object);
    std::string_view rawName, value;
    std::string name;
    while (items.next(rawName, value)) {
        json.beginObject().field("key", jsonUnescape(rawName, name)).key("value");
        writeAny(json, value);
        json.endObject();
    }
}

/// A request of OTLP/JSON with the event as its one log record.
std::string encodeLogRecord(const Batch &batch, const Event &event)
{
    const bool own = isOf(batch, event, "otlp.logs");
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
    const std::string_view message = batch.text(event, Field::Message);
    JsonReader reader;
    if (own && message.starts_with('{') && !reader.read(message))
        json.key("body").raw(message); // a body that is no text
    else if (event[Field::Message] != NoStr)
        json.key("body").beginObject().field("stringValue", message).endObject();
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

/// Members of the object @p before that are not in @p after as they were.
void reportMembers(std::string_view field, std::string_view before, std::string_view after, LossReport &loss)
{
    JsonItems items(before);
    std::string_view rawName, value;
    std::string name, was, is;
    while (items.next(rawName, value)) {
        const std::string key(jsonUnescape(rawName, name));
        const auto found = after.empty() ? std::nullopt : jsonMember(after, key);
        was.clear();
        is.clear();
        appendJsonCompact(was, value);
        if (found)
            appendJsonCompact(is, *found);
        if (was != is)
            loss.items.push_back({std::string(field) + '.' + key, found ? "changed" : "dropped"});
    }
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

void reportRoundTrip(const Codec &codec, const Batch &batch, const Event &event, std::string_view encoded,
                     LossReport &loss)
{
    auto chunk = std::make_shared<RawChunk>();
    chunk->bytes.reserve(encoded.size() + RawPaddingBytes);
    chunk->bytes = encoded;
    Batch back;
    back.records.emplace_back().size = static_cast<std::uint32_t>(encoded.size());
    back.chunks.push_back(std::move(chunk));
    if (codec.makeDecoder()->decode(back, 0) || back.events.size() != 1)
        back.events.assign(1, Event{});
    const Event &again = back.events.front();
    if (event.tsEvent != NoTime && again.tsEvent != event.tsEvent)
        loss.items.push_back({"ts_event", again.tsEvent == NoTime ? "dropped" : "changed"});
    if (event.severity != again.severity && event.severity != Severity::Unset)
        loss.items.push_back({"severity", again.severity == Severity::Unset ? "dropped" : "changed"});
    if (event.hasValue && (!again.hasValue || again.value != event.value))
        loss.items.push_back({"value", again.hasValue ? "changed" : "dropped"});
    for (std::size_t i = 0; i < FieldCount; ++i) {
        const auto field = static_cast<Field>(i);
        // How it was written and came here is no part of the event.
        constexpr std::array Beside = {Field::Codec, Field::TsText, Field::Headers, Field::ContentType};
        if (event[field] == NoStr || std::find(Beside.begin(), Beside.end(), field) != Beside.end())
            continue;
        const std::string_view was = batch.text(event, field);
        const std::string_view is = again[field] == NoStr ? std::string_view() : back.text(again, field);
        if (field == Field::Tags || field == Field::Attrs)
            reportMembers(toString(field), was, is, loss);
        else if (was != is)
            loss.items.push_back({std::string(toString(field)), again[field] == NoStr ? "dropped" : "changed"});
    }
}

} // namespace eventops
