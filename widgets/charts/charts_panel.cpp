// SPDX-License-Identifier: MIT
#include "widgets/charts/charts_panel.h"

#include "core/viewmodel/shown_text.h"
#include "widgets/charts/charts_view.h"
#include "widgets/theme/theme.h"

#include <QtCharts/QChart>
#include <QtCharts/QDateTimeAxis>
#include <QtCharts/QLegend>
#include <QtCharts/QLineSeries>
#include <QtCharts/QScatterSeries>
#include <QtCharts/QValueAxis>

#include <QDateTime>
#include <QFontMetrics>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

namespace eventops {
namespace {

constexpr int TimeTicks = 7, ValueTicks = 5;
constexpr std::size_t MarkedPointsMax = 60; ///< A series with more points is a line without dots.
constexpr double ZoomStep = 1.5;
constexpr double AxisCharacters = 9.0;      ///< Room for the numbers beside a chart.
constexpr qint64 MsPerDay = 86'400'000, MsPerMinute = 60'000;
constexpr double TimeRoom = 0.012;          ///< Of the time, before and after.
constexpr double Headroom = 0.08;           ///< Of the values' extent, above and below.

/// QDateTimeAxis writes local time; events are told in UTC.
qint64 axisMs(double ms)
{
    const auto utc = static_cast<qint64>(ms);
    return utc - QDateTime::fromMSecsSinceEpoch(utc).offsetFromUtc() * qint64{1'000};
}

QString timeFormat(double spanMs)
{
    if (spanMs > 3.0 * static_cast<double>(MsPerDay))
        return QStringLiteral("yyyy-MM-dd");
    const bool isLong = spanMs > 10.0 * static_cast<double>(MsPerMinute);
    return isLong ? QStringLiteral("MM-dd HH:mm") : QStringLiteral("HH:mm:ss");
}

/// A range around the values that is never empty.
std::pair<double, double> rangeOf(double least, double greatest)
{
    const double extent = greatest > least ? greatest - least : std::max(1.0, std::abs(greatest));
    const double from = least - extent * Headroom;
    return {least >= 0.0 ? std::max(0.0, from) : from, greatest + extent * Headroom};
}

QValueAxis *makeValueAxis(const QString &title)
{
    auto *axis = new QValueAxis;
    axis->setTickCount(ValueTicks);
    axis->setLabelFormat(QStringLiteral("%.4g"));
    axis->setTitleText(title);
    axis->setGridLineColor(themeColor("grid"));
    return axis;
}

struct BitsBand {
    Severity from;
    QScatterSeries::MarkerShape shape; ///< As near to the marks of severity as Qt Charts has them.
    const char *name;
};
constexpr std::array BitsBands{
    BitsBand{Severity::Critical, QScatterSeries::MarkerShapeStar, QT_TRANSLATE_NOOP("ChartsPanel", "critical")},
    BitsBand{Severity::Error, QScatterSeries::MarkerShapeRectangle, QT_TRANSLATE_NOOP("ChartsPanel", "error")},
    BitsBand{Severity::Warning, QScatterSeries::MarkerShapeTriangle, QT_TRANSLATE_NOOP("ChartsPanel", "warning")},
    BitsBand{Severity::Notice, QScatterSeries::MarkerShapeRotatedRectangle, QT_TRANSLATE_NOOP("ChartsPanel", "notice")},
    BitsBand{Severity::Unset, QScatterSeries::MarkerShapeCircle, QT_TRANSLATE_NOOP("ChartsPanel", "info")}};

std::size_t bandOf(Severity severity)
{
    std::size_t band = 0;
    while (severity < BitsBands[band].from)
        ++band;
    return band;
}

} // namespace

QWidget *makeChartsView(ViewContext &context, QWidget *parent)
{
    return new ChartsPanel(context, parent);
}

ChartsPanel::ChartsPanel(ViewContext &context, QWidget *parent)
    : QWidget(parent), m_context(context), m_model(context)
{
    setFocusPolicy(Qt::StrongFocus);
    m_metrics = makeChart(tr("Metrics of the selected entity over time"));
    m_bits = makeChart(tr("Bits of its findings over time"));
    m_heading = new QLabel;
    m_heading->setTextFormat(Qt::PlainText);
    m_note = new QLabel;
    m_note->setTextFormat(Qt::PlainText);
    m_note->setForegroundRole(QPalette::PlaceholderText);
    m_note->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_note->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto *heading = new QHBoxLayout;
    const int space = themeMetric("space2");
    heading->setContentsMargins(space, space, space, 0);
    heading->addWidget(m_heading);
    heading->addWidget(m_note, 1);
    auto *charts = new QWidget;
    auto *column = new QVBoxLayout(charts);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(heading);
    column->addWidget(m_metrics, 3);
    column->addWidget(m_bits, 2);
    m_pages = new QStackedLayout(this);
    m_pages->addWidget(makeMessage());
    m_pages->addWidget(charts);
    connect(&m_model, &SeriesModel::changed, this, &ChartsPanel::modelChanged);
    connect(&Theme::instance(), &Theme::changed, this, &ChartsPanel::modelChanged);
    modelChanged();
}

QChartView *ChartsPanel::makeChart(const QString &name)
{
    auto *chart = new QChart;
    chart->setMargins({});
    chart->setBackgroundVisible(false); // the view's is drawn; this one does not follow a plot that is placed by hand
    chart->legend()->setAlignment(Qt::AlignTop);
    chart->legend()->detachFromChart(); // its place is set along with the plot's
    chart->legend()->setBackgroundVisible(false);
    chart->legend()->setMarkerShape(QLegend::MarkerShapeFromSeries);
    auto *view = new QChartView(chart);
    view->setRenderHint(QPainter::Antialiasing);
    view->setFrameShape(QFrame::NoFrame);
    view->setFocusPolicy(Qt::NoFocus);
    view->setAccessibleName(name);
    view->installEventFilter(this);
    return view;
}

QWidget *ChartsPanel::makeMessage()
{
    auto *page = new QWidget;
    auto *column = new QVBoxLayout(page);
    column->setSpacing(themeMetric("space3"));
    m_title = new QLabel;
    m_text = new QLabel;
    for (QLabel *label : {m_title, m_text}) {
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
        label->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    }
    m_text->setForegroundRole(QPalette::PlaceholderText);
    m_retry = new QPushButton(tr("Try again"));
    connect(m_retry, &QPushButton::clicked, &m_model, &SeriesModel::reload);
    column->addStretch(2);
    column->addWidget(m_title);
    column->addWidget(m_text);
    column->addWidget(m_retry, 0, Qt::AlignHCenter);
    column->addStretch(3);
    return page;
}

void ChartsPanel::say(const QString &title, const QString &text, bool retry)
{
    m_title->setFont(Theme::instance().font(Theme::FontRole::Title));
    m_title->setText(title);
    m_text->setText(text);
    m_retry->setVisible(retry);
    m_pages->setCurrentIndex(0);
}

void ChartsPanel::modelChanged()
{
    switch (m_model.state()) {
    case SeriesModel::State::NoEntity:
        say(tr("No entity selected"),
            tr("Choose one in the graph, the table or a finding: its numbers over time appear here."), false);
        break;
    case SeriesModel::State::Loading:
        say(tr("Reading %1…").arg(m_model.title()), tr("Its numbers and findings appear as soon as they are here."),
            false);
        break;
    case SeriesModel::State::Empty:
        say(tr("Nothing to draw for %1").arg(m_model.title()),
            m_context.timeSpan().isEmpty()
                ? tr("Its events carry no numbers, and no finding about it has bits. Choose another entity.")
                : tr("It has no numbers and no bits in the selected time. Choose a longer time or another entity."),
            false);
        break;
    case SeriesModel::State::Failed: say(tr("The series cannot be read"), m_model.errorText(), true); break;
    case SeriesModel::State::Ready:
        draw();
        m_pages->setCurrentIndex(1);
        break;
    }
}

void ChartsPanel::draw()
{
    const EntitySeries &series = m_model.series();
    m_heading->setFont(Theme::instance().font(Theme::FontRole::Title));
    m_heading->setText(m_model.title());
    drawMetrics(series);
    drawBits(series);
    for (QChartView *view : {m_metrics, m_bits}) {
        applyTheme(*view->chart());
        view->setBackgroundBrush(themeColor("surface"));
    }
    m_metrics->setVisible(!series.metrics.empty());
    alignPlots();
}

void ChartsPanel::addTimeAxis(QChart &chart, const EntitySeries &series, bool labels)
{
    auto *axis = new QDateTimeAxis;
    axis->setTickCount(TimeTicks);
    axis->setFormat(timeFormat(series.toMs - series.fromMs));
    axis->setLabelsVisible(labels);
    axis->setGridLineColor(themeColor("grid"));
    // Marks at the ends are not cut; a single moment gets a minute around it.
    const double span = series.toMs - series.fromMs;
    const double around = span > 0.0 ? span * TimeRoom : static_cast<double>(MsPerMinute) / 2;
    axis->setRange(QDateTime::fromMSecsSinceEpoch(axisMs(series.fromMs - around)),
                   QDateTime::fromMSecsSinceEpoch(axisMs(series.toMs + around)));
    chart.addAxis(axis, Qt::AlignBottom);
    for (QAbstractSeries *s : chart.series())
        s->attachAxis(axis);
}

void ChartsPanel::drawMetrics(const EntitySeries &series)
{
    QChart &chart = metricChart();
    chart.removeAllSeries();
    for (QAbstractAxis *axis : chart.axes())
        delete axis;
    struct Side {
        QString unit;
        QValueAxis *axis = nullptr;
        double least = 0.0, greatest = 0.0;
    };
    std::vector<Side> sides;
    QStringList notDrawn;
    for (std::size_t i = 0; i < series.metrics.size(); ++i) {
        const MetricSeries &metric = series.metrics[i];
        auto side = std::find_if(sides.begin(), sides.end(), [&](const Side &s) { return s.unit == metric.unit; });
        const auto [least, greatest] = std::minmax_element(
            metric.points.begin(), metric.points.end(), [](const auto &a, const auto &b) { return a.value < b.value; });
        if (side == sides.end()) {
            if (sides.size() == UnitsMax) {
                notDrawn << metric.name;
                continue;
            }
            sides.push_back({metric.unit, makeValueAxis(metric.unit), least->value, greatest->value});
            side = sides.end() - 1;
            chart.addAxis(side->axis, sides.size() == 1 ? Qt::AlignLeft : Qt::AlignRight);
        }
        side->least = std::min(side->least, least->value);
        side->greatest = std::max(side->greatest, greatest->value);
        auto *line = new QLineSeries;
        QList<QPointF> points;
        points.reserve(static_cast<qsizetype>(metric.points.size()));
        for (const SeriesPoint &p : metric.points)
            points.append({static_cast<double>(axisMs(p.ms)), p.value});
        line->replace(points);
        line->setName(metric.name.toHtmlEscaped());
        line->setPen(QPen(Theme::instance().seriesColor(static_cast<int>(i)), 1.5 * themeMetric("border")));
        line->setPointsVisible(metric.points.size() <= MarkedPointsMax);
        line->setMarkerSize(themeMetric("space1"));
        chart.addSeries(line);
        line->attachAxis(side->axis);
    }
    for (const Side &side : sides) {
        const auto [from, to] = rangeOf(side.least, side.greatest);
        side.axis->setRange(from, to);
        side.axis->applyNiceNumbers();
    }
    addTimeAxis(chart, series, series.bits.empty());
    QStringList notes;
    if (!notDrawn.isEmpty())
        notes << tr("Other units, not drawn: %1").arg(notDrawn.join(QStringLiteral(", ")));
    if (series.metricsLeftOut > 0)
        notes << tr("more metrics are not drawn");
    if (series.isCut)
        notes << tr("only the newest %1 samples").arg(shownCount(SamplesReadMax));
    m_note->setText(notes.join(QStringLiteral("; ")));
}

void ChartsPanel::drawBits(const EntitySeries &series)
{
    QChart &chart = bitsChart();
    chart.removeAllSeries();
    for (QAbstractAxis *axis : chart.axes())
        delete axis;
    m_bits->setVisible(!series.bits.empty());
    if (series.bits.empty())
        return;
    std::array<QList<QPointF>, BitsBands.size()> points;
    double greatest = 0.0;
    for (const BitsPoint &p : series.bits) {
        points[bandOf(p.severity)].append({static_cast<double>(axisMs(p.ms)), p.bits});
        greatest = std::max(greatest, p.bits);
    }
    auto *axis = makeValueAxis(tr("bits"));
    axis->setRange(0.0, rangeOf(0.0, greatest).second);
    axis->applyNiceNumbers();
    chart.addAxis(axis, Qt::AlignLeft);
    for (std::size_t band = 0; band < BitsBands.size(); ++band) {
        if (points[band].isEmpty())
            continue;
        auto *marks = new QScatterSeries;
        marks->setMarkerShape(BitsBands[band].shape);
        marks->setMarkerSize(themeMetric("markerSize"));
        marks->setColor(Theme::instance().severityColor(static_cast<int>(BitsBands[band].from)));
        marks->setBorderColor(themeColor("surface"));
        marks->setName(tr(BitsBands[band].name));
        marks->replace(points[band]);
        chart.addSeries(marks);
        marks->attachAxis(axis);
    }
    addTimeAxis(chart, series, true);
}

void ChartsPanel::applyTheme(QChart &chart)
{
    const QFont small = Theme::instance().font(Theme::FontRole::Small);
    chart.legend()->setFont(small);
    chart.legend()->setLabelColor(themeColor("text"));
    for (QAbstractAxis *axis : chart.axes()) {
        axis->setLabelsFont(small);
        axis->setTitleFont(small);
        axis->setLabelsColor(themeColor("textMuted"));
        axis->setTitleBrush(themeColor("textMuted"));
        axis->setLinePen(QPen(themeColor("border"), themeMetric("border")));
    }
}

/// Both charts begin and end at the same pixel, or times could not be compared.
void ChartsPanel::alignPlots()
{
    const QFontMetrics metrics(Theme::instance().font(Theme::FontRole::Small));
    const double beside = metrics.averageCharWidth() * AxisCharacters + metrics.height();
    const double above = metrics.height() + 4.0 * themeMetric("space2");
    for (QChartView *view : {m_metrics, m_bits}) {
        const bool labels = view == m_bits || m_model.series().bits.empty();
        const double below = labels ? 2.0 * metrics.height() : themeMetric("space2");
        const QRectF plot(beside, above, view->width() - 2.0 * beside, view->height() - above - below);
        if (!plot.isValid())
            continue;
        view->chart()->setPlotArea(plot);
        view->chart()->legend()->setGeometry(QRectF(plot.left(), 0, plot.width(), above));
        view->chart()->legend()->update();
    }
    const int pixels = static_cast<int>(m_metrics->width() - 2.0 * beside);
    if (pixels > 0)
        m_model.setPixels(static_cast<std::size_t>(pixels));
}

bool ChartsPanel::eventFilter(QObject *object, QEvent *event)
{
    // A view gets its size when its page is shown, which may be later than it is drawn; the chart follows the view.
    if (event->type() == QEvent::Resize)
        QMetaObject::invokeMethod(this, &ChartsPanel::alignPlots, Qt::QueuedConnection);
    return QWidget::eventFilter(object, event);
}

void ChartsPanel::keyPressEvent(QKeyEvent *event)
{
    const EntitySeries &series = m_model.series();
    const bool in = event->key() == Qt::Key_Plus || event->key() == Qt::Key_Equal;
    if (event->key() == Qt::Key_0) {
        m_context.selectTimeSpan({});
    } else if ((in || event->key() == Qt::Key_Minus) && series.toMs > series.fromMs) {
        const double factor = in ? 1 / ZoomStep : ZoomStep;
        const double middle = (series.fromMs + series.toMs) / 2, half = (series.toMs - series.fromMs) / 2 * factor;
        m_context.selectTimeSpan({static_cast<qint64>(middle - half) * NsPerMs,
                                  static_cast<qint64>(middle + half) * NsPerMs});
    } else {
        QWidget::keyPressEvent(event);
    }
}

} // namespace eventops
