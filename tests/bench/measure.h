// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <errno.h>
#include <string>
#include <utility>

// What every benchmark needs. Thread: one.
namespace eventops::bench {

/// Ends the program, from a child process too. Destructors do not run: nothing was measured.
[[noreturn]] inline void die(const std::string &why)
{
    std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, why.c_str());
    std::_Exit(1);
}

/// The value, or the end of the program.
template <typename T>
T need(Result<T> result)
{
    if (!result)
        die(result.error().text());
    return std::move(result).value();
}

/// User and system time of this process.
inline double cpuSeconds()
{
    timespec time = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Prints a figure beside what it must be; true: it is.
inline bool verdict(const char *what, double value, double limit, bool atLeast)
{
    const bool met = atLeast ? value >= limit : value <= limit;
    std::printf("  %-52s %8.2f  (%s %.2f)  %s\n", what, value, atLeast ? "at least" : "at most", limit,
                met ? "met" : "MISSED");
    return met;
}

} // namespace eventops::bench
