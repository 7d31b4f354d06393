// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/limits.h"
#include "core/store/block_format.h"
#include "core/store/text_column.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace eventops {

constexpr std::size_t BlockBytesTarget = 4u << 20; ///< A block closes once its records have so many bytes.

/// A block ready to be stored, with what is kept beside it to skip it unread.
struct EncodedBlock {
    std::string bytes;
    std::string filter;   ///< Membership of filterKey(field, hash) of its filterable texts.
    std::string rawBytes; ///< The sibling block; empty: none kept.
    Seq seqMin = 0, seqMax = 0;
    WallNs tsMin = NoTime, tsMax = NoTime; ///< Over events with a time; NoTime: none has.
    bool someWithoutTime = false;
    bool someWithoutId = false; ///< Some events have no id of their own.
    std::uint8_t severityMax = 0;
    std::size_t events = 0;
    std::size_t records = 0;
};

/// True: blocks keep a membership filter over the texts of this field.
bool isFilterable(Field field);
std::uint64_t filterKey(Field field, std::uint64_t textHash);
/// The event's dedupe key hash; 0: it has none.
std::uint64_t eventDedupeKey(const Batch &batch, const Event &event);

/// Turns events into blocks. Thread: one. Memory: that of one block. Complexity: O(events × fields that vary).
class BlockWriter
{
public:
    /// What is left of a block whose events were dropped: which records gave how many events, so that places stay.
    Result<std::string> encodeTombstone(const Batch &batch);
    /// @p sourceIds: row id of each source of the run, by RawRecord::source. @p keepRaw: also make the sibling block.
    Result<EncodedBlock> encode(const BlockRows &rows, std::span<const std::int64_t> sourceIds, bool keepRaw);

private:
    /// Takes records and numbers out of the rows; a bit for each text field that varies within a batch.
    Result<std::uint32_t> gather(const BlockRows &rows, std::span<const std::int64_t> sourceIds, EncodedBlock &out);
    Status addRecords(std::span<const std::int64_t> sourceIds, BlockBuilder &builder);
    Status addNumbers(BlockBuilder &builder, EncodedBlock &out);
    Status addTexts(const BlockRows &rows, std::uint32_t varying, BlockBuilder &builder, EncodedBlock &out);
    Status addRaw(EncodedBlock &out);
    Status addIntegers(Column column, std::span<const std::int64_t> values, BlockBuilder &builder);
    void encodeTexts(const BlockRows &rows, std::uint32_t varying, Field field);
    bool addConstant(const BlockRows &rows, Field field, BlockBuilder &builder, Status &status);

    struct RecordRef {
        const Batch *batch;
        const RawRecord *record;
    };
    Packer m_packer;
    BlockBuilder m_builder{m_packer};
    NumberScratch m_numbers;
    TextScratch m_texts;
    std::string m_column;
    std::vector<std::int64_t> m_integers;
    std::vector<std::int64_t> m_times, m_emissions, m_severities, m_hasValue;       ///< By event.
    std::vector<std::int64_t> m_perRecord, m_seqs, m_positions, m_sources, m_flags; ///< By record.
    std::string m_hashes;
    std::vector<double> m_doubles;
    std::array<std::vector<StrId>, FieldCount> m_ids; ///< Of the fields that vary.
    std::vector<RecordRef> m_records;
    std::vector<std::uint64_t> m_filterKeys;
    std::array<std::vector<std::uint64_t>, FieldCount> m_hashesOf; ///< Of the filterable fields of this block.
};

} // namespace eventops
