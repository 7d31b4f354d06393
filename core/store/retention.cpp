// SPDX-License-Identifier: MIT
//
// Retention (adr/0007): raw bytes go first, then events; a tombstone stays, so that places, counters and dedupe keys
// are as if nothing had gone. Findings, decisions, audit, input log and dead letters are never touched.
#include "core/store/sqlite_ledger.h"

#include "core/base/json.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::int64_t RetryNs = 60 * NsPerSecond; ///< After a run that failed.

/// A block as retention sees it.
struct Candidate {
    std::int64_t id = 0;
    std::string tenant, retention;
    bool dropped = false, rawDropped = false;
    WallNs since = NoTime; ///< Ingest time; of an earlier block when the clock had gone back by then.
    Seq seqMax = 0;
    std::uint64_t events = 0, records = 0, bytes = 0, rawBytes = 0;
};

constexpr const char *CandidateSql =
    "SELECT b.id, b.tenant, b.retention, b.format, b.ts_ingest, b.seq_max, b.events, b.records, "
    "length(b.data) + length(b.filter), length(r.data) "
    "FROM event_block AS b LEFT JOIN raw_block AS r ON r.id = b.id WHERE b.id > ? ORDER BY b.id";

Candidate readCandidate(const sqlite::Statement &row, WallNs &newest)
{
    Candidate block;
    block.id = row.integer(0);
    block.tenant = row.string(1);
    block.retention = row.string(2);
    block.dropped = row.integer(3) == TombstoneFormat;
    newest = std::max(newest, WallNs{row.integer(4)});
    block.since = newest;
    block.seqMax = row.unsignedInteger(5);
    block.events = row.unsignedInteger(6);
    block.records = row.unsignedInteger(7);
    block.bytes = row.unsignedInteger(8);
    block.rawBytes = row.unsignedInteger(9);
    block.rawDropped = !row.isNull(9) && block.rawBytes == 0;
    return block;
}

/// When something is due; nothing: never.
struct Due {
    std::optional<WallNs> events, raw;
};

Due dueOf(const Candidate &block, const RetentionPolicy &policy)
{
    const auto retention = retentionByName(block.retention);
    const RetentionTimes &times = policy.of(block.tenant);
    const auto keep = retention ? times.eventsNs(*retention) : std::nullopt;
    if (!keep || block.since == NoTime || block.dropped)
        return {};
    Due due;
    due.events = block.since + *keep;
    if (block.rawBytes > 0)
        due.raw = block.since + std::min(*keep, times.rawNs);
    return due;
}

bool isDue(const std::optional<WallNs> &at, WallNs now)
{
    return at && *at <= now;
}

/// What stands before the pipeline goes in time as well.
struct TransformedKind {
    std::string_view table, time, condition, bytes;
    bool raw; ///< Goes as raw bytes do; else as events of signals.
};
constexpr TransformedKind TransformedKinds[] = {
    {"raw_event", "ts_ingest", "waits = 0 AND ", "length(body)", true},
    {"processed_event", "ts_processed", "", "length(data)", false},
};
constexpr std::size_t TransformedRowsMax = 4'096; ///< Of a kind in one transaction.

/// What came in at or before these goes.
struct Cuts {
    std::int64_t usual = 0, newest = 0; ///< Of who is not named; and the newest of all.
    std::string tenants;                ///< A JSON object, by name.
};

Cuts cutsOf(const TransformedKind &kind, const RetentionPolicy &policy, WallNs now)
{
    const auto cut = [&](const RetentionTimes &times) {
        const std::int64_t kept = kind.raw ? std::min(times.rawNs, times.signalsNs) : times.signalsNs;
        return raw(now) - kept;
    };
    Cuts out;
    out.usual = out.newest = cut(policy.times);
    JsonWriter json(out.tenants);
    json.beginObject();
    for (const auto &[tenant, times] : policy.tenants) {
        json.key(tenant).integer(cut(times));
        out.newest = std::max(out.newest, cut(times));
    }
    json.endObject();
    return out;
}

/// With Cuts bound in their order: usual, tenants, newest.
std::string dueCondition(const TransformedKind &kind)
{
    const std::string time(kind.time);
    return std::string(kind.condition) + time + " <= ?3 AND " + time
           + " <= coalesce((SELECT value FROM json_each(?2) WHERE key = tenant), ?1)";
}

std::string detailOf(const RetentionDone &done)
{
    std::string detail;
    JsonWriter json(detail);
    json.beginObject().key("events").unsignedInteger(done.events).key("records").unsignedInteger(done.records);
    json.key("raw_records").unsignedInteger(done.rawRecords).key("bytes").unsignedInteger(done.bytes);
    json.key("damaged").unsignedInteger(done.damaged).endObject();
    return detail;
}

} // namespace

RetentionDone &RetentionDone::operator+=(const RetentionDone &other)
{
    events += other.events;
    records += other.records;
    rawRecords += other.rawRecords;
    bytes += other.bytes;
    damaged += other.damaged;
    return *this;
}

