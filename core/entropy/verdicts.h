// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/entropy/flat_table.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// One thing that a finding was about, so that it can be known again.
struct FindingPattern {
    enum class Kind : std::uint8_t {
        Step,  ///< A step after the last two; key: of the three.
        Wait,  ///< So long a wait after a step; key: of the step, at: nanoseconds.
        Extra, ///< A step too many; key: the multiset with it.
        End,   ///< An end; key: its multiset.
        Value, ///< A value of a series; key: the series, at: the value.
    };
    Kind kind = Kind::Step;
    std::uint64_t key = 0;
    double at = 0.0;    ///< Of waits and values.
    double expected = 0.0; ///< Of values: what was expected instead, above or below which it lies.
    bool above() const { return at >= expected; }
    bool operator==(const FindingPattern &) const = default;
};
constexpr std::size_t PatternsMax = 8; ///< Of one finding.

/// "step=ff01;value=ff02:98.5:34.1": the text that a finding carries. Reading gives the same back.
std::string toText(std::span<const FindingPattern> patterns);
/// Nothing: not such a text.
std::optional<std::vector<FindingPattern>> patternsOf(std::string_view text);

/// What people said of things that findings were about. Waits and values that were dismissed make everything up to them
/// normal, confirmed ones make everything beyond them a fault, both with an eighth of their distance from the expected
/// as room: no value comes twice. The last word counts.
/// Thread: one writes while nobody reads. Complexity: O(1). Memory: bounded; the oldest word goes first.
class Verdicts
{
public:
    static constexpr std::size_t VerdictsMax = 16'384;
    enum class Verdict : std::uint8_t { None, Normal, Fault };

    void dismiss(const FindingPattern &pattern, std::uint32_t age);
    void confirm(const FindingPattern &pattern, std::uint32_t age);
    bool empty() const { return m_table.size() == 0; }
    std::size_t size() const { return m_table.size(); }
    Verdict of(const FindingPattern &pattern) const;
    /// How long a wait must be before it is told: @p patienceNs, or what people said.
    std::int64_t wait(std::uint64_t key, std::int64_t patienceNs) const;
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    struct Entry {
        static constexpr double Infinite = std::numeric_limits<double>::infinity();
        std::uint64_t key = 0;
        std::uint32_t seen = 0;
        double normalUpTo = -Infinite; ///< Of what lies above the expectation …
        double faultFrom = Infinite;
        double normalDownTo = Infinite; ///< … and below it.
        double faultDownFrom = -Infinite;
    };
    static constexpr double Room = 1.0 / 8;
    static std::uint64_t keyOf(const FindingPattern &pattern);
    FlatTable<Entry> m_table{VerdictsMax};
};

} // namespace eventops
