// SPDX-License-Identifier: MIT
//
// `eventops`: the engine on the command line. Links no GUI library.
#include "app/cli/cli.h"

#include <cstdio>
#include <filesystem>

#include <malloc.h>

int main(int argc, char **argv)
{
    using namespace eventops::cli;
    // Batches are filled on one thread and emptied on another: an arena for each thread would keep both of their peaks.
    mallopt(M_ARENA_MAX, 1);
    Context context;
    std::error_code code;
    context.program = std::filesystem::read_symlink("/proc/self/exe", code).string();
    context.dataDirectory = findDataDirectory(context.program);
    context.workspace = defaultWorkspace();
    watchSignals();

    CLI::App app(
        "The event pipeline of EventOps Console: reads captures, explains what is surprising, asks before it acts.",
        "eventops");
    app.require_subcommand(1);
    app.set_version_flag("--version", EVENTOPS_VERSION);
    app.footer("Exit codes: 0 done, 1 failed, 2 usage, 3 refused, 4 busy. More: man eventops");
    for (auto *add : {addReplay, addRun, addReport, addQuery, addApprovals, addDeadLetters, addAudit, addSql,
                      addExecutor, addValidate, addStages, addBench, addDemo})
        add(app, context);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &help) {
        return app.exit(help);
    } catch (const CLI::ParseError &error) {
        app.exit(error);
        return ExitUsage;
    }
    return context.exitCode;
}
