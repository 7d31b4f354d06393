// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"
#include "core/model/string_table.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace eventops {

/// The text fields of an event (design section 4). The order is part of the stored form and of the digest: append only.
enum class Field : std::uint8_t {
    EventId,        ///< As the source gave it; absent: derived from the position, see eventId().
    TsText,         ///< The source's own writing of the event time.
    Tenant,
    SourceType,     ///< Kind of origin: "host", "database".
    SourceId,
    SourceNamespace,
    SchemaName,
    SchemaVersion,
    Type,           ///< What happened: "metric", "order".
    EntityType,
    EntityId,
    Step,           ///< The type as seen from the entity's life; the sequence model's symbol.
    CorrelationId,
    CausationId,
    TraceId,
    SpanId,
    IdempotencyKey,
    SeverityText,
    Message,
    Metric,         ///< Name of what `value` measures.
    ValueText,      ///< The number as written, kept only when a double cannot give it back (2^53+1).
    Unit,
    Tags,           ///< JSON object.
    Attrs,          ///< JSON object, as the source wrote it.
    Entities,       ///< JSON array of {type,id} beyond `entity`; absent: none.
    Links,          ///< JSON array of {source,target,type}; absent: none.
    Codec,          ///< Which codec read the record.
    ContentType,
    Headers,        ///< JSON object.
};
constexpr std::size_t FieldCount = 29;

/// "tenant", "source.type", …: the name of a field in filters, queries and NDJSON.
std::string_view toString(Field field);
std::optional<Field> fieldByName(std::string_view name);

/// OpenTelemetry severity numbers that the console shows by name; 0 is unset.
enum class Severity : std::uint8_t {
    Unset = 0,
    Debug = 5,
    Info = 9,
    Notice = 10,
    Warning = 13,
    Error = 17,
    Critical = 21
};

/// The name of the band that @p number (0..24) falls into: "critical" from 21, "error" from 17, …; "" for unset.
std::string_view severityName(std::uint8_t number);
/// Reads a severity as people write it ("WARN", "err", "CRITICAL", "Information", "4"); Unset when unknown.
Severity severityFromText(std::string_view text);

/// One normalised record. Plain data; every text lives in the batch's StringTable.
struct Event {
    WallNs tsEvent = NoTime;      ///< When it happened, as the source claims.
    double value = 0.0;           ///< Meaningful when hasValue.
    std::uint64_t entityKey = 0;  ///< Hash of (tenant, entity type, entity id); set by the runner; picks the partition.
    std::uint32_t record = 0;     ///< Index of its raw record in the batch.
    std::uint16_t emission = 0;   ///< Its place among the events of that record, from 0.
    Severity severity = Severity::Unset;
    bool hasValue = false;
    std::array<StrId, FieldCount> text{}; ///< NoStr: absent.

    StrId &operator[](Field field) { return text[static_cast<std::size_t>(field)]; }
    StrId operator[](Field field) const { return text[static_cast<std::size_t>(field)]; }
};

} // namespace eventops
