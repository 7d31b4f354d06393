// SPDX-License-Identifier: MIT
#include "core/entropy/value_detail.h"

#include <algorithm>
#include <cmath>

namespace eventops {
namespace {

constexpr std::int64_t NsPerHour = 3600 * NsPerSecond;
constexpr std::uint32_t SeasonSamplesMin = 64;
/// A profile expects only where it errs by less than this of the level's error.
constexpr float SeasonGain = 0.75F;
constexpr double ErrorRateMin = 1.0 / 512.0;
constexpr std::uint8_t VisitsMax = 4;    ///< An hour remembers its last four visits.
constexpr std::uint32_t CountMax = 1U << 30;

std::int64_t floorDivide(std::int64_t a, std::int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

std::int64_t hourOf(WallNs ts)
{
    return floorDivide(raw(ts), NsPerHour);
}

/// −0.5 at the begin of the hour, 0.5 at its end.
double fractionOf(WallNs ts)
{
    const std::int64_t rest = raw(ts) % NsPerHour;
    return static_cast<double>(rest < 0 ? rest + NsPerHour : rest) / static_cast<double>(NsPerHour) - 0.5;
}

std::size_t slotOf(std::int64_t hour, std::int64_t hours)
{
    return static_cast<std::size_t>(hour - floorDivide(hour, hours) * hours);
}

/// The mean of an hour counts at its middle; between two middles it is a straight line.
template <std::size_t Hours>
std::optional<double> profileAt(const std::array<float, Hours> &means, const std::array<std::uint8_t, Hours> &visits,
                                std::int64_t hour, double fraction)
{
    const std::size_t slot = slotOf(hour, Hours);
    if (visits[slot] == 0)
        return std::nullopt;
    const std::size_t beside = (slot + (fraction < 0.0 ? Hours - 1 : 1)) % Hours;
    const double mean = static_cast<double>(means[slot]);
    if (visits[beside] == 0)
        return mean;
    return mean + (static_cast<double>(means[beside]) - mean) * std::fabs(fraction);
}

void mergeVisit(float &mean, std::uint8_t &visits, double visit)
{
    visits = static_cast<std::uint8_t>(std::min<unsigned>(visits + 1U, VisitsMax));
    mean += static_cast<float>((visit - static_cast<double>(mean)) / static_cast<double>(visits));
}

void saveBand(StateWriter &out, const ValueBand &band)
{
    for (const float number : {band.level, band.low, band.high, band.last, band.scale, band.step})
        out.f64(static_cast<double>(number));
}

void loadBand(StateReader &in, ValueBand &band)
{
    for (float *number : {&band.level, &band.low, &band.high, &band.last, &band.scale, &band.step})
        *number = static_cast<float>(in.f64());
}

void learnError(float &mean, double error, double rate)
{
    mean += static_cast<float>(rate * (std::fabs(error) - static_cast<double>(mean)));
}

} // namespace

std::optional<double> SeasonProfile::dayAt(std::int64_t hour, double fraction) const
{
    return profileAt(m_day, m_dayVisits, hour, fraction);
}

std::optional<double> SeasonProfile::weekAt(std::int64_t hour, double fraction) const
{
    return profileAt(m_week, m_weekVisits, hour, fraction);
}

std::optional<double> SeasonProfile::expected(WallNs ts) const
{
    if (ts == NoTime || m_samples < SeasonSamplesMin
        || !(std::min(m_dayError, m_weekError) < SeasonGain * m_levelError))
        return std::nullopt;
    const std::int64_t hour = hourOf(ts);
    const double fraction = fractionOf(ts);
    if (!(m_dayError < m_weekError)) {
        if (const auto week = weekAt(hour, fraction))
            return week;
    }
    return dayAt(hour, fraction);
}

void SeasonProfile::endVisit()
{
    if (m_hourSamples == 0)
        return;
    const std::size_t day = slotOf(m_hour, DayHours);
    const std::size_t week = slotOf(m_hour, WeekHours);
    mergeVisit(m_day[day], m_dayVisits[day], m_hourMean);
    mergeVisit(m_week[week], m_weekVisits[week], m_hourMean);
    m_hourSamples = 0;
    m_hourMean = 0.0;
}

void SeasonProfile::learn(WallNs ts, double value, double level)
{
    if (ts == NoTime)
        return;
    const std::int64_t hour = hourOf(ts);
    if (hour != m_hour) {
        endVisit();
        m_hour = hour;
    }
    const double fraction = fractionOf(ts);
    const double day = dayAt(hour, fraction).value_or(level);
    const double week = weekAt(hour, fraction).value_or(day);
    const double rate = std::max(1.0 / (m_samples + 1.0), ErrorRateMin);
    learnError(m_levelError, value - level, rate);
    learnError(m_dayError, value - day, rate);
    learnError(m_weekError, value - week, rate);
    m_samples = std::min(m_samples + 1, CountMax);
    m_hourSamples = std::min(m_hourSamples + 1, CountMax);
    m_hourMean += (value - m_hourMean) / m_hourSamples;
}

void SeasonProfile::save(StateWriter &out) const
{
    const auto means = [&](const auto &values, const auto &visits) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            out.u64(visits[i]);
            if (visits[i] != 0)
                out.f64(static_cast<double>(values[i]));
        }
    };
    means(m_day, m_dayVisits);
    means(m_week, m_weekVisits);
    out.i64(m_hour);
    out.u64(m_hourSamples);
    out.u64(m_samples);
    for (const double number : {m_hourMean, static_cast<double>(m_levelError), static_cast<double>(m_dayError),
                                static_cast<double>(m_weekError)})
        out.f64(number);
}

