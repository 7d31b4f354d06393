// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/finding.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eventops {

enum class FeedbackKind : std::uint8_t {
    Dismissed, ///< The finding was no fault: what it was about is normal.
    Confirmed, ///< The finding was a fault: what it was about is never learned as normal.
    Budget,    ///< How many false findings a day a person bears.
};
constexpr std::size_t FeedbackKindCount = 3;

/// "finding.dismissed", "finding.confirmed", "finding.budget": the type of the event that carries it.
std::string_view eventTypeOf(FeedbackKind kind);
std::optional<FeedbackKind> feedbackKindOf(std::string_view eventType);

/// What a person told the models. It enters as a row of the input log and is an event like any other from there on, so
/// a replay hears it at the same place.
struct Feedback {
    FeedbackKind kind = FeedbackKind::Dismissed;
    // Of a dismissal or a confirmation: the finding, as far as it is needed to find what it was about.
    std::string findingId;
    std::string name, pattern, tenant, entityType, entityId, sourceId, metric, step;
    FindingOrigin origin = FindingOrigin::Entropy;
    double falsePerDay = 0.0; ///< Of a budget.
    std::string user, reason;
    WallNs ts = NoTime; ///< Of its event, with its record: not part of what it says.
    Seq seq = 0;
};

/// Dismisses or confirms @p finding.
Feedback feedbackOn(const Finding &finding, FeedbackKind kind, std::string user, std::string reason);

/// What the feedback says as one JSON object; reading gives it back, but for the kind, which is the event's type.
std::string feedbackToJson(const Feedback &feedback);
/// InvalidInput names the member that is missing or wrong.
Result<Feedback> feedbackFromJson(FeedbackKind kind, std::string_view json);

} // namespace eventops
