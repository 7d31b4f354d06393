// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/clock.h"
#include "core/codec/transformer.h"
#include "core/store/sqlite.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Where raw events come from: a name and a content type, once each in a tenant.
struct TransformSource {
    std::int64_t id = 0;
    std::string tenant, name, contentType, description;
};

/// A transformer of a source.
struct TransformerRow {
    std::int64_t id = 0, source = 0;
    std::string tenant, name, type, description, process;
    bool active = true;
    std::string settings = "{}"; ///< A JSON object: what is its type's own.
};

struct ProcessedRow {
    std::int64_t id = 0, rawEvent = 0, source = 0, transformer = 0;
    std::string tenant;
    TransformerOutput::Processed event;
    WallNs processed = NoTime, time = NoTime;
};

struct RelationRow {
    std::int64_t id = 0;
    std::string tenant, source, target;
    WallNs created = NoTime;
};

/// Whose rows: none named, everybody's.
using TenantList = std::vector<std::string>;

struct ProcessedQuery {
    std::vector<std::string> types, entities, severities; ///< Empty: any.
    std::vector<std::int64_t> sources;
    WallNs from = NoTime, to = NoTime; ///< Of processing; both ends count. NoTime: no bound.
    std::int64_t afterId = 0;
    bool newestFirst = false;
    std::uint64_t rowsMax = 100, skip = 0;
};

/// What transformers are configured with and what they made, in tables of the ledger of their own: they stand in front
/// of the pipeline, as a topic does, and what they make enters it as records.
///
/// Thread: one. Errors: Busy, Io, Full, Corrupt; NotFound and Refused where said. Writing belongs between `begin` and
/// `commit`; else each call is a transaction.
class TransformStore
{
public:
    static constexpr std::size_t RelatedMax = 10'000; ///< Entities that a search for related ones finds at most.

    /// Opens the workspace's ledger, making it if need be. @p clock: null: the system's.
    static Result<std::unique_ptr<TransformStore>> open(const std::string &directory, const Clock *clock = nullptr);

    /// False: the file was moved away and this is not the workspace's any more.
    bool isCurrent();
    Status begin();
    Status commit();
    void rollback();
    /// Begins a part of what was begun, which `keep` or `undo` ends.
    Status mark();
    Status keep();
    void undo();

    /// Refused: there is one of that name and content type.
    Result<TransformSource> addSource(TransformSource source);
    Result<std::vector<TransformSource>> sources(const TenantList &tenants);
    Result<TransformSource> source(std::int64_t id, const TenantList &tenants); ///< NotFound.
    Result<std::vector<TransformSource>> sourcesNamed(std::string_view name, const TenantList &tenants);
    Status updateSource(const TransformSource &source); ///< Refused.
    Status removeSource(std::int64_t id);               ///< With its transformers.

    Result<TransformerRow> addTransformer(TransformerRow row);
    /// @p source: 0: of all.
    Result<std::vector<TransformerRow>> transformers(std::int64_t source, const TenantList &tenants);
    Result<TransformerRow> transformer(std::int64_t id, const TenantList &tenants); ///< NotFound.
    Status updateTransformer(const TransformerRow &row);
    Status removeTransformer(std::int64_t id);

    /// @p waits: for transformers. Ids grow and are never given twice.
    Result<std::int64_t> addRaw(const RawEvent &event, bool waits);
    Result<std::vector<RawEvent>> rawEvents(std::uint64_t rowsMax, const TenantList &tenants);
    Result<RawEvent> rawEvent(std::int64_t id, const TenantList &tenants); ///< NotFound.
    Status removeRaw(std::int64_t id);
    Result<std::vector<RawEvent>> waiting(std::uint64_t rowsMax); ///< Oldest first; at most BytesMax of bodies.
    static constexpr std::size_t WaitingBytesMax = 16u << 20;
    Status finish(std::int64_t rawEvent); ///< It waits no longer.
    /// Nothing: it does not wait, or there is none of that id.
    Result<std::optional<RawEvent>> waitingEvent(std::int64_t id);
    /// Ids of those that wait, oldest first; at most WaitingBytesMax of bodies.
    Result<std::vector<std::int64_t>> waitingIds(std::uint64_t rowsMax);
    Result<std::int64_t> lastRaw(); ///< The greatest id that was ever given; 0: none was.

