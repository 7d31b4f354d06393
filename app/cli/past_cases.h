// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/finding.h"
#include "core/session/backend.h"

#include <string>
#include <vector>

namespace eventops::cli {

struct Context;

constexpr std::size_t PastCasesMax = 5;

/// An event of the ledger that an expectation rests on.
struct PastCase {
    std::string eventId;
    WallNs ts = NoTime;
    std::string entityId;
    std::string text;      ///< "34.2 percent", "job.weighed after job.picked, 12s later".
};

/// What a finding expected, as its terms say it.
struct Expectation {
    std::string step;      ///< That should have come, or whose time is judged; empty: not about steps.
    std::string previous;  ///< The step before it; empty: not told.
};
Expectation expectationOf(const Finding &finding);

/// The newest events before the finding's that it rests on, newest first: of a value finding the last values of its
/// series; of a step finding entities of the same type that took the expected step after the same previous one. Looks
/// at PastEventsMax events at most; finds nothing of what retention dropped. Errors: those of the back end.
Result<std::vector<PastCase>> pastCases(const Context &context, Backend &backend, const Finding &finding);

} // namespace eventops::cli
