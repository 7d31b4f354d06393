// SPDX-License-Identifier: MIT
#include "core/codec/envelopes.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/python_json.h"
#include "core/model/event_id.h"

#include <utility>

// monitoring.v1 as JSON (contracts E14, 3.2): what the upstream normaliser writes to signals.metric.v1.
namespace eventops {
namespace {

constexpr std::string_view Name = "monitoring.v1";

constexpr std::string_view TypeSuffix = MonitoringTypeSuffix;

/// The side channel's word for @p name; "" when there is none.
std::string_view writtenType(std::string_view attributes, std::string_view name, std::string &scratch)
{
    const auto type = jsonMember(attributes, std::string(name) + std::string(TypeSuffix));
    return type && jsonKind(*type) == JsonKind::String ? jsonText(*type, scratch) : std::string_view();
}

/// Attributes as they were before they became texts. An attribute that is itself called "…:type" has a type of its own,
/// "string", which tells it from the side channel.
std::string withTypes(std::string_view attributes)
{
    std::string out, nameScratch, textScratch, typeScratch;
    JsonWriter json(out);
    json.beginObject();
    JsonItems items(attributes);
    std::string_view rawName, raw;
    while (items.next(rawName, raw)) {
        const std::string_view name = jsonUnescape(rawName, nameScratch);
        const std::string_view type = writtenType(attributes, name, typeScratch);
        const bool isSideChannel = name.ends_with(TypeSuffix) && type.empty()
            && jsonMember(attributes, name.substr(0, name.size() - TypeSuffix.size()));
        if (isSideChannel)
            continue;
        json.key(name);
        const bool isText = jsonKind(raw) == JsonKind::String;
        const std::string_view text = isText && !type.empty() ? jsonText(raw, textScratch) : std::string_view();
        JsonReader value; // what the side channel claims is not believed unseen
        if (!text.empty() && type != "string" && !value.read(text) && monitoringTypeName(value.kind()) == type)
            json.raw(value.document());
        else
            json.raw(raw);
    }
    json.endObject();
    return out;
}

class MonitoringEnvelope final : public JsonEnvelope
{
public:
    MonitoringEnvelope(bool attributeTypes, bool tagTypes) : m_attributeTypes(attributeTypes), m_tagTypes(tagTypes) {}

    DecodeFailure decode(Batch &batch, std::uint32_t record, const JsonReader &json) override
    {
        if (json.kind() != JsonKind::Object)
            return lose(loss::NotAnObject, "the envelope is a JSON object");
        Event &event = appendEvent(batch, record, Name);
        DecodeFailure failure = head(batch, event, json);
        if (!failure)
            failure = payload(batch, event, json);
        if (failure)
            batch.events.pop_back();
        return failure;
    }

private:
    DecodeFailure head(Batch &batch, Event &event, const JsonReader &json)
    {
        constexpr MemberField Texts[] = {
            {"event_id", Field::EventId}, {"tenant_id", Field::Tenant}, {"schema_name", Field::SchemaName},
            {"schema_version", Field::SchemaVersion}, {"idempotency_key", Field::IdempotencyKey},
            {"correlation_id", Field::CorrelationId},
        };
        if (DecodeFailure failure = readTexts(batch, event, json, Texts, m_scratch))
            return failure;
        if (event[Field::SchemaName] == NoStr)
            return loseMissing("schema_name");
        event[Field::Type] = event[Field::SchemaName];
        if (batch.text(event, Field::Tenant).empty())
            event[Field::Tenant] = batch.strings.intern("default");
        if (DecodeFailure failure = readEventTime(batch, event, json, "ts_event", m_scratch))
            return failure;
        if (const JsonEntry *ingest = json.find("ts_ingest"); !isAbsent(ingest)) {
            m_text = "{\"ts_ingest\":";
            m_text += ingest->value;
            m_text += '}';
            event[Field::Headers] = appendRawJson(batch, m_text);
        }
        return {};
    }

