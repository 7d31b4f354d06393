// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "app/cli/summary.h"
#include "app/cli/table.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

namespace eventops::cli {
namespace {

constexpr std::size_t FindingsShown = 12;
constexpr std::size_t ActionsShown = 8;

struct Content {
    WorkspaceSummary summary;
    std::vector<Finding> findings;
    std::vector<Action> waiting;
};

Result<Content> collect(Context &context, Backend &backend)
{
    Content content;
    const Caller caller = context.caller();
    content.summary = EVENTOPS_TRY(await<WorkspaceSummary>(
        [&](Done<WorkspaceSummary> done) { return backend.summary(caller, false, std::move(done)); }));
    Query query;
    query.rowsMax = UINT64_MAX;
    EVENTOPS_TRY(await<Ok>([&](Done<Ok> done) {
        return backend.findings(caller, query, [&](std::vector<Finding> page) {
            std::move(page.begin(), page.end(), std::back_inserter(content.findings));
        }, std::move(done));
    }));
    EVENTOPS_TRY(await<Ok>([&](Done<Ok> done) {
        return backend.actions(caller, query, [&](std::vector<Action> page) {
            std::copy_if(page.begin(), page.end(), std::back_inserter(content.waiting),
                         [](const Action &a) { return a.state == ActionState::Proposed; });
        }, std::move(done));
    }));
    return content;
}

void printFindings(std::vector<Finding> findings)
{
    const std::size_t total = findings.size();
    // The worst first; within one severity the most surprising, then the oldest.
    std::stable_sort(findings.begin(), findings.end(), [](const Finding &a, const Finding &b) {
        return a.severity != b.severity ? a.severity > b.severity : a.bits > b.bits;
    });
    std::printf("\nFINDINGS  (%zu of %zu, the worst first)\n", std::min(total, FindingsShown), total);
    for (std::size_t i = 0; i < std::min(total, FindingsShown); ++i) {
        std::printf("  %s\n", findingLine(findings[i]).c_str());
        std::printf("%s", findingTerms(findings[i], "      ").c_str());
    }
    if (total == 0)
        std::printf("  none: nothing exceeded a rule or surprised a model\n");
}

void printActions(const Context &context, const std::vector<Action> &waiting)
{
    std::printf("\nWAITING FOR APPROVAL  (%zu of %zu)\n", std::min(waiting.size(), ActionsShown), waiting.size());
    for (std::size_t i = 0; i < std::min(waiting.size(), ActionsShown); ++i) {
        std::printf("  %s\n", actionLine(waiting[i]).c_str());
        std::printf("      why: %s\n", printable(waiting[i].suggestion.reason).c_str());
    }
    if (waiting.empty()) {
        std::printf("  nothing\n");
        return;
    }
    const std::string id = waiting.front().displayId();
    const char *workspace = context.workspace.c_str();
    std::printf("\nWHAT YOU CAN DO\n");
    std::printf("  look closer   eventops approvals show %s --workspace %s\n", id.c_str(), workspace);
    std::printf("  approve it    eventops approvals approve %s --reason \"seen, do it\" --workspace %s\n", id.c_str(),
                workspace);
    std::printf("  reject it     eventops approvals reject %s --reason \"known\" --workspace %s\n", id.c_str(),
                workspace);
}

} // namespace

void showReport(Context &context)
{
    const auto place = context.place();
    if (!place)
        return context.fail(place.error());
    const auto &backend = place.value();
    auto content = collect(context, *backend);
    if (!content)
        return context.fail(content.error());
    std::printf("WORKSPACE %s\n%s", context.attach.empty() ? context.workspace.c_str() : context.attach.c_str(),
                summaryText(content.value().summary).c_str());
    for (const SourceRow &row : content.value().summary.sources)
        std::printf("source    %s: %llu records, %s\n", printable(row.progress.title).c_str(),
                    static_cast<unsigned long long>(row.progress.added.received),
                    row.progress.finished ? "read to its end" : "open");
    printFindings(std::move(content.value().findings));
    printActions(context, content.value().waiting);
}

void addReport(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("report", "What happened, what is surprising, what waits: for people");
    addPlace(*command, context);
    command->callback([&context] { showReport(context); });
}

} // namespace eventops::cli
