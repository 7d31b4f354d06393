// SPDX-License-Identifier: MIT
//
// SHA-256 over the logical content of a ledger (design section 2). What is in it: events with all texts and their place
// in the input, dead letters with their bytes, findings, suggestions, entities, links. What is not: ingest and audit
// times, row ids, block layout, counters, titles and paths, decisions.
#include "core/store/row_io.h"
#include "core/store/sqlite_ledger.h"

#include "core/model/logical_digest.h"

namespace eventops {
namespace {

Status addRows(sqlite::Database &database, const std::string &sql,
               const std::function<Status(const sqlite::Statement &)> &add)
{
    sqlite::Statement rows = EVENTOPS_TRY(database.prepare(sql + " LIMIT -1 OFFSET ?1"));
    for (std::uint64_t given = 0;;) {
        rows.bindUnsigned(1, given);
        const auto since = std::chrono::steady_clock::now();
        bool more = true;
        while (std::chrono::steady_clock::now() - since < SnapshotTimeMax / 2 && (more = EVENTOPS_TRY(rows.step()))) {
            EVENTOPS_TRY(add(rows));
            ++given;
        }
        if (!more)
            return Ok{};
        rows.reset(); // goes on in a new snapshot, behind what was given
    }
}

} // namespace

Result<std::string> SqliteLedger::digest()
{
    LogicalDigest digest;
    const auto keys = EVENTOPS_TRY(sourceKeys());
    EventMerge merge(m_database, "main", EVENTOPS_TRY(listBlocks(m_database, "main", {}, false)), false, nullptr);
    EventMerge::Run run;
    while (EVENTOPS_TRY(merge.next(run))) {
        digest.forget();
        const Batch &batch = run.block->batch;
        for (std::size_t i = run.begin; i < run.end; ++i) {
            const Event &event = batch.events[run.block->rows[i]];
            const auto key = keys.find(batch.records[event.record].source);
            digest.add(batch, event, key == keys.end() ? std::string_view() : std::string_view(key->second));
        }
    }
    EVENTOPS_TRY(addDeadLetters(digest));
    const auto add = [&](const char *columns, const char *rest, auto read) {
        return addRows(m_database, std::string("SELECT ") + columns + rest,
                       [&digest, read](const sqlite::Statement &row) -> Status {
                           digest.add(read(row));
                           return Ok{};
                       });
    };
    EVENTOPS_TRY(add(FindingColumns, " FROM finding ORDER BY seq, emission, id", readFinding));
    EVENTOPS_TRY(add(ActionColumns, " FROM action WHERE version = 1 ORDER BY seq, emission, id",
                     [](const sqlite::Statement &row) { return readAction(row).suggestion; }));
    EVENTOPS_TRY(add(EntityColumns, " FROM entity ORDER BY tenant, type, id", readEntity));
    EVENTOPS_TRY(add(LinkColumns,
                     " FROM link ORDER BY tenant, source_type, source_id, target_type, target_id, type", readLink));
    return digest.hex();
}

Status SqliteLedger::addDeadLetters(LogicalDigest &digest)
{
    sqlite::Statement bytes = EVENTOPS_TRY(m_database.prepare("SELECT bytes FROM dead_letter WHERE id = ?"));
    const auto add = [&](const sqlite::Statement &row) -> Status {
        digest.addDeadLetter(row.unsignedInteger(1), row.text(2), row.unsignedInteger(3), row.text(4), row.text(5),
                             row.unsignedInteger(6));
        if (row.integer(7) == 0) {
            if (!EVENTOPS_TRY(bytes.bind(1, row.integer(0)).step()))
                return Ok{};
            digest.piece(bytes.text(0));
            bytes.reset();
            return Ok{};
        }
        return deadLetterBytes(row.integer(0), [&](std::string_view piece) {
            digest.piece(piece);
            return true;
        });
    };
    return addRows(m_database,
                   "SELECT d.id, d.seq, s.key, d.position, d.reason, d.detail, d.size, d.in_parts "
                   "FROM dead_letter AS d JOIN source AS s ON s.id = d.source ORDER BY d.seq, s.key, d.position",
                   add);
}

} // namespace eventops
