// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>

namespace eventops {

/// Wall clock, nanoseconds since 1970-01-01T00:00:00Z. Covers the years 1678 to 2262.
enum class WallNs : std::int64_t {};

/// No time: the source said nothing. Sorts before every real time.
constexpr WallNs NoTime{std::numeric_limits<std::int64_t>::min()};

constexpr std::int64_t raw(WallNs t) { return static_cast<std::int64_t>(t); }
constexpr WallNs operator+(WallNs t, std::int64_t ns) { return WallNs{raw(t) + ns}; }
constexpr std::int64_t operator-(WallNs a, WallNs b) { return raw(a) - raw(b); }

constexpr std::int64_t NsPerUs = 1'000;
constexpr std::int64_t NsPerMs = 1'000'000;
constexpr std::int64_t NsPerSecond = 1'000'000'000;

/// Place of a raw record in the workspace's input: 1, 2, 3, … in the order of admission.
/// Findings, dead letters and events are ordered by it; thread counts and batch sizes never show in it.
using Seq = std::uint64_t;

} // namespace eventops
