// SPDX-License-Identifier: MIT
#include "core/api/api_server.h"

#include "core/api/api_routes.h"
#include "core/api/attach_session.h"
#include "core/api/chronos_routes.h"
#include "core/api/traced_exchange.h"
#include "core/session/guarded_backend.h"

#include <algorithm>

namespace eventops::api {

namespace {

bool isLoopback(const std::string &address)
{
    return address == "localhost" || address == "::1" || address.starts_with("127.");
}

bool isEveryAddress(const std::string &address)
{
    return address == "0.0.0.0" || address == "::";
}

std::string asHost(const std::string &address)
{
    return address.find(':') != std::string::npos ? '[' + address + ']' : address;
}

ServerNames namesOf(const ApiOptions &options)
{
    ServerNames names{options.hostNames, options.tls.has_value()};
    if (!isLoopback(options.address) && !isEveryAddress(options.address))
        names.hosts.push_back(asHost(options.address));
    return names;
}

/// Off loopback nothing goes in the clear, and it is known by which names we are asked.
Status checkAddress(const ApiOptions &options)
{
    if (isLoopback(options.address))
        return Ok{};
    const auto refused = [](std::string message, std::string remedy) {
        return Error{Error::Code::Refused, std::move(message), {}, std::move(remedy)};
    };
    if (!options.tls)
        return refused("\"" + options.address
                           + "\" is no loopback address, and off loopback tokens would be sent for anybody to read",
                       "name a certificate with --tls-cert and --tls-key; or serve on 127.0.0.1, and reach it by "
                       "ssh -L or behind a proxy that speaks TLS");
    if (options.insecureLoopback)
        return refused("--insecure-loopback is for loopback alone", "leave it out, or serve on 127.0.0.1");
    if (isEveryAddress(options.address) && options.hostNames.empty())
        return refused("on every address of this machine the server has to know what it is called",
                       "name it as its clients do: --host-name ops.example.com");
    return Ok{};
}

} // namespace

struct ApiServer::Parts {
    Parts(Backend &backend, std::vector<ApiToken> tokens, const ApiOptions &options)
        : access(std::move(tokens), options.insecureLoopback, namesOf(options)),
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
    std::string scheme, address;        ///< Of our URL.
    std::vector<ApiMount> mounts;       ///< Their routes name them.
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
    EVENTOPS_TRY(checkAddress(options));
    auto parts = std::make_unique<Parts>(backend, std::move(tokens), options);
    const RouteTools tools{parts->guard, parts->feed, std::make_shared<HttpStatistics>()};
    addHealthRoutes(parts->router, tools);
    addEventRoutes(parts->router, tools);
    addIngestRoutes(parts->router, tools);
    addIntakeRoutes(parts->router, tools, options.intakes);
    addRowRoutes(parts->router, tools);
    addGraphRoutes(parts->router, tools);
    addDecisionRoutes(parts->router, tools);
    addSeedRoutes(parts->router, tools);
    addReplayRoutes(parts->router, std::make_shared<ReplayDesk>(parts->guard, options.replays));
    addCallbackRoutes(parts->router, options.readOnly ? nullptr : options.callbacks);
    ChronosTools chronos = options.transforms;
    chronos.readOnly = options.readOnly;
    addChronosSetupRoutes(parts->router, chronos);
    addChronosEventRoutes(parts->router, chronos);
    addChronosProcessedRoutes(parts->router, chronos);
    addChronosGraphRoutes(parts->router, chronos);
    addChronosClusterRoutes(parts->router, chronos);
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
    const auto name = std::find_if(options.hostNames.begin(), options.hostNames.end(),
                                   [](const std::string &one) { return one.find(':') == std::string::npos; });
    made.address = name == options.hostNames.end() ? asHost(address) : *name;
    made.scheme = options.tls ? "https://" : "http://";
    made.server = EVENTOPS_TRY(HttpServer::listen(
        address, options.port, options.limits,
        [&made, telemetry = options.telemetry](std::shared_ptr<HttpExchange> exchange) {
            made.router.handle(telemetry ? traced(std::move(exchange), telemetry) : std::move(exchange));
        },
        tools.statistics, options.tls));
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
    return m_parts->scheme + m_parts->address + ":" + std::to_string(port());
}

const std::vector<Route> &ApiServer::routes() const
{
    return m_parts->router.routes();
}

} // namespace eventops::api
