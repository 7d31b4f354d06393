// SPDX-License-Identifier: MIT
#include "core/model/event_id.h"

#include "core/base/hash.h"

namespace eventops {

std::string derivedId(std::initializer_list<std::string_view> parts)
{
    Sha256 sha;
    for (const std::string_view part : parts) {
        sha.update(std::to_string(part.size()) + ':');
        sha.update(part);
    }
    std::string hex = sha.hex();
    hex.resize(32);
    return hex;
}

std::string derivedEventId(std::string_view sourceKey, std::uint64_t position, std::uint64_t recordHash,
                           unsigned emission)
{
    std::string hex =
        derivedId({sourceKey, std::to_string(position), std::to_string(recordHash), std::to_string(emission)});
    hex[12] = '8';                                              // version 8
    const unsigned high = static_cast<unsigned>(hex[16] <= '9' ? hex[16] - '0' : hex[16] - 'a' + 10);
    hex[16] = "89ab"[high & 3];                                 // variant 10
    for (const std::size_t dash : {8u, 13u, 18u, 23u})
        hex.insert(dash, 1, '-');
    return hex;
}

} // namespace eventops
