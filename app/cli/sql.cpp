// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "app/cli/table.h"
#include "core/session/lake_feed.h"
#include "core/session/workspace.h"
#include "core/store/ledger.h"

#include <cstdio>

namespace eventops::cli {
namespace {

Status askLake(const Context &context, const std::string &query)
{
    SqlRowPrinter printer;
    SqlLimits limits;
    limits.stop = &interrupted();
    lake::AnalysisOptions options;
    options.threads = defaultWorkers();
    return lake::queryLake(
        lakePaths({context.workspace}), query, limits, options,
        [&](const std::vector<SqlColumn> &columns) { printer.begin(columns); },
        [&](SqlRow &row) {
            printer.print(row);
            return true;
        });
}

Status askLedger(const Context &context, const std::string &query)
{
    EVENTOPS_TRY(Workspace::existing(context.workspace));
    return runSql(context.workspace, query, [](std::string_view row) {
        std::fwrite(row.data(), 1, row.size(), stdout);
        std::fputc('\n', stdout);
        return !interrupted();
    });
}

Status askClickHouse(const std::string &url, const std::string &query)
{
    lake::ClickHouseAddress address = EVENTOPS_TRY(lake::withClickHouseEnvironment({}));
    address.url = url;
    const auto client =
        EVENTOPS_TRY(lake::ClickHouseClient::open(std::move(address), [] { return interrupted().load(); }));
    return printClickHouseRows(*client, query);
}

} // namespace

void addSql(CLI::App &app, Context &context)
{
    const auto query = std::make_shared<std::string>();
    const auto lake = std::make_shared<bool>(false);
    CLI::App *command = app.add_subcommand("sql", "Ask the ledger in SQL, read-only; it is attached as karma");
    command->add_option("QUERY", *query, "For example: SELECT count() FROM karma.events_raw")->required();
    command->add_flag("--lake", *lake, "Ask the lake, by DuckDB: SELECT * FROM metrics ORDER BY ts DESC LIMIT 5");
    const auto clickHouse = std::make_shared<std::string>();
    command->add_option("--clickhouse", *clickHouse, "Ask the ClickHouse with this URL instead, read-only")
        ->excludes("--lake");
    addWorkspace(*command, context);
    command->callback([&context, query, lake, clickHouse] {
        const Status status = !clickHouse->empty() ? askClickHouse(*clickHouse, *query)
                              : *lake              ? askLake(context, *query)
                                                   : askLedger(context, *query);
        if (!status)
            context.fail(status.error());
    });
}

} // namespace eventops::cli
