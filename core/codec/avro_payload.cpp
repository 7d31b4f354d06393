// SPDX-License-Identifier: MIT
#include "core/codec/avro_payload.h"

#include "core/codec/avro_data.h"
#include "core/codec/losses.h"

#include <array>
#include <cassert>
#include <charconv>

namespace eventops {
namespace {

constexpr std::string_view EnvelopeName = "monitoring.v1.Envelope";

constexpr std::string_view EnvelopeText = R"({"type":"record","name":"Envelope","namespace":"monitoring.v1","fields":[
{"name":"event_id","type":"string"},{"name":"ts_event","type":"string"},{"name":"ts_ingest","type":"string"},
{"name":"tenant_id","type":"string"},
{"name":"source","type":{"type":"record","name":"Source","fields":[
{"name":"type","type":"string"},{"name":"source_id","type":"string"}]}},
{"name":"schema_name","type":"string"},{"name":"schema_version","type":"int"},
{"name":"attributes","type":{"type":"map","values":"string"}},
{"name":"tags","type":{"type":"map","values":"string"}}]})";

} // namespace

std::optional<std::uint32_t> framedSchemaId(std::string_view payload)
{
    if (payload.size() < AvroFrameBytes || payload.front() != '\0')
        return std::nullopt;
    std::uint32_t id = 0;
    for (const char c : payload.substr(1, AvroFrameBytes - 1))
        id = id << 8 | static_cast<unsigned char>(c);
    return id;
}

void appendAvroFrame(std::string &out, std::uint32_t schemaId)
{
    out += '\0';
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(schemaId >> shift & 0xFF);
}

bool readsAvro(std::string_view codec)
{
    return codec != "chronos.raw" && codec != "csv" && codec != "text";
}

const std::shared_ptr<const AvroSchema> &envelopeSchema()
{
    static const std::shared_ptr<const AvroSchema> schema = [] {
        auto parsed = AvroSchema::parse(EnvelopeText);
        assert(parsed);
        return std::move(parsed).value();
    }();
    return schema;
}

Result<std::shared_ptr<const SchemasById>> readSchemas(const Value &settings)
{
    const Value *const given = settings.find("schemas");
    auto out = std::make_shared<SchemasById>();
    if (given == nullptr || given->isNull())
        return std::shared_ptr<const SchemasById>(out);
    for (const auto &[name, value] : given->members()) {
        std::uint32_t id = 0;
        const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), id);
        if (failed != std::errc() || end != name.data() + name.size())
            return value.error("schemas: \"" + name + "\" is no schema's id", "a number: {7: {type: record, …}}");
        std::string json;
        if (value.isScalar())
            json = EVENTOPS_TRY(value.text());
        else
            value.appendJson(json);
        auto schema = AvroSchema::parse(json);
        if (!schema)
            return value.error("schemas." + name + ": " + schema.error().message, schema.error().remedy);
        out->emplace(id, std::move(schema).value());
    }
    return std::shared_ptr<const SchemasById>(out);
}

/// Makes m_last the plan for that schema. What went wrong; empty: nothing.
std::string AvroPayload::findPlan(std::string key, std::string_view beside, std::uint32_t id, bool envelopeOnly)
{
    const auto known = m_plans.find(key);
    if (known != m_plans.end()) {
        m_last = known->second;
    } else {
        std::shared_ptr<const AvroSchema> writer;
        if (beside.empty() || beside == "null") {
            writer = m_known->at(id);
        } else {
            auto parsed = AvroSchema::parse(beside);
            if (!parsed)
                return parsed.error().message;
            writer = std::move(parsed).value();
        }
        const bool isEnvelope = envelopeOnly || writer->root().name == EnvelopeName;
        m_last = AvroPlan::make(writer, isEnvelope ? envelopeSchema() : writer);
        if (m_plans.size() >= PlansMax)
            m_plans.clear();
        m_plans.emplace(key, m_last);
    }
    m_lastKey = std::move(key);
    return {};
}

DecodeFailure AvroPayload::read(std::string_view payload, std::string_view beside, bool envelopeOnly, std::string &json)
{
    const auto id = framedSchemaId(payload);
    if (!id)
        return {&loss::BadAvro, "payload: no frame of a zero byte and a schema's id"};
    const bool isBeside = !beside.empty() && beside != "null";
    const std::string shownId = std::to_string(*id);
    if (!isBeside && (m_known == nullptr || !m_known->contains(*id)))
        return {&loss::UnknownSchema,
                "payload: Avro of schema " + shownId
                    + (beside.empty()
                           ? ", and no registry was named when it came (schema_url of the source, or SCHEMA_URL)"
                           : ", which the registry did not know as Avro when it came; is it that of those who write?")
                    + ": give it under schemas: {" + shownId + ": …} and redrive"};
    const std::string_view schema = isBeside ? beside : std::string_view(shownId);
    const bool isLast = m_last != nullptr && m_lastKey.size() == schema.size() + 1
                        && m_lastKey[0] == (envelopeOnly ? 'e' : 'a')
                        && schema == std::string_view(m_lastKey).substr(1);
    if (!isLast) {
        const std::string wrong =
            findPlan((envelopeOnly ? 'e' : 'a') + std::string(schema), isBeside ? beside : "", *id, envelopeOnly);
        if (!wrong.empty())
            return {&loss::UnknownSchema, "payload_schema of schema " + shownId + ": " + wrong};
    }
    return readAvro(*m_last, payload.substr(AvroFrameBytes), json);
}

} // namespace eventops
