// SPDX-License-Identifier: MIT
//
// Raw events that wait for transformers, and what a queue outside of the ledger was told of them.
#include "core/store/transform_store.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::int64_t DoublingsMax = 10; ///< Of the time after which something is announced again.

} // namespace

Status TransformStore::finish(std::int64_t rawEvent)
{
    EVENTOPS_TRY(run("DELETE FROM raw_event_announced WHERE raw_event = ?1", rawEvent));
    return run("UPDATE raw_event SET waits = 0 WHERE id = ?1", rawEvent);
}

Result<std::vector<RawEvent>> TransformStore::waiting(std::uint64_t rowsMax)
{
    sqlite::Statement statement =
        EVENTOPS_TRY(m_database.prepare(std::string(RawEventColumns) + "WHERE waits = 1 ORDER BY id LIMIT ?1"));
    statement.bindAll(rowsMax);
    std::vector<RawEvent> out;
    for (std::size_t bytes = 0; bytes < WaitingBytesMax && EVENTOPS_TRY(statement.step());) {
        out.push_back(rawOf(statement));
        bytes += out.back().body.size();
    }
    return out;
}

Result<std::optional<RawEvent>> TransformStore::waitingEvent(std::int64_t id)
{
    const std::string sql = std::string(RawEventColumns) + "WHERE id = ?1 AND waits = 1";
    auto found = EVENTOPS_TRY(rows<RawEvent>(sql, rawOf, id));
    return found.empty() ? std::optional<RawEvent>() : std::optional(std::move(found.front()));
}

Result<std::vector<std::int64_t>> TransformStore::waitingIds(std::uint64_t rowsMax)
{
    sqlite::Statement statement =
        EVENTOPS_TRY(m_database.prepare("SELECT id, length(body) FROM raw_event WHERE waits = 1 ORDER BY id LIMIT ?1"));
    statement.bindAll(rowsMax);
    std::vector<std::int64_t> out;
    for (std::uint64_t bytes = 0; bytes < WaitingBytesMax && EVENTOPS_TRY(statement.step());) {
        out.push_back(statement.integer(0));
        bytes += statement.unsignedInteger(1);
    }
    return out;
}

Result<std::int64_t> TransformStore::lastRaw()
{
    return m_database.integer("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'raw_event'");
}

Result<std::vector<TransformStore::Announced>> TransformStore::toAnnounce(std::uint64_t rowsMax)
{
    // Ids are announced in their order, so those behind the last one were not.
    return rows<Announced>(
        "SELECT id, tenant, source FROM raw_event WHERE waits = 1 AND "
        "(id > (SELECT coalesce(max(raw_event), 0) FROM raw_event_announced) OR "
        "id IN (SELECT raw_event FROM raw_event_announced WHERE due <= ?1 LIMIT ?2)) "
        "ORDER BY id LIMIT ?2",
        [](const sqlite::Statement &row) {
            return Announced{row.integer(0), row.string(1), row.string(2)};
        },
        raw(now()), rowsMax);
}

Status TransformStore::announce(std::string_view queue, std::span<const Announced> events, std::int64_t againNs)
{
    // One that was transformed meanwhile is not to be announced again.
    sqlite::Statement statement = EVENTOPS_TRY(m_database.prepare(
        "INSERT INTO raw_event_announced(raw_event, queue, times, due) "
        "SELECT id, ?2, 1, ?3 + ?4 FROM raw_event WHERE id = ?1 AND waits = 1 "
        "ON CONFLICT(raw_event) DO UPDATE SET times = times + 1, due = ?3 + (?4 << min(times, ?5))"));
    for (const Announced &event : events) {
        statement.bindAll(event.id, queue, raw(now()), againNs, DoublingsMax);
        EVENTOPS_TRY(statement.run());
    }
    return Ok{};
}

Result<TransformStore::WaitingCounts> TransformStore::waitingCounts()
{
    const std::int64_t waiting = EVENTOPS_TRY(m_database.integer("SELECT count(*) FROM raw_event WHERE waits = 1"));
    const std::int64_t announced = EVENTOPS_TRY(m_database.integer("SELECT count(*) FROM raw_event_announced"));
    return WaitingCounts{static_cast<std::uint64_t>(waiting), static_cast<std::uint64_t>(announced)};
}

Status TransformStore::forgetAnnounced(std::string_view queue)
{
    return run("DELETE FROM raw_event_announced WHERE queue <> ?1", queue);
}

Result<std::optional<std::uint64_t>> TransformStore::place(std::string_view place)
{
    const auto found = EVENTOPS_TRY(rows<std::uint64_t>(
        "SELECT next FROM raw_event_place WHERE place = ?1",
        [](const sqlite::Statement &row) { return row.unsignedInteger(0); }, place));
    return found.empty() ? std::optional<std::uint64_t>() : std::optional(found.front());
}

Status TransformStore::setPlace(std::string_view place, std::uint64_t next)
{
    return run("INSERT INTO raw_event_place(place, next) VALUES(?1, ?2) ON CONFLICT(place) DO UPDATE SET next = ?2",
               place, next);
}

} // namespace eventops
