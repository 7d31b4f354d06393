// SPDX-License-Identifier: MIT
//
// The routes of EventOps Flow (contracts 3.2): latest metrics, and alerts as they come.
#include "core/api/api_routes.h"

#include "core/api/problem.h"
#include "core/base/json.h"
#include "core/base/json_scan.h"
#include "core/base/time.h"
#include "core/filter/quoted.h"

namespace eventops::api {
namespace {

constexpr std::uint64_t CpuRowsMax = 1'000;
constexpr std::uint64_t LatestRowsMax = 50;

struct MetricRows {
    std::string body = "[";
    std::uint64_t given = 0;
    bool named = false; ///< Rows tell tenant, source and metric, too.

    void take(const EventPage &page)
    {
        for (const std::uint32_t row : page.rows) {
            const Event &event = page.batch.events[row];
            body += given++ == 0 ? "{\"ts\":" : ",{\"ts\":";
            if (event.tsEvent == NoTime)
                body += "null";
            else
                appendJsonString(body, formatTimestamp(event.tsEvent));
            const auto field = [&](std::string_view name, Field of) {
                body.append(",\"").append(name).append("\":");
                appendJsonString(body, page.batch.text(event, of));
            };
            if (named) {
                field("tenant", Field::Tenant);
                field("source_id", Field::SourceId);
                field("metric", Field::Metric);
            }
            body += ",\"value\":";
            if (event.hasValue)
                appendPythonFloat(body, event.value); // as upstream prints it
            else
                body += "null";
            field("unit", Field::Unit);
            body += ",\"tags\":";
            const std::string_view tags = page.batch.text(event, Field::Tags);
            appendJsonLine(body, tags.empty() ? "{}" : tags, JsonShape::Object);
            body += '}';
        }
    }
};

void answerMetrics(Backend &backend, const ApiCall &call, const std::string &filter, std::uint64_t rowsMax, bool named)
{
    const auto rows = std::make_shared<MetricRows>();
    rows->named = named;
    Ticket ticket = backend.events(
        call.caller, {filter, rowsMax, false}, [rows](const EventPage &page) { rows->take(page); },
        [rows, exchange = call.exchange](const Result<Ok> &done) {
            if (!done && done.error().code != Error::Code::NotFound)
                return exchange->respond(problem(done.error()));
            respondJson(*exchange, rows->body + "]");
        });
    call.exchange->whenGone([ticket]() mutable { ticket.cancel(); });
}

/// Adds that @p field is what @p parameter says, if it says something.
void narrow(std::string &filter, const ApiCall &call, std::string_view parameter, Field field)
{
    const std::string text = call.text(parameter);
    if (!text.empty())
        filter.append(" and ").append(toString(field)).append(" = ").append(filterQuoted(text));
}

} // namespace

void addSeedRoutes(Router &router, const RouteTools &tools)
{
    constexpr std::string_view Json = "application/json";
    constexpr std::uint64_t NameBytesMax = 1'024;
    const ParameterSpec tenant{"tenant", ParameterSpec::Kind::Text, "Of this tenant alone.", 0, NameBytesMax};
    const ParameterSpec host{"host", ParameterSpec::Kind::Text, "Of this host alone.", 0, NameBytesMax};
    const ParameterSpec metric{"metric", ParameterSpec::Kind::Text, "This metric alone.", 0, NameBytesMax};
    router.add({"GET",
                "/metrics/cpu",
                RouteAccess::Seed,
                "Values of cpu_load, newest first, at most 1,000.",
                Json,
                {tenant, host},
                {},
                [backend = tools.backend](const ApiCall &call) {
                    std::string filter = "metric = cpu_load";
                    narrow(filter, call, "tenant", Field::Tenant);
                    narrow(filter, call, "host", Field::SourceId);
                    answerMetrics(*backend, call, filter, CpuRowsMax, false);
                }});
    router.add({"GET",
                "/metrics/latest",
                RouteAccess::Seed,
                "Values of any metric, newest first, at most 50.",
                Json,
                {tenant, metric},
                {},
                [backend = tools.backend](const ApiCall &call) {
                    std::string filter = "exists(metric)";
                    narrow(filter, call, "tenant", Field::Tenant);
                    narrow(filter, call, "metric", Field::Metric);
                    answerMetrics(*backend, call, filter, LatestRowsMax, true);
                }});
    router.add({"GET",
                "/alerts/stream",
                RouteAccess::Seed,
                "Alerts as server-sent events, each with an id. With the header Last-Event-ID it goes on behind that "
                "one; without, it begins with the newest hundred.",
                "text/event-stream",
                {},
                {},
                [feed = tools.feed](const ApiCall &call) {
                    const std::string *last = call.exchange->request().header("last-event-id");
                    feed->attach(call.exchange, call.caller, last == nullptr ? std::string() : *last);
                }});
}

} // namespace eventops::api
