// SPDX-License-Identifier: MIT
#include "core/entropy/finding_budget.h"

#include "core/base/math.h"

#include <algorithm>
#include <string_view>

namespace eventops {
namespace {

constexpr std::int64_t NsPerDay = 86'400 * NsPerSecond;
/// A stretch shorter than this says little of a day: a capture of a minute is no reason to ask for 11 bits more.
constexpr double DaysMin = 1.0 / 24.0;

} // namespace

std::string_view toString(JudgedKind kind)
{
    constexpr std::array<std::string_view, JudgedKindCount> Names = {"values", "steps", "waits", "extra steps", "ends"};
    return Names[static_cast<std::size_t>(kind)];
}

void JudgedCounts::add(const JudgedCounts &other)
{
    for (std::size_t i = 0; i < JudgedKindCount; ++i) {
        judged[i] += other.judged[i];
        learning[i] += other.learning[i];
        heldBack[i] += other.heldBack[i];
    }
}

void JudgedCounts::save(StateWriter &out) const
{
    for (const auto *counts : {&judged, &learning, &heldBack}) {
        for (const std::uint64_t count : *counts)
            out.u64(count);
    }
}

Status JudgedCounts::load(StateReader &in)
{
    for (auto *counts : {&judged, &learning, &heldBack}) {
        for (std::uint64_t &count : *counts)
            count = in.u64();
    }
    return in.failed() ? Status(Error{Error::Code::Corrupt, "the state of the budget is cut short"}) : Status(Ok{});
}

void FindingBudget::setFalsePerDay(double number)
{
    m_falsePerDay = std::clamp(number, FalsePerDayMin, FalsePerDayMax);
}

void FindingBudget::take(const JudgedCounts &counts, WallNs newest)
{
    m_all.add(counts);
    for (std::size_t i = 0; i < JudgedKindCount; ++i)
        m_judged[i] += static_cast<double>(counts.judged[i]);
    if (newest == NoTime)
        return;
    if (m_newest != NoTime && newest > m_newest) {
        const double days = static_cast<double>(raw(newest) - raw(m_newest)) / static_cast<double>(NsPerDay);
        const double kept = detExp2(-std::min(days, 64.0));
        for (double &judged : m_judged)
            judged *= kept;
        m_days = (m_days + days) * kept;
    }
    m_newest = std::max(m_newest, newest);
}

double FindingBudget::judgedPerDay(JudgedKind kind) const
{
    return m_days > 0.0 ? m_judged[static_cast<std::size_t>(kind)] / std::max(m_days, DaysMin) : 0.0;
}

BitsByKind FindingBudget::bits(double bitsMin) const
{
    BitsByKind bits;
    bits.fill(bitsMin);
    const auto kinds = std::count_if(m_judged.begin(), m_judged.end(), [](double judged) { return judged > 0.0; });
    for (std::size_t i = 0; i < JudgedKindCount; ++i) {
        const double perDay = judgedPerDay(static_cast<JudgedKind>(i));
        if (perDay > 0.0)
            bits[i] = std::max(detLog2(perDay * static_cast<double>(kinds) / m_falsePerDay), bitsMin);
    }
    return bits;
}

void FindingBudget::save(StateWriter &out) const
{
    for (const double number : {m_falsePerDay, m_days})
        out.f64(number);
    for (const double judged : m_judged)
        out.f64(judged);
    out.i64(raw(m_newest));
    m_all.save(out);
}

Status FindingBudget::load(StateReader &in)
{
    for (double *number : {&m_falsePerDay, &m_days})
        *number = in.f64();
    for (double &judged : m_judged)
        judged = in.f64();
    m_newest = WallNs{in.i64()};
    if (in.failed() || !(m_falsePerDay >= FalsePerDayMin && m_falsePerDay <= FalsePerDayMax) 
        || !(m_days >= 0.0) || !std::all_of(m_judged.begin(), m_judged.end(), [](double j) { return j >= 0.0; }))
        return Error{Error::Code::Corrupt, "the state of the budget is damaged"};
    return m_all.load(in);
}

} // namespace eventops
