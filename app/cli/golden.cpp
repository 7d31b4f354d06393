// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/session/golden_case.h"

#include <cstdio>

namespace eventops::cli {
namespace {

void test(Context &context, const std::vector<std::string> &folders, bool update)
{
    const LocalBackendOptions options = context.backendOptions();
    std::size_t failed = 0;
    for (const std::string &folder : folders) {
        const std::string wrong = checkGolden(folder, options.registry, options.dataDirectory, update);
        failed += wrong.empty() ? 0 : 1;
        if (context.json) {
            std::string out;
            JsonWriter(out).beginObject().field("case", folder).key("passed").boolean(wrong.empty())
                .field("difference", wrong).endObject();
            std::printf("%s\n", out.c_str());
        } else {
            std::printf("%s  %s\n", wrong.empty() ? "ok  " : "FAIL", printable(folder).c_str());
            if (!wrong.empty())
                std::printf("%s\n", wrong.c_str());
        }
    }
    if (failed > 0)
        context.exitCode = ExitFailed;
}

void promote(Context &context, const std::string &finding, const std::string &folder)
{
    const auto backend = context.backend();
    const auto made = await<Promotion>(
        [&](Done<Promotion> done) { return backend->promote(context.caller(), finding, folder, std::move(done)); });
    if (!made)
        return context.fail(made.error());
    const Promotion &p = made.value();
    if (context.json) {
        std::string out;
        JsonWriter(out).beginObject().field("folder", p.folder).key("candidates").unsignedInteger(p.candidates)
            .key("records").unsignedInteger(p.records).key("trials").unsignedInteger(p.trials)
            .key("minimal").boolean(p.minimal).endObject();
        std::printf("%s\n", out.c_str());
        return;
    }
    std::printf("%s: %llu of %llu records give the finding%s (%llu trials).\nRun it:  eventops test %s\n",
                printable(p.folder).c_str(), static_cast<unsigned long long>(p.records),
                static_cast<unsigned long long>(p.candidates),
                p.minimal ? "; without any one of them it is gone" : "; there may be fewer",
                static_cast<unsigned long long>(p.trials), printable(p.folder).c_str());
}

} // namespace

void addTest(CLI::App &app, Context &context)
{
    const auto folders = std::make_shared<std::vector<std::string>>();
    const auto update = std::make_shared<bool>(false);
    CLI::App *command =
        app.add_subcommand("test", "Run golden cases: folders with a pipeline, input and what it gives");
    command->add_option("FOLDER", *folders, "Folders with pipeline.yaml, input.* and expected/")->required();
    command->add_flag("--update", *update, "Write what comes out instead of comparing");
    addJson(*command, context);
    command->callback([&context, folders, update] { test(context, *folders, *update); });
}

void addPromote(CLI::App &app, Context &context)
{
    const auto finding = std::make_shared<std::string>();
    const auto folder = std::make_shared<std::string>();
    CLI::App *command =
        app.add_subcommand("promote", "Make a regression test of a finding: the fewest records that still give it");
    command->add_option("FINDING", *finding, "Id of the finding; see: eventops query findings --json")->required();
    command->add_option("--out", *folder, "Folder to make")->required();
    addWorkspace(*command, context);
    addJson(*command, context);
    command->callback([&context, finding, folder] { promote(context, *finding, *folder); });
}

} // namespace eventops::cli
