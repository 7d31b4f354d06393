// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/hash.h"
#include "core/codec/capture_file.h"

#include <bit>
#include <cstring>

// The fixed parts of a capture file, for its writer and its reader. Internal to core/codec.
namespace eventops::captureform {

static_assert(std::endian::native == std::endian::little, "the file is little-endian and is copied as it is");

inline constexpr std::string_view Magic("EVCAP\r\n\x1a", 8);
inline constexpr std::string_view FooterMagic("EVEND\r\n\x1a", 8);
inline constexpr std::string_view FrameMarker("EVF1", 4);
constexpr std::size_t HeaderBytes = 16;
constexpr std::size_t FrameHeaderBytes = 72;
constexpr std::size_t FooterBytes = 32;

enum Kind : std::uint8_t { SourceFrame = 1, RecordsFrame = 2, IndexFrame = 3 };
constexpr std::uint64_t DeadLetterFlag = 1, RedactedFlag = 2, HashFlag = 4, TimeFlag = 8, PieceFlag = 16;

template <typename Number>
void put(std::string &out, Number number)
{
    char bytes[sizeof(Number)];
    std::memcpy(bytes, &number, sizeof(Number));
    out.append(bytes, sizeof(Number));
}

template <typename Number>
Number get(std::string_view bytes, std::size_t at)
{
    Number number = 0;
    std::memcpy(&number, bytes.data() + at, sizeof(Number));
    return number;
}

/// @p bytes and their hash.
inline void putHash(std::string &out, std::size_t from)
{
    put(out, hash64(std::string_view(out).substr(from)));
}

} // namespace eventops::captureform
