// SPDX-License-Identifier: MIT
#include "core/base/text.h"

#include <algorithm>

namespace eventops {

std::string_view utf8Prefix(std::string_view text, std::size_t bytesMax)
{
    std::size_t size = std::min(text.size(), bytesMax);
    while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
        --size;
    return text.substr(0, size);
}

std::string shortened(std::string_view text, std::size_t bytesMax)
{
    constexpr std::string_view Ellipsis = "…";
    if (text.size() <= bytesMax)
        return std::string(text);
    return std::string(utf8Prefix(text, bytesMax - Ellipsis.size())) + std::string(Ellipsis);
}

bool isPlainName(std::string_view text, std::size_t bytesMax)
{
    constexpr std::string_view Fit = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    return !text.empty() && text.size() <= bytesMax && text.find_first_not_of(Fit) == std::string_view::npos;
}

} // namespace eventops
