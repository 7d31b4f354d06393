// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "app/cli/table.h"
#include "core/model/row_json.h"

#include <cstdio>

namespace eventops::cli {
namespace {

struct Options {
    std::string id;
    std::string reason;
    bool noWait = false;
    bool all = false;
};

Result<std::vector<Action>> readActions(Context &context, Backend &backend)
{
    std::vector<Action> actions;
    Query query;
    query.rowsMax = UINT64_MAX;
    const auto status = await<Ok>([&](Done<Ok> done) {
        return backend.actions(context.caller(), query, [&](std::vector<Action> page) {
            actions.insert(actions.end(), page.begin(), page.end());
        }, std::move(done));
    });
    if (!status)
        return status.error();
    return actions;
}

void print(const Context &context, const Action &action, std::string text)
{
    if (context.json) {
        text.clear();
        appendActionJson(text, action);
    }
    std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n");
}

void list(Context &context, const Options &options)
{
    const auto place = context.place();
    if (!place)
        return context.fail(place.error());
    const auto &backend = place.value();
    const auto actions = readActions(context, *backend);
    if (!actions)
        return context.fail(actions.error());
    std::size_t shown = 0;
    for (const Action &action : actions.value()) {
        if (!options.all && action.state != ActionState::Proposed)
            continue;
        print(context, action, actionLine(action));
        ++shown;
    }
    if (shown == 0 && !context.json)
        std::printf("Nothing waits for approval.\n");
}

void show(Context &context, const Options &options)
{
    const auto place = context.place();
    if (!place)
        return context.fail(place.error());
    const auto &backend = place.value();
    const auto actions = readActions(context, *backend);
    if (!actions)
        return context.fail(actions.error());
    for (const Action &action : actions.value()) {
        if (action.displayId() == options.id)
            return print(context, action, actionCard(action));
    }
    context.fail(
        Error{Error::Code::NotFound, "there is no action " + options.id, {}, "see: eventops approvals list --all"});
}

void decide(Context &context, const Options &options, DecisionKind kind)
{
    const auto backend = context.backend();
    const Caller caller = context.caller();
    const Decision decision{options.id, kind, caller.user, options.reason};
    const auto outcome = await<DecisionOutcome>([&](Done<DecisionOutcome> done) {
        return backend->decide(caller, decision, !options.noWait, std::move(done));
    });
    if (!outcome)
        return context.fail(outcome.error());
    const Action &action = outcome.value().action;
    print(context, action, actionLine(action) + (action.output.empty() ? "" : "\n" + printable(action.output)));
    if (!outcome.value().note.empty())
        std::fprintf(stderr, "eventops: %s\n", outcome.value().note.c_str());
    const bool failed = action.state == ActionState::Failed || action.state == ActionState::TimedOut;
    if (failed)
        context.exitCode = ExitFailed;
}

} // namespace

void addApprovals(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("approvals", "See and decide what waits for a person");
    command->require_subcommand(1);
    const auto add = [&](const char *name, const char *help, auto addPlaceOf) {
        CLI::App *sub = command->add_subcommand(name, help);
        addPlaceOf(*sub, context);
        addJson(*sub, context);
        return sub;
    };
    CLI::App *listing = add("list", "What waits; with --all every action", addPlace);
    listing->add_flag("--all", options->all, "Decided ones too");
    listing->callback([&context, options] { list(context, *options); });

    CLI::App *one = add("show", "All that a decision rests on", addPlace);
    one->add_option("ID", options->id, "Action and version, as listed")->required();
    one->callback([&context, options] { show(context, *options); });

    for (const DecisionKind kind : {DecisionKind::Approve, DecisionKind::Reject}) {
        const bool approve = kind == DecisionKind::Approve;
        CLI::App *sub = add(approve ? "approve" : "reject",
                            approve ? "Approve exactly this version; publishes it and waits for the result"
                                    : "Reject exactly this version",
                            addWorkspace);
        sub->add_option("ID", options->id, "Action and version, as listed")->required();
        sub->add_option("--reason", options->reason, "Why; kept in the audit chain")->required();
        if (approve)
            sub->add_flag("--no-wait", options->noWait, "Return once it is published");
        sub->callback([&context, options, kind] { decide(context, *options, kind); });
    }
}

} // namespace eventops::cli
