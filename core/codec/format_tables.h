// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace eventops {

/// Names and texts of formats/*.yaml, which the build puts into the program.
std::span<const std::pair<std::string_view, std::string_view>> formatTables();

} // namespace eventops
