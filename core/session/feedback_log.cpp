// SPDX-License-Identifier: MIT
#include "core/session/feedback_log.h"

#include "core/codec/feedback_event.h"
#include "core/entropy/finding_budget.h"
#include "core/entropy/verdicts.h"

#include <optional>

namespace eventops {
namespace {

constexpr std::size_t ReasonBytesMax = 4'096;

} // namespace

Result<Finding> findingById(Ledger &ledger, const std::string &id)
{
    std::optional<Finding> found;
    EVENTOPS_TRY(ledger.findings({}, {}, [&](const Finding &finding) {
        if (finding.id == id)
            found = finding;
        return !found;
    }));
    if (!found)
        return Error{Error::Code::NotFound, "there is no finding " + id, {}, "list them: eventops query findings"};
    return *found;
}

Result<Feedback> feedbackFor(const FeedbackRequest &request, const Finding &finding, const std::string &user)
{
    if (request.reason.empty() || request.reason.size() > ReasonBytesMax)
        return Error{Error::Code::InvalidArgument, "a word on findings needs a reason of 1 to 4096 bytes"};
    if (request.kind != FeedbackKind::Budget) {
        if (!patternsOf(finding.pattern))
            return Error{Error::Code::Refused,
                         "the finding " + finding.id + " was made by no learned expectation that could be taught", {},
                         finding.origin == FindingOrigin::Rule ? "change the rule " + finding.name
                                                               : "name a firing finding of origin entropy or absence"};
        return feedbackOn(finding, request.kind, user, request.reason);
    }
    if (!(request.falsePerDay >= FindingBudget::FalsePerDayMin && request.falsePerDay <= FindingBudget::FalsePerDayMax))
        return Error{Error::Code::InvalidArgument, "the budget must lie between 0.01 and 1000000 false findings a day"};
    Feedback feedback;
    feedback.kind = request.kind;
    feedback.falsePerDay = request.falsePerDay;
    feedback.user = user;
    feedback.reason = request.reason;
    return feedback;
}

Status recordFeedback(Ledger &ledger, const Feedback &feedback, const Clock &clock)
{
    const WallNs now = EVENTOPS_TRY(ledger.watermark());
    InputRow row;
    row.kind = "feedback";
    row.payload = encodeFeedback(feedback, now == NoTime ? WallNs{0} : now,
                                 static_cast<std::uint64_t>(raw(clock.now())));
    return ledger.recordInput(row);
}

} // namespace eventops