Result<bool> SqliteLedger::maintain()
{
    if (!m_options.retention)
        return false;
    const WallNs now = m_clock->now();
    // A clock that went back must not put the next run off for long.
    if (!m_retention.under && m_retainNext != NoTime && now < m_retainNext && now >= m_retainedAt)
        return false;
    m_retainedAt = now;
    m_retainNext = now + RetryNs;
    EVENTOPS_TRY(boundLog());
    EVENTOPS_TRY(retain(*m_options.retention, m_retention));
    m_retainNext = now + RetentionEveryNs;
    return m_retention.under;
}

/// Events up to this record may go: the stages' state after it is kept.
Result<Seq> SqliteLedger::retentionBound(const RetentionRules &rules)
{
    if (rules.stateHash.empty())
        return static_cast<Seq>(INT64_MAX);
    sqlite::Statement &get = *EVENTOPS_TRY(cached("SELECT seq FROM checkpoint WHERE config_hash = ?"));
    const Seq bound = EVENTOPS_TRY(get.bind(1, rules.stateHash).step()) ? get.unsignedInteger(0) : 0;
    get.reset();
    return bound;
}

Result<RetentionDone> SqliteLedger::retain(const RetentionRules &rules, RetentionCursor &cursor)
{
    EVENTOPS_TRY(requireWriter());
    if (!cursor.under)
        cursor = {};
    const WallNs now = m_clock->now();
    const Seq bound = EVENTOPS_TRY(retentionBound(rules));
    RetentionCursor next = cursor;
    next.under = false;
    std::vector<Candidate> due;
    std::uint64_t bytes = 0;
    sqlite::Statement rows = EVENTOPS_TRY(m_database.prepare(CandidateSql));
    rows.bind(1, cursor.block);
    while (EVENTOPS_TRY(rows.step())) {
        Candidate block = readCandidate(rows, next.newest);
        next.block = block.id;
        const Due when = dueOf(block, rules.policy);
        block.dropped = isDue(when.events, now) && block.seqMax <= bound; // from here on: what is to be done
        if (!block.dropped && !isDue(when.raw, now))
            continue;
        bytes += block.rawBytes + (block.dropped ? block.bytes : 0);
        due.push_back(std::move(block));
        if (due.size() >= RetentionBlocksMax || bytes >= RetentionBytesMax) {
            next.under = true;
            break;
        }
    }
    rows = {}; // looking holds nobody up; only the dropping is a transaction
    RetentionDone done;
    const bool transformed = EVENTOPS_TRY(transformedIsDue(rules.policy, now));
    if (due.empty() && !transformed) {
        cursor = next;
        return done;
    }
    sqlite::Transaction transaction = EVENTOPS_TRY(sqlite::Transaction::begin(m_database));
    if (transformed)
        next.under = EVENTOPS_TRY(dropTransformed(rules.policy, now, done)) || next.under;
    for (const Candidate &block : due) {
        if (block.dropped)
            EVENTOPS_TRY(dropEvents(block.id, done));
        if (block.rawBytes == 0)
            continue;
        // An empty row says that there were some.
        sqlite::Statement &update =
            *EVENTOPS_TRY(cached("UPDATE raw_block SET data = x'' WHERE id = ? AND data <> x''"));
        EVENTOPS_TRY(update.bind(1, block.id).run());
        if (m_database.changes() == 0)
            continue;
        done.bytes += block.rawBytes;
        done.rawRecords += block.dropped ? 0 : block.records;
    }
    if (done.bytes > 0 || transformed) {
        EVENTOPS_TRY(appendAudit({0, now, rules.actor, "retention", "events", detailOf(done), {}, {}}));
        EVENTOPS_TRY(transaction.commit());
    }
    cursor = next;
    return done;
}

/// Whether there is anything for dropTransformed.
Result<bool> SqliteLedger::transformedIsDue(const RetentionPolicy &policy, WallNs now)
{
    for (const TransformedKind &kind : TransformedKinds) {
        const std::string sql =
            "SELECT 1 FROM " + std::string(kind.table) + " WHERE " + dueCondition(kind) + " LIMIT 1";
        sqlite::Statement rows = EVENTOPS_TRY(m_database.prepare(sql));
        const Cuts cuts = cutsOf(kind, policy, now);
        if (EVENTOPS_TRY(rows.bindAll(cuts.usual, cuts.tenants, cuts.newest).step()))
            return true;
    }
    return false;
}

