// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace eventops {

/// @p text as a filter writes it: in quotes, with backslashes before quotes and backslashes. Thread: any. O(length).
std::string filterQuoted(std::string_view text);

} // namespace eventops
