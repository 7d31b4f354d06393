// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"
#include "core/store/block_format.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Which columns to decode: a bit a Field, and the record columns. Everything by default.
struct ColumnMask {
    std::uint32_t texts = (1U << FieldCount) - 1;
    bool has(Field field) const { return (texts >> static_cast<unsigned>(field) & 1) != 0; }
};

/// Turns blocks back into batches. Keeps scratch memory. Thread: one. Complexity: O(events × columns asked for).
/// Errors: Corrupt, naming the block; the batch is then unspecified but safe to clear.
class BlockReader
{
public:
    /// Replaces @p batch by the block's records and events, RawRecord::source being the row id of the source, and one
    /// empty chunk. A redacted record's `redacted` is some empty text until decodeRaw gives the bytes that were kept.
    /// The bytes need nothing beyond their end. @p verify: see BlockView::parse.
    Status decode(std::string_view bytes, std::string_view name, ColumnMask mask, Batch &batch, bool verify = true);

    /// Puts the records' bytes, from the sibling block, into @p batch as its only chunk; sets RawRecord::redacted.
    Status decodeRaw(std::string_view bytes, std::string_view name, Batch &batch, bool verify = true);

private:
    Status decodeRecords(const BlockView &view, Batch &batch);
    Status decodeNumbers(const BlockView &view, Batch &batch);
    Status integers(const BlockView &view, Column column, std::size_t count, std::vector<std::int64_t> &values);

    Packer m_packer;
    std::string m_scratch;
    std::vector<std::int64_t> m_integers;
};

} // namespace eventops
