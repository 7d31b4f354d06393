// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

namespace eventops {

/// A rectangle to be packed; x and y are its upper left corner.
struct PackedBox {
    float x = 0, y = 0;
    float width = 0, height = 0;
    bool placed = false; ///< x and y hold already.
};

/// Moves boxes so that none overlaps another. Those that are placed stay, in order, unless they overlap one before
/// them; the rest goes, in order, where it comes to lie highest below the skyline of what is there (bottom-left rule;
/// Baker, Coffman, Rivest: "Orthogonal Packings in Two Dimensions", 1980), in a strip of a window's proportions.
/// Thread: any; deterministic. O(boxes · segments of the skyline).
void packBoxes(std::vector<PackedBox> &boxes);

} // namespace eventops
