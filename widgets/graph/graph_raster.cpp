// SPDX-License-Identifier: MIT
#include "widgets/graph/graph_raster.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace eventops {
namespace {

constexpr int FixedBits = 16;

/// @p over on @p under, @p alpha of 256; two channels at a time.
inline QRgb mixed(QRgb under, QRgb over, std::uint32_t alpha)
{
    const std::uint32_t rest = 256U - alpha;
    const std::uint32_t redBlue = ((over & 0xff00ffU) * alpha + (under & 0xff00ffU) * rest) >> 8U;
    const std::uint32_t green = ((over & 0x00ff00U) * alpha + (under & 0x00ff00U) * rest) >> 8U;
    return 0xff000000U | (redBlue & 0xff00ffU) | (green & 0x00ff00U);
}

} // namespace

GraphSprite::GraphSprite(const QImage &image) : size(image.width())
{
    const QImage source = image.convertToFormat(QImage::Format_ARGB32_Premultiplied);
    pixels.reserve(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
    for (int y = 0; y < source.height(); ++y) {
        const auto *row = reinterpret_cast<const QRgb *>(source.constScanLine(y));
        pixels.insert(pixels.end(), row, row + size);
    }
}

GraphRaster::GraphRaster(QImage &image)
    : m_pixels(reinterpret_cast<QRgb *>(image.bits())),
      m_stride(image.bytesPerLine() / static_cast<qsizetype>(sizeof(QRgb))), m_width(image.width()),
      m_height(image.height())
{
    Q_ASSERT(image.format() == QImage::Format_RGB32);
}

void GraphRaster::fill(QRgb color)
{
    std::fill_n(m_pixels, m_stride * m_height, color);
}

/// Liang and Barsky: the part of the line inside the image; false: none.
bool GraphRaster::clip(double &x0, double &y0, double &x1, double &y1) const
{
    const double dx = x1 - x0, dy = y1 - y0;
    double enter = 0.0, leave = 1.0;
    const auto side = [&](double toward, double distance) {
        if (toward == 0.0)
            return distance >= 0.0;
        const double at = distance / toward;
        if (toward < 0.0)
            enter = std::max(enter, at);
        else
            leave = std::min(leave, at);
        return enter <= leave;
    };
    // A smooth line also writes the next pixel.
    const double right = m_width - 1.01, bottom = m_height - 1.01;
    if (!side(-dx, x0) || !side(dx, right - x0) || !side(-dy, y0) || !side(dy, bottom - y0))
        return false;
    x1 = std::clamp(x0 + leave * dx, 0.0, right);
    y1 = std::clamp(y0 + leave * dy, 0.0, bottom);
    x0 = std::clamp(x0 + enter * dx, 0.0, right);
    y0 = std::clamp(y0 + enter * dy, 0.0, bottom);
    return true;
}

/// One pixel, or two when smooth, for each step along the longer axis. @p Across: that is x.
template <bool Smooth, bool Across>
void GraphRaster::draw(double x0, double y0, double x1, double y1, const GraphStroke &stroke)
{
    double &main0 = Across ? x0 : y0, &main1 = Across ? x1 : y1;
    double &side0 = Across ? y0 : x0, &side1 = Across ? y1 : x1;
    if (main0 > main1) {
        std::swap(main0, main1);
        std::swap(side0, side1);
    }
    const int first = static_cast<int>(main0), last = static_cast<int>(main1);
    const double slope = main1 > main0 ? (side1 - side0) / (main1 - main0) : 0.0;
    auto side = static_cast<std::int32_t>(side0 * (1 << FixedBits));
    const auto step = static_cast<std::int32_t>(slope * (1 << FixedBits));
    const qsizetype along = Across ? 1 : m_stride, aside = Across ? m_stride : 1;
    // Rounding of the slope over a whole line must not leave the image.
    const std::int32_t sideMax = ((Across ? m_height : m_width) - 1) * (1 << FixedBits) - 1;
    QRgb *pixel = m_pixels + first * along;
    for (int at = first; at <= last; ++at, pixel += along, side += step) {
        if (((stroke.pattern >> (static_cast<unsigned>(at) & 15U)) & 1U) == 0U)
            continue;
        const std::int32_t place = std::clamp(side, 0, sideMax);
        QRgb *here = pixel + (place >> FixedBits) * aside;
        if constexpr (Smooth) {
            const auto fraction = static_cast<std::uint32_t>(place >> 8) & 0xffU;
            here[0] = mixed(here[0], stroke.color, stroke.alpha * (256U - fraction) >> 8U);
            here[aside] = mixed(here[aside], stroke.color, stroke.alpha * fraction >> 8U);
        } else {
            *here = mixed(*here, stroke.color, stroke.alpha);
        }
    }
}

void GraphRaster::line(QPointF from, QPointF to, const GraphStroke &stroke)
{
    double x0 = from.x(), y0 = from.y(), x1 = to.x(), y1 = to.y();
    if (m_width < 3 || m_height < 3 || !clip(x0, y0, x1, y1))
        return;
    const bool across = std::abs(x1 - x0) >= std::abs(y1 - y0);
    if (stroke.smooth && across)
        draw<true, true>(x0, y0, x1, y1, stroke);
    else if (stroke.smooth)
        draw<true, false>(x0, y0, x1, y1, stroke);
    else if (across)
        draw<false, true>(x0, y0, x1, y1, stroke);
    else
        draw<false, false>(x0, y0, x1, y1, stroke);
}

void GraphRaster::stamp(const GraphSprite &sprite, int x, int y)
{
    const int left = x - sprite.size / 2, top = y - sprite.size / 2;
    const int fromX = std::max(0, -left), fromY = std::max(0, -top);
    const int toX = std::min(sprite.size, m_width - left), toY = std::min(sprite.size, m_height - top);
    for (int row = fromY; row < toY; ++row) {
        const QRgb *source = &sprite.pixels[static_cast<std::size_t>(row) * static_cast<std::size_t>(sprite.size)];
        QRgb *target = m_pixels + (top + row) * m_stride + left;
        for (int column = fromX; column < toX; ++column) {
            const std::uint32_t alpha = source[column] >> 24U;
            if (alpha == 255U)
                target[column] = source[column];
            else if (alpha > 0U)
                target[column] = (source[column] + mixed(target[column], 0U, alpha + (alpha >> 7U))) | 0xff000000U;
        }
    }
}

} // namespace eventops
