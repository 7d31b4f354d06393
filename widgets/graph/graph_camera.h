// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/graph_model.h"

#include <QPointF>
#include <QSizeF>

#include <algorithm>
#include <vector>

namespace eventops {

/// Which part of the drawing is seen: the world place in the middle of the view, and pixels a unit.
struct GraphCamera {
    QPointF middle;
    double scale = 1.0;
    QSizeF view{1.0, 1.0}; ///< Pixels.

    QPointF toView(LayoutPoint p) const
    {
        return {(static_cast<double>(p.x) - middle.x()) * scale + view.width() / 2,
                (static_cast<double>(p.y) - middle.y()) * scale + view.height() / 2};
    }
    QPointF toWorld(QPointF p) const
    {
        return {(p.x() - view.width() / 2) / scale + middle.x(), (p.y() - view.height() / 2) / scale + middle.y()};
    }
    void panBy(QPointF pixels) { middle -= pixels / scale; }
    /// What lies under @p at stays there.
    void zoomAt(QPointF at, double wanted, double scaleMin, double scaleMax)
    {
        const QPointF before = toWorld(at);
        scale = std::clamp(wanted, scaleMin, scaleMax);
        middle += before - toWorld(at);
    }
    /// Shows all of @p places with @p margin pixels around, at most at @p scaleMax.
    void fit(const std::vector<LayoutPoint> &places, double margin, double scaleMax)
    {
        if (places.empty())
            return;
        const auto [left, right] = std::minmax_element(places.begin(), places.end(),
                                                       [](auto a, auto b) { return a.x < b.x; });
        const auto [top, bottom] = std::minmax_element(places.begin(), places.end(),
                                                       [](auto a, auto b) { return a.y < b.y; });
        middle = {(static_cast<double>(left->x) + static_cast<double>(right->x)) / 2,
                  (static_cast<double>(top->y) + static_cast<double>(bottom->y)) / 2};
        const double across = std::max(1.0, view.width() - 2 * margin) / std::max(1e-3F, right->x - left->x);
        const double down = std::max(1.0, view.height() - 2 * margin) / std::max(1e-3F, bottom->y - top->y);
        scale = std::min({across, down, scaleMax});
    }
};

} // namespace eventops
