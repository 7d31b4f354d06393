// SPDX-License-Identifier: MIT
#pragma once

#include "core/entropy/case_state.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

// Figures over whole sessions, each of which has one score; an alarm is a score at or above the threshold.
namespace eventops {

struct SessionFigures {
    double precision = 0.0;
    double recall = 0.0;
    double f1 = 0.0;
    double falsePositiveRate = 0.0; ///< Of the normal sessions.
    std::size_t falsePositives = 0;
};

/// @p normalWeight: how many normal sessions each one given stands for. O(sessions).
SessionFigures sessionFigures(std::span<const double> normal, std::span<const double> abnormal, double normalWeight,
                              double threshold);
/// The same from counts of alarms.
SessionFigures sessionFiguresOf(std::size_t falseAlarms, std::size_t normal, std::size_t trueAlarms,
                                std::size_t abnormal, double normalWeight);

/// The lowest threshold at which at most the share @p rate of @p normal alarms; just above the score of the first one
/// that must not. O(n log n).
double thresholdAtRate(std::span<const double> normal, double rate);

enum class SessionFault : std::uint8_t { DropStep, RepeatStep, Truncate };

/// @p countMax different sessions of three steps or more, each with one fault at a random place: a step less, a step
/// twice in a row, or cut after one step at least. The same @p seed gives the same sessions everywhere (SplitMix64:
/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). O(sessions · steps).
std::vector<std::vector<StepSymbol>> faultySessions(std::span<const std::vector<StepSymbol>> sessions,
                                                    SessionFault fault, std::size_t countMax, std::uint64_t seed);

} // namespace eventops
