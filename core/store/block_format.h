// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/store/bytes.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

// The stored form of a block, version 1:
//   version u8 · rows varint · records varint · columns varint ·
//   per column: id u8, packing u8 (0 as is, 1 zstd), size varint, stored size varint ·
//   the columns one after the other · XXH3-64 of all that, 8 bytes.
// A column that says nothing is left out and costs nothing.
//
// A tombstone is such a block with the columns EventsPerRecord, RecordSeq and Emission alone: what retention leaves.

constexpr std::uint8_t BlockVersion = 1;
constexpr std::uint8_t TombstoneFormat = 0; ///< event_block.format of a tombstone; else it is BlockVersion.
constexpr std::size_t ColumnBytesMax = 256u << 20; ///< Of one column before packing.

/// Columns that are not texts; texts have their Field's number.
enum class Column : std::uint8_t {
    RecordSeq = 64, ///< Per record.
    EventsPerRecord,
    Position,    ///< Per record.
    RecordHash,  ///< Per record.
    Source,      ///< Per record: row id of the source.
    RecordFlags, ///< Per record: 1 redacted.
    Emission,
    TsEvent,
    HasValue,
    Value, ///< Only of events that have one.
    Severity,
};

/// zstd level 1 with its contexts kept. Thread: one.
class Packer
{
public:
    Packer();
    ~Packer();
    Packer(const Packer &) = delete;
    Packer &operator=(const Packer &) = delete;
    /// Appends @p bytes packed, or as they are when packing saves less than an eighth. True: packed.
    bool pack(std::string_view bytes, std::string &out);
    /// False: not what `pack` makes, or not @p size bytes. Room for 8 more bytes is left readable after the result.
    bool unpack(std::string_view bytes, std::size_t size, std::string &out);

private:
    struct Contexts;
    std::unique_ptr<Contexts> m_contexts;
    std::string m_room; ///< Grows to the largest column met, at most ColumnBytesMax.
};

/// Collects the columns of a block. Thread: one.
class BlockBuilder
{
public:
    explicit BlockBuilder(Packer &packer) : m_packer(&packer) {}
    /// LimitExceeded: the column is too large. @p tryPack: false for what never packs (hashes, packed numbers).
    Status add(std::uint8_t id, std::string_view bytes, bool tryPack);
    /// The block; the builder is then empty and keeps its memory.
    std::string finish(std::size_t rows, std::size_t records);
    void clear();

private:
    Packer *m_packer;
    std::size_t m_columns = 0;
    std::string m_directory;
    std::string m_payload;
};

/// A block's columns. The bytes given must outlive it and have 8 readable bytes after their end (std::string with the
/// checksum cut off has them: the checksum itself). Thread: one.
class BlockView
{
public:
    /// Corrupt: @p name says which block. @p verify false skips the checksum (fuzzing only).
    static Result<BlockView> parse(std::string_view bytes, std::string_view name, bool verify = true);
    std::size_t rows() const { return m_rows; }
    std::size_t records() const { return m_records; }
    const std::string &name() const { return m_name; }
    /// The unpacked column, empty when absent. Valid until the next call with this @p scratch.
    Result<std::string_view> column(std::uint8_t id, Packer &packer, std::string &scratch) const;
    Error corrupt(std::string_view what) const;

private:
    struct Entry {
        std::uint8_t id;
        bool packed;
        std::size_t size;
        std::string_view bytes;
    };
    std::size_t m_rows = 0;
    std::size_t m_records = 0;
    std::string m_name;
    std::vector<Entry> m_entries;
};

} // namespace eventops
