// SPDX-License-Identifier: MIT
//
// SHA-256 over the logical content of a ledger (design section 2). What is in it: events with all texts and their place in
// the input, dead letters with their bytes, findings, suggestions, entities, links. What is not: ingest and audit times,
// row ids, block layout, counters, titles and paths, decisions.
#include "core/store/row_io.h"
#include "core/store/sqlite_ledger.h"

#include "core/base/hash.h"
#include "core/store/bytes.h"

#include <algorithm>
#include <bit>

namespace eventops {
namespace {

/// Collects bytes so that the hash sees large pieces. Every text carries its length: no two contents share their bytes.
class Canon
{
public:
    void tag(char kind)
    {
        m_bytes += kind;
        if (m_bytes.size() >= FlushBytes)
            flush();
    }
    void number(std::uint64_t v) { putVarint(m_bytes, v); }
    void time(WallNs t) { putFixed64(m_bytes, static_cast<std::uint64_t>(raw(t))); }
    void real(double v) { putFixed64(m_bytes, std::bit_cast<std::uint64_t>(v)); }
    void text(std::string_view text)
    {
        putVarint(m_bytes, text.size());
        m_bytes += text;
    }
    void piece(std::string_view bytes)
    {
        flush();
        m_sha.update(bytes);
    }
    std::string hex()
    {
        flush();
        return m_sha.hex();
    }

private:
    static constexpr std::size_t FlushBytes = 64 * 1024;
    void flush()
    {
        m_sha.update(m_bytes);
        m_bytes.clear();
    }
    std::string m_bytes;
    Sha256 m_sha;
};

void addEvent(Canon &canon, const Batch &batch, const Event &event, std::string_view sourceKey)
{
    const RawRecord &record = batch.records[event.record];
    canon.tag('E');
    canon.number(record.seq);
    canon.number(event.emission);
    canon.number(record.position);
    canon.number(record.hash);
    canon.text(sourceKey);
    canon.time(event.tsEvent);
    canon.number(static_cast<std::uint64_t>(event.severity) * 2 + (event.hasValue ? 1 : 0));
    if (event.hasValue)
        canon.real(event.value);
    std::uint64_t present = 0;
    for (std::size_t f = 0; f < FieldCount; ++f)
        present |= event.text[f] != NoStr ? 1ULL << f : 0;
    canon.number(present);
    for (const StrId id : event.text) {
        if (id != NoStr)
            canon.text(batch.text(id));
    }
}

void addFinding(Canon &canon, const Finding &f)
{
    canon.tag('F');
    canon.number(f.seq);
    canon.number(f.emission);
    for (const std::string_view text : {std::string_view(f.id), toString(f.origin), toString(f.state)})
        canon.text(text);
    canon.number(static_cast<std::uint64_t>(f.severity) * 2 + (f.hasValue ? 1 : 0));
    canon.time(f.ts);
    for (const std::string *text : {&f.tsText, &f.tenant, &f.entityType, &f.entityId, &f.sourceId, &f.name, &f.metric, &f.unit,
                                    &f.step, &f.message, &f.tags, &f.evidence, &f.alert})
        canon.text(*text);
    canon.real(f.hasValue ? f.value : 0.0);
    canon.real(f.bits);
    canon.text(termsToJson(f.terms));
}

void addSuggestion(Canon &canon, const Suggestion &s)
{
    canon.tag('S');
    canon.number(s.seq);
    canon.number(s.emission);
    for (const std::string *text : {&s.id, &s.findingId, &s.policy, &s.tenant, &s.entityType, &s.entityId, &s.correlationId,
                                    &s.command, &s.args, &s.reason})
        canon.text(*text);
    canon.time(s.proposedAt);
    canon.time(s.expiresAt);
    canon.real(s.ttlSeconds);
    canon.number(s.approvalsRequired);
}

Status addRows(sqlite::Database &database, const std::string &sql, const std::function<Status(const sqlite::Statement &)> &add)
{
    sqlite::Statement rows = EVENTOPS_TRY(database.prepare(sql));
    while (EVENTOPS_TRY(rows.step()))
        EVENTOPS_TRY(add(rows));
    return Ok{};
}

} // namespace

Result<std::string> SqliteLedger::digest()
{
    Canon canon;
    const auto keys = EVENTOPS_TRY(sourceKeys());
    EventMerge merge(m_database, "main", EVENTOPS_TRY(listBlocks(m_database, "main", {}, false)), false, nullptr);
    EventMerge::Run run;
    while (EVENTOPS_TRY(merge.next(run))) {
        const Batch &batch = run.block->batch;
        for (std::size_t i = run.begin; i < run.end; ++i) {
            const Event &event = batch.events[run.block->rows[i]];
            const auto key = keys.find(batch.records[event.record].source);
            addEvent(canon, batch, event, key == keys.end() ? std::string_view() : std::string_view(key->second));
        }
    }
    EVENTOPS_TRY(addRows(m_database,
        "SELECT d.id, d.seq, s.key, d.position, d.reason, d.detail, d.size FROM dead_letter AS d JOIN source AS s ON s.id = d.source "
        "ORDER BY d.seq, s.key, d.position", [&](const sqlite::Statement &row) -> Status {
            canon.tag('D');
            canon.number(row.unsignedInteger(1));
            canon.text(row.text(2));
            canon.number(row.unsignedInteger(3));
            canon.text(row.text(4));
            canon.text(row.text(5));
            canon.number(row.unsignedInteger(6));
            return deadLetterBytes(row.integer(0), [&](std::string_view piece) {
                canon.piece(piece);
                return true;
            });
        }));
    EVENTOPS_TRY(addRows(m_database, std::string("SELECT ") + FindingColumns + " FROM finding ORDER BY seq, emission, id",
                         [&](const sqlite::Statement &row) -> Status {
                             addFinding(canon, readFinding(row));
                             return Ok{};
                         }));
    EVENTOPS_TRY(addRows(m_database, std::string("SELECT ") + ActionColumns
                             + " FROM action WHERE version = 1 ORDER BY seq, emission, id",
                         [&](const sqlite::Statement &row) -> Status {
                             addSuggestion(canon, readAction(row).suggestion);
                             return Ok{};
                         }));
    const auto addTable = [&](char kind, const char *columns, const char *table, int texts, const char *order) {
        return addRows(m_database, std::string("SELECT ") + columns + " FROM " + table + " ORDER BY " + order,
                       [&, kind, texts](const sqlite::Statement &row) -> Status {
                           canon.tag(kind);
                           for (int i = 0; i < texts; ++i)
                               canon.text(row.text(i));
                           for (int i = texts; i < texts + 4; ++i)
                               canon.number(row.unsignedInteger(i));
                           if (kind == 'N')
                               canon.text(row.text(texts + 4));
                           return Ok{};
                       });
    };
    EVENTOPS_TRY(addTable('N', EntityColumns, "entity", 3, "tenant, type, id"));
    EVENTOPS_TRY(addTable('L', LinkColumns, "link", 6, "tenant, source_type, source_id, target_type, target_id, type"));
    return canon.hex();
}

} // namespace eventops
