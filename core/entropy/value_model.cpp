// SPDX-License-Identifier: MIT
#include "core/entropy/value_model.h"

#include "core/base/math.h"
#include "core/entropy/surprise.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace eventops {
namespace {

constexpr double ValueAbsMax = 1e37;         ///< Larger values are not scored: their steps overflow a float.
constexpr double DeviationPerScale = 1.2533141373155001; ///< Standard over mean absolute deviation of a Gaussian.
constexpr double ColdStartSamples = 8.0;     ///< Widens the spread by (1 + this/samples): early scales are too small.
constexpr double LevelClamp = 3.0;           ///< In standard deviations.
constexpr double ScaleClamp = 4.0;           ///< In standard deviations.
constexpr double NoScale = 1e-9;             ///< Of the level: below it a series counts as never varied.
constexpr double BandForget = 1.0 / 1024.0;
constexpr double BandLearnOutside = 1.0 / 64.0;
constexpr double BandMargin = 0.25;          ///< Of the band's width.
constexpr double StepMargin = 3.0;           ///< Typical steps.
constexpr unsigned AlarmDecayOutside = 11;   ///< Shift: 1/2048 a sample.
constexpr unsigned AlarmDecayInside = 8;     ///< Shift: 1/256 a sample.
constexpr double AlarmUnits = 256.0;         ///< A bit.
constexpr double QuantumSpread = 0.25;
constexpr double AlarmBitsMore = 1.0;
constexpr std::uint32_t OutsideMax = 96;
constexpr std::uint32_t SamplesMax = (1U << 24) - 1;

double quantumOf(std::uint16_t stored)
{
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(stored) << 16));
}

/// Rounds down; the order of positive floats is that of their bits.
std::uint16_t smallerQuantum(std::uint16_t stored, double step)
{
    const auto bits = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(step)) >> 16);
    return bits != 0 && (stored == 0 || bits < stored) ? bits : stored;
}

std::uint16_t decayed(std::uint16_t alarm, unsigned shift)
{
    const unsigned rest = alarm - (alarm >> shift);
    return static_cast<std::uint16_t>(rest * 2 < static_cast<unsigned>(AlarmUnits) ? 0 : rest);
}

} // namespace

ValueModel::~ValueModel() = default;

RobustValueModel::RobustValueModel(const RobustValueOptions &options)
    : m_options(options), m_deviationMin(studentTailDeviation(options.bitsMin)),
      m_rateMin(1.0 / std::max<std::uint32_t>(options.memorySamples, 1)), m_table(options.seriesMax)
{
}

RobustValueModel::~RobustValueModel() = default;

void RobustValueModel::start(Series &s, double value)
{
    s.level = s.low = s.high = s.last = value;
    s.scale = 0.0;
    s.step = 0.0F;
    s.alarmBits = 0;
    s.quantum = 0;
    s.samples = 1;
    s.outside = 0;
}

void RobustValueModel::score(const Series &s, double value, bool wantBits, ValueScore &out) const
{
    const double samples = s.samples;
    const double deviation = std::fabs(value - s.level);
    out.learning = false;
    out.expected = s.level;
    out.spread = std::max(s.scale * DeviationPerScale * (1.0 + ColdStartSamples / samples),
                          QuantumSpread * quantumOf(s.quantum));
    const bool scaleless = out.spread <= NoScale * std::fabs(s.level);
    out.samples = s.samples;
    const double margin = std::max(BandMargin * (s.high - s.low), StepMargin * static_cast<double>(s.step));
    const bool outside = value > s.high + margin || value < s.low - margin;
    const bool far = deviation > m_deviationMin * out.spread;
    if (!wantBits && !(outside && far))
        return;
    if (scaleless)
        out.bits = deviation > NoScale * std::fabs(s.level) ? detLog2(samples + 2.0) : 0.0;
    else
        out.bits = studentTailBits(deviation / out.spread);
    out.alarm = outside && far && out.bits >= m_options.bitsMin;
}

