// SPDX-License-Identifier: MIT
#include "widgets/timeline/timeline_view.h"

#include "core/viewmodel/time_axis.h"
#include "widgets/theme/combo_box.h"
#include "widgets/theme/theme.h"
#include "widgets/timeline/timeline_canvas.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

namespace eventops {
namespace {

/// A label that gives way: shows as much of its text as there is room for, the rest in its tooltip.
class ElidedLabel final : public QLabel
{
public:
    using QLabel::QLabel;
    void setWhole(const QString &text)
    {
        m_whole = text;
        elide();
    }
    QSize minimumSizeHint() const override { return {0, QLabel::minimumSizeHint().height()}; }

protected:
    void resizeEvent(QResizeEvent *event) override
    {
        QLabel::resizeEvent(event);
        elide();
    }

private:
    void elide()
    {
        const QString shown = fontMetrics().elidedText(m_whole, Qt::ElideRight, contentsRect().width());
        setText(shown);
        setToolTip(shown == m_whole ? QString() : m_whole.toHtmlEscaped());
    }
    QString m_whole;
};

class TimelineView final : public QWidget
{
public:
    TimelineView(ViewContext &context, QWidget *parent);

private:
    QToolButton *addButton(QHBoxLayout &bar, const QString &text, const QString &tip);
    void makeBar(QVBoxLayout &column);
    void showWindow();
    void showLanes();

    TimelineModel m_model;
    TimelineCanvas *m_canvas;
    QScrollBar *m_scroll;
    ComboBox *m_laneBy = nullptr;
    ElidedLabel *m_span = nullptr;
    QLabel *m_progress = nullptr;
    QToolButton *m_follow = nullptr;
    ElidedLabel *m_hint = nullptr;
};

TimelineView::TimelineView(ViewContext &context, QWidget *parent)
    : QWidget(parent), m_model(context, this), m_canvas(new TimelineCanvas(context, m_model, this)),
      m_scroll(new QScrollBar(Qt::Vertical, this))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    makeBar(*column);
    auto *row = new QHBoxLayout;
    row->setSpacing(0);
    row->addWidget(m_canvas, 1);
    row->addWidget(m_scroll);
    column->addLayout(row, 1);
    m_hint = new ElidedLabel(this);
    m_hint->setTextFormat(Qt::PlainText);
    m_hint->setFont(Theme::instance().font(Theme::FontRole::Small));
    m_hint->setForegroundRole(QPalette::PlaceholderText);
    m_hint->setContentsMargins(themeMetric("space2"), themeMetric("space1"), themeMetric("space2"),
                               themeMetric("space1"));
    m_hint->setWhole(tr("Drag pans · wheel zooms · Shift+drag selects a span · + − zoom · 0 whole range · F follows · "
                        "S selects what is in view · Esc clears"));
    column->addWidget(m_hint);
    setFocusProxy(m_canvas);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    connect(m_scroll, &QScrollBar::valueChanged, m_canvas, &TimelineCanvas::setFirstLane);
    connect(m_canvas, &TimelineCanvas::lanesScrolled, this, &TimelineView::showLanes);
    connect(m_canvas, &TimelineCanvas::windowChanged, this, &TimelineView::showWindow);
    connect(&context, &ViewContext::followingSet, m_canvas, &TimelineCanvas::setFollowing);
    m_canvas->setFollowing(context.following());
    connect(&m_model, &TimelineModel::stateChanged, this, [this] {
        showWindow();
        showLanes();
    });
    showWindow();
    showLanes();
}

QToolButton *TimelineView::addButton(QHBoxLayout &bar, const QString &text, const QString &tip)
{
    auto *button = new QToolButton(this);
    button->setText(text);
    button->setToolTip(tip);
    button->setAccessibleName(tip);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::TabFocus);
    bar.addWidget(button);
    return button;
}

