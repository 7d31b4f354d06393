// SPDX-License-Identifier: MIT
#include "core/codec/percent.h"

#include "core/codec/json_reader.h"

namespace eventops {
namespace {

int hexDigit(char c)
{
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
    return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string decoded(std::string_view text, bool plusIsBlank)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hexDigit(text[i + 1]) : -1;
        const int low = high >= 0 ? hexDigit(text[i + 2]) : -1;
        if (low >= 0) {
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += plusIsBlank && text[i] == '+' ? ' ' : text[i];
        }
    }
    return isValidUtf8(out) ? out : std::string(text);
}

} // namespace

std::string percentDecoded(std::string_view text)
{
    return decoded(text, false);
}

std::string formDecoded(std::string_view text)
{
    return decoded(text, true);
}

} // namespace eventops
