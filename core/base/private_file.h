// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <string>

namespace eventops {

/// The content of a file that holds a secret. @p what names it in errors: "the webhook's secret". NotFound; Refused:
/// it is no plain file, or others than its owner may read or write it; LimitExceeded; Io. Thread: any.
Result<std::string> readPrivateFile(const std::string &path, std::size_t bytesMax, const std::string &what);

/// Makes a file that only its owner may read. Refused: it is there. Io.
Status createPrivateFile(const std::string &path, const std::string &content);

} // namespace eventops
