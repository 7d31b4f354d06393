// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/config/pipeline_file.h"
#include "core/session/action_flow.h"
#include "core/session/workspace.h"
#include "pipelines/components.h"

#include <condition_variable>
#include <mutex>

namespace eventops::cli {
namespace {

constexpr std::chrono::milliseconds PollTime{200};

Result<std::vector<std::unique_ptr<Executor>>> makeExecutors(const Value &configured)
{
    std::vector<std::unique_ptr<Executor>> executors;
    for (const auto &[name, settings] : configured.members()) {
        const ExecutorSpec *spec = nullptr;
        for (const ExecutorSpec *candidate : builtinExecutors())
            spec = candidate->name == name ? candidate : spec;
        if (spec == nullptr)
            return settings.error("there is no executor " + name);
        executors.push_back(EVENTOPS_TRY(spec->make(settings)));
    }
    return executors;
}

/// The role's loop; --once ends it when nothing is left to do.
Status runExecutor(const Context &context, bool once)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::existing(context.workspace));
    const std::string text = EVENTOPS_TRY(workspace.readPipeline());
    const LocalBackendOptions options = context.backendOptions();
    const PipelineSpec spec =
        EVENTOPS_TRY(parsePipeline(text, workspace.pipelineFile(), options.registry, options.dataDirectory));
    auto executors = EVENTOPS_TRY(makeExecutors(spec.executors));
    if (executors.empty())
        return Error{Error::Code::Refused, "the workspace's pipeline names no executor", {},
                     "add one under executors: in the pipeline file and replay"};
    const FileLock lock = EVENTOPS_TRY(FileLock::take(workspace, "executor"));
    const auto ledger = EVENTOPS_TRY(Ledger::open(workspace.directory, LedgerMode::Decide, {}));
    ExecutorRole role(*ledger, std::move(executors));
    std::mutex mutex;
    std::condition_variable timer;
    while (!interrupted()) {
        EVENTOPS_TRY(publishApproved(*ledger));
        const unsigned attempts = EVENTOPS_TRY(role.runDue());
        if (once && !EVENTOPS_TRY(role.pending()))
            break;
        if (attempts == 0) {
            std::unique_lock wait(mutex);
            timer.wait_for(wait, PollTime);
        }
    }
    return Ok{};
}

} // namespace

void addExecutor(CLI::App &app, Context &context)
{
    const auto once = std::make_shared<bool>(false);
    CLI::App *command =
        app.add_subcommand("executor", "Carry out approved actions: a role of its own, off unless started");
    command->add_flag("--once", *once, "End when no request is left");
    addWorkspace(*command, context);
    command->callback([&context, once] {
        if (const Status status = runExecutor(context, *once); !status)
            context.fail(status.error());
    });
}

} // namespace eventops::cli
