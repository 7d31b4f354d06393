// SPDX-License-Identifier: MIT
#include "widgets/timeline/timeline_canvas.h"

#include "widgets/theme/theme.h"

#include <QApplication>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace eventops {
namespace {

constexpr double ZoomStep = 1.25;
constexpr double WheelStep = 120.0;  ///< Eighths of a degree of one notch, see QWheelEvent.
constexpr int PanParts = 10;         ///< An arrow moves the window by this part of it.
constexpr int RefreshMs = 50;        ///< New events are drawn at most this often.

} // namespace

TimelineCanvas::TimelineCanvas(ViewContext &context, TimelineModel &model, QWidget *parent)
    : QWidget(parent), m_context(context), m_model(model)
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAttribute(Qt::WA_OpaquePaintEvent);
    setAccessibleName(tr("Timeline"));
    m_refresh.setSingleShot(true);
    m_refresh.setInterval(RefreshMs);
    connect(&m_refresh, &QTimer::timeout, this, &TimelineCanvas::takeData);
    connect(&model, &TimelineModel::dataChanged, this, [this] {
        if (!m_refresh.isActive())
            m_refresh.start();
    });
    connect(&model, &TimelineModel::lanesChanged, this, &TimelineCanvas::takeLanes);
    connect(&model, &TimelineModel::markersChanged, this, qOverload<>(&QWidget::update));
    connect(&model, &TimelineModel::stateChanged, this, qOverload<>(&QWidget::update));
    connect(&context, &ViewContext::timeSpanSelected, this, qOverload<>(&QWidget::update));
    connect(&context, &ViewContext::findingSelected, this, &TimelineCanvas::revealFinding);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        m_pixelsStale = true;
        update();
    });
    takeData();
}

void TimelineCanvas::takeData()
{
    TimelineIndex &index = m_model.index();
    if (index.size() > 0)
        m_window.setExtent(index.firstNs(), index.lastNs());
    if (m_follow && !m_window.isWhole())
        m_window.showEnd();
    m_pixelsStale = true;
    Q_EMIT windowChanged();
    update();
}

void TimelineCanvas::takeLanes()
{
    setFirstLane(m_firstLane);
    m_pixelsStale = true;
    Q_EMIT lanesScrolled();
    update();
}

void TimelineCanvas::moveWindow()
{
    m_pixelsStale = true;
    Q_EMIT windowChanged();
    update();
}

void TimelineCanvas::redraw()
{
    moveWindow();
    repaint();
}

void TimelineCanvas::setFollowing(bool follow)
{
    if (m_follow == follow)
        return;
    m_follow = follow;
    if (m_follow && !m_window.isWhole())
        m_window.showEnd();
    moveWindow();
}

void TimelineCanvas::setFirstLane(int lane)
{
    const int most = std::max(0, static_cast<int>(m_model.lanes().size()) - lanesPerPage());
    lane = std::clamp(lane, 0, most);
    if (lane == m_firstLane)
        return;
    m_firstLane = lane;
    m_pixelsStale = true;
    Q_EMIT lanesScrolled();
    update();
}

void TimelineCanvas::setCurrentLane(int lane)
{
    const int last = static_cast<int>(m_model.lanes().size()) - 1;
    m_currentLane = std::clamp(lane, 0, std::max(0, last));
    if (m_currentLane < m_firstLane)
        setFirstLane(m_currentLane);
    else if (m_currentLane >= m_firstLane + lanesPerPage())
        setFirstLane(m_currentLane - lanesPerPage() + 1);
    update();
}

void TimelineCanvas::zoomBy(double factor)
{
    const bool inside = m_pointer && plotArea().united(axisArea()).contains(*m_pointer);
    m_window.zoom(factor, columnAt(inside ? m_pointer->x() : plotArea().center().x()));
    if (m_follow)
        m_window.showEnd();
    moveWindow();
}

void TimelineCanvas::showWhole()
{
    m_window.showWhole();
    moveWindow();
}

void TimelineCanvas::selectVisible()
{
    if (m_model.state() == TimelineModel::Ready)
        m_context.selectTimeSpan({m_window.fromNs(), m_window.toNs()});
}

/// Brings a finding chosen elsewhere into view.
void TimelineCanvas::revealFinding(const QString &findingId)
{
    const auto &markers = m_model.markers();
    const auto found = std::find_if(markers.begin(), markers.end(), [&](const TimelineModel::Marker &marker) {
        return marker.kind == TimelineModel::MarkerKind::Finding && marker.id == findingId;
    });
    if (found != markers.end() && (found->ns < m_window.fromNs() || found->ns >= m_window.toNs())) {
        const qint64 half = m_window.spanNs() / 2;
        setFollowing(false);
        m_window.pan((found->ns - m_window.fromNs() - half) / m_window.columnNs());
        moveWindow();
    }
    update();
}

