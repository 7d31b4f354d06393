// SPDX-License-Identifier: MIT
#include "core/viewmodel/sql_chart.h"

#include "core/base/time.h"
#include "core/viewmodel/shown_text.h"

#include <QCoreApplication>

#include <algorithm>
#include <charconv>
#include <optional>

namespace eventops {
namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("ChartData", text);
}

/// The column by name, else the one at @p fallback; nothing: there is no such column.
std::optional<std::size_t> columnOf(const std::vector<SqlColumn> &columns, const std::string &name,
                                    std::size_t fallback)
{
    if (name.empty())
        return fallback < columns.size() ? std::optional(fallback) : std::nullopt;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].name == name)
            return i;
    }
    return std::nullopt;
}

std::optional<double> numberOf(const SqlCell &cell)
{
    double value = 0.0;
    const auto end = std::from_chars(cell.text.data(), cell.text.data() + cell.text.size(), value);
    if (cell.kind == SqlCell::Kind::Null || end.ec != std::errc() || end.ptr != cell.text.data() + cell.text.size())
        return std::nullopt;
    return value;
}

std::optional<double> timeOf(const SqlCell &cell)
{
    if (cell.kind != SqlCell::Kind::Text)
        return std::nullopt;
    const auto time = parseTimestamp(cell.text.size() == 10 ? cell.text + "T00:00:00Z" : cell.text);
    return time ? std::optional(static_cast<double>(raw(*time)) / static_cast<double>(NsPerMs)) : std::nullopt;
}

void makeLines(ChartData &data, const SqlChart &chart, std::size_t x, std::size_t y,
               const std::vector<SqlColumn> &columns, const std::vector<SqlRow> &rows)
{
    const auto series = chart.series.empty() ? std::nullopt : columnOf(columns, chart.series, columns.size());
    std::size_t leftOut = 0;
    for (const SqlRow &row : rows) {
        const auto value = numberOf(row[y]);
        auto at = timeOf(row[x]);
        data.isTime = data.isTime || at.has_value();
        if (!at)
            at = numberOf(row[x]);
        if (!at || !value)
            continue;
        const QString name = series ? shownText(row[*series].text, ShownNameMax) : shownText(columns[y].name);
        auto line = std::find_if(data.lines.begin(), data.lines.end(), [&](const auto &l) { return l.name == name; });
        if (line == data.lines.end()) {
            if (data.lines.size() == ChartSeriesMax) {
                ++leftOut;
                continue;
            }
            data.lines.push_back({name, QString(), {}});
            line = data.lines.end() - 1;
        }
        line->points.push_back({*at, *value});
    }
    for (MetricSeries &line : data.lines) {
        std::stable_sort(line.points.begin(), line.points.end(),
                         [](const SeriesPoint &a, const SeriesPoint &b) { return a.ms < b.ms; });
        line.points = downsampled(line.points, ChartPointsMax / 2);
    }
    if (leftOut > 0)
        data.note = tr("%1 rows of further series are not drawn").arg(shownCount(leftOut));
    if (data.lines.empty())
        data.problem = tr("Nothing to draw yet.");
}

void makeBars(ChartData &data, std::size_t x, std::size_t y, const std::vector<SqlRow> &rows)
{
    for (const SqlRow &row : rows) {
        const auto value = numberOf(row[y]);
        if (!value)
            continue;
        if (data.bars.size() == ChartBarsMax) {
            data.note = tr("only the first %1").arg(ChartBarsMax);
            break;
        }
        data.categories << shownText(row[x].text, ShownNameMax);
        data.bars.push_back(*value);
    }
    if (data.bars.empty())
        data.problem = tr("Nothing to draw yet.");
}

/// Numbers of many digits are rounded for the eye; the table has them whole.
QString shownNumber(const SqlCell &cell, const std::string &unit)
{
    if (cell.kind == SqlCell::Kind::Null)
        return QStringLiteral("–");
    const auto value = numberOf(cell);
    QString text = value ? QString::number(*value, 'g', 4) : shownText(cell.text, ShownNameMax);
    if (value && *value == static_cast<double>(static_cast<qint64>(*value)) && *value >= 0.0 && *value < 1e15)
        text = shownCount(static_cast<quint64>(*value));
    return unit.empty() ? text : text + QChar(0x202F) + shownText(unit, ShownNameMax);
}

} // namespace

ChartData chartData(const SqlChart &chart, const std::vector<SqlColumn> &columns, const std::vector<SqlRow> &rows)
{
    ChartData data;
    if (chart.kind == SqlChart::Kind::Table)
        return data;
    if (chart.kind == SqlChart::Kind::Number) {
        const auto y = columnOf(columns, chart.y, 0);
        if (y)
            data.number = rows.empty() ? QStringLiteral("–") : shownNumber(rows.front()[*y], chart.unit);
        else
            data.problem = tr("The result has no column %1.").arg(shownText(chart.y));
        return data;
    }
    const auto x = columnOf(columns, chart.x, 0);
    const auto y = columnOf(columns, chart.y, 1);
    if (!x || !y)
        data.problem = tr("The result has no columns %1 and %2.").arg(shownText(chart.x), shownText(chart.y));
    else if (chart.kind == SqlChart::Kind::Line)
        makeLines(data, chart, *x, *y, columns, rows);
    else
        makeBars(data, *x, *y, rows);
    return data;
}

} // namespace eventops
