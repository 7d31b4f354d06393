// SPDX-License-Identifier: MIT
//
// Is it well: for probes, for people, for Prometheus.
#include "core/api/api_routes.h"

#include "core/api/problem.h"
#include "core/base/json.h"
#include "core/base/metrics_text.h"
#include "core/base/time.h"

#include <functional>
#include <optional>

namespace eventops::api {
namespace {

constexpr char ExactlyOk[] = R"({"status":"ok"})"; ///< Contract X34.

void appendTime(JsonWriter &json, std::string_view name, WallNs time)
{
    json.key(name);
    if (time == NoTime)
        json.null();
    else
        json.string(formatTimestamp(time));
}

void appendCounters(JsonWriter &json, const Counters &counters)
{
    json.beginObject().key("received").unsignedInteger(counters.received);
    json.key("stored").unsignedInteger(counters.stored).key("skipped").unsignedInteger(counters.skipped);
    json.key("duplicate").unsignedInteger(counters.duplicate);
    json.key("dead_lettered").unsignedInteger(counters.deadLettered);
    json.key("in_flight").unsignedInteger(counters.inFlight).key("events").unsignedInteger(counters.events).endObject();
}

void appendSources(JsonWriter &json, const std::vector<SourceRow> &sources)
{
    json.key("sources").beginArray();
    for (const SourceRow &source : sources) {
        json.beginObject().field("title", source.progress.title).key("finished").boolean(source.progress.finished);
        appendCounters(json.key("records"), source.progress.added);
        json.endObject();
    }
    json.endArray();
}

/// The streams of the run under way; captures have nothing to say and are left out.
void appendReading(JsonWriter &json, const std::vector<SourceHealth> &sources)
{
    json.key("reading").beginArray();
    for (const SourceHealth &source : sources) {
        if (source.title.empty())
            continue;
        json.beginObject().field("title", source.title).key("lag");
        if (source.lag)
            json.unsignedInteger(*source.lag);
        else
            json.null();
        json.key("missed").unsignedInteger(source.missed).key("own_records").unsignedInteger(source.ownRecords);
        json.key("tombstones").unsignedInteger(source.tombstones).key("errors").unsignedInteger(source.errors);
        json.field("last_error", source.lastError).key("rebalances").unsignedInteger(source.rebalances);
        json.field("trouble", source.trouble).field("notice", source.notice).endObject();
    }
    json.endArray();
}

std::string healthJson(const Health &health, const Caller &caller, const std::string &tlsTrouble)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("status", health.progress.trouble.empty() ? "ok" : "waiting");
    json.key("running").boolean(health.running).field("pipeline", health.pipelineName);
    json.key("stages").beginArray();
    for (const std::string &stage : health.stages)
        json.string(stage);
    json.endArray();
    appendTime(json, "clock", health.summary.clock);
    if (caller.tenants.empty()) { // of all tenants together
        appendCounters(json.key("records"), health.summary.counters);
        json.key("findings").unsignedInteger(health.summary.findings);
        json.key("suggestions").unsignedInteger(health.summary.suggestions);
        appendSources(json, health.summary.sources);
        appendReading(json, health.running ? health.progress.sources : std::vector<SourceHealth>());
        json.key("dead_letters").beginObject();
        for (const ReasonCount &reason : health.deadLetters)
            json.key(reason.reason).unsignedInteger(reason.records);
        json.endObject().key("ledger_bytes").unsignedInteger(health.ledgerBytes);
        json.field("trouble", health.progress.trouble);
        json.key("set_aside").beginArray();
        for (const std::string &file : health.summary.setAside)
            json.string(file);
        json.endArray().key("behind").beginArray();
        for (const std::string &trouble : health.summary.behind)
            json.string(trouble);
        json.endArray().field("tls_trouble", tlsTrouble);
    }
    json.endObject();
    return out + "\n";
}

/// Of the streams of the run under way.
void appendReading(MetricsText &text, const std::vector<SourceHealth> &sources)
{
    const auto family = [&](std::string_view name, std::string_view type, std::string_view help,
                            const std::function<std::optional<std::uint64_t>(const SourceHealth &)> &value) {
        text.family(name, type, help);
        for (const SourceHealth &source : sources) {
            if (const auto now = source.title.empty() ? std::nullopt : value(source))
                text.sample(*now, "source", source.title);
        }
    };
    family("eventops_source_lag_records", "gauge", "Records that wait at the source; absent while unknown.",
           [](const SourceHealth &source) { return source.lag; });
    family("eventops_source_trouble", "gauge", "1 while nothing can be read.",
           [](const SourceHealth &source) { return source.trouble.empty() ? 0U : 1U; });
    family("eventops_source_errors_total", "counter", "Errors of the connection.",
           [](const SourceHealth &source) { return source.errors; });
    family("eventops_source_rebalances_total", "counter", "Times that partitions moved between members of a group.",
           [](const SourceHealth &source) { return source.rebalances; });
    family("eventops_source_missed_records_total", "counter", "Records that were gone before they could be read.",
           [](const SourceHealth &source) { return source.missed; });
}

std::string metricsText(const Health &health, const HttpStatistics &http, std::size_t viewers)
{
    MetricsText text;
    const Counters &counters = health.summary.counters;
    text.family("eventops_records_total", "counter", "Raw records by what became of them, since the workspace exists.");
    text.sample(counters.stored, "outcome", "stored").sample(counters.skipped, "outcome", "skipped");
    text.sample(counters.duplicate, "outcome", "duplicate").sample(counters.deadLettered, "outcome", "dead_lettered");
    text.family("eventops_received_records_total", "counter", "Raw records received.").sample(counters.received);
    text.family("eventops_records_in_flight", "gauge", "Received, and not yet decided.").sample(counters.inFlight);
    text.family("eventops_events_total", "counter", "Events stored.").sample(counters.events);
    text.family("eventops_findings_total", "counter", "Findings stored.").sample(health.summary.findings);
    text.family("eventops_suggestions_total", "counter", "Actions suggested.").sample(health.summary.suggestions);
    text.family("eventops_dead_letters", "gauge", "Records that could not become events, by reason.");
    for (const ReasonCount &reason : health.deadLetters)
        text.sample(reason.records, "reason", reason.reason);
    text.family("eventops_ledger_bytes", "gauge", "Size of the ledger without its write-ahead log.");
    text.sample(health.ledgerBytes);
    text.family("eventops_behind", "gauge", "Targets that do not take what they should; health names them.");
    text.sample(health.summary.behind.size());
    text.family("eventops_running", "gauge", "1 while this process reads sources.").sample(health.running ? 1 : 0);
    appendReading(text, health.running ? health.progress.sources : std::vector<SourceHealth>());
    text.family("eventops_alert_stream_viewers", "gauge", "Clients of /alerts/stream.").sample(viewers);
    text.family("eventops_tls_trouble", "gauge", "1 while the newest certificate and key cannot be used.");
    text.sample(http.tlsTrouble.get().empty() ? 0 : 1);
    text.family("eventops_http_connections_total", "counter", "Connections accepted.").sample(http.connectionsTotal);
    text.family("eventops_http_connections", "gauge", "Connections open.").sample(http.connectionsOpen);
    text.family("eventops_http_connections_refused_total", "counter", "Refused: too many were open.");
    text.sample(http.connectionsRefused);
    text.family("eventops_http_connections_cut_total", "counter", "Cut: too slow.").sample(http.connectionsCut);
    text.family("eventops_http_responses_total", "counter", "Responses, by class of status.");
    constexpr std::string_view Classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    for (std::size_t i = 0; i < std::size(Classes); ++i)
        text.sample(http.responses[i], "class", Classes[i]);
    return text.take();
}

void answerHealth(const RouteTools &tools, const ApiCall &call)
{
    tools.backend->health(
        call.caller, [tools, exchange = call.exchange, caller = call.caller](const Result<Health> &health) {
            if (!health)
                return exchange->respond(problem(health.error()));
            respondJson(*exchange, healthJson(health.value(), caller, tools.statistics->tlsTrouble.get()));
        });
}

void answerMetrics(const RouteTools &tools, const ApiCall &call)
{
    if (!call.caller.tenants.empty())
        return call.exchange->respond(problem(
            Error{Error::Code::Refused, "metrics are of all tenants together", {}, "use a token of all tenants"}));
    tools.backend->health(call.caller, [tools, exchange = call.exchange](const Result<Health> &health) {
        if (!health)
            return exchange->respond(problem(health.error()));
        HttpResponse response;
        response.contentType = "text/plain; version=0.0.4; charset=utf-8";
        response.body = metricsText(health.value(), *tools.statistics, tools.feed->viewers());
        exchange->respond(std::move(response));
    });
}

} // namespace

