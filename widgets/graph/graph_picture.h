// SPDX-License-Identifier: MIT
#pragma once

#include "widgets/graph/graph_camera.h"
#include "widgets/graph/graph_raster.h"

#include <QHash>
#include <QImage>

#include <cstdint>
#include <vector>

namespace eventops {

/// What is marked in the graph.
struct GraphMarks {
    int selected = -1, hovered = -1;
    std::vector<std::uint8_t> reached;   ///< Hops from the focused node; empty: nothing is dimmed.
    std::vector<int> found;              ///< By the search.
};

/// Draws links and nodes into an image. Links carry their type as line style and, where there is room, an arrow; nodes
/// their entity type as colour, and the worst severity of open findings as shape and colour.
///
/// Everything is looked at in each frame: testing 80,000 flat entries against the view costs less than a millisecond,
/// so there is no index to keep. What would be more than LinkPixelsMax of lines is thinned out evenly. Thread: UI.
class GraphPicture
{
public:
    static constexpr double MovingLinkPixelsMax = 1.2e6; ///< Of lines in a frame while things move,
    static constexpr double StillLinkPixelsMax = 4e6;    ///< and at rest.
    static constexpr int TypeColors = 3;                 ///< Entity types with a colour of their own.
    static constexpr int LinkStyles = 4;                 ///< Link types with a line style of their own.

    /// Counts what the legend and the colours need. O(nodes log nodes).
    void setGraph(const GraphSnapshot &graph);
    void themeChanged() { m_sprites.clear(); }

    /// @p image: RGB32; its device pixel ratio counts. @p moving: plain lines only.
    void draw(QImage &image, const GraphModel &model, const GraphCamera &camera, const GraphMarks &marks, bool moving);

    /// Radius of a node at that scale, device-independent pixels.
    static double radiusOf(const GraphNode &node, double scale);
    static double scaleMax();    ///< Nearest zoom.
    static double scaleToRead(); ///< A zoom at which labels have room.
    /// 0..4: none, up to notice, warning, error, critical.
    static int severityBand(Severity severity);
    /// Colour index of an entity type: 0..TypeColors − 1 for the most frequent, TypeColors for the rest.
    int colorOfType(std::string_view type) const;
    const std::vector<std::string> &topTypes() const { return m_topTypes; }
    bool hasOtherTypes() const { return m_otherTypes; }
    static std::uint16_t patternOf(std::uint32_t linkType);
    static QColor typeColor(int index);
    /// The sign of a severity band (1 upwards) or of an entity type's colour (band 0), in an area of 2·radius.
    static void paintSign(QPainter &painter, QPointF middle, double radius, int band, int typeColor);

private:
    void drawLinks(GraphRaster &raster, const GraphSnapshot &graph, const GraphMarks &marks, bool moving);
    void drawMarkedLinks(GraphRaster &raster, const GraphSnapshot &graph, const GraphMarks &marks);
    void drawArrow(GraphRaster &raster, const GraphSnapshot &graph, const GraphLink &link, const GraphStroke &stroke);
    void drawNodes(GraphRaster &raster, const GraphSnapshot &graph, const GraphMarks &marks);
    void drawRing(QImage &image, const GraphSnapshot &graph, int node, const QColor &color, double gap) const;
    const GraphSprite &sprite(int band, int typeColor, int radiusQuarters, bool dimmed);

    std::vector<QPointF> m_at;             ///< Of the frame: device pixels.
    double m_scale = 1.0, m_ratio = 1.0;   ///< Of the frame: pixels a unit; device pixels a pixel.
    std::vector<std::string> m_topTypes;
    bool m_otherTypes = false;
    std::vector<std::uint8_t> m_typeColor; ///< Of each node.
    QHash<quint64, GraphSprite> m_sprites;
};

} // namespace eventops
