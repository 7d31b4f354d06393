// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/logical_digest.h"
#include "core/store/block_writer.h"
#include "core/store/dedupe_index.h"
#include "core/store/event_merge.h"
#include "core/store/ledger.h"
#include "core/store/places.h"
#include "core/store/sqlite.h"

#include <map>
#include <unordered_map>

namespace eventops {

/// The Ledger over SQLite. Its parts lie in the files named here.
class SqliteLedger final : public Ledger
{
public:
    SqliteLedger(sqlite::Database database, LedgerMode mode, Options options);
    void leaveExpiry() { m_expires = false; } ///< See leaveExpiryToOwner.

    // writer.cpp
    Status commit(CommitGroup &group) override;
    std::vector<bool> seen(std::span<const std::uint64_t> keyHashes) override;

    // state.cpp
    Result<Seq> lastSeq() override;
    Result<WallNs> watermark() override;
    Result<std::vector<SourceRow>> sources() override;
    Result<std::optional<Checkpoint>> checkpoint(std::string_view configHash) override;
    Result<std::vector<InputRow>> waitingInput(std::uint64_t from) override;
    Status actionDocumentsAfter(std::uint64_t after, const std::function<bool(const InputRow &)> &row) override;
    Status takeInput(std::uint64_t number, Seq afterSeq) override;
    Status recordInput(const InputRow &row) override;
    Result<std::vector<InputRow>> configurations() override;
    Result<Counters> counters() override;
    Result<std::vector<std::pair<std::string, std::uint64_t>>> deadLetterReasons() override;
    Result<std::vector<CaseExpectation>> expectations() override;
    Result<JudgementView> judgement() override;
    Result<std::vector<StepMachine>> stepMachines() override;
    Result<std::uint64_t> changeCounter() override;
    Result<std::uint64_t> sizeBytes() override;
    Result<std::uint64_t> findingCount() override;
    Result<std::uint64_t> suggestionCount() override;

    // event_readers.cpp
    Status replay(Seq after, const std::function<Status(Batch &)> &consume) override;
    Status events(const Filter &filter, QueryBounds bounds,
                  const std::function<bool(const Batch &, std::span<const std::uint32_t>)> &row) override;
    Result<std::uint64_t> eventCount() override;
    Result<std::vector<AggregateRow>> aggregate(const Filter &filter, const AggregateQuery &query,
                                                const std::function<bool()> &mustStop) override; // aggregate.cpp
    Status eventsAt(std::uint64_t first, std::uint64_t count, std::uint32_t fields, const PlacedRows &row) override;
    Result<std::uint64_t> placeOf(Seq seq, std::uint16_t emission) override;

    // readers.cpp
    Status findings(const Filter &filter, QueryBounds bounds, const std::function<bool(const Finding &)> &row) override;
    Result<LedgerEnds> ends() override;
    Status featuresAfter(Seq after, const std::function<bool(const FeatureWindow &)> &row) override;
    Status findingsAfter(std::uint64_t after,
                         const std::function<bool(std::uint64_t number, const Finding &)> &row) override;
    Status entities(const Filter &filter, QueryBounds bounds, const std::function<bool(const Entity &)> &row) override;
    Status links(const Filter &filter, QueryBounds bounds, const std::function<bool(const Link &)> &row) override;
    Status actions(const Filter &filter, QueryBounds bounds, const std::function<bool(const Action &)> &row) override;
    Status deadLetters(QueryBounds bounds, std::uint64_t bytesMax,
                       const std::function<bool(const DeadLetterRow &)> &row) override;
    Status deadLetterBytes(std::int64_t id, const std::function<bool(std::string_view)> &piece) override;
    Status markRedriven(std::int64_t id) override;

    // action_store.cpp
    Result<std::uint64_t> expireActions(WallNs now) override;
    Result<Action> action(std::string_view displayId) override;
    Status transition(const Transition &transition) override;
    Result<std::vector<OutboxRow>> outbox(std::string_view state) override;
    Status updateOutbox(const OutboxRow &row) override;

    // audit.cpp
    Status audit(QueryBounds bounds, const std::function<bool(const AuditRow &)> &row) override;
    Status auditAfter(std::uint64_t after,
                      const std::function<bool(const AuditRow &, const Action &)> &row) override;
    Result<std::uint64_t> verifyAudit() override;

