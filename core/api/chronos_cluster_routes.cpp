// SPDX-License-Identifier: MIT
//
// What a console of clusters asks of Chronos: a cluster's events and sessions, kinds of events; and whether anybody
// transforms (contracts 3.3, X34).
#include "core/api/chronos_routes.h"

#include "core/api/api_routes.h"
#include "core/base/json.h"

#include <algorithm>
#include <set>

namespace eventops::api {
namespace {

constexpr auto Text = ParameterSpec::Kind::Text;
constexpr auto Count = ParameterSpec::Kind::Count;
constexpr std::int64_t RowsMax = 10'000;
constexpr std::uint64_t SessionsMax = 10'000;
constexpr std::string_view SessionStart = "CLUSTER_START_REQUEST_RECEIVED", SessionEnd = "CLUSTER_STOPPED";
constexpr std::string_view Consuming = R"({"status":"OK","consumer":"running"})";

/// Types that the shipped transformers know and that are not for lists which people read.
std::set<std::string> hiddenTypes(const ChronosTools &tools)
{
    std::set<std::string> out;
    for (const auto &mapping : tools.shipped) {
        for (const auto &[given, row] : mapping->types()) {
            if (!row.shown)
                out.insert(row.name);
        }
    }
    return out;
}

/// The others of them, and those that came.
Result<std::vector<std::string>> shownTypes(const ChronosTools &tools, TransformStore &store, const TenantList &tenants)
{
    const std::set<std::string> hidden = hiddenTypes(tools);
    std::set<std::string> shown;
    for (const auto &mapping : tools.shipped) {
        for (const auto &[given, row] : mapping->types())
            shown.insert(row.name);
    }
    for (const auto &[type, severity] : EVENTOPS_TRY(store.processedTypes(tenants)))
        shown.insert(type);
    std::vector<std::string> out;
    std::set_difference(shown.begin(), shown.end(), hidden.begin(), hidden.end(), std::back_inserter(out));
    return out;
}

std::string textList(const std::vector<std::string> &texts)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("data").beginArray();
    for (const std::string &text : texts)
        json.string(text);
    json.endArray().endObject();
    return out;
}

std::string clusterEventJson(const ProcessedRow &row)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("raw_event_id").integer(row.rawEvent).key("processed_event_id").integer(row.id);
    json.field("timestamp", isoText(row.processed)).field("event_type", row.event.type).key("message");
    if (row.event.message)
        json.string(*row.event.message);
    else
        json.null();
    json.field("severity", row.event.severity.value_or("INFO")).key("source_id").integer(row.source).endObject();
    return out;
}

void clusterEvents(const ChronosTools &tools, const ApiCall &call)
{
    ChronosBody body(call);
    const std::string cluster = body.text("cluster_id", true);
    ProcessedQuery query;
    query.newestFirst = true;
    query.afterId = body.integer("last_event_id", false, 0);
    const std::int64_t size = body.integer("page_size", false, 100), offset = body.integer("offset", false, 0);
    if (size < 0 || size > RowsMax || offset < 0)
        body.fault("page_size", "give page_size from 0 to 10000 and offset from 0 on", "value_error.number");
    ChronosBody filters = body.inside("filters");
    query.sources = filters.integers("components");
    query.from = filters.time("start_timestamp");
    query.to = filters.time("end_timestamp");
    query.severities = filters.texts("severities");
    query.types = filters.texts("event_types");
    if (!body.accepted())
        return;
    query.rowsMax = static_cast<std::uint64_t>(size);
    query.skip = static_cast<std::uint64_t>(offset);
    answerChronos(
        tools, call, false,
        [tools, query, cluster](TransformStore &store, const TenantList &tenants) mutable -> Result<std::string> {
            query.entities = EVENTOPS_TRY(store.related(cluster, 1, tenants));
            const auto shown = EVENTOPS_TRY(shownTypes(tools, store, tenants));
            std::vector<std::string> types;
            for (const std::string &type : shown) {
                if (query.types.empty() || std::find(query.types.begin(), query.types.end(), type) != query.types.end())
                    types.push_back(type);
            }
            const bool any = !types.empty();
            query.types = std::move(types);
            const auto rows = any ? EVENTOPS_TRY(store.processed(query, tenants)) : std::vector<ProcessedRow>();
            std::string out;
            JsonWriter json(out);
            json.beginObject().key("page_size").unsignedInteger(query.rowsMax);
            json.key("offset").unsignedInteger(query.skip);
            json.key("data").raw(listJson(rows, clusterEventJson)).endObject();
            return out;
        });
}

std::string sessionOf(const ProcessedRow &row)
{
    const auto id = jsonMember(row.event.data, "session_id");
    std::string scratch;
    if (!id || jsonKind(*id) == JsonKind::Null)
        return {};
    return std::string(jsonKind(*id) == JsonKind::String ? jsonText(*id, scratch) : *id);
}

