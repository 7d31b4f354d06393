// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace eventops {

/// Surprise of a deviation of @p z scales, in bits: −log2 of both tails of Student's t with four degrees of freedom.
/// Fixed, heavy tails: ten scales are 10.8 bits and not 76, because real measurements are no Gaussians. The closed form
/// for four degrees (Johnson, Kotz, Balakrishnan, "Continuous Univariate Distributions" 2, 28.3) needs no special
/// function and is stable in the far tail. O(1); deterministic.
double studentTailBits(double z);

/// The deviation whose studentTailBits is @p bits (0..200), to 1e-6 relative. O(1), a bisection; for set-up only.
double studentTailDeviation(double bits);

/// 1/Φ⁻¹(3/4): the median absolute deviation of a Gaussian times this is its σ.
inline constexpr double MedianToSigma = 1.482602218505602;
/// The middle of @p sorted, halfway between two; 0 when it is empty.
double medianOfSorted(const std::vector<double> &sorted);

/// @p value with the decimals that a scale of @p spread justifies (two digits of it, 0 to 6 decimals): "34.1" for 2.2.
std::string describeNumber(double value, double spread);

/// "13m 20s", "1.5s", "250ms", "3d 4h": two units at most.
std::string describeDuration(std::int64_t ns);

} // namespace eventops
