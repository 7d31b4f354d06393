// SPDX-License-Identifier: MIT
#include "app/cli/case_models.h"
#include "app/cli/cli.h"
#include "app/cli/table.h"

#include "core/base/time.h"
#include "core/codec/csv.h"

#include <algorithm>
#include <cstdio>

namespace eventops::cli {
namespace {

constexpr std::size_t PrefixMin = 2; ///< Shorter beginnings are not asked for.

struct ProcessOptions {
    std::string log;
    bool noEnd = false; ///< The end of the case is no answer.
};

/// The cases of a log, in the order of their first lines.
Result<std::vector<FileCase>> readLog(const std::string &path, CaseModels &models)
{
    std::vector<FileCase> cases;
    std::vector<CsvCell> cells;
    EVENTOPS_TRY(readLines(path, [&](std::size_t number, std::string_view line) -> Status {
        const std::string place = path + ':' + std::to_string(number);
        if (!readCsvRecord(line, cells) || cells.size() < 3)
            return Error{Error::Code::InvalidArgument, place + ": three fields are expected", {},
                         "write CaseID,ActivityID,CompleteTimestamp on the first line and one event on each other"};
        if (number == 1)
            return Ok{};
        const auto time = parseTimestamp(cells[2].text);
        if (!time)
            return Error{Error::Code::InvalidArgument,
                         place + ": CompleteTimestamp \"" + cells[2].text + "\" is no time", {},
                         "write it as 2025-10-21 10:00:00"};
        if (cases.empty() || cases.back().id != cells[0].text)
            cases.push_back({cells[0].text, {}, {}});
        cases.back().steps.push_back(models.symbol(cells[1].text));
        cases.back().times.push_back(*time);
        return Ok{};
    }));
    return cases;
}

/// The likeliest step.
StepSymbol answerOf(const StepPrediction &prediction, bool noEnd)
{
    StepSymbol best = NoStepSymbol;
    double most = -1.0;
    for (const StepPrediction::Alternative &next : prediction.all()) {
        if (next.probability > most && !(noEnd && next.symbol == EndSymbol)) {
            best = next.symbol;
            most = next.probability;
        }
    }
    return best;
}

double seconds(std::int64_t ns)
{
    return static_cast<double>(ns) / static_cast<double>(NsPerSecond);
}

Status scoreProcess(const ProcessOptions &options)
{
    CaseModels models;
    const std::vector<FileCase> cases = EVENTOPS_TRY(readLog(options.log, models));
    // Twice the rounded third: the split of Tax et al., "Predictive business process monitoring with LSTM", 2017.
    const std::size_t third = (cases.size() + (cases.size() % 3 == 2 ? 1 : 0)) / 3;
    StepPrediction prediction;
    GapForecast gap;
    std::printf("case,prefix,activity,delta_s,q90_s,q99_s\n");
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const FileCase &one = cases[i];
        for (std::size_t prefix = PrefixMin; i >= 2 * third && prefix < one.steps.size(); ++prefix) {
            models.predict(one, prefix, prediction, gap);
            const StepSymbol next = answerOf(prediction, options.noEnd);
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
