// SPDX-License-Identifier: MIT
//
// Queries over ordinary rows. No snapshot is kept for a slow consumer: reading goes on behind the rows it was given.
#include "core/filter/rows.h"
#include "core/store/row_io.h"
#include "core/store/sqlite_ledger.h"

#include "core/base/limits.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace eventops {
namespace {

constexpr std::size_t PieceBytes = 1u << 20;
constexpr std::size_t LetterPageRows = 256;
constexpr std::uint64_t LetterPageBytes = 4u << 20; ///< Of dead letters read ahead, about.

constexpr std::chrono::milliseconds QuickConsumerTime{50};  ///< For ReadAheadRows.
constexpr std::size_t ReadAheadRows = 1'024;

struct Query {
    std::string sql;     ///< ?1: the last row's place in the order, ?2: how many rows were given before.
    std::string lastSql;
    const Filter &filter;
    QueryBounds bounds;
};

template <typename Row, typename Fields>
Status each(sqlite::Database &database, const Query &query, Row (*read)(const sqlite::Statement &),
            const std::function<bool(const Row &)> &callback)
{
    // Rows only ever come behind the last one, so those up to it keep their places from snapshot to snapshot.
    const std::int64_t last = EVENTOPS_TRY(database.integer(query.lastSql));
    std::uint64_t left = query.bounds.rowsMax;
    std::uint64_t given = 0;
    std::vector<Row> page;
    bool hurry = false; // until the consumer proves quick, no snapshot is held while it works
    sqlite::Statement rows;
    auto since = std::chrono::steady_clock::now();
    for (bool more = true; more && left > 0;) {
        if (!rows) {
            rows = EVENTOPS_TRY(database.prepare(query.sql));
            rows.bind(1, last).bindUnsigned(2, given);
            since = std::chrono::steady_clock::now();
        }
        page.clear();
        while (page.size() < std::min<std::uint64_t>(ReadAheadRows, left) && (more = EVENTOPS_TRY(rows.step()))) {
            ++given;
            Row row = read(rows);
            if (query.filter.matchesAll() || query.filter.matches(Fields(row)))
                page.push_back(std::move(row));
        }
        const auto begin = std::chrono::steady_clock::now();
        if (!hurry || begin - since > SnapshotTimeMax / 2)
            rows = {};
        left -= page.size();
        for (const Row &row : page) {
            if (!callback(row))
                return Ok{};
        }
        hurry = std::chrono::steady_clock::now() - begin < QuickConsumerTime;
    }
    return Ok{};
}

Query select(const char *columns, const char *table, std::initializer_list<const char *> order, const Filter &filter,
             const QueryBounds &bounds)
{
    const std::string by = *order.begin();
    std::string sql = std::string("SELECT ") + columns + " FROM " + table + " WHERE " + by + " <= ?1 ORDER BY ";
    bool first = true;
    for (const char *column : order) {
        sql += std::string(first ? "" : ", ") + column + (bounds.oldestFirst ? "" : " DESC");
        first = false;
    }
    sql += " LIMIT -1 OFFSET ?2";
    return {std::move(sql), "SELECT max(" + by + ") FROM " + table, filter, bounds};
}

} // namespace

Status SqliteLedger::findings(const Filter &filter, QueryBounds bounds, const std::function<bool(const Finding &)> &row)
{
    return each<Finding, FindingRow>(
        m_database, select(FindingColumns, "finding", {"number"}, filter, bounds), readFinding, row);
}

Status SqliteLedger::findingsAfter(std::uint64_t after,
                                   const std::function<bool(std::uint64_t number, const Finding &)> &row)
{
    const std::string columns = FindingColumns;
    sqlite::Statement rows = EVENTOPS_TRY(m_database.prepare(
        "SELECT " + columns + ", number FROM finding WHERE number > ?1 ORDER BY number LIMIT ?2"));
    const int last = static_cast<int>(std::count(columns.begin(), columns.end(), ',')) + 1;
    std::vector<std::pair<std::uint64_t, Finding>> page;
    do {
        page.clear();
        rows.bindUnsigned(1, after).bindUnsigned(2, ReadAheadRows);
        while (EVENTOPS_TRY(rows.step()))
            page.emplace_back(rows.unsignedInteger(last), readFinding(rows));
        rows.reset(); // no snapshot while the consumer works
        for (const auto &[number, finding] : page) {
            if (!row(number, finding))
                return Ok{};
            after = number;
        }
    } while (page.size() == ReadAheadRows);
    return Ok{};
}

