// SPDX-License-Identifier: MIT
//
// What the server says of itself: OpenAPI 3 and a page for people, both made from the table of routes.
#include "core/api/api_routes.h"

#include "core/base/json.h"

#include <map>

namespace eventops::api {
namespace {

void appendSchema(JsonWriter &json, const ParameterSpec &spec)
{
    json.beginObject();
    if (spec.kind == ParameterSpec::Kind::Count) {
        json.field("type", "integer").key("minimum").unsignedInteger(1).key("maximum").unsignedInteger(spec.max);
        json.key("default").unsignedInteger(spec.fallback);
    } else if (spec.kind == ParameterSpec::Kind::Object) {
        json.field("type", "object");
    } else {
        json.field("type", "string");
        if (spec.max > 0)
            json.key("maxLength").unsignedInteger(spec.max);
    }
    if (!spec.choices.empty()) {
        json.key("enum").beginArray();
        for (const std::string_view choice : spec.choices)
            json.string(choice);
        json.endArray().field("default", spec.choices.front());
    }
    json.endObject();
}

void appendParameters(JsonWriter &json, const Route &route)
{
    json.key("parameters").beginArray();
    std::string_view path = route.path;
    for (std::size_t open = path.find('{'); open != std::string_view::npos; open = path.find('{')) {
        const std::size_t close = path.find('}');
        json.beginObject().field("name", path.substr(open + 1, close - open - 1)).field("in", "path");
        json.key("required").boolean(true).key("schema").beginObject().field("type", "string").endObject().endObject();
        path.remove_prefix(close + 1);
    }
    for (const ParameterSpec &spec : route.query) {
        json.beginObject().field("name", spec.name).field("in", "query").field("description", spec.help);
        json.key("required").boolean(spec.required);
        appendSchema(json.key("schema"), spec);
        json.endObject();
    }
    json.endArray();
}

void appendBody(JsonWriter &json, const Route &route)
{
    json.key("requestBody").beginObject().key("required").boolean(true).key("content").beginObject();
    if (route.anyBody) {
        for (const std::string_view type : route.bodyTypes)
            json.key(type).beginObject().key("schema").beginObject().endObject().endObject();
        json.endObject().endObject();
        return;
    }
    json.key("application/json").beginObject().key("schema").beginObject().field("type", "object");
    json.key("additionalProperties").boolean(route.readsBody).key("properties").beginObject();
    for (const ParameterSpec &spec : route.body)
        appendSchema(json.key(spec.name), spec);
    json.endObject().key("required").beginArray();
    for (const ParameterSpec &spec : route.body) {
        if (spec.required)
            json.string(spec.name);
    }
    json.endArray().endObject().endObject().endObject().endObject();
}

/// "getApiV1FindingsId"
std::string operationId(const Route &route)
{
    std::string id(route.method);
    for (char &c : id)
        c = static_cast<char>(c | 0x20);
    bool upper = true;
    for (const char c : route.path) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (letter)
            id += upper && c >= 'a' ? static_cast<char>(c & ~0x20) : c;
        upper = !letter;
    }
    return id;
}

void appendOperation(JsonWriter &json, const Route &route)
{
    std::string method(route.method);
    for (char &c : method)
        c = static_cast<char>(c | 0x20);
    json.key(method).beginObject().field("operationId", operationId(route)).field("summary", route.summary);
    if (!route.lambda.empty())
        json.field("x-lambda-nickname", route.lambda);
    appendParameters(json, route);
    if (!route.body.empty() || route.anyBody)
        appendBody(json, route);
    json.key("security").beginArray();
    if (route.access != RouteAccess::Public)
        json.beginObject()
            .key(route.access == RouteAccess::Signed ? "signature" : "token")
            .beginArray()
            .endArray()
            .endObject();
    json.endArray().key("responses").beginObject().key(std::to_string(route.goodStatus)).beginObject();
    json.field("description", "As asked.");
    json.key("content").beginObject().key(route.answers).beginObject().endObject().endObject().endObject();
    json.key("default").beginObject().field("description", "What is wrong, and what to do about it (RFC 9457).");
    json.key("content").beginObject().key("application/problem+json").beginObject().key("schema").beginObject();
    json.field("$ref", "#/components/schemas/Problem").endObject().endObject();
    if (route.errors != "application/problem+json")
        json.key(route.errors).beginObject().endObject();
    json.endObject().endObject().endObject();
    json.endObject();
}

void appendComponents(JsonWriter &json)
{
    json.key("components").beginObject().key("securitySchemes").beginObject().key("token").beginObject();
    json.field("type", "http").field("scheme", "bearer").endObject();
    json.key("signature").beginObject().field("type", "apiKey").field("in", "header");
    json.field("name", "webhook-signature").field("description", "Standard Webhooks 1.0.0").endObject().endObject();
    json.key("schemas").beginObject().key("Problem").beginObject().field("type", "object").key("properties");
    json.beginObject();
    for (const std::string_view name : {"type", "title", "detail", "field", "remedy", "code"})
        json.key(name).beginObject().field("type", "string").endObject();
    json.key("status").beginObject().field("type", "integer").endObject().endObject();
    json.key("required").beginArray().string("title").string("status").string("detail").endArray();
    json.endObject().endObject().endObject();
}

/// @p prefix: of the paths that are told.
std::string openApi(const std::vector<Route> &routes, std::string_view prefix)
{
    std::map<std::string_view, std::vector<const Route *>> paths;
    for (const Route &route : routes) {
        if (route.path.starts_with(prefix))
            paths[route.path].push_back(&route);
    }
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("openapi", "3.0.3").key("info").beginObject().field("title", "EventOps Console");
    json.field("version", "1").field("description", "One workspace, as its console sees it.").endObject();
    json.key("paths").beginObject();
    for (const auto &[path, methods] : paths) {
        json.key(path).beginObject();
        for (const Route *route : methods)
            appendOperation(json, *route);
        json.endObject();
    }
    json.endObject();
    appendComponents(json);
    json.endObject();
    return out + "\n";
}

std::string htmlText(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += c;
        }
    }
    return out;
}

