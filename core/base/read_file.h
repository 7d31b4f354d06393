// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace eventops {

/// The bytes of a regular file (never a pipe or device, which could block or never end).
/// Errors: NotFound, Io, LimitExceeded above @p bytesMax.
Result<std::string> readTextFile(const std::string &path, std::size_t bytesMax);

/// Offset of the first byte that is not well-formed UTF-8 (Unicode 15, table 3-7); npos when there is none.
std::size_t invalidUtf8At(std::string_view text);

} // namespace eventops
