// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/clock.h"
#include "core/filter/filter.h"
#include "core/model/sql_result.h"
#include "core/pipeline/commit.h"
#include "core/store/aggregate.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// A reader keeps a snapshot for no longer and goes on behind what it gave: the write-ahead log can be cut back.
constexpr std::chrono::seconds SnapshotTimeMax{5};
/// A statement that a person wrote cannot go on elsewhere: it ends once it has kept a snapshot for longer while the log
/// has grown to this.
constexpr std::uint64_t SqlLogBytesMax = 128u << 20;

/// What a process wants of the ledger.
enum class LedgerMode : std::uint8_t {
    Read,   ///< Queries only; works beside an engine.
    Decide, ///< Queries and decisions, each one BEGIN IMMEDIATE transaction; works beside an engine.
    Engine, ///< Everything; the caller holds the workspace lock.
};

/// Every text of an event; see Ledger::eventsAt.
constexpr std::uint32_t AllFields = (1U << FieldCount) - 1;

/// A source as the ledger knows it.
struct SourceRow {
    SourceProgress progress; ///< `added` holds the totals of the workspace.
    std::int64_t id = 0;     ///< Row id, which records read by Ledger::events name.
};

struct DeadLetterRow {
    std::int64_t id = 0;
    Seq seq = 0;             ///< 0 for a record still being read in parts.
    std::string sourceKey, sourceTitle;
    std::uint64_t position = 0; ///< Byte offset in the source.
    std::uint64_t size = 0;
    std::string reason;      ///< A declared loss reason.
    std::string detail;
    std::string state;       ///< "waiting", "redriven".
    std::string bytes;       ///< The first `bytesMax` bytes asked for.
};

/// A row of the input log that is not a raw record: decision, action result, configuration, tick.
struct InputRow {
    std::uint64_t number = 0;
    std::string kind;        ///< "decision", "action_event", "feedback", "configuration".
    Seq afterSeq = 0;        ///< The record it follows; 0: not yet taken in by an engine.
    std::string payload;     ///< JSON, or for action_event and feedback the wire document.
};

/// A published request waiting for an executor.
struct OutboxRow {
    std::int64_t id = 0;
    std::string actionId;    ///< displayId.
    std::string topic;       ///< Where it is published; given by the caller.
    std::string key;         ///< Partition key.
    std::string document;    ///< Wire form.
    std::string state;       ///< "waiting", "published", "taken", "done".
    std::uint32_t attempt = 0;
    WallNs notBefore = NoTime; ///< Back-off of a retry.
};

/// A change of an action's state. Conditional: refused unless the action is still (id, version, from).
struct Transition {
    std::string actionId;    ///< displayId.
    ActionState from = ActionState::Proposed;
    ActionState to = ActionState::Proposed;
    std::string actor;
    std::string detail = "{}";  ///< JSON object for the audit row.
    std::string reason;         ///< Decision reason; kept when not empty.
    std::string approver;       ///< Kept when not empty.
    std::string output;         ///< Executor's output; kept when not empty.
    std::optional<OutboxRow> outbox;    ///< Written in the same transaction.
    std::optional<InputRow> input;      ///< Written in the same transaction.
    bool checkExpiry = false;   ///< Refuse when the workspace clock has passed the action's expiry.
};

/// The last numbers given so far; 0: none.
struct LedgerEnds {
    Seq record = 0;
    std::uint64_t finding = 0, audit = 0;
};

/// What retention goes by.
struct RetentionRules {
    RetentionPolicy policy;
    std::string stateHash;   ///< Of the pipeline whose stages keep state: events that its newest checkpoint does not
                             ///< cover are needed after a crash, and stay. Empty: no stage keeps any.
    std::string actor;       ///< For the audit.
};
constexpr std::size_t RetentionBlocksMax = 256;             ///< Dropped by one transaction …
constexpr std::uint64_t RetentionBytesMax = 64u << 20;      ///< … or stored bytes.
constexpr std::int64_t RetentionEveryNs = 3'600 * NsPerSecond; ///< Between two runs of an engine.