void TimelineCanvas::resizeEvent(QResizeEvent *)
{
    m_window.setColumns(static_cast<std::size_t>(std::max(1.0, std::ceil(plotArea().width() / columnWidth()))));
    m_sinceOverview.invalidate();
    if (m_follow && !m_window.isWhole())
        m_window.showEnd();
    setFirstLane(m_firstLane);
    Q_EMIT lanesScrolled();
    moveWindow();
}

void TimelineCanvas::mousePressEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton || m_model.state() != TimelineModel::Ready)
        return;
    const QPoint at = event->position().toPoint();
    m_pressedAt = at;
    m_moved = false;
    m_pannedTo = at.x();
    if (overviewArea().contains(at)) {
        pressOverview(at);
    } else if (at.x() >= plotArea().left()) {
        const bool select = event->modifiers().testFlag(Qt::ShiftModifier) || at.y() < plotArea().top();
        m_drag = select ? Drag::Select : Drag::Pan;
        m_grabNs = timeAt(at.x());
    } else if (laneAt(at.y()) >= 0) {
        setCurrentLane(laneAt(at.y()));
    }
}

void TimelineCanvas::mouseMoveEvent(QMouseEvent *event)
{
    const QPoint at = event->position().toPoint();
    m_pointer = at;
    m_moved = m_moved || (at - m_pressedAt).manhattanLength() >= QApplication::startDragDistance();
    switch (m_drag) {
    case Drag::None: break;
    case Drag::Pan: {
        const auto columns = static_cast<qint64>((m_pannedTo - at.x()) / columnWidth());
        if (!m_moved || columns == 0)
            break;
        setFollowing(false);
        m_window.pan(columns);
        m_pannedTo -= static_cast<int>(std::lround(static_cast<double>(columns) * columnWidth()));
        moveWindow();
        break;
    }
    case Drag::Select:
        if (m_moved) {
            const qint64 now = timeAt(at.x());
            m_draft = {std::min(m_grabNs, now), std::max(m_grabNs, now) + m_window.columnNs()};
        }
        break;
    default:
        if (m_moved)
            dragOverview(at);
    }
    update();
}

void TimelineCanvas::mouseReleaseEvent(QMouseEvent *event)
{
    const Drag drag = std::exchange(m_drag, Drag::None);
    const QPoint at = event->position().toPoint();
    if (drag == Drag::Select && m_moved)
        finishSelection();
    else if (!m_moved && (findingsArea().contains(at) || actionsArea().contains(at)))
        clickMarks(at);
    else if (!m_moved && drag == Drag::Pan && laneAt(at.y()) >= 0)
        setCurrentLane(laneAt(at.y()));
    else if (!m_moved && drag == Drag::BrushNew) {
        setFollowing(false);
        m_window.pan((m_grabNs - m_window.fromNs() - m_window.spanNs() / 2) / m_window.columnNs());
        moveWindow();
    }
    m_draft = {};
    update();
}

void TimelineCanvas::finishSelection()
{
    if (!m_draft.isEmpty())
        m_context.selectTimeSpan(m_draft);
}

void TimelineCanvas::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (!plotArea().contains(event->position().toPoint()) || m_model.state() != TimelineModel::Ready)
        return;
    setFollowing(false);
    zoomBy(1.0 / (ZoomStep * ZoomStep * ZoomStep));
}

void TimelineCanvas::pressOverview(const QPoint &at)
{
    const int left = overviewXOf(m_window.fromNs());
    const int right = overviewXOf(m_window.toNs());
    const int grip = themeMetric("space1");
    m_grabNs = overviewTimeAt(at.x());
    if (m_window.isWhole())
        m_drag = Drag::BrushNew;
    else if (std::abs(at.x() - left) <= grip)
        m_drag = Drag::BrushLeft;
    else if (std::abs(at.x() - right) <= grip)
        m_drag = Drag::BrushRight;
    else
        m_drag = at.x() > left && at.x() < right ? Drag::BrushMove : Drag::BrushNew;
    if (m_drag == Drag::BrushMove)
        m_grabNs -= m_window.fromNs();
}

void TimelineCanvas::dragOverview(const QPoint &at)
{
    const qint64 now = overviewTimeAt(at.x());
    setFollowing(false);
    switch (m_drag) {
    case Drag::BrushMove: m_window.pan((now - m_grabNs - m_window.fromNs()) / m_window.columnNs()); break;
    case Drag::BrushLeft: m_window.show(std::min<qint64>(now, m_window.toNs() - 1), m_window.toNs()); break;
    case Drag::BrushRight: m_window.show(m_window.fromNs(), std::max<qint64>(now, m_window.fromNs() + 1)); break;
    default: m_window.show(std::min(now, m_grabNs), std::max(now, m_grabNs) + 1); break;
    }
    moveWindow();
}

