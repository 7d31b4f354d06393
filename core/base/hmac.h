// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace eventops {

/// HMAC-SHA256 (RFC 2104), by libcrypto: 32 bytes. Thread: any. O(bytes).
std::string hmacSha256(std::string_view key, std::string_view bytes);

/// Takes the same time wherever two texts of one length differ: for what must not be guessed byte by byte.
bool equalsInConstantTime(std::string_view a, std::string_view b);

} // namespace eventops
