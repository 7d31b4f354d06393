// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/state_io.h"
#include "core/base/types.h"
#include "core/entropy/value_band.h"

#include <array>
#include <cstdint>
#include <optional>

namespace eventops {

/// A span of values.
struct ValueRange {
    double from = 0.0;
    double to = 0.0;
    bool empty() const { return !(from <= to); }
    void clip(double low, double high)
    {
        from = from > low ? from : low;
        to = to < high ? to : high;
    }
};

/// What a series shows at an hour of the day and at an hour of the week (of UTC: which hour a profile calls midnight
/// does not matter), whatever its sampling period is: a visit to an hour counts once, with its mean, and is learned
/// when the hour is over. The profile that has erred least lately expects, if it errs less than three quarters of what
/// the series' level does. Time may go backwards: that is another visit.
/// Thread: one. Complexity: O(1).
class SeasonProfile
{
public:
    /// What this hour usually shows; none when no profile knows better than the level does.
    std::optional<double> expected(WallNs ts) const;
    void learn(WallNs ts, double value, double level);
    void save(StateWriter &out) const;
    void load(StateReader &in);

private:
    static constexpr int DayHours = 24;
    static constexpr int WeekHours = 168;
    std::optional<double> dayAt(std::int64_t hour, double fraction) const;
    std::optional<double> weekAt(std::int64_t hour, double fraction) const;
    void endVisit();

    std::array<float, DayHours> m_day{};
    std::array<float, WeekHours> m_week{};
    std::array<std::uint8_t, DayHours> m_dayVisits{};
    std::array<std::uint8_t, WeekHours> m_weekVisits{};
    std::int64_t m_hour = 0;
    std::uint32_t m_hourSamples = 0;
    std::uint32_t m_samples = 0;
    double m_hourMean = 0.0;
    float m_levelError = 0.0F; ///< Decayed mean absolute errors.
    float m_dayError = 0.0F;
    float m_weekError = 0.0F;
};

/// What was seen before is no news: up to 32 boxes in the plane of (value, mean of the last 64), grown as fuzzy ART
/// does it (Carpenter, Grossberg, Rosen 1991): what lies within one unit of the nearest box widens it, anything else
/// starts a box of its own, in place of the one not met for longest.
/// Thread: one. Complexity: O(boxes), usually O(1): the box met last is tried first.
class ShapePrototypes
{
public:
    static constexpr std::size_t BoxesMax = 32;

    /// Distance to the nearest box, the larger of both axes; 0 within one. None without boxes.
    std::optional<double> distance(double value, double mean) const;
    void learn(double value, double mean, double unit);
    /// The part of @p range nearest to @p value that lies within @p reach of a box.
    ValueRange nearest(double value, double mean, double reach, const ValueRange &range) const;
    void save(StateWriter &out) const;
    void load(StateReader &in);

private:
    struct Box {
        float low = 0.0F;
        float high = 0.0F;
        float meanLow = 0.0F;
        float meanHigh = 0.0F;
        std::uint32_t met = 0;
        double distance(double value, double mean) const;
    };
    std::array<Box, BoxesMax> m_boxes{};
    std::uint32_t m_count = 0;
    std::uint32_t m_recent = 0;
    std::uint32_t m_now = 0;
};

/// What only a series with some history has. All numbers are kept less `origin`: floats then hold large counters too.
struct SeriesDetail {
    static constexpr double SlowSamples = 64.0;

    double origin = 0.0;
    double slow = 0.0;              ///< Mean of the last 64 samples, exponentially.
    ValueBand mean;          ///< Of the mean of the last 16.
    ValueBand residual;      ///< Of what the season leaves.
    std::uint32_t samples = 0;
    std::uint32_t residualSamples = 0;
    SeasonProfile season;
    ShapePrototypes shapes;

    void save(StateWriter &out) const;
    void load(StateReader &in);
};

} // namespace eventops