/// How far a run of retention came, from transaction to transaction.
struct RetentionCursor {
    std::int64_t block = 0;  ///< Row id of the last block looked at.
    WallNs newest = NoTime;  ///< Newest ingest time up to it.
    bool under = false;      ///< There is more to look at.
};

struct RetentionDone {
    std::uint64_t events = 0;     ///< Dropped …
    std::uint64_t records = 0;    ///< … with their records.
    std::uint64_t rawRecords = 0; ///< Records that lost their raw bytes alone.
    std::uint64_t bytes = 0;      ///< Stored ones, free for what comes.
    std::uint64_t damaged = 0;    ///< Blocks that cannot be read and stay as they are.
    RetentionDone &operator+=(const RetentionDone &other);
};

/// Events of one tenant and retention, as they are kept.
struct RetentionRow {
    std::string tenant;
    std::string retention;        ///< Of a ledger from before there was any: "default", kept for ever.
    std::uint64_t events = 0, rawRecords = 0; ///< Kept: events, and records with raw bytes.
    std::uint64_t bytes = 0, rawBytes = 0;    ///< Stored.
    std::uint64_t droppedEvents = 0, droppedRawRecords = 0;
    std::uint64_t dueEvents = 0, dueRawRecords = 0; ///< What a run would drop now.
    WallNs oldest = NoTime;       ///< Ingest time of the oldest events kept.
    WallNs nextDrop = NoTime;     ///< When something is due next; NoTime: never, or now.
};

/// What of the history is gone.
struct DroppedHistory {
    std::uint64_t events = 0, records = 0;
    std::uint64_t rawRecords = 0; ///< Kept records without their raw bytes.
    Seq beginsAfter = 0;          ///< Everything behind this record is there, …
    Seq rawBeginsAfter = 0;       ///< … with its raw bytes behind this one.
};

/// Bounds of a query. Newest first unless said otherwise.
struct QueryBounds {
    std::uint64_t rowsMax = 1'000'000'000;
    bool oldestFirst = true;
};

/// The SQLite ledger of one workspace (design sections 2 and 6): `<workspace>/ledger.db`.
///
/// Thread: one at a time for an Engine ledger's `commit`; each other thread opens a ledger of its own.
/// Errors: Busy, Io, Full, Corrupt, Refused, NotFound. Nothing is stored by a call that returns an error.
class Ledger : public CommitSink
{
public:
    struct Options {
        bool keepRaw = true;         ///< Keep the raw bytes of stored records.
        const Clock *clock = nullptr;///< Ingest and audit times; null: SystemClock.
        std::uint64_t bytesMax = 0;  ///< Largest size of the database file; reaching it is Full. 0: no limit.
        /// The write-ahead log a commit may meet. Longer, because a reader keeps an old snapshot: Busy until it ends.
        std::uint64_t walBytesMax = 256u << 20;
        std::optional<RetentionRules> retention = {}; ///< What `maintain` drops by.
    };
    /// Opens or (Engine, Decide) creates `<directory>/ledger.db` and migrates it.
    static Result<std::unique_ptr<Ledger>> open(const std::string &directory, LedgerMode mode, Options options);

