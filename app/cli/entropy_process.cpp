// SPDX-License-Identifier: MIT
#include "app/cli/case_files.h"
#include "app/cli/cli.h"
#include "core/entropy/process_figures.h"
#include "app/cli/table.h"

#include "core/base/time.h"

#include <cstdio>

namespace eventops::cli {
namespace {

struct ProcessOptions {
    std::string log;
    bool noEnd = false; ///< The end of the case is no answer.
};

double seconds(std::int64_t ns)
{
    return static_cast<double>(ns) / static_cast<double>(NsPerSecond);
}

Status scoreProcess(const ProcessOptions &options)
{
    CaseModels models;
    const std::vector<FileCase> cases = EVENTOPS_TRY(readCaseLog(options.log, models));
    const std::size_t learned = processTrainingCases(cases.size());
    StepPrediction prediction;
    GapForecast gap;
    std::printf("case,prefix,activity,delta_s,q90_s,q99_s\n");
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const FileCase &one = cases[i];
        for (std::size_t prefix = ProcessPrefixMin; i >= learned && prefix < one.steps.size(); ++prefix) {
            models.predict(one, prefix, prediction, gap);
            const StepSymbol next = likeliestStep(prediction, options.noEnd);
            std::printf("%s,%zu,%s,%.3f,%.3f,%.3f\n", csvCell(one.id).c_str(), prefix,
                        next == EndSymbol ? "!" : csvCell(models.name(next)).c_str(), seconds(gap.quantileNs(0.5)),
                        seconds(gap.quantileNs(0.9)), seconds(gap.quantileNs(0.99)));
        }
        models.learn(one);
    }
    return Ok{};
}

} // namespace

void addScoreProcess(CLI::App &group, Context &context)
{
    auto *command = group.add_subcommand(
        "process", "Predict the next step of each case of a log and when it comes, learning as it goes");
    auto options = std::make_shared<ProcessOptions>();
    command->add_option("log", options->log, "CaseID,ActivityID,CompleteTimestamp; cases one after the other")
        ->required()
        ->type_name("FILE");
    command->add_flag("--no-end", options->noEnd, "Never answer that the case is over (\"!\")");
    command->footer("The first two thirds of the cases are learned, the others answered from their second step on; "
                    "a case is learned when it was answered.");
    command->callback([&context, options] {
        if (const Status done = scoreProcess(*options); !done)
            context.fail(done.error());
    });
}

} // namespace eventops::cli
