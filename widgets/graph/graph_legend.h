// SPDX-License-Identifier: MIT
#pragma once

#include "widgets/graph/graph_picture.h"

#include <QPixmap>

namespace eventops {

/// What the colours, shapes and lines of a graph mean, as far as they occur in it; null for an empty graph. Thread: UI.
QPixmap paintGraphLegend(const GraphSnapshot &graph, const GraphPicture &picture, double devicePixelRatio);

} // namespace eventops
