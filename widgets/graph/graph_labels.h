// SPDX-License-Identifier: MIT
#pragma once

#include "widgets/graph/graph_camera.h"
#include "widgets/graph/graph_picture.h"

#include <QRectF>
#include <QString>

#include <vector>

class QPainter;

namespace eventops {

/// Names beside nodes, so that none overlaps another: those that matter most first, each on the first free of four
/// sides, as many as fit. What is chosen at rest travels with its node while things move. Thread: UI.
class GraphLabels
{
public:
    static constexpr int LabelsMax = 80;
    static constexpr std::size_t CandidatesMax = 600;

    /// Chooses anew. O(nodes + candidates · labels).
    void choose(const GraphModel &model, const GraphCamera &camera, const GraphMarks &marks);
    void clear() { m_labels.clear(); }
    void paint(QPainter &painter, const GraphModel &model, const GraphCamera &camera, const GraphMarks &marks) const;

    struct Label {
        int node = -1;
        QString text;
        QPointF offset; ///< From the node's middle to the label's upper left corner.
        QSizeF size;
    };
    const std::vector<Label> &labels() const { return m_labels; }

private:
    void place(const GraphModel &model, const GraphCamera &camera, int node, std::vector<QRectF> &taken);

    std::vector<Label> m_labels;
};

} // namespace eventops