/// Raw events that nobody waits for go as raw bytes do, what transformers made of them as events of signals do; their
/// entities and links stay. True: there is more.
Result<bool> SqliteLedger::dropTransformed(const RetentionPolicy &policy, WallNs now, RetentionDone &done)
{
    bool more = false;
    for (const TransformedKind &kind : TransformedKinds) {
        const Cuts cuts = cutsOf(kind, policy, now);
        sqlite::Statement rows = EVENTOPS_TRY(
            m_database.prepare("SELECT id, " + std::string(kind.bytes) + " FROM " + std::string(kind.table) + " WHERE "
                               + dueCondition(kind) + " LIMIT " + std::to_string(TransformedRowsMax)));
        rows.bindAll(cuts.usual, cuts.tenants, cuts.newest);
        std::vector<std::int64_t> ids;
        while (EVENTOPS_TRY(rows.step())) {
            ids.push_back(rows.integer(0));
            done.bytes += rows.unsignedInteger(1);
        }
        rows = {};
        sqlite::Statement drop =
            EVENTOPS_TRY(m_database.prepare("DELETE FROM " + std::string(kind.table) + " WHERE id = ?"));
        for (const std::int64_t id : ids)
            EVENTOPS_TRY(drop.bind(1, id).run());
        (kind.raw ? done.rawRecords : done.events) += ids.size();
        more = more || ids.size() == TransformedRowsMax;
    }
    return more;
}

/// Puts a tombstone in the place of the block's events. One that cannot be read stays for whoever looks into it.
Status SqliteLedger::dropEvents(std::int64_t block, RetentionDone &done)
{
    sqlite::Statement &get =
        *EVENTOPS_TRY(cached("SELECT data, events, records, length(data) + length(filter) FROM event_block "
                             "WHERE id = ? AND format > 0"));
    if (!EVENTOPS_TRY(get.bind(1, block).step()))
        return Ok{};
    Batch batch;
    ColumnMask mask;
    mask.texts = 0;
    const Status read = m_blockReader.decode(get.text(0), "event block " + std::to_string(block), mask, batch);
    const std::uint64_t events = get.unsignedInteger(1), records = get.unsignedInteger(2);
    const std::uint64_t before = get.unsignedInteger(3);
    get.reset();
    if (!read) {
        ++done.damaged;
        return Ok{};
    }
    const std::string tombstone = EVENTOPS_TRY(m_blockWriter.encodeTombstone(batch));
    sqlite::Statement &put =
        *EVENTOPS_TRY(cached("UPDATE event_block SET format = ?, filter = x'', data = ? WHERE id = ?"));
    EVENTOPS_TRY(put.bind(1, std::int64_t{TombstoneFormat}).bindBlob(2, tombstone).bind(3, block).run());
    done.events += events;
    done.records += records;
    done.bytes += before - std::min<std::uint64_t>(before, tombstone.size());
    return Ok{};
}

Result<std::vector<RetentionRow>> SqliteLedger::retentionState(const RetentionRules &rules)
{
    const WallNs now = m_clock->now();
    const Seq bound = EVENTOPS_TRY(retentionBound(rules));
    std::map<std::pair<std::string, std::string>, RetentionRow> found;
    sqlite::Statement rows = EVENTOPS_TRY(m_database.prepare(CandidateSql));
    rows.bind(1, std::int64_t{0});
    WallNs newest = NoTime;
    while (EVENTOPS_TRY(rows.step())) {
        const Candidate block = readCandidate(rows, newest);
        RetentionRow &row = found[{block.tenant, block.retention}];
        if (block.dropped) {
            row.droppedEvents += block.events;
            continue;
        }
        row.events += block.events;
        row.bytes += block.bytes;
        row.rawBytes += block.rawBytes;
        row.rawRecords += block.rawBytes > 0 ? block.records : 0;
        row.droppedRawRecords += block.rawDropped ? block.records : 0;
        row.oldest = row.oldest == NoTime ? block.since : std::min(row.oldest, block.since);
        const Due due = dueOf(block, rules.policy);
        row.dueEvents += isDue(due.events, now) && block.seqMax <= bound ? block.events : 0;
        row.dueRawRecords += isDue(due.raw, now) ? block.records : 0;
        for (const std::optional<WallNs> &at : {due.events, due.raw}) {
            if (at && *at > now && (row.nextDrop == NoTime || *at < row.nextDrop))
                row.nextDrop = *at;
        }
    }
    std::vector<RetentionRow> out;
    for (auto &[key, row] : found) {
        std::tie(row.tenant, row.retention) = key;
        out.push_back(std::move(row));
    }
    return out;
}

Result<DroppedHistory> SqliteLedger::droppedHistory()
{
    sqlite::Statement rows = EVENTOPS_TRY(m_database.prepare(
        "SELECT b.format = 0, sum(b.events), sum(b.records), max(b.seq_max) FROM event_block AS b "
        "LEFT JOIN raw_block AS r ON r.id = b.id WHERE b.format = 0 OR length(r.data) = 0 GROUP BY 1"));
    DroppedHistory gone;
    while (EVENTOPS_TRY(rows.step())) {
        gone.rawBeginsAfter = std::max(gone.rawBeginsAfter, rows.unsignedInteger(3));
        if (rows.integer(0) == 0) {
            gone.rawRecords = rows.unsignedInteger(2);
            continue;
        }
        gone.events = rows.unsignedInteger(1);
        gone.records = rows.unsignedInteger(2);
        gone.beginsAfter = rows.unsignedInteger(3);
    }
    return gone;
}

} // namespace eventops