    // --- the engine's side (CommitSink::commit and ::seen are declared there) ---
    virtual Result<Seq> lastSeq() = 0;
    virtual Result<LedgerEnds> ends() = 0;
    virtual Result<WallNs> watermark() = 0;                 ///< The workspace clock of captures.
    virtual Result<std::vector<SourceRow>> sources() = 0;
    /// The newest checkpoint made under @p configHash, if any.
    virtual Result<std::optional<Checkpoint>> checkpoint(std::string_view configHash) = 0;
    /// Stored events with seq > @p after in input order, in batches of up to 8,192 records, with all that the stages
    /// saw (records, seq, emission, texts, entity key). RawRecord::source is the place of its source in sources();
    /// raw bytes are not there (one empty chunk), `redacted` at most marks a record. Used for recovery.
    virtual Status replay(Seq after, const std::function<Status(Batch &)> &consume) = 0;
    /// Expires every proposed action whose expiry lies at or before @p now; audited. Returns how many. A commit does it
    /// by itself for its watermark.
    virtual Result<std::uint64_t> expireActions(WallNs now) = 0;
    /// Rows of the input log, from number @p from on, that no engine has taken in; `takeInput` marks them as following
    /// @p afterSeq.
    virtual Result<std::vector<InputRow>> waitingInput(std::uint64_t from = 0) = 0;
    virtual Status takeInput(std::uint64_t number, Seq afterSeq) = 0;
    /// The wire documents of actions in the input log, taken in or not, from after number @p after on; the callback
    /// returns false to stop.
    virtual Status actionDocumentsAfter(std::uint64_t after, const std::function<bool(const InputRow &)> &row) = 0;
    virtual Status recordInput(const InputRow &row) = 0;
    /// The pipelines that made the history, oldest first; `afterSeq` says from where on.
    virtual Result<std::vector<InputRow>> configurations() = 0;

    // --- queries; callbacks return false to stop ---
    /// Matching events, decoded: a batch and the indices in it that match. Field::EventId is always set, Batch::raw
    /// gives the stored bytes where raw records are kept; RawRecord::source is the row id of the source.
    /// A callback gets one block's stretch at a time; no lock is held while it runs.
    virtual Status events(const Filter &filter, QueryBounds bounds,
                          const std::function<bool(const Batch &, std::span<const std::uint32_t>)> &row) = 0;
    /// Numbers over the matching events, by group and time. Reads columns and puts no event together, unless there is a
    /// filter. No snapshot is held for long: what is committed meanwhile may count or not. InvalidArgument,
    /// LimitExceeded, Cancelled (@p mustStop, asked between blocks, said so).
    virtual Result<std::vector<AggregateRow>> aggregate(const Filter &filter, const AggregateQuery &query,
                                                        const std::function<bool()> &mustStop) = 0;
    /// How many events were stored; they stand at places 0 … count − 1 in input order, for ever, dropped or not.
    virtual Result<std::uint64_t> eventCount() = 0;
    /// Events by place, from @p first, at most @p count places, without raw bytes; what was dropped is left out.
    /// @p fields: the texts wanted, a bit a Field (the others may be missing); Field::EventId is set if it is wanted.
    /// O(events delivered + one commit's).
    using PlacedRows = std::function<bool(const Batch &, std::span<const std::uint32_t>, std::uint64_t place)>;
    virtual Status eventsAt(std::uint64_t first, std::uint64_t count, std::uint32_t fields, const PlacedRows &row) = 0;
    /// The place of the event that record @p seq gave as its @p emission th. NotFound.
    virtual Result<std::uint64_t> placeOf(Seq seq, std::uint16_t emission) = 0;
    virtual Status findings(const Filter &filter, QueryBounds bounds,
                            const std::function<bool(const Finding &)> &row) = 0;
    /// Findings in the order in which they were stored, from after the one with number @p after (0: from the first).
    virtual Status findingsAfter(std::uint64_t after,
                                 const std::function<bool(std::uint64_t number, const Finding &)> &row) = 0;
    /// Windows of features in the order in which they were stored, from after those of record @p after.
    virtual Status featuresAfter(Seq after, const std::function<bool(const FeatureWindow &)> &row) = 0;
    virtual Status entities(const Filter &filter, QueryBounds bounds,
                            const std::function<bool(const Entity &)> &row) = 0;
    virtual Status links(const Filter &filter, QueryBounds bounds, const std::function<bool(const Link &)> &row) = 0;
    virtual Status actions(const Filter &filter, QueryBounds bounds,
                           const std::function<bool(const Action &)> &row) = 0;
    virtual Status deadLetters(QueryBounds bounds, std::uint64_t bytesMax,
                               const std::function<bool(const DeadLetterRow &)> &row) = 0;
    /// The whole record of a dead letter, in pieces.
    virtual Status deadLetterBytes(std::int64_t id, const std::function<bool(std::string_view)> &piece) = 0;
    virtual Status markRedriven(std::int64_t id) = 0;
    virtual Result<Counters> counters() = 0;                 ///< Of the workspace.
    virtual Result<std::vector<std::pair<std::string, std::uint64_t>>> deadLetterReasons() = 0; ///< Most first.
    /// What the stages expected at the last commit that told; empty in a ledger from before there was any.
    virtual Result<std::vector<CaseExpectation>> expectations() = 0;
    virtual Result<JudgementView> judgement() = 0;
    virtual Result<std::vector<StepMachine>> stepMachines() = 0;
    /// Changes when another connection, of this process or not, has committed something. Costs no read of a table.
    /// NotFound: the file was moved away, and this ledger is not the workspace's any more.
    virtual Result<std::uint64_t> changeCounter() = 0;
    /// Of the database, each of its pages once, those that are still in the write-ahead log among them. What the log
    /// holds twice does not count: that hangs on how commits and readings fell together.
    virtual Result<std::uint64_t> sizeBytes() = 0;
    virtual Result<std::uint64_t> findingCount() = 0;
    virtual Result<std::uint64_t> suggestionCount() = 0;

