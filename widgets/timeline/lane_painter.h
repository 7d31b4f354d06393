// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/time_window.h"

#include <QImage>
#include <QRect>

#include <array>

namespace eventops {

/// The colours of severities in a stack, from the theme.
struct BandColors {
    std::array<QRgb, SeverityBandCount> of{};
    static BandColors fromTheme();
};

/// How a lane's columns stand in a picture: device pixels.
struct LaneStrip {
    QRect area;
    std::size_t slot = 0;
    std::uint32_t tallest = 1;  ///< The count that fills the height.
    int leastPixels = 1;        ///< Height of a band that counts one event.
    int columnPixels = 1;       ///< Width of a column.
};

/// Writes one lane's columns as stacks, the worst severity at the bottom, straight into the pixels of @p image (32 bits
/// a pixel). Heights grow with the square root of the count; whatever is worse than info is never too small to see.
/// Thread: UI. O(pixels written).
void paintLaneStrip(QImage &image, const TimelineColumns &columns, const LaneStrip &strip, const BandColors &colors);

/// Fills a rectangle of pixels, cut to the image.
void fillPixels(QImage &image, const QRect &area, QRgb color);

} // namespace eventops
