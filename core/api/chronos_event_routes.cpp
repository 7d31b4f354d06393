// SPDX-License-Identifier: MIT
//
// Raw events handed in, and asked for again (contracts C13, C14, C15). What is refused stores nothing.
#include "core/api/chronos_routes.h"

#include "core/base/json.h"
#include "core/base/time.h"

#include <algorithm>

namespace eventops::api {
namespace {

constexpr std::uint64_t RowsMax = 100;
constexpr std::string_view ContentTypes[] = {"application/json", "text/plain", "application/octet-stream"};
constexpr std::string_view Taken =
    R"({"message":"Event created successfully and sent for processing via transformers","status_code":200})";

/// "text/plain; charset=x": "text/plain".
std::string mediaTypeOf(std::string_view contentType)
{
    std::string type(contentType.substr(0, contentType.find(';')));
    while (type.ends_with(' '))
        type.pop_back();
    std::transform(type.begin(), type.end(), type.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return type;
}

/// The event that a request's headers and body say; nothing: they do not, and the refusal was sent.
std::optional<RawEvent> readEvent(const ChronosTools &tools, const ApiCall &call)
{
    const HttpRequest &request = call.exchange->request();
    std::vector<ChronosFault> faults;
    const auto header = [&](const char *name, bool needed) {
        const std::string *value = request.header(name);
        const bool given = value != nullptr && !value->empty();
        if (needed && !given)
            faults.push_back({"header", name, "field required", "value_error.missing"});
        else if (request.headerCount(name) > 1)
            faults.push_back({"header", name, "given more than once", "value_error"});
        return given ? *value : std::string();
    };
    RawEvent event;
    event.id = -1;
    event.source = header("x-event-source", true);
    event.contentType = mediaTypeOf(header("content-type", true));
    event.ingested = event.time = tools.desk != nullptr ? tools.desk->now() : NoTime;
    if (const std::string text = header("x-event-timestamp", false); !text.empty()) {
        const auto time = parseTimestamp(text);
        event.time = time ? *time : timestampFromEpochText(text).value_or(NoTime);
        if (event.time == NoTime)
            faults.push_back({"header", "x-event-timestamp", "neither 2025-10-21 10:00:00, RFC 3339 nor a Unix time",
                              "value_error.datetime"});
    }
    if (!faults.empty()) {
        refuseChronos(*call.exchange, faults);
        return std::nullopt;
    }
    if (!isValidUtf8(event.source)) {
        refuseChronos(*call.exchange, 422, "x-event-source is not UTF-8");
        return std::nullopt;
    }
    if (std::find(std::begin(ContentTypes), std::end(ContentTypes), event.contentType) == std::end(ContentTypes)) {
        refuseChronos(*call.exchange, 400, "Unsupported content type");
        return std::nullopt;
    }
    event.body = request.body;
    return event;
}

/// The source by name and content type. NotFound: there is none of that name; InvalidArgument: its events are of
/// another type.
Result<TransformSource> sourceOf(TransformStore &store, const RawEvent &event, const TenantList &tenants)
{
    const auto sources = EVENTOPS_TRY(store.sourcesNamed(event.source, tenants));
    if (sources.empty())
        return Error{Error::Code::NotFound,
                     "Source not found: \"" + event.source.substr(0, 100) + "\"",
                     {},
                     "register it at " + std::string(ChronosBase) + "/sources/"};
    for (const TransformSource &source : sources) {
        if (source.contentType == event.contentType)
            return source;
    }
    return Error{Error::Code::InvalidArgument, "Source \"" + event.source + "\" sends " + sources.front().contentType
                                                   + ", and this is " + event.contentType};
}

void takeEvent(const ChronosTools &tools, const ApiCall &call, bool transforms)
{
    auto event = readEvent(tools, call);
    if (!event)
        return;
    answerChronos(
        tools, call, true,
        [event = std::move(*event), transforms](TransformStore &store,
                                                const TenantList &tenants) mutable -> Result<std::string> {
            event.tenant = EVENTOPS_TRY(sourceOf(store, event, tenants)).tenant;
            event.id = EVENTOPS_TRY(store.addRaw(event, transforms));
            return transforms ? std::string(Taken) : rawEventJson(event);
        },
        [desk = tools.desk.get(), transforms] { // called by the desk itself
            if (transforms)
                desk->wake();
        });
}

std::string outputJson(const TransformerOutput &output)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("processed_events").beginArray();
    for (const TransformerOutput::Processed &event : output.events) {
        json.beginObject().field("EventType", event.type);
        const auto text = [&](std::string_view name, const std::optional<std::string> &value) {
            if (value)
                json.field(name, *value);
            else
                json.key(name).null();
        };
        text("EntityID", event.entity);
        json.key("EventData").raw(event.data);
        text("Severity", event.severity);
        text("Message", event.message);
        json.endObject();
    }
    json.endArray().key("entities").raw(listJson(output.entities, entityJson)).key("links").beginArray();
    for (const TransformerOutput::LinkRef &link : output.links)
        json.beginObject().field("SourceEntityID", link.source).field("DestinationEntityID", link.target).endObject();
    json.endArray().endObject();
    return out;
}

std::string dryRunJson(const DryRun &run)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("source_id").integer(run.source).key("transformer_id").integer(run.transformer);
    json.key("processed_data");
    if (run.output && !run.output.value().empty())
        json.raw(outputJson(run.output.value()));
    else
        json.null();
    json.field("status", run.output ? "Success" : "Failed");
    json.field("message", run.output ? "Successfully processed the event"
                                     : "Failed to process the event - " + run.output.error().text());
    json.endObject();
    return out;
}

void testEvent(const ChronosTools &tools, const ApiCall &call)
{
    auto event = readEvent(tools, call);
    if (!event)
        return;
    if (tools.desk == nullptr)
        return refuseChronos(*call.exchange, 503, "this server has no transformers");
    const auto shared = std::make_shared<RawEvent>(std::move(*event));
    tools.desk->post(
        false,
        [shared, tenants = call.caller.tenants](TransformStore &store) -> Status {
            shared->tenant = EVENTOPS_TRY(sourceOf(store, *shared, tenants)).tenant;
            return Ok{};
        },
        [shared, desk = tools.desk.get(), exchange = call.exchange](const Status &found) {
            if (!found)
                return refuseChronos(*exchange, chronosStatus(found.error()), found.error().text());
            desk->dryRun(*shared, [exchange](const Result<std::vector<DryRun>> &runs) {
                if (!runs)
                    return refuseChronos(*exchange, chronosStatus(runs.error()), runs.error().text());
                if (runs.value().empty())
                    return refuseChronos(*exchange, 404, "No transformers found for the given source");
                HttpResponse response;
                response.body = listJson(runs.value(), dryRunJson);
                exchange->respond(std::move(response));
            });
        });
}

Route handedIn(std::string_view path, std::string_view summary, std::function<void(ApiCall)> handle)
{
    Route route = chronosRoute("POST", path, summary, true, std::move(handle));
    route.anyBody = true; // for what the description says of it
    route.bodyTypes = {ContentTypes[0], ContentTypes[1], ContentTypes[2]};
    return route;
}

} // namespace

