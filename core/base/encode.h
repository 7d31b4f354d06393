// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace eventops {

/// @p bytes with all but letters, digits and - . _ ~ written as %XX (RFC 3986, section 2.3). Thread: any. O(bytes).
std::string percentEncoded(std::string_view bytes);

/// 16 lower-case hexadecimal digits. Thread: any.
std::string hexOf(std::uint64_t value);
/// Two lower-case hexadecimal digits a byte. Thread: any.
std::string hexOfBytes(std::string_view bytes);

} // namespace eventops
