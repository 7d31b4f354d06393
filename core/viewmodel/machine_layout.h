// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/expectation.h"

#include <QPointF>
#include <QRectF>
#include <QSizeF>

#include <vector>

namespace eventops {

/// How large the boxes of a machine are and how far apart, in device-independent pixels.
struct MachineMetrics {
    QSizeF node{122.0, 40.0};
    qreal endWidth = 46.0;  ///< Of a column with nothing but the start or the end.
    qreal columnGap = 62.0; ///< Room for what stands at an edge.
    qreal rowGap = 34.0;
    qreal margin = 14.0;
};

/// A way between two boxes as one cubic curve, from border to border.
struct MachineCurve {
    std::size_t edge = 0; ///< Place in StepMachine::edges.
    QPointF from, control1, control2, to;
    QPointF label;        ///< Middle of the curve.
    bool isBack = false;  ///< To an earlier step, or to itself: it goes around below.
    /// Unit vector in which it arrives.
    QPointF heading() const;
};

/// Where the steps of a machine stand: in columns by the mean position at which a case takes them, from left to right;
/// the start first, the end last.
struct MachineLayout {
    std::vector<QRectF> nodes; ///< One a step, in their order.
    std::vector<MachineCurve> curves; ///< Of those edges that are worth a line, the rarest first.
    QSizeF size;
    std::size_t columns = 0, rows = 0;
};

/// Probability from which on a way is drawn; also the most usual way to and from each step.
constexpr double EdgeShownMin = 0.05;

/// Mean position at which a case that follows @p machine takes each step, 0 for the start; at most PositionsMax.
std::vector<double> meanPositions(const StepMachine &machine);
constexpr int PositionsMax = 64;

/// A function of the machine alone. Thread: any. Complexity: O(PositionsMax · edges).
MachineLayout layoutMachine(const StepMachine &machine, const MachineMetrics &metrics = {});

} // namespace eventops
