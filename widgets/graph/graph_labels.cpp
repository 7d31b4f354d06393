// SPDX-License-Identifier: MIT
#include "widgets/graph/graph_labels.h"

#include "widgets/theme/theme.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>
#include <array>
#include <utility>

namespace eventops {
namespace {

constexpr int LabelCharacters = 26;     ///< Wider names are elided in the middle, where ids differ least.
constexpr double ReadableShare = 0.5;   ///< Of scaleToRead: from here on every node may have a label.
constexpr double AreaOfLabel = 6'000.0; ///< Square pixels of view for each label when zoomed out.

/// Larger: labelled earlier.
double weightOf(const GraphNode &node, const GraphMarks &marks, int index)
{
    if (index == marks.selected || index == marks.hovered)
        return 1e9;
    double weight = node.degree;
    weight += 1e4 * GraphPicture::severityBand(node.severity) + (node.openFindings > 0 ? 1e4 : 0);
    if (!marks.reached.empty() && marks.reached[static_cast<std::size_t>(index)] != NotReached)
        weight += 1e6 * (4 - marks.reached[static_cast<std::size_t>(index)]);
    return weight;
}

bool isFree(const QRectF &box, const std::vector<QRectF> &taken)
{
    return std::none_of(taken.begin(), taken.end(), [&](const QRectF &other) { return other.intersects(box); });
}

} // namespace

void GraphLabels::choose(const GraphModel &model, const GraphCamera &camera, const GraphMarks &marks)
{
    m_labels.clear();
    const GraphSnapshot &graph = model.graph();
    const QRectF view({}, camera.view);
    const bool readable = camera.scale >= ReadableShare * GraphPicture::scaleToRead();
    std::vector<std::pair<double, int>> order;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const int index = static_cast<int>(i);
        if (!view.contains(camera.toView(model.positions()[i])))
            continue;
        const bool dimmed = !marks.reached.empty() && marks.reached[i] == NotReached;
        const bool always = index == marks.selected || index == marks.hovered;
        if (!dimmed || always)
            order.emplace_back(-weightOf(graph.nodes[i], marks, index), index);
    }
    const std::size_t candidates = std::min(order.size(), CandidatesMax);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(candidates), order.end());
    const double room = view.width() * view.height() / AreaOfLabel;
    // Zoomed out, a label hides what lies below it: only a few, of nodes that stand out.
    const auto labelsMax = static_cast<std::size_t>(
        std::min<double>(LabelsMax, readable || order.size() < LabelsMax ? LabelsMax : room / 8));
    std::vector<QRectF> taken;
    for (std::size_t i = 0; i < candidates && m_labels.size() < labelsMax; ++i) {
        // A label may not lie over the node of one that matters more.
        const GraphNode &node = graph.nodes[static_cast<std::size_t>(order[i].second)];
        const double radius = GraphPicture::radiusOf(node, camera.scale);
        const QPointF at = camera.toView(model.positions()[static_cast<std::size_t>(order[i].second)]);
        place(model, camera, order[i].second, taken);
        taken.emplace_back(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius);
    }
}

void GraphLabels::place(const GraphModel &model, const GraphCamera &camera, int node, std::vector<QRectF> &taken)
{
    const QFontMetricsF metrics(Theme::instance().font(Theme::FontRole::Small));
    const double pad = themeMetric("space1") / 2.0;
    Label label;
    label.node = node;
    label.text =
        metrics.elidedText(model.titleOf(node), Qt::ElideMiddle, metrics.averageCharWidth() * LabelCharacters);
    label.size = {metrics.horizontalAdvance(label.text) + 2 * pad, metrics.height()};
    const auto index = static_cast<std::size_t>(node);
    const double gap = GraphPicture::radiusOf(model.graph().nodes[index], camera.scale) + pad;
    const QPointF at = camera.toView(model.positions()[index]);
    const double width = label.size.width(), height = label.size.height();
    const std::array<QPointF, 4> sides{QPointF(gap, -height / 2), QPointF(-gap - width, -height / 2),
                                       QPointF(-width / 2, gap), QPointF(-width / 2, -gap - height)};
    for (const QPointF side : sides) {
        const QRectF box(at + side, label.size);
        if (!QRectF({}, camera.view).contains(box) || !isFree(box, taken))
            continue;
        label.offset = side;
        taken.push_back(box);
        m_labels.push_back(std::move(label));
        return;
    }
}

void GraphLabels::paint(QPainter &painter, const GraphModel &model, const GraphCamera &camera,
                        const GraphMarks &marks) const
{
    painter.setFont(Theme::instance().font(Theme::FontRole::Small));
    QColor plate = themeColor("surface");
    plate.setAlphaF(0.82F);
    const QColor text = themeColor("text"), strong = themeColor("focus");
    for (const Label &label : m_labels) {
        const auto index = static_cast<std::size_t>(label.node);
        if (index >= model.positions().size())
            continue;
        const QPointF corner = camera.toView(model.positions()[index]) + label.offset;
        const QRectF box(corner, label.size);
        if (!QRectF({}, camera.view).intersects(box))
            continue;
        painter.fillRect(box, plate);
        painter.setPen(label.node == marks.selected ? strong : text);
        painter.drawText(box, Qt::AlignCenter | Qt::TextSingleLine, label.text);
    }
}

} // namespace eventops
