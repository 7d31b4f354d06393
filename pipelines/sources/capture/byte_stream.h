// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace eventops {

/// Bytes of a file or pipe as a capture reads them: as they are, or unpacked. Thread: one.
class ByteStream
{
public:
    virtual ~ByteStream();
    /// Waits for at least one byte; 0 at the end. Io.
    virtual Result<std::size_t> read(char *to, std::size_t size) = 0;
    /// After the end: why it is not the true one.
    virtual Status complete() const { return Ok{}; }
};

constexpr std::uint64_t UnpackFreeBytes = 64u << 20;  ///< Below so many a ratio says nothing.
constexpr unsigned UnpackWindowLogMax = 27;           ///< Of a zstd frame: 128 MiB, what `zstd --long` makes.
constexpr std::int64_t UnpackRatioMaxDefault = 300;   ///< Event logs pack 5 to 100 to 1.

std::unique_ptr<ByteStream> makePlainStream(int fd, std::string title);

/// Unpacks zstd frames (RFC 8878), one after the other. What unpacks to more than @p ratioMax times its size beyond
/// UnpackFreeBytes, asks for a larger window, is damaged or cut off ends there; complete() then says why
/// (LimitExceeded, Corrupt). @p begun: bytes already taken from @p fd. Memory: the window.
std::unique_ptr<ByteStream> makeZstdStream(int fd, std::string title, std::string begun, std::int64_t ratioMax);

/// True: zstd's magic number.
bool looksPacked(std::string_view head);
constexpr std::size_t PackedMagicBytes = 4;
/// Bytes that the frame beginning with @p head unpacks to; 0: it does not say.
std::uint64_t unpackedSize(std::string_view head);

} // namespace eventops
