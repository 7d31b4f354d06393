// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"
#include "core/filter/filter.h"
#include "core/store/block_reader.h"
#include "core/store/sqlite.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace eventops {

/// What is known of the events wanted, for leaving blocks unread. Every bound is a necessary condition.
struct BlockBounds {
    std::optional<WallNs> tsMin, tsMax;
    Seq seqMin = 0;
    Seq seqMax = UINT64_MAX;
    std::uint8_t severityMin = 0;
    std::vector<std::pair<Field, std::vector<std::string>>> required; ///< One of the texts must be in the field.

    static BlockBounds of(const Filter &filter);
};

/// A block as its row describes it.
struct BlockHead {
    std::int64_t id = 0;
    Seq seqMin = 0, seqMax = 0;
    WallNs tsIngest = NoTime;
};

/// Blocks that may hold events within the bounds (tombstones hold none), by first sequence number; by last, falling,
/// when @p newestFirst. Reads zone maps and filters only. Memory: 32 bytes a block.
Result<std::vector<BlockHead>> listBlocks(sqlite::Database &database, const std::string &schema,
                                          const BlockBounds &bounds, bool newestFirst);

/// A decoded block on its way through a merge.
struct LoadedBlock {
    BlockHead head;
    Batch batch;                     ///< RawRecord::source is the row id of the source.
    std::vector<std::uint32_t> rows; ///< Events wanted, in the order of the merge.
    std::size_t next = 0;
    bool rawLoaded = false;
    bool dropped = false;            ///< A tombstone: its events have a record and an emission, nothing else.
};

/// The events of many blocks in input order (or the reverse). Each block is read in a snapshot of its own, so a slow
/// consumer never holds one. Thread: its database's. Memory: the blocks that overlap at one point of the input, which
/// are at most those of one commit.
class EventMerge
{
public:
    /// Chooses rows of a block just decoded: `rows` holds all events, ascending; leave those wanted.
    using Select = std::function<Status(LoadedBlock &)>;
    /// A stretch of one block: block->rows[begin, end).
    struct Run {
        LoadedBlock *block = nullptr;
        std::size_t begin = 0, end = 0;
    };

    EventMerge(sqlite::Database &database, std::string schema, std::vector<BlockHead> heads, bool newestFirst,
               Select select);
    void setMask(ColumnMask mask) { m_mask = mask; }
    /// Also gives events that retention dropped; else they are left out.
    void setWithDropped() { m_withDropped = true; }
    /// The next stretch; false at the end. The block is valid until the next call.
    Result<bool> next(Run &run);
    /// Gives the records of @p block their stored bytes, where they were kept.
    Status loadRaw(LoadedBlock &block);

private:
    using Key = std::pair<Seq, std::uint64_t>;
    Key keyOf(const LoadedBlock &block, std::size_t row) const;
    Seq keyOf(const BlockHead &head) const { return m_newestFirst ? ~head.seqMax : head.seqMin; }
    Status load(const BlockHead &head);
    bool after(const LoadedBlock *a, const LoadedBlock *b) const;

    sqlite::Database &m_database;
    std::string m_schema;
    std::vector<BlockHead> m_heads;
    std::size_t m_nextHead = 0;
    bool m_newestFirst;
    Select m_select;
    ColumnMask m_mask;
    bool m_withDropped = false;
    BlockReader m_reader;
    sqlite::Statement m_read;
    sqlite::Statement m_readRaw;
    std::vector<std::unique_ptr<LoadedBlock>> m_active; ///< Heap by next event.
    std::vector<std::unique_ptr<LoadedBlock>> m_free;
    std::unique_ptr<LoadedBlock> m_current;
};

} // namespace eventops
