// SPDX-License-Identifier: MIT
#include "core/filter/quoted.h"

namespace eventops {

std::string filterQuoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + '"';
}

} // namespace eventops
