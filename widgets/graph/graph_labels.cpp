// SPDX-License-Identifier: MIT
#include "widgets/graph/graph_labels.h"

#include "widgets/theme/theme.h"

#include <QFontMetricsF>
#include <QPainter>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace eventops {
namespace {

constexpr int LabelCharacters = 26;     ///< Wider names are elided in the middle, where ids differ least.
constexpr double ReadableShare = 0.5;   ///< Of scaleToRead: from here on every node may have a label.
constexpr float PlateOpacity = 0.82F;   ///< Of what lies behind the text.
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

void paintPicture(GraphLabels::Label &label, bool selected, double devicePixelRatio)
{
    label.picture = QImage((label.size * devicePixelRatio).toSize(), QImage::Format_ARGB32_Premultiplied);
    label.picture.setDevicePixelRatio(devicePixelRatio);
    QColor plate = themeColor("surface");
    plate.setAlphaF(PlateOpacity);
    label.picture.fill(plate);
    QPainter painter(&label.picture);
    painter.setFont(Theme::instance().font(Theme::FontRole::Small));
    painter.setPen(themeColor(selected ? "focus" : "text"));
    painter.drawText(QRectF({}, label.size), Qt::AlignCenter | Qt::TextSingleLine, label.text);
}

} // namespace

void GraphLabels::choose(const GraphModel &model, const GraphCamera &camera, const GraphMarks &marks,
                         double devicePixelRatio)
{
    m_labels.clear();
    m_taken.clear();
    const GraphSnapshot &graph = model.graph();
    const QRectF view({}, camera.view);
    const bool readable = camera.scale >= ReadableShare * GraphPicture::scaleToRead();
    std::vector<std::pair<double, int>> order;
    std::vector<int> drawn;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const int index = static_cast<int>(i);
        if (!view.contains(camera.toView(model.positions()[i])))
            continue;
        if (!marks.reached.empty() && marks.reached[i] == NotReached && index != marks.hovered)
            continue;
        order.emplace_back(-weightOf(graph.nodes[i], marks, index), index);
        drawn.push_back(index);
    }
    // Zoomed out, a label hides what lies below it: only a few, of nodes that stand out.
    const bool minding = readable || order.size() < LabelsMax;
    const double room = view.width() * view.height() / AreaOfLabel;
    const auto labelsMax = static_cast<std::size_t>(minding ? LabelsMax : std::min<double>(LabelsMax, room / 8));
    if (minding)
        coverNodes(model, camera, drawn);
    const std::size_t candidates = std::min(order.size(), CandidatesMax);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(candidates), order.end());
    for (std::size_t i = 0; i < candidates && m_labels.size() < labelsMax; ++i) {
        const int node = order[i].second;
        const bool wanted = node == marks.selected || node == marks.hovered;
        if (place(model, camera, node, minding) || (wanted && place(model, camera, node, false)))
            paintPicture(m_labels.back(), node == marks.selected, devicePixelRatio);
    }
}

/// Marks the cells of the view that lie under a node.
void GraphLabels::coverNodes(const GraphModel &model, const GraphCamera &camera, const std::vector<int> &nodes)
{
    m_cell = themeMetric("space1");
    m_columns = static_cast<int>(camera.view.width() / m_cell) + 1;
    m_rows = static_cast<int>(camera.view.height() / m_cell) + 1;
    m_covered.assign(static_cast<std::size_t>(m_columns) * static_cast<std::size_t>(m_rows), 0);
    for (const int node : nodes) {
        const auto index = static_cast<std::size_t>(node);
        const QPointF at = camera.toView(model.positions()[index]);
        const double radius = GraphPicture::radiusOf(model.graph().nodes[index], camera.scale);
        const int left = std::max(0, static_cast<int>((at.x() - radius) / m_cell));
        const int right = std::min(m_columns - 1, static_cast<int>((at.x() + radius) / m_cell));
        const int top = std::max(0, static_cast<int>((at.y() - radius) / m_cell));
        const int bottom = std::min(m_rows - 1, static_cast<int>((at.y() + radius) / m_cell));
        for (int row = top; row <= bottom; ++row) {
            for (int column = left; column <= right; ++column)
                m_covered[static_cast<std::size_t>(row * m_columns + column)] = 1;
        }
    }
}

bool GraphLabels::isFree(const QRectF &box, bool minding) const
{
    if (std::any_of(m_taken.begin(), m_taken.end(), [&](const QRectF &other) { return other.intersects(box); }))
        return false;
    if (!minding)
        return true;
    const int right = std::min(m_columns - 1, static_cast<int>(box.right() / m_cell));
    const int bottom = std::min(m_rows - 1, static_cast<int>(box.bottom() / m_cell));
    for (int row = std::max(0, static_cast<int>(box.top() / m_cell)); row <= bottom; ++row) {
        for (int column = std::max(0, static_cast<int>(box.left() / m_cell)); column <= right; ++column) {
            if (m_covered[static_cast<std::size_t>(row * m_columns + column)] != 0)
                return false;
        }
    }
    return true;
}

/// On the first free side of its node. @p minding: it may not lie over another node. False: no side is free.
bool GraphLabels::place(const GraphModel &model, const GraphCamera &camera, int node, bool minding)
{
    const QFontMetricsF metrics(Theme::instance().font(Theme::FontRole::Small));
    const double pad = themeMetric("space1") / 2.0;
    Label label;
    label.node = node;
    label.text =
        metrics.elidedText(model.titleOf(node), Qt::ElideMiddle, metrics.averageCharWidth() * LabelCharacters);
    label.size = {std::ceil(metrics.horizontalAdvance(label.text) + 2 * pad), std::ceil(metrics.height())};
    const auto index = static_cast<std::size_t>(node);
    // A cell more than the rim, or the node's own cells would stand in the way.
    const double gap = GraphPicture::radiusOf(model.graph().nodes[index], camera.scale) + themeMetric("space1");
    const QPointF at = camera.toView(model.positions()[index]);
    const double width = label.size.width(), height = label.size.height();
    const std::array<QPointF, 4> sides{QPointF(gap, -height / 2), QPointF(-gap - width, -height / 2),
                                       QPointF(-width / 2, gap), QPointF(-width / 2, -gap - height)};
    for (const QPointF side : sides) {
        const QRectF box(at + side, label.size);
        if (!QRectF({}, camera.view).contains(box) || !isFree(box, minding))
            continue;
        label.offset = side;
        m_taken.push_back(box);
        m_labels.push_back(std::move(label));
        return true;
    }
    return false;
}

void GraphLabels::paint(QPainter &painter, const GraphModel &model, const GraphCamera &camera) const
{
    for (const Label &label : m_labels) {
        const auto index = static_cast<std::size_t>(label.node);
        if (index >= model.positions().size())
            continue;
        const QPointF corner = camera.toView(model.positions()[index]) + label.offset;
        if (QRectF({}, camera.view).intersects(QRectF(corner, label.size)))
            painter.drawImage(corner.toPoint(), label.picture); // on whole pixels, or the text would blur
    }
}

} // namespace eventops
