// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace eventops {

/// The type in an id of the form "job:abc123": "job" (contract X7). Empty when the id has no such prefix.
constexpr std::string_view entityTypeOf(std::string_view id)
{
    const std::size_t colon = id.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == id.size() || (id[0] >= '0' && id[0] <= '9'))
        return {};
    for (const char c : id.substr(0, colon)) {
        const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'
                       || c == '.';
        if (!word)
            return {};
    }
    return id.substr(0, colon);
}

} // namespace eventops
