// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"
#include "core/store/block_format.h"
#include "core/store/text_column.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Some columns of a block as they are stored: no event is put together. For sums over many events.
struct BlockColumns {
    std::size_t rows = 0;
    std::vector<std::int64_t> times;             ///< Empty when not asked for.
    std::vector<std::int64_t> hasValue;          ///< Likewise; by row, 0 or 1.
    std::vector<double> values;                  ///< Of the rows that have one, in order.
    std::array<TextCodes, FieldCount> texts;     ///< Those asked for.
};

struct BlockColumnsWanted {
    std::uint32_t texts = 0;        ///< A bit a Field.
    std::uint32_t dictionaries = 0; ///< Likewise: which texts there are is enough.
    bool times = false, values = false;
};

/// Reads them. Keeps scratch memory. Thread: one. O(rows × columns asked for). Errors: Corrupt, naming the block.
class BlockColumnReader
{
public:
    /// Texts in @p out are views into memory of @p out.
    Status read(std::string_view bytes, std::string_view name, const BlockColumnsWanted &wanted, BlockColumns &out);
    /// The same of events in a batch.
    static void read(const Batch &batch, std::span<const std::uint32_t> rows, const BlockColumnsWanted &wanted,
                     BlockColumns &out);

private:
    Status readTexts(const BlockView &view, const BlockColumnsWanted &wanted, BlockColumns &out);

    Packer m_packer;
    std::string m_scratch;
};

} // namespace eventops
