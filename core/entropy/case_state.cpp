// SPDX-License-Identifier: MIT
#include "core/entropy/case_state.h"

#include "core/base/hash.h"
#include "core/entropy/flat_table.h"

#include <algorithm>
#include <bit>

namespace eventops {
namespace {

/// Kinds of context, so that equal numbers of different kinds do not meet.
enum class ContextKind : std::uint64_t {
    Last = 1,
    LastTwo,
    LastThree,
    Shape,
    Gap,
    Age,
    AgeGap,
    AgeHour,
    Weekday,
    WeekdayBefore,
    WeekdayHour,
    Week,
    WeekTwo,
    Weights,
    Anything,
    Transition,
};

constexpr std::int64_t NsPerHour = 3600 * NsPerSecond;
constexpr std::int64_t NsPerDay = 24 * NsPerHour;
constexpr std::int64_t DaysPerWeek = 7;
constexpr std::int64_t EpochWeekday = 3; ///< 1970-01-01 was a Thursday; 0 is Monday.

/// Where a moment lies in day and week, UTC.
struct CalendarPlace {
    std::uint64_t hour = 24; ///< 24, 7 and 0: no time.
    std::uint64_t weekday = 7;
    std::uint64_t week = 0;
};

std::int64_t floorDivide(std::int64_t a, std::int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

CalendarPlace placeOf(WallNs ts)
{
    if (ts == NoTime)
        return {};
    const std::int64_t day = floorDivide(raw(ts), NsPerDay);
    const std::int64_t weekDay = day + EpochWeekday;
    const std::int64_t week = floorDivide(weekDay, DaysPerWeek);
    CalendarPlace place;
    place.hour = static_cast<std::uint64_t>((raw(ts) - day * NsPerDay) / NsPerHour);
    place.weekday = static_cast<std::uint64_t>(weekDay - week * DaysPerWeek);
    place.week = static_cast<std::uint64_t>(week) + 1;
    return place;
}

/// Makes the contexts of one case: hashes of a kind, the last step (or none) and up to two numbers more.
class ContextMaker
{
public:
    ContextMaker(std::uint64_t scope, StepSymbol last) : m_place(hashCombine(scope, last)) {}
    std::uint64_t operator()(ContextKind kind, std::uint64_t b = 0, std::uint64_t c = 0) const
    {
        // A sum of odd multiples, each as unlike the others as its factor, then spread (as in MurmurHash3's finish).
        std::uint64_t x = m_place + static_cast<std::uint64_t>(kind) * 0x9e3779b97f4a7c15ULL
                        + b * 0xc2b2ae3d27d4eb4fULL + c * 0xd6e8feb86659fd93ULL;
        x = (x ^ (x >> 32U)) * 0xff51afd7ed558ccdULL;
        return tableKey(x ^ (x >> 29U));
    }

private:
    std::uint64_t m_place;
};

std::int64_t ageNs(const CaseState &state)
{
    if (state.lastTs == NoTime || state.firstS == 0)
        return -1;
    return std::max<std::int64_t>(raw(state.lastTs) - static_cast<std::int64_t>(state.firstS) * NsPerSecond, 0);
}

} // namespace

std::uint64_t shapeWith(std::uint64_t scope, std::uint64_t shape, StepSymbol step)
{
    // Spread by a multiplicative mix: sums of hashes that differ in few bits would meet.
    std::uint64_t term = hashCombine(scope, step) * 0xff51afd7ed558ccdULL;
    term ^= term >> 33U;
    return tableKey(shape + term);
}

std::uint8_t durationClass(std::int64_t ns)
{
    if (ns < 0)
        return 0;
    return static_cast<std::uint8_t>(1 + (std::bit_width(static_cast<std::uint64_t>(ns)) + 1) / 2);
}

void CaseState::take(std::uint64_t scope, StepSymbol step, WallNs ts)
{
    gapClass = durationClass(gapTo(ts));
    third = before;
    before = last;
    last = step;
    if (length < LengthMax)
        ++length;
    shape = length < LengthMax ? shapeWith(scope, shape, step) : 0;
    if (ts == NoTime)
        return;
    if (lastTs == NoTime || firstS == 0)
        firstS = static_cast<std::uint32_t>(std::clamp<std::int64_t>(raw(ts) / NsPerSecond, 1, UINT32_MAX));
    if (lastTs == NoTime || raw(ts) > raw(lastTs))
        lastTs = ts;
}

StepContexts stepContextsOf(std::uint64_t scope, const CaseState &state)
{
    const ContextMaker make(scope, state.last);
    const ContextMaker makeAny(scope, NoStepSymbol);
    const CalendarPlace place = placeOf(state.lastTs);
    using enum ContextKind;
    const std::uint64_t one = make(Last);
    StepContexts contexts;
    contexts.scope = scope;
    contexts.weights = make(Weights);
    contexts.chains = {{
        {one, make(LastTwo, state.before), make(LastThree, state.before, state.third)},
        {one, make(Shape, state.shape), 0},
        {one, make(Gap, state.gapClass), 0},
        {one, make(Age, durationClass(ageNs(state))), 0},
        {one, make(Weekday, place.weekday), make(WeekdayHour, place.weekday, place.hour)},
        {one, make(Week, place.week), make(WeekTwo, state.before, place.week)},
    }};
    return contexts;
}

GapContexts gapContextsOf(std::uint64_t scope, const CaseState &state)
{
    const ContextMaker make(scope, state.last);
    const ContextMaker makeAny(scope, NoStepSymbol);
    const CalendarPlace place = placeOf(state.lastTs);
    const std::uint8_t age = durationClass(ageNs(state));
    using enum ContextKind;
    const std::uint64_t one = make(Last);
    GapContexts contexts;
    contexts.scope = makeAny(Anything);
    contexts.weights = make(Weights);
    contexts.chains = {{
        {one, make(Weekday, place.weekday), make(WeekdayBefore, place.weekday, state.before)},
        {one, make(Week, place.week), make(WeekTwo, state.before, place.week)},
        {one, make(Age, age), make(AgeGap, age, state.gapClass)},
        {one, make(Age, age), make(AgeHour, age, place.weekday * 4 + place.hour / 6)},
    }};
    return contexts;
}

std::uint64_t transitionOf(std::uint64_t scope, StepSymbol from, StepSymbol to)
{
    return ContextMaker(scope, from)(ContextKind::Transition, to);
}

} // namespace eventops
