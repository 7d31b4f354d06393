// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/avro_plan.h"
#include "core/codec/codec.h"

#include <string>
#include <string_view>

namespace eventops {

/// Reads one datum as JSON: records and maps as objects, a union as the value of its branch, bytes and fixed as a
/// string with a code point a byte, an enum as its symbol. Integers keep all their digits; what is not a finite number
/// becomes "NaN", "Infinity" or "-Infinity".
/// @p bytes may hold anything: nothing is allocated for what they only announce, nesting and what takes no bytes are
/// bounded, and all bytes must belong to the datum. On failure, which names the field, @p json is unspecified.
/// O(length of bytes and of what is written).
DecodeFailure readAvro(const AvroPlan &plan, std::string_view bytes, std::string &json);

/// Appends @p json, valid JSON, as a datum of @p schema: the reverse. A union takes the first of its branches that has
/// the value's kind, an enum only for its symbols. InvalidInput names the field that does not fit.
Status writeAvro(const AvroSchema &schema, std::string_view json, std::string &out);

} // namespace eventops
