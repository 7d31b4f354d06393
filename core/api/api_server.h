// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/attach_outbox.h"
#include "core/api/chronos_call.h"
#include "core/api/http_server.h"
#include "core/api/replay_desk.h"
#include "core/api/router.h"
#include "core/api/tokens.h"
#include "core/session/backend.h"
#include "core/session/telemetry.h"
#include "core/session/webhook_callbacks.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eventops::api {

/// A path whose handler is looked up by name: "karma-log-handler" or "karma-graph-query".
struct ApiMount {
    std::string method, path;
    std::string nickname; ///< As the API description calls it.
    std::string handler;
};

struct ApiOptions {
    std::string address = "127.0.0.1"; ///< An IP address, or "localhost"; off loopback only with `tls`.
    std::optional<TlsFiles> tls = {};  ///< Encrypted, and in no other way.
    std::vector<std::string> hostNames = {}; ///< Names it may be asked by, besides the address and those of loopback.
    std::uint16_t port = 0;            ///< 0: a free one.
    std::vector<ApiMount> mounts = {{"POST", "/events", "karma-log-handler", "karma-log-handler"},
                                    {"POST", "/v1/events", "karma-log-handler", "karma-log-handler"},
                                    {"POST", "/graph/query", "karma-graph-query", "karma-graph-query"},
                                    {"POST", "/v1/graph/query", "karma-graph-query", "karma-graph-query"}};
    bool insecureLoopback = false;     ///< The seeds' own routes need no token.
    std::shared_ptr<Telemetry> telemetry = {}; ///< Gets a span of every request; null: nobody wants them.
    ReplayRules replays = {};          ///< Captures that may be read in.
    std::shared_ptr<WebhookCallbacks> callbacks = {}; ///< Take what webhooks' targets say; null: none.
    std::optional<Workspace> intakes = {}; ///< Whose webhooks may be posted to us; nothing: none.
    ChronosTools transforms = {};      ///< Of the routes below /chronos; `readOnly` of it follows ours.
    bool readOnly = false;             ///< Nobody changes anything, whatever their role.
    HttpLimits limits = {};
    AttachLimits attach = {};
};

/// A back end as HTTP: who asks is known by a token; what they may is the core's to say (see GuardedBackend).
/// Thread: any. Answers are written by the back end's threads and the server's own.
class ApiServer
{
public:
    /// @p backend must outlive it. Refused: an address off loopback without TLS or without a name. Unavailable: the
    /// port is taken. InvalidConfig: a mount whose handler is none, or whose path is taken.
    static Result<std::unique_ptr<ApiServer>> start(Backend &backend, std::vector<ApiToken> tokens,
                                                    const ApiOptions &options);
    ~ApiServer(); ///< Closes all connections. Calls of the back end that are under way end without anybody to hear.

    std::uint16_t port() const;
    std::string url() const; ///< "http://127.0.0.1:8088"
    const std::vector<Route> &routes() const;

private:
    struct Parts;
    explicit ApiServer(std::unique_ptr<Parts> made);
    const std::unique_ptr<Parts> m_parts;
};

} // namespace eventops::api
