// SPDX-License-Identifier: MIT
#include "widgets/dashboards/panel_card.h"

#include "core/viewmodel/shown_text.h"
#include "widgets/theme/theme.h"

#include <QtCharts/QBarCategoryAxis>
#include <QtCharts/QBarSeries>
#include <QtCharts/QBarSet>
#include <QtCharts/QChartView>
#include <QtCharts/QDateTimeAxis>
#include <QtCharts/QHorizontalBarSeries>
#include <QtCharts/QLegend>
#include <QtCharts/QLineSeries>
#include <QtCharts/QValueAxis>

#include <QDateTime>
#include <QGraphicsLayout>
#include <QHeaderView>
#include <QLabel>
#include <QStackedLayout>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace eventops {
namespace {

constexpr int TimeTicks = 4, ValueTicks = 4; ///< Before they are made nice.
constexpr int CategoryCharactersMax = 28;
constexpr double MsPerDay = 86'400'000.0;
constexpr double Headroom = 1.05;

/// QDateTimeAxis writes local time; events are told in UTC.
qint64 axisMs(double ms)
{
    const auto utc = static_cast<qint64>(ms);
    return utc - QDateTime::fromMSecsSinceEpoch(utc).offsetFromUtc() * qint64{1'000};
}

void clear(QChart &chart)
{
    chart.removeAllSeries();
    for (QAbstractAxis *axis : chart.axes())
        delete axis;
}

QLabel *makeLabel(QPalette::ColorRole role)
{
    auto *label = new QLabel;
    label->setTextFormat(Qt::PlainText);
    label->setForegroundRole(role);
    return label;
}

} // namespace

PanelCard::PanelCard(const SavedQuery &query, QWidget *parent) : QFrame(parent), m_chart(query.chart)
{
    setFrameShape(QFrame::StyledPanel);
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    m_title = makeLabel(QPalette::WindowText);
    m_title->setText(shownText(query.title, ShownNameMax));
    m_title->setFont(Theme::instance().font(Theme::FontRole::Title));
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    setToolTip(shownText(query.help).toHtmlEscaped());
    setAccessibleName(shownText(query.title, ShownNameMax));
    m_note = makeLabel(QPalette::PlaceholderText);
    m_note->setFont(Theme::instance().font(Theme::FontRole::Small));
    m_text = makeLabel(QPalette::PlaceholderText);
    m_text->setWordWrap(true);
    m_text->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_number = makeLabel(QPalette::WindowText);
    m_number->setFont(Theme::instance().font(Theme::FontRole::Display));
    m_number->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    auto *chart = new QChart;
    chart->setMargins({});
    chart->setBackgroundVisible(false);
    chart->layout()->setContentsMargins(0, 0, 0, 0); // a panel is small
    chart->legend()->setMarkerShape(QLegend::MarkerShapeFromSeries);
    m_view = new QChartView(chart);
    m_view->setRenderHint(QPainter::Antialiasing);
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setFocusPolicy(Qt::NoFocus);
    m_table = new QTableWidget;
    m_table->setFrameShape(QFrame::NoFrame);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionMode(QAbstractItemView::NoSelection);
    m_table->setShowGrid(false);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    auto *pages = new QWidget;
    m_pages = new QStackedLayout(pages);
    for (QWidget *page : {static_cast<QWidget *>(m_text), static_cast<QWidget *>(m_number),
                          static_cast<QWidget *>(m_view), static_cast<QWidget *>(m_table)})
        m_pages->addWidget(page);
    auto *head = new QHBoxLayout;
    head->addWidget(m_title, 1);
    head->addWidget(m_note);
    auto *column = new QVBoxLayout(this);
    const int space = themeMetric("space3");
    column->setContentsMargins(space, space, space, space);
    column->setSpacing(themeMetric("space2"));
    column->addLayout(head);
    column->addWidget(pages, 1);
    say(tr("Asking…"));
}

void PanelCard::say(const QString &text)
{
    m_text->setText(text);
    m_pages->setCurrentWidget(m_text);
}

void PanelCard::draw(const DashboardModel::Panel &panel)
{
    m_note->setText(panel.chart.note);
    if (!panel.error.isEmpty())
        return say(panel.error);
    if (!panel.chart.problem.isEmpty())
        return say(panel.chart.problem);
    switch (m_chart.kind) {
    case SqlChart::Kind::Number:
        m_number->setText(panel.chart.number);
        m_pages->setCurrentWidget(m_number);
        break;
    case SqlChart::Kind::Line:
        drawLines(panel.chart);
        m_pages->setCurrentWidget(m_view);
        break;
    case SqlChart::Kind::Bar:
        drawBars(panel.chart);
        m_pages->setCurrentWidget(m_view);
        break;
    case SqlChart::Kind::Table:
        fillTable(panel);
        m_pages->setCurrentWidget(m_table);
        break;
    }
}

void PanelCard::drawLines(const ChartData &drawn)
{
    QChart &chart = *m_view->chart();
    clear(chart);
    double from = drawn.lines.front().points.front().ms, to = from;
    double least = drawn.lines.front().points.front().value, greatest = least;
    for (std::size_t i = 0; i < drawn.lines.size(); ++i) {
        const MetricSeries &metric = drawn.lines[i];
        auto *line = new QLineSeries;
        QList<QPointF> points;
        for (const SeriesPoint &p : metric.points) {
            points.append({drawn.isTime ? static_cast<double>(axisMs(p.ms)) : p.ms, p.value});
            from = std::min(from, p.ms);
            to = std::max(to, p.ms);
            least = std::min(least, p.value);
            greatest = std::max(greatest, p.value);
        }
        line->replace(points);
        line->setName(metric.name.toHtmlEscaped());
        line->setPen(QPen(Theme::instance().seriesColor(static_cast<int>(i)), 1.5 * themeMetric("border")));
        line->setPointsVisible(metric.points.size() == 1);
        chart.addSeries(line);
    }
    auto *value = new QValueAxis;
    value->setTickCount(ValueTicks);
    value->setLabelFormat(QStringLiteral("%.6g"));
    value->setRange(std::min(0.0, least), greatest > 0.0 ? greatest * Headroom : 1.0);
    value->applyNiceNumbers();
    value->setTitleText(shownText(m_chart.unit, ShownNameMax).toHtmlEscaped());
    chart.addAxis(value, Qt::AlignLeft);
    QAbstractAxis *x = nullptr;
    if (drawn.isTime) {
        auto *axis = new QDateTimeAxis;
        axis->setTickCount(TimeTicks);
        axis->setFormat(to - from > 2 * MsPerDay ? QStringLiteral("MM-dd") : QStringLiteral("HH:mm"));
        axis->setRange(QDateTime::fromMSecsSinceEpoch(axisMs(from)),
                       QDateTime::fromMSecsSinceEpoch(axisMs(std::max(to, from + 1'000.0))));
        x = axis;
    } else {
        auto *axis = new QValueAxis;
        axis->setRange(from, to > from ? to : from + 1.0);
        axis->setLabelFormat(QStringLiteral("%.6g"));
        x = axis;
    }
    chart.addAxis(x, Qt::AlignBottom);
    for (QAbstractSeries *series : chart.series()) {
        series->attachAxis(value);
        series->attachAxis(x);
    }
    chart.legend()->setVisible(drawn.lines.size() > 1);
    finishChart();
}

/// Lying bars: names need room to be read.
void PanelCard::drawBars(const ChartData &drawn)
{
    QChart &chart = *m_view->chart();
    clear(chart);
    auto *set = new QBarSet(shownText(m_chart.y, ShownNameMax).toHtmlEscaped());
    set->setColor(Theme::instance().seriesColor(0));
    set->setBorderColor(themeColor("surface"));
    QStringList names;
    double greatest = 0.0;
    for (std::size_t i = drawn.bars.size(); i-- > 0;) { // the first on top
        set->append(drawn.bars[i]);
        QString name = drawn.categories[static_cast<qsizetype>(i)];
        if (name.size() > CategoryCharactersMax)
            name = name.left(CategoryCharactersMax - 1) + QChar(0x2026);
        while (names.contains(name.toHtmlEscaped())) // an axis wants every name once
            name += QChar(0x200B);
        names << name.toHtmlEscaped();
        greatest = std::max(greatest, drawn.bars[i]);
    }
    auto *bars = new QHorizontalBarSeries;
    bars->append(set);
    chart.addSeries(bars);
    auto *categories = new QBarCategoryAxis;
    categories->append(names);
    categories->setGridLineVisible(false);
    chart.addAxis(categories, Qt::AlignLeft);
    bars->attachAxis(categories);
    auto *value = new QValueAxis;
    value->setRange(0.0, greatest > 0.0 ? greatest : 1.0);
    value->setTickCount(ValueTicks);
    value->setLabelFormat(QStringLiteral("%.6g"));
    value->applyNiceNumbers();
    value->setTitleText(shownText(m_chart.unit, ShownNameMax).toHtmlEscaped());
    chart.addAxis(value, Qt::AlignBottom);
    bars->attachAxis(value);
    chart.legend()->setVisible(false);
    finishChart();
}

void PanelCard::finishChart()
{
    QChart &chart = *m_view->chart();
    const QFont small = Theme::instance().font(Theme::FontRole::Small);
    chart.legend()->setFont(small);
    chart.legend()->setLabelColor(themeColor("text"));
    chart.legend()->setAlignment(Qt::AlignBottom);
    for (QAbstractAxis *axis : chart.axes()) {
        axis->setLabelsFont(small);
        axis->setTitleFont(small);
        axis->setLabelsColor(themeColor("textMuted"));
        axis->setTitleBrush(themeColor("textMuted"));
        axis->setLinePen(QPen(themeColor("border"), themeMetric("border")));
        axis->setGridLineColor(themeColor("grid"));
    }
    m_view->setBackgroundBrush(themeColor("surface"));
}

void PanelCard::fillTable(const DashboardModel::Panel &panel)
{
    const auto rows = std::min<std::size_t>(panel.rows.size(), TableRowsMax);
    m_table->clear();
    m_table->setRowCount(static_cast<int>(rows));
    m_table->setColumnCount(static_cast<int>(panel.columns.size()));
    for (std::size_t column = 0; column < panel.columns.size(); ++column) {
        m_table->setHorizontalHeaderItem(static_cast<int>(column),
                                         new QTableWidgetItem(shownText(panel.columns[column].name, ShownNameMax)));
        for (std::size_t row = 0; row < rows; ++row) {
            const SqlCell &cell = panel.rows[row][column];
            auto *item = new QTableWidgetItem(shownText(cell.text, ShownNameMax));
            if (cell.kind == SqlCell::Kind::Number)
                item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            m_table->setItem(static_cast<int>(row), static_cast<int>(column), item);
        }
    }
    m_table->resizeColumnsToContents();
    m_table->horizontalHeader()->setStretchLastSection(true);
    if (panel.rows.size() > rows)
        m_note->setText(tr("the first %1").arg(TableRowsMax));
    if (rows == 0)
        say(tr("No rows."));
}

} // namespace eventops
