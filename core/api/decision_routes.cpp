// SPDX-License-Identifier: MIT
//
// Approve and reject, in the name of the token's owner.
#include "core/api/api_routes.h"

#include "core/api/problem.h"
#include "core/base/json.h"
#include "core/model/row_json.h"

namespace eventops::api {
namespace {

constexpr std::uint64_t ReasonBytesMax = 4'096;

void decide(Backend &backend, const ApiCall &call, DecisionKind kind)
{
    const Decision decision{call.pathValue("id"), kind, call.caller.user, call.text("reason")};
    const bool wait = kind == DecisionKind::Approve && call.text("wait") == "true";
    const bool mayDecide = call.caller.role >= Role::Approver;
    backend.decide(
        call.caller, decision, wait, [exchange = call.exchange, mayDecide](const Result<DecisionOutcome> &outcome) {
            if (!outcome) {
                HttpResponse response = problem(outcome.error(), "id");
                const bool late = response.status == 403 && mayDecide; // stale, expired, decided, own proposal
                return exchange->respond(
                    late ? problem(
                        409, outcome.error().message,
                        {"id",
                         outcome.error().remedy.empty() ? "look at /api/v1/approvals again" : outcome.error().remedy,
                         toString(outcome.error().code)})
                         : std::move(response));
            }
            std::string body = "{\"action\":";
            appendActionJson(body, outcome.value().action);
            body += ",\"note\":";
            appendJsonString(body, outcome.value().note);
            respondJson(*exchange, body + "}\n");
        });
}

} // namespace

void addDecisionRoutes(Router &router, const RouteTools &tools)
{
    constexpr std::string_view Json = "application/json";
    const ParameterSpec reason{
        "reason", ParameterSpec::Kind::Text, "Why; kept in the audit chain.", 0, ReasonBytesMax, {}, true};
    const ParameterSpec wait{"wait",
                             ParameterSpec::Kind::Choice,
                             "True: start the executor where one is configured, and answer with the result.",
                             0,
                             0,
                             {"false", "true"}};
    router.add({"POST",
                "/api/v1/approvals/{id}/approve",
                RouteAccess::Token,
                "Approves exactly this version of an action, and publishes it. For approvers.",
                Json,
                {},
                {reason, wait},
                [backend = tools.backend](const ApiCall &call) {
                    decide(*backend, call, DecisionKind::Approve);
                }});
    router.add({"POST",
                "/api/v1/approvals/{id}/reject",
                RouteAccess::Token,
                "Rejects exactly this version of an action. For approvers.",
                Json,
                {},
                {reason},
                [backend = tools.backend](const ApiCall &call) {
                    decide(*backend, call, DecisionKind::Reject);
                }});
}

} // namespace eventops::api