    // digest.cpp
    Result<std::string> digest() override;

    // retention.cpp
    Result<bool> maintain() override;
    Result<RetentionDone> retain(const RetentionRules &rules, RetentionCursor &cursor) override;
    Result<std::vector<RetentionRow>> retentionState(const RetentionRules &rules) override;
    Result<DroppedHistory> droppedHistory() override;

private:
    Status addDeadLetters(LogicalDigest &digest);
    struct TenantRows {
        std::string tenant;
        Retention retention = Retention::Capture;
        BlockRows rows;
    };
    /// What one commit builds up.
    struct CommitState {
        std::vector<std::int64_t> sourceIds; ///< By RawRecord::source.
        std::vector<TenantRows> tenants;     ///< In the order of their first event; one a tenant and retention.
        std::map<std::pair<std::string, Retention>, std::size_t> tenantIndex;
        std::vector<std::uint64_t> keys;
        WallNs now = NoTime;
        bool partsKnown = false; ///< Whether someParts was looked up.
        bool someParts = false;  ///< There are dead letters in parts.
    };

    // writer.cpp
    Status writeGroup(CommitGroup &group);
    Status writeSources(const CommitGroup &group, CommitState &state);
    Status writeEvents(const CommitGroup &group, CommitState &state);
    Status writeBlock(TenantRows &tenant, CommitState &state);
    Status writeDeadLetters(const Batch &batch, CommitState &state);
    Result<bool> finishParts(const Batch &batch, const DeadLetter &letter, std::int64_t source, CommitState &state);
    Status writeParts(const Batch &batch, CommitState &state);
    Status writeEnd(const CommitGroup &group);
    Status writeView(std::string_view name, const std::string &document);

    // row_writer.cpp
    Status writeFindings(const CommitGroup &group);
    Status writeFeatures(const CommitGroup &group);
    Status writeEntities(const CommitGroup &group);
    Status writeLinks(const CommitGroup &group);
    Status writeSuggestions(const CommitGroup &group, WallNs now);

    // audit.cpp
    /// Appends to the chain, inside the caller's transaction; number and hashes are filled in.
    Status appendAudit(AuditRow row);

    // retention.cpp
    Result<Seq> retentionBound(const RetentionRules &rules);
    Result<bool> transformedIsDue(const RetentionPolicy &policy, WallNs now);
    Result<bool> dropTransformed(const RetentionPolicy &policy, WallNs now, RetentionDone &done);
    Status dropEvents(std::int64_t block, RetentionDone &done);

    // event_readers.cpp
    Result<std::map<std::int64_t, std::string>> sourceKeys();

    // action_store.cpp
    Status writeTransition(const Transition &transition);
    Result<std::uint64_t> expireDue(WallNs now); ///< Inside the caller's transaction.
    Error whyRefused(const Transition &transition);

    Result<std::string> viewDocument(std::string_view name); ///< state.cpp
    Result<std::int64_t> metaInteger(std::string_view key, std::int64_t fallback);
    Status setMeta(std::string_view key, std::int64_t value);
    /// The cached statement for this SQL text (by address: pass literals).
    Result<sqlite::Statement *> cached(const char *sql);
    Status requireWriter() const;
    Status boundLog(); ///< ledger.cpp: Busy while the write-ahead log is too long and a reader holds it.
    bool wasMoved();

    sqlite::Database m_database;
    LedgerMode m_mode;
    Options m_options;
    SystemClock m_systemClock;
    const Clock *m_clock;
    std::map<const char *, sqlite::Statement> m_statements; ///< Destroyed before the database.
    BlockWriter m_blockWriter;
    DedupeIndex m_dedupe;
    bool m_expires = true; ///< Proposals whose time is over.
    std::optional<Error> m_lookupError; ///< Of `seen`; the next commit reports it.
    RetentionCursor m_retention; ///< Of the run of retention under way.
    WallNs m_retainedAt = NoTime, m_retainNext = NoTime; ///< When a run ended, and when the next is due.
    BlockReader m_blockReader; ///< Of retention.
    PlaceIndex m_places; ///< As of the last question about places.
};

/// Registers the virtual table `eventops_event` with a connection (event_table.cpp).
Status registerEventTable(sqlite::Database &database);

} // namespace eventops
