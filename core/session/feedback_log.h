// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/clock.h"
#include "core/model/feedback.h"
#include "core/store/ledger.h"

#include <string>

namespace eventops {

/// What a person says of the findings of a workspace.
struct FeedbackRequest {
    FeedbackKind kind = FeedbackKind::Dismissed;
    std::string findingId;    ///< Of a dismissal or a confirmation.
    double falsePerDay = 0.0; ///< Of a budget.
    std::string reason;       ///< 1 to 4096 bytes.
};

/// NotFound. O(findings).
Result<Finding> findingById(Ledger &ledger, const std::string &id);

/// What is to be noted for @p request, of @p finding unless it is about the budget. Refused: a finding that no learned
/// expectation made, so there is nothing to teach. InvalidArgument: no reason, a budget that is none.
Result<Feedback> feedbackFor(const FeedbackRequest &request, const Finding &finding, const std::string &user);

/// Notes it in the input log; the engine takes it in from there. @p clock tells this act from others.
Status recordFeedback(Ledger &ledger, const Feedback &feedback, const Clock &clock);

} // namespace eventops
