// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace eventops {

/// The id of an event that came without one (contract X15): a UUID version 8 (RFC 9562) from SHA-256 over the source's
/// key, the record's byte offset, its hash and the event's place in it. The same for the same capture, wherever it
/// lies.
std::string derivedEventId(std::string_view sourceKey, std::uint64_t position, std::uint64_t recordHash,
                           unsigned emission);

/// 32 hexadecimal digits from SHA-256 over the parts, lengths included; ids of findings and suggestions.
std::string derivedId(std::initializer_list<std::string_view> parts);

} // namespace eventops
