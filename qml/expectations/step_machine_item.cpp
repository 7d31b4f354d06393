// SPDX-License-Identifier: MIT
#include "qml/expectations/step_machine_item.h"

#include "core/viewmodel/shown_text.h"
#include "qml/theme/quick_theme.h"

#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace eventops {
namespace {

constexpr qreal ColumnGapMax = 190.0, RowGapMax = 60.0;
constexpr qreal LineMin = 1.2, LineMore = 3.4; ///< Width of a way, and what certainty adds.
constexpr qreal ArrowLength = 8.0, ArrowHalf = 4.0;
constexpr qreal QuietOpacity = 0.35;           ///< Of ways beside those of the step looked at.

QColor token(const char *name)
{
    return QuickTheme::instance().color()->value(QLatin1String(name)).value<QColor>();
}

qreal metric(const char *name)
{
    return QuickTheme::instance().metric()->value(QLatin1String(name)).toReal();
}

QFont fontOf(const char *size, QFont::Weight weight = QFont::Normal)
{
    const QQmlPropertyMap *fonts = QuickTheme::instance().font();
    QFont font(fonts->value(QStringLiteral("family")).toString());
    font.setPixelSize(fonts->value(QLatin1String(size)).toInt());
    font.setWeight(weight);
    return font;
}

} // namespace

StepMachineItem::StepMachineItem(QQuickItem *parent) : QQuickPaintedItem(parent)
{
    setAntialiasing(true);
    connect(&QuickTheme::instance(), &QuickTheme::changed, this, [this] { update(); });
}

void StepMachineItem::setModel(StepMachinesModel *model)
{
    if (m_model == model)
        return;
    if (m_model != nullptr)
        disconnect(m_model, nullptr, this, nullptr);
    m_model = model;
    if (m_model != nullptr) {
        connect(m_model, &StepMachinesModel::machineChanged, this, &StepMachineItem::relayout);
        connect(m_model, &StepMachinesModel::stepChanged, this, [this] { update(); });
    }
    relayout();
    Q_EMIT modelChanged();
}

void StepMachineItem::setRoom(QSizeF room)
{
    if (m_room == room)
        return;
    m_room = room;
    relayout();
    Q_EMIT roomChanged();
}

/// Uses what room there is, up to where lines become too long to follow.
void StepMachineItem::relayout()
{
    MachineMetrics metrics;
    const StepMachine nothing;
    const StepMachine &machine = m_model != nullptr ? m_model->machine() : nothing;
    m_layout = layoutMachine(machine, metrics);
    const QSizeF spare = m_room - m_layout.size;
    if (m_layout.columns > 1 && spare.width() > 0.0)
        metrics.columnGap = std::min(ColumnGapMax, metrics.columnGap
                                     + spare.width() / static_cast<qreal>(m_layout.columns - 1));
    if (m_layout.rows > 0 && spare.height() > 0.0)
        metrics.rowGap = std::min(RowGapMax, metrics.rowGap + spare.height() / static_cast<qreal>(m_layout.rows));
    m_layout = layoutMachine(machine, metrics);
    setImplicitSize(m_layout.size.width(), m_layout.size.height());
    update();
}

int StepMachineItem::stepAt(QPointF place) const
{
    for (std::size_t i = 0; i < m_layout.nodes.size(); ++i) {
        if (m_layout.nodes[i].contains(place))
            return static_cast<int>(i);
    }
    return -1;
}

QRectF StepMachineItem::boxOf(int step) const
{
    return step < 0 || step >= static_cast<int>(m_layout.nodes.size()) ? QRectF()
                                                                      : m_layout.nodes[static_cast<std::size_t>(step)];
}

bool StepMachineItem::standsOut(const MachineEdge &edge) const
{
    const int step = m_model->step();
    return step < 0 || edge.from == static_cast<std::uint32_t>(step) || edge.to == static_cast<std::uint32_t>(step);
}

void StepMachineItem::paint(QPainter *painter)
{
    if (m_model == nullptr || m_layout.nodes.size() != m_model->machine().steps.size())
        return;
    painter->setRenderHint(QPainter::Antialiasing);
    for (const MachineCurve &curve : m_layout.curves)
        paintCurve(*painter, curve);
    for (std::size_t i = 0; i < m_layout.nodes.size(); ++i)
        paintNode(*painter, i);
    std::vector<QRectF> taken;
    for (auto curve = m_layout.curves.rbegin(); curve != m_layout.curves.rend(); ++curve) // the usual ways first
        paintLabel(*painter, *curve, taken);
}