void RobustValueModel::learnInside(Series &s, double value) const
{
    const double rate = std::max(1.0 / (s.samples + 1.0), m_rateMin);
    const double difference = value - s.level;
    double deviation = std::fabs(difference);
    double step = std::fabs(value - s.last);
    double move = difference;
    if (s.samples >= m_options.samplesMin && s.scale > NoScale * std::fabs(s.level)) {
        const double spread = s.scale * DeviationPerScale;
        move = std::clamp(difference, -LevelClamp * spread, LevelClamp * spread);
        deviation = std::min(deviation, ScaleClamp * spread);
        step = std::min(step, 2.0 * ScaleClamp * spread);
    }
    s.level += rate * move;
    s.scale += rate * (deviation - s.scale);
    s.step += static_cast<float>(rate) * (static_cast<float>(step) - s.step);
    s.low = std::min(s.low + BandForget * (s.level - s.low), value);
    s.high = std::max(s.high + BandForget * (s.level - s.high), value);
    s.alarmBits = decayed(s.alarmBits, AlarmDecayInside);
    if (s.outside > 0)
        s.outside = (s.outside - 1U) & 0xFFU;
}

void RobustValueModel::learnOutside(Series &s, double value, double spread) const
{
    if (s.outside + 1U >= OutsideMax) {
        start(s, value);
        return;
    }
    s.outside = (s.outside + 1U) & 0xFFU;
    s.alarmBits = decayed(s.alarmBits, AlarmDecayOutside);
    s.level += m_rateMin * std::clamp(value - s.level, -LevelClamp * spread, LevelClamp * spread);
    (value > s.level ? s.high : s.low) += BandLearnOutside * (value - (value > s.level ? s.high : s.low));
}

ValueScore RobustValueModel::observe(std::uint64_t series, double value, std::uint32_t age, bool wantBits)
{
    ValueScore result;
    if (!(std::fabs(value) < ValueAbsMax))
        return result;
    const auto [s, isNew] = m_table.findOrInsert(series);
    s.seen = age;
    if (isNew) {
        start(s, value);
        return result;
    }
    if (s.samples >= m_options.samplesMin)
        score(s, value, wantBits, result);
    const std::uint32_t samples = s.samples;
    if (result.alarm) {
        result.alarm = s.alarmBits == 0 || result.bits > s.alarmBits / AlarmUnits + AlarmBitsMore;
        if (result.alarm)
            s.alarmBits = static_cast<std::uint16_t>(std::min(result.bits * AlarmUnits, 65535.0));
        learnOutside(s, value, result.spread);
        if (s.samples < samples) // afresh
            return result;
    } else {
        learnInside(s, value);
    }
    s.quantum = smallerQuantum(s.quantum, std::fabs(value - s.last));
    s.last = value;
    s.samples = std::min(samples + 1, SamplesMax) & SamplesMax;
    return result;
}

void RobustValueModel::save(StateWriter &out) const
{
    const auto all = m_table.sorted();
    out.u64(all.size());
    for (const Series *s : all) {
        out.u64(s->key);
        for (const double number : {s->level, s->scale, s->low, s->high, s->last, static_cast<double>(s->step)})
            out.f64(number);
        out.u64(s->alarmBits);
        out.u64(s->quantum);
        out.u64(s->seen);
        out.u64(s->samples);
        out.u64(s->outside);
    }
}

Status RobustValueModel::load(StateReader &in)
{
    m_table.clear();
    const std::uint64_t count = in.u64();
    if (count > m_options.seriesMax)
        return Error{Error::Code::Corrupt, "value model state holds more series than series_max allows"};
    for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
        const std::uint64_t key = in.u64();
        if (key == 0)
            return Error{Error::Code::Corrupt, "value model state holds an impossible key"};
        Series &s = m_table.findOrInsert(key).first;
        s.level = in.f64();
        s.scale = in.f64();
        s.low = in.f64();
        s.high = in.f64();
        s.last = in.f64();
        s.step = static_cast<float>(in.f64());
        s.alarmBits = static_cast<std::uint16_t>(in.u64());
        s.quantum = static_cast<std::uint16_t>(in.u64());
        s.seen = static_cast<std::uint32_t>(in.u64());
        s.samples = static_cast<std::uint32_t>(in.u64()) & SamplesMax;
        s.outside = static_cast<std::uint32_t>(in.u64()) & 0xFFU;
    }
    return in.failed() ? Status(Error{Error::Code::Corrupt, "value model state is cut short"}) : Status(Ok{});
}

} // namespace eventops
