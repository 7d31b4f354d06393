// SPDX-License-Identifier: MIT
//
// The ledger's small state: last record, watermark, sources, checkpoints, input log, counters.
#include "core/store/sqlite_ledger.h"

namespace eventops {

Result<std::int64_t> SqliteLedger::metaInteger(std::string_view key, std::int64_t fallback)
{
    sqlite::Statement &get = *EVENTOPS_TRY(cached("SELECT value FROM meta WHERE key = ?"));
    const std::int64_t value = EVENTOPS_TRY(get.bind(1, key).step()) ? get.integer(0) : fallback;
    get.reset();
    return value;
}

Status SqliteLedger::setMeta(std::string_view key, std::int64_t value)
{
    sqlite::Statement &put = *EVENTOPS_TRY(cached("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)"));
    return put.bind(1, key).bind(2, value).run();
}

Result<Seq> SqliteLedger::lastSeq()
{
    return static_cast<Seq>(EVENTOPS_TRY(metaInteger("last_seq", 0)));
}

Result<WallNs> SqliteLedger::watermark()
{
    return WallNs{EVENTOPS_TRY(metaInteger("watermark", raw(NoTime)))};
}

Result<std::vector<SourceRow>> SqliteLedger::sources()
{
    sqlite::Statement &rows = *EVENTOPS_TRY(cached("SELECT key, title, cursor, prefix_hash, merge_time, finished, "
                                                   "received, stored, skipped, duplicate, dead_lettered, "
                                                   "in_flight, events, hashed_to, id FROM source ORDER BY id"));
    std::vector<SourceRow> all;
    while (EVENTOPS_TRY(rows.step())) {
        SourceProgress progress;
        progress.key = rows.string(0);
        progress.title = rows.string(1);
        progress.cursor = rows.unsignedInteger(2);
        progress.prefixHash = rows.unsignedInteger(3);
        progress.mergeTime = WallNs{rows.integer(4)};
        progress.finished = rows.integer(5) != 0;
        progress.added = {rows.unsignedInteger(6), rows.unsignedInteger(7),  rows.unsignedInteger(8),
                          rows.unsignedInteger(9), rows.unsignedInteger(10), rows.unsignedInteger(11),
                          rows.unsignedInteger(12)};
        progress.hashedTo = rows.unsignedInteger(13);
        all.push_back({std::move(progress), rows.integer(14)});
    }
    return all;
}

Result<std::optional<Checkpoint>> SqliteLedger::checkpoint(std::string_view configHash)
{
    sqlite::Statement &get = *EVENTOPS_TRY(cached("SELECT seq, bytes FROM checkpoint WHERE config_hash = ?"));
    std::optional<Checkpoint> found;
    if (EVENTOPS_TRY(get.bind(1, configHash).step()))
        found = Checkpoint{get.unsignedInteger(0), std::string(configHash), get.string(1)};
    get.reset();
    return found;
}

Result<std::vector<InputRow>> SqliteLedger::waitingInput(std::uint64_t from)
{
    sqlite::Statement &rows =
        *EVENTOPS_TRY(cached("SELECT number, kind, after_seq, payload FROM input_log "
                             "WHERE after_seq = 0 AND number >= ? ORDER BY number"));
    rows.bindUnsigned(1, from);
    std::vector<InputRow> all;
    while (EVENTOPS_TRY(rows.step()))
        all.push_back({rows.unsignedInteger(0), rows.string(1), rows.unsignedInteger(2), rows.string(3)});
    return all;
}

Status SqliteLedger::actionDocumentsAfter(std::uint64_t after, const std::function<bool(const InputRow &)> &row)
{
    constexpr std::int64_t PageRows = 256;
    sqlite::Statement rows = EVENTOPS_TRY(
        m_database.prepare("SELECT number, kind, after_seq, payload FROM input_log "
                           "WHERE kind = 'action_event' AND number > ?1 ORDER BY number LIMIT ?2"));
    std::vector<InputRow> page;
    do {
        page.clear();
        rows.bindUnsigned(1, after).bindUnsigned(2, PageRows);
        while (EVENTOPS_TRY(rows.step()))
            page.push_back({rows.unsignedInteger(0), rows.string(1), rows.unsignedInteger(2), rows.string(3)});
        rows.reset(); // no snapshot while the consumer works
        for (const InputRow &one : page) {
            if (!row(one))
                return Ok{};
            after = one.number;
        }
    } while (page.size() == PageRows);
    return Ok{};
}

Result<std::vector<InputRow>> SqliteLedger::configurations()
{
    sqlite::Statement &rows = *EVENTOPS_TRY(
        cached("SELECT number, kind, after_seq, payload FROM input_log WHERE kind = 'configuration' ORDER BY number"));
    std::vector<InputRow> all;
    while (EVENTOPS_TRY(rows.step()))
        all.push_back({rows.unsignedInteger(0), rows.string(1), rows.unsignedInteger(2), rows.string(3)});
    return all;
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> SqliteLedger::deadLetterReasons()
{
    sqlite::Statement &rows =
        *EVENTOPS_TRY(cached("SELECT reason, count(*) FROM dead_letter GROUP BY reason ORDER BY 2 DESC, 1"));
    std::vector<std::pair<std::string, std::uint64_t>> reasons;
    while (EVENTOPS_TRY(rows.step()))
        reasons.emplace_back(rows.string(0), rows.unsignedInteger(1));
    return reasons;
}

Result<std::string> SqliteLedger::viewDocument(std::string_view name)
{
    std::string document = "[]";
    sqlite::Statement &row = *EVENTOPS_TRY(cached("SELECT document FROM stage_view WHERE name = ?"));
    if (EVENTOPS_TRY(row.bind(1, name).step()))
        document = row.string(0);
    row.reset();
    return document;
}

Result<std::vector<CaseExpectation>> SqliteLedger::expectations()
{
    return expectationsFromJson(EVENTOPS_TRY(viewDocument("expectations")));
}

Result<std::vector<StepMachine>> SqliteLedger::stepMachines()
{
    return machinesFromJson(EVENTOPS_TRY(viewDocument("step_machines")));
}

Result<JudgementView> SqliteLedger::judgement()
{
    return judgementFromJson(EVENTOPS_TRY(viewDocument("judgement")));
}

Result<std::uint64_t> SqliteLedger::sizeBytes()
{
    const std::int64_t pages = EVENTOPS_TRY(m_database.integer("PRAGMA page_count"));
    const std::int64_t bytes = EVENTOPS_TRY(m_database.integer("PRAGMA page_size"));
    return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(bytes);
}

Result<std::uint64_t> SqliteLedger::changeCounter()
{
    if (wasMoved())
        return Error{Error::Code::NotFound, "the ledger was moved away", {}, {}};
    sqlite::Statement &row = *EVENTOPS_TRY(cached("PRAGMA data_version"));
    EVENTOPS_TRY(row.step());
    const std::uint64_t version = row.unsignedInteger(0);
    row.reset(); // an open statement would hold its snapshot
    return version;
}

Status SqliteLedger::takeInput(std::uint64_t number, Seq afterSeq)
{
    EVENTOPS_TRY(requireWriter());
    sqlite::Statement &update = *EVENTOPS_TRY(cached("UPDATE input_log SET after_seq = ? WHERE number = ?"));
    EVENTOPS_TRY(update.bindUnsigned(1, afterSeq).bindUnsigned(2, number).run());
    if (m_database.changes() == 0)
        return Error{Error::Code::NotFound, "no input with number " + std::to_string(number), {}, {}};
    return Ok{};
}

Status SqliteLedger::recordInput(const InputRow &row)
{
    EVENTOPS_TRY(requireWriter());
    sqlite::Statement &insert =
        *EVENTOPS_TRY(cached("INSERT INTO input_log(kind, after_seq, payload) VALUES (?, ?, ?)"));
    return insert.bind(1, row.kind).bindUnsigned(2, row.afterSeq).bind(3, row.payload).run();
}

Result<Counters> SqliteLedger::counters()
{
    Counters all;
    for (const SourceRow &row : EVENTOPS_TRY(sources()))
        all += row.progress.added;
    return all;
}

Result<std::uint64_t> SqliteLedger::findingCount()
{
    return static_cast<std::uint64_t>(EVENTOPS_TRY(m_database.integer("SELECT count(*) FROM finding")));
}

Result<std::uint64_t> SqliteLedger::suggestionCount()
{
    return static_cast<std::uint64_t>(EVENTOPS_TRY(m_database.integer("SELECT count(DISTINCT id) FROM action")));
}

} // namespace eventops
