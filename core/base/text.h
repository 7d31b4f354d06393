// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace eventops {

/// The longest beginning of @p text of at most @p bytesMax bytes that does not end inside a character of UTF-8.
/// O(1) for UTF-8.
std::string_view utf8Prefix(std::string_view text, std::size_t bytesMax);

/// @p text when it has at most @p bytesMax bytes (3 or more), else its beginning with "…", as long together.
std::string shortened(std::string_view text, std::size_t bytesMax);

/// 1 to @p bytesMax letters, digits, - and _: a name that may stand in a path, a URL or a file's name. O(length).
bool isPlainName(std::string_view text, std::size_t bytesMax);

} // namespace eventops
