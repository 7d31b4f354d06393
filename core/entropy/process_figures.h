// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

// Next step and time of processes, by the protocol of Tax, Verenich, La Rosa, Dumas, "Predictive business process
// monitoring with LSTM neural networks", CAiSE 2017: the first two thirds of the cases are learned, each beginning of
// two steps or more of the others is answered; the end of a case is never asked for.
namespace eventops {

/// Cases that are learned before the first is asked: twice the rounded third.
constexpr std::size_t processTrainingCases(std::size_t cases)
{
    return 2 * ((cases + 1) / 3);
}
constexpr std::size_t ProcessPrefixMin = 2; ///< Shorter beginnings are not asked for.

struct ProcessAnswer {
    bool right = false;     ///< The next step is the one that was answered.
    double gapS = 0.0;      ///< Seconds to it, as it came.
    double medianS = 0.0;   ///< As it was answered.
    double q90S = 0.0;
    double q99S = 0.0;
};

/// Sums over answers.
class ProcessFigures
{
public:
    void add(const ProcessAnswer &answer);
    std::size_t answers() const { return m_answers; }
    double accuracy() const { return share(m_right); }
    double meanErrorDays() const; ///< Mean absolute error of the time.
    double coverage90() const { return share(m_below90); }
    double coverage99() const { return share(m_below99); }

private:
    double share(std::size_t of) const;
    std::size_t m_answers = 0;
    std::size_t m_right = 0;
    std::size_t m_below90 = 0;
    std::size_t m_below99 = 0;
    double m_errorS = 0.0;
};

} // namespace eventops
