// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace eventops::rules {

/// Count, mean, spread and quantiles of a stream of values, a function of the values in their order.
///
/// Mean and spread by Welford's recurrence ("Note on a method for calculating corrected sums of squares and products",
/// 1962). Quantiles are exact up to LevelSamplesMax − 1 values; beyond, a full level is sorted and every second value
/// goes on with twice its weight, the odd and the even ones by turns (Munro, Paterson, "Selection and sorting with
/// limited storage", 1980; Karnin, Lang, Liberty, "Optimal quantile approximation in streams", 2016, without its coin):
/// the rank is off by at most log2(count / 256) / 256 of the count, and in practice by a tenth of that.
/// Complexity: O(log) a value on average. Memory: 2 KiB a level, one level more each time the count doubles.
class WindowSummary
{
public:
    static constexpr std::size_t LevelSamplesMax = 256;
    static constexpr std::size_t LevelsMax = 48; ///< More values than a machine can count in its life.

    /// @p value must be finite and below 1e150, so that its square is finite.
    void add(double value);
    std::uint64_t count() const { return m_count; }
    double mean() const { return m_mean; }
    double stddev() const; ///< σ of all values, no sample's estimate; 0 when empty.
    /// The smallest value that at least the part @p q (0 to 1) of the values do not exceed; 0 when empty.
    double quantile(double q) const;
    void save(StateWriter &out) const;
    /// Corrupt: these are no summary's bytes.
    Status load(StateReader &in);

private:
    void thin(std::size_t level);

    std::uint64_t m_count = 0;
    double m_mean = 0.0;
    double m_squares = 0.0;    ///< Sum of squared deviations from the mean.
    std::uint64_t m_turns = 0; ///< A bit a level: whether the odd values go on next.
    std::vector<std::vector<double>> m_levels; ///< The n-th holds values of weight 2ⁿ.
};

} // namespace eventops::rules
