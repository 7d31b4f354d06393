// SPDX-License-Identifier: MIT
#pragma once

namespace eventops::bench {

/// The whole program as a process, offscreen. Both print a line with the figure and its limit; false: above it.

/// Start to first frame of `eventops-console --demo`, beside a program with an empty QMainWindow: the
/// quickest of several runs of each, taken in turns. At most four times as long.
bool benchFirstFrame();
/// Processor time in ten seconds of a console that shows the demo's ledger and that nobody touches: at most 20 ms.
bool benchIdle();

/// What benchFirstFrame() compares with: an application with an empty QMainWindow that ends with its first frame.
int runEmptyWindow(int argc, char **argv);
constexpr char EmptyWindowArgument[] = "--empty-window";

} // namespace eventops::bench
