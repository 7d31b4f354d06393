// SPDX-License-Identifier: MIT
#include "core/base/encode.h"

namespace eventops {

std::string percentEncoded(std::string_view bytes)
{
    constexpr char Digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'
            || c == '.' || c == '~') {
            out += c;
        } else {
            out += '%';
            out += Digits[byte >> 4];
            out += Digits[byte & 15];
        }
    }
    return out;
}

std::string hexOf(std::uint64_t value)
{
    constexpr int Digits = 16;
    std::string out(Digits, '0');
    for (int i = 0; i < Digits; ++i)
        out[static_cast<std::size_t>(i)] = "0123456789abcdef"[(value >> (60 - 4 * i)) & 15];
    return out;
}

std::string hexOfBytes(std::string_view bytes)
{
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char byte : bytes) {
        out += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
        out += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
    }
    return out;
}

} // namespace eventops
