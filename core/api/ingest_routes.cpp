// SPDX-License-Identifier: MIT
//
// Events handed in: one or many at a time in any envelope that is known, and one at a time as Karma's log handler takes
// them (contracts K14, K20, X10). Answered when they are stored, so a good answer is a promise.
#include "core/api/api_routes.h"

#include "core/api/handed_in.h"
#include "core/api/problem.h"
#include "core/base/json.h"
#include "core/codec/json_reader.h"

#include <algorithm>
#include <initializer_list>

namespace eventops::api {
namespace {

constexpr std::string_view NdjsonType = "application/x-ndjson";
void takeEvents(Backend &backend, const ApiCall &call)
{
    const HttpRequest &http = call.exchange->request();
    const std::string *type = http.header("content-type");
    std::string content;
    if (auto refusal = readContent(http, content))
        return call.exchange->respond(std::move(*refusal));
    const bool lines = type != nullptr && type->starts_with(NdjsonType);
    IngestRequest request = lines ? linesOf(std::move(content)) : documentsOf(std::move(content));
    if (request.records.empty())
        return call.exchange->respond(problem(400, "the body holds no event",
                                              {"body", "send a JSON object, an array of them, or one a line", {}}));
    backend.ingest(call.caller, std::move(request), [exchange = call.exchange](const Result<IngestOutcome> &outcome) {
        if (!outcome)
            return exchange->respond(problem(outcome.error()));
        respondJson(*exchange, outcomeJson(outcome.value()), isRefused(outcome.value()) ? 422 : 200);
    });
}

/// As Karma's Lambda says what is wrong.
void refuseEvent(HttpExchange &exchange, unsigned status, std::string_view why)
{
    std::string body;
    JsonWriter(body).beginObject().field("error", why).endObject();
    respondJson(exchange, std::move(body), status);
}

bool isKind(const JsonEntry &entry, std::initializer_list<JsonKind> kinds)
{
    return std::find(kinds.begin(), kinds.end(), jsonKind(entry.value)) != kinds.end();
}

/// Why a JSON document is no event of Karma's; empty: it is one. What is no JSON is the decoder's to refuse.
std::string_view notAnEvent(std::string_view body)
{
    JsonReader reader;
    if (reader.read(body))
        return {};
    if (reader.kind() != JsonKind::Object)
        return "the event is no JSON object";
    if (reader.find("ts") != nullptr && reader.find("event_type") != nullptr)
        return {};
    const JsonEntry *type = reader.find("type");
    if (type == nullptr)
        return "Missing 'type'";
    if (!isKind(*type, {JsonKind::String}))
        return "'type' is no text";
    const JsonEntry *timestamp = reader.find("timestamp");
    if (timestamp == nullptr)
        return "Missing 'timestamp'";
    if (!isKind(*timestamp, {JsonKind::String, JsonKind::Number}))
        return "'timestamp' is neither RFC 3339 nor a Unix time";
    const JsonEntry *metadata = reader.find("metadata");
    return metadata == nullptr || isKind(*metadata, {JsonKind::Object, JsonKind::Null})
               ? std::string_view()
               : "'metadata' is no JSON object";
}

void logEvent(Backend &backend, const ApiCall &call)
{
    IngestRequest request = oneRecord(call.exchange->request().body);
    if (const std::string_view wrong = notAnEvent(request.bytes); !wrong.empty())
        return refuseEvent(*call.exchange, 400, wrong);
    backend.ingest(call.caller, std::move(request), [exchange = call.exchange](const Result<IngestOutcome> &outcome) {
        if (!outcome) {
            const unsigned status = statusOf(outcome.error().code);
            return status == 503 ? exchange->respond(problem(outcome.error()))
                                 : refuseEvent(*exchange, status, outcome.error().text());
        }
        if (!outcome.value().refused.empty())
            return refuseEvent(*exchange, 400, outcome.value().refused.front().detail + "; kept as a dead letter");
        respondJson(*exchange, "{\"message\":\"Event logged successfully\"}", 201);
    });
}

} // namespace

void addIngestRoutes(Router &router, const RouteTools &tools)
{
    constexpr std::string_view Json = "application/json";
    Route own{"POST",
              "/api/v1/events",
              RouteAccess::Token,
              "Stores events of any known envelope: a JSON object, an array of them, or one a line. Answered when all "
              "are stored, with what became of them; 422 when every one went to the dead letters. For operators.",
              Json,
              {},
              {},
              [backend = tools.backend](const ApiCall &call) {
                  takeEvents(*backend, call);
              }};
    own.anyBody = true;
    own.bodyTypes = {Json, NdjsonType};
    router.add(std::move(own));
}

Route karmaLogHandler(const RouteTools &tools)
{
    constexpr auto Text = ParameterSpec::Kind::Text;
    constexpr std::string_view Json = "application/json";
    Route route{"POST",
                {},
                RouteAccess::SeedIngest,
                "Karma's log handler: stores one event, as {type, timestamp, metadata} or as the whole envelope. "
                "Answered when it is stored.",
                Json,
                {},
                {{"type", Text, "What happened.", 0, 0, {}, true},
                 {"timestamp", Text, "When, by RFC 3339.", 0, 0, {}, true},
                 {"metadata", ParameterSpec::Kind::Object, "What else is known of it."}},
                [backend = tools.backend](const ApiCall &call) {
                    logEvent(*backend, call);
                }};
    route.readsBody = true;
    route.goodStatus = 201;
    route.errors = Json;
    return route;
}

} // namespace eventops::api
