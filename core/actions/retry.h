// SPDX-License-Identifier: MIT
#pragma once

#include "core/actions/executor.h"
#include "core/model/action.h"

#include <cstdint>

namespace eventops {

/// How often and how patiently a failed attempt is repeated. Without randomness: an executor works through its requests
/// one at a time, so there is no crowd to scatter, and a replayed log gives the same plan.
struct RetryPolicy {
    std::uint32_t attemptsMax = 4;
    std::int64_t delayMs = 1'000;       ///< After the first attempt; doubles with each further one.
    std::int64_t delayMsMax = 60'000;
};

/// What follows an attempt.
struct NextStep {
    enum class Kind : std::uint8_t {
        Retry,      ///< Once more, `delayMs` from now, with the same idempotency key.
        Succeeded,
        Failed,     ///< Trying again cannot help.
        Cancelled,
        DeadLetter, ///< Failed, and every attempt is used up: the request goes to the dead letters too.
    };
    Kind kind = Kind::Failed;
    std::int64_t delayMs = 0;
};

/// @p attempt: number of the attempt that gave @p outcome, from 1. Thread: any.
NextStep planAfter(const ActionOutcome &outcome, std::uint32_t attempt, const RetryPolicy &policy = {});

/// The request for attempt @p attempt of @p action; the caller adds the envelope. Thread: any.
ActionRequest requestOf(const Action &action, std::uint32_t attempt);

} // namespace eventops
