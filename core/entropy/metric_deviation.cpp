// SPDX-License-Identifier: MIT
#include "core/entropy/metric_deviation.h"

#include "core/base/math.h"
#include "core/entropy/surprise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace eventops {
namespace {

constexpr double WidthToSigma = 1.0 / 3.289707253902945; ///< Middle 90 % of a Gaussian to its σ: 1/(2 Φ⁻¹(.95)).
constexpr double SpreadOfLevelMin = 1e-3; ///< No measurement is better than a thousandth of itself.

std::string lower(std::string_view text)
{
    std::string out(text);
    for (char &c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

bool isAverage(std::string_view statistic)
{
    const std::string name = lower(statistic);
    return name == "average" || name == "avg" || name == "mean";
}

/// Which way is bad: 1 up, −1 down, 0 both.
int badDirection(MetricMeaning meaning)
{
    switch (meaning) {
    case MetricMeaning::Waiting:
    case MetricMeaning::Failing:
        return 1;
    case MetricMeaning::Working:
        return -1;
    case MetricMeaning::Volume:
    case MetricMeaning::Other:
        break;
    }
    return 0;
}

/// Value at the fraction @p part of sorted samples, at least one.
double atPart(const std::vector<double> &sorted, double part)
{
    return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

/// What is normal for one series.
class SeriesNorm
{
public:
    /// Nothing: too few samples.
    static std::optional<SeriesNorm> of(const std::vector<double> &values, int direction)
    {
        std::vector<double> samples;
        std::ranges::copy_if(values, std::back_inserter(samples), [](double v) { return !std::isnan(v); });
        if (samples.size() < NormalSamplesMin)
            return std::nullopt;
        std::ranges::sort(samples);
        SeriesNorm norm;
        norm.m_direction = direction;
        norm.m_samples = samples.size();
        norm.m_level = medianOfSorted(samples);
        std::vector<double> away;
        for (const double sample : samples)
            away.push_back(std::fabs(sample - norm.m_level));
        std::ranges::sort(away);
        const double width = atPart(samples, 0.95) - atPart(samples, 0.05);
        norm.m_spread = std::max({medianOfSorted(away) * MedianToSigma, width * WidthToSigma,
                                  std::fabs(norm.m_level) * SpreadOfLevelMin});
        double sum = 0.0;
        for (const double sample : samples)
            sum += norm.rawBits(sample);
        norm.m_usualBits = sum / static_cast<double>(samples.size());
        return norm;
    }

    double bits(double value) const { return std::max(0.0, rawBits(value) - m_usualBits); }
    /// How far @p value lies in the bad direction, in the series' unit; 0 or more.
    double excess(double value) const
    {
        const double away = value - m_level;
        return m_direction == 0 ? std::fabs(away) : std::max(0.0, away * m_direction);
    }

private:
    double rawBits(double value) const
    {
        const double away = excess(value);
        if (!(away > 0.0))
            return 0.0;
        return m_spread > 0.0 ? studentTailBits(away / m_spread) : detLog2(static_cast<double>(m_samples) + 2.0);
    }

    int m_direction = 0;
    std::size_t m_samples = 0;
    double m_level = 0.0;
    double m_spread = 0.0;
    double m_usualBits = 0.0; ///< Mean of the normal windows.
};

/// A metric of a node in the issue period, window by window.
struct Windows {
    std::vector<double> bits;   ///< Summed over statistics.
    std::size_t statistics = 0;
    std::vector<double> excess; ///< Of the average; empty: unknown.
    bool ofAverage = false;
};

using SeriesKey = std::tuple<std::string_view, std::string_view, std::string_view>;

SeriesKey keyOf(const MetricColumn &column)
{
    return {column.node, column.metric, column.statistic};
}

void addStatistic(Windows &out, const SeriesNorm &norm, const MetricColumn &column, std::size_t rows)
{
    out.bits.resize(rows, 0.0);
    std::vector<double> excess(rows, 0.0);
    for (std::size_t row = 0; row < std::min(rows, column.values.size()); ++row) {
        if (std::isnan(column.values[row]))
            continue;
        out.bits[row] += norm.bits(column.values[row]);
        excess[row] = norm.excess(column.values[row]);
    }
    ++out.statistics;
    if (out.excess.empty() || (!out.ofAverage && isAverage(column.statistic))) {
        out.excess = std::move(excess);
        out.ofAverage = isAverage(column.statistic);
    }
}

/// Weighted sum of excess × calls; unknown when the metric's excess does not add up along calls.
double impactOf(const Windows &windows, const MetricColumn *volume, const std::vector<double> &weights,
                MetricMeaning meaning)
{
    if (volume == nullptr || (meaning != MetricMeaning::Waiting && meaning != MetricMeaning::Working))
        return ImpactUnknown;
    double sum = 0.0;
    for (std::size_t row = 0; row < std::min(weights.size(), volume->values.size()); ++row) {
        const double calls = volume->values[row];
        sum += std::isnan(calls) ? 0.0 : weights[row] * windows.excess[row] * std::max(0.0, calls);
    }
    return sum;
}

using WindowsByNode = std::map<std::string_view, Windows>;

/// By metric and node: what deviates and how, of every series that @p normal knows well enough.
std::map<std::string_view, WindowsByNode> windowsOf(const MetricTable &normal, const MetricTable &issue)
{
    std::map<SeriesKey, const MetricColumn *> before;
    for (const MetricColumn &column : normal.columns)
        before.emplace(keyOf(column), &column);
    std::map<std::string_view, WindowsByNode> out;
    std::set<SeriesKey> seen;
    for (const MetricColumn &column : issue.columns) {
        const MetricMeaning meaning = metricMeaning(column.metric);
        const auto known = before.find(keyOf(column));
        if (meaning == MetricMeaning::Volume || known == before.end() || !seen.insert(keyOf(column)).second)
            continue;
        if (const auto norm = SeriesNorm::of(known->second->values, badDirection(meaning)))
            addStatistic(out[column.metric][column.node], *norm, column, issue.rows);
    }
    return out;
}

/// How much each window counts: as the target deviates in it, over all its metrics.
std::vector<double> windowWeights(const std::map<std::string_view, WindowsByNode> &windows, std::string_view target,
                                  std::size_t rows)
{
    std::vector<double> bits(rows, 0.0);
    double sum = 0.0;
    for (const auto &[metric, byNode] : windows) {
        const auto own = byNode.find(target);
        for (std::size_t row = 0; own != byNode.end() && row < rows; ++row) {
            const double part = own->second.bits[row] / static_cast<double>(own->second.statistics);
            bits[row] += part;
            sum += part;
        }
    }
    for (double &weight : bits)
        weight = sum > 0.0 ? weight / sum : 1.0 / static_cast<double>(rows);
    return bits;
}

} // namespace

MetricMeaning metricMeaning(std::string_view metric)
{
    constexpr std::array<std::pair<std::string_view, MetricMeaning>, 14> Words{{
        {"timeout", MetricMeaning::Failing},
        {"latency", MetricMeaning::Waiting},
        {"duration", MetricMeaning::Waiting},
        {"response_time", MetricMeaning::Waiting},
        {"availab", MetricMeaning::Working},
        {"success", MetricMeaning::Working},
        {"error", MetricMeaning::Failing},
        {"fault", MetricMeaning::Failing},
        {"fail", MetricMeaning::Failing},
        {"request", MetricMeaning::Volume},
        {"calls", MetricMeaning::Volume},
        {"count", MetricMeaning::Volume},
        {"throughput", MetricMeaning::Volume},
        {"invocation", MetricMeaning::Volume},
    }};
    const std::string name = lower(metric);
    for (const auto &[word, meaning] : Words) {
        if (name.find(word) != std::string::npos)
            return meaning;
    }
    return MetricMeaning::Other;
}

Result<MetricDeviations> metricDeviations(const MetricTable &normal, const MetricTable &issue,
                                          std::span<const std::string> nodes, std::uint32_t target)
{
    if (target >= nodes.size())
        return Error{Error::Code::InvalidArgument, "the target's place is outside the list of nodes", {}, {}};
    const std::map<std::string_view, WindowsByNode> windows = windowsOf(normal, issue);
    if (windows.size() > CauseMetricsMax)
        return Error{Error::Code::LimitExceeded,
                     std::to_string(windows.size()) + " kinds of metrics are more than " +
                         std::to_string(CauseMetricsMax),
                     {},
                     "leave out those that say nothing of the problem"};
    std::map<std::string_view, const MetricColumn *> volumes;
    for (const MetricColumn &column : issue.columns) {
        if (metricMeaning(column.metric) == MetricMeaning::Volume)
            volumes.emplace(column.node, &column);
    }
    const std::vector<double> weights = windowWeights(windows, nodes[target], issue.rows);
    MetricDeviations out;
    for (const auto &[metric, byNode] : windows) {
        for (std::uint32_t node = 0; node < nodes.size(); ++node) {
            const auto found = byNode.find(nodes[node]);
            if (found == byNode.end())
                continue;
            NodeDeviation deviation{node, static_cast<std::uint32_t>(out.metrics.size()), 0.0, ImpactUnknown};
            for (std::size_t row = 0; row < issue.rows; ++row)
                deviation.bits += weights[row] * found->second.bits[row];
            deviation.bits /= static_cast<double>(found->second.statistics);
            const auto volume = volumes.find(nodes[node]);
            deviation.impact = impactOf(found->second, volume == volumes.end() ? nullptr : volume->second, weights,
                                        metricMeaning(metric));
            out.deviations.push_back(deviation);
        }
        out.metrics.emplace_back(metric);
    }
    return out;
}

} // namespace eventops
