// SPDX-License-Identifier: MIT
#include "core/codec/snappy.h"

#include "core/codec/protobuf.h"

namespace eventops {
namespace {

constexpr std::uint64_t UnpackedBytesMax = 64u << 20;

/// A number of @p bytes bytes, the lowest first, which are taken away. Nothing: there are not as many.
std::optional<std::size_t> takeNumber(std::string_view &in, std::size_t bytes)
{
    if (in.size() < bytes)
        return std::nullopt;
    std::size_t out = 0;
    for (std::size_t i = 0; i < bytes; ++i)
        out |= static_cast<std::size_t>(static_cast<unsigned char>(in[i])) << (8 * i);
    in.remove_prefix(bytes);
    return out;
}

/// Bytes as they are behind a tag of kind 0.
bool takeLiteral(std::string_view &in, unsigned tag, std::string &out)
{
    std::size_t length = tag >> 2;
    if (length >= 60) {
        const auto longer = takeNumber(in, length - 59);
        if (!longer)
            return false;
        length = *longer;
    }
    if (length >= in.size())
        return false;
    out.append(in.substr(0, length + 1));
    in.remove_prefix(length + 1);
    return true;
}

/// Bytes that were there before, behind a tag of kind 1 to 3.
bool takeCopy(std::string_view &in, unsigned tag, std::string &out, std::size_t size)
{
    const unsigned kind = tag & 3;
    const auto low = takeNumber(in, kind == 1 ? 1 : kind == 2 ? 2 : 4);
    if (!low)
        return false;
    const std::size_t length = kind == 1 ? (tag >> 2 & 7) + 4 : (tag >> 2) + 1;
    const std::size_t offset = kind == 1 ? (static_cast<std::size_t>(tag >> 5) << 8 | *low) : *low;
    if (offset == 0 || offset > out.size() || length > size - out.size())
        return false;
    for (std::size_t i = 0; i < length; ++i) // one by one: it may run into what it writes
        out += out[out.size() - offset];
    return true;
}

} // namespace

std::optional<std::string> snappyUnpacked(std::string_view packed)
{
    const auto size = takeVarint(packed);
    if (!size || *size > UnpackedBytesMax)
        return std::nullopt;
    std::string out;
    while (!packed.empty() && out.size() <= *size) {
        const auto tag = static_cast<unsigned char>(packed.front());
        packed.remove_prefix(1);
        const bool good = (tag & 3) == 0 ? takeLiteral(packed, tag, out) : takeCopy(packed, tag, out, *size);
        if (!good)
            return std::nullopt;
    }
    return out.size() == *size ? std::optional(std::move(out)) : std::nullopt;
}

} // namespace eventops
