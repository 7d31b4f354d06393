// SPDX-License-Identifier: MIT
#pragma once

#include "widgets/graph/graph_camera.h"
#include "widgets/graph/graph_picture.h"

#include <QImage>
#include <QRectF>
#include <QString>

#include <cstdint>
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
    void choose(const GraphModel &model, const GraphCamera &camera, const GraphMarks &marks, double devicePixelRatio);
    void clear() { m_labels.clear(); }
    void paint(QPainter &painter, const GraphModel &model, const GraphCamera &camera) const;

    struct Label {
        int node = -1;
        QString text;
        QPointF offset; ///< From the node's middle to the label's upper left corner.
        QSizeF size;
        QImage picture; ///< Text is laid out once, not in each frame.
    };
    const std::vector<Label> &labels() const { return m_labels; }

private:
    bool place(const GraphModel &model, const GraphCamera &camera, int node, bool minding);
    bool isFree(const QRectF &box, bool minding) const;
    void coverNodes(const GraphModel &model, const GraphCamera &camera, const std::vector<int> &nodes);

    std::vector<Label> m_labels;
    std::vector<QRectF> m_taken;         ///< By labels.
    std::vector<std::uint8_t> m_covered; ///< By nodes: cells of the view.
    int m_columns = 0, m_rows = 0;
    double m_cell = 1.0;
};

} // namespace eventops