void addHealthRoutes(Router &router, const RouteTools &tools)
{
    constexpr std::string_view Json = "application/json";
    for (const std::string_view path : {"/healthz", "/healthcheck", "/chronos/healthcheck"})
        router.add({"GET", path, RouteAccess::Public, "The process answers.", Json, {}, {}, [](const ApiCall &call) {
                        respondJson(*call.exchange, ExactlyOk);
                    }});
    router.add({"GET",
                "/readyz",
                RouteAccess::Public,
                "The workspace can be read.",
                Json,
                {},
                {},
                [backend = tools.backend](const ApiCall &call) {
                    backend->health(call.caller, [exchange = call.exchange](const Result<Health> &health) {
                        if (health)
                            return respondJson(*exchange, ExactlyOk);
                        exchange->respond(
                            problem(503, "the workspace cannot be read", {.remedy = "see: eventops doctor"}));
                    });
                }});
    router.add({"GET",
                "/api/v1/health",
                RouteAccess::Token,
                "How the engine is doing.",
                Json,
                {},
                {},
                [tools](const ApiCall &call) {
                    answerHealth(tools, call);
                }});
    router.add({"GET",
                "/metrics",
                RouteAccess::Token,
                "The same for Prometheus.",
                "text/plain",
                {},
                {},
                [tools](const ApiCall &call) {
                    answerMetrics(tools, call);
                }});
}

} // namespace eventops::api
