// SPDX-License-Identifier: MIT
#include "core/viewmodel/time_axis.h"

#include "core/base/time.h"

#include <algorithm>
#include <array>

namespace eventops {
namespace {

constexpr std::int64_t Minute = 60 * NsPerSecond;
constexpr std::int64_t Hour = 60 * Minute;
constexpr std::int64_t Day = 24 * Hour;
constexpr std::array FixedSteps{
    1 * NsPerSecond, 2 * NsPerSecond, 5 * NsPerSecond, 10 * NsPerSecond, 15 * NsPerSecond, 30 * NsPerSecond,
    1 * Minute,      2 * Minute,      5 * Minute,      10 * Minute,      15 * Minute,      30 * Minute,
    1 * Hour,        2 * Hour,        3 * Hour,        6 * Hour,         12 * Hour,        1 * Day,
    2 * Day,         7 * Day};
constexpr std::array MonthSteps{1, 2, 3, 6, 12, 24, 60, 120, 240, 600};
constexpr std::array Months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

QString twoDigits(unsigned value)
{
    return QStringLiteral("%1").arg(value, 2, 10, QLatin1Char('0'));
}

QString clockText(const CivilTime &t, bool seconds)
{
    const QString minutes = twoDigits(t.hour) + QLatin1Char(':') + twoDigits(t.minute);
    return seconds ? minutes + QLatin1Char(':') + twoDigits(t.second) : minutes;
}

int fractionDigits(std::int64_t resolutionNs)
{
    int digits = 0;
    for (std::int64_t unit = NsPerSecond; unit > 1 && resolutionNs < unit; unit /= 10)
        ++digits;
    return (digits + 2) / 3 * 3;
}

QString fraction(const CivilTime &t, int digits)
{
    return digits == 0
               ? QString()
               : QLatin1Char('.') + QStringLiteral("%1").arg(t.nanosecond, 9, 10, QLatin1Char('0')).left(digits);
}

QString dayText(const CivilTime &t)
{
    return QLatin1String(Months[t.month - 1]) + QLatin1Char(' ') + QString::number(t.day);
}

QString dateText(const CivilTime &t)
{
    return QStringLiteral("%1-%2-%3").arg(t.year).arg(twoDigits(t.month), twoDigits(t.day));
}

std::int64_t fixedStep(std::int64_t minStepNs)
{
    for (std::int64_t decade = 1; decade < NsPerSecond; decade *= 10) {
        for (const std::int64_t factor : {1, 2, 5}) {
            if (decade * factor >= minStepNs)
                return decade * factor;
        }
    }
    const auto step = std::lower_bound(FixedSteps.begin(), FixedSteps.end(), minStepNs);
    return step == FixedSteps.end() ? 0 : *step;
}

TimeTick fixedTick(std::int64_t ns, std::int64_t step)
{
    const CivilTime t = civilTime(WallNs{ns});
    const bool midnight = t.hour == 0 && t.minute == 0 && t.second == 0 && t.nanosecond == 0;
    if (midnight)
        return {ns, dayText(t), step < Day || t.day == 1};
    if (step >= Minute)
        return {ns, clockText(t, false), t.minute == 0 && step < Hour};
    return {ns, clockText(t, true) + fraction(t, fractionDigits(step)),
            t.nanosecond == 0 && (step < NsPerSecond || t.second == 0)};
}

std::vector<TimeTick> monthTicks(std::int64_t fromNs, std::int64_t toNs, std::int64_t minStepNs)
{
    int months = MonthSteps.back();
    for (const int candidate : MonthSteps) {
        if (candidate * 28 * Day >= minStepNs) {
            months = candidate;
            break;
        }
    }
    std::vector<TimeTick> ticks;
    std::int64_t month = civilTime(WallNs{fromNs}).year * std::int64_t{12} + civilTime(WallNs{fromNs}).month - 1;
    month = month / months * months;
    for (; ticks.size() < TimeTicksMax; month += months) {
        const auto inYear = static_cast<unsigned>(month % 12);
        const std::int64_t ns = daysFromCivil(month / 12, inYear + 1, 1) * Day;
        if (ns >= toNs)
            break;
        if (ns >= fromNs)
            ticks.push_back({ns, inYear == 0 ? QString::number(month / 12) : QLatin1String(Months[inYear]),
                             inYear == 0 && months < 12});
    }
    return ticks;
}

} // namespace

std::vector<TimeTick> timeTicks(std::int64_t fromNs, std::int64_t toNs, std::int64_t minStepNs)
{
    if (toNs <= fromNs)
        return {};
    const std::int64_t step = fixedStep(std::max({std::int64_t{1}, minStepNs,
                                                  (toNs - fromNs) / static_cast<std::int64_t>(TimeTicksMax)}));
    if (step == 0)
        return monthTicks(fromNs, toNs, minStepNs);
    std::vector<TimeTick> ticks;
    const std::int64_t rest = fromNs % step;
    std::int64_t ns = rest > 0 ? fromNs + (step - rest) : fromNs - rest; // rest is negative before 1970
    for (; ns < toNs && ticks.size() < TimeTicksMax; ns += step)
        ticks.push_back(fixedTick(ns, step));
    return ticks;
}

QString timeText(std::int64_t ns, std::int64_t resolutionNs)
{
    const CivilTime t = civilTime(WallNs{ns});
    return dateText(t) + QLatin1Char(' ') + clockText(t, resolutionNs < Minute)
           + fraction(t, fractionDigits(resolutionNs));
}

QString timeSpanText(std::int64_t fromNs, std::int64_t toNs)
{
    const std::int64_t resolution = std::max<std::int64_t>(1, (toNs - fromNs) / 100);
    const CivilTime from = civilTime(WallNs{fromNs});
    const CivilTime to = civilTime(WallNs{toNs});
    QString end = timeText(toNs, resolution);
    if (dateText(from) == dateText(to))
        end = end.mid(end.indexOf(QLatin1Char(' ')) + 1);
    return QStringLiteral("%1 – %2 UTC").arg(timeText(fromNs, resolution), end);
}

QString durationText(std::int64_t ns)
{
    struct Unit {
        std::int64_t ns;
        const char *name;
    };
    constexpr std::array Units{Unit{Day, "d"}, Unit{Hour, "h"}, Unit{Minute, "min"}, Unit{NsPerSecond, "s"},
                               Unit{NsPerMs, "ms"}, Unit{NsPerUs, "µs"}};
    for (const Unit &unit : Units) {
        if (ns >= unit.ns)
            return QString::number(static_cast<double>(ns) / static_cast<double>(unit.ns), 'g', 3) + QLatin1Char(' ')
                   + QString::fromUtf8(unit.name);
    }
    return QString::number(ns) + QStringLiteral(" ns");
}

} // namespace eventops
