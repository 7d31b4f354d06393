// SPDX-License-Identifier: MIT
#pragma once

#include "core/store/bytes.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace eventops {

// Columns of numbers in a block. Whole numbers: constant, frame of reference or deltas of it, divided by a common power
// of ten, bit-packed, with the few outliers patched (M. Zukowski et al., "Super-Scalar RAM-CPU Cache Compression", ICDE
// 2006). Doubles: as decimals where that gives back the same bits (A. Afroozeh et al., "ALP", SIGMOD 2023).
// Thread: any. Complexity: O(values). Readers take untrusted bytes and return false instead of failing.

/// Reused memory of the writers. Thread: one.
struct NumberScratch {
    std::vector<std::uint64_t> offsets;
    std::vector<std::int64_t> decimals;
    std::vector<std::uint32_t> odd;
};

void putIntegers(std::string &out, std::span<const std::int64_t> values, NumberScratch &scratch);
/// Reads @p count values; @p in must lie in memory with 8 readable bytes after it.
bool takeIntegers(ByteReader &in, std::size_t count, std::vector<std::int64_t> &values);

void putDoubles(std::string &out, std::span<const double> values, NumberScratch &scratch);
bool takeDoubles(ByteReader &in, std::size_t count, std::vector<double> &values);

} // namespace eventops
