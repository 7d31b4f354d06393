// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/math.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace eventops {

/// What is common to all bands of one series at one sample.
struct BandTerms {
    double samples = 0.0;  ///< Seen by the band before this one.
    float rate = 0.0F;     ///< Of learning: 1/(samples + 1), never below 1/memory.
    float widening = 1.0F; ///< Standard deviations for one of `scale`: more at first, when scales are too small.
    float quantum = 0.0F;  ///< Smallest step that the series ever took.
    float share = 1.0F;    ///< Of a sample's news that one number brings: 1/16 for a mean of 16.
    float nothing = 0.0F;  ///< A unit so small, against the series' level, that the series counts as never varied.
};

/// How far numbers of one kind ever went, and the scale that says how much further is much: level and scale by decayed
/// averages of clamped deviations (Huber's location of scale, recursively as in Gelper, Fried, Croux, "Robust
/// forecasting with exponential smoothing", 2010), the extremes by a record test that forgets.
///
/// Surprise of a number beyond the record by e (surpriseBits): 4·log2(1 + e/(4·unit)) is the tail of a generalised
/// Pareto distribution of shape 1/4, whose far end falls as Student's t with four degrees of freedom does (Pickands
/// 1975; used on streams by Siffer et al., "Anomaly detection in streams with extreme value theory", KDD 2017). The
/// unit is the largest of one standard deviation, one typical step, a sixteenth of the record's width and two quanta:
/// what is never taken for less than noise. A slow walk breaks records by a step at a time, and so says little.
/// Thread: one. Units: those of the numbers; bits. Complexity: O(1).
struct ValueBand {
    float level = 0.0F;
    float low = 0.0F;
    float high = 0.0F;
    float last = 0.0F;
    float scale = 0.0F; ///< Decayed mean of clamped absolute deviations.
    float step = 0.0F;  ///< Decayed mean of absolute steps.

    static constexpr float DeviationPerScale = 1.2533141F; ///< Standard over mean absolute deviation of a Gaussian.
    static constexpr float ColdStartSamples = 8.0F; ///< Widens by 1 + this/samples.
    static constexpr float WidthShare = 1.0F / 16.0F;
    static constexpr float QuantaMin = 2.0F;
    static constexpr float Forget = 1.0F / 16384.0F; ///< Of the record, a sample.
    static constexpr float LevelClamp = 3.0F;        ///< Standard deviations.
    static constexpr float ScaleClamp = 4.0F; ///< Standard deviations; units by which one number widens a record.
    static constexpr double UnclampedSamples = 24.0;

    void start(double x)
    {
        level = low = high = last = static_cast<float>(x);
        scale = step = 0.0F;
    }

    float unit(const BandTerms &terms) const
    {
        return std::max({scale * terms.widening, step, WidthShare * (high - low), QuantaMin * terms.quantum});
    }

    /// Beyond the record; 0 or less within.
    float excess(float x) const { return std::max(x - high, low - x); }

    /// Beyond the record in units; 0 within; infinite where numbers that never varied change.
    double excessUnits(double x, const BandTerms &terms) const
    {
        const float beyond = excess(static_cast<float>(x));
        if (!(beyond > 0.0F))
            return 0.0;
        if (const float one = unit(terms); one > terms.nothing)
            return static_cast<double>(beyond) / static_cast<double>(one);
        return beyond > terms.nothing ? std::numeric_limits<double>::infinity() : 0.0;
    }

    /// Without branches on the numbers: which of them are records nobody can predict.
    [[gnu::always_inline]] void learn(double number, const BandTerms &terms)
    {
        constexpr float Endless = std::numeric_limits<float>::infinity();
        const auto x = static_cast<float>(number);
        const float deviation = scale * DeviationPerScale;
        const bool clamps = terms.samples >= UnclampedSamples && deviation > terms.nothing;
        const float limit = clamps ? deviation : Endless;
        const float unit = std::max(std::max(deviation, step), WidthShare * (high - low));
        const float reach = clamps ? ScaleClamp * terms.share * unit : Endless;
        const float move = std::min(std::max(x - level, -LevelClamp * limit), LevelClamp * limit);
        const float far = std::min(std::fabs(x - level), ScaleClamp * limit);
        const float stepped = std::min(std::fabs(x - last), 2.0F * ScaleClamp * limit);
        const float faded = low + Forget * (level - low);
        const float fadedHigh = high + Forget * (level - high);
        low = std::min(faded, std::max(x, faded - reach));
        high = std::max(fadedHigh, std::min(x, fadedHigh + reach));
        level += terms.rate * move;
        scale += terms.rate * (far - scale);
        step += terms.rate * (stepped - step);
        last = x;
    }
};

/// A series' samples depend on each other: a record among more than these says no more than among these.
inline constexpr double RecordSamplesMax = 512.0;

/// Bits of going @p units beyond the record of so many samples: log2(samples + 1), as the next of them is a record with
/// that probability (Rényi 1962), and 4·log2(1 + units/4). A change after none says as much as Laplace's rule of
/// succession does.
inline double surpriseBits(double units, double samples)
{
    if (!(units > 0.0))
        return 0.0;
    if (!(units < std::numeric_limits<double>::infinity()))
        return detLog2(samples + 2.0);
    const double ratio = 1.0 + 0.25 * units;
    const double records = std::min(samples, RecordSamplesMax) + 1.0;
    if (!(ratio < 1e70))
        return detLog2(records) + 4.0 * detLog2(ratio);
    return detLog2(records * (ratio * ratio) * (ratio * ratio));
}

/// The units beyond the record of so many samples that are @p bits; 0 where the record alone is more.
inline double surpriseUnits(double bits, double samples)
{
    const double more = bits - detLog2(std::min(samples, RecordSamplesMax) + 1.0);
    return more > 0.0 ? 4.0 * (detExp2(0.25 * more) - 1.0) : 0.0;
}

} // namespace eventops
