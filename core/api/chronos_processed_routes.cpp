// SPDX-License-Identifier: MIT
//
// What transformers made: lists by README's filters and by upstream's, one at a time, and those of entities that belong
// together (contracts C16–C18, X28, X32).
#include "core/api/chronos_routes.h"

#include "core/base/json.h"
#include "core/codec/transformed_documents.h"

#include <algorithm>

namespace eventops::api {
namespace {

constexpr std::int64_t RowsMax = 10'000;
constexpr std::int64_t DepthMax = 32;
constexpr auto Text = ParameterSpec::Kind::Text;
constexpr auto Count = ParameterSpec::Kind::Count;

/// The members of ProcessedEventFilter.
ProcessedQuery readFilter(ChronosBody &body)
{
    ProcessedQuery query;
    query.types = body.texts("event_types");
    query.entities = body.texts("entity_ids");
    query.sources = body.integers("source_ids");
    query.from = body.time("start_timestamp");
    query.to = body.time("end_timestamp");
    if (const auto severity = body.optionalText("severity"); severity && !severity->empty())
        query.severities = {*severity};
    const std::int64_t limit = body.integer("limit", false, 100), offset = body.integer("offset", false, 0);
    if (limit < 0 || limit > RowsMax)
        body.fault("limit", "give a number from 0 to 10000", "value_error.number");
    if (offset < 0)
        body.fault("offset", "give a number from 0 on", "value_error.number");
    query.rowsMax = static_cast<std::uint64_t>(std::clamp<std::int64_t>(limit, 0, RowsMax));
    query.skip = static_cast<std::uint64_t>(std::max<std::int64_t>(offset, 0));
    return query;
}

Result<std::string> listOf(TransformStore &store, const ProcessedQuery &query, const TenantList &tenants)
{
    return listJson(EVENTOPS_TRY(store.processed(query, tenants)), processedJson);
}

/// The filters of a GET, which count here (X28).
bool readQuery(const ApiCall &call, ProcessedQuery &query)
{
    const std::string_view target = call.exchange->request().target;
    const std::size_t mark = target.find('?');
    if (mark == std::string_view::npos)
        return true;
    const auto given = parseQuery(target.substr(mark + 1));
    if (!given) {
        refuseChronos(*call.exchange, 422, given.error().text());
        return false;
    }
    for (const auto &[name, value] : given.value()) {
        std::vector<std::string> *to = name == "entity_id"    ? &query.entities
                                       : name == "event_type" ? &query.types
                                       : name == "severity"   ? &query.severities
                                                              : nullptr;
        if (to == nullptr) {
            refuseChronos(*call.exchange,
                          {{"query", name.substr(0, 100),
                            "there is no such filter; use entity_id, event_type or severity", "value_error.extra"}});
            return false;
        }
        to->push_back(value);
    }
    return true;
}

void createProcessed(const ChronosTools &tools, const ApiCall &call)
{
    ChronosBody body(call);
    ProcessedRow row;
    row.rawEvent = body.integer("RawEventID", true);
    row.event.type = body.text("EventType", true);
    row.event.entity = body.optionalText("EntityID");
    appendJsonCompact(row.event.data = {}, body.object("EventData", true));
    row.source = body.integer("SourceID", true);
    row.transformer = body.integer("TransformerID", true);
    row.event.severity = body.optionalText("Severity");
    row.event.message = body.optionalText("Message");
    if (row.event.entity && row.event.entity->empty())
        row.event.entity.reset();
    if (!body.accepted())
        return;
    answerChronos(tools, call, true,
                  [row](TransformStore &store, const TenantList &tenants) mutable -> Result<std::string> {
                      const TransformSource source = EVENTOPS_TRY(store.source(row.source, tenants));
                      row.tenant = source.tenant;
                      row.processed = row.time = store.now();
                      RawEvent raw{row.rawEvent, row.tenant, source.name, source.contentType, {}, row.time, row.time};
                      if (auto known = store.rawEvent(row.rawEvent, {row.tenant}))
                          raw = std::move(known).value();
                      row.time = raw.time;
                      TransformerOutput whole;
                      whole.events = {row.event};
                      if (auto wrong = unfit(whole))
                          return std::move(*wrong);
                      row.id = EVENTOPS_TRY(store.addProcessed(row));
                      ProcessedDocument document;
                      document.raw = &raw;
                      document.id = row.id;
                      document.sourceId = row.source;
                      document.transformerId = row.transformer;
                      document.processed = row.processed;
                      document.event = &row.event;
                      EVENTOPS_TRY(store.addOutgoing(encodeProcessed(document)));
                      return processedJson(row);
                  });
}

void addLists(Router &router, const ChronosTools &tools)
{
    Route list = chronosRoute(
        "GET", "/chronos/api/v1/processed_events/",
        "The first hundred processed events, of one entity or type if asked so.", false, [tools](const ApiCall &call) {
            ProcessedQuery query;
            if (!readQuery(call, query))
                return;
            answerChronos(tools, call, false, [query](TransformStore &store, const TenantList &tenants) {
                return listOf(store, query, tenants);
            });
        });
    list.query = {{"entity_id", Text, "Of this entity alone."},
                  {"event_type", Text, "Of this type alone."},
                  {"severity", Text, "Of this severity alone."}};
    router.add(std::move(list));
    Route filter = chronosRoute(
        "POST", "/chronos/api/v1/processed_events/filter",
        "Processed events that match, in the order in which they were processed.", false, [tools](const ApiCall &call) {
            ChronosBody body(call);
            const ProcessedQuery query = readFilter(body);
            if (!body.accepted())
                return;
            answerChronos(tools, call, false, [query](TransformStore &store, const TenantList &tenants) {
                return listOf(store, query, tenants);
            });
        });
    filter.body = {{"event_types", Text, "List of types."},
                   {"entity_ids", Text, "List of entities."},
                   {"source_ids", Text, "List of numbers of sources."},
                   {"start_timestamp", Text, "Processed at or after."},
                   {"end_timestamp", Text, "Processed at or before."},
                   {"severity", Text, "Of this severity alone."},
                   {"limit", Count, "At most so many.", 100, RowsMax},
                   {"offset", Count, "Behind so many.", 0, RowsMax}};
    router.add(std::move(filter));
    Route related = chronosRoute(
        "POST", "/chronos/api/v1/related_entities_events",
        "Events of an entity and of those at most depth links away, whichever way they point; newest first.", false,
        [tools](const ApiCall &call) {
            ChronosBody body(call);
            const std::string entity = body.text("entity_id", true);
            const std::int64_t depth = body.integer("depth", true);
            if (depth < 0 || depth > DepthMax)
                body.fault("depth", "give a number from 0 to 32", "value_error.number");
            ChronosBody inner = body.inside("filter");
            ProcessedQuery query = readFilter(inner);
            if (!body.accepted())
                return;
            query.newestFirst = true;
            answerChronos(tools, call, false,
                          [query, entity, depth](TransformStore &store,
                                                 const TenantList &tenants) mutable -> Result<std::string> {
                              query.entities =
                                  EVENTOPS_TRY(store.related(entity, static_cast<std::uint32_t>(depth), tenants));
                              // It is known by an event, by a link, or as an entity.
                              ProcessedQuery own;
                              own.entities = {entity};
                              own.rowsMax = 1;
                              const bool known = query.entities.size() > 1 || store.entity(entity, tenants)
                                                 || !EVENTOPS_TRY(store.processed(own, tenants)).empty();
                              if (!known)
                                  return Error{Error::Code::NotFound, "No related entities found"};
                              return listOf(store, query, tenants);
                          });
        });
    related.body = {{"entity_id", Text, "Of which entity.", 0, 0, {}, true},
                    {"depth", Count, "How many links away.", 1, DepthMax, {}, true},
                    {"filter", ParameterSpec::Kind::Object, "As of processed_events/filter."}};
    router.add(std::move(related));
}

} // namespace

void addChronosProcessedRoutes(Router &router, const ChronosTools &tools)
{
    addLists(router, tools);
    router.add(chronosRoute("GET", "/chronos/api/v1/processed_events/event_types",
                            "Types that there are, with their severities.", false, [tools](const ApiCall &call) {
                                answerChronos(
                                    tools, call, false,
                                    [](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                                        const auto types = EVENTOPS_TRY(store.processedTypes(tenants));
                                        return listJson(types, [](const auto &one) {
                                            std::string out;
                                            JsonWriter(out)
                                                .beginObject()
                                                .field("event_type", one.first)
                                                .field("severity", one.second)
                                                .endObject();
                                            return out;
                                        });
                                    });
                            }));
    Route create = chronosRoute("POST", "/chronos/api/v1/processed_events/", "Stores a processed event.", true,
                                [tools](const ApiCall &call) { createProcessed(tools, call); });
    create.body = {{"RawEventID", Text, "Of which raw event.", 0, 0, {}, true},
                   {"EventType", Text, "What happened.", 0, 0, {}, true},
                   {"EventData", ParameterSpec::Kind::Object, "What else is known of it.", 0, 0, {}, true},
                   {"SourceID", Text, "Number of its source.", 0, 0, {}, true},
                   {"TransformerID", Text, "Number of its transformer.", 0, 0, {}, true},
                   {"EntityID", Text, "What it is about."},
                   {"Severity", Text, "INFO, WARN or ERROR."},
                   {"Message", Text, "For people."}};
    router.add(std::move(create));
    router.add(chronosRoute(
        "GET", "/chronos/api/v1/processed_events/{event_id}", "A processed event.", false,
        [tools](const ApiCall &call) {
            const auto id = chronosId(call, "event_id");
            if (!id)
                return;
            answerChronos(tools, call, false,
                          [id](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                              const ProcessedRow row = EVENTOPS_TRY(store.processedEvent(*id, tenants));
                              std::string out;
                              JsonWriter json(out);
                              json.beginObject().key("data").beginObject().key("processed_event_id").integer(row.id);
                              json.key("event_data").raw(processedJson(row));
                              json.field("timestamp", isoText(row.processed)).endObject().endObject();
                              return out;
                          });
        }));
    router.add(chronosRoute("DELETE", "/chronos/api/v1/processed_events/{event_id}",
                            "Removes a processed event here; "
                            "what the pipeline has stored of it stays.",
                            true, [tools](const ApiCall &call) {
                                const auto id = chronosId(call, "event_id");
                                if (!id)
                                    return;
                                answerChronos(
                                    tools, call, true,
                                    [id](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                                        const ProcessedRow row = EVENTOPS_TRY(store.processedEvent(*id, tenants));
                                        EVENTOPS_TRY(store.removeProcessed(*id));
                                        return processedJson(row);
                                    });
                            }));
}

} // namespace eventops::api
