// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/session/workspace.h"
#include "core/store/ledger.h"

#include <cstdio>

namespace eventops::cli {

void addSql(CLI::App &app, Context &context)
{
    const auto query = std::make_shared<std::string>();
    CLI::App *command = app.add_subcommand("sql", "Ask the ledger in SQL, read-only; it is attached as karma");
    command->add_option("QUERY", *query, "For example: SELECT count() FROM karma.events_raw")->required();
    addWorkspace(*command, context);
    command->callback([&context, query] {
        const auto workspace = Workspace::existing(context.workspace);
        if (!workspace)
            return context.fail(workspace.error());
        const Status status = runSql(context.workspace, *query, [](std::string_view row) {
            std::fwrite(row.data(), 1, row.size(), stdout);
            std::fputc('\n', stdout);
            return !interrupted();
        });
        if (!status)
            context.fail(status.error());
    });
}

} // namespace eventops::cli
