// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace eventops {

// What a queue of raw events holds, as Chronos writes it (contracts C15, X36).

/// `{"rawEventID": 7}`
std::string encodeRawEventMessage(std::int64_t id);
/// InvalidInput: it is no such message; ids are greater than 0. Members besides are nothing to us.
Result<std::int64_t> decodeRawEventMessage(std::string_view message);

/// `{"data":{"RawEventID":7,"Error":"…"}}`: it could not be transformed.
std::string encodeRawEventFailure(std::int64_t id, std::string_view why);

} // namespace eventops
