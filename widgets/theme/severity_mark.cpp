// SPDX-License-Identifier: MIT
#include "widgets/theme/severity_mark.h"

#include "widgets/theme/theme.h"

#include <QPainter>

namespace eventops {
namespace {

QPainterPath polygon(std::initializer_list<QPointF> points)
{
    QPainterPath path;
    path.addPolygon(QPolygonF(QList<QPointF>(points)));
    path.closeSubpath();
    return path;
}

/// Two crossing bars, each a third of the box wide, as one outline.
QPainterPath cross(const QRectF &box)
{
    const QPointF c = box.center();
    const qreal r = box.width() / 2;
    const qreal t = r * 0.38; // half a bar's width along the axes
    const auto at = [&](qreal x, qreal y) { return QPointF(c.x() + x, c.y() + y); };
    return polygon({at(0, -t), at(r - t, -r), at(r, -r + t), at(t, 0), at(r, r - t), at(r - t, r), at(0, t),
                    at(-r + t, r), at(-r, r - t), at(-t, 0), at(-r, -r + t), at(-r + t, -r)});
}

} // namespace

QPainterPath severityShape(int severityNumber, const QRectF &box)
{
    const QPointF c = box.center();
    if (severityNumber >= 21)
        return cross(box);
    const qreal inset = box.width() / 10;
    if (severityNumber >= 17)
        return polygon({box.topLeft() + QPointF(inset, inset), box.topRight() + QPointF(-inset, inset),
                        box.bottomRight() + QPointF(-inset, -inset), box.bottomLeft() + QPointF(inset, -inset)});
    if (severityNumber >= 13)
        return polygon({{c.x(), box.top()}, {box.right(), box.bottom() - inset}, {box.left(), box.bottom() - inset}});
    if (severityNumber >= 10)
        return polygon({{c.x(), box.top()}, {box.right(), c.y()}, {c.x(), box.bottom()}, {box.left(), c.y()}});
    QPainterPath path;
    const qreal dot = severityNumber >= 1 ? inset * 2 : inset * 3;
    path.addEllipse(box.adjusted(dot, dot, -dot, -dot));
    return path;
}

void paintSeverityMark(QPainter &painter, const QRectF &box, int severityNumber, bool isOpen)
{
    const QColor color = Theme::instance().severityColor(severityNumber);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const bool filled = isOpen && severityNumber >= 1;
    painter.setPen(filled ? QPen(Qt::NoPen) : QPen(color, themeMetric("border") * 1.5));
    painter.setBrush(filled ? QBrush(color) : QBrush(Qt::NoBrush));
    painter.drawPath(severityShape(severityNumber, box));
    painter.restore();
}

} // namespace eventops
