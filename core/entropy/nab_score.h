// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace eventops {

/// A series with the windows in which its anomalies lie.
struct NabSeries {
    std::vector<double> scores;                             ///< One a row, 0 to 1.
    std::vector<std::pair<std::size_t, std::size_t>> windows; ///< First and last row, ascending, apart.
};

/// What counts how much.
struct NabProfile {
    double truePositive = 1.0;
    double falsePositive = 0.11;
    double falseNegative = 1.0;
};

struct NabScore {
    double score = 0.0;       ///< 0: a detector that never speaks; 100: all windows at once and nothing else.
    double threshold = 1.1;   ///< That gives it; above 1: none is better than silence.
    std::size_t windowsHit = 0;
    std::size_t windows = 0;
    std::size_t falseRows = 0;
};

/// The score of the Numenta Anomaly Benchmark 1.1 (Lavin, Ahmad, "Evaluating real-time anomaly detection algorithms",
/// ICMLA 2015) at the one threshold for all series that scores best, as its leaderboard does. The first 15 % of a
/// series, 750 rows at most, do not count; of a window its first detection counts, by a sigmoid of its place; a row
/// outside counts against, the more the further it lies past the window before. O(rows log rows).
NabScore nabScore(std::span<const NabSeries> series, const NabProfile &profile);

} // namespace eventops