void appendParameterRows(std::string &out, const std::vector<ParameterSpec> &specs, const char *where)
{
    for (const ParameterSpec &spec : specs) {
        out += "<tr><td><code>" + htmlText(spec.name) + "</code></td><td>" + where + "</td><td>" + htmlText(spec.help);
        for (const std::string_view choice : spec.choices)
            out += (choice == spec.choices.front() ? " One of <code>" : ", <code>") + htmlText(choice) + "</code>";
        if (spec.kind == ParameterSpec::Kind::Count)
            out += " From 1 to " + std::to_string(spec.max) + ", else " + std::to_string(spec.fallback) + ".";
        out += spec.required ? " Required.</td></tr>\n" : "</td></tr>\n";
    }
}

/// Needs nothing from anywhere else: no script, no style sheet, no font.
std::string page(const std::vector<Route> &routes, std::string_view prefix)
{
    const std::string json = (prefix.size() > 1 ? std::string(prefix) : std::string()) + "/openapi.json";
    std::string out =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>EventOps API</title>\n"
        "<style>body{font:1em/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "td{padding:0 1em 0 0;vertical-align:top}h2{font-size:1em;margin:2em 0 0}</style></head>\n"
        "<body><h1>EventOps API</h1>\n<p>Send <code>Authorization: Bearer TOKEN</code> with a token of the "
        "workspace's file <code>api_tokens</code>. What goes wrong is told as "
        "<code>application/problem+json</code> with the field and what to do. For programs: "
        "<a href=\""
        + json + "\">openapi.json</a>.</p>\n";
    for (const Route &route : routes) {
        if (!route.path.starts_with(prefix))
            continue;
        out += "<h2><code>" + htmlText(route.method) + ' ' + htmlText(route.path) + "</code>";
        out += route.access == RouteAccess::Public   ? " (no token)</h2>\n"
               : route.access == RouteAccess::Signed ? " (signed)</h2>\n"
                                                     : "</h2>\n";
        out += "<div>" + htmlText(route.summary) + "</div>\n<table>\n";
        appendParameterRows(out, route.query, "query");
        appendParameterRows(out, route.body, "body");
        for (const std::string_view type : route.anyBody ? route.bodyTypes : std::vector<std::string_view>())
            out += "<tr><td><code>" + htmlText(type) + "</code></td><td>body</td><td></td></tr>\n";
        out += "</table>\n";
    }
    return out + "</body></html>\n";
}

} // namespace

void addDocsRoutes(Router &router)
{
    struct Part {
        std::string_view prefix, json, page, ofPrograms, ofPeople;
    };
    constexpr Part Parts[] = {
        {"/", "/openapi.json", "/docs", "This API for programs, as OpenAPI 3.", "This API for people."},
        {"/chronos", "/chronos/openapi.json", "/chronos/docs", "Chronos' part of it for programs.",
         "Chronos' part of it for people."}};
    for (const Part &part : Parts) {
        router.add({"GET",
                    part.json,
                    RouteAccess::Public,
                    part.ofPrograms,
                    "application/json",
                    {},
                    {},
                    [&router, prefix = part.prefix](const ApiCall &call) {
                        respondJson(*call.exchange, openApi(router.routes(), prefix));
                    }});
        router.add({"GET",
                    part.page,
                    RouteAccess::Public,
                    part.ofPeople,
                    "text/html",
                    {},
                    {},
                    [&router, prefix = part.prefix](const ApiCall &call) {
                        HttpResponse response;
                        response.contentType = "text/html; charset=utf-8";
                        response.headers.push_back(
                            {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"});
                        response.body = page(router.routes(), prefix);
                        call.exchange->respond(std::move(response));
                    }});
    }
}

} // namespace eventops::api
