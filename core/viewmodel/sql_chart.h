// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/series_model.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace eventops {

constexpr std::size_t ChartSeriesMax = 8;  ///< Lines that one chart tells apart.
constexpr std::size_t ChartBarsMax = 40;
constexpr std::size_t ChartPointsMax = 2'000; ///< Of a line.

/// A result of SQL made ready to be drawn.
struct ChartData {
    bool isTime = false;               ///< x is milliseconds since 1970.
    std::vector<MetricSeries> lines;   ///< Line: x in `ms`, thinned out to ChartPointsMax points each.
    QStringList categories;            ///< Bar: the x of each.
    std::vector<double> bars;
    QString number;                    ///< Number: the first value, fit to be shown.
    QString note;                      ///< What is not drawn; empty: all is.
    QString problem;                   ///< Why nothing can be drawn; empty: something can.
};

/// Pure; thread: any. O(rows · log rows).
ChartData chartData(const SqlChart &chart, const std::vector<SqlColumn> &columns, const std::vector<SqlRow> &rows);

} // namespace eventops
