// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace eventops {

/// @p text with its escapes (%C3%BC) taken for the bytes that they are; what is no escape stays, and all of it when
/// the result is no UTF-8. Thread: any. O(length).
std::string percentDecoded(std::string_view text);

/// The same of a form (application/x-www-form-urlencoded), as S3 writes keys: "+" is a blank.
std::string formDecoded(std::string_view text);

} // namespace eventops
