// SPDX-License-Identifier: MIT
//
// Events in the tongues of others (contracts U4, U8): what OpenTelemetry exporters, Alertmanager, senders of
// CloudEvents and services with webhooks post, at the paths and with the answers that they expect. Answered when it is
// stored.
#include "core/api/api_routes.h"

#include "core/api/handed_in.h"
#include "core/api/problem.h"
#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/cloud_event.h"
#include "core/codec/json_reader.h"
#include "core/codec/otlp_protobuf.h"
#include "core/session/intake_settings.h"

#include <algorithm>

namespace eventops::api {
namespace {

constexpr std::string_view Json = "application/json";
constexpr std::string_view CloudEvent = "application/cloudevents+json";
constexpr std::string_view CloudEvents = "application/cloudevents-batch+json";
constexpr std::string_view Protobuf = "application/x-protobuf";
constexpr std::string_view AttributePrefix = "ce-";

std::string onlyHeader(const HttpRequest &request, std::string_view name)
{
    const std::string *value = request.header(name);
    return value != nullptr && request.headerCount(name) == 1 ? *value : std::string();
}

/// "Application/JSON; charset=utf-8" → "application/json".
std::string mediaTypeOf(const HttpRequest &request)
{
    std::string type = onlyHeader(request, "content-type");
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' '))
        type.pop_back();
    std::transform(type.begin(), type.end(), type.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return type;
}

/// Stores what came and answers as the API of our own does.
void takeIn(Backend &backend, const Caller &caller, const std::shared_ptr<HttpExchange> &exchange,
            IngestRequest request)
{
    if (request.records.empty())
        return exchange->respond(problem(400, "the body holds no event", {.field = "body"}));
    backend.ingest(caller, std::move(request), [exchange](const Result<IngestOutcome> &outcome) {
        if (!outcome)
            return exchange->respond(problem(outcome.error()));
        respondJson(*exchange, outcomeJson(outcome.value()), isRefused(outcome.value()) ? 422 : 200);
    });
}

// --- OpenTelemetry: OTLP/HTTP 1.x, as JSON or Protocol Buffers (opentelemetry.io/docs/specs/otlp) ---

struct OtlpSignal {
    OtlpExport signal;
    std::string_view path, member, summary;
};
constexpr OtlpSignal OtlpSignals[] = {
    {OtlpExport::Logs, "/v1/logs", "resourceLogs",
     "Log records of OpenTelemetry exporters and collectors (OTLP/HTTP, JSON or Protocol Buffers, also by gzip)."},
    {OtlpExport::Metrics, "/v1/metrics", "resourceMetrics",
     "Metrics of OpenTelemetry exporters and collectors (OTLP/HTTP, JSON or Protocol Buffers, also by gzip)."},
    {OtlpExport::Traces, "/v1/traces", "resourceSpans",
     "Spans of OpenTelemetry exporters and collectors (OTLP/HTTP, JSON or Protocol Buffers, also by gzip)."},
};

/// What an exporter is told, in the encoding that it sent. A request is stored whole or not at all, so there is no
/// partial success to tell of.
class OtlpAnswer
{
public:
    explicit OtlpAnswer(std::shared_ptr<HttpExchange> exchange)
        : m_exchange(std::move(exchange)), m_binary(mediaTypeOf(m_exchange->request()) == Protobuf)
    {
    }
    bool isBinary() const { return m_binary; }

