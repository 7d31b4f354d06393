// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace eventops::lake {

/// @p text itself when it is UTF-8, else a copy in @p scratch in which each byte that is none became U+FFFD.
std::string_view validUtf8(std::string_view text, std::string &scratch);

} // namespace eventops::lake
