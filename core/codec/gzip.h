// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// What @p packed (RFC 1952, one member) unpacks to. Nothing: it is damaged, or more than 64 MiB. Thread: any.
std::optional<std::string> gunzip(std::string_view packed);

} // namespace eventops
