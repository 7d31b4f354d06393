// SPDX-License-Identifier: MIT
#include "core/base/base64.h"

#include <cstdint>

namespace eventops {
namespace {

constexpr std::string_view Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

void appendBase64(std::string &out, std::string_view bytes)
{
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += i <= group.size() ? Digits[bits >> (18 - 6 * i) & 63U] : '=';
    }
}

std::string base64(std::string_view bytes)
{
    std::string out;
    appendBase64(out, bytes);
    return out;
}

bool readBase64(std::string_view text, std::string &out)
{
    out.clear();
    if (text.size() % 4 != 0)
        return false;
    while (!text.empty() && text.back() == '=' && text.size() % 4 != 1)
        text.remove_suffix(1);
    if (text.size() % 4 == 1)
        return false; // six bits make no byte
    std::uint32_t bits = 0;
    unsigned have = 0;
    for (const char c : text) {
        const std::size_t digit = Digits.find(c);
        if (digit == std::string_view::npos)
            return false;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out += static_cast<char>(bits >> have & 0xff);
        }
    }
    return true;
}

} // namespace eventops
