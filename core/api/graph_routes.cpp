// SPDX-License-Identifier: MIT
//
// Questions to the entity graph: ours with all that can be said, and Karma's with its two lists (contracts 3.1, U51).
#include "core/api/api_routes.h"

#include "core/api/problem.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/json_reader.h"

#include <charconv>
#include <limits>

namespace eventops::api {
namespace {

constexpr std::uint64_t NameBytesMax = 4'096;
constexpr std::string_view EmptyGraph = "{\"nodes\":[],\"edges\":[]}";

void ask(Backend &backend, const ApiCall &call, const GraphRequest &request, Done<GraphAnswer> done)
{
    Ticket ticket = backend.graph(call.caller, request, std::move(done));
    call.exchange->whenGone([ticket]() mutable { ticket.cancel(); });
}

void answerQuestion(Backend &backend, const ApiCall &call)
{
    GraphRequest request;
    const auto question = graphQuestion(call.pathValue("question"));
    if (!question)
        return call.exchange->respond(
            problem(404, "this cannot be asked of the graph",
                    {"question",
                     "ask neighbourhood, dependencies, downstream, what_if, orphans, shortest_path or "
                     "recent_changes",
                     {}}));
    request.question = *question;
    request.tenant = call.text("tenant");
    request.entity = {call.text("type"), call.text("entity")};
    request.to = {call.text("to_type"), call.text("to")};
    request.depth = static_cast<std::uint32_t>(call.count("depth"));
    request.entitiesMax = call.count("limit");
    if (const std::string within = call.text("within"); !within.empty()) {
        const auto ns = parseDurationNs(within);
        if (!ns)
            return call.exchange->respond(
                problem(400, "within is no duration", {"within", "give one like 90s, 5m, 2h or 7d", {}}));
        request.withinNs = *ns;
    }
    ask(backend, call, request, [exchange = call.exchange](const Result<GraphAnswer> &answer) {
        if (!answer)
            return exchange->respond(problem(answer.error(), "entity"));
        std::string body;
        appendGraphAnswerJson(body, answer.value());
        respondJson(*exchange, body + '\n');
    });
}

/// As Karma's Lambda says what is wrong.
void refuseQuery(HttpExchange &exchange, unsigned status, std::string_view why)
{
    std::string body;
    JsonWriter(body).beginObject().field("error", why).endObject();
    respondJson(exchange, std::move(body), status);
}

std::string karmaGraph(const GraphAnswer &answer)
{
    std::string body;
    JsonWriter json(body);
    json.beginObject().key("nodes").beginArray();
    for (const GraphAnswer::Node &node : answer.nodes) {
        const EntityKey &entity = node.reached.entity;
        json.beginObject().field("id", entity.id).field("label", entity.id).field("type", entity.type);
        if (node.standing != GraphAnswer::Standing::Reached)
            json.field("standing", toString(node.standing));
        json.endObject();
    }
    json.endArray().key("edges").beginArray();
    for (const Link &link : answer.links)
        json.beginObject()
            .field("from", link.sourceId)
            .field("to", link.targetId)
            .field("label", link.type)
            .endObject();
    json.endArray().endObject();
    return body;
}

/// The text that member @p name of @p parameters is; empty: none.
std::string textOf(std::string_view parameters, std::string_view name)
{
    const auto value = jsonMember(parameters, name);
    std::string scratch;
    return value && jsonKind(*value) == JsonKind::String ? std::string(jsonText(*value, scratch)) : std::string();
}

/// What a query's parameters say; where they say nothing, the most.
Result<GraphRequest> requestOf(GraphQuestion question, std::string_view parameters)
{
    GraphRequest request;
    request.question = question;
    request.tenant = textOf(parameters, "tenant");
    request.entity = {textOf(parameters, "entity_type"), textOf(parameters, "entity_id")};
    request.to = {textOf(parameters, "to_type"), textOf(parameters, "to")};
    if (const auto depth = jsonMember(parameters, "depth")) {
        const auto [end, error] = std::from_chars(depth->data(), depth->data() + depth->size(), request.depth);
        if (error != std::errc() || end != depth->data() + depth->size())
            return Error{Error::Code::InvalidArgument, "depth is no whole number", {},
                         "give one from 1 to " + std::to_string(GraphRequest::DepthMax)};
    }
    if (jsonMember(parameters, "within")) {
        const auto within = parseDurationNs(textOf(parameters, "within"));
        if (!within)
            return Error{Error::Code::InvalidArgument, "within is no duration", {}, "give one like 90s, 5m, 2h or 7d"};
        request.withinNs = *within;
    }
    if (needsEntity(question) && request.entity.id.empty()) { // of everything
        request.question = GraphQuestion::RecentChanges;
        request.withinNs = std::numeric_limits<std::int64_t>::max();
    }
    return request;
}

void answerQuery(Backend &backend, const ApiCall &call)
{
    JsonReader reader;
    if (const JsonFailure failure = reader.read(call.exchange->request().body))
        return refuseQuery(*call.exchange, 400, "the body is no JSON: " + failure.text());
    const JsonEntry *type = reader.find("query_type");
    if (type == nullptr)
        return refuseQuery(*call.exchange, 400, "Missing 'query_type'");
    std::string scratch;
    const bool isText = jsonKind(type->value) == JsonKind::String;
    const auto question = isText ? graphQuestion(jsonText(type->value, scratch)) : std::nullopt;
    const JsonEntry *given = reader.find("parameters");
    const bool isObject = given != nullptr && jsonKind(given->value) == JsonKind::Object;
    if (given != nullptr && !isObject && jsonKind(given->value) != JsonKind::Null)
        return refuseQuery(*call.exchange, 400, "'parameters' is no JSON object");
    if (!question)
        return respondJson(*call.exchange, std::string(EmptyGraph));
    const auto request = requestOf(*question, isObject ? given->value : std::string_view("{}"));
    if (!request)
        return refuseQuery(*call.exchange, 400, request.error().text());
    ask(backend, call, request.value(), [exchange = call.exchange](const Result<GraphAnswer> &answer) {
        if (answer)
            return respondJson(*exchange, karmaGraph(answer.value()));
        const Error::Code code = answer.error().code;
        if (code == Error::Code::NotFound) // of what is not there nothing is connected
            return respondJson(*exchange, std::string(EmptyGraph));
        refuseQuery(*exchange, code == Error::Code::InvalidArgument ? 400 : statusOf(code), answer.error().text());
    });
}

} // namespace

void addGraphRoutes(Router &router, const RouteTools &tools)
{
    constexpr std::string_view Json = "application/json";
    constexpr auto Text = ParameterSpec::Kind::Text;
    constexpr auto Count = ParameterSpec::Kind::Count;
    const ParameterSpec limit{"limit", Count, "At most so many nodes.", 1'000, GraphRequest::EntitiesMax};
    const ParameterSpec depth{"depth", Count, "At most so many links away.", GraphRequest::DepthMax,
                              GraphRequest::DepthMax};
    router.add({"GET",
                "/api/v1/graph/{question}",
                RouteAccess::Token,
                "Asks the graph of one tenant: neighbourhood, dependencies, downstream, what_if (of an entity), "
                "shortest_path (to another), orphans, recent_changes.",
                Json,
                {{"entity", Text, "Id of the entity.", 0, NameBytesMax},
                 {"type", Text, "Its type, where several have the id.", 0, NameBytesMax},
                 {"to", Text, "shortest_path: where it leads.", 0, NameBytesMax},
                 {"to_type", Text, "Type of that one.", 0, NameBytesMax},
                 {"tenant", Text, "Whose graph, where there are several.", 0, NameBytesMax},
                 {"within", Text, "recent_changes: so long before the workspace clock; 1h.", 0, NameBytesMax},
                 depth,
                 limit},
                {},
                [backend = tools.backend](const ApiCall &call) {
                    answerQuestion(*backend, call);
                }});
}

Route karmaGraphQuery(const RouteTools &tools)
{
    constexpr std::string_view Json = "application/json";
    Route route{"POST",
                {},
                RouteAccess::Seed,
                "Karma's graph query: recent_changes, dependencies and the other questions; parameters may hold "
                "entity_id, entity_type, to, to_type, tenant, depth, within. What is not known has no nodes.",
                Json,
                {},
                {{"query_type", ParameterSpec::Kind::Text, "What is asked.", 0, 0, {}, true},
                 {"parameters", ParameterSpec::Kind::Object, "What it is asked of."}},
                [backend = tools.backend](const ApiCall &call) {
                    answerQuery(*backend, call);
                }};
    route.readsBody = true;
    route.errors = Json;
    return route;
}

} // namespace eventops::api