void addChronosEventRoutes(Router &router, const ChronosTools &tools)
{
    router.add(handedIn("/chronos/api/v1/event",
                        "Stores a raw event for the transformers of its source. Headers: x-event-source, Content-Type "
                        "as the source has it, and x-event-timestamp if it did not happen now. Answered when it is "
                        "stored.",
                        [tools](const ApiCall &call) { takeEvent(tools, call, true); }));
    router.add(handedIn("/chronos/api/v1/event/test",
                        "What the active transformers of its source would make of an event. Stores nothing.",
                        [tools](const ApiCall &call) { testEvent(tools, call); }));
    router.add(handedIn("/chronos/api/v1/raw_events/", "Stores a raw event and leaves it at that.",
                        [tools](const ApiCall &call) { takeEvent(tools, call, false); }));
    router.add(chronosRoute(
        "GET", "/chronos/api/v1/raw_events/", "The first hundred raw events.", false, [tools](const ApiCall &call) {
            answerChronos(tools, call, false,
                          [](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                              return listJson(EVENTOPS_TRY(store.rawEvents(RowsMax, tenants)), rawEventJson);
                          });
        }));
    router.add(chronosRoute(
        "GET", "/chronos/api/v1/raw_events/{raw_event_id}", "A raw event.", false, [tools](const ApiCall &call) {
            const auto id = chronosId(call, "raw_event_id");
            if (!id)
                return;
            answerChronos(tools, call, false,
                          [id](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                              return rawEventJson(EVENTOPS_TRY(store.rawEvent(*id, tenants)));
                          });
        }));
    router.add(chronosRoute("DELETE", "/chronos/api/v1/raw_events/{raw_event_id}", "Removes a raw event.", true,
                            [tools](const ApiCall &call) {
                                const auto id = chronosId(call, "raw_event_id");
                                if (!id)
                                    return;
                                answerChronos(
                                    tools, call, true,
                                    [id](TransformStore &store, const TenantList &tenants) -> Result<std::string> {
                                        const RawEvent event = EVENTOPS_TRY(store.rawEvent(*id, tenants));
                                        EVENTOPS_TRY(store.removeRaw(*id));
                                        return rawEventJson(event);
                                    });
                            }));
}

} // namespace eventops::api
