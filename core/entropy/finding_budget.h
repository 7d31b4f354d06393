// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/base/types.h"

#include <array>
#include <cstdint>

namespace eventops {

/// What is judged, each against an expectation of its own.
enum class JudgedKind : std::uint8_t { Value, Step, Wait, Extra, End };
constexpr std::size_t JudgedKindCount = 5;
/// "values", "steps", "waits", "extra steps", "ends".
std::string_view toString(JudgedKind kind);

/// How often something was judged, and how often what was found stayed below the budget's bits.
struct JudgedCounts {
    std::array<std::uint64_t, JudgedKindCount> judged{};
    std::array<std::uint64_t, JudgedKindCount> learning{}; ///< Seen and not judged: too little was known.
    std::array<std::uint64_t, JudgedKindCount> heldBack{};
    void count(JudgedKind kind) { ++judged[static_cast<std::size_t>(kind)]; }
    void countLearning(JudgedKind kind) { ++learning[static_cast<std::size_t>(kind)]; }
    void countHeldBack(JudgedKind kind) { ++heldBack[static_cast<std::size_t>(kind)]; }
    void add(const JudgedCounts &other);
    void save(StateWriter &out) const;
    Status load(StateReader &in);
};

/// What a finding takes, by kind.
using BitsByKind = std::array<double, JudgedKindCount>;

/// How many bits a finding takes, so that people see no more false ones a day than they bear. Bits are −log2 of a
/// p-value; who judges V times a day and bears B false findings asks each judgement for log2(V / B) bits (Bonferroni's
/// bound on the expected number, which needs no independence). Each kind that judges anything has an equal part of the
/// budget and spends it by its own volume: ends, which are few, are not asked for the bits of values, which are many.
/// V is a mean over event time that halves every day of it.
/// Thread: one. Complexity: O(1).
class FindingBudget
{
public:
    static constexpr double FalsePerDayMin = 0.01;
    static constexpr double FalsePerDayMax = 1e6;
    explicit FindingBudget(double falsePerDay) : m_falsePerDay(falsePerDay) {}

    void setFalsePerDay(double number); ///< Is brought within the bounds.
    double falsePerDay() const { return m_falsePerDay; }
    /// @p counts: since the last call. @p newest: event time by now.
    void take(const JudgedCounts &counts, WallNs newest);
    double judgedPerDay(JudgedKind kind) const; ///< 0: not known yet.
    /// Each at least @p bitsMin.
    BitsByKind bits(double bitsMin) const;
    const JudgedCounts &counts() const { return m_all; } ///< Ever.
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    double m_falsePerDay;
    std::array<double, JudgedKindCount> m_judged{}; ///< Fading, with the days in which they were.
    double m_days = 0.0;
    WallNs m_newest = NoTime;
    JudgedCounts m_all;
};

} // namespace eventops
