// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"

#include <string>
#include <vector>

namespace eventops {

/// What the two envelopes in which events go out cannot hold of @p event as it is: "karma.v1: message moved to attrs".
/// Thread: any. O(length of the event).
std::vector<std::string> envelopeLosses(const Batch &batch, const Event &event);

} // namespace eventops
