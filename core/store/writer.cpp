// SPDX-License-Identifier: MIT
//
// One commit: sources, event blocks, dead letters, and what the stages found, in one transaction.
#include "core/store/sqlite_ledger.h"

#include "core/base/limits.h"

#include <algorithm>
#include <utility>

namespace eventops {
namespace {

/// Reason of a record that is still being read in parts, until its own dead letter names one.
constexpr std::string_view PartsReason = "record_too_long";

} // namespace

Status SqliteLedger::commit(CommitGroup &group)
{
    if (m_mode != LedgerMode::Engine)
        return Error{Error::Code::Refused, "only an engine may commit", {}, {}};
    if (m_lookupError) // a repeat may be among the records: none of them is stored
        return *std::exchange(m_lookupError, std::nullopt);
    EVENTOPS_TRY(boundLog());
    const Status status = writeGroup(group);
    if (status)
        m_dedupe.committed();
    else
        m_dedupe.rolledBack();
    return status;
}

Status SqliteLedger::writeGroup(CommitGroup &group)
{
    sqlite::Transaction transaction = EVENTOPS_TRY(sqlite::Transaction::begin(m_database));
    CommitState state;
    state.now = m_clock->now();
    EVENTOPS_TRY(writeSources(group, state));
    EVENTOPS_TRY(writeEvents(group, state));
    EVENTOPS_TRY(m_dedupe.add(m_database, state.keys));
    for (const auto &batch : group.batches) {
        EVENTOPS_TRY(writeParts(*batch, state));
        EVENTOPS_TRY(writeDeadLetters(*batch, state));
    }
    EVENTOPS_TRY(writeFindings(group));
    EVENTOPS_TRY(writeFeatures(group));
    EVENTOPS_TRY(writeEntities(group));
    EVENTOPS_TRY(writeLinks(group));
    EVENTOPS_TRY(writeSuggestions(group, state.now));
    EVENTOPS_TRY(writeEnd(group));
    return transaction.commit();
}

Status SqliteLedger::writeSources(const CommitGroup &group, CommitState &state)
{
    for (const SourceProgress &source : group.sources) {
        sqlite::Statement &put = *EVENTOPS_TRY(cached(
            "INSERT INTO source(key, title, cursor, prefix_hash, merge_time, finished, received, stored, skipped, "
            "duplicate, "
            "dead_lettered, in_flight, events, hashed_to) "
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
            "ON CONFLICT(key) DO UPDATE SET title = ?2, cursor = ?3, prefix_hash = ?4, merge_time = ?5, finished = ?6, "
            "received = received + ?7, stored = stored + ?8, skipped = skipped + ?9, duplicate = duplicate + ?10, "
            "dead_lettered = dead_lettered + ?11, in_flight = in_flight + ?12, events = events + ?13, "
            "hashed_to = ?14"));
        const Counters &added = source.added;
        EVENTOPS_TRY(put.bindAll(source.key, source.title, source.cursor, source.prefixHash, raw(source.mergeTime),
                                 source.finished, added.received, added.stored, added.skipped, added.duplicate,
                                 added.deadLettered, added.inFlight, added.events, source.hashedTo).run());
        sqlite::Statement &get = *EVENTOPS_TRY(cached("SELECT id FROM source WHERE key = ?"));
        EVENTOPS_TRY(get.bind(1, source.key).step());
        state.sourceIds.push_back(get.integer(0));
        get.reset();
    }
    return Ok{};
}

Status SqliteLedger::writeEvents(const CommitGroup &group, CommitState &state)
{
    for (const auto &batchPointer : group.batches) {
        const Batch &batch = *batchPointer;
        std::map<std::pair<StrId, Retention>, std::size_t> tenantOf; // of this batch's ids
        StrId lastTenant = NoStr;
        Retention lastRetention = Retention::Capture;
        std::size_t at = SIZE_MAX;
        for (const Event &event : batch.events) {
            const RawRecord &record = batch.records[event.record];
            if (record.outcome != Outcome::Stored)
                continue;
            const StrId tenant = event[Field::Tenant];
            const Retention retention =
                record.source < group.sources.size() ? group.sources[record.source].retention : Retention::Capture;
            if (at == SIZE_MAX || tenant != lastTenant || retention != lastRetention) {
                const auto [known, added] = tenantOf.try_emplace({tenant, retention}, 0);
                if (added) {
                    const std::string name(batch.text(tenant));
                    const auto [index, fresh] =
                        state.tenantIndex.try_emplace({name, retention}, state.tenants.size());
                    if (fresh)
                        state.tenants.push_back({name, retention, {}});
                    known->second = index->second;
                }
                at = known->second;
                lastTenant = tenant;
                lastRetention = retention;
            }
            TenantRows &rows = state.tenants[at];
            if (rows.rows.segments.empty() || rows.rows.segments.back().batch != &batch)
                rows.rows.segments.push_back({&batch, rows.rows.events.size()});
            rows.rows.events.push_back(&event);
            rows.rows.bytes += record.size;
            if (const std::uint64_t key = eventDedupeKey(batch, event); key != 0)
                state.keys.push_back(key);
            if (rows.rows.events.size() >= BlockEventsMax || rows.rows.bytes >= BlockBytesTarget)
                EVENTOPS_TRY(writeBlock(rows, state));
        }
    }
    for (TenantRows &rows : state.tenants)
        EVENTOPS_TRY(writeBlock(rows, state));
    return Ok{};
}

Status SqliteLedger::writeBlock(TenantRows &tenant, CommitState &state)
{
    if (tenant.rows.events.empty())
        return Ok{};
    WallNs ingest = state.now;
    for (const BlockRows::Segment &segment : tenant.rows.segments) {
        if (segment.batch->tsIngest != NoTime)
            ingest = segment.batch->tsIngest;
    }
    const EncodedBlock block = EVENTOPS_TRY(m_blockWriter.encode(tenant.rows, state.sourceIds, m_options.keepRaw));
    sqlite::Statement &insert = *EVENTOPS_TRY(cached(
        "INSERT INTO event_block(format, tenant, retention, seq_min, seq_max, ts_min, ts_max, untimed, unnamed, "
        "severity_max, "
        "events, records, ts_ingest, filter, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    EVENTOPS_TRY(insert.bind(1, std::int64_t{BlockVersion})
                     .bind(2, tenant.tenant)
                     .bind(3, toString(tenant.retention))
                     .bindUnsigned(4, block.seqMin)
                     .bindUnsigned(5, block.seqMax)
                     .bind(6, raw(block.tsMin))
                     .bind(7, raw(block.tsMax))
                     .bind(8, std::int64_t{block.someWithoutTime})
                     .bind(9, std::int64_t{block.someWithoutId})
                     .bind(10, std::int64_t{block.severityMax})
                     .bindUnsigned(11, block.events)
                     .bindUnsigned(12, block.records)
                     .bind(13, raw(ingest))
                     .bindBlob(14, block.filter)
                     .bindBlob(15, block.bytes)
                     .run());
    if (!block.rawBytes.empty()) {
        const std::int64_t id = m_database.lastRowId();
        sqlite::Statement &insertRaw = *EVENTOPS_TRY(cached("INSERT INTO raw_block(id, data) VALUES (?, ?)"));
        EVENTOPS_TRY(insertRaw.bind(1, id).bindBlob(2, block.rawBytes).run());
    }
    tenant.rows.clear();
    return Ok{};
}

Status SqliteLedger::writeParts(const Batch &batch, CommitState &state)
{
    for (const OversizePart &part : batch.oversize) {
        state.partsKnown = state.someParts = true;
        if (part.source >= state.sourceIds.size())
            return Error{Error::Code::InvalidArgument, "a part names a source that the commit does not have", {}, {}};
        const std::int64_t source = state.sourceIds[part.source];
        sqlite::Statement &head = *EVENTOPS_TRY(
            cached("INSERT INTO dead_letter(seq, source, position, size, reason, detail, state, in_parts, bytes) "
                   "VALUES (0, ?, ?, 0, ?, '', 'waiting', 1, x'') ON CONFLICT DO NOTHING"));
        EVENTOPS_TRY(head.bind(1, source).bindUnsigned(2, part.position).bind(3, PartsReason).run());
        sqlite::Statement &insert = *EVENTOPS_TRY(cached(
            "INSERT OR IGNORE INTO dead_letter_part(dead_letter, part, bytes) SELECT id, ?3, ?4 FROM dead_letter "
            "WHERE source = ?1 AND position = ?2 AND in_parts = 1"));
        EVENTOPS_TRY(insert.bind(1, source)
                         .bindUnsigned(2, part.position)
                         .bind(3, std::int64_t{part.part})
                         .bindBlob(4, part.bytes)
                         .run());
        if (m_database.changes() == 0)
            continue; // this part was there before
        sqlite::Statement &grow = *EVENTOPS_TRY(
            cached("UPDATE dead_letter SET size = size + ?3 WHERE source = ?1 AND position = ?2 AND in_parts = 1"));
        EVENTOPS_TRY(grow.bind(1, source).bindUnsigned(2, part.position).bindUnsigned(3, part.bytes.size()).run());
    }
    return Ok{};
}

Result<bool> SqliteLedger::finishParts(const Batch &batch, const DeadLetter &letter, std::int64_t source,
                                       CommitState &state)
{
    // The bytes of a record read in parts are there already; it only lacks its number and reason. Most ledgers have
    // none.
    if (!state.partsKnown) {
        state.someParts =
            EVENTOPS_TRY(m_database.integer("SELECT EXISTS(SELECT 1 FROM dead_letter WHERE in_parts = 1)")) != 0;
        state.partsKnown = true;
    }
    if (!state.someParts)
        return false;
    const RawRecord &record = batch.records[letter.record];
    sqlite::Statement &finish = *EVENTOPS_TRY(cached("UPDATE dead_letter SET seq = ?3, reason = ?4, detail = ?5 WHERE "
                                                     "source = ?1 AND position = ?2 AND in_parts = 1"));
    EVENTOPS_TRY(finish.bindAll(source, record.position, record.seq, batch.text(letter.reason),
                                batch.text(letter.detail)).run());
    return m_database.changes() > 0;
}

Status SqliteLedger::writeDeadLetters(const Batch &batch, CommitState &state)
{
    for (const DeadLetter &letter : batch.deadLetters) {
        const RawRecord &record = batch.records[letter.record];
        if (record.source >= state.sourceIds.size())
            return Error{
                Error::Code::InvalidArgument, "a dead letter names a source that the commit does not have", {}, {}};
        const std::int64_t source = state.sourceIds[record.source];
        if (EVENTOPS_TRY(finishParts(batch, letter, source, state)))
            continue;
        const std::string_view bytes = record.redacted != NoStr ? batch.text(record.redacted) : batch.raw(record);
        sqlite::Statement &insert = *EVENTOPS_TRY(
            cached("INSERT INTO dead_letter(seq, source, position, size, reason, detail, state, in_parts, bytes) "
                   "VALUES (?, ?, ?, ?, ?, ?, 'waiting', 0, ?)"));
        EVENTOPS_TRY(insert.bindUnsigned(1, record.seq)
                         .bind(2, source)
                         .bindUnsigned(3, record.position)
                         .bindUnsigned(4, bytes.size())
                         .bind(5, batch.text(letter.reason))
                         .bind(6, batch.text(letter.detail))
                         .bindBlob(7, bytes)
                         .run());
    }
    return Ok{};
}

Status SqliteLedger::writeView(std::string_view name, const std::string &document)
{
    sqlite::Statement &put =
        *EVENTOPS_TRY(cached("INSERT OR REPLACE INTO stage_view(name, document) VALUES (?, ?)"));
    return put.bind(1, name).bind(2, document).run();
}

Status SqliteLedger::writeEnd(const CommitGroup &group)
{
    if (group.checkpoint) {
        sqlite::Statement &put =
            *EVENTOPS_TRY(cached("INSERT OR REPLACE INTO checkpoint(config_hash, seq, bytes) VALUES (?, ?, ?)"));
        EVENTOPS_TRY(put.bind(1, group.checkpoint->configHash)
                         .bindUnsigned(2, group.checkpoint->seq)
                         .bindBlob(3, group.checkpoint->bytes)
                         .run());
    }
    if (group.view) {
        EVENTOPS_TRY(writeView("expectations", expectationsToJson(group.view->expectations)));
        EVENTOPS_TRY(writeView("step_machines", machinesToJson(group.view->machines)));
        EVENTOPS_TRY(writeView("judgement", judgementToJson(group.view->judgement)));
    }
    // Both only ever grow: a source that is read again must not turn the workspace's clock back.
    const std::int64_t last = EVENTOPS_TRY(metaInteger("last_seq", 0));
    EVENTOPS_TRY(setMeta("last_seq", std::max(last, static_cast<std::int64_t>(group.lastSeq))));
    const std::int64_t watermark = EVENTOPS_TRY(metaInteger("watermark", raw(NoTime)));
    EVENTOPS_TRY(setMeta("watermark", std::max(watermark, raw(group.watermark))));
    EVENTOPS_TRY(expireDue(group.watermark));
    return Ok{};
}

std::vector<bool> SqliteLedger::seen(std::span<const std::uint64_t> keyHashes)
{
    Result<std::vector<bool>> found = m_dedupe.contains(m_database, keyHashes);
    if (found)
        return std::move(found).value();
    // A failed look-up must not lose a record, nor store it twice: it is taken in, and the commit reports the error.
    m_lookupError = found.error();
    return std::vector<bool>(keyHashes.size());
}

} // namespace eventops
