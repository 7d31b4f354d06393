// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace eventops {

/// What @p packed (RFC 1952, one member or several) unpacks to. InvalidInput: it is damaged or cut off. LimitExceeded:
/// more than @p bytesMax come out; no more than that is ever held. Thread: any. O(bytes).
Result<std::string> gunzip(std::string_view packed, std::size_t bytesMax);

} // namespace eventops
