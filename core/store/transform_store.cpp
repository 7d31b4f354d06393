// SPDX-License-Identifier: MIT
#include "core/store/transform_store.h"

#include "core/base/json.h"
#include "core/store/ledger.h"

#include <sqlite3.h>

#include <set>

namespace eventops {
namespace {

constexpr int BusyTimeoutMs = 10'000;
/// Whether a row is of one of the tenants in the JSON array that is bound first; an empty one: of anybody.
#define OF_TENANTS "(?1 = '[]' OR tenant IN (SELECT value FROM json_each(?1)))"

std::string jsonList(const std::vector<std::string> &texts)
{
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    for (const std::string &text : texts)
        json.string(text);
    json.endArray();
    return out;
}

std::string jsonList(const std::vector<std::int64_t> &numbers)
{
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    for (const std::int64_t number : numbers)
        json.integer(number);
    json.endArray();
    return out;
}

WallNs timeAt(const sqlite::Statement &row, int column)
{
    return WallNs{row.integer(column)};
}

std::optional<std::string> textOrNone(const sqlite::Statement &row, int column)
{
    return row.isNull(column) ? std::nullopt : std::optional(row.string(column));
}

TransformSource sourceOf(const sqlite::Statement &row)
{
    return {row.integer(0), row.string(1), row.string(2), row.string(3), row.string(4)};
}

TransformerRow transformerOf(const sqlite::Statement &row)
{
    return {row.integer(0), row.integer(1), row.string(2),       row.string(3), row.string(4),
            row.string(5),  row.string(6),  row.integer(7) != 0, row.string(8)};
}

ProcessedRow processedOf(const sqlite::Statement &row)
{
    ProcessedRow out;
    out.id = row.integer(0);
    out.rawEvent = row.integer(1);
    out.source = row.integer(2);
    out.transformer = row.integer(3);
    out.tenant = row.string(4);
    out.event = {row.string(5), textOrNone(row, 6), row.string(7), textOrNone(row, 8), textOrNone(row, 9)};
    out.processed = timeAt(row, 10);
    out.time = timeAt(row, 11);
    return out;
}

RelationRow linkOf(const sqlite::Statement &row)
{
    return {row.integer(0), row.string(1), row.string(2), row.string(3), timeAt(row, 4)};
}

TransformStore::OwnedEntity entityOf(const sqlite::Statement &row)
{
    return {row.string(0), {row.string(1), row.string(2)}};
}

template <typename Row>
Result<Row> onlyOne(Result<std::vector<Row>> found, std::string_view what)
{
    if (!found)
        return std::move(found).error();
    if (found.value().empty())
        return Error{Error::Code::NotFound, std::string(what) + " not found"};
    return std::move(found.value().front());
}

Error exists(const TransformSource &source)
{
    return Error{Error::Code::Refused,
                 "there is a source \"" + source.name + "\" of content type " + source.contentType,
                 {},
                 "use it, or another name"};
}

constexpr std::string_view SourceColumns = "SELECT id, tenant, name, content_type, description FROM transform_source ";
constexpr std::string_view TransformerColumns =
    "SELECT id, source, tenant, name, type, description, process, active, settings FROM transformer ";
constexpr std::string_view ProcessedColumns =
    "SELECT id, raw_event, source, transformer, tenant, type, entity_id, data, severity, message, ts_processed, ts "
    "FROM processed_event ";
constexpr std::string_view LinkColumns = "SELECT id, tenant, source, target, created FROM transform_link ";

std::string with(std::string_view columns, std::string_view rest)
{
    return std::string(columns) + std::string(rest);
}

} // namespace

TransformStore::TransformStore(sqlite::Database database, const Clock *clock)
    : m_database(std::move(database)), m_clock(clock != nullptr ? clock : &m_systemClock)
{
}

Result<std::unique_ptr<TransformStore>> TransformStore::open(const std::string &directory, const Clock *clock)
{
    EVENTOPS_TRY(Ledger::open(directory, LedgerMode::Decide, {})); // makes it, or brings it up to date
    sqlite::Database database =
        EVENTOPS_TRY(sqlite::Database::open(directory + "/ledger.db", SQLITE_OPEN_READWRITE, BusyTimeoutMs));
    EVENTOPS_TRY(database.execute("PRAGMA synchronous = FULL"));
    return std::unique_ptr<TransformStore>(new TransformStore(std::move(database), clock));
}

bool TransformStore::isCurrent()
{
    int moved = 0;
    return sqlite3_file_control(m_database.handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || moved == 0;
}

Status TransformStore::execute(const char *sql)
{
    return m_database.execute(sql);
}

Status TransformStore::begin()
{
    return execute("BEGIN IMMEDIATE");
}

Status TransformStore::commit()
{
    const Status done = execute("COMMIT");
    if (!done)
        rollback();
    return done;
}

void TransformStore::rollback()
{
    if (sqlite3_get_autocommit(m_database.handle()) == 0) [[maybe_unused]]
        const Status undone = execute("ROLLBACK");
}

Status TransformStore::mark()
{
    return execute("SAVEPOINT part");
}

Status TransformStore::keep()
{
    return execute("RELEASE part");
}

void TransformStore::undo()
{
    [[maybe_unused]] const Status undone = execute("ROLLBACK TO part; RELEASE part");
}

RawEvent TransformStore::rawOf(const sqlite::Statement &row)
{
    return {row.integer(0), row.string(1), row.string(2), row.string(3), row.string(4), timeAt(row, 5), timeAt(row, 6)};
}

Result<TransformSource> TransformStore::addSource(TransformSource source)
{
    EVENTOPS_TRY(run("INSERT OR IGNORE INTO transform_source(tenant, name, content_type, description) "
                     "VALUES(?1, ?2, ?3, ?4)",
                     source.tenant, source.name, source.contentType, source.description));
    if (m_database.changes() == 0)
        return exists(source);
    source.id = m_database.lastRowId();
    return source;
}

Result<std::vector<TransformSource>> TransformStore::sources(const TenantList &tenants)
{
    return rows<TransformSource>(with(SourceColumns, "WHERE " OF_TENANTS " ORDER BY id"), sourceOf, jsonList(tenants));
}

Result<TransformSource> TransformStore::source(std::int64_t id, const TenantList &tenants)
{
    return onlyOne(
        rows<TransformSource>(with(SourceColumns, "WHERE " OF_TENANTS " AND id = ?2"), sourceOf, jsonList(tenants), id),
        "Source");
}

Result<std::vector<TransformSource>> TransformStore::sourcesNamed(std::string_view name, const TenantList &tenants)
{
    return rows<TransformSource>(with(SourceColumns, "WHERE " OF_TENANTS " AND name = ?2 ORDER BY id"), sourceOf,
                                 jsonList(tenants), name);
}

Status TransformStore::updateSource(const TransformSource &source)
{
    EVENTOPS_TRY(run("UPDATE OR IGNORE transform_source SET name = ?1, content_type = ?2, description = ?3 "
                     "WHERE id = ?4",
                     source.name, source.contentType, source.description, source.id));
    return m_database.changes() == 0 ? Status(exists(source)) : Status(Ok{});
}

Status TransformStore::removeSource(std::int64_t id)
{
    EVENTOPS_TRY(run("DELETE FROM transformer WHERE source = ?1", id));
    return run("DELETE FROM transform_source WHERE id = ?1", id);
}

Result<TransformerRow> TransformStore::addTransformer(TransformerRow row)
{
    EVENTOPS_TRY(run("INSERT INTO transformer(source, tenant, name, type, description, process, active, settings) "
                     "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                     row.source, row.tenant, row.name, row.type, row.description, row.process, row.active ? 1 : 0,
                     row.settings));
    row.id = m_database.lastRowId();
    return row;
}

Result<std::vector<TransformerRow>> TransformStore::transformers(std::int64_t source, const TenantList &tenants)
{
    return rows<TransformerRow>(
        with(TransformerColumns, "WHERE " OF_TENANTS " AND (?2 = 0 OR source = ?2) ORDER BY id"), transformerOf,
        jsonList(tenants), source);
}

Result<TransformerRow> TransformStore::transformer(std::int64_t id, const TenantList &tenants)
{
    return onlyOne(rows<TransformerRow>(with(TransformerColumns, "WHERE " OF_TENANTS " AND id = ?2"), transformerOf,
                                        jsonList(tenants), id),
                   "Transformer");
}

Status TransformStore::updateTransformer(const TransformerRow &row)
{
    return run("UPDATE transformer SET source = ?1, name = ?2, type = ?3, description = ?4, process = ?5, active = ?6, "
               "settings = ?7 WHERE id = ?8",
               row.source, row.name, row.type, row.description, row.process, row.active ? 1 : 0, row.settings, row.id);
}

Status TransformStore::removeTransformer(std::int64_t id)
{
    return run("DELETE FROM transformer WHERE id = ?1", id);
}

Result<std::int64_t> TransformStore::addRaw(const RawEvent &event, bool waits)
{
    sqlite::Statement statement = EVENTOPS_TRY(
        m_database.prepare("INSERT INTO raw_event(tenant, source, content_type, body, ts, ts_ingest, waits) "
                           "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
    statement.bind(1, event.tenant).bind(2, event.source).bind(3, event.contentType).bindBlob(4, event.body);
    statement.bind(5, raw(event.time)).bind(6, raw(event.ingested)).bind(7, std::int64_t{waits ? 1 : 0});
    EVENTOPS_TRY(statement.run());
    return m_database.lastRowId();
}

Result<std::vector<RawEvent>> TransformStore::rawEvents(std::uint64_t rowsMax, const TenantList &tenants)
{
    return rows<RawEvent>(with(RawEventColumns, "WHERE " OF_TENANTS " ORDER BY id LIMIT ?2"), rawOf, jsonList(tenants),
                          rowsMax);
}

Result<RawEvent> TransformStore::rawEvent(std::int64_t id, const TenantList &tenants)
{
    const std::string sql = with(RawEventColumns, "WHERE " OF_TENANTS " AND id = ?2");
    return onlyOne(rows<RawEvent>(sql, rawOf, jsonList(tenants), id), "Raw Event");
}

Status TransformStore::removeRaw(std::int64_t id)
{
    EVENTOPS_TRY(run("DELETE FROM raw_event_announced WHERE raw_event = ?1", id));
    return run("DELETE FROM raw_event WHERE id = ?1", id);
}

Result<std::int64_t> TransformStore::addProcessed(const ProcessedRow &row)
{
    sqlite::Statement statement = EVENTOPS_TRY(m_database.prepare(
        "INSERT INTO processed_event(raw_event, source, transformer, tenant, type, data, ts_processed, ts, entity_id, "
        "severity, message) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
    statement.bindAll(row.rawEvent, row.source, row.transformer, row.tenant, row.event.type, row.event.data,
                      raw(row.processed), raw(row.time));
    const auto text = [&](int index, const std::optional<std::string> &value) {
        if (value)
            statement.bind(index, *value);
        else
            statement.bindNull(index);
    };
    text(9, row.event.entity);
    text(10, row.event.severity);
    text(11, row.event.message);
    EVENTOPS_TRY(statement.run());
    return m_database.lastRowId();
}

Result<std::vector<ProcessedRow>> TransformStore::processed(const ProcessedQuery &query, const TenantList &tenants)
{
    std::string sql = with(ProcessedColumns, "WHERE " OF_TENANTS);
    const auto among = [&](bool any, const char *condition) {
        if (!any)
            sql += condition;
    };
    among(query.types.empty(), " AND type IN (SELECT value FROM json_each(?2))");
    among(query.entities.empty(), " AND entity_id IN (SELECT value FROM json_each(?3))");
    among(query.severities.empty(), " AND severity IN (SELECT value FROM json_each(?4))");
    among(query.sources.empty(), " AND source IN (SELECT value FROM json_each(?5))");
    among(query.from == NoTime, " AND ts_processed >= ?6");
    among(query.to == NoTime, " AND ts_processed <= ?7");
    sql += " AND id > ?8";
    sql += query.newestFirst ? " ORDER BY ts_processed DESC, id DESC" : " ORDER BY ts_processed, id";
    sql += " LIMIT ?9 OFFSET ?10";
    return rows<ProcessedRow>(sql, processedOf, jsonList(tenants), jsonList(query.types), jsonList(query.entities),
                              jsonList(query.severities), jsonList(query.sources), raw(query.from), raw(query.to),
                              query.afterId, query.rowsMax, query.skip);
}

Result<ProcessedRow> TransformStore::processedEvent(std::int64_t id, const TenantList &tenants)
{
    return onlyOne(rows<ProcessedRow>(with(ProcessedColumns, "WHERE " OF_TENANTS " AND id = ?2"), processedOf,
                                      jsonList(tenants), id),
                   "Processed Event");
}

Status TransformStore::removeProcessed(std::int64_t id)
{
    return run("DELETE FROM processed_event WHERE id = ?1", id);
}

Result<std::vector<std::pair<std::string, std::string>>> TransformStore::processedTypes(const TenantList &tenants)
{
    using Pair = std::pair<std::string, std::string>;
    return rows<Pair>(
        "SELECT DISTINCT type, coalesce(severity, '') FROM processed_event WHERE " OF_TENANTS
        " ORDER BY type, severity LIMIT 10000",
        [](const sqlite::Statement &row) { return Pair(row.string(0), row.string(1)); }, jsonList(tenants));
}

Result<bool> TransformStore::addEntity(const std::string &tenant, const TransformerOutput::EntityRef &entity)
{
    EVENTOPS_TRY(run("INSERT OR IGNORE INTO transform_entity(tenant, id, type) VALUES(?1, ?2, ?3)", tenant, entity.id,
                     entity.type));
    return m_database.changes() != 0;
}

Result<std::vector<TransformStore::OwnedEntity>> TransformStore::entities(const TenantList &tenants,
                                                                          std::uint64_t rowsMax)
{
    return rows<OwnedEntity>("SELECT tenant, id, type FROM transform_entity WHERE " OF_TENANTS " ORDER BY id LIMIT ?2",
                             entityOf, jsonList(tenants), rowsMax);
}

Result<TransformStore::OwnedEntity> TransformStore::entity(std::string_view id, const TenantList &tenants)
{
    return onlyOne(rows<OwnedEntity>("SELECT tenant, id, type FROM transform_entity WHERE " OF_TENANTS " AND id = ?2",
                                     entityOf, jsonList(tenants), id),
                   "Entity");
}

Status TransformStore::updateEntity(const std::string &tenant, const TransformerOutput::EntityRef &entity)
{
    return run("UPDATE transform_entity SET type = ?1 WHERE tenant = ?2 AND id = ?3", entity.type, tenant, entity.id);
}

Status TransformStore::removeEntity(const std::string &tenant, std::string_view id)
{
    return run("DELETE FROM transform_entity WHERE tenant = ?1 AND id = ?2", tenant, id);
}

Result<std::optional<RelationRow>> TransformStore::addLink(const std::string &tenant,
                                                           const TransformerOutput::LinkRef &link)
{
    if (link.source == link.target)
        return std::optional<RelationRow>();
    EVENTOPS_TRY(run("INSERT OR IGNORE INTO transform_link(tenant, source, target, bidirectional, created) "
                     "VALUES(?1, ?2, ?3, 0, ?4)",
                     tenant, link.source, link.target, raw(now())));
    auto found = EVENTOPS_TRY(rows<RelationRow>(with(LinkColumns, "WHERE tenant = ?1 AND source = ?2 AND target = ?3"),
                                                linkOf, tenant, link.source, link.target));
    return found.empty() ? std::optional<RelationRow>() : std::optional(std::move(found.front()));
}

Result<std::vector<RelationRow>> TransformStore::links(const TenantList &tenants, std::uint64_t rowsMax)
{
    return rows<RelationRow>(with(LinkColumns, "WHERE " OF_TENANTS " ORDER BY id LIMIT ?2"), linkOf, jsonList(tenants),
                             rowsMax);
}

Result<RelationRow> TransformStore::link(std::int64_t id, const TenantList &tenants)
{
    return onlyOne(
        rows<RelationRow>(with(LinkColumns, "WHERE " OF_TENANTS " AND id = ?2"), linkOf, jsonList(tenants), id),
        "Link");
}

Status TransformStore::updateLink(const RelationRow &row)
{
    EVENTOPS_TRY(run("UPDATE OR IGNORE transform_link SET source = ?1, target = ?2 WHERE id = ?3", row.source,
                     row.target, row.id));
    return m_database.changes() != 0
               ? Status(Ok{})
               : Status(Error{Error::Code::Refused, "there is such a link", {}, "remove one of the two"});
}

Status TransformStore::removeLink(std::int64_t id)
{
    return run("DELETE FROM transform_link WHERE id = ?1", id);
}

Result<std::vector<std::string>> TransformStore::related(const std::string &id, std::uint32_t depth,
                                                         const TenantList &tenants)
{
    std::set<std::string> seen{id};
    std::vector<std::string> out{id}, level{id};
    const auto text = [](const sqlite::Statement &row) {
        return row.string(0);
    };
    for (std::uint32_t i = 0; i < depth && !level.empty() && out.size() < RelatedMax; ++i) {
        const auto next = EVENTOPS_TRY(rows<std::string>("SELECT target FROM transform_link WHERE " OF_TENANTS
                                                         " AND source IN (SELECT value FROM json_each(?2)) "
                                                         "UNION SELECT source FROM transform_link WHERE " OF_TENANTS
                                                         " AND target IN (SELECT value FROM json_each(?2))",
                                                         text, jsonList(tenants), jsonList(level)));
        level.clear();
        for (const std::string &one : next) {
            if (out.size() < RelatedMax && seen.insert(one).second) {
                out.push_back(one);
                level.push_back(one);
            }
        }
    }
    return out;
}

Status TransformStore::addOutgoing(std::string_view document)
{
    return run("INSERT INTO transform_outgoing(document) VALUES(?1)", document);
}

Result<std::vector<TransformStore::Outgoing>> TransformStore::outgoing(std::uint64_t rowsMax)
{
    return rows<Outgoing>(
        "SELECT id, document FROM transform_outgoing ORDER BY id LIMIT ?1",
        [](const sqlite::Statement &row) {
            return Outgoing{row.integer(0), row.string(1)};
        },
        rowsMax);
}

Status TransformStore::dropOutgoing(std::int64_t upTo)
{
    return run("DELETE FROM transform_outgoing WHERE id <= ?1", upTo);
}

#undef OF_TENANTS

} // namespace eventops
