// SPDX-License-Identifier: MIT
#include "widgets/graph/graph_canvas.h"

#include "core/viewmodel/shown_text.h"
#include "widgets/graph/graph_legend.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QStyleHints>
#include <QTextDocument>
#include <QToolTip>
#include <QWheelEvent>

#include <cmath>
#include <utility>

namespace eventops {
namespace {

constexpr int RestMs = 140;             ///< Without a move for that long, things rest.
constexpr double ZoomStep = 1.25;
constexpr double WheelZoom = 1.0015;    ///< For each eighth of a degree … 120 a notch.
constexpr double CenterScaleShare = 0.75; ///< Of scaleToRead: so near at least is what was asked for.
constexpr double PanShare = 0.12;       ///< Of the view, for each key press.
constexpr double ForwardCone = 0.35;    ///< Cosine: how far aside a neighbour may lie of an arrow key's direction.

} // namespace

GraphCanvas::GraphCanvas(GraphModel &model, QWidget *parent) : QWidget(parent), m_model(model)
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAttribute(Qt::WA_OpaquePaintEvent);
    setAccessibleName(tr("Entity graph"));
    setAccessibleDescription(tr("Arrow keys go to linked entities, Tab around them, N shows the neighbourhood"));
    m_rest.setSingleShot(true);
    m_rest.setInterval(RestMs);
    connect(&m_rest, &QTimer::timeout, this, &GraphCanvas::refresh);
    connect(&model, &GraphModel::graphChanged, this, &GraphCanvas::graphChanged);
    connect(&model, &GraphModel::findingsChanged, this, [this] {
        drawLegend();
        refresh();
    });
    connect(&model, &GraphModel::selectedChanged, this, &GraphCanvas::selectedChanged);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        m_picture.themeChanged();
        drawLegend();
        refresh();
    });
    m_marks.selected = model.selected();
    graphChanged();
}

/// Something moves: draw it plainly now, and well once it rests.
void GraphCanvas::moved()
{
    m_fresh = false;
    m_rest.start();
    update();
}

void GraphCanvas::refresh()
{
    m_rest.stop();
    m_fresh = false;
    m_labels.choose(m_model, m_camera, m_marks, legendBox(), devicePixelRatioF());
    update();
}

void GraphCanvas::graphChanged()
{
    m_picture.setGraph(m_model.graph());
    m_marks.hovered = -1;
    m_marks.found.clear();
    m_marks.selected = m_model.selected();
    m_anchor = m_around = -1;
    updateReached();
    drawLegend();
    if (m_fitted)
        fit();
    refresh();
}

void GraphCanvas::selectedChanged(int node)
{
    m_marks.selected = node;
    updateReached();
    if (!m_ownSelection) {
        m_anchor = m_around = -1;
        if (node >= 0)
            centerOn(node);
    }
    refresh();
}

/// A selection made here does not move the drawing, unless the node is out of sight.
void GraphCanvas::select(int node)
{
    m_ownSelection = true;
    m_model.select(node);
    m_ownSelection = false;
    if (node >= 0 && !rect().contains(placeOf(node).toPoint())) {
        m_camera.middle = {m_model.positions()[static_cast<std::size_t>(node)].x,
                           m_model.positions()[static_cast<std::size_t>(node)].y};
        m_fitted = false;
        refresh();
    }
}

QPointF GraphCanvas::placeOf(int node) const
{
    return m_camera.toView(m_model.positions()[static_cast<std::size_t>(node)]);
}

int GraphCanvas::nodeAt(QPointF at) const
{
    const double reach = themeMetric("markerSize") / 2.0;
    int best = -1;
    double bestDistance = 0.0;
    const auto &places = m_model.positions();
    for (std::size_t i = 0; i < places.size(); ++i) {
        const QPointF d = m_camera.toView(places[i]) - at;
        const double distance = std::hypot(d.x(), d.y());
        const double radius = std::max(reach, GraphPicture::radiusOf(m_model.graph().nodes[i], m_camera.scale));
        if (distance <= radius && (best < 0 || distance < bestDistance)) {
            best = static_cast<int>(i);
            bestDistance = distance;
        }
    }
    return best;
}

double GraphCanvas::scaleMin() const
{
    GraphCamera whole = m_camera;
    whole.fit(m_model.positions(), 0, GraphPicture::scaleToRead());
    return whole.scale / 3.0;
}

void GraphCanvas::fit()
{
    m_camera.view = QSizeF(size());
    m_camera.fit(m_model.positions(), themeMetric("space5") * 2.0, GraphPicture::scaleToRead());
    m_fitted = true;
    refresh();
}

