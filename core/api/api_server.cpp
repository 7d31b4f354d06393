// SPDX-License-Identifier: MIT
#include "core/api/api_server.h"

#include "core/api/api_routes.h"
#include "core/api/attach_session.h"
#include "core/api/traced_exchange.h"
#include "core/session/guarded_backend.h"

#include <algorithm>

namespace eventops::api {

struct ApiServer::Parts {
    Parts(Backend &backend, std::vector<ApiToken> tokens, const ApiOptions &options)
        : access(std::move(tokens), options.insecureLoopback),
          router(access),
          guard(std::make_shared<GuardedBackend>(backend,
                                                 options.readOnly ? GuardMode::ByRoleReadOnly : GuardMode::ByRole)),
          feed(AlertFeed::start(guard))
    {
    }
    Access access;
    Router router;
    const std::shared_ptr<GuardedBackend> guard;
    const std::shared_ptr<AlertFeed> feed;
    std::string address;
    std::vector<ApiMount> mounts; ///< Their routes name them.
    std::unique_ptr<HttpServer> server; ///< Last: goes first.
};

namespace {

/// @p mounts: outlive the router.
Status addMounts(Router &router, const RouteTools &tools, const std::vector<ApiMount> &mounts)
{
    for (const ApiMount &mount : mounts) {
        const auto taken = std::find_if(router.routes().begin(), router.routes().end(), [&](const Route &route) {
            return route.method == mount.method && route.path == mount.path;
        });
        if (taken != router.routes().end() || !mount.path.starts_with('/'))
            return Error{Error::Code::InvalidConfig,
                         mount.method + ' ' + mount.path + (mount.path.starts_with('/') ? " is taken" : " is no path"),
                         {},
                         "describe another path for " + mount.nickname};
        Route route;
        if (mount.handler == "karma-log-handler")
            route = karmaLogHandler(tools);
        else if (mount.handler == "karma-graph-query")
            route = karmaGraphQuery(tools);
        else
            return Error{Error::Code::InvalidConfig,
                         "there is no handler \"" + mount.handler + "\" for " + mount.nickname,
                         {},
                         "use karma-log-handler or karma-graph-query"};
        if (route.method != mount.method)
            return Error{Error::Code::InvalidConfig,
                         mount.handler + " takes " + std::string(route.method) + " alone, and " + mount.path
                             + " is described as " + mount.method,
                         {},
                         "describe it as " + std::string(route.method)};
        route.path = mount.path;
        route.lambda = mount.nickname;
        router.add(std::move(route));
    }
    return Ok{};
}

} // namespace

ApiServer::ApiServer(std::unique_ptr<Parts> made) : m_parts(std::move(made)) {}

Result<std::unique_ptr<ApiServer>> ApiServer::start(Backend &backend, std::vector<ApiToken> tokens,
                                                    const ApiOptions &options)
{
    const std::string address = options.address == "localhost" ? "127.0.0.1" : options.address;
    if (address != "::1" && !address.starts_with("127."))
        return Error{Error::Code::Refused,
                     "\"" + options.address
                         + "\" is no loopback address, and off loopback tokens "
                           "would be sent for anybody to read",
                     {},
                     "serve on 127.0.0.1, and reach it by ssh -L or behind a proxy that speaks TLS"};
    auto parts = std::make_unique<Parts>(backend, std::move(tokens), options);
    const RouteTools tools{parts->guard, parts->feed, std::make_shared<HttpStatistics>()};
    addHealthRoutes(parts->router, tools);
    addEventRoutes(parts->router, tools);
    addIngestRoutes(parts->router, tools);
    addRowRoutes(parts->router, tools);
    addGraphRoutes(parts->router, tools);
    addDecisionRoutes(parts->router, tools);
    addSeedRoutes(parts->router, tools);
    const auto attach = std::make_shared<AttachShare>();
    attach->backend = parts->guard;
    attach->limits = options.attach;
    attach->statistics = tools.statistics;
    addAttachRoute(parts->router, attach);
    parts->mounts = options.mounts;
    EVENTOPS_TRY(addMounts(parts->router, tools, parts->mounts));
    addPageRoutes(parts->router, parts->access);
    addDocsRoutes(parts->router);
    Parts &made = *parts;
    std::unique_ptr<ApiServer> server(new ApiServer(std::move(parts))); // stops the feed if there is no port
    made.address = address;
    made.server = EVENTOPS_TRY(HttpServer::listen(
        address, options.port, options.limits,
        [&made, telemetry = options.telemetry](std::shared_ptr<HttpExchange> exchange) {
            made.router.handle(telemetry ? traced(std::move(exchange), telemetry) : std::move(exchange));
        },
        tools.statistics));
    made.access.setPort(made.server->port());
    return server;
}

ApiServer::~ApiServer()
{
    m_parts->feed->stop();
    m_parts->server.reset();
}

std::uint16_t ApiServer::port() const
{
    return m_parts->server->port();
}

std::string ApiServer::url() const
{
    const bool six = m_parts->address.find(':') != std::string::npos;
    return "http://" + (six ? "[" + m_parts->address + "]" : m_parts->address) + ":" + std::to_string(port());
}

const std::vector<Route> &ApiServer::routes() const
{
    return m_parts->router.routes();
}

} // namespace eventops::api
