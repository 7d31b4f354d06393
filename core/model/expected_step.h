// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/finding.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eventops {

/// A step that a finding's terms say was expected.
struct ExpectedStep {
    std::string step;
    double probability = 0.0;
    std::uint64_t count = 0;   ///< Of `samples`; both 0: the term does not tell.
    std::uint64_t samples = 0;
};

/// The alternatives of the terms that have any, as written: "confirmed (94 %, 47 of 50), cancelled (2.1 %)". Of other
/// terms, nothing. O(length).
std::vector<ExpectedStep> expectedSteps(const Finding &finding);

/// Mean bits of the alternatives, Σ −p·log2 p: what the step was expected to say. 0 when there are none.
double expectedBits(const std::vector<ExpectedStep> &steps);

} // namespace eventops