    void taken(std::string_view json) const
    {
        if (m_binary) // a response message without fields
            return m_exchange->respond({200, std::string(Protobuf), {}, {}});
        respondJson(*m_exchange, std::string(json));
    }
    /// A google.rpc.Status, as OTLP says what is wrong. INVALID_ARGUMENT tells the sender not to try again.
    void invalid(std::string_view why) const
    {
        constexpr int InvalidArgument = 3;
        if (m_binary)
            return m_exchange->respond({400, std::string(Protobuf), {}, rpcStatus(InvalidArgument, why)});
        std::string body;
        JsonWriter(body).beginObject().key("code").integer(InvalidArgument).field("message", why).endObject();
        respondJson(*m_exchange, std::move(body), 400);
    }
    /// What the server says of any request; to a sender of Protocol Buffers as a Status as well.
    void refused(HttpResponse response) const
    {
        constexpr int InvalidArgument = 3, Unavailable = 14;
        std::string scratch;
        const auto detail = m_binary ? jsonMember(response.body, "detail") : std::nullopt;
        if (detail) {
            response.body = rpcStatus(response.status >= 500 ? Unavailable : InvalidArgument,
                                      std::string(jsonText(*detail, scratch)));
            response.contentType = Protobuf;
        }
        m_exchange->respond(std::move(response));
    }

private:
    std::shared_ptr<HttpExchange> m_exchange;
    bool m_binary;
};

void takeOtlp(Backend &backend, const ApiCall &call, const OtlpSignal &signal)
{
    const OtlpAnswer answer(call.exchange);
    std::string content;
    if (auto refusal = readContent(call.exchange->request(), content))
        return answer.refused(std::move(*refusal));
    if (answer.isBinary()) {
        auto json = otlpJson(signal.signal, content);
        if (!json)
            return answer.invalid("the body is no request of " + std::string(signal.path) + ": "
                                  + json.error().message);
        content = std::move(json).value();
    }
    JsonReader reader;
    if (const JsonFailure failure = reader.read(content))
        return answer.invalid("the body is no JSON: " + failure.text());
    const JsonEntry *member = reader.kind() == JsonKind::Object ? reader.find(signal.member) : nullptr;
    if (member == nullptr || jsonKind(member->value) != JsonKind::Array) {
        // An export of nothing is an empty object.
        if (reader.kind() == JsonKind::Object && reader.members().empty())
            return answer.taken("{}");
        return answer.invalid("the body has no array \"" + std::string(signal.member) + '"');
    }
    backend.ingest(call.caller, oneRecord(std::move(content)), [answer](const Result<IngestOutcome> &outcome) {
        if (!outcome)
            return answer.refused(problem(outcome.error()));
        if (isRefused(outcome.value()))
            return answer.invalid(outcome.value().refused.front().detail + "; kept as a dead letter");
        answer.taken("{\"partialSuccess\":{}}");
    });
}

// --- CloudEvents over HTTP 1.0 (HTTP Protocol Binding, section 3) ---

/// An event in the binary mode, written in the structured one. Its attributes are headers that stand there once.
std::optional<std::string> structuredOf(const HttpRequest &request, const std::string &content)
{
    std::string headers;
    JsonWriter json(headers);
    json.beginObject();
    for (const HttpHeader &header : request.headers) {
        if (request.headerCount(header.name) == 1)
            json.field(header.name, header.value);
    }
    json.endObject();
    return structuredCloudEvent(headers, AttributePrefix, content);
}

void takeCloudEvents(Backend &backend, const ApiCall &call)
{
    const HttpRequest &request = call.exchange->request();
    std::string content;
    if (auto refusal = readContent(request, content))
        return call.exchange->respond(std::move(*refusal));
    const std::string type = mediaTypeOf(request);
    if (type == CloudEvent)
        return takeIn(backend, call.caller, call.exchange, oneRecord(std::move(content)));
    if (type == CloudEvents)
        return takeIn(backend, call.caller, call.exchange, documentsOf(std::move(content)));
    for (const char *needed : {"ce-specversion", "ce-id", "ce-source", "ce-type"}) {
        if (onlyHeader(request, needed).empty())
            return call.exchange->respond(problem(400, std::string("the header ") + needed + " is missing",
                                                  {.field = needed,
                                                   .remedy = "send the event's attributes as headers, or the whole "
                                                             "event as application/cloudevents+json"}));
    }
    takeIn(backend, call.caller, call.exchange, oneRecord(structuredOf(request, content).value_or(content)));
}

// --- Webhooks of services, each with a secret of its own ---

HttpResponse notKnown(const Error &error)
{
    HttpResponse response = problem(401, error.message, {.remedy = error.remedy, .code = toString(error.code)});
    response.headers.push_back({"WWW-Authenticate", "Webhook realm=\"eventops\""});
    return response;
}

void takeWebhook(Backend &backend, const std::optional<Workspace> &workspace, const ApiCall &call)
{
    const HttpRequest &request = call.exchange->request();
    const auto intakes = workspace ? readIntakes(*workspace) : Result<std::vector<Intake>>(std::vector<Intake>());
    if (!intakes)
        return call.exchange->respond(problem(intakes.error()));
    const std::string &name = call.pathValue("name");
    const auto intake = std::find_if(intakes.value().begin(), intakes.value().end(),
                                     [&](const Intake &one) { return one.name == name; });
    const Status known = intake == intakes.value().end()
                             ? Status(unknownSender())
                             : intake->verify(
                                 *workspace, [&](const char *header) { return onlyHeader(request, header); },
                                 request.body, raw(SystemClock().now()) / NsPerSecond);
    if (!known)
        return call.exchange->respond(known.error().code == Error::Code::Refused ? notKnown(known.error())
                                                                                 : problem(known.error()));
    std::string content;
    if (auto refusal = readContent(request, content))
        return call.exchange->respond(std::move(*refusal));
    if (content.empty())
        return respondJson(*call.exchange, outcomeJson({})); // a service that tries whether we are there
    // Some send their JSON as the member of a form.
    if (mediaTypeOf(request) == "application/x-www-form-urlencoded") {
        const auto members = parseQuery(content);
        for (const auto &[member, value] : members ? members.value() : decltype(members.value()){}) {
            if (member == "payload")
                content = std::string(value);
        }
    }
    takeIn(backend, {"intake:" + name, Role::Operator, {}}, call.exchange, documentsOf(std::move(content)));
}

// --- Prometheus, as if we were its Alertmanager ---

/// Prometheus' list of alerts as a group of Alertmanager's webhook, which is what is kept of it: one format of alerts.
/// Alertmanager finds by the same rule which of them are resolved. Nothing: no list of alerts.
std::optional<std::string> groupOf(const std::string &content, WallNs now)
{
    JsonReader reader;
    if (reader.read(content) || reader.kind() != JsonKind::Array)
        return std::nullopt;
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("version", "4").field("groupKey", "prometheus").field("receiver", "prometheus");
    json.field("status", "firing").key("alerts").beginArray();
    JsonItems items(reader.document());
    std::string_view name, alert;
    while (items.next(name, alert)) {
        const auto labels = jsonMember(alert, "labels");
        if (!labels || jsonKind(*labels) != JsonKind::Object)
            return std::nullopt;
        std::string scratch;
        const auto ends = jsonMember(alert, "endsAt");
        const auto end =
            ends && jsonKind(*ends) == JsonKind::String ? parseTimestamp(jsonText(*ends, scratch)) : std::nullopt;
        // The members as they are, behind the one that Prometheus leaves to us.
        json.beginObject().field("status", end && *end <= now ? "resolved" : "firing");
        JsonItems members(alert);
        std::string_view member, value;
        while (members.next(member, value))
            json.key(jsonUnescape(member, scratch)).raw(value);
        json.endObject();
    }
    json.endArray().endObject();
    return out;
}

void takePrometheusAlerts(Backend &backend, const ApiCall &call)
{
    std::string content;
    if (auto refusal = readContent(call.exchange->request(), content))
        return call.exchange->respond(std::move(*refusal));
    auto group = groupOf(content, SystemClock().now());
    if (!group)
        return call.exchange->respond(problem(400, "the body is no list of alerts with labels",
                                              {.field = "body",
                                               .remedy = "send what Prometheus sends to /api/v2/alerts, or "
                                                         "Alertmanager's webhook to /v1/alertmanager"}));
    takeIn(backend, call.caller, call.exchange, oneRecord(std::move(*group)));
}

void takeDocument(Backend &backend, const ApiCall &call)
{
    std::string content;
    if (auto refusal = readContent(call.exchange->request(), content))
        return call.exchange->respond(std::move(*refusal));
    takeIn(backend, call.caller, call.exchange, oneRecord(std::move(content)));
}

using Taker = std::function<void(Backend &, const ApiCall &)>;

Route postRoute(const RouteTools &tools, std::string_view path, std::string_view summary, Taker take)
{
    Route route{"POST",
                path,
                RouteAccess::Token,
                summary,
                Json,
                {},
                {},
                [backend = tools.backend, take = std::move(take)](const ApiCall &call) {
                    take(*backend, call);
                }};
    route.anyBody = true;
    return route;
}

} // namespace

