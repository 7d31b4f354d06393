// SPDX-License-Identifier: MIT
#include "core/api/router.h"

#include "core/api/problem.h"
#include "core/codec/json_reader.h"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace eventops::api {
namespace {

bool isPlaceholder(std::string_view segment)
{
    return segment.starts_with('{');
}

bool fits(const std::vector<std::string> &pattern, const std::vector<std::string> &segments)
{
    return std::equal(pattern.begin(), pattern.end(), segments.begin(), segments.end(),
                      [](const auto &want, const auto &is) { return isPlaceholder(want) || want == is; });
}

/// "text/plain; charset=x" → "text/plain", in lower case.
std::string mediaType(const std::string &contentType)
{
    std::string type = contentType.substr(0, contentType.find(';'));
    while (type.ends_with(' '))
        type.pop_back();
    std::transform(type.begin(), type.end(), type.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return type;
}

std::optional<HttpResponse> checkBody(const HttpRequest &request, const Route &route)
{
    if (route.readsAll)
        return std::nullopt;
    if (route.body.empty() && !route.anyBody) {
        if (request.body.empty())
            return std::nullopt;
        return problem(415, "this path takes no body", {.field = "Content-Type", .remedy = "send none"});
    }
    const std::string *type = request.header("content-type");
    const auto &types = route.bodyTypes;
    if (types.front() == AnyType)
        return std::nullopt;
    if (type != nullptr && request.headerCount("content-type") == 1
        && std::find(types.begin(), types.end(), mediaType(*type)) != types.end())
        return std::nullopt;
    std::string list;
    for (const std::string_view one : types)
        list += (list.empty() ? "send Content-Type: " : " or ") + std::string(one);
    return problem(415, "the body is not said to be JSON", {.field = "Content-Type", .remedy = list});
}

Error wrong(const ParameterSpec &spec, const std::string &value, std::string remedy)
{
    return Error{Error::Code::InvalidArgument,
                 std::string(spec.name) + ": \"" + value.substr(0, 100) + "\" will not do",
                 {},
                 std::move(remedy)};
}

Status checkValue(const ParameterSpec &spec, const std::string &value)
{
    if (spec.kind == ParameterSpec::Kind::Count) {
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (error != std::errc() || end != value.data() + value.size() || number == 0 || number > spec.max)
            return wrong(spec, value, "give a number from 1 to " + std::to_string(spec.max));
    }
    if (spec.kind == ParameterSpec::Kind::Choice
        && std::find(spec.choices.begin(), spec.choices.end(), value) == spec.choices.end()) {
        std::string list;
        for (const std::string_view choice : spec.choices)
            list += (list.empty() ? "give " : " or ") + std::string(choice);
        return wrong(spec, value, list);
    }
    if (spec.kind == ParameterSpec::Kind::Text && spec.max > 0 && value.size() > spec.max)
        return Error{Error::Code::InvalidArgument,
                     std::string(spec.name) + " is too long",
                     {},
                     "give at most " + std::to_string(spec.max) + " bytes"};
    return Ok{};
}

/// Takes @p name with @p value into @p out if @p specs know it.
Status take(const std::vector<ParameterSpec> &specs, std::string name, std::string value,
            std::vector<std::pair<std::string, std::string>> &out)
{
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const auto &s) { return s.name == name; });
    if (spec == specs.end()) {
        std::string known;
        for (const ParameterSpec &s : specs)
            known += (known.empty() ? "known are: " : ", ") + std::string(s.name);
        return Error{Error::Code::InvalidArgument,
                     "there is no parameter \"" + name.substr(0, 100) + "\"",
                     {},
                     known.empty() ? "leave it away" : known};
    }
    if (std::any_of(out.begin(), out.end(), [&](const auto &given) { return given.first == name; }))
        return Error{Error::Code::InvalidArgument, name + " is given twice", {}, "give it once"};
    EVENTOPS_TRY(checkValue(*spec, value));
    out.emplace_back(std::move(name), std::move(value));
    return Ok{};
}

Status takeBody(const Route &route, const std::string &body, ApiCall &call, std::string &field)
{
    JsonReader reader;
    if (const JsonFailure failure = reader.read(body))
        return Error{Error::Code::InvalidArgument, "the body is no JSON: " + failure.text()};
    if (reader.kind() != JsonKind::Object)
        return Error{Error::Code::InvalidArgument, "the body is no JSON object"};
    for (const JsonEntry &entry : reader.members()) {
        field = entry.name;
        std::string scratch;
        const JsonKind kind = jsonKind(entry.value);
        if (kind != JsonKind::String && kind != JsonKind::True && kind != JsonKind::False)
            return Error{Error::Code::InvalidArgument, field + " is neither a text nor true or false"};
        std::string value(kind == JsonKind::String ? jsonText(entry.value, scratch) : entry.value);
        EVENTOPS_TRY(take(route.body, field, std::move(value), call.parameters));
    }
    return Ok{};
}

} // namespace

const std::string &ApiCall::pathValue(std::string_view name) const
{
    const auto found = std::find_if(path.begin(), path.end(), [&](const auto &p) { return p.first == name; });
    assert(found != path.end());
    return found->second;
}

