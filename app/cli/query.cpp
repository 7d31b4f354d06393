// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "app/cli/table.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/alert.h"
#include "core/codec/deviation.h"
#include "core/model/row_json.h"

#include <cstdio>

namespace eventops::cli {
namespace {

struct Options {
    std::string table;
    std::string filter;
    std::uint64_t limit = 0;
    bool newest = false;
    bool mirror = false;         ///< Alerts also of deviations, deviations also of alerts (X11).
    DeviationForm deviation;
};

void printLine(const std::string &line)
{
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
}

Query queryOf(const Options &options)
{
    Query query;
    query.filter = options.filter;
    query.rowsMax = options.limit == 0 ? UINT64_MAX : options.limit;
    query.oldestFirst = !options.newest;
    return query;
}

Result<Ok> queryEvents(Context &context, Backend &backend, const Query &query)
{
    return await<Ok>([&](Done<Ok> done) {
        return backend.events(context.caller(), query, [&](EventPage page) {
            for (const std::uint32_t row : page.rows) {
                const Event &event = page.batch.events[row];
                std::string line;
                if (context.json) {
                    appendEventJson(line, page.batch, event);
                } else {
                    const auto text = [&](Field field) { return printable(page.batch.text(event, field)); };
                    line = formatTimestamp(event.tsEvent) + "  " + text(Field::Tenant) + "  " + text(Field::Type) + "  "
                         + text(Field::EntityId);
                    if (event[Field::Metric] != NoStr) {
                        line += "  " + text(Field::Metric) + "=";
                        appendJsonNumber(line, event.value);
                    }
                    if (event[Field::Step] != NoStr)
                        line += "  step=" + text(Field::Step);
                    if (event[Field::Message] != NoStr)
                        line += "  " + text(Field::Message);
                }
                printLine(line);
            }
        }, std::move(done));
    });
}

/// The alert of a finding that has one; with --mirror, of any other as well.
std::string alertOf(const Finding &finding, const Options &options)
{
    if (!finding.alert.empty() || !options.mirror || finding.state == FindingState::Pending)
        return finding.alert;
    return encodeAlert(finding);
}

/// The deviation of a finding that is one; with --mirror, of any other that fires as well.
std::string deviationOf(const Finding &finding, const Options &options)
{
    if (!isDeviation(finding) && (!options.mirror || finding.alert.empty()))
        return {};
    const auto line = encodeDeviation(finding, options.deviation);
    if (line)
        return line.value();
    std::fprintf(stderr, "%s\n", printable(line.error().text()).c_str());
    return {};
}

Result<Ok> queryFindings(Context &context, Backend &backend, const Query &query, const Options &options)
{
    return await<Ok>([&](Done<Ok> done) {
        return backend.findings(context.caller(), query, [&](std::vector<Finding> page) {
            for (const Finding &finding : page) {
                std::string line;
                if (options.table == "alerts")
                    line = alertOf(finding, options);
                else if (options.table == "deviations")
                    line = deviationOf(finding, options);
                else if (context.json)
                    appendFindingJson(line, finding);
                else
                    line = findingLine(finding);
                if (!line.empty())
                    printLine(line);
            }
        }, std::move(done));
    });
}

/// What is expected next, case by case; the ledger keeps what the stages said last.
Result<Ok> queryPredictions(Context &context, Backend &backend, const Options &options)
{
    if (!options.filter.empty())
        return Error{Error::Code::InvalidArgument, "predictions are no rows of the ledger and take no filter", {},
                     "leave the filter away"};
    const auto rows = EVENTOPS_TRY(await<std::vector<CaseExpectation>>(
        [&](auto done) { return backend.expectations(context.caller(), std::move(done)); }));
    const auto summary = EVENTOPS_TRY(await<WorkspaceSummary>(
        [&](auto done) { return backend.summary(context.caller(), false, std::move(done)); }));
    std::uint64_t left = options.limit == 0 ? UINT64_MAX : options.limit;
    for (const CaseExpectation &row : rows) {
        if (row.next.empty()) // it ended without one of its steps: nothing more is expected
            continue;
        if (left-- == 0)
            break;
        if (const auto line = encodePrediction(row, summary.clock))
            printLine(line.value());
        else
            std::fprintf(stderr, "%s\n", printable(line.error().text()).c_str());
    }
    return Ok{};
}

/// What the budget held back, the most surprising first.
Result<Ok> queryHeldBack(Context &context, Backend &backend, const Options &options)
{
    if (!options.filter.empty())
        return Error{Error::Code::InvalidArgument, "what was held back is no row of the ledger and takes no filter", {},
                     "leave the filter away"};
    const auto judgement = EVENTOPS_TRY(await<JudgementView>(
        [&](auto done) { return backend.judgement(context.caller(), std::move(done)); }));
    std::uint64_t left = options.limit == 0 ? UINT64_MAX : options.limit;
    for (const JudgementView::HeldBack &alarm : judgement.heldBack) {
        if (left-- == 0)
            break;
        std::string line;
        if (context.json) {
            JsonWriter json(line);
            json.beginObject().field("ts", formatTimestamp(alarm.ts)).field("kind", alarm.kind);
            json.field("tenant", alarm.tenant).field("entity_type", alarm.entityType);
            json.field("entity_id", alarm.entityId).field("what", alarm.what);
            json.key("bits").number(alarm.bits).key("takes").number(alarm.takes).endObject();
        } else {
            char bits[64];
            std::snprintf(bits, sizeof bits, "  %.1f of %.1f bits", alarm.bits, alarm.takes);
            line = formatTimestamp(alarm.ts) + "  " + alarm.kind + "  " + printable(alarm.entityId) + "  "
                 + printable(alarm.what) + bits;
        }
        printLine(line);
    }
    return Ok{};
}

template <typename Row, typename Start, typename Json, typename Text>
Result<Ok> queryRows(Context &context, Start start, Json json, Text text)
{
    return await<Ok>([&](Done<Ok> done) {
        return start([&](std::vector<Row> page) {
            for (const Row &row : page) {
                std::string line;
                if (context.json)
                    json(line, row);
                else
                    line = text(row);
                printLine(line);
            }
        }, std::move(done));
    });
}

Result<Ok> run(Context &context, const Options &options)
{
    const auto backend = EVENTOPS_TRY(context.place());
    const Query query = queryOf(options);
    const Caller caller = context.caller();
    if (options.table == "events")
        return queryEvents(context, *backend, query);
    if (options.table == "predictions")
        return queryPredictions(context, *backend, options);
    if (options.table == "held-back")
        return queryHeldBack(context, *backend, options);
    if (options.table == "findings" || options.table == "alerts" || options.table == "deviations")
        return queryFindings(context, *backend, query, options);
    if (options.table == "entities") {
        return queryRows<Entity>(context, [&](auto page, Done<Ok> done) {
            return backend->entities(caller, query, page, std::move(done));
        }, appendEntityJson, [](const Entity &e) {
            return printable(e.tenant + "  " + e.type + "  " + e.id) + "  " + std::to_string(e.events) + " events";
        });
    }
    if (options.table == "links") {
        return queryRows<Link>(context, [&](auto page, Done<Ok> done) {
            return backend->links(caller, query, page, std::move(done));
        }, appendLinkJson, [](const Link &l) {
            return printable(l.tenant + "  " + l.sourceId + " --" + l.type + "--> " + l.targetId);
        });
    }
    return queryRows<Action>(context, [&](auto page, Done<Ok> done) {
        return backend->actions(caller, query, page, std::move(done));
    }, appendActionJson, actionLine);
}

} // namespace

void addQuery(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("query", "Print rows of the ledger that match a filter");
    command->add_option("TABLE", options->table, "What to look at")->required()
        ->check(CLI::IsMember({"events", "alerts", "deviations", "predictions", "findings", "held-back", "entities",
                                "links", "actions"}));
    command->add_option("FILTER", options->filter, "For example: severity >= warning and entity.id = host:host-a");
    command->add_option("--limit", options->limit, "At most so many rows; 0: all")->capture_default_str();
    command->add_flag("--newest", options->newest, "Newest first");
    command->add_flag("--mirror", options->mirror,
                      "Alerts: also of deviations; deviations: also of alerts, for those who read only one of them");
    command->add_flag("--legacy-top-level", options->deviation.legacyTopLevel,
                      "Deviations: step, entropy and baseline_entropy at top level as well");
    addPlace(*command, context);
    addJson(*command, context);
    command->callback([&context, options] {
        if (const auto status = run(context, *options); !status)
            context.fail(status.error());
    });
}

} // namespace eventops::cli
