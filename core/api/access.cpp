// SPDX-License-Identifier: MIT
#include "core/api/access.h"

#include "core/api/problem.h"

#include <algorithm>

namespace eventops::api {
namespace {

constexpr std::string_view LoopbackNames[] = {"localhost", "127.0.0.1", "[::1]"};

bool equalsIgnoringCase(std::string_view text, std::string_view lower)
{
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b; });
}

/// "name:8080"; the colons of an address stand in brackets.
bool namesPort(std::string_view name)
{
    const std::size_t bracket = name.rfind(']');
    return name.find(':', bracket == std::string_view::npos ? 0 : bracket) != std::string_view::npos;
}

ServerNames inLowerCase(ServerNames names)
{
    for (std::string &host : names.hosts)
        std::transform(host.begin(), host.end(), host.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return names;
}

} // namespace

Access::Access(std::vector<ApiToken> tokens, bool insecureLoopback, ServerNames names)
    : m_tokens(std::move(tokens)),
      m_insecureLoopback(insecureLoopback),
      m_names(inLowerCase(std::move(names))),
      m_sessions(m_names.tls)
{
}

/// @p authority: name and port, as Host has them.
bool Access::isOurs(std::string_view authority) const
{
    const std::uint16_t port = m_port;
    if (port == 0)
        return false;
    const auto isIt = [&](std::string_view name) {
        return equalsIgnoringCase(authority, name);
    };
    // A port of its own: somebody hands on from there.
    const auto isWhole = [&](const std::string &name) {
        return namesPort(name) && isIt(name);
    };
    if (std::any_of(m_names.hosts.begin(), m_names.hosts.end(), isWhole))
        return true;
    const std::string end = ':' + std::to_string(port);
    if (authority.ends_with(end))
        authority.remove_suffix(end.size());
    else if (port != (m_names.tls ? 443 : 80)) // the one that goes without saying
        return false;
    return std::any_of(std::begin(LoopbackNames), std::end(LoopbackNames), isIt)
           || std::any_of(m_names.hosts.begin(), m_names.hosts.end(), isIt);
}

std::optional<HttpResponse> Access::checkOrigin(const HttpRequest &request) const
{
    const std::string *host = request.header("host");
    if (host == nullptr || request.headerCount("host") != 1)
        return problem(400, "the request does not have one Host header", {.field = "Host", .remedy = "send one"});
    if (!isOurs(*host))
        return problem(421, "this server is not called so",
                       {.field = "Host",
                        .remedy = m_names.hosts.empty()
                                      ? "ask localhost or 127.0.0.1 with the port it listens on"
                                      : "ask a name that it was started with, or start it with --host-name NAME"});
    if (const std::string *origin = request.header("origin")) {
        const std::string_view scheme = m_names.tls ? "https://" : "http://";
        const bool ours = request.headerCount("origin") == 1 && origin->starts_with(scheme)
                          && isOurs(std::string_view(*origin).substr(scheme.size()));
        if (!ours)
            return problem(403, "pages of other origins may not ask here",
                           {.field = "Origin", .remedy = "ask from a program, or from a page of this server"});
    }
    return std::nullopt;
}

std::optional<Caller> Access::callerOf(const HttpRequest &request, RouteAccess access)
{
    if (access == RouteAccess::Public || access == RouteAccess::Signed)
        return Caller{"anybody", Role::Viewer, {}};
    const std::string *authorization = request.header("authorization");
    if (authorization == nullptr && access != RouteAccess::Token && m_insecureLoopback)
        return Caller{"anybody", access == RouteAccess::SeedIngest ? Role::Operator : Role::Viewer, {}};
    const std::string *cookies = request.header("cookie");
    if (authorization == nullptr && cookies != nullptr && request.headerCount("cookie") == 1
        && (request.method == "GET" || request.method == "HEAD"))
        return m_sessions.find(*cookies);
    constexpr std::string_view Scheme = "bearer ";
    if (authorization == nullptr || request.headerCount("authorization") != 1
        || !equalsIgnoringCase(std::string_view(*authorization).substr(0, Scheme.size()), Scheme))
        return std::nullopt;
    std::string_view token(*authorization);
    token.remove_prefix(Scheme.size());
    while (token.starts_with(' '))
        token.remove_prefix(1);
    const Caller *caller = findCaller(m_tokens, token);
    return caller == nullptr ? std::nullopt : std::optional<Caller>(*caller);
}

HttpResponse Access::challenge(const HttpRequest &request)
{
    const bool tried = request.header("authorization") != nullptr;
    HttpResponse response =
        problem(401, tried ? "the token is not known here" : "a token is needed",
                {.field = "Authorization",
                 .remedy = "send `Authorization: Bearer TOKEN` with a token of the workspace's file api_tokens"});
    response.headers.push_back(
        {"WWW-Authenticate", std::string("Bearer realm=\"eventops\"") + (tried ? ", error=\"invalid_token\"" : "")});
    return response;
}

} // namespace eventops::api
