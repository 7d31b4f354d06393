// SPDX-License-Identifier: MIT
#include "core/actions/retry.h"

#include <algorithm>

namespace eventops {
namespace {

std::int64_t delayAfter(std::uint32_t attempt, const RetryPolicy &policy)
{
    std::int64_t delay = std::min(policy.delayMs, policy.delayMsMax);
    for (std::uint32_t i = 1; i < attempt && delay < policy.delayMsMax; ++i)
        delay = delay > policy.delayMsMax / 2 ? policy.delayMsMax : delay * 2;
    return delay;
}

} // namespace

NextStep planAfter(const ActionOutcome &outcome, std::uint32_t attempt, const RetryPolicy &policy)
{
    switch (outcome.kind) {
    case ActionOutcome::Kind::Succeeded: return {NextStep::Kind::Succeeded, 0};
    case ActionOutcome::Kind::Cancelled: return {NextStep::Kind::Cancelled, 0};
    case ActionOutcome::Kind::Failed: break;
    }
    if (!outcome.retryable)
        return {NextStep::Kind::Failed, 0};
    if (attempt >= policy.attemptsMax)
        return {NextStep::Kind::DeadLetter, 0};
    return {NextStep::Kind::Retry, delayAfter(attempt, policy)};
}

ActionRequest requestOf(const Action &action, std::uint32_t attempt)
{
    const Suggestion &s = action.suggestion;
    ActionRequest request;
    request.actionId = action.displayId();
    request.idempotencyKey = action.idempotencyKey;
    request.command = s.command;
    request.args = s.args;
    request.tenant = s.tenant;
    request.entityType = s.entityType;
    request.entityId = s.entityId;
    request.correlationId = s.correlationId;
    request.ttlSeconds = s.ttlSeconds;
    request.attempt = attempt;
    return request;
}

} // namespace eventops
