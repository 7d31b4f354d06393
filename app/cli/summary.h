// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <string>

namespace eventops::cli {

/// The one JSON object of `eventops replay --json`, with its line end: received, stored, skipped, duplicate,
/// dead_lettered, in_flight, events, findings, suggestions, digest.
std::string summaryJson(const WorkspaceSummary &summary);

/// The same for people.
std::string summaryText(const WorkspaceSummary &summary);

} // namespace eventops::cli