Status SqliteLedger::featuresAfter(Seq after, const std::function<bool(const FeatureWindow &)> &row)
{
    sqlite::Statement rows = EVENTOPS_TRY(m_database.prepare(
        "SELECT seq, emission, ts_start, ts_end, tenant, entity_type, entity_id, source_id, rule, metric, unit, step, "
        "count, late, p50, p95, avg, stddev FROM feature_window WHERE (seq, emission) > (?1, ?2) "
        "ORDER BY seq, emission LIMIT ?3"));
    std::uint64_t emission = UINT32_MAX;
    std::vector<FeatureWindow> page;
    do {
        page.clear();
        rows.bindUnsigned(1, after).bindUnsigned(2, emission).bindUnsigned(3, ReadAheadRows);
        while (EVENTOPS_TRY(rows.step())) {
            FeatureWindow &window = page.emplace_back();
            window.seq = rows.unsignedInteger(0);
            window.emission = static_cast<std::uint32_t>(rows.unsignedInteger(1));
            window.start = WallNs{rows.integer(2)};
            window.end = WallNs{rows.integer(3)};
            int column = 4;
            for (std::string *text : {&window.tenant, &window.entityType, &window.entityId, &window.sourceId,
                                      &window.rule, &window.metric, &window.unit, &window.step})
                *text = rows.text(column++);
            window.count = rows.unsignedInteger(12);
            window.late = rows.unsignedInteger(13);
            column = 14;
            for (double *number : {&window.p50, &window.p95, &window.avg, &window.stddev})
                *number = rows.number(column++);
        }
        rows.reset(); // no snapshot while the consumer works
        for (const FeatureWindow &window : page) {
            if (!row(window))
                return Ok{};
            after = window.seq;
            emission = window.emission;
        }
    } while (page.size() == ReadAheadRows);
    return Ok{};
}

Result<LedgerEnds> SqliteLedger::ends()
{
    LedgerEnds ends;
    ends.record = EVENTOPS_TRY(lastSeq());
    ends.finding = static_cast<std::uint64_t>(
        EVENTOPS_TRY(m_database.integer("SELECT coalesce(max(number), 0) FROM finding")));
    ends.audit = static_cast<std::uint64_t>(
        EVENTOPS_TRY(m_database.integer("SELECT coalesce(max(number), 0) FROM audit")));
    return ends;
}

Status SqliteLedger::entities(const Filter &filter, QueryBounds bounds, const std::function<bool(const Entity &)> &row)
{
    return each<Entity, EntityRow>(
        m_database, select(EntityColumns, "entity", {"first_seq", "tenant", "type", "id"}, filter, bounds), readEntity,
        row);
}

Status SqliteLedger::links(const Filter &filter, QueryBounds bounds, const std::function<bool(const Link &)> &row)
{
    return each<Link, LinkRow>(
        m_database,
        select(LinkColumns, "link",
               {"first_seq", "tenant", "source_type", "source_id", "target_type", "target_id", "type"}, filter, bounds),
        readLink, row);
}

Status SqliteLedger::actions(const Filter &filter, QueryBounds bounds, const std::function<bool(const Action &)> &row)
{
    return each<Action, ActionRow>(m_database, select(ActionColumns, "action", {"number"}, filter, bounds), readAction,
                                   row);
}