void TimelineCanvas::clickMarks(const QPoint &at)
{
    const auto kind = findingsArea().contains(at) ? TimelineModel::MarkerKind::Finding
                                                  : TimelineModel::MarkerKind::Action;
    const std::vector<Cluster> all = clusters(kind);
    const auto nearest = std::min_element(all.begin(), all.end(), [&](const Cluster &a, const Cluster &b) {
        return std::abs(a.x - at.x()) < std::abs(b.x - at.x());
    });
    if (nearest == all.end() || std::abs(nearest->x - at.x()) > themeMetric("markerSize"))
        return;
    // Several in one place: the worst is chosen; zooming in tells them apart.
    const auto &markers = m_model.markers();
    const TimelineModel::Marker *chosen = nullptr;
    std::size_t left = nearest->count;
    for (std::size_t i = nearest->first; i < markers.size() && left > 0; ++i) {
        if (markers[i].kind != kind)
            continue;
        --left;
        if (chosen == nullptr || markers[i].severityNumber > chosen->severityNumber)
            chosen = &markers[i];
    }
    if (chosen != nullptr)
        m_context.selectFinding(chosen->findingId);
}

void TimelineCanvas::wheelEvent(QWheelEvent *event)
{
    if (m_model.state() != TimelineModel::Ready)
        return;
    const QPoint delta = event->angleDelta();
    const QPoint at = event->position().toPoint();
    event->accept();
    if (event->modifiers().testFlag(Qt::ShiftModifier) || at.x() < plotArea().left()) {
        const int notches = delta.y() != 0 ? delta.y() : delta.x();
        setFirstLane(m_firstLane - static_cast<int>(std::lround(notches / WheelStep)));
    } else if (std::abs(delta.x()) > std::abs(delta.y())) {
        setFollowing(false);
        m_window.pan(static_cast<qint64>(-delta.x() / columnWidth()));
        moveWindow();
    } else {
        m_pointer = at;
        zoomBy(std::pow(ZoomStep, -delta.y() / WheelStep));
    }
}

bool TimelineCanvas::panKey(int key, int step)
{
    switch (key) {
    case Qt::Key_Left:
    case Qt::Key_Right:
        setFollowing(false);
        m_window.pan(key == Qt::Key_Left ? -step : step);
        break;
    case Qt::Key_Home:
        setFollowing(false);
        m_window.showStart();
        break;
    case Qt::Key_End: m_window.showEnd(); break;
    default: return false;
    }
    moveWindow();
    return true;
}

void TimelineCanvas::keyPressEvent(QKeyEvent *event)
{
    const auto step = static_cast<int>(std::max<std::size_t>(1, m_window.grid().columns / PanParts));
    switch (event->key()) {
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoomBy(1.0 / ZoomStep); break;
    case Qt::Key_Minus: zoomBy(ZoomStep); break;
    case Qt::Key_0: showWhole(); break;
    case Qt::Key_Up: setCurrentLane(m_currentLane - 1); break;
    case Qt::Key_Down: setCurrentLane(m_currentLane + 1); break;
    case Qt::Key_PageUp: setCurrentLane(m_currentLane - lanesPerPage()); break;
    case Qt::Key_PageDown: setCurrentLane(m_currentLane + lanesPerPage()); break;
    case Qt::Key_F:
        if (event->modifiers() != Qt::NoModifier)
            return QWidget::keyPressEvent(event);
        setFollowing(!m_follow);
        break;
    case Qt::Key_S:
        if (event->modifiers() != Qt::NoModifier)
            return QWidget::keyPressEvent(event);
        selectVisible();
        break;
    case Qt::Key_Escape:
        if (m_context.timeSpan().isEmpty())
            return QWidget::keyPressEvent(event);
        m_context.selectTimeSpan({});
        break;
    case Qt::Key_F5: m_model.reload(); break;
    default:
        if (!panKey(event->key(), step))
            QWidget::keyPressEvent(event);
    }
}

void TimelineCanvas::leaveEvent(QEvent *)
{
    m_pointer.reset();
    update();
}

void TimelineCanvas::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange) {
        m_pixelsStale = true;
        update();
    }
    QWidget::changeEvent(event);
}

bool TimelineCanvas::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        const QString text = toolTipAt(help->pos());
        if (text.isEmpty())
            QToolTip::hideText();
        else
            QToolTip::showText(help->globalPos(), text, this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace eventops
