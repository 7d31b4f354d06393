// SPDX-License-Identifier: MIT
//
// SHA-256 over the logical content of a ledger (design section 2). What is in it: events with all texts and their place
// in the input, dead letters with their bytes, findings, suggestions, entities, links. What is not: ingest and audit
// times, row ids, block layout, counters, titles and paths, decisions.
#include "core/store/row_io.h"
#include "core/store/sqlite_ledger.h"

#include "core/base/hash.h"
#include "core/store/bytes.h"

#include <array>
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
    void time(WallNs t) { putFixed64(m_bytes, static_cast<std::uint64_t>(eventops::raw(t))); }
    void real(double v) { putFixed64(m_bytes, std::bit_cast<std::uint64_t>(v)); }
    void text(std::string_view text)
    {
        putVarint(m_bytes, text.size());
        m_bytes += text;
    }
    void raw(std::string_view bytes) { m_bytes += bytes; } ///< Its length was given before.
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

/// Adds events in input order. Each says which of its fields differ from the event before and gives only those: the
/// same content, a third of the bytes to hash. The order is that of the input, so block layout does not show.
class EventDigest
{
public:
    explicit EventDigest(Canon &canon) : m_canon(canon) {}

    void add(const Batch &batch, const Event &event, std::string_view sourceKey)
    {
        const RawRecord &record = batch.records[event.record];
        std::uint64_t present = 0, changed = 0;
        for (std::size_t f = 0; f < FieldCount; ++f) {
            const StrId id = event.text[f];
            if (&batch == m_batch && id == m_ids[f]) {
                present |= id != NoStr ? 1ULL << f : 0;
                continue;
            }
            m_ids[f] = id;
            if (id == NoStr) // not to be taken for the empty text: that is what `present` says
                continue;
            present |= 1ULL << f;
            const std::string_view text = batch.text(id);
            if (m_texts[f] != text) {
                m_texts[f] = text;
                changed |= 1ULL << f;
            }
        }
        if (m_sourceKey != sourceKey) {
            m_sourceKey = sourceKey;
            changed |= 1ULL << FieldCount;
        }
        m_batch = &batch;
        m_canon.tag('E');
        m_canon.number(record.seq);
        m_canon.number(event.emission);
        m_canon.number(record.position);
        m_canon.number(record.hash);
        m_canon.time(event.tsEvent);
        m_canon.number(static_cast<std::uint64_t>(event.severity) * 2 + (event.hasValue ? 1 : 0));
        if (event.hasValue)
            m_canon.real(event.value);
        m_canon.number(present);
        m_canon.number(changed);
        for (std::size_t f = 0; f < FieldCount; ++f) {
            if ((changed >> f & 1) != 0)
                m_canon.text(m_texts[f]);
        }
        if ((changed >> FieldCount & 1) != 0)
            m_canon.text(m_sourceKey);
    }

    /// The batch given last is about to hold other texts.
    void forget() { m_batch = nullptr; }

private:
    Canon &m_canon;
    const Batch *m_batch = nullptr;
    std::array<StrId, FieldCount> m_ids{};
    std::array<std::string, FieldCount> m_texts; ///< Of the last event that had the field.
    std::string m_sourceKey;
};

void addFinding(Canon &canon, const Finding &f)
{
    canon.tag('F');
    canon.number(f.seq);
    canon.number(f.emission);
    for (const std::string_view text : {std::string_view(f.id), toString(f.origin), toString(f.state)})
        canon.text(text);
    canon.number(static_cast<std::uint64_t>(f.severity) * 2 + (f.hasValue ? 1 : 0));
    canon.time(f.ts);
    for (const std::string *text : {&f.tsText, &f.tenant, &f.entityType, &f.entityId, &f.sourceId, &f.name, &f.metric,
                                    &f.unit, &f.step, &f.message, &f.tags, &f.evidence, &f.alert})
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
    for (const std::string *text : {&s.id, &s.findingId, &s.policy, &s.tenant, &s.entityType, &s.entityId,
                                    &s.correlationId, &s.command, &s.args, &s.reason})
        canon.text(*text);
    canon.time(s.proposedAt);
    canon.time(s.expiresAt);
    canon.real(s.ttlSeconds);
    canon.number(s.approvalsRequired);
}

Status addRows(sqlite::Database &database, const std::string &sql,
               const std::function<Status(const sqlite::Statement &)> &add)
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
    EventDigest events(canon);
    while (EVENTOPS_TRY(merge.next(run))) {
        events.forget();
        const Batch &batch = run.block->batch;
        for (std::size_t i = run.begin; i < run.end; ++i) {
            const Event &event = batch.events[run.block->rows[i]];
            const auto key = keys.find(batch.records[event.record].source);
            events.add(batch, event, key == keys.end() ? std::string_view() : std::string_view(key->second));
        }
    }
    sqlite::Statement bytes = EVENTOPS_TRY(m_database.prepare("SELECT bytes FROM dead_letter WHERE id = ?"));
    EVENTOPS_TRY(addRows(m_database,
                         "SELECT d.id, d.seq, s.key, d.position, d.reason, d.detail, d.size, d.in_parts "
                         "FROM dead_letter AS d JOIN "
                         "source AS s ON s.id = d.source "
                         "ORDER BY d.seq, s.key, d.position",
                         [&](const sqlite::Statement &row) -> Status {
                             canon.tag('D');
                             canon.number(row.unsignedInteger(1));
                             canon.text(row.text(2));
                             canon.number(row.unsignedInteger(3));
                             canon.text(row.text(4));
                             canon.text(row.text(5));
                             canon.number(row.unsignedInteger(6));
                             if (row.integer(7) == 0) {
                                 if (!EVENTOPS_TRY(bytes.bind(1, row.integer(0)).step()))
                                     return Ok{};
                                 canon.raw(bytes.text(0));
                                 bytes.reset();
                                 return Ok{};
                             }
                             return deadLetterBytes(row.integer(0), [&](std::string_view piece) {
                                 canon.piece(piece);
                                 return true;
                             });
                         }));
    EVENTOPS_TRY(addRows(m_database,
                         std::string("SELECT ") + FindingColumns + " FROM finding ORDER BY seq, emission, id",
                         [&](const sqlite::Statement &row) -> Status {
                             addFinding(canon, readFinding(row));
                             return Ok{};
                         }));
    EVENTOPS_TRY(
        addRows(m_database,
                std::string("SELECT ") + ActionColumns + " FROM action WHERE version = 1 ORDER BY seq, emission, id",
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
