// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/alert_feed.h"
#include "core/api/http_server.h"
#include "core/api/router.h"
#include "core/session/backend.h"
#include "core/session/workspace.h"

#include <memory>
#include <optional>

namespace eventops {
class WebhookCallbacks;
}

namespace eventops::api {

/// What routes work on; calls of theirs that are under way when the server ends keep it.
struct RouteTools {
    std::shared_ptr<Backend> backend; ///< Asks by itself what a caller may.
    std::shared_ptr<AlertFeed> feed;
    std::shared_ptr<HttpStatistics> statistics;
};

// One file a group of routes; each adds its own.
void addEventRoutes(Router &router, const RouteTools &tools);    ///< /api/v1/events
void addIngestRoutes(Router &router, const RouteTools &tools);   ///< Events handed in.
void addRowRoutes(Router &router, const RouteTools &tools);      ///< Findings, entities, graph, approvals.
void addGraphRoutes(Router &router, const RouteTools &tools);    ///< Questions to the graph.
void addDecisionRoutes(Router &router, const RouteTools &tools); ///< Approve and reject.
void addHealthRoutes(Router &router, const RouteTools &tools);   ///< Is it well, in several tongues.
void addSeedRoutes(Router &router, const RouteTools &tools);     ///< Those of EventOps Flow.
void addCallbackRoutes(Router &router,
                       std::shared_ptr<WebhookCallbacks> callbacks); ///< Of webhooks' targets; null: there are none.
/// Events in the tongues of others: OTLP, Alertmanager, CloudEvents, and webhooks of services that show a secret of
/// their own, if there is a workspace that tells of them.
void addIntakeRoutes(Router &router, const RouteTools &tools, const std::optional<Workspace> &intakes);
class ReplayDesk;
void addReplayRoutes(Router &router, std::shared_ptr<ReplayDesk> desk); ///< Captures read in on request.
void addPageRoutes(Router &router, Access &access);              ///< The web page, and its session.
void addDocsRoutes(Router &router);                              ///< Last: they tell of all others.

// What other descriptions of APIs mount by name (X38): the routes but for method, path and nickname.
Route karmaLogHandler(const RouteTools &tools);
Route karmaGraphQuery(const RouteTools &tools);

/// Responds with @p json.
void respondJson(HttpExchange &exchange, std::string json, unsigned status = 200);

constexpr std::size_t ListBytesMax = 8u << 20; ///< A longer answer is cut at a row, and goes on by its cursor.
constexpr std::uint64_t ListRowsMax = 10'000;
constexpr std::uint64_t ListRows = 100; ///< When nobody says.

/// Parameters that all lists have.
const ParameterSpec &filterParameter();
const ParameterSpec &limitParameter();
const ParameterSpec &cursorParameter();
const ParameterSpec &orderParameter();

/// Reads a cursor that @p letter begins. Nothing given: @p none. InvalidArgument.
Result<std::uint64_t> readCursor(const ApiCall &call, char letter, std::uint64_t none);

} // namespace eventops::api