void TimelineView::makeBar(QVBoxLayout &column)
{
    struct Choice {
        QString name;
        Field field;
    };
    auto *bar = new QHBoxLayout;
    const int space = themeMetric("space2");
    bar->setContentsMargins(space, themeMetric("space1"), space, themeMetric("space1"));
    bar->setSpacing(themeMetric("space1"));
    m_laneBy = new ComboBox(this);
    m_laneBy->setAccessibleName(tr("What a lane is"));
    m_laneBy->setToolTip(tr("What a lane is"));
    for (const Choice &choice : {Choice{tr("Lanes by entity type"), Field::EntityType},
                                 Choice{tr("Lanes by event type"), Field::Type},
                                 Choice{tr("Lanes by step"), Field::Step}, Choice{tr("Lanes by tenant"), Field::Tenant},
                                 Choice{tr("Lanes by source"), Field::SourceId}})
        m_laneBy->addItem(choice.name, static_cast<int>(choice.field));
    connect(m_laneBy, &ComboBox::currentIndexChanged, this, [this] {
        m_model.setLaneBy(static_cast<Field>(m_laneBy->currentData().toInt()));
        m_canvas->setFocus();
    });
    bar->addWidget(m_laneBy);
    m_span = new ElidedLabel(this);
    m_span->setTextFormat(Qt::PlainText);
    m_span->setContentsMargins(space, 0, space, 0);
    bar->addWidget(m_span, 1);
    m_progress = new QLabel(this);
    m_progress->setTextFormat(Qt::PlainText);
    m_progress->setForegroundRole(QPalette::PlaceholderText);
    bar->addWidget(m_progress);
    m_follow = addButton(*bar, tr("Follow"), tr("Keep the latest events in view (F)"));
    m_follow->setCheckable(true);
    connect(m_follow, &QToolButton::toggled, m_canvas, &TimelineCanvas::setFollowing);
    constexpr double Step = 1.5;
    connect(addButton(*bar, QStringLiteral("−"), tr("Zoom out (−)")), &QToolButton::clicked, m_canvas,
            [this] { m_canvas->zoomBy(Step); });
    connect(addButton(*bar, QStringLiteral("+"), tr("Zoom in (+)")), &QToolButton::clicked, m_canvas,
            [this] { m_canvas->zoomBy(1.0 / Step); });
    connect(addButton(*bar, tr("Whole range"), tr("Show everything (0)")), &QToolButton::clicked, m_canvas,
            &TimelineCanvas::showWhole);
    column.addLayout(bar);
}

void TimelineView::showWindow()
{
    const bool ready = m_model.state() == TimelineModel::Ready;
    const TimeWindow &window = m_canvas->window();
    m_span->setWhole(ready ? timeSpanText(window.fromNs(), window.toNs()) + QStringLiteral("  ·  ")
                                 + durationText(window.spanNs())
                           : QString());
    QString progress;
    if (ready && m_model.eventsRead() < m_model.eventsKnown())
        progress = tr("Reading: %1 %").arg(m_model.eventsRead() * 100 / m_model.eventsKnown());
    else if (ready && m_model.index().dropped() > 0)
        progress = tr("Latest %1 events")
                       .arg(QLocale(QLocale::English).toString(static_cast<quint64>(m_model.index().size())));
    m_progress->setText(progress);
    const QSignalBlocker quiet(m_follow);
    m_follow->setChecked(m_canvas->isFollowing());
}

void TimelineView::showLanes()
{
    const QSignalBlocker quiet(m_scroll);
    const int most = std::max(0, static_cast<int>(m_model.lanes().size()) - m_canvas->lanesPerPage());
    m_scroll->setRange(0, most);
    m_scroll->setPageStep(m_canvas->lanesPerPage());
    m_scroll->setValue(m_canvas->firstLane());
    m_scroll->setVisible(most > 0 && m_model.state() == TimelineModel::Ready);
}

} // namespace

QWidget *makeTimelineView(ViewContext &context, QWidget *parent)
{
    return new TimelineView(context, parent);
}

} // namespace eventops
