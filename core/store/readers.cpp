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

constexpr std::chrono::seconds SnapshotTimeMax{5};          ///< A reader keeps its snapshot for no longer.
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
    std::string columns = FindingColumns;
    sqlite::Statement rows = EVENTOPS_TRY(
        m_database.prepare("SELECT " + columns + ", number FROM finding WHERE number > ?1 ORDER BY number"));
    const int last = static_cast<int>(std::count(columns.begin(), columns.end(), ',')) + 1;
    rows.bindUnsigned(1, after);
    while (EVENTOPS_TRY(rows.step())) {
        if (!row(rows.unsignedInteger(last), readFinding(rows)))
            break;
    }
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
    sqlite::Statement rows = EVENTOPS_TRY(m_database.prepare(
        std::string("SELECT d.id, d.seq, s.key, s.title, d.position, d.size, d.reason, d.detail, d.state, d.in_parts, "
                    "substr(d.bytes, 1, ?1) FROM dead_letter AS d JOIN source AS s ON s.id = d.source ORDER BY d.id")
        + (bounds.oldestFirst ? "" : " DESC")));
    rows.bindUnsigned(1, std::min<std::uint64_t>(bytesMax, INT64_MAX));
    std::uint64_t left = bounds.rowsMax;
    while (left > 0 && EVENTOPS_TRY(rows.step())) {
        DeadLetterRow letter;
        letter.id = rows.integer(0);
        letter.seq = rows.unsignedInteger(1);
        letter.sourceKey = rows.string(2);
        letter.sourceTitle = rows.string(3);
        letter.position = rows.unsignedInteger(4);
        letter.size = rows.unsignedInteger(5);
        letter.reason = rows.string(6);
        letter.detail = rows.string(7);
        letter.state = rows.string(8);
        letter.bytes = rows.string(10);
        if (rows.integer(9) != 0 && bytesMax > 0) {
            EVENTOPS_TRY(deadLetterBytes(letter.id, [&](std::string_view piece) {
                letter.bytes += piece.substr(0, bytesMax - letter.bytes.size());
                return letter.bytes.size() < bytesMax;
            }));
        }
        --left;
        if (!row(letter))
            break;
    }
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
    if (!give(row.text(0)))
        return Ok{};
    sqlite::Statement parts =
        EVENTOPS_TRY(m_database.prepare("SELECT bytes FROM dead_letter_part WHERE dead_letter = ? ORDER BY part"));
    parts.bind(1, id);
    while (EVENTOPS_TRY(parts.step())) {
        if (!give(parts.text(0)))
            break;
    }
    return Ok{};
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
