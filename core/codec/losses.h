// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/loss.h"

/// Every reason for which a codec or a capture refuses a record. codecLosses() lists them all.
namespace eventops::loss {

inline constexpr LossReason InvalidUtf8{"invalid_utf8", LossSeverity::DataLoss,
    "The record holds bytes that are not UTF-8; name its character set at the source, or read it as chronos.raw."};
inline constexpr LossReason TruncatedJson{"truncated_json", LossSeverity::DataLoss,
    "The JSON document stops before it is complete; the writer was cut off."};
inline constexpr LossReason InvalidJson{"invalid_json", LossSeverity::DataLoss,
    "The record is not a JSON document; read text lines with format text or with a mapping."};
inline constexpr LossReason TooDeep{"too_deep", LossSeverity::DataLoss,
    "The JSON document nests deeper than 1000 levels."};
inline constexpr LossReason EmptyRecord{"empty_record", LossSeverity::DataLoss,
    "The record holds no bytes where a document was expected."};
inline constexpr LossReason RecordTooLong{"record_too_long", LossSeverity::DataLoss,
    "The record is longer than record_bytes_max; its bytes are kept in parts. Raise the limit and redrive."};
inline constexpr LossReason NotAnObject{"not_an_object", LossSeverity::DataLoss,
    "The envelope is a JSON object; this record is another JSON value."};
inline constexpr LossReason MissingField{"missing_field", LossSeverity::DataLoss,
    "A field that the envelope or the mapping requires is absent or null."};
inline constexpr LossReason BadField{"bad_field", LossSeverity::DataLoss,
    "A field holds a value of the wrong type or form."};
inline constexpr LossReason BadValue{"bad_value", LossSeverity::DataLoss,
    "A measured value is not a finite number."};
inline constexpr LossReason BadTimestamp{"bad_timestamp", LossSeverity::DataLoss,
    "A time cannot be read in any of the formats given."};
inline constexpr LossReason PatternMismatch{"pattern_mismatch", LossSeverity::DataLoss,
    "The text does not match the pattern of the mapping."};
inline constexpr LossReason BadElement{"bad_element", LossSeverity::DataLoss,
    "An element of a record that is split cannot be decoded; the whole record is kept here."};
inline constexpr LossReason TooManyElements{"too_many_elements", LossSeverity::DataLoss,
    "The record splits into more than 65535 events; split it at the source."};

} // namespace eventops::loss