    /// What waits and is to be announced to @p queue: what was not, and what was so long ago that it may be lost.
    struct Announced {
        std::int64_t id = 0;
        std::string tenant, source;
    };
    Result<std::vector<Announced>> toAnnounce(std::uint64_t rowsMax);
    /// They were announced now; once more after @p againNs, and after twice as long each time that followed.
    Status announce(std::string_view queue, std::span<const Announced> events, std::int64_t againNs);
    struct WaitingCounts {
        std::uint64_t waiting = 0, announced = 0; ///< The second are among the first.
    };
    Result<WaitingCounts> waitingCounts();
    Status forgetAnnounced(std::string_view queue); ///< What was announced to any other queue.
    /// Where reading of a queue's log goes on.
    Result<std::optional<std::uint64_t>> place(std::string_view place);
    Status setPlace(std::string_view place, std::uint64_t next);

    Result<std::int64_t> addProcessed(const ProcessedRow &row);
    Result<std::vector<ProcessedRow>> processed(const ProcessedQuery &query, const TenantList &tenants);
    Result<ProcessedRow> processedEvent(std::int64_t id, const TenantList &tenants); ///< NotFound.
    Status removeProcessed(std::int64_t id);
    /// Types with the severity they came with, each pair once, in order.
    Result<std::vector<std::pair<std::string, std::string>>> processedTypes(const TenantList &tenants);

    /// The first that says what an entity is, is right for ever. True: it was the first.
    Result<bool> addEntity(const std::string &tenant, const TransformerOutput::EntityRef &entity);
    /// With the tenant before it.
    using OwnedEntity = std::pair<std::string, TransformerOutput::EntityRef>;
    Result<std::vector<OwnedEntity>> entities(const TenantList &tenants, std::uint64_t rowsMax);
    Result<OwnedEntity> entity(std::string_view id, const TenantList &tenants); ///< NotFound.
    Status updateEntity(const std::string &tenant, const TransformerOutput::EntityRef &entity);
    Status removeEntity(const std::string &tenant, std::string_view id);

    /// Once each; nothing: from an entity to itself, which is no link.
    Result<std::optional<RelationRow>> addLink(const std::string &tenant, const TransformerOutput::LinkRef &link);
    Result<std::vector<RelationRow>> links(const TenantList &tenants, std::uint64_t rowsMax);
    Result<RelationRow> link(std::int64_t id, const TenantList &tenants); ///< NotFound.
    Status updateLink(const RelationRow &row);
    Status removeLink(std::int64_t id);
    /// @p id and what is at most @p depth links away from it, whichever way they point.
    Result<std::vector<std::string>> related(const std::string &id, std::uint32_t depth, const TenantList &tenants);

    /// Documents on their way into the pipeline.
    struct Outgoing {
        std::int64_t id = 0;
        std::string document;
    };
    Status addOutgoing(std::string_view document);
    Result<std::vector<Outgoing>> outgoing(std::uint64_t rowsMax); ///< Oldest first.
    Status dropOutgoing(std::int64_t upTo);

    WallNs now() const { return m_clock->now(); }

private:
    TransformStore(sqlite::Database database, const Clock *clock);
    Status execute(const char *sql);
    template <typename Row, typename Read, typename... Values>
    Result<std::vector<Row>> rows(std::string_view sql, Read read, const Values &...values);
    template <typename... Values>
    Status run(std::string_view sql, const Values &...values);
    static RawEvent rawOf(const sqlite::Statement &row); ///< Of RawEventColumns.
    static constexpr std::string_view RawEventColumns =
        "SELECT id, tenant, source, content_type, body, ts, ts_ingest FROM raw_event ";

    sqlite::Database m_database;
    SystemClock m_systemClock;
    const Clock *m_clock;
};

template <typename Row, typename Read, typename... Values>
Result<std::vector<Row>> TransformStore::rows(std::string_view sql, Read read, const Values &...values)
{
    sqlite::Statement statement = EVENTOPS_TRY(m_database.prepare(sql));
    statement.bindAll(values...);
    std::vector<Row> out;
    while (EVENTOPS_TRY(statement.step()))
        out.push_back(read(statement));
    return out;
}

template <typename... Values>
Status TransformStore::run(std::string_view sql, const Values &...values)
{
    sqlite::Statement statement = EVENTOPS_TRY(m_database.prepare(sql));
    statement.bindAll(values...);
    return statement.run();
}

} // namespace eventops
