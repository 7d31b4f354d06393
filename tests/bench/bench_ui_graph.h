// SPDX-License-Identifier: MIT
#pragma once

namespace eventops::bench {

/// Frame times of the graph view at 1280×800 with 10,000 nodes and 20,000 links, panned and zoomed. Prints a line a
/// case; false: a 99th percentile above FrameMsMax. Needs a QApplication.
bool benchUiGraph();

constexpr double FrameMsMax = 16.7;

} // namespace eventops::bench
