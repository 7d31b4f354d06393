// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/expectation.h"

#include <span>

namespace eventops {

class CaseWatch;

/// Adds what people may see of the cases of all partitions: those of them whose next step is due first, as each
/// partition itself would judge it, and for each entity type the steps and the ways between them. Which cases come
/// first is told by the usual time after their last step, so that not each of them has to be asked exactly.
/// A function of the state alone. Thread: while no partition runs.
/// Complexity: O(cases) for a look at each, then as much as StageView holds.
void viewCases(std::span<const CaseWatch *const> partitions, StageView &out);

} // namespace eventops
