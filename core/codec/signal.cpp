// SPDX-License-Identifier: MIT
#include "core/codec/signal.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/codec.h"
#include "core/codec/json_reader.h"

#include <set>

namespace eventops {
namespace {

/// "signals.log.v1" → "signals.log".
std::string_view schemaOf(std::string_view topic)
{
    return topic.substr(0, topic.rfind('.'));
}

/// The map of texts, each name once: the first one given stays.
class Attributes
{
public:
    explicit Attributes(JsonWriter &json) : m_json(json) {}

    void add(std::string_view name, std::string_view value)
    {
        if (!value.empty() && m_names.emplace(name).second)
            m_json.field(name, value);
    }
    /// Members of a JSON object: texts as they are, all else as it is written.
    void addAll(std::string_view object)
    {
        if (object.empty())
            return;
        JsonItems items(object);
        std::string_view rawName, raw;
        std::string scratch, text;
        while (items.next(rawName, raw)) {
            const std::string name(jsonUnescape(rawName, scratch));
            if (jsonKind(raw) == JsonKind::Null)
                continue;
            add(name, jsonKind(raw) == JsonKind::String ? jsonText(raw, text) : raw);
        }
    }

private:
    JsonWriter &m_json;
    std::set<std::string, std::less<>> m_names;
};

struct Head {
    std::string_view id, tenant, sourceType, sourceId, schema;
    std::string ts;
};

void beginEnvelope(JsonWriter &json, const Head &head, WallNs ingest)
{
    json.beginObject().field("event_id", head.id).field("ts_event", head.ts);
    json.field("ts_ingest", ingest == NoTime ? head.ts : formatTimestamp(ingest));
    json.field("tenant_id", head.tenant.empty() ? "default" : head.tenant);
    json.key("source").beginObject().field("type", head.sourceType.empty() ? "host" : head.sourceType);
    json.field("source_id", head.sourceId.empty() ? "unknown" : head.sourceId).endObject();
    json.field("schema_name", head.schema).key("schema_version").unsignedInteger(1);
    json.key("attributes").beginObject();
}

} // namespace

std::optional<std::string_view> signalTopic(const Batch &batch, const Event &event)
{
    if (event.hasValue && event[Field::Metric] != NoStr)
        return MetricTopic;
    const bool speaks = !batch.text(event, Field::Message).empty();
    if (!speaks && event[Field::SpanId] != NoStr)
        return TraceTopic;
    return speaks ? std::optional(LogTopic) : std::nullopt;
}

Result<std::string> encodeSignal(const Batch &batch, const Event &event, std::string_view topic)
{
    if (topic == MetricTopic) {
        LossReport loss;
        return codecByName("monitoring.v1")->write(batch, event, loss);
    }
    if (event.tsEvent == NoTime)
        return Error{Error::Code::InvalidInput, "the envelope requires a time and the event has none"};
    const auto text = [&](Field field) {
        return batch.text(event, field);
    };
    const std::string_view source = text(Field::SourceId);
    std::string out;
    JsonWriter json(out);
    beginEnvelope(json,
                  {text(Field::EventId), text(Field::Tenant), text(Field::SourceType),
                   source.empty() ? text(Field::EntityId) : source, schemaOf(topic), formatTimestamp(event.tsEvent)},
                  batch.tsIngest);
    Attributes attributes(json);
    attributes.add("type", text(Field::Type));
    const std::string_view severity = text(Field::SeverityText);
    attributes.add("severity", severity.empty() ? severityName(static_cast<std::uint8_t>(event.severity)) : severity);
    attributes.add("message", text(Field::Message));
    attributes.add("trace_id", text(Field::TraceId));
    attributes.add("span_id", text(Field::SpanId));
    attributes.add("correlation_id", text(Field::CorrelationId));
    attributes.add("causation_id", text(Field::CausationId));
    if (topic == EnrichedTopic) {
        attributes.add("entity_type", text(Field::EntityType));
        attributes.add("entity_id", text(Field::EntityId));
        attributes.add("step", text(Field::Step));
    }
    if (event.hasValue) {
        std::string value(text(Field::ValueText));
        if (value.empty())
            appendJsonNumber(value, event.value);
        attributes.add("metric", text(Field::Metric));
        attributes.add("value", value);
        attributes.add("unit", text(Field::Unit));
    }
    attributes.addAll(text(Field::Attrs));
    json.endObject().key("tags").raw(text(Field::Tags).empty() ? "{}" : text(Field::Tags)).endObject();
    return out;
}

Result<std::string> encodeNormalized(const Batch &batch, const Event &event)
{
    LossReport loss;
    return codecByName("karma.v1")->write(batch, event, loss);
}

std::string encodeCommand(const ActionRequestMessage &request)
{
    std::string ttl;
    appendJsonNumber(ttl, request.ttlSeconds);
    std::string out;
    JsonWriter json(out);
    beginEnvelope(json,
                  {request.idempotencyKey.empty() ? request.actionId : request.idempotencyKey, request.tenant,
                   "eventops", request.actionId, schemaOf(CommandTopic), formatTimestamp(request.ts)},
                  NoTime);
    Attributes attributes(json);
    attributes.add("command", request.command);
    attributes.add("args", request.args);
    attributes.add("action_id", request.actionId);
    attributes.add("entity_id", request.entityId);
    attributes.add("correlation_id", request.correlationId);
    attributes.add("ttl_sec", ttl);
    json.endObject().key("tags").raw("{}").endObject();
    return out;
}

} // namespace eventops
