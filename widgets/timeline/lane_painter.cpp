// SPDX-License-Identifier: MIT
#include "widgets/timeline/lane_painter.h"

#include "widgets/theme/theme.h"

#include <algorithm>
#include <cmath>

namespace eventops {
namespace {

constexpr std::array BandSeverities{0, 9, 10, 13, 17, 21};

/// Pixels of each band of one column; their sum is at most @p height.
std::array<int, SeverityBandCount> bandHeights(const std::uint32_t *counts, const LaneStrip &strip)
{
    std::array<int, SeverityBandCount> heights{};
    std::uint32_t sum = 0;
    for (std::size_t band = 0; band < SeverityBandCount; ++band)
        sum += counts[band];
    if (sum == 0)
        return heights;
    const int height = strip.area.height();
    const double part = std::sqrt(static_cast<double>(std::min(sum, strip.tallest)) / strip.tallest);
    const int total = std::clamp(static_cast<int>(std::lround(part * height)), strip.leastPixels, height);
    int left = total;
    for (std::size_t band = SeverityBandCount; band-- > 0;) {
        if (counts[band] == 0)
            continue;
        const auto fair = static_cast<int>(std::uint64_t{counts[band]} * static_cast<unsigned>(total) / sum);
        heights[band] = std::min(std::max(fair, strip.leastPixels), left);
        left -= heights[band];
    }
    if (left > 0) { // rounding: to the quietest band that is there
        const auto quietest = std::find_if(heights.begin(), heights.end(), [](int h) { return h > 0; });
        *quietest += left;
    }
    return heights;
}

} // namespace

BandColors BandColors::fromTheme()
{
    BandColors colors;
    for (std::size_t band = 0; band < SeverityBandCount; ++band)
        colors.of[band] = Theme::instance().severityColor(BandSeverities[band]).rgb();
    return colors;
}

void fillPixels(QImage &image, const QRect &area, QRgb color)
{
    const QRect cut = area & image.rect();
    for (int y = cut.top(); y <= cut.bottom(); ++y) {
        auto *line = reinterpret_cast<QRgb *>(image.scanLine(y)) + cut.left();
        std::fill(line, line + cut.width(), color);
    }
}

void paintLaneStrip(QImage &image, const TimelineColumns &columns, const LaneStrip &strip, const BandColors &colors)
{
    const QRect cut = strip.area & image.rect();
    if (cut.isEmpty() || cut.height() != strip.area.height() || strip.slot >= columns.slots())
        return;
    auto *const pixels = reinterpret_cast<QRgb *>(image.bits());
    const auto stride = static_cast<std::ptrdiff_t>(image.bytesPerLine() / static_cast<int>(sizeof(QRgb)));
    const int columnsMax = (cut.width() + strip.columnPixels - 1) / strip.columnPixels;
    const int shown = std::min(columnsMax, static_cast<int>(columns.grid().columns));
    for (int column = 0; column < shown; ++column) {
        const auto heights = bandHeights(columns.at(strip.slot, static_cast<std::size_t>(column)), strip);
        const int x = column * strip.columnPixels;
        const int width = std::min(strip.columnPixels, cut.width() - x);
        QRgb *pixel = pixels + static_cast<std::ptrdiff_t>(cut.bottom()) * stride + cut.left() + x;
        for (std::size_t band = SeverityBandCount; band-- > 0;) {
            for (int h = heights[band]; h > 0; --h, pixel -= stride)
                std::fill_n(pixel, width, colors.of[band]);
        }
    }
}

} // namespace eventops