void StepMachineItem::paintCurve(QPainter &painter, const MachineCurve &curve) const
{
    const MachineEdge &edge = m_model->machine().edges[curve.edge];
    const bool isLoud = standsOut(edge);
    QColor color = token(isLoud && m_model->step() >= 0 ? "accent" : "textMuted");
    if (!isLoud)
        color.setAlphaF(QuietOpacity);
    const qreal width = LineMin + LineMore * edge.probability;
    QPainterPath path(curve.from);
    const QPointF direction = curve.heading();
    const QPointF neck = curve.to - direction * ArrowLength;
    path.cubicTo(curve.control1, curve.control2, neck);
    painter.setPen(QPen(color, width, Qt::SolidLine, Qt::FlatCap));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(path);
    const QPointF side(-direction.y(), direction.x());
    const qreal half = ArrowHalf + width / 3.0;
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawPolygon(QPolygonF{{curve.to, neck + side * half, neck - side * half}});
}

/// Where another label stands already, along the curve to one side or the other; left away where there is no room.
void StepMachineItem::paintLabel(QPainter &painter, const MachineCurve &curve, std::vector<QRectF> &taken) const
{
    const MachineEdge &edge = m_model->machine().edges[curve.edge];
    if (m_model->step() >= 0 && !standsOut(edge))
        return;
    const QString text = StepMachinesModel::edgeText(edge);
    const QFont font = fontOf("small");
    const QFontMetricsF metrics(font);
    const QSizeF size = metrics.boundingRect(QRectF(), Qt::AlignCenter, text).size()
        + QSizeF(metric("space1") * 2.0, 0.0);
    const auto pointAt = [&](qreal t) {
        const qreal s = 1.0 - t;
        return s * s * s * curve.from + 3.0 * s * s * t * curve.control1 + 3.0 * s * t * t * curve.control2
            + t * t * t * curve.to;
    };
    for (const qreal t : {0.5, 0.4, 0.6, 0.3, 0.7}) {
        QRectF box(QPointF(), size);
        box.moveCenter(pointAt(t));
        const auto meets = [&](const QRectF &other) { return other.intersects(box); };
        if (std::any_of(taken.begin(), taken.end(), meets)
            || std::any_of(m_layout.nodes.begin(), m_layout.nodes.end(), meets))
            continue;
        QColor ground = token("window");
        ground.setAlphaF(0.88F);
        painter.setPen(Qt::NoPen);
        painter.setBrush(ground);
        painter.drawRoundedRect(box, metric("space1"), metric("space1"));
        painter.setPen(token("text"));
        painter.setFont(font);
        painter.drawText(box, Qt::AlignCenter, text);
        taken.push_back(box);
        return;
    }
}

void StepMachineItem::paintNode(QPainter &painter, std::size_t step) const
{
    const MachineStep &state = m_model->machine().steps[step];
    const QRectF box = m_layout.nodes[step];
    const bool isLooked = m_model->step() == static_cast<int>(step);
    const bool isStep = state.kind == MachineStep::Kind::Step;
    painter.setPen(QPen(isLooked ? token("focus") : token("borderStrong"), isLooked ? metric("focusWidth") : 1.0));
    painter.setBrush(isStep ? token("surfaceRaised") : token("surfaceSunken"));
    const qreal radius = isStep ? metric("radius") : box.height() / 2.0;
    painter.drawRoundedRect(box, radius, radius);
    const QRectF inner = box.adjusted(metric("space2"), 2.0, -metric("space2"), -2.0);
    const QFont name = fontOf("body", isStep ? QFont::DemiBold : QFont::Normal);
    const QString shown = QFontMetricsF(name).elidedText(m_model->stepName(state), Qt::ElideMiddle, inner.width());
    painter.setFont(name);
    painter.setPen(token(isStep ? "text" : "textMuted"));
    if (!isStep) {
        painter.drawText(inner, Qt::AlignCenter, shown);
        return;
    }
    painter.drawText(QRectF(inner.left(), inner.top(), inner.width(), inner.height() / 2.0 + 2.0), Qt::AlignCenter,
                     shown);
    painter.setFont(fontOf("small"));
    painter.setPen(token("textMuted"));
    painter.drawText(QRectF(inner.left(), inner.center().y() + 1.0, inner.width(), inner.height() / 2.0 - 1.0),
                     Qt::AlignCenter, tr("%1 times").arg(shownCount(state.count)));
}

} // namespace eventops
