// SPDX-License-Identifier: MIT
#pragma once

#include <QPainterPath>
#include <QRectF>

class QPainter;

namespace eventops {

/// The shape of a severity, so that it can be told without colour: ring (unset), dot (info), diamond (notice), triangle
/// (warning), square (error), cross (critical). @p severityNumber: of OpenTelemetry, 0..24.
QPainterPath severityShape(int severityNumber, const QRectF &box);

/// Paints the shape in its colour; @p isOpen false: only its outline, for what is over. Thread: UI.
void paintSeverityMark(QPainter &painter, const QRectF &box, int severityNumber, bool isOpen = true);

} // namespace eventops