void SeasonProfile::load(StateReader &in)
{
    const auto means = [&](auto &values, auto &visits) {
        for (std::size_t i = 0; i < values.size() && !in.failed(); ++i) {
            visits[i] = static_cast<std::uint8_t>(std::min<std::uint64_t>(in.u64(), VisitsMax));
            if (visits[i] != 0)
                values[i] = static_cast<float>(in.f64());
        }
    };
    means(m_day, m_dayVisits);
    means(m_week, m_weekVisits);
    m_hour = in.i64();
    m_hourSamples = static_cast<std::uint32_t>(in.u64());
    m_samples = static_cast<std::uint32_t>(in.u64());
    m_hourMean = in.f64();
    for (float *error : {&m_levelError, &m_dayError, &m_weekError})
        *error = static_cast<float>(in.f64());
}

double ShapePrototypes::Box::distance(double value, double mean) const
{
    return std::max({0.0, value - static_cast<double>(high), static_cast<double>(low) - value,
                     mean - static_cast<double>(meanHigh), static_cast<double>(meanLow) - mean});
}

std::optional<double> ShapePrototypes::distance(double value, double mean) const
{
    if (m_count == 0)
        return std::nullopt;
    double nearest = m_boxes[m_recent].distance(value, mean);
    for (std::size_t i = 0; i < m_count && nearest > 0.0; ++i)
        nearest = std::min(nearest, m_boxes[i].distance(value, mean));
    return nearest;
}

void ShapePrototypes::learn(double value, double mean, double unit)
{
    m_now = std::min(m_now + 1, CountMax);
    std::uint32_t best = m_recent;
    double nearest = m_count == 0 ? unit * 2.0 : m_boxes[best].distance(value, mean);
    for (std::uint32_t i = 0; i < m_count && nearest > 0.0; ++i) {
        const double distance = m_boxes[i].distance(value, mean);
        if (distance < nearest) {
            nearest = distance;
            best = i;
        }
    }
    const auto x = static_cast<float>(value);
    const auto y = static_cast<float>(mean);
    if (m_count > 0 && nearest <= unit) {
        Box &box = m_boxes[best];
        box = {std::min(box.low, x), std::max(box.high, x), std::min(box.meanLow, y), std::max(box.meanHigh, y), m_now};
    } else {
        best = m_count;
        if (m_count == BoxesMax) {
            const auto oldest = std::min_element(m_boxes.begin(), m_boxes.end(),
                                                 [](const Box &a, const Box &b) { return a.met < b.met; });
            best = static_cast<std::uint32_t>(oldest - m_boxes.begin());
        } else {
            ++m_count;
        }
        m_boxes[best] = {x, x, y, y, m_now};
    }
    m_recent = best;
}

ValueRange ShapePrototypes::nearest(double value, double mean, double reach, const ValueRange &range) const
{
    ValueRange found{1.0, 0.0};
    double foundDistance = 0.0;
    for (std::size_t i = 0; i < m_count; ++i) {
        const Box &box = m_boxes[i];
        if (std::max(mean - static_cast<double>(box.meanHigh), static_cast<double>(box.meanLow) - mean) > reach)
            continue;
        ValueRange part = range;
        part.clip(static_cast<double>(box.low) - reach, static_cast<double>(box.high) + reach);
        const double distance = std::max({0.0, part.from - value, value - part.to});
        if (part.empty() || (!found.empty() && distance >= foundDistance))
            continue;
        found = part;
        foundDistance = distance;
    }
    return found;
}

void ShapePrototypes::save(StateWriter &out) const
{
    out.u64(m_count);
    for (std::size_t i = 0; i < m_count; ++i) {
        const Box &box = m_boxes[i];
        for (const float number : {box.low, box.high, box.meanLow, box.meanHigh})
            out.f64(static_cast<double>(number));
        out.u64(box.met);
    }
    out.u64(m_recent);
    out.u64(m_now);
}

void ShapePrototypes::load(StateReader &in)
{
    m_count = static_cast<std::uint32_t>(std::min<std::uint64_t>(in.u64(), BoxesMax));
    for (std::size_t i = 0; i < m_count && !in.failed(); ++i) {
        Box &box = m_boxes[i];
        for (float *number : {&box.low, &box.high, &box.meanLow, &box.meanHigh})
            *number = static_cast<float>(in.f64());
        box.met = static_cast<std::uint32_t>(in.u64());
    }
    m_recent = static_cast<std::uint32_t>(std::min<std::uint64_t>(in.u64(), m_count > 0 ? m_count - 1 : 0));
    m_now = static_cast<std::uint32_t>(in.u64());
}

void SeriesDetail::save(StateWriter &out) const
{
    out.f64(origin);
    out.f64(slow);
    saveBand(out, mean);
    saveBand(out, residual);
    out.u64(samples);
    out.u64(residualSamples);
    season.save(out);
    shapes.save(out);
}

void SeriesDetail::load(StateReader &in)
{
    origin = in.f64();
    slow = in.f64();
    loadBand(in, mean);
    loadBand(in, residual);
    samples = static_cast<std::uint32_t>(in.u64());
    residualSamples = static_cast<std::uint32_t>(in.u64());
    season.load(in);
    shapes.load(in);
}

} // namespace eventops