void GraphCanvas::zoomBy(double factor)
{
    m_camera.zoomAt(QRectF(rect()).center(), m_camera.scale * factor, scaleMin(), GraphPicture::scaleMax());
    m_fitted = false;
    moved();
}

void GraphCanvas::panBy(QPointF pixels)
{
    m_camera.panBy(pixels);
    m_fitted = false;
    moved();
}

void GraphCanvas::centerOn(int node)
{
    const LayoutPoint at = m_model.positions()[static_cast<std::size_t>(node)];
    m_camera.middle = {at.x, at.y};
    m_camera.scale = std::max(m_camera.scale, CenterScaleShare * GraphPicture::scaleToRead());
    m_fitted = false;
    refresh();
}

void GraphCanvas::setFocused(bool focused)
{
    m_focused = focused && m_marks.selected >= 0;
    updateReached();
    refresh();
}

void GraphCanvas::setHops(int hops)
{
    m_hops = std::clamp(hops, 1, HopsMax);
    updateReached();
    refresh();
}

void GraphCanvas::setFound(std::vector<int> nodes)
{
    m_marks.found = std::move(nodes);
    refresh();
}

void GraphCanvas::updateReached()
{
    m_focused = m_focused && m_marks.selected >= 0;
    if (m_focused)
        m_marks.reached = m_model.graph().hopsFrom(static_cast<std::uint32_t>(m_marks.selected), m_hops);
    else
        m_marks.reached.clear();
    Q_EMIT neighbourhoodChanged();
}

void GraphCanvas::drawLegend()
{
    m_legend = paintGraphLegend(m_model.graph(), m_picture, devicePixelRatioF());
}

QRectF GraphCanvas::legendBox() const
{
    const QSizeF box = m_legend.deviceIndependentSize();
    const int space = themeMetric("space2");
    return {QPointF(space, height() - box.height() - space), box};
}

void GraphCanvas::paintEvent(QPaintEvent *)
{
    const QSize pixels = size() * devicePixelRatioF();
    if (m_image.size() != pixels || m_image.devicePixelRatio() != devicePixelRatioF()) {
        m_image = QImage(pixels, QImage::Format_RGB32);
        m_image.setDevicePixelRatio(devicePixelRatioF());
        m_fresh = false;
    }
    if (!m_fresh && !m_image.isNull())
        m_picture.draw(m_image, m_model, m_camera, m_marks, isMoving());
    m_fresh = true;
    QPainter painter(this);
    painter.drawImage(0, 0, m_image);
    m_labels.paint(painter, m_model, m_camera);
    if (!m_legend.isNull())
        painter.drawPixmap(legendBox().topLeft(), m_legend);
    if (hasFocus()) {
        painter.setPen(QPen(themeColor("focus"), themeMetric("border")));
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void GraphCanvas::resizeEvent(QResizeEvent *)
{
    m_camera.view = QSizeF(size());
    if (m_fitted)
        fit();
    else
        moved();
}

void GraphCanvas::mousePressEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton)
        return;
    m_pressed = true;
    m_dragging = false;
    m_pressedAt = m_lastAt = event->position();
}

void GraphCanvas::mouseMoveEvent(QMouseEvent *event)
{
    const QPointF at = event->position();
    if (m_pressed) {
        const int far = QGuiApplication::styleHints()->startDragDistance();
        m_dragging = m_dragging || (at - m_pressedAt).manhattanLength() >= far;
        if (m_dragging) {
            setCursor(Qt::ClosedHandCursor);
            panBy(at - m_lastAt);
            m_lastAt = at;
        }
        return;
    }
    const int node = nodeAt(at);
    if (node == m_marks.hovered)
        return;
    m_marks.hovered = node;
    setCursor(node >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    refresh();
}

void GraphCanvas::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton || !m_pressed)
        return;
    m_pressed = false;
    setCursor(Qt::ArrowCursor);
    if (std::exchange(m_dragging, false))
        return;
    if (const int node = nodeAt(event->position()); node >= 0) {
        m_anchor = m_around = -1;
        select(node);
    }
}

void GraphCanvas::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (nodeAt(event->position()) >= 0)
        setFocused(!m_focused);
}

void GraphCanvas::wheelEvent(QWheelEvent *event)
{
    const double factor = std::pow(WheelZoom, event->angleDelta().y());
    m_camera.zoomAt(event->position(), m_camera.scale * factor, scaleMin(), GraphPicture::scaleMax());
    m_fitted = false;
    moved();
    event->accept();
}

