// SPDX-License-Identifier: MIT
#include "core/lake/utf8.h"

#include "core/base/json.h"
#include "core/base/json_scan.h"

#include <algorithm>

namespace eventops::lake {

std::string_view validUtf8(std::string_view text, std::string &scratch)
{
    if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
        return text;
    std::string quoted;
    appendJsonString(quoted, text); // mends what is no UTF-8
    appendJsonUnescaped(scratch, std::string_view(quoted).substr(1, quoted.size() - 2));
    return scratch;
}

} // namespace eventops::lake