    DecodeFailure payload(Batch &batch, Event &event, const JsonReader &json)
    {
        const JsonEntry *source = json.find("source");
        if (!isAbsent(source)) {
            if (jsonKind(source->value) != JsonKind::Object)
                return loseField(loss::BadField, "source", source->value, "an object");
            if (const auto type = jsonMember(source->value, "type"))
                event[Field::SourceType] = internScalar(batch, *type, m_scratch);
            if (const auto id = jsonMember(source->value, "source_id"))
                event[Field::SourceId] = internScalar(batch, *id, m_scratch);
        }
        entity(batch, event);
        if (DecodeFailure failure = readObject(batch, event, json, {"attributes", Field::Attrs}, internRawJson))
            return failure;
        if (m_attributeTypes && event[Field::Attrs] != NoStr)
            event[Field::Attrs] = internRawJson(batch, withTypes(batch.text(event, Field::Attrs)));
        if (DecodeFailure failure = readObject(batch, event, json, {"tags", Field::Tags}, internRawJson))
            return failure;
        if (m_tagTypes && event[Field::Tags] != NoStr)
            event[Field::Tags] = internRawJson(batch, withTypes(batch.text(event, Field::Tags)));
        const std::string_view attributes = batch.text(event, Field::Attrs);
        const auto metric = jsonMember(attributes, "metric");
        if (!metric)
            return {};
        event[Field::Metric] = internScalar(batch, *metric, m_scratch);
        if (const auto unit = jsonMember(attributes, "unit"))
            event[Field::Unit] = internScalar(batch, *unit, m_scratch);
        const auto value = jsonMember(attributes, "value");
        if (value && !setValue(batch, event, *value, m_scratch))
            return loseField(loss::BadValue, "attributes.value", *value, "a finite number");
        return {};
    }

    /// X7: host:<source_id> of type Host; other kinds of source keep their word.
    void entity(Batch &batch, Event &event)
    {
        const std::string_view id = batch.text(event, Field::SourceId);
        if (id.empty())
            return;
        const std::string type(batch.text(event, Field::SourceType));
        event[Field::EntityType] = batch.strings.intern(type == "host" ? "Host" : type);
        event[Field::EntityId] = batch.strings.intern(type.empty() ? std::string(id) : type + ':' + std::string(id));
    }

