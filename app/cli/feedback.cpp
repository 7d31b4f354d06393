// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include <cstdio>

namespace eventops::cli {
namespace {

void give(Context &context, const FeedbackRequest &request)
{
    const auto backend = context.backend();
    const auto given = await<Ok>(
        [&](Done<Ok> done) { return backend->giveFeedback(context.caller(), request, std::move(done)); });
    if (!given)
        return context.fail(given.error());
    switch (request.kind) {
    case FeedbackKind::Dismissed: std::printf("Dismissed: what it was about is normal from now on.\n"); return;
    case FeedbackKind::Confirmed: std::printf("Confirmed: what it was about stays a fault.\n"); return;
    case FeedbackKind::Budget: std::printf("The budget is %g false findings a day.\n", request.falsePerDay); return;
    }
}

} // namespace

void addFeedback(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("feedback", "Tell the models what a finding was worth, and the budget");
    command->require_subcommand(1);
    const auto add = [&](FeedbackKind kind, const char *name, const char *help) {
        const auto request = std::make_shared<FeedbackRequest>();
        request->kind = kind;
        CLI::App *sub = command->add_subcommand(name, help);
        addWorkspace(*sub, context);
        if (kind == FeedbackKind::Budget)
            sub->add_option("NUMBER", request->falsePerDay, "False findings a day that you bear; 0.01 or more")
                ->required();
        else
            sub->add_option("ID", request->findingId, "Of a finding; see: eventops query findings")->required();
        sub->add_option("--reason", request->reason, "Why; kept with it")->required();
        sub->callback([&context, request] { give(context, *request); });
    };
    add(FeedbackKind::Dismissed, "dismiss", "It was no fault: what it was about is learned as normal");
    add(FeedbackKind::Confirmed, "confirm", "It was a fault: what it was about is never learned as normal");
    add(FeedbackKind::Budget, "budget", "How many false findings a day you bear");
}

} // namespace eventops::cli
