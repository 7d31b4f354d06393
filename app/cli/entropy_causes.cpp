// SPDX-License-Identifier: MIT
#include "app/cli/cause_tables.h"
#include "app/cli/cli.h"
#include "app/cli/table.h"

#include "core/base/json.h"

#include <cstdio>

namespace eventops::cli {
namespace {

void printJson(std::size_t rank, const CallGraph &graph, const RankedCause &cause, const MetricDeviations &measured)
{
    std::string line;
    JsonWriter writer(line);
    writer.beginObject();
    writer.key("rank").unsignedInteger(rank);
    writer.field("node", graph.nodes[cause.node]);
    writer.key("share").number(cause.share);
    writer.key("own_bits").number(cause.ownBits);
    if (cause.metric < measured.metrics.size() && cause.share > 0.0)
        writer.field("metric", measured.metrics[cause.metric]);
    writer.endObject();
    std::printf("%s\n", line.c_str());
}

Status rankFiles(const Context &context, const CauseFiles &files)
{
    const auto [graph, measured, causes] = EVENTOPS_TRY(rankCauseFiles(files));
    if (!context.json)
        std::printf("rank,node\n");
    for (std::size_t i = 0; i < causes.size(); ++i) {
        if (context.json)
            printJson(i + 1, graph, causes[i], measured);
        else
            std::printf("%zu,%s\n", i + 1, csvCell(graph.nodes[causes[i].node]).c_str());
    }
    return Ok{};
}

} // namespace

void addRankCauses(CLI::App &group, Context &context)
{
    const auto files = std::make_shared<CauseFiles>();
    CLI::App *command = group.add_subcommand(
        "rank-causes", "Which node of a call graph is the cause of a problem seen at another: `rank,node`");
    command->add_option("--graph", files->graph, "CSV matrix: a line a caller, a column a callee, not 0 where it calls")
        ->required();
    command->add_option("--normal", files->normal, "CSV of metrics when all was well")->required();
    command->add_option("--issue", files->issue, "CSV of metrics, with the same heads, while the problem lasted")
        ->required();
    command->add_option("--target", files->target, "Node at which the problem is seen")->required();
    command->footer("Metrics: three lines of heads (node, metric, statistic), then a line a window of time; an empty "
                    "cell was not measured.");
    addJson(*command, context);
    command->callback([&context, files] {
        if (const Status status = rankFiles(context, *files); !status)
            context.fail(status.error());
    });
}

} // namespace eventops::cli
