// SPDX-License-Identifier: MIT
#include "core/store/membership.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace eventops {
namespace {

constexpr std::size_t BlockBytes = 32;
constexpr std::size_t BitsPerKey = 12;
constexpr std::array<std::uint32_t, 8> Salts = {0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU,
                                                0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U};

std::size_t blockAt(std::size_t bytes, std::uint64_t hash)
{
    return static_cast<std::size_t>(((hash >> 32) * (bytes / BlockBytes)) >> 32) * BlockBytes;
}

std::uint32_t bit(std::uint64_t hash, unsigned word)
{
    return 1U << ((static_cast<std::uint32_t>(hash) * Salts[word]) >> 27);
}

} // namespace

std::string Membership::sized(std::size_t keys)
{
    return std::string(std::max<std::size_t>(1, (keys * BitsPerKey / 8 + BlockBytes - 1) / BlockBytes) * BlockBytes, '\0');
}

void Membership::add(std::string &filter, std::uint64_t hash)
{
    char *at = filter.data() + blockAt(filter.size(), hash);
    for (unsigned i = 0; i < Salts.size(); ++i) {
        std::uint32_t word;
        std::memcpy(&word, at + i * 4, 4);
        word |= bit(hash, i);
        std::memcpy(at + i * 4, &word, 4);
    }
}

std::string Membership::build(std::span<const std::uint64_t> hashes)
{
    std::string filter = sized(hashes.size());
    for (const std::uint64_t hash : hashes)
        add(filter, hash);
    return filter;
}

bool Membership::mayContain(std::string_view filter, std::uint64_t hash)
{
    if (filter.size() < BlockBytes || filter.size() % BlockBytes != 0)
        return true;
    const char *at = filter.data() + blockAt(filter.size(), hash);
    for (unsigned i = 0; i < Salts.size(); ++i) {
        std::uint32_t word;
        std::memcpy(&word, at + i * 4, 4);
        if ((word & bit(hash, i)) == 0)
            return false;
    }
    return true;
}

} // namespace eventops
