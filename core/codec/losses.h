// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/loss.h"

/// Every reason for which a codec or a capture refuses a record: one table, and a name for each of its rows.
namespace eventops::loss {

inline constexpr LossReason All[] = {
    {"bad_avro", LossSeverity::DataLoss,
     "The payload is not what its Avro schema describes: it is cut, damaged, or of another schema."},
    {"bad_element", LossSeverity::DataLoss,
     "An element of a record that is split cannot be decoded; the whole record is kept here."},
    {"bad_field", LossSeverity::DataLoss,
     "A field holds a value of the wrong type or form."},
    {"bad_timestamp", LossSeverity::DataLoss,
     "A time cannot be read in any of the formats given."},
    {"bad_value", LossSeverity::DataLoss,
     "A measured value is not a finite number."},
    {"empty_record", LossSeverity::DataLoss,
     "The record holds no bytes where a document was expected."},
    {"invalid_json", LossSeverity::DataLoss,
     "The record is not a JSON document; read text lines with format text or with a mapping."},
    {"invalid_utf8", LossSeverity::DataLoss,
     "The record holds bytes that are not UTF-8; name its character set at the source, or read it as chronos.raw."},
    {"missing_field", LossSeverity::DataLoss,
     "A field that the envelope or the mapping requires is absent or null."},
    {"not_an_object", LossSeverity::DataLoss,
     "The envelope is a JSON object; this record is another JSON value."},
    {"pattern_mismatch", LossSeverity::DataLoss,
     "The text does not match the pattern of the mapping."},
    {"record_too_long", LossSeverity::DataLoss,
     "The record is longer than record_bytes_max; its bytes are kept in parts. Raise the limit and redrive."},
    {"schema_mismatch", LossSeverity::DataLoss,
     "The schema that the record was written with cannot be read as the one wanted; the detail names the field."},
    {"too_deep", LossSeverity::DataLoss,
     "The JSON document nests deeper than 1000 levels."},
    {"too_many_elements", LossSeverity::DataLoss,
     "The record splits into more than 65535 events; split it at the source."},
    {"transformer_failed", LossSeverity::Error,
     "A transformer could not make anything of a raw event; other transformers did their part. The detail says why; "
     "mend the transformer and send the event again."},
    {"truncated_json", LossSeverity::DataLoss,
     "The JSON document stops before it is complete; the writer was cut off."},
    {"unknown_schema", LossSeverity::DataLoss,
     "The payload is Avro and its schema is not known: name the registry, or give it under schemas, and redrive."},
};

inline constexpr const LossReason &BadAvro = All[0];
inline constexpr const LossReason &BadElement = All[1];
inline constexpr const LossReason &BadField = All[2];
inline constexpr const LossReason &BadTimestamp = All[3];
inline constexpr const LossReason &BadValue = All[4];
inline constexpr const LossReason &EmptyRecord = All[5];
inline constexpr const LossReason &InvalidJson = All[6];
inline constexpr const LossReason &InvalidUtf8 = All[7];
inline constexpr const LossReason &MissingField = All[8];
inline constexpr const LossReason &NotAnObject = All[9];
inline constexpr const LossReason &PatternMismatch = All[10];
inline constexpr const LossReason &RecordTooLong = All[11];
inline constexpr const LossReason &SchemaMismatch = All[12];
inline constexpr const LossReason &TooDeep = All[13];
inline constexpr const LossReason &TooManyElements = All[14];
inline constexpr const LossReason &TransformerFailed = All[15];
inline constexpr const LossReason &TruncatedJson = All[16];
inline constexpr const LossReason &UnknownSchema = All[17];

} // namespace eventops::loss
