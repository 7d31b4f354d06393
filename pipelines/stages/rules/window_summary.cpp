// SPDX-License-Identifier: MIT
#include "pipelines/stages/rules/window_summary.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace eventops::rules {

void WindowSummary::add(double value)
{
    ++m_count;
    const double away = value - m_mean;
    m_mean += away / static_cast<double>(m_count);
    m_squares += away * (value - m_mean);
    if (m_levels.empty())
        m_levels.emplace_back();
    m_levels[0].push_back(value);
    for (std::size_t level = 0; level < m_levels.size() && m_levels[level].size() >= LevelSamplesMax; ++level)
        thin(level);
}

void WindowSummary::thin(std::size_t level)
{
    if (level + 1 >= LevelsMax) {
        m_levels[level].resize(LevelSamplesMax / 2);
        return;
    }
    if (level + 1 == m_levels.size())
        m_levels.emplace_back();
    std::vector<double> &full = m_levels[level];
    std::sort(full.begin(), full.end());
    const std::uint64_t turn = std::uint64_t{1} << level;
    for (std::size_t i = (m_turns & turn) != 0 ? 1 : 0; i < full.size(); i += 2)
        m_levels[level + 1].push_back(full[i]);
    m_turns ^= turn;
    full.clear();
}

double WindowSummary::stddev() const
{
    return m_count == 0 ? 0.0 : std::sqrt(std::max(0.0, m_squares / static_cast<double>(m_count)));
}

double WindowSummary::quantile(double q) const
{
    std::vector<std::pair<double, std::uint64_t>> weighted;
    std::uint64_t total = 0;
    for (std::size_t level = 0; level < m_levels.size(); ++level) {
        for (const double value : m_levels[level])
            weighted.emplace_back(value, std::uint64_t{1} << level);
        total += m_levels[level].size() << level;
    }
    if (weighted.empty())
        return 0.0;
    std::sort(weighted.begin(), weighted.end());
    const double wanted = std::min(1.0, std::max(0.0, q)) * static_cast<double>(total);
    std::uint64_t passed = 0;
    for (const auto &[value, weight] : weighted) {
        passed += weight;
        if (static_cast<double>(passed) >= wanted)
            return value;
    }
    return weighted.back().first;
}

void WindowSummary::save(StateWriter &out) const
{
    out.u64(m_count);
    out.f64(m_mean);
    out.f64(m_squares);
    out.u64(m_turns);
    out.u64(m_levels.size());
    for (const std::vector<double> &level : m_levels) {
        out.u64(level.size());
        for (const double value : level)
            out.f64(value);
    }
}

Status WindowSummary::load(StateReader &in)
{
    const Error corrupt{Error::Code::Corrupt, "the stored state of a window cannot be read", {},
                        "run again from the start"};
    m_count = in.u64();
    m_mean = in.f64();
    m_squares = in.f64();
    m_turns = in.u64();
    const std::uint64_t levels = in.u64();
    if (in.failed() || levels > LevelsMax)
        return corrupt;
    m_levels.assign(levels, {});
    for (std::vector<double> &level : m_levels) {
        const std::uint64_t size = in.u64();
        if (in.failed() || size >= LevelSamplesMax)
            return corrupt;
        level.resize(size);
        for (double &value : level) {
            value = in.f64();
            if (!std::isfinite(value))
                return corrupt;
        }
    }
    return in.failed() ? Status(corrupt) : Status(Ok{});
}

} // namespace eventops::rules