Result<std::string> clusterSessions(TransformStore &store, const std::string &cluster, const TenantList &tenants)
{
    ProcessedQuery query;
    query.entities = {cluster};
    query.types = {std::string(SessionStart), std::string(SessionEnd)};
    query.newestFirst = true;
    query.rowsMax = SessionsMax;
    const auto rows = EVENTOPS_TRY(store.processed(query, tenants));
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("data").beginArray();
    for (const ProcessedRow &start : rows) {
        if (start.event.type != SessionStart)
            continue;
        const std::string session = sessionOf(start);
        const auto end = std::find_if(rows.begin(), rows.end(), [&](const ProcessedRow &row) {
            return row.event.type == SessionEnd && sessionOf(row) == session;
        });
        json.beginObject().key("session_id");
        if (session.empty())
            json.null();
        else
            json.string(session);
        json.field("start_timestamp", isoText(start.processed)).key("end_timestamp");
        if (end == rows.end())
            json.null();
        else
            json.string(isoText(end->processed));
        json.endObject();
    }
    json.endArray().endObject();
    return out;
}

/// The instance behind a private address, as the links say: its own id, or that of a name made of it.
Result<std::string> instanceAt(TransformStore &store, const std::string &address, const TenantList &tenants)
{
    std::string name = "ip-" + address + '.';
    std::replace(name.begin(), name.end() - 1, '.', '-');
    std::string found;
    for (const auto &[tenant, entity] : EVENTOPS_TRY(store.entities(tenants, TransformStore::RelatedMax))) {
        if (entity.id != address && !entity.id.starts_with(name))
            continue;
        for (const std::string &id : EVENTOPS_TRY(store.related(entity.id, 1, {tenant}))) {
            const auto other = store.entity(id, {tenant});
            if (other && other.value().second.type == "Host")
                found = id;
        }
    }
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("data");
    if (found.empty())
        json.null();
    else
        json.string(found);
    json.endObject();
    return out;
}

void addKinds(Router &router, const ChronosTools &tools)
{
    Route severities =
        chronosRoute("GET", "/chronos/severities", "Severities that there are.", false,
                     [](const ApiCall &call) { respondJson(*call.exchange, R"({"data":["INFO","WARN","ERROR"]})"); });
    severities.access = RouteAccess::Public;
    router.add(std::move(severities));
    router.add(chronosRoute("GET", "/chronos/event-types", "Types of events for lists which people read.", false,
                            [tools](const ApiCall &call) {
                                answerChronos(
                                    tools, call, false,
                                    [tools](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                                        return textList(EVENTOPS_TRY(shownTypes(tools, store, tenants)));
                                    });
                            }));
    router.add(chronosRoute("GET", "/chronos/ec2-details/{ip_address}",
                            "Id of the instance with a private address, as events told; null: none did.", false,
                            [tools](const ApiCall &call) {
                                answerChronos(tools, call, false,
                                              [address = call.pathValue("ip_address")](TransformStore &store,
                                                                                       const TenantList &tenants) {
                                                  return instanceAt(store, address, tenants);
                                              });
                            }));
    Route consumer = chronosRoute("GET", "/chronos-consumer/healthcheck", "Somebody transforms raw events.", false,
                                  [tools](const ApiCall &call) {
                                      if (tools.desk != nullptr && tools.desk->isConsumed())
                                          return respondJson(*call.exchange, std::string(Consuming));
                                      refuseChronos(*call.exchange, 500, "Consumer not running");
                                  });
    consumer.access = RouteAccess::Public;
    router.add(std::move(consumer));
}

} // namespace

void addChronosClusterRoutes(Router &router, const ChronosTools &tools)
{
    addKinds(router, tools);
    Route events = chronosRoute("POST", "/chronos/api/v1/cluster/events",
                                "Events of a cluster and of what is linked to it, newest first.", false,
                                [tools](const ApiCall &call) { clusterEvents(tools, call); });
    events.body = {{"cluster_id", Text, "Which cluster.", 0, 0, {}, true},
                   {"last_event_id", Text, "Only events with larger numbers."},
                   {"page_size", Count, "At most so many.", 100, RowsMax},
                   {"offset", Count, "Behind so many.", 0, RowsMax},
                   {"filters", ParameterSpec::Kind::Object,
                    "components, start_timestamp, end_timestamp, severities, event_types."}};
    router.add(std::move(events));
    router.add(chronosRoute("GET", "/chronos/api/v1/cluster/sessions/{cluster_id}",
                            "When a cluster was up, newest first.", false, [tools](const ApiCall &call) {
                                answerChronos(tools, call, false,
                                              [cluster = call.pathValue("cluster_id")](TransformStore &store,
                                                                                       const TenantList &tenants) {
                                                  return clusterSessions(store, cluster, tenants);
                                              });
                            }));
    router.add(chronosRoute("GET", "/chronos/api/v1/cluster/sources", "Sources, for a choice of them.", false,
                            [tools](const ApiCall &call) {
                                answerChronos(
                                    tools, call, false,
                                    [](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                                        const auto sources = EVENTOPS_TRY(store.sources(tenants));
                                        const std::string list = listJson(sources, [](const TransformSource &source) {
                                            std::string out;
                                            JsonWriter json(out);
                                            json.beginObject().key("id").integer(source.id);
                                            json.field("label", source.name).endObject();
                                            return out;
                                        });
                                        return "{\"data\":" + list + '}';
                                    });
                            }));
}

} // namespace eventops::api