Status SqliteLedger::deadLetters(QueryBounds bounds, std::uint64_t bytesMax,
                                 const std::function<bool(const DeadLetterRow &)> &row)
{
    const std::int64_t newest = EVENTOPS_TRY(m_database.integer("SELECT max(id) FROM dead_letter"));
    sqlite::Statement rows = EVENTOPS_TRY(m_database.prepare(
        std::string("SELECT d.id, d.seq, s.key, s.title, d.position, d.size, d.reason, d.detail, d.state, d.in_parts, "
                    "substr(d.bytes, 1, ?1) FROM dead_letter AS d JOIN source AS s ON s.id = d.source WHERE ")
        + (bounds.oldestFirst ? "d.id > ?2 AND d.id <= ?3 ORDER BY d.id"
                              : "d.id < ?2 AND d.id <= ?3 ORDER BY d.id DESC")
        + " LIMIT ?4"));
    const std::size_t pageRows = std::max<std::size_t>(
        1, std::min<std::uint64_t>(LetterPageRows, LetterPageBytes / std::max<std::uint64_t>(bytesMax, 1)));
    std::int64_t cursor = bounds.oldestFirst ? 0 : INT64_MAX;
    std::uint64_t left = bounds.rowsMax;
    std::vector<std::pair<DeadLetterRow, bool>> page; // and whether it lies in parts
    do {
        page.clear();
        rows.bindUnsigned(1, std::min<std::uint64_t>(bytesMax, INT64_MAX)).bind(2, cursor).bind(3, newest);
        rows.bindUnsigned(4, std::min<std::uint64_t>(pageRows, left));
        while (EVENTOPS_TRY(rows.step()))
            page.emplace_back(DeadLetterRow{rows.integer(0), rows.unsignedInteger(1), rows.string(2), rows.string(3),
                                            rows.unsignedInteger(4), rows.unsignedInteger(5), rows.string(6),
                                            rows.string(7), rows.string(8), rows.string(10)},
                              rows.integer(9) != 0);
        rows.reset(); // no snapshot while the consumer works
        for (auto &[letter, inParts] : page) {
            if (inParts && bytesMax > 0) {
                EVENTOPS_TRY(deadLetterBytes(letter.id, [&, &to = letter.bytes](std::string_view piece) {
                    to += piece.substr(0, bytesMax - to.size());
                    return to.size() < bytesMax;
                }));
            }
            if (!row(letter))
                return Ok{};
            cursor = letter.id;
        }
        left -= page.size();
    } while (left > 0 && page.size() == pageRows);
    return Ok{};
}

Status SqliteLedger::deadLetterBytes(std::int64_t id, const std::function<bool(std::string_view)> &piece)
{
    const auto give = [&](std::string_view bytes) {
        for (; !bytes.empty(); bytes.remove_prefix(std::min(PieceBytes, bytes.size()))) {
            if (!piece(bytes.substr(0, PieceBytes)))
                return false;
        }
        return true;
    };
    sqlite::Statement row = EVENTOPS_TRY(m_database.prepare("SELECT bytes FROM dead_letter WHERE id = ?"));
    if (!EVENTOPS_TRY(row.bind(1, id).step()))
        return Error{Error::Code::NotFound, "no dead letter " + std::to_string(id), {}, {}};
    std::string bytes = row.string(0);
    row.reset(); // no snapshot while the consumer works
    if (!give(bytes))
        return Ok{};
    sqlite::Statement parts = EVENTOPS_TRY(m_database.prepare(
        "SELECT bytes, part FROM dead_letter_part WHERE dead_letter = ? AND part > ? ORDER BY part LIMIT 1"));
    for (std::int64_t part = -1;;) {
        if (!EVENTOPS_TRY(parts.bind(1, id).bind(2, part).step()))
            return Ok{};
        bytes = parts.string(0);
        part = parts.integer(1);
        parts.reset();
        if (!give(bytes))
            return Ok{};
    }
}

Status SqliteLedger::markRedriven(std::int64_t id)
{
    EVENTOPS_TRY(requireWriter());
    sqlite::Statement &update = *EVENTOPS_TRY(cached("UPDATE dead_letter SET state = 'redriven' WHERE id = ?"));
    EVENTOPS_TRY(update.bind(1, id).run());
    if (m_database.changes() == 0)
        return Error{Error::Code::NotFound, "no dead letter " + std::to_string(id), {}, {}};
    return Ok{};
}

} // namespace eventops
