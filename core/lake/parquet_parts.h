// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::lake {

constexpr std::size_t PartValueBytesMax = 200; ///< Of an encoded partition value; file names end at 255 bytes.

/// What stands for NULL in a Hive path, as every reader knows it.
constexpr std::string_view HiveNull = "__HIVE_DEFAULT_PARTITION__";

/// A name that someone else chose as one part of a path: every byte but A-Z a-z 0-9 - _ . ~ percent-encoded
/// (RFC 3986), so that it can name no other folder. One too long is cut and told apart by a hash. Two names give the
/// same text only where their hashes collide.
std::string encodePartValue(std::string_view value);

/// "tenant=acme/metric=cpu_load/date=2025-10-21". @p date: as it is, "" for none.
std::string partFolder(std::string_view tenant, std::string_view metric, std::string_view date);

/// "part-0001.parquet".
std::string partName(std::uint64_t number);
/// The number of a part's file name; 0: it is none.
std::uint64_t partNumber(std::string_view fileName);

/// A file on its way from where it was written to where it belongs.
struct PartMove {
    std::string from, to; ///< Absolute, or both relative to the same place.
};

/// Puts a written file in its place: synced, never over another file, its folder synced too. A move that was made
/// before a crash is made only once: where `from` is gone and `to` is there, there is nothing to do. Io, Full, Corrupt.
Status placePart(const PartMove &move);

/// The largest part number in @p folder; 0: none, or no such folder.
std::uint64_t lastPartNumber(const std::string &folder);

} // namespace eventops::lake
