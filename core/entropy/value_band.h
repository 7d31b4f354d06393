// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/math.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace eventops {

/// What is common to all bands of one series at one sample.
struct BandTerms {
    double samples = 0.0;  ///< Seen by the band before this one.
    double rate = 0.0;     ///< Of learning: 1/samples, never below 1/memory.
    double quantum = 0.0;  ///< Smallest step that the series ever took.
};

/// How far numbers of one kind ever went, and the scale that says how much further is much: level and scale by decayed
/// averages of clamped deviations (Huber's location of scale, recursively as in Gelper, Fried, Croux, "Robust
/// forecasting with exponential smoothing", 2010), the extremes by a record test that forgets.
///
/// Surprise of a number beyond the record by e: recordBits + 4·log2(1 + e/(4·unit)), the tail of a generalised Pareto
/// distribution of shape 1/4, whose far end falls as Student's t with four degrees of freedom does (Pickands 1975;
/// used on streams by Siffer et al., "Anomaly detection in streams with extreme value theory", KDD 2017). The unit is
/// the largest of one standard deviation, one typical step, a sixteenth of the record's width and two quanta: what is
/// never taken for less than noise. A slow walk breaks records by a step at a time, and so says little.
/// Thread: one. Units: those of the numbers; bits. Complexity: O(1).
template <typename Real>
struct ValueBand {
    Real level = 0;
    Real low = 0;
    Real high = 0;
    Real last = 0;
    float scale = 0.0F; ///< Decayed mean of clamped absolute deviations.
    float step = 0.0F;  ///< Decayed mean of absolute steps.

    static constexpr double DeviationPerScale = 1.2533141373155001; ///< Standard over mean absolute one of a Gaussian.
    static constexpr double ColdStartSamples = 8.0; ///< Widens by 1 + this/samples: early scales are too small.
    static constexpr double WidthShare = 1.0 / 16.0;
    static constexpr double QuantaMin = 2.0;
    static constexpr double Forget = 1.0 / 16384.0; ///< Of the record, a sample.
    static constexpr double LevelClamp = 3.0;       ///< Standard deviations.
    static constexpr double ScaleClamp = 4.0;       ///< Standard deviations; units by which one number widens a record.
    static constexpr double UnclampedSamples = 24.0;
    static constexpr double NoScale = 1e-9;         ///< Of the level: below it numbers count as never varied.

    void start(double x)
    {
        level = low = high = last = static_cast<Real>(x);
        scale = step = 0.0F;
    }

    double unit(const BandTerms &terms) const
    {
        const double deviation = static_cast<double>(scale) * DeviationPerScale
                               * (1.0 + ColdStartSamples / std::max(terms.samples, 1.0));
        return std::max({deviation, static_cast<double>(step), WidthShare * width(), QuantaMin * terms.quantum});
    }

    double width() const { return static_cast<double>(high) - static_cast<double>(low); }
    double nothing() const { return NoScale * std::fabs(static_cast<double>(level)); }

    /// Beyond the record; 0 within.
    double excess(double x) const
    {
        return std::max({0.0, x - static_cast<double>(high), static_cast<double>(low) - x});
    }

    void learn(double x, const BandTerms &terms)
    {
        const double difference = x - static_cast<double>(level);
        const double deviation = static_cast<double>(scale) * DeviationPerScale;
        double move = difference;
        double far = std::fabs(difference);
        double stepped = std::fabs(x - static_cast<double>(last));
        double reach = std::max({deviation, static_cast<double>(step), WidthShare * width()});
        const bool clamps = terms.samples >= UnclampedSamples && deviation > 0.0 && reach > nothing();
        if (clamps) {
            move = std::clamp(difference, -LevelClamp * deviation, LevelClamp * deviation);
            far = std::min(far, ScaleClamp * deviation);
            stepped = std::min(stepped, 2.0 * ScaleClamp * deviation);
        }
        reach = clamps ? reach * ScaleClamp : excess(x);
        const double lowNow = static_cast<double>(low) + Forget * (static_cast<double>(level) - static_cast<double>(low));
        const double highNow
            = static_cast<double>(high) + Forget * (static_cast<double>(level) - static_cast<double>(high));
        low = static_cast<Real>(x < lowNow ? std::max(x, lowNow - reach) : lowNow);
        high = static_cast<Real>(x > highNow ? std::min(x, highNow + reach) : highNow);
        level = static_cast<Real>(static_cast<double>(level) + terms.rate * move);
        scale += static_cast<float>(terms.rate * (far - static_cast<double>(scale)));
        step += static_cast<float>(terms.rate * (stepped - static_cast<double>(step)));
        last = static_cast<Real>(x);
    }
};

/// −log2 of the probability that the next of so many is a record (Rényi 1962). Samples of a series depend on each
/// other: never more than those of 512.
inline double recordBits(double samples)
{
    return detLog2(std::min(samples, 512.0) + 1.0);
}

/// Bits of going beyond the record by @p units.
inline double excessBits(double units)
{
    return 4.0 * detLog2(1.0 + 0.25 * units);
}

/// The units beyond the record that are @p bits; 0 for 0 or less.
inline double excessUnits(double bits)
{
    return bits > 0.0 ? 4.0 * (detExp2(0.25 * bits) - 1.0) : 0.0;
}

/// Bits of @p x against @p band; 0 within the record. Numbers that never varied have no unit: a change says no more
/// than Laplace's rule of succession does.
template <typename Real>
double bandBits(const ValueBand<Real> &band, double x, const BandTerms &terms)
{
    const double excess = band.excess(x);
    if (!(excess > 0.0))
        return 0.0;
    const double unit = band.unit(terms);
    if (!(unit > band.nothing()))
        return excess > band.nothing() ? detLog2(terms.samples + 2.0) : 0.0;
    return recordBits(terms.samples) + excessBits(excess / unit);
}

} // namespace eventops