void GraphCanvas::leaveEvent(QEvent *)
{
    if (std::exchange(m_marks.hovered, -1) >= 0)
        refresh();
}

void GraphCanvas::focusInEvent(QFocusEvent *)
{
    update();
}

void GraphCanvas::focusOutEvent(QFocusEvent *)
{
    update();
}

bool GraphCanvas::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        const int node = nodeAt(help->pos());
        // Converted, or a name that looks like markup would be taken for it.
        if (node >= 0)
            QToolTip::showText(help->globalPos(), Qt::convertFromPlainText(m_model.descriptionOf(node)), this);
        else
            QToolTip::hideText();
        return true;
    }
    return QWidget::event(event);
}

void GraphCanvas::keyPressEvent(QKeyEvent *event)
{
    QPointF direction;
    switch (event->key()) {
    case Qt::Key_Left: direction = {-1, 0}; break;
    case Qt::Key_Right: direction = {1, 0}; break;
    case Qt::Key_Up: direction = {0, -1}; break;
    case Qt::Key_Down: direction = {0, 1}; break;
    default:
        if (!pressedCommand(*event))
            QWidget::keyPressEvent(event);
        return;
    }
    if (event->modifiers().testFlag(Qt::ShiftModifier) || m_marks.selected < 0)
        panBy(QPointF(-direction.x() * width(), -direction.y() * height()) * PanShare);
    else
        stepTowards(direction);
}

bool GraphCanvas::pressedCommand(const QKeyEvent &event)
{
    if ((event.modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) != 0)
        return false; // the window's
    switch (event.key()) {
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoomBy(ZoomStep); return true;
    case Qt::Key_Minus: zoomBy(1 / ZoomStep); return true;
    case Qt::Key_0: fit(); return true;
    case Qt::Key_1:
    case Qt::Key_2:
    case Qt::Key_3:
        setHops(event.key() - Qt::Key_0);
        setFocused(true);
        return true;
    case Qt::Key_N: setFocused(!m_focused); return true;
    case Qt::Key_C:
        if (m_marks.selected >= 0)
            centerOn(m_marks.selected);
        return true;
    case Qt::Key_Slash: Q_EMIT searchRequested(); return true;
    case Qt::Key_Escape:
        if (m_focused)
            setFocused(false);
        else if (!m_marks.found.empty())
            setFound({});
        else if (m_marks.selected >= 0)
            select(-1);
        else
            return false;
        return true;
    default: return false;
    }
}

/// To the linked node that lies best in a direction; without one, to the nearest node there.
bool GraphCanvas::stepTowards(QPointF direction)
{
    const QPointF from = placeOf(m_marks.selected);
    int best = -1;
    double bestCost = 0.0;
    const auto consider = [&](int node) {
        const QPointF d = placeOf(node) - from;
        const double length = std::hypot(d.x(), d.y());
        const double cosine = length > 0.0 ? QPointF::dotProduct(d, direction) / length : -1.0;
        if (node == m_marks.selected || cosine < ForwardCone)
            return;
        const double cost = length / (cosine * cosine);
        if (best < 0 || cost < bestCost) {
            best = node;
            bestCost = cost;
        }
    };
    for (const GraphNeighbour &n : m_model.graph().neighboursOf(static_cast<std::uint32_t>(m_marks.selected)))
        consider(static_cast<int>(n.node));
    if (best < 0) {
        for (std::size_t i = 0; i < m_model.graph().nodes.size(); ++i)
            consider(static_cast<int>(i));
    }
    if (best < 0)
        return false;
    m_anchor = m_around = -1;
    select(best);
    return true;
}

/// Tab goes around the neighbours of the node it began at, then leaves the graph.
bool GraphCanvas::stepAround(bool next)
{
    if (m_marks.selected < 0)
        return false;
    if (m_anchor < 0) {
        m_anchor = m_marks.selected;
        m_around = next ? -1 : static_cast<int>(m_model.graph().nodes[static_cast<std::size_t>(m_anchor)].degree);
    }
    const auto neighbours = m_model.graph().neighboursOf(static_cast<std::uint32_t>(m_anchor));
    const int to = m_around + (next ? 1 : -1);
    if (to < 0 || to >= static_cast<int>(neighbours.size())) {
        m_anchor = m_around = -1;
        return false;
    }
    m_around = to;
    select(static_cast<int>(neighbours[static_cast<std::size_t>(to)].node));
    return true;
}

bool GraphCanvas::focusNextPrevChild(bool next)
{
    return stepAround(next) || QWidget::focusNextPrevChild(next);
}

} // namespace eventops
