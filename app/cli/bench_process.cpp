// SPDX-License-Identifier: MIT
#include "app/cli/bench_table.h"
#include "app/cli/case_files.h"
#include "core/entropy/process_figures.h"
#include "app/cli/series_files.h"

#include "core/base/time.h"

#include <array>
#include <cmath>

namespace eventops::cli {
namespace {

struct ProcessGoals {
    const char *file;
    const char *name;
    double accuracy, accuracyStretch, errorDays, errorStretch;
};
constexpr std::array Goals = {ProcessGoals{"helpdesk.csv", "Helpdesk", 0.712, 0.725, 3.70, 3.55},
                              ProcessGoals{"bpi_12_w.csv", "BPI'12 W", 0.768, 0.780, 1.50, 1.42}};

double seconds(std::int64_t ns)
{
    return static_cast<double>(ns) / static_cast<double>(NsPerSecond);
}

/// With the end of the case among the answers, and without.
struct LogFigures {
    ProcessFigures withEnd;
    ProcessFigures noEnd;
};

LogFigures figuresOf(CaseModels &models, const std::vector<FileCase> &cases)
{
    LogFigures figures;
    StepPrediction prediction;
    GapForecast gap;
    const std::size_t learned = processTrainingCases(cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const FileCase &one = cases[i];
        for (std::size_t prefix = ProcessPrefixMin; i >= learned && prefix < one.steps.size(); ++prefix) {
            models.predict(one, prefix, prediction, gap);
            ProcessAnswer answer;
            answer.gapS = seconds(raw(one.times[prefix]) - raw(one.times[prefix - 1]));
            answer.medianS = seconds(gap.quantileNs(0.5));
            answer.q90S = seconds(gap.quantileNs(0.9));
            answer.q99S = seconds(gap.quantileNs(0.99));
            answer.right = likeliestStep(prediction, false) == one.steps[prefix];
            figures.withEnd.add(answer);
            answer.right = likeliestStep(prediction, true) == one.steps[prefix];
            figures.noEnd.add(answer);
        }
        models.learn(one);
    }
    return figures;
}

void addLog(const std::string &file, const LogFigures &figures, BenchRows &rows)
{
    const ProcessGoals *goals = nullptr;
    for (const ProcessGoals &one : Goals)
        goals = file == one.file ? &one : goals;
    const auto goal = [goals](double ProcessGoals::*member) {
        return goals != nullptr ? std::optional(goals->*member) : std::nullopt;
    };
    const std::string name = goals != nullptr ? goals->name : file;
    rows.push_back({name, "next step, accuracy", figures.withEnd.accuracy(), 4, false, goal(&ProcessGoals::accuracy),
                    goal(&ProcessGoals::accuracyStretch)});
    rows.push_back({name, "next step, the end is no answer", figures.noEnd.accuracy(), 4, false,
                    goal(&ProcessGoals::accuracy), goal(&ProcessGoals::accuracyStretch)});
    rows.push_back({name, "next time, mean error in days", figures.withEnd.meanErrorDays(), 4, true,
                    goal(&ProcessGoals::errorDays), goal(&ProcessGoals::errorStretch)});
    rows.push_back({name, "lateness, error of q90", std::fabs(figures.withEnd.coverage90() - 0.90), 4, true, 0.03,
                    0.01});
    rows.push_back({name, "lateness, error of q99", std::fabs(figures.withEnd.coverage99() - 0.99), 4, true, 0.005,
                    0.003});
}

} // namespace

Status benchProcesses(const std::string &directory, BenchRows &rows)
{
    const std::vector<std::string> files = EVENTOPS_TRY(csvFilesBelow(directory));
    for (const std::string &file : files) {
        CaseModels models;
        const std::vector<FileCase> cases = EVENTOPS_TRY(readCaseLog(directory + '/' + file, models));
        addLog(file, figuresOf(models, cases), rows);
    }
    return Ok{};
}

} // namespace eventops::cli
