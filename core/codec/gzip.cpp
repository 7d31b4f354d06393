// SPDX-License-Identifier: MIT
#include "core/codec/gzip.h"

#include <zlib.h>

namespace eventops {
namespace {

constexpr std::size_t UnpackedBytesMax = 64u << 20;
constexpr std::size_t PieceBytes = 64u << 10;
constexpr int GzipWindowBits = 15 + 16; ///< zlib: the largest window, and a gzip header.

} // namespace

std::optional<std::string> gunzip(std::string_view packed)
{
    z_stream stream{};
    if (inflateInit2(&stream, GzipWindowBits) != Z_OK)
        return std::nullopt;
    std::string in(packed), out;
    stream.next_in = reinterpret_cast<Bytef *>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    int result = Z_OK;
    while (result == Z_OK && out.size() < UnpackedBytesMax) {
        const std::size_t have = out.size();
        out.resize(have + PieceBytes);
        stream.next_out = reinterpret_cast<Bytef *>(out.data() + have);
        stream.avail_out = static_cast<uInt>(PieceBytes);
        result = inflate(&stream, Z_NO_FLUSH);
        out.resize(out.size() - stream.avail_out);
        if (result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0)
            break; // cut off
    }
    inflateEnd(&stream);
    return result == Z_STREAM_END ? std::optional(std::move(out)) : std::nullopt;
}

} // namespace eventops
