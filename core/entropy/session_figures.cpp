// SPDX-License-Identifier: MIT
#include "core/entropy/session_figures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace eventops {
namespace {

constexpr std::size_t FaultyStepsMin = 3; ///< Sessions that are shorter stay whole.

class SplitMix
{
public:
    explicit SplitMix(std::uint64_t seed) : m_state(seed) {}
    /// 0 to @p end − 1. The bias of the remainder is below end / 2⁶⁴.
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(next() % end); }

private:
    std::uint64_t next()
    {
        std::uint64_t x = m_state += 0x9e3779b97f4a7c15ULL;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
        return x ^ (x >> 31);
    }
    std::uint64_t m_state;
};

std::vector<StepSymbol> withFault(const std::vector<StepSymbol> &session, SessionFault fault, SplitMix &random)
{
    std::vector<StepSymbol> steps = session;
    const std::size_t at = random.below(steps.size());
    const auto place = steps.begin() + static_cast<std::ptrdiff_t>(at);
    switch (fault) {
    case SessionFault::DropStep:
        steps.erase(place);
        break;
    case SessionFault::RepeatStep:
        steps.insert(place, session[at]);
        break;
    case SessionFault::Truncate:
        steps.resize(1 + random.below(steps.size() - 1));
        break;
    }
    return steps;
}

} // namespace

SessionFigures sessionFiguresOf(std::size_t falseAlarms, std::size_t normal, std::size_t trueAlarms,
                                std::size_t abnormal, double normalWeight)
{
    SessionFigures out;
    const double fp = static_cast<double>(falseAlarms) * normalWeight;
    const auto tp = static_cast<double>(trueAlarms);
    const auto fn = static_cast<double>(abnormal - trueAlarms);
    out.falsePositives = falseAlarms;
    out.precision = tp + fp > 0.0 ? tp / (tp + fp) : 0.0;
    out.recall = abnormal > 0 ? tp / static_cast<double>(abnormal) : 0.0;
    out.f1 = 2.0 * tp + fp + fn > 0.0 ? 2.0 * tp / (2.0 * tp + fp + fn) : 0.0;
    out.falsePositiveRate = normal > 0 ? static_cast<double>(falseAlarms) / static_cast<double>(normal) : 0.0;
    return out;
}

SessionFigures sessionFigures(std::span<const double> normal, std::span<const double> abnormal, double normalWeight,
                              double threshold)
{
    const auto alarms = [threshold](std::span<const double> scores) {
        return static_cast<std::size_t>(
            std::count_if(scores.begin(), scores.end(), [threshold](double score) { return score >= threshold; }));
    };
    return sessionFiguresOf(alarms(normal), normal.size(), alarms(abnormal), abnormal.size(), normalWeight);
}

double thresholdAtRate(std::span<const double> normal, double rate)
{
    std::vector<double> sorted(normal.begin(), normal.end());
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    const auto allowed = static_cast<std::size_t>(rate * static_cast<double>(sorted.size()));
    if (allowed >= sorted.size())
        return -std::numeric_limits<double>::infinity();
    return std::nextafter(sorted[allowed], std::numeric_limits<double>::infinity());
}

std::vector<std::vector<StepSymbol>> faultySessions(std::span<const std::vector<StepSymbol>> sessions,
                                                    SessionFault fault, std::size_t countMax, std::uint64_t seed)
{
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        if (sessions[i].size() >= FaultyStepsMin)
            places.push_back(i);
    }
    SplitMix random(seed);
    std::vector<std::vector<StepSymbol>> out;
    for (std::size_t i = 0; i < places.size() && i < countMax; ++i) { // Fisher and Yates's shuffle, as far as asked
        std::swap(places[i], places[i + random.below(places.size() - i)]);
        out.push_back(withFault(sessions[places[i]], fault, random));
    }
    return out;
}

} // namespace eventops
