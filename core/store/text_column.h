// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"
#include "core/model/batch.h"
#include "core/store/number_column.h"

#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// The rows of a block: events of one tenant, out of one or more batches.
struct BlockRows {
    struct Segment {
        const Batch *batch;
        std::size_t begin; ///< First row.
    };
    std::vector<const Event *> events;
    std::vector<Segment> segments;
    std::size_t bytes = 0; ///< Sum of the sizes of their records.

    std::size_t segmentEnd(std::size_t segment) const
    {
        return segment + 1 < segments.size() ? segments[segment + 1].begin : events.size();
    }
    void clear()
    {
        events.clear();
        segments.clear();
        bytes = 0;
    }
};

/// Reused memory of the text writer. Thread: one.
struct TextScratch {
    std::vector<std::uint32_t> stamps; ///< By text id: when last met.
    std::vector<std::uint32_t> codeOf; ///< By text id: its code then.
    std::uint32_t stamp = 0;
    std::vector<std::uint32_t> slots; ///< Codes by hash, for blocks out of several batches.
    std::vector<std::int64_t> codes;  ///< By row: 0 absent, else place in the dictionary + 1.
    std::vector<std::int64_t> lengths;
    std::vector<std::string_view> dictionary;
    std::vector<std::uint64_t> hashes; ///< Of the dictionary's texts.
};

// Columns of texts: constant, dictionary with codes, plain, or the event time's own writing, which costs nothing.
// Absent and empty stay apart. Readers take untrusted bytes and return false instead of failing.

/// Writes a column of text ids by row; nothing when no row has one. Fills scratch.hashes with the hashes of its
/// distinct texts (a text may be there twice).
void putTexts(std::string &out, const BlockRows &rows, std::span<const StrId> ids, TextScratch &scratch,
              NumberScratch &numbers);

/// Fields that often hold the very same text as an earlier one.
constexpr std::pair<Field, Field> TextTwins[] = {{Field::EntityId, Field::SourceId},
                                                 {Field::Step, Field::Type},
                                                 {Field::CorrelationId, Field::EntityId},
                                                 {Field::IdempotencyKey, Field::EventId}};

/// @p fields, a bit each, with those that one of them may be written as the same as.
constexpr std::uint32_t withTwins(std::uint32_t fields)
{
    for (std::size_t i = std::size(TextTwins); i-- > 0;) {
        for (const auto &[field, as] : TextTwins) {
            if ((fields >> static_cast<unsigned>(field) & 1) != 0)
                fields |= 1U << static_cast<unsigned>(as);
        }
    }
    return fields;
}

/// The column of a field whose every row has the very text of @p as, an earlier field.
void putSameTexts(std::string &out, Field as);

/// The column of a text that every row has.
void putConstantText(std::string &out, std::string_view text);

/// True when @p out holds the texts of TsText as a pattern over the event times; false: nothing written, use putTexts.
bool putTimeTexts(std::string &out, const BlockRows &rows, std::span<const StrId> ids,
                  std::span<const std::int64_t> times);

/// A column of texts as codes.
struct TextCodes {
    std::string bytes;                         ///< What the dictionary points into.
    std::vector<std::string_view> dictionary;  ///< Texts; one may be there twice.
    std::vector<std::int64_t> codes;           ///< By row: 0 absent, else place in the dictionary + 1.
    void clear(std::size_t rows);              ///< A column without a text.
};

/// Reads the column (its bytes are kept in @p out). @p withCodes false: the dictionary only. @p earlier: the columns of
/// the fields before @p field, for one that has the same texts as another. Not for TsText.
bool takeCodes(std::string_view column, std::size_t count, Field field, bool withCodes,
               std::span<const TextCodes> earlier, TextCodes &out);

/// Reads the column into events [first, first + count) of @p batch; tsEvent must be set.
bool takeTexts(ByteReader &in, Batch &batch, std::size_t first, std::size_t count, Field field);

} // namespace eventops