std::string ApiCall::text(std::string_view name) const
{
    const auto found =
        std::find_if(parameters.begin(), parameters.end(), [&](const auto &p) { return p.first == name; });
    if (found != parameters.end())
        return found->second;
    for (const auto *specs : {&route->query, &route->body}) {
        for (const ParameterSpec &spec : *specs) {
            if (spec.name == name && !spec.choices.empty())
                return std::string(spec.choices.front());
        }
    }
    return {};
}

std::uint64_t ApiCall::count(std::string_view name) const
{
    const std::string given = text(name);
    std::uint64_t number = 0;
    if (std::from_chars(given.data(), given.data() + given.size(), number).ec == std::errc() && !given.empty())
        return number;
    const auto &specs = route->query;
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const auto &s) { return s.name == name; });
    assert(spec != specs.end());
    return spec->fallback;
}

struct Router::Match {
    const Route *route = nullptr;
    std::vector<std::pair<std::string, std::string>> values;
};

void Router::add(Route route)
{
    // Templates obey the rules of paths, but for the braces, which are characters like others there.
    const bool slash = route.path.size() > 1 && route.path.ends_with('/');
    auto segments = parsePath(slash ? route.path.substr(0, route.path.size() - 1) : route.path);
    assert(segments);
    m_templates.push_back({std::move(segments).value(), slash});
    m_routes.push_back(std::move(route));
}

/// Nothing: @p found is the route. Else the refusal.
std::optional<HttpResponse> Router::match(const HttpRequest &request, std::string_view path, Match &found) const
{
    const bool slash = path.size() > 1 && path.ends_with('/');
    const auto segments = parsePath(slash ? path.substr(0, path.size() - 1) : path);
    if (!segments)
        return problem(segments.error(), "path");
    std::string allowed;
    for (std::size_t i = 0; i < m_routes.size(); ++i) {
        const Route &route = m_routes[i];
        const std::vector<std::string> &pattern = m_templates[i].segments;
        if ((slash && !m_templates[i].slash) || !fits(pattern, segments.value()))
            continue;
        const bool isGet = route.method == "GET";
        allowed += (allowed.empty() ? "" : ", ") + std::string(route.method) + (isGet ? ", HEAD" : "");
        if (request.method != route.method && !(isGet && request.method == "HEAD"))
            continue;
        found.route = &route;
        for (std::size_t s = 0; s < pattern.size(); ++s) {
            const std::string &name = pattern[s];
            if (isPlaceholder(name))
                found.values.emplace_back(name.substr(1, name.size() - 2), segments.value()[s]);
        }
        return std::nullopt;
    }
    if (allowed.empty() && slash) // an empty segment at its end: it could mean another one to somebody else
        return problem(parsePath(path).error(), "path");
    if (allowed.empty())
        return problem(404, "there is no such path", {.field = "path", .remedy = "see /docs"});
    HttpResponse response = problem(405, "the path does not take this method", {.remedy = "use " + allowed});
    response.headers.push_back({"Allow", allowed});
    return response;
}

Result<Ok> Router::readParameters(const HttpRequest &request, std::string_view query, ApiCall &call,
                                  std::string &field) const
{
    const auto members = EVENTOPS_TRY(parseQuery(query));
    for (const auto &[name, value] : members) {
        field = name;
        EVENTOPS_TRY(take(call.route->query, name, value, call.parameters));
    }
    field.clear();
    if (!call.route->body.empty() && !call.route->readsBody)
        EVENTOPS_TRY(takeBody(*call.route, request.body, call, field));
    for (const auto *specs : {&call.route->query, &call.route->body}) {
        for (const ParameterSpec &spec : *specs) {
            field = spec.name;
            if (spec.required && !call.route->readsBody && call.text(spec.name).empty())
                return Error{Error::Code::InvalidArgument, field + " is missing", {}, std::string(spec.help)};
        }
    }
    return Ok{};
}

void Router::handle(const std::shared_ptr<HttpExchange> &exchange) const
{
    const HttpRequest &request = exchange->request();
    if (auto refusal = m_access.checkOrigin(request))
        return exchange->respond(std::move(*refusal));
    const std::string_view target = request.target;
    const std::size_t mark = target.find('?');
    Match found;
    if (auto refusal = match(request, target.substr(0, mark), found))
        return exchange->respond(std::move(*refusal));
    exchange->matched(found.route->path);
    auto caller = m_access.callerOf(request, found.route->access);
    if (!caller)
        return exchange->respond(Access::challenge(request));
    if (auto refusal = checkBody(request, *found.route))
        return exchange->respond(std::move(*refusal));
    ApiCall call{exchange, std::move(*caller), std::move(found.values), {}, found.route};
    std::string field;
    const std::string_view query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    if (found.route->readsAll)
        return found.route->handle(std::move(call));
    if (const auto read = readParameters(request, query, call, field); !read)
        return exchange->respond(problem(read.error(), field));
    found.route->handle(std::move(call));
}

} // namespace eventops::api
