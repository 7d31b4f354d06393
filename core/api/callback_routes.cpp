// SPDX-License-Identifier: MIT
//
// What the targets of webhooks say of our actions, signed as our own messages are (contracts E32, L20, K120).
#include "core/api/api_routes.h"

#include "core/api/problem.h"
#include "core/base/json.h"
#include "core/session/webhook_callbacks.h"

namespace eventops::api {
namespace {

std::string_view wordFor(WebhookCallbacks::Taken taken)
{
    switch (taken) {
    case WebhookCallbacks::Taken::Moved: return "moved";
    case WebhookCallbacks::Taken::Noted: return "noted";
    case WebhookCallbacks::Taken::Known:
    case WebhookCallbacks::Taken::Foreign: break;
    }
    return "known";
}

HttpResponse refusalOf(const Error &error)
{
    if (error.code != Error::Code::Refused)
        return problem(error);
    HttpResponse response = problem(401, error.message, {WebhookSignatureHeader, error.remedy, toString(error.code)});
    response.headers.push_back({"WWW-Authenticate", "Webhook realm=\"eventops\""});
    return response;
}

/// The value of a header that stands there once; empty: it does not.
std::string onlyHeader(const HttpRequest &request, const char *name)
{
    const std::string *value = request.header(name);
    return value != nullptr && request.headerCount(name) == 1 ? *value : std::string();
}

void takeReport(const std::shared_ptr<WebhookCallbacks> &callbacks, const ApiCall &call)
{
    const HttpRequest &request = call.exchange->request();
    if (request.body.size() > WebhookCallbacks::BodyBytesMax)
        return call.exchange->respond(
            problem(413, "a report is too long", {"body", "cut what the action printed to 64 KiB", {}}));
    WebhookCallback callback;
    callback.hook = call.pathValue("id");
    callback.head = {onlyHeader(request, WebhookIdHeader), onlyHeader(request, WebhookTimestampHeader),
                     onlyHeader(request, WebhookSignatureHeader)};
    callback.body = request.body;
    if (callbacks == nullptr)
        return call.exchange->respond(refusalOf(unknownWebhook()));
    callbacks->post(std::move(callback), [exchange = call.exchange](const Result<WebhookCallbacks::Taken> &taken) {
        if (!taken)
            return exchange->respond(refusalOf(taken.error()));
        std::string body;
        JsonWriter(body).beginObject().field("taken", wordFor(taken.value())).endObject();
        respondJson(*exchange, body + "\n");
    });
}

} // namespace

void addCallbackRoutes(Router &router, std::shared_ptr<WebhookCallbacks> callbacks)
{
    Route route{"POST",
                "/api/v1/webhooks/{id}/reports",
                RouteAccess::Signed,
                "Progress or result of an action, from the target of the webhook {id}: signed by the Standard Webhooks "
                "specification with the webhook's secret. Said twice or too late it changes nothing.",
                "application/json",
                {},
                {},
                [callbacks = std::move(callbacks)](const ApiCall &call) {
                    takeReport(callbacks, call);
                }};
    route.anyBody = true;
    route.bodyTypes = {"application/json", WebhookContentType};
    router.add(std::move(route));
}

} // namespace eventops::api
