// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/batch.h"
#include "core/model/loss.h"
#include "core/pipeline/retention.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace eventops {

/// Turns the raw records of a batch into events. Thread: each worker has an instance of its own.
class RecordDecoder
{
public:
    virtual ~RecordDecoder();
    /// Fills events and dead letters for every Pending record of the batch and sets its outcome to Stored (one or more
    /// events), Skipped (a record that carries none) or DeadLettered. Never fails: a bad record is an outcome.
    virtual void decode(Batch &batch) = 0;
};

/// How a source is just now, for the health view. A capture has nothing to say.
struct SourceHealth {
    std::string title;                ///< Source::title().
    std::string trouble;              ///< Why nothing can be read just now, for people; empty: it can.
    std::string notice;               ///< What a person should know of what was read; empty: nothing.
    std::optional<std::uint64_t> lag; ///< Records that wait there; nothing: unknown.
    std::uint64_t missed = 0;         ///< Records that were gone before they could be read.
    std::uint64_t ownRecords = 0;     ///< Left out because this program wrote them.
    std::uint64_t tombstones = 0;     ///< Records that only say that a key is gone.
    std::uint64_t errors = 0;         ///< Errors of the connection so far …
    std::string lastError;            ///< … and the last of them.
    std::uint64_t rebalances = 0;     ///< Times that partitions moved between the members of a group.
};

/// What became of one record of a source, now that it is committed.
struct Receipt {
    std::uint64_t position = 0;       ///< RawRecord::position.
    Outcome outcome = Outcome::Pending; ///< Never Pending.
    std::string reason, detail;       ///< Of a dead letter.
};

/// Where raw records come from. Thread: `read` runs on a reader thread of its own; all else before it starts.
class Source
{
public:
    virtual ~Source();

    /// Identity of what is read, the same wherever it lies: for a capture a fingerprint of its first bytes, never a
    /// path. Cursors and event ids hang on it.
    virtual std::string key() const = 0;
    /// For people: file name, topic.
    virtual std::string title() const = 0;
    /// Size in bytes for progress; 0 when unknown.
    virtual std::uint64_t sizeBytes() const { return 0; }
    /// False: reading goes on for ever and the clock is the wall clock.
    virtual bool finite() const { return true; }
    /// What its events are kept as.
    virtual Retention retention() const { return Retention::Capture; }
    /// True: it goes on behind its end some day, so it is never finished and is read again from its cursor on, not from
    /// the beginning.
    virtual bool grows() const { return !finite(); }
    /// Thread: any.
    virtual SourceHealth health() const { return {}; }
    /// True: reading goes on only as long as another source's does.
    virtual bool companion() const { return false; }
    /// True: somebody waits for the commit of each record. It is hurried then, and `committed` hears of all of them.
    virtual bool wantsReceipts() const { return false; }
    /// Records of this source are in the ledger, in their order, each told once. Thread: the ledger writer's.
    virtual void committed(std::span<const Receipt>) {}

    /// Fills @p chunk with the next stretch, at most ChunkRecordsMax records and about ChunkBytesMax bytes.
    /// False: the source has ended. A record above the limit arrives as parts with chunks of no records, whose
    /// positionEnd stays at its beginning, and is closed by a chunk with `oversizeBytes` set.
    virtual Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &oversize) = 0;

    /// Prepares reading from @p cursor, the start of a record; 0 is the beginning.
    virtual Status open(std::uint64_t cursor) = 0;

    /// True when hash64 of the source's bytes [0, position) is @p hash, or when that cannot be told (a stream).
    /// Call before `open`.
    virtual Result<bool> hasPrefix(std::uint64_t position, std::uint64_t hash) const = 0;

    virtual std::unique_ptr<RecordDecoder> makeDecoder() const = 0;

    /// Other sources to be read beside this one, each given once; of an endless one also while `read` runs.
    virtual std::vector<std::unique_ptr<Source>> takeOthers() { return {}; }
    /// Names the numbering that the records bring along (RawChunk::Origin::seq); empty: none. Sources of one numbering
    /// are merged by it instead of by event time.
    virtual std::string numbering() const { return {}; }
    /// After `read` has told the end: an error when the source knows that something is missing, which then is what the
    /// run returns once all else is stored.
    virtual Status complete() const { return Ok{}; }
};

} // namespace eventops