    const bool m_attributeTypes, m_tagTypes;
    std::string m_scratch, m_text;
};

class Monitoring final : public Codec
{
public:
    explicit Monitoring(bool attributeTypes) : m_attributeTypes(attributeTypes) {}
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "EventOps' normalised metric as JSON, written byte for byte as the upstream normaliser does.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override
    {
        return std::make_unique<JsonDecoder>(makeMonitoringEnvelope(m_attributeTypes));
    }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override;

private:
    const bool m_attributeTypes;
};

/// attributes is a map of texts (X6): scalars become text, objects compact JSON; what they were goes into the side
/// channel, or into the report.
void writeAttributes(std::string &out, const Batch &batch, const Event &event, bool types, LossReport &loss)
{
    const std::string_view attrs = batch.text(event, Field::Attrs);
    const auto writeType = [&](const std::string &name, JsonKind kind) {
        const std::string member = name + std::string(TypeSuffix);
        const bool isNeeded = kind != JsonKind::String || name.ends_with(TypeSuffix);
        const bool isTaken = jsonMember(attrs, member).has_value();
        if (types && isNeeded && !isTaken) {
            out += ", ";
            appendPythonString(out, member);
            out += ": ";
            appendPythonString(out, monitoringTypeName(kind));
        } else if (kind != JsonKind::String) {
            loss.items.push_back({"attrs." + name, "stringified"});
        }
    };
    out += "{\"metric\": ";
    appendPythonString(out, event[Field::Metric] != NoStr ? batch.text(event, Field::Metric) : "unknown");
    out += ", \"value\": ";
    std::string value;
    appendPythonFloat(value, event.value);
    if (event[Field::ValueText] != NoStr)
        loss.items.push_back({"value", "rounded to a double"});
    appendPythonString(out, value);
    out += ", \"unit\": ";
    appendPythonString(out, batch.text(event, Field::Unit));
    if (!attrs.empty()) {
        JsonItems items(attrs);
        std::string_view rawName, raw;
        std::string scratch, text;
        while (items.next(rawName, raw)) {
            const std::string name(jsonUnescape(rawName, scratch));
            if (name == "metric" || name == "value" || name == "unit")
                continue;
            out += ", ";
            appendPythonString(out, name);
            out += ": ";
            if (const auto scalar = scalarText(raw, scratch)) {
                appendPythonString(out, *scalar);
            } else {
                text.clear();
                appendJsonCompact(text, raw);
                appendPythonString(out, text);
            }
            writeType(name, jsonKind(raw));
        }
    }
    out += '}';
}

Result<std::string> Monitoring::write(const Batch &batch, const Event &event, LossReport &loss) const
{
    const std::string ts = eventTimeText(batch, event);
    if (ts.empty())
        return Error{Error::Code::InvalidInput, "the envelope requires a time and the event has none"};
    std::string id(batch.text(event, Field::EventId));
    if (id.empty())
        id = batch.text(event, Field::IdempotencyKey);
    std::string body = ", \"ts_event\": ";
    appendPythonString(body, ts);
    body += ", \"ts_ingest\": ";
    const auto ingest = jsonMember(batch.text(event, Field::Headers), "ts_ingest");
    if (ingest && batch.text(event, Field::Codec) == Name)
        appendPythonJson(body, *ingest);
    else
        appendPythonString(body, batch.tsIngest == NoTime ? ts : formatTimestamp(batch.tsIngest));
    body += ", \"tenant_id\": ";
    appendPythonString(body, event[Field::Tenant] != NoStr ? batch.text(event, Field::Tenant) : "default");
    body += ", \"source\": {\"type\": ";
    appendPythonString(body, event[Field::SourceType] != NoStr ? batch.text(event, Field::SourceType) : "host");
    body += ", \"source_id\": ";
    const Field idField = event[Field::SourceId] != NoStr ? Field::SourceId : Field::EntityId;
    appendPythonString(body, event[idField] != NoStr ? batch.text(event, idField) : "unknown");
    body += "}, \"schema_name\": ";
    const Field schema = event[Field::SchemaName] != NoStr ? Field::SchemaName : Field::Type;
    appendPythonString(body, event[schema] != NoStr ? batch.text(event, schema) : "signals.metric");
    body += ", \"schema_version\": ";
    const std::string_view version = batch.text(event, Field::SchemaVersion);
    const bool whole = isJsonNumberText(version) && version.find_first_of(".eE") == std::string_view::npos;
    body += whole ? version : "1";
    if (!whole && !version.empty())
        loss.items.push_back({"schema.version", "not a whole number, written as 1"});
    body += ", \"attributes\": ";
    writeAttributes(body, batch, event, m_attributeTypes, loss);
    body += ", \"tags\": ";
    if (event[Field::Tags] != NoStr)
        appendPythonJson(body, batch.text(event, Field::Tags));
    else
        body += "{}";
    body += '}';
    if (id.empty())
        id = derivedEventId("", 0, hash64(body), event.emission);
    std::string out = "{\"event_id\": ";
    appendPythonString(out, id);
    out += body;
    reportDropped(event, {Field::Step, Field::CorrelationId, Field::CausationId, Field::TraceId, Field::SpanId,
                          Field::SeverityText, Field::Message, Field::Entities, Field::Links}, loss);
    return out;
}

} // namespace

std::string_view monitoringTypeName(JsonKind kind)
{
    switch (kind) {
    case JsonKind::String: return "string";
    case JsonKind::Number: return "number";
    case JsonKind::True:
    case JsonKind::False: return "boolean";
    case JsonKind::Null: return "null";
    case JsonKind::Object: return "object";
    case JsonKind::Array: return "array";
    }
    return "string";
}

bool looksLikeMonitoring(const JsonReader &json)
{
    const JsonEntry *source = json.find("source");
    return json.find("schema_name") != nullptr && json.find("attributes") != nullptr && source != nullptr
        && jsonKind(source->value) == JsonKind::Object;
}

std::unique_ptr<JsonEnvelope> makeMonitoringEnvelope(bool attributeTypes, bool tagTypes)
{
    return std::make_unique<MonitoringEnvelope>(attributeTypes, tagTypes);
}

const Codec &monitoringCodec()
{
    static const Monitoring codec(false);
    return codec;
}

Result<std::shared_ptr<const Codec>> makeMonitoringCodec(const Value &settings)
{
    const Value *given = settings.find("attribute_types");
    const bool types = given != nullptr && !given->isNull() && EVENTOPS_TRY(given->boolean());
    return std::shared_ptr<const Codec>(std::make_shared<Monitoring>(types));
}

} // namespace eventops
