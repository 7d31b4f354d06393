// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// What a block of Snappy (format_description.txt, without framing) unpacks to. Nothing: it is damaged, or says that it
/// is more than 64 MiB. Thread: any. O(length of the result).
std::optional<std::string> snappyUnpacked(std::string_view packed);

} // namespace eventops
