// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/action.h"
#include "core/model/batch.h"
#include "core/model/entity.h"
#include "core/model/expectation.h"
#include "core/model/feature_window.h"
#include "core/model/finding.h"
#include "core/pipeline/retention.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eventops {

/// Counts of raw records: received = stored + skipped + duplicate + deadLettered + inFlight, exactly and always.
struct Counters {
    std::uint64_t received = 0;
    std::uint64_t stored = 0;
    std::uint64_t skipped = 0;
    std::uint64_t duplicate = 0;
    std::uint64_t deadLettered = 0;
    std::uint64_t inFlight = 0;
    std::uint64_t events = 0;     ///< A record gives 0..n of them; counted apart.

    Counters &operator+=(const Counters &other);
    bool conserved() const { return received == stored + skipped + duplicate + deadLettered + inFlight; }
};

/// How far a source has been read, and what became of its records.
struct SourceProgress {
    std::string key;            ///< Source::key().
    std::string title;
    std::uint64_t cursor = 0;   ///< Source position up to which everything is in this commit or an earlier one.
    std::uint64_t hashedTo = 0;   ///< A position at or before the cursor …
    std::uint64_t prefixHash = 0; ///< … and hash64 of the bytes before it: tells a grown capture from another one.
    WallNs mergeTime = NoTime;  ///< Event time of the last record admitted; orders the merge of several captures.
    bool finished = false;
    Retention retention = Retention::Capture; ///< What its events of this commit are kept as.
    Counters added;             ///< What this commit adds.
};

/// State of all stages after `seq`, opaque to the ledger.
struct Checkpoint {
    Seq seq = 0;
    std::string configHash;     ///< Of the pipeline; another configuration cannot use it.
    std::string bytes;
};

/// All that one transaction of the ledger holds. Everything or nothing.
struct CommitGroup {
    std::vector<std::unique_ptr<Batch>> batches; ///< In input order, seq assigned, outcomes final.
    std::vector<Finding> findings;               ///< By (seq, emission).
    std::vector<FeatureWindow> features;         ///< By (seq, emission).
    std::vector<Entity> entities;
    std::vector<Link> links;
    std::vector<Suggestion> suggestions;
    std::vector<SourceProgress> sources;         ///< All of the run, in its order: RawRecord::source indexes them.
    std::optional<Checkpoint> checkpoint;
    std::optional<StageView> view; ///< Replaces the one before; nothing: that stays.
    Seq lastSeq = 0;            ///< Highest sequence number in this commit.
    WallNs watermark = NoTime;  ///< No event older than this is expected; the workspace clock of a capture.
};

/// The runner's view of the ledger. Thread: `commit` runs on the writer thread, all else on the runner's.
class CommitSink
{
public:
    virtual ~CommitSink();

    /// One transaction. After it returns the records are acknowledged. On an error nothing of the group is stored.
    virtual Status commit(CommitGroup &group) = 0;

    /// Under which of these keys an event was committed before, in their order. @p keyHashes: dedupeKeyHash() of tenant
    /// and idempotency key or event id. Exact: what a filter lets through is checked against the stored keys.
    virtual std::vector<bool> seen(std::span<const std::uint64_t> keyHashes) = 0;

    /// Housekeeping between two commits, a bounded piece of it; returns at once when nothing is due. True: there is
    /// more to do now. Thread: as `commit`. An error harms no commit.
    virtual Result<bool> maintain() { return false; }
};

/// Scope of a dedupe key is its tenant. 0 is never returned.
std::uint64_t dedupeKeyHash(std::string_view tenant, std::string_view key);

} // namespace eventops
