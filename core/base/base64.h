// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace eventops {

/// RFC 4648, section 4: the alphabet with + and /, padded. Thread: any. O(bytes).
void appendBase64(std::string &out, std::string_view bytes);
std::string base64(std::string_view bytes);

/// False: @p text is no such text, and @p out holds nothing of use.
bool readBase64(std::string_view text, std::string &out);

} // namespace eventops
