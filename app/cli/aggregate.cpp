// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/base/time.h"

#include <algorithm>
#include <cstdio>

namespace eventops::cli {
namespace {

struct Options {
    std::vector<std::string> measures, by;
    std::string filter, every;
};

Result<AggregateQuery> queryOf(const Options &options)
{
    AggregateQuery query;
    for (const std::string &text : options.measures)
        query.measures.push_back(EVENTOPS_TRY(parseMeasure(text)));
    for (const std::string &name : options.by) {
        const auto field = fieldByName(name);
        if (!field)
            return Error{Error::Code::InvalidArgument, "--by: there is no field \"" + name + '"', {},
                         "use a field of events, like metric, tenant or entity.id"};
        query.by.push_back(*field);
    }
    if (!options.every.empty()) {
        const auto every = parseDurationNs(options.every);
        if (!every || *every <= 0)
            return Error{Error::Code::InvalidArgument, "--every: \"" + options.every + "\" is no span of time", {},
                         "write it as 30s, 5m or 1h"};
        query.everyNs = *every;
    }
    return query;
}

std::string numberText(const std::optional<double> &value)
{
    std::string text;
    if (value)
        appendJsonNumber(text, *value);
    return value ? text : "null";
}

void printJson(const Options &options, const AggregateRow &row)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject();
    if (!options.every.empty())
        json.field("ts", row.from == NoTime ? std::string() : formatTimestamp(row.from));
    for (std::size_t i = 0; i < row.by.size(); ++i)
        row.by[i] ? json.field(options.by[i], *row.by[i]) : json.key(options.by[i]).raw("null");
    for (std::size_t i = 0; i < row.values.size(); ++i)
        json.key(options.measures[i]).raw(numberText(row.values[i]));
    json.endObject();
    std::printf("%s\n", out.c_str());
}

/// Columns as wide as their widest cell.
void printTable(const Options &options, const std::vector<AggregateRow> &rows)
{
    std::vector<std::vector<std::string>> cells(1);
    if (!options.every.empty())
        cells.front().emplace_back("ts");
    cells.front().insert(cells.front().end(), options.by.begin(), options.by.end());
    cells.front().insert(cells.front().end(), options.measures.begin(), options.measures.end());
    for (const AggregateRow &row : rows) {
        std::vector<std::string> &line = cells.emplace_back();
        if (!options.every.empty())
            line.push_back(row.from == NoTime ? "-" : formatTimestamp(row.from));
        for (const auto &text : row.by)
            line.push_back(text ? printable(*text) : "-");
        for (const auto &value : row.values)
            line.push_back(value ? numberText(value) : "-");
    }
    std::vector<std::size_t> widths(cells.front().size());
    for (const auto &line : cells) {
        for (std::size_t i = 0; i < line.size(); ++i)
            widths[i] = std::max(widths[i], line[i].size());
    }
    for (const auto &line : cells) {
        for (std::size_t i = 0; i < line.size(); ++i)
            std::printf("%s%-*s", i == 0 ? "" : "  ", i + 1 == line.size() ? 0 : static_cast<int>(widths[i]),
                        line[i].c_str());
        std::printf("\n");
    }
}

void aggregate(Context &context, const Options &options)
{
    const auto query = queryOf(options);
    if (!query)
        return context.fail(query.error());
    const auto place = context.place();
    if (!place)
        return context.fail(place.error());
    const auto &backend = place.value();
    const auto rows = await<std::vector<AggregateRow>>([&](Done<std::vector<AggregateRow>> done) {
        return backend->aggregate(context.caller(), options.filter, query.value(), std::move(done));
    });
    if (!rows)
        return context.fail(rows.error());
    if (!context.json)
        return printTable(options, rows.value());
    for (const AggregateRow &row : rows.value())
        printJson(options, row);
}

} // namespace

void addAggregate(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand(
        "aggregate", "Numbers over events, by field and by time, straight from the columns they are stored in");
    command->add_option("MEASURE", options->measures,
                        "count, min, max, mean, sum, p50 … p99.9 of the values, or distinct(FIELD)")
        ->required();
    command->add_option("--by", options->by, "Group by this field: metric, tenant, entity.id …; may be given again")
        ->allow_extra_args(false);
    command->add_option("--every", options->every, "Also by spans of event time: 30s, 1m, 1h");
    command->add_option("--filter", options->filter, "Only of events that match, like: tenant = acme");
    addPlace(*command, context);
    addJson(*command, context);
    command->callback([&context, options] { aggregate(context, *options); });
}

} // namespace eventops::cli
