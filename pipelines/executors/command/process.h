// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace eventops {

/// A program to run to its end, with everything it gets from us.
struct ProcessSpec {
    std::string program;                  ///< Absolute path.
    std::vector<std::string> arguments;   ///< Without the program's own name.
    std::vector<std::string> environment; ///< "NAME=value"; nothing is inherited.
    std::int64_t timeoutMs = 0;
    std::size_t outputBytesMax = 0;       ///< Standard output and error together; the rest is read and dropped.
};

struct ProcessResult {
    bool timedOut = false;
    int exitCode = -1;      ///< −1: ended by a signal.
    int signal = 0;
    std::string output;
    bool outputCut = false;
    std::int64_t durationMs = 0;
};

/// Runs it without a shell: standard input is /dev/null, working directory /, no file descriptor is inherited, signals
/// are at their defaults. It leads a process group of its own; at the time limit, and when it ends, whatever is left of
/// the group is killed. Blocks until then. Errors: Io when it cannot be started. Thread: any.
Result<ProcessResult> runProcess(const ProcessSpec &spec);

} // namespace eventops
