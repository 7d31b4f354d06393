// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/access.h"
#include "core/api/http_message.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::api {

/// A parameter of a query string, or a member of a JSON body.
struct ParameterSpec {
    enum class Kind : std::uint8_t { Text, Count, Choice, Object }; // Object: only of bodies that `handle` reads
    std::string_view name;
    Kind kind = Kind::Text;
    std::string_view help;                      ///< One sentence.
    std::uint64_t fallback = 0;                 ///< Count: when it is not given.
    std::uint64_t max = 0;                      ///< Count: from 1 to this. Text: bytes; 0: as many as a request holds.
    std::vector<std::string_view> choices = {}; ///< The first is the default.
    bool required = false;
};

/// A request that passed all checks of its route.
class ApiCall
{
public:
    std::shared_ptr<HttpExchange> exchange;
    Caller caller;
    std::vector<std::pair<std::string, std::string>> path;       ///< By name in the template.
    std::vector<std::pair<std::string, std::string>> parameters; ///< Of query and body, as given.

    const std::string &pathValue(std::string_view name) const; ///< Asserts that the route has it.
    std::string text(std::string_view name) const;             ///< Empty: not given.
    std::uint64_t count(std::string_view name) const;          ///< Asserts that the route has it.

    const struct Route *route = nullptr;
};

/// As the one content type of a route: the body may have any, and none.
inline constexpr std::string_view AnyType = "*/*";

/// What a route says of itself: checks, /openapi.json and the documentation page all come from here.
struct Route {
    std::string_view method = {}; ///< "GET" answers HEAD, too.
    std::string_view path = {};   ///< "/api/v1/findings/{id}"; with '/' at its end it is also found without.
    RouteAccess access = RouteAccess::Token;
    std::string_view summary = {};
    std::string_view answers = {}; ///< Content type of a good answer.
    std::vector<ParameterSpec> query = {};
    std::vector<ParameterSpec> body = {}; ///< Of POST: members of the JSON object that it takes.
    std::function<void(ApiCall)> handle = {};
    bool anyBody = false;      ///< The body is JSON of any shape, which `handle` reads; `body` is empty.
    unsigned goodStatus = 200; ///< Of a good answer.
    std::string_view errors = "application/problem+json"; ///< Content type of what `handle` refuses with.
    bool readsBody = false;       ///< `handle` reads the JSON body by itself, which may hold more than `body` tells.
    std::vector<std::string_view> bodyTypes = {"application/json"}; ///< Content types the body may have.
    bool readsAll = false;        ///< `handle` reads query and body by itself, whatever content type there is.
    std::string_view lambda = {}; ///< Name of the handler in the API description, by which others resolve it (K16).
};

/// Finds the route of a request, checks everything that does not depend on the workspace, and hands the call on.
/// Order: Host, Origin, path, route, method, token, body, parameters. Thread: any, once all routes are there.
class Router
{
public:
    explicit Router(Access &access) : m_access(access) {}
    void add(Route route);
    const std::vector<Route> &routes() const { return m_routes; }
    void handle(const std::shared_ptr<HttpExchange> &exchange) const;

private:
    struct Match;
    std::optional<HttpResponse> match(const HttpRequest &request, std::string_view path, Match &found) const;
    Result<Ok> readParameters(const HttpRequest &request, std::string_view query, ApiCall &call,
                              std::string &field) const;

    Access &m_access;
    std::vector<Route> m_routes;
    struct Template {
        std::vector<std::string> segments; ///< "{id}" stands for any.
        bool slash = false;                ///< May be asked for with '/' at its end.
    };
    std::vector<Template> m_templates; ///< Of m_routes.
};

} // namespace eventops::api
