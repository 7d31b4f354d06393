// SPDX-License-Identifier: MIT
#include "core/base/json.h"
#include "core/codec/avro_data.h"
#include "core/codec/avro_payload.h"
#include "core/codec/envelopes.h"

#include <limits>

// monitoring.envelope.v1 in Avro (contracts E14, X4, X6, X25): the record monitoring.v1.Envelope in a frame with its
// schema's id. Its JSON form is the codec monitoring.v1, which does the mapping for both.
namespace eventops {
namespace {

constexpr std::string_view Name = "monitoring.envelope.v1";

/// Records that stand by themselves; those in the line of a Kafka message have been made JSON before they come here.
class Decoder final : public CodecDecoder
{
public:
    Decoder(std::shared_ptr<const SchemasById> schemas, bool types)
        : m_avro(std::move(schemas)), m_envelope(makeMonitoringEnvelope(types, types))
    {
    }

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        std::string_view document = batch.raw(batch.records[record]);
        if (framedSchemaId(document)) {
            if (DecodeFailure failure = m_avro.read(document, {}, true, m_json))
                return failure;
            document = m_json;
        }
        if (const JsonFailure failure = m_reader.read(document))
            return lose(failure);
        return m_envelope->decode(batch, record, m_reader);
    }

private:
    AvroPayload m_avro;
    std::unique_ptr<JsonEnvelope> m_envelope;
    JsonReader m_reader;
    std::string m_json;
};

/// A JSON value as the text that a map<string> holds (X6).
std::string asText(std::string_view raw)
{
    std::string scratch;
    if (const auto scalar = scalarText(raw, scratch))
        return std::string(*scalar);
    std::string out;
    appendJsonCompact(out, raw);
    return out;
}

void writeTags(JsonWriter &out, std::string_view tags, bool types, LossReport &loss)
{
    out.beginObject();
    JsonItems items(tags);
    std::string_view rawName, raw;
    std::string scratch;
    while (items.next(rawName, raw)) {
        const std::string name(jsonUnescape(rawName, scratch));
        out.field(name, asText(raw));
        const std::string member = name + std::string(MonitoringTypeSuffix);
        const bool isText = jsonKind(raw) == JsonKind::String;
        if (types && (!isText || name.ends_with(MonitoringTypeSuffix)) && !jsonMember(tags, member))
            out.field(member, monitoringTypeName(jsonKind(raw)));
        else if (!isText)
            loss.items.push_back({"tags." + name, "stringified"});
    }
    out.endObject();
}

/// @p written: by the JSON form, which has a metric's three in every event. Here an event that is no metric has none of
/// them but its own.
void writeAttributes(JsonWriter &out, std::string_view written, const Batch &batch, const Event &event)
{
    const bool isMetric = event.hasValue || event[Field::Metric] != NoStr;
    out.beginObject();
    JsonItems items(written);
    std::string_view rawName, raw;
    std::string scratch;
    while (items.next(rawName, raw)) {
        const std::string name(jsonUnescape(rawName, scratch));
        const bool isForced = !isMetric && (name == "metric" || name == "value" || name == "unit");
        const auto own = isForced ? jsonMember(batch.text(event, Field::Attrs), name) : std::optional(raw);
        if (own)
            out.field(name, asText(*own));
    }
    out.endObject();
}

class MonitoringAvro final : public Codec
{
public:
    MonitoringAvro(std::shared_ptr<const Codec> json, std::shared_ptr<const SchemasById> schemas,
                   std::optional<std::uint32_t> schemaId, bool types)
        : m_jsonForm(std::move(json)), m_schemas(std::move(schemas)), m_schemaId(schemaId), m_types(types)
    {
    }
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "EventOps' envelope in Avro with its schema's id before it; what is not framed is read as its JSON "
               "form.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(m_schemas, m_types); }

    /// The framed bytes, which may hold any byte.
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override
    {
        if (!m_schemaId)
            return Error{Error::Code::Unavailable,
                         "the schema's id is not known",
                         {},
                         "register the schema first: eventops kafka init --avro TOPIC"};
        const std::string json = EVENTOPS_TRY(m_jsonForm->write(batch, event, loss));
        JsonReader reader;
        if (reader.read(json))
            return Error{Error::Code::InvalidInput, "the event is no JSON"};
        std::string document;
        JsonWriter out(document);
        out.beginObject();
        for (const JsonEntry &entry : reader.members()) {
            out.key(entry.name);
            const bool asItIs = jsonKind(entry.value) == JsonKind::String || entry.name == "source"
                                || entry.name == "schema_version";
            if (entry.name == "attributes")
                writeAttributes(out, entry.value, batch, event);
            else if (entry.name == "tags")
                writeTags(out, entry.value, m_types, loss);
            else if (asItIs)
                out.raw(entry.value);
            else // a time that came as a number
                out.string(asText(entry.value));
        }
        out.endObject();
        std::string framed;
        appendAvroFrame(framed, *m_schemaId);
        EVENTOPS_TRY(writeAvro(*envelopeSchema(), document, framed));
        return framed;
    }

private:
    const std::shared_ptr<const Codec> m_jsonForm;
    const std::shared_ptr<const SchemasById> m_schemas;
    const std::optional<std::uint32_t> m_schemaId;
    const bool m_types;
};

} // namespace

Result<std::shared_ptr<const Codec>> makeMonitoringAvroCodec(const Value &settings)
{
    const Value *const types = settings.find("attribute_types");
    const bool withTypes = types != nullptr && !types->isNull() && EVENTOPS_TRY(types->boolean());
    std::optional<std::uint32_t> schemaId;
    if (const Value *const id = settings.find("schema_id"); id != nullptr && !id->isNull()) {
        const std::int64_t number = EVENTOPS_TRY(id->integer());
        if (number < 0 || number > std::numeric_limits<std::uint32_t>::max())
            return id->error("schema_id: " + std::to_string(number) + " has more than 32 bits");
        schemaId = static_cast<std::uint32_t>(number);
    }
    auto json = EVENTOPS_TRY(makeMonitoringCodec(settings));
    auto schemas = EVENTOPS_TRY(readSchemas(settings));
    if (schemaId) { // what is written under this id can be read
        auto known = schemas ? std::make_shared<SchemasById>(*schemas) : std::make_shared<SchemasById>();
        known->emplace(*schemaId, envelopeSchema());
        schemas = std::move(known);
    }
    return std::shared_ptr<const Codec>(
        std::make_shared<MonitoringAvro>(std::move(json), std::move(schemas), schemaId, withTypes));
}

} // namespace eventops
