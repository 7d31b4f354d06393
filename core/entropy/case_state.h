// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

#include <array>
#include <cstdint>

namespace eventops {

// A case is one entity's life: the steps it has taken so far (process mining: case, activity, trace). What the models
// know of a case in flight is this state; everything learned is shared between cases.

/// A step's name as the models know it: the low half of its hash, never 0. 32 bits are enough within one entity type.
using StepSymbol = std::uint32_t;
constexpr StepSymbol NoStepSymbol = 0;
constexpr StepSymbol EndSymbol = 0xffffffffU; ///< "The case is over" is a step like any other.

constexpr StepSymbol symbolOf(std::uint64_t stepHash)
{
    const auto low = static_cast<StepSymbol>(stepHash);
    return low == NoStepSymbol || low == EndSymbol ? 1U : low;
}

/// State of a case in flight.
struct CaseState {
    std::uint64_t key = 0;
    WallNs lastTs = NoTime;       ///< Event time of the last step; NoTime: it had none.
    WallNs remindAt = NoTime;     ///< Of the owner: when to look at it next.
    std::uint64_t shape = 0;      ///< Hash of the multiset of steps so far; 0: none yet, or more than LengthMax.
    StepSymbol last = NoStepSymbol;
    StepSymbol before = NoStepSymbol;
    std::uint32_t third = 0;      ///< Step before that.
    std::uint32_t firstS = 0;     ///< Event time of the first step, Unix seconds; 0: it had none.
    std::uint32_t seen = 0;       ///< ageOf the last use.
    std::uint16_t length = 0;     ///< Steps so far; stays at LengthMax.
    std::uint8_t gapClass = 0;    ///< durationClass of the last gap.
    std::uint8_t flags = 0;       ///< Of the owner.

    static constexpr std::uint16_t LengthMax = 1024; ///< Longer lives have no multiset: they are processes, not cases.

    /// Takes a step at @p ts (NoTime: unknown). O(1).
    void take(std::uint64_t scope, StepSymbol step, WallNs ts);
    /// Nanoseconds since the last step; −1: unknown, or time went backwards.
    std::int64_t gapTo(WallNs ts) const
    {
        return ts == NoTime || lastTs == NoTime || raw(ts) < raw(lastTs) ? -1 : raw(ts) - raw(lastTs);
    }
};
static_assert(sizeof(CaseState) == 56);

/// The multiset of @p shape with one more @p step: addition, so the order of steps does not show and a step costs O(1).
std::uint64_t shapeWith(std::uint64_t scope, std::uint64_t shape, StepSymbol step);

/// Class of a duration: its order of magnitude in powers of four; 0 for unknown, 1 for none.
std::uint8_t durationClass(std::int64_t ns);

/// The contexts in which the next step of a case is expected, as hashes: chains that start with the least specific.
/// They share the first context (the last step alone).
struct StepContexts {
    static constexpr std::size_t ChainsMax = 6;
    static constexpr std::size_t ChainLengthMax = 3;
    /// What a chain looks at, for explanations.
    static constexpr std::array<const char *, ChainsMax> Names = {
        "steps before", "steps so far", "time since the step before", "age of the case", "hour and weekday", "week"};
    std::uint64_t scope = 0;
    std::uint64_t weights = 0; ///< Of the mixing weights.
    std::array<std::array<std::uint64_t, ChainLengthMax>, ChainsMax> chains{}; ///< 0: the chain ends before.
};
/// Contexts in which the time to the next step is expected; the same conventions.
struct GapContexts {
    static constexpr std::size_t ChainsMax = 4;
    static constexpr std::size_t ChainLengthMax = 3;
    std::uint64_t scope = 0;   ///< A context too: any gap of the scope.
    std::uint64_t weights = 0;
    std::array<std::array<std::uint64_t, ChainLengthMax>, ChainsMax> chains{};
};
StepContexts stepContextsOf(std::uint64_t scope, const CaseState &state);
GapContexts gapContextsOf(std::uint64_t scope, const CaseState &state);
/// Of one step after another, whatever else is known of the case.
std::uint64_t transitionOf(std::uint64_t scope, StepSymbol from, StepSymbol to);

} // namespace eventops
