// SPDX-License-Identifier: MIT
//
// `eventops`: the engine on the command line. Links no GUI library.
#include "app/cli/cli.h"

#include <cstdio>

#include <malloc.h>

int main(int argc, char **argv)
{
    using namespace eventops;
    using namespace eventops::cli;
    // Batches are filled on one thread and emptied on another: an arena for each thread would keep both of their peaks.
    mallopt(M_ARENA_MAX, 1);
    Context context;
    context.program = app::ownProgram();
    context.dataDirectory = app::findDataDirectory(context.program);
    context.workspace = app::defaultWorkspace();
    watchSignals();

    CLI::App app(
        "The event pipeline of EventOps Console: reads captures, explains what is surprising, asks before it acts.",
        "eventops");
    app.require_subcommand(1);
    app.set_version_flag("--version", EVENTOPS_VERSION);
    app.footer("Exit codes: 0 done, 1 failed, 2 usage, 3 refused, 4 busy. More: man eventops");
    for (auto *add :
         {addReplay,    addRun,      addReport,      addQuery,   addAggregate, addExport,  addMerge,      addCapture,
          addApprovals, addFeedback, addDeadLetters, addAudit,   addSql,       addLake,    addClickHouse, addKafka,
          addWebhook,   addSinks,    addIntake,      addGroup,   addRerun,     addPromote, addTest,       addExecutor,
          addServe,     addSettings, addTransformer, addStack,   addRetention, addBackup,  addDetect,     addDoctor,
          addValidate,  addStages,   addEntropy,     addExplain, addGraph,     addBench,   addDemo})
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
