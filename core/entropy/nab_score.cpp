// SPDX-License-Identifier: MIT
#include "core/entropy/nab_score.h"

#include "core/base/math.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t NoWindow = static_cast<std::size_t>(-1);
constexpr double Log2OfE = 1.4426950408889634;
constexpr std::size_t ProbationRowsMax = 750;

struct Row {
    double score = 0.0;
    std::size_t window = NoWindow; ///< Over all series.
    double weight = 0.0;
};

double sigmoid(double x)
{
    return x > 3.0 ? -1.0 : 2.0 / (1.0 + detExp2(5.0 * x * Log2OfE)) - 1.0;
}

/// Appends the rows that count; true at @p asked for each window that has one.
void addRows(const NabSeries &series, std::size_t firstWindow, std::vector<Row> &rows, std::vector<bool> &asked)
{
    const std::size_t probation = std::min(series.scores.size() * 15 / 100, ProbationRowsMax);
    const double most = sigmoid(-1.0);
    std::size_t at = 0;
    for (std::size_t i = 0; i < series.scores.size(); ++i) {
        Row row = {series.scores[i], NoWindow, -1.0};
        if (at < series.windows.size() && series.windows[at].first <= i && i <= series.windows[at].second) {
            const auto [first, last] = series.windows[at];
            const auto width = static_cast<double>(last - first + 1);
            row.weight = sigmoid(-static_cast<double>(last - i + 1) / width) / most;
            row.window = firstWindow + at;
            at += i == last ? 1 : 0;
        } else if (at > 0) {
            const auto [first, last] = series.windows[at - 1];
            row.weight = sigmoid(static_cast<double>(i - last) / static_cast<double>(last - first));
        }
        if (i < probation)
            continue;
        rows.push_back(row);
        if (row.window != NoWindow)
            asked[row.window] = true;
    }
}

} // namespace

NabScore nabScore(std::span<const NabSeries> series, const NabProfile &profile)
{
    NabScore best;
    for (const NabSeries &one : series)
        best.windows += one.windows.size();
    std::vector<Row> rows;
    std::vector<bool> asked(best.windows, false);
    std::size_t firstWindow = 0;
    for (const NabSeries &one : series) {
        addRows(one, firstWindow, rows, asked);
        firstWindow += one.windows.size();
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) { return a.score > b.score; });

    const double silence = -profile.falseNegative * static_cast<double>(std::count(asked.begin(), asked.end(), true));
    const double perfect = profile.truePositive * static_cast<double>(best.windows);
    std::vector<double> parts(best.windows, -profile.falseNegative);
    std::vector<bool> hit(best.windows, false);
    double score = silence, most = silence;
    std::size_t hits = 0, falseRows = 0;
    for (std::size_t i = 0; i < rows.size();) {
        const double threshold = rows[i].score;
        for (; i < rows.size() && rows[i].score == threshold; ++i) {
            const Row &row = rows[i];
            if (row.window == NoWindow) {
                score += row.weight * profile.falsePositive;
                ++falseRows;
            } else if (const double part = row.weight * profile.truePositive; part > parts[row.window]) {
                score += part - parts[row.window];
                parts[row.window] = part;
                hits += hit[row.window] ? 0 : 1;
                hit[row.window] = true;
            }
        }
        if (score > most) {
            most = score;
            best.threshold = threshold;
            best.windowsHit = hits;
            best.falseRows = falseRows;
        }
    }
    best.score = perfect > silence ? 100.0 * (most - silence) / (perfect - silence) : 0.0;
    return best;
}

} // namespace eventops
