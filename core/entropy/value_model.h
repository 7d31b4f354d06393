// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/base/types.h"
#include "core/entropy/flat_table.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace eventops {

/// What a value model says of one value, all of it from before the value was learned.
struct ValueScore {
    bool learning = true;      ///< Too few samples: no bits, no alarm.
    bool alarm = false;        ///< Surprising enough, outside the record and worse than the last alarm.
    double bits = 0.0;         ///< −log2 of the tail probability of the deviation; 0 unless asked for or a candidate.
    double expected = 0.0;     ///< In the series' unit.
    double spread = 0.0;       ///< One standard deviation, in the series' unit.
    std::uint64_t samples = 0; ///< Behind the expectation.
};

/// Expectation of a measured value, series by series. What a later model (trend, season) has to be.
/// Thread: one; each partition has its own. Complexity: O(1) a value. Memory: bounded.
class ValueModel
{
public:
    virtual ~ValueModel();
    /// Scores @p value, then learns it. @p series: hash of tenant, entity and metric, not 0. @p wantBits: compute bits
    /// even where no alarm is possible.
    virtual ValueScore observe(std::uint64_t series, double value, std::uint32_t age, bool wantBits) = 0;
    virtual void save(StateWriter &out) const = 0;
    virtual Status load(StateReader &in) = 0;
};

struct RobustValueOptions {
    double bitsMin = 10.0;           ///< Below it nothing alarms.
    std::uint32_t samplesMin = 24;   ///< Learning before; 2 or more.
    std::uint32_t memorySamples = 128; ///< Weight of the past: rates never fall below 1/memorySamples.
    std::size_t seriesMax = 3'125;
};

/// Level and scale by decayed averages of clamped deviations (Huber's location of scale, "Robust Statistics" 1981,
/// recursively as in Gelper, Fried, Croux, "Robust forecasting with exponential smoothing", 2010); a deviation is
/// judged by studentTailBits of it in scales.
///
/// Record test: a value alarms only outside the band of the values seen so far, by a quarter of the band's width and
/// three typical steps. A slow random walk breaks records by one step at a time and so never alarms. The band forgets
/// with 1/1024 a sample. An alarmed series alarms again only when it beats its last alarm by a bit; that mark decays by
/// 1/2048 a sample outside, by 1/256 a sample inside the band. Values outside move the level by clamped steps only and
/// the band by a sixty-fourth, so that a second mode is learned in the end; 96 net samples outside are the new normal
/// and learning starts afresh. A series that never varied has no scale: its surprise at a change is log2(samples + 2)
/// at most (Laplace's rule of succession). Counters and rounded values move in quanta: the spread is never taken for
/// less than a quarter of the smallest step seen.
class RobustValueModel final : public ValueModel
{
public:
    explicit RobustValueModel(const RobustValueOptions &options);
    ~RobustValueModel() override;
    ValueScore observe(std::uint64_t series, double value, std::uint32_t age, bool wantBits) override;
    void save(StateWriter &out) const override;
    Status load(StateReader &in) override;
    std::size_t size() const { return m_table.size(); }

private:
    struct Series {
        std::uint64_t key = 0;
        double level = 0.0;
        double scale = 0.0;     ///< Decayed mean of clamped absolute deviations.
        double low = 0.0;       ///< Band of the record test.
        double high = 0.0;
        double last = 0.0;
        float step = 0.0F;      ///< Decayed mean of absolute steps.
        std::uint16_t alarmBits = 0; ///< What the next alarm has to beat, in 1/256 bits.
        std::uint16_t quantum = 0; ///< Smallest step other than none: the upper half of a float; 0: none yet.
        std::uint32_t seen = 0;
        std::uint32_t samples : 24 = 0;
        std::uint32_t outside : 8 = 0; ///< Net samples outside the band.
    };
    static_assert(sizeof(Series) == 64, "one cache line a series");

    void score(const Series &s, double value, bool wantBits, ValueScore &out) const;
    void learnInside(Series &s, double value) const;
    void learnOutside(Series &s, double value, double spread) const;
    static void start(Series &s, double value);

    RobustValueOptions m_options;
    double m_deviationMin; ///< In scales: below it bits stay under bitsMin.
    double m_rateMin;
    FlatTable<Series> m_table;
};

} // namespace eventops
