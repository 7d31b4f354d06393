// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/avro_plan.h"
#include "core/codec/codec.h"
#include "core/model/value.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace eventops {

// Avro as Kafka's clients frame it: a zero byte, the schema's id in the registry (4 bytes, big-endian), the datum.
//
// Decoding must not ask a registry: a record has to give the same event on the day it came and in a replay years later,
// on a machine that never heard of the registry. So whoever takes a message in asks once (core/kafka/schema_registry)
// and puts the schema beside the payload, as member "payload_schema" of the record's line, in its parsing canonical
// form, which is the same text however the registry lays schemas out. A record then holds all that is needed to read
// it: as a dead letter, in an export, in another workspace. What it costs: some 400 bytes a record before packing, of
// which packing leaves next to nothing, as they repeat. A cache in the workspace instead would be a second truth beside
// the records, and would be missing wherever they go without it.

constexpr std::size_t AvroFrameBytes = 5;
/// The schema's id; nothing: the payload is not framed.
std::optional<std::uint32_t> framedSchemaId(std::string_view payload);
void appendAvroFrame(std::string &out, std::uint32_t schemaId);

/// False for codecs whose payloads are bytes of any kind, of which the first may be zero.
bool readsAvro(std::string_view codec);

/// monitoring.v1.Envelope as pipelines/schemas/envelope.avsc has it (contract E14).
const std::shared_ptr<const AvroSchema> &envelopeSchema();

/// Schemas that the configuration gives, by their id: makeCodec's setting `schemas`.
using SchemasById = std::map<std::uint32_t, std::shared_ptr<const AvroSchema>>;
Result<std::shared_ptr<const SchemasById>> readSchemas(const Value &settings);

/// Turns framed payloads into JSON. Thread: one; keeps what it found out about the last schemas.
class AvroPayload
{
public:
    /// @p known: for payloads without a schema beside them.
    explicit AvroPayload(std::shared_ptr<const SchemasById> known = nullptr) : m_known(std::move(known)) {}

    /// @p beside: the schema as JSON; "null": it was asked for and nobody knew it; empty: nobody asked.
    /// A monitoring.v1.Envelope is read as ours, whatever its version; other records as they were written, but with
    /// @p envelopeOnly those are refused. UnknownSchema, SchemaMismatch, BadAvro, InvalidUtf8, each with the field.
    DecodeFailure read(std::string_view payload, std::string_view beside, bool envelopeOnly, std::string &json);

private:
    static constexpr std::size_t PlansMax = 64;

    std::string findPlan(std::string key, std::string_view beside, std::uint32_t id, bool envelopeOnly);

    std::shared_ptr<const SchemasById> m_known;
    std::map<std::string, std::shared_ptr<const AvroPlan>, std::less<>> m_plans;
    std::string m_lastKey;
    std::shared_ptr<const AvroPlan> m_last;
};

} // namespace eventops
