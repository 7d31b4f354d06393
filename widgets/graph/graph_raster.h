// SPDX-License-Identifier: MIT
#pragma once

#include <QImage>
#include <QPointF>
#include <QRgb>

#include <cstdint>
#include <vector>

namespace eventops {

/// How a line is drawn.
struct GraphStroke {
    QRgb color = 0;
    std::uint32_t alpha = 256;       ///< 0..256.
    std::uint16_t pattern = 0xffff;  ///< Bit per pixel along the line, repeated; all: solid.
    bool smooth = false;
};

/// A small picture that is stamped many times.
struct GraphSprite {
    int size = 0;                    ///< Width and height; odd, so that there is a middle.
    std::vector<QRgb> pixels;        ///< Premultiplied.
    explicit GraphSprite(const QImage &image = {});
};

/// Writes lines and sprites straight into the pixels of an RGB32 image: QPainter takes a microsecond and more for each,
/// which is too long for 30,000 of them in a frame. Smooth lines after Wu: "An Efficient Antialiasing Technique",
/// SIGGRAPH 1991. All coordinates are pixels of the image and may lie outside of it.
/// Thread: one. The image must outlive it and not be copied meanwhile.
class GraphRaster
{
public:
    explicit GraphRaster(QImage &image);
    void fill(QRgb color);
    void line(QPointF from, QPointF to, const GraphStroke &stroke);
    void stamp(const GraphSprite &sprite, int x, int y); ///< Its middle comes to lie there.

private:
    bool clip(double &x0, double &y0, double &x1, double &y1) const;
    template <bool Smooth, bool Across>
    void draw(double x0, double y0, double x1, double y1, const GraphStroke &stroke);

    QRgb *m_pixels;
    qsizetype m_stride; ///< In pixels.
    int m_width, m_height;
};

} // namespace eventops
