// SPDX-License-Identifier: MIT
//
// `eventops lake`: the projection of the ledger into DuckDB and Parquet.
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/session/lake_feed.h"

#include <cstdio>

namespace eventops::cli {
namespace {

void printMark(const Context &context, const lake::LakeMark &mark, const std::string &notice)
{
    const lake::LakePaths paths = lakePaths({context.workspace});
    if (context.json) {
        std::string out;
        JsonWriter json(out);
        json.beginObject().key("metrics").unsignedInteger(mark.metricRows);
        json.key("alerts").unsignedInteger(mark.alertRows).key("parts").unsignedInteger(mark.parts);
        json.key("ledger_seq").unsignedInteger(mark.events).field("database", paths.published());
        json.field("parquet", paths.metricParts()).field("notice", notice).endObject();
        std::printf("%s\n", out.c_str());
        return;
    }
    if (!notice.empty())
        std::printf("note      %s\n", printable(notice).c_str());
    std::printf("metrics   %llu rows\nalerts    %llu rows\nparts     %llu Parquet files\n",
                static_cast<unsigned long long>(mark.metricRows), static_cast<unsigned long long>(mark.alertRows),
                static_cast<unsigned long long>(mark.parts));
    std::printf("database  %s\nparquet   %s\n", printable(paths.published()).c_str(),
                printable(paths.metricParts()).c_str());
}

void build(Context &context, bool anew)
{
    std::string notice;
    const auto mark = buildLake({context.workspace}, anew, &interrupted(), notice);
    if (!mark)
        return context.fail(mark.error());
    printMark(context, mark.value(), notice);
}

void status(Context &context)
{
    const lake::LakeStatus state = lake::lakeStatus(lakePaths({context.workspace}));
    if (!state.missing.empty())
        return context.fail(Error{Error::Code::Unavailable, state.missing});
    std::string notice;
    if (!state.published)
        notice = "there is no lake in this workspace yet; make it with: eventops lake build";
    for (const std::string &path : state.damaged)
        notice += (notice.empty() ? "" : "; ") + ("set aside as damaged: " + path);
    printMark(context, state.mark, notice);
    if (!context.json)
        std::printf("duckdb    %s\n", printable(state.library).c_str());
}

} // namespace

void addLake(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand(
        "lake", "The ledger projected into DuckDB (data/metrics.duckdb) and Parquet (data/parquet)");
    command->require_subcommand(1);
    const auto add = [&](const char *name, const char *help, std::function<void()> run) {
        CLI::App *sub = command->add_subcommand(name, help);
        addWorkspace(*sub, context);
        addJson(*sub, context);
        sub->callback(std::move(run));
    };
    add("build", "Bring it up to the end of the ledger; every later run then keeps it there",
        [&context] { build(context, false); });
    add("rebuild", "Throw it away and build it again from the ledger", [&context] { build(context, true); });
    add("status", "What it holds, where it lies, and which DuckDB is used", [&context] { status(context); });
}

} // namespace eventops::cli
