// SPDX-License-Identifier: MIT
//
// Where everything stands in the canvas.
#include "widgets/theme/theme.h"
#include "widgets/timeline/timeline_canvas.h"

#include <QFontMetrics>

#include <algorithm>

namespace eventops {
namespace {

constexpr int LabelCharacters = 20;
constexpr int ColumnBorders = 3; ///< A column is as wide as this many thin lines: narrower ones flicker and hide.
constexpr int LabelPartMax = 4; ///< The names take at most this part of the width.

} // namespace

int TimelineCanvas::labelWidth() const
{
    const int wanted = QFontMetrics(Theme::instance().font(Theme::FontRole::Body)).averageCharWidth() * LabelCharacters;
    return std::min(wanted + 2 * themeMetric("space2"), width() / LabelPartMax);
}

int TimelineCanvas::laneHeight() const
{
    return themeMetric("laneHeight");
}

QRect TimelineCanvas::overviewArea() const
{
    return {labelWidth(), themeMetric("space1"), width() - labelWidth(), themeMetric("laneHeight")};
}

QRect TimelineCanvas::axisArea() const
{
    const QRect above = overviewArea();
    return {above.left(), above.bottom() + 1 + themeMetric("space1"), above.width(), themeMetric("rowHeight")};
}

QRect TimelineCanvas::findingsArea() const
{
    const QRect above = axisArea();
    return {above.left(), above.bottom() + 1, above.width(), themeMetric("rowHeight")};
}

QRect TimelineCanvas::actionsArea() const
{
    const QRect above = findingsArea();
    return {above.left(), above.bottom() + 1, above.width(), themeMetric("rowHeight")};
}

QRect TimelineCanvas::plotArea() const
{
    const QRect above = actionsArea();
    return {above.left(), above.bottom() + 1, above.width(), std::max(0, height() - above.bottom() - 1)};
}

int TimelineCanvas::lanesPerPage() const
{
    return std::max(1, plotArea().height() / laneHeight());
}

int TimelineCanvas::laneTop(int lane) const
{
    return plotArea().top() + (lane - m_firstLane) * laneHeight();
}

int TimelineCanvas::laneAt(int y) const
{
    const int lane = m_firstLane + (y - plotArea().top()) / laneHeight();
    return y < plotArea().top() || lane >= static_cast<int>(m_model.lanes().size()) ? -1 : lane;
}

int TimelineCanvas::columnPixels() const
{
    return std::max(1, static_cast<int>(ColumnBorders * themeMetric("border") * devicePixelRatioF()));
}

qreal TimelineCanvas::columnWidth() const
{
    return columnPixels() / devicePixelRatioF();
}

std::size_t TimelineCanvas::columnAt(int x) const
{
    const int column = static_cast<int>((x - plotArea().left()) / columnWidth());
    return static_cast<std::size_t>(std::clamp(column, 0, static_cast<int>(m_window.grid().columns) - 1));
}

int TimelineCanvas::xOf(qint64 ns) const
{
    const TimeGrid grid = m_window.grid();
    const double columns =
        (static_cast<double>(ns) - static_cast<double>(grid.fromNs)) / static_cast<double>(grid.columnNs);
    const double beside = static_cast<double>(grid.columns);
    return plotArea().left() + static_cast<int>(std::clamp(columns, -beside, 2 * beside) * columnWidth());
}

qint64 TimelineCanvas::timeAt(int x) const
{
    const TimeGrid grid = m_window.grid();
    return grid.fromNs + static_cast<qint64>(columnAt(x)) * grid.columnNs;
}

qint64 TimelineCanvas::overviewTimeAt(int x) const
{
    const TimeGrid &grid = m_overview.grid();
    const auto column = static_cast<qint64>((x - overviewArea().left()) / columnWidth());
    return grid.fromNs + std::clamp<qint64>(column, 0, static_cast<qint64>(grid.columns)) * grid.columnNs;
}

int TimelineCanvas::overviewXOf(qint64 ns) const
{
    const TimeGrid &grid = m_overview.grid();
    const double columns =
        (static_cast<double>(ns) - static_cast<double>(grid.fromNs)) / static_cast<double>(grid.columnNs);
    return overviewArea().left()
           + static_cast<int>(std::clamp(columns, 0.0, static_cast<double>(grid.columns)) * columnWidth());
}

QSize TimelineCanvas::sizeHint() const
{
    return {width(), plotArea().top() + themeMetric("laneHeight") * 6};
}

QSize TimelineCanvas::minimumSizeHint() const
{
    return {themeMetric("laneHeight") * 10, plotArea().top() + themeMetric("laneHeight") * 2};
}

} // namespace eventops
