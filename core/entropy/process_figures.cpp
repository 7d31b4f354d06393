// SPDX-License-Identifier: MIT
#include "core/entropy/process_figures.h"

#include <cmath>

namespace eventops {

void ProcessFigures::add(const ProcessAnswer &answer)
{
    ++m_answers;
    m_right += answer.right ? 1 : 0;
    m_below90 += answer.gapS <= answer.q90S ? 1 : 0;
    m_below99 += answer.gapS <= answer.q99S ? 1 : 0;
    m_errorS += std::fabs(answer.medianS - answer.gapS);
}

double ProcessFigures::meanErrorDays() const
{
    constexpr double DayS = 86'400.0;
    return m_answers > 0 ? m_errorS / static_cast<double>(m_answers) / DayS : 0.0;
}

double ProcessFigures::share(std::size_t of) const
{
    return m_answers > 0 ? static_cast<double>(of) / static_cast<double>(m_answers) : 0.0;
}

} // namespace eventops
