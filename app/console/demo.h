// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/session/backend.h"

#include <string>

namespace eventops::console {

/// The demo as a window shows it: its past at once, then @p pace virtual seconds a second. Errors: the shipped
/// definition is missing or broken.
Result<ReplayRequest> demoRequest(const std::string &dataDirectory, const std::string &workspace, double pace);

} // namespace eventops::console