void addIntakeRoutes(Router &router, const RouteTools &tools, const std::optional<Workspace> &intakes)
{
    for (const OtlpSignal &signal : OtlpSignals) {
        Route route = postRoute(tools, signal.path, signal.summary, [&signal](Backend &backend, const ApiCall &call) {
            takeOtlp(backend, call, signal);
        });
        route.bodyTypes = {Json, Protobuf};
        router.add(std::move(route));
    }
    router.add(postRoute(tools, "/v1/alertmanager",
                         "Alertmanager's webhook, version 4: each alert of the group is an event. For operators.",
                         takeDocument));
    router.add(postRoute(tools, "/api/v2/alerts",
                         "Alerts of a Prometheus that has this server as an Alertmanager: those that are firing or "
                         "resolved, each told once. For operators.",
                         takePrometheusAlerts));
    Route events = postRoute(tools, "/v1/cloudevents",
                             "CloudEvents 1.0 over HTTP: structured, batched, or binary with attributes as ce- "
                             "headers. Answered when stored. For operators.",
                             takeCloudEvents);
    events.bodyTypes = {AnyType};
    router.add(std::move(events));
    Route webhook = postRoute(
        tools, "/api/v1/intakes/{name}",
        "What a service posts by its webhook, shown by its secret to be of that service: GitHub, "
        "PagerDuty and others; set up by eventops intake add.",
        [workspace = intakes](Backend &backend, const ApiCall &call) { takeWebhook(backend, workspace, call); });
    webhook.access = RouteAccess::Signed;
    webhook.bodyTypes = {AnyType};
    router.add(std::move(webhook));
}

} // namespace eventops::api
