// SPDX-License-Identifier: MIT
#include "widgets/graph/graph_picture.h"

#include "widgets/theme/severity_mark.h"
#include "widgets/theme/theme.h"

#include <QPainter>
#include <QPainterPath>

#include <array>
#include <cmath>
#include <map>

namespace eventops {
namespace {

// In units of the theme's marker size, so that everything grows with it.
constexpr double NodeShare = 0.24;       ///< Radius in units of the drawing …
constexpr double NodeRadiusMin = 0.16, NodeRadiusMax = 0.8; ///< … within these.
constexpr double HubGrowth = 0.6;        ///< The best linked nodes are larger by up to that share,
constexpr double HubDegree = 8.0;        ///< those with that many links by half of it.
constexpr double CircleShare = 0.9;       ///< A circle looks as large as other shapes of the same box.
constexpr double SeverityGrowth = 1.35;
constexpr double SeverityRadiusMin = 0.45;
constexpr double ArrowLength = 0.6, ArrowWidth = 0.28, ArrowRoom = 2.6;
constexpr std::size_t ArrowsMax = 6'000;
constexpr double ScaleMax = 14.0, ScaleToRead = 7.0;
constexpr std::uint32_t LinkAlpha = 170, SparseLinkAlpha = 230, DimmedAlpha = 36;
constexpr std::size_t DenseLinks = 3'000;
constexpr std::array<std::uint16_t, GraphPicture::LinkStyles> Patterns{0xffff, 0xf0f0, 0x1111, 0xf99f};
constexpr std::array TypeSeries{0, 1, 3}; ///< Those that no severity looks like.

double marker()
{
    return themeMetric("markerSize");
}

int numberOf(int band)
{
    constexpr std::array Severities{Severity::Unset, Severity::Notice, Severity::Warning, Severity::Error,
                                    Severity::Critical};
    return static_cast<int>(Severities.at(static_cast<std::size_t>(band)));
}

QRgb towards(QRgb from, QRgb to, double share)
{
    const auto channel = [share](int a, int b) { return static_cast<int>(a + (b - a) * share); };
    return qRgb(channel(qRed(from), qRed(to)), channel(qGreen(from), qGreen(to)), channel(qBlue(from), qBlue(to)));
}

/// Evenly spread over [0, 1): which links stay when some are left out, the same in each frame.
double spread(std::uint32_t index)
{
    return static_cast<double>(index * 2654435769U) / 4294967296.0;
}

} // namespace

int GraphPicture::severityBand(Severity severity)
{
    if (severity >= Severity::Critical)
        return 4;
    if (severity >= Severity::Error)
        return 3;
    if (severity >= Severity::Warning)
        return 2;
    return severity > Severity::Unset ? 1 : 0;
}

double GraphPicture::scaleMax()
{
    return ScaleMax * marker();
}

double GraphPicture::scaleToRead()
{
    return ScaleToRead * marker();
}

double GraphPicture::radiusOf(const GraphNode &node, double scale)
{
    // A saturating curve; a logarithm for each node and frame would cost more than drawing it.
    const double hub = node.degree / (node.degree + HubDegree);
    double radius = std::clamp(NodeShare * scale, NodeRadiusMin * marker(), NodeRadiusMax * marker());
    radius *= 1.0 + HubGrowth * hub;
    if (node.openFindings > 0)
        radius = std::max(radius * SeverityGrowth, SeverityRadiusMin * marker());
    return radius;
}

std::uint16_t GraphPicture::patternOf(std::uint32_t linkType)
{
    return Patterns[std::min<std::size_t>(linkType, Patterns.size() - 1)];
}

QColor GraphPicture::typeColor(int index)
{
    return index < TypeColors ? Theme::instance().seriesColor(TypeSeries.at(static_cast<std::size_t>(index)))
                              : themeColor("severityUnset");
}

void GraphPicture::setGraph(const GraphSnapshot &graph)
{
    std::map<std::string_view, std::size_t> counts;
    for (const GraphNode &node : graph.nodes)
        ++counts[node.type];
    std::vector<std::pair<std::size_t, std::string_view>> order;
    for (const auto &[type, count] : counts)
        order.emplace_back(count, type);
    std::stable_sort(order.begin(), order.end(), [](const auto &a, const auto &b) { return a.first > b.first; });
    m_otherTypes = order.size() > TypeColors;
    m_topTypes.clear();
    for (std::size_t i = 0; i < std::min<std::size_t>(order.size(), TypeColors); ++i)
        m_topTypes.emplace_back(order[i].second);
    m_typeColor.resize(graph.nodes.size());
    for (std::size_t i = 0; i < graph.nodes.size(); ++i)
        m_typeColor[i] = static_cast<std::uint8_t>(colorOfType(graph.nodes[i].type));
}

int GraphPicture::colorOfType(std::string_view type) const
{
    for (std::size_t i = 0; i < m_topTypes.size(); ++i) {
        if (m_topTypes[i] == type)
            return static_cast<int>(i);
    }
    return TypeColors;
}

void GraphPicture::paintSign(QPainter &painter, QPointF middle, double radius, int band, int typeColor)
{
    const QRectF box(middle - QPointF(radius, radius), QSizeF(2 * radius, 2 * radius));
    QPainterPath circle;
    circle.addEllipse(middle, radius * CircleShare, radius * CircleShare);
    painter.setBrush(band == 0 ? GraphPicture::typeColor(typeColor) : Theme::instance().severityColor(numberOf(band)));
    painter.setPen(QPen(themeColor("surface"), themeMetric("border")));
    painter.drawPath(band == 0 ? circle : severityShape(numberOf(band), box));
}

const GraphSprite &GraphPicture::sprite(int band, int typeColor, int radiusQuarters, bool dimmed)
{
    const quint64 key = (static_cast<quint64>(radiusQuarters) << 16U) | (static_cast<quint64>(band) << 8U)
        | (static_cast<quint64>(typeColor) << 1U) | (dimmed ? 1U : 0U);
    const auto found = m_sprites.constFind(key);
    if (found != m_sprites.constEnd())
        return *found;
    const double radius = radiusQuarters / 4.0;
    const int half = static_cast<int>(std::ceil(radius)) + 1;
    QImage image(2 * half + 1, 2 * half + 1, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setOpacity(dimmed ? 0.18 : 1.0);
    paintSign(painter, QPointF(half + 0.5, half + 0.5), radius, band, typeColor);
    painter.end();
    return *m_sprites.insert(key, GraphSprite(image));
}

void GraphPicture::draw(QImage &image, const GraphModel &model, const GraphCamera &camera, const GraphMarks &marks,
                        bool moving)
{
    const GraphSnapshot &graph = model.graph();
    const std::vector<LayoutPoint> &places = model.positions();
    m_ratio = image.devicePixelRatio();
    m_scale = camera.scale;
    m_at.resize(places.size());
    for (std::size_t i = 0; i < places.size(); ++i)
        m_at[i] = camera.toView(places[i]) * m_ratio;
    GraphRaster raster(image);
    raster.fill(themeColor("surface").rgb());
    drawLinks(raster, graph, marks, moving);
    drawMarkedLinks(raster, graph, marks);
    drawNodes(raster, graph, marks);
    for (const int node : marks.found)
        drawRing(image, graph, node, themeColor("accent"), themeMetric("border"));
    drawRing(image, graph, marks.hovered, themeColor("text"), themeMetric("border"));
    drawRing(image, graph, marks.selected, themeColor("focus"), themeMetric("space1") / 2.0);
}

void GraphPicture::drawLinks(GraphRaster &raster, const GraphSnapshot &graph, const GraphMarks &marks, bool moving)
{
    double pixels = 0.0;
    for (const GraphLink &link : graph.links) {
        const QPointF d = m_at[link.source] - m_at[link.target];
        pixels += std::max(std::abs(d.x()), std::abs(d.y()));
    }
    const double share = (moving ? MovingLinkPixelsMax : StillLinkPixelsMax) / std::max(1.0, pixels);
    const QRgb surface = themeColor("surface").rgb();
    const QRgb color = themeColor("borderStrong").rgb();
    GraphStroke stroke{color, graph.links.size() > DenseLinks ? LinkAlpha : SparseLinkAlpha, 0xffff, !moving};
    GraphStroke faint{towards(surface, color, 0.5), DimmedAlpha, 0xffff, false};
    const bool arrows = m_scale >= ArrowRoom * marker() && (!moving || graph.links.size() <= ArrowsMax);
    for (std::uint32_t i = 0; i < graph.links.size(); ++i) {
        const GraphLink &link = graph.links[i];
        if (share < 1.0 && spread(i) >= share)
            continue;
        const bool dimmed = !marks.reached.empty()
            && (marks.reached[link.source] == NotReached || marks.reached[link.target] == NotReached);
        GraphStroke &used = dimmed ? faint : stroke;
        used.pattern = patternOf(link.type);
        raster.line(m_at[link.source], m_at[link.target], used);
        if (arrows && !dimmed)
            drawArrow(raster, graph, link, used);
    }
}

/// The links of the selected node and of the one under the pointer.
void GraphPicture::drawMarkedLinks(GraphRaster &raster, const GraphSnapshot &graph, const GraphMarks &marks)
{
    const auto mark = [&](int node, const char *token) {
        if (node < 0 || static_cast<std::size_t>(node) >= graph.nodes.size())
            return;
        GraphStroke stroke{themeColor(token).rgb(), 256, 0xffff, true};
        for (const GraphNeighbour &n : graph.neighboursOf(static_cast<std::uint32_t>(node))) {
            const GraphLink &link = graph.links[n.link];
            stroke.pattern = patternOf(link.type);
            const QPointF d = m_at[link.target] - m_at[link.source];
            const double length = std::hypot(d.x(), d.y());
            const QPointF aside = length > 0.0 ? QPointF(-d.y(), d.x()) / length * 0.5 : QPointF();
            raster.line(m_at[link.source] + aside, m_at[link.target] + aside, stroke);
            raster.line(m_at[link.source] - aside, m_at[link.target] - aside, stroke);
            drawArrow(raster, graph, link, stroke);
        }
    };
    mark(marks.hovered, "textMuted");
    mark(marks.selected, "accent");
}

/// A head at the target's rim, where the line is long enough to tell it from the node.
void GraphPicture::drawArrow(GraphRaster &raster, const GraphSnapshot &graph, const GraphLink &link,
                             const GraphStroke &stroke)
{
    const QPointF d = m_at[link.target] - m_at[link.source];
    const double length = std::hypot(d.x(), d.y());
    const double rim = radiusOf(graph.nodes[link.target], m_scale) * m_ratio;
    const double size = ArrowLength * marker() * m_ratio;
    if (length < rim + 2.5 * size)
        return;
    const QPointF along = d / length, aside(-along.y(), along.x());
    const QPointF tip = m_at[link.target] - along * (rim + themeMetric("border") * m_ratio);
    GraphStroke plain = stroke;
    plain.pattern = 0xffff;
    // Strokes from the tip fill the head.
    const double half = ArrowWidth * marker() * m_ratio;
    for (double at = -half; at <= half; at += 0.75)
        raster.line(tip, tip - along * size + aside * at, plain);
}

void GraphPicture::drawNodes(GraphRaster &raster, const GraphSnapshot &graph, const GraphMarks &marks)
{
    // Findings are drawn last: nothing hides them.
    for (const bool withFindings : {false, true}) {
        for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
            const GraphNode &node = graph.nodes[i];
            if ((node.openFindings > 0) != withFindings)
                continue;
            const bool dimmed = !marks.reached.empty() && marks.reached[i] == NotReached;
            const int quarters = static_cast<int>(std::lround(radiusOf(node, m_scale) * m_ratio * 4.0));
            const GraphSprite &stamp =
                sprite(withFindings ? std::max(1, severityBand(node.severity)) : 0, withFindings ? 0 : m_typeColor[i],
                       quarters, dimmed);
            // A place far outside does not fit an int.
            const QPointF at = m_at[i];
            if (std::abs(at.x()) < 1e6 && std::abs(at.y()) < 1e6)
                raster.stamp(stamp, static_cast<int>(std::floor(at.x())), static_cast<int>(std::floor(at.y())));
        }
    }
}

void GraphPicture::drawRing(QImage &image, const GraphSnapshot &graph, int node, const QColor &color, double gap) const
{
    if (node < 0 || static_cast<std::size_t>(node) >= graph.nodes.size())
        return;
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color, 2.0 * themeMetric("border")));
    painter.setBrush(Qt::NoBrush);
    const double radius =
        radiusOf(graph.nodes[static_cast<std::size_t>(node)], m_scale) + gap + 2.0 * themeMetric("border");
    painter.drawEllipse(m_at[static_cast<std::size_t>(node)] / m_ratio, radius, radius);
}

} // namespace eventops
