// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/event.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace eventops {

/// A stretch of a source as read: bytes and where the records lie in them.
struct RawChunk {
    struct Record {
        std::uint32_t offset; ///< Into `bytes`.
        std::uint32_t size;
    };
    std::string bytes;             ///< Followed by at least RawPaddingBytes readable bytes (reserved capacity).
    std::uint64_t position = 0;    ///< Byte offset of bytes[0] in the source.
    std::uint64_t positionEnd = 0; ///< The source's cursor once every record of the chunk is committed.
    std::vector<Record> records;
    std::uint32_t source = 0;      ///< Index of the source in the run.
    std::uint64_t prefixHash = 0;  ///< hash64 of the source's bytes [0, positionEnd).
    bool last = false;             ///< The source ends with this chunk.
    /// Not 0: the chunk stands for one record of that many bytes, longer than the record limit. `records` is then {{0,
    /// 0}}, `position` its place; its bytes came before, in this and earlier reads, as OversizePart of the same
    /// position.
    std::uint64_t oversizeBytes = 0;
    std::uint64_t oversizeHash = 0; ///< hash64 of all its bytes.
    /// Where a record stood before it came into a capture that remembers it.
    struct Origin {
        std::uint64_t position = 0; ///< In its first source.
        Seq seq = 0;                ///< Its number in the workspace that it was exported from; 0: none.
        std::uint64_t hash = 0;     ///< hash64 of the original bytes; 0: these are the original ones.
    };
    std::vector<Origin> origins; ///< One for each record; empty: positions follow from the offsets.
    std::string codec;           ///< Which codec read the records before; empty: as the source is set up.

    void clear(); ///< Empties the chunk, keeps its memory for the next.
};
constexpr std::size_t RawPaddingBytes = 64;

enum class Outcome : std::uint8_t { Pending, Stored, Skipped, Duplicate, DeadLettered };

/// One raw record on its way, and what became of it. Exactly one outcome each: that is the conservation equation.
struct RawRecord {
    Seq seq = 0;                 ///< Set by the runner on admission; before that RawChunk::Origin::seq.
    std::uint64_t position = 0;  ///< Byte offset in the source.
    std::uint64_t hash = 0;      ///< hash64 of the original bytes.
    std::uint32_t offset = 0;    ///< Into the chunk's bytes.
    std::uint32_t size = 0;
    std::uint32_t source = 0;    ///< Index of the source in the run.
    std::uint32_t chunk = 0;     ///< Index into Batch::chunks.
    Outcome outcome = Outcome::Pending;
    StrId redacted = NoStr;      ///< Present: these bytes are kept instead of the original ones.
};

/// A raw record that could not become an event. The bytes are the record's own.
struct DeadLetter {
    std::uint32_t record = 0;  ///< Index into Batch::records.
    StrId reason = NoStr;      ///< A declared LossReason: "invalid_utf8".
    StrId detail = NoStr;      ///< One sentence naming field and offending value.
};

/// A stretch of a record longer than the record limit: it goes to the dead letters in parts, never as a whole.
struct OversizePart {
    std::uint64_t position = 0; ///< Of the record in its source.
    std::uint32_t source = 0;
    std::uint32_t part = 0;     ///< From 0.
    std::string bytes;
};

/// What moves between threads: records of a run, the events they gave, and the texts of both.
struct Batch {
    std::vector<std::shared_ptr<const RawChunk>> chunks;
    std::vector<RawRecord> records;
    std::vector<Event> events;           ///< In (record, emission) order.
    std::vector<DeadLetter> deadLetters; ///< In record order.
    std::vector<OversizePart> oversize;
    StringTable strings;
    WallNs tsIngest = NoTime;            ///< Wall clock at reading; never part of the digest.
    bool rawDropped = false;             ///< Of a ledger: the records' bytes were kept once, retention dropped them.

    std::string_view text(StrId id) const { return strings.text(id); }
    std::string_view text(const Event &event, Field field) const { return strings.text(event[field]); }
    std::string_view raw(const RawRecord &record) const
    {
        return std::string_view(chunks[record.chunk]->bytes).substr(record.offset, record.size);
    }
    void clear(); ///< Empties the batch, keeps its memory for the next.
};

/// Appends a copy of record @p record of @p from, its events from @p eventBegin on and its dead letters from
/// @p deadLetterBegin on to @p to, texts and all. Both positions move past what was taken. For merging sources.
void appendRecord(Batch &to, const Batch &from, std::uint32_t record, std::size_t &eventBegin,
                  std::size_t &deadLetterBegin);

/// Appends a copy of one event of @p from with its record, which becomes a record of its own in @p to. For query pages.
void appendEvent(Batch &to, const Batch &from, const Event &event);

/// hash64-based key of (tenant, entity type, entity id), the same on every machine.
std::uint64_t entityKey(std::string_view tenant, std::string_view entityType, std::string_view entityId);

} // namespace eventops
