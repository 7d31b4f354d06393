// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace eventops {

/// A split-block Bloom filter as Parquet has it (parquet-format, BloomFilter.md): 32-byte blocks, one bit in each of
/// eight words; 12 bits a key give about 0.5 % false positives, and no false negatives. Stored as its plain bytes.
/// Thread: any. Complexity: O(1) a key.
class Membership
{
public:
    static std::string build(std::span<const std::uint64_t> hashes);
    /// True: perhaps. An empty or damaged filter always says perhaps.
    static bool mayContain(std::string_view filter, std::uint64_t hash);

    static std::string sized(std::size_t keys);          ///< An empty filter for so many keys.
    static void add(std::string &filter, std::uint64_t hash);
};

} // namespace eventops