    // --- retention; see adr/0007 ---
    /// Drops what is due, in one transaction of at most RetentionBlocksMax blocks, with its row in the audit. Goes on
    /// from @p cursor; `under` says whether to come again. A clock that went back drops nothing early.
    virtual Result<RetentionDone> retain(const RetentionRules &rules, RetentionCursor &cursor) = 0;
    /// By tenant, then retention. O(blocks).
    virtual Result<std::vector<RetentionRow>> retentionState(const RetentionRules &rules) = 0;
    virtual Result<DroppedHistory> droppedHistory() = 0;

    // --- actions ---
    /// The action with this displayId. Refused when the version is not the newest; NotFound.
    virtual Result<Action> action(std::string_view displayId) = 0;
    virtual Status transition(const Transition &transition) = 0;
    virtual Result<std::vector<OutboxRow>> outbox(std::string_view state) = 0;
    virtual Status updateOutbox(const OutboxRow &row) = 0;
    virtual Status audit(QueryBounds bounds, const std::function<bool(const AuditRow &)> &row) = 0;
    /// Steps of actions in their order, from after number @p after (0: from the first), each with its action as it is
    /// now.
    virtual Status auditAfter(std::uint64_t after,
                              const std::function<bool(const AuditRow &, const Action &)> &row) = 0;
    /// Re-computes the chain and checks it against the actions. Corrupt: the message names the first bad row.
    virtual Result<std::uint64_t> verifyAudit() = 0;

    /// SHA-256 over the logical content in input order (design section 2): events, dead letters, findings,
    /// suggestions with payload, entities, links; no ingest or audit times, row ids, layout, counters or paths.
    virtual Result<std::string> digest() = 0;
};

/// Runs read-only SQL as `eventops sql` does: main is :memory:, the ledger is attached as karma. Cannot write, attach,
/// load extensions or read files. @p columns is called once a statement, before its rows; a type that the statement
/// does not declare is that of the first row. @p row returns false to stop.
Status querySql(const std::string &directory, std::string_view sql, const SqlLimits &limits,
                const std::function<void(const std::vector<SqlColumn> &)> &columns,
                const std::function<bool(SqlRow &)> &row);
/// The same with each row as one JSON object.
Status runSql(const std::string &directory, std::string_view sql,
              const std::function<bool(std::string_view jsonRow)> &row);
/// What can be asked, by name; without what only the ledger itself can read.
Result<std::vector<SqlTable>> ledgerTables(const std::string &directory);

} // namespace eventops
