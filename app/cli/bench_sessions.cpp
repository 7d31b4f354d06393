// SPDX-License-Identifier: MIT
#include "app/cli/bench_table.h"
#include "app/cli/case_files.h"
#include "core/entropy/session_figures.h"

namespace eventops::cli {
namespace {

/// How many normal sessions of the whole data set one of the test file stands for: 553,366 of 12,583.
constexpr double NormalWeight = 43.98;
constexpr double FaultFalseRate = 0.005;
constexpr std::size_t FaultySessions = 1'500;
constexpr std::uint64_t FaultSeeds = 6;

struct Sessions {
    std::vector<FileCase> normal;
    std::vector<FileCase> abnormal;
};

std::vector<double> scoresOf(CaseModels &models, const std::vector<FileCase> &sessions)
{
    std::vector<double> scores;
    scores.reserve(sessions.size());
    for (const FileCase &session : sessions)
        scores.push_back(models.score(session).bits());
    return scores;
}

/// Shares of faulty sessions found at each of two thresholds.
struct FaultRecall {
    double own = 0.0;
    double atRate = 0.0;
};

FaultRecall recallOf(CaseModels &models, const std::vector<std::vector<StepSymbol>> &normal, SessionFault fault,
                     double own, double atRate)
{
    std::vector<double> scores;
    for (std::uint64_t seed = 1; seed <= FaultSeeds; ++seed) {
        for (std::vector<StepSymbol> &steps : faultySessions(normal, fault, FaultySessions, seed))
            scores.push_back(models.score({{}, std::move(steps), {}}).bits());
    }
    return {sessionFigures({}, scores, 1.0, own).recall, sessionFigures({}, scores, 1.0, atRate).recall};
}

void addFaults(CaseModels &models, const Sessions &sessions, const std::vector<double> &normalScores, double own,
               BenchRows &rows)
{
    struct Kind {
        SessionFault fault;
        const char *name;
        double must, stretch;
    };
    std::vector<std::vector<StepSymbol>> normal;
    for (const FileCase &session : sessions.normal)
        normal.push_back(session.steps);
    const double atRate = thresholdAtRate(normalScores, FaultFalseRate);
    for (const Kind &kind : {Kind{SessionFault::DropStep, "a step missing", 0.95, 0.98},
                             Kind{SessionFault::RepeatStep, "a step repeated", 0.95, 0.98},
                             Kind{SessionFault::Truncate, "cut short", 0.93, 0.95}}) {
        const FaultRecall recall = recallOf(models, normal, kind.fault, own, atRate);
        const std::string name = std::string("recall, ") + kind.name;
        rows.push_back({"HDFS", name + ", own threshold", recall.own, 4, false, kind.must, kind.stretch});
        rows.push_back({"HDFS", name + ", false at .5 %", recall.atRate, 4, false, kind.must, kind.stretch});
    }
}

/// All test sessions as one stream, the abnormal ones spread evenly; each false alarm is dismissed, so learned.
void addDismissals(CaseModels &models, const Sessions &sessions, double threshold, BenchRows &rows)
{
    const std::size_t normal = sessions.normal.size(), abnormal = sessions.abnormal.size();
    std::size_t falseAlarms = 0, found = 0, n = 0, a = 0;
    while (n < normal || a < abnormal) {
        if (a < abnormal && (n >= normal || a * normal <= n * abnormal)) {
            found += models.score(sessions.abnormal[a++]).bits() >= threshold ? 1 : 0;
            continue;
        }
        const FileCase &session = sessions.normal[n++];
        if (models.score(session).bits() < threshold)
            continue;
        ++falseAlarms;
        models.learn(session);
    }
    const SessionFigures figures = sessionFiguresOf(falseAlarms, normal, found, abnormal, NormalWeight);
    rows.push_back({"HDFS", "F1, false alarms dismissed", figures.f1, 4, false, 0.988, 0.993});
}

} // namespace

Status benchSessions(const std::string &directory, BenchRows &rows)
{
    CaseModels models;
    const std::vector<FileCase> train = EVENTOPS_TRY(readSessions(directory + "/train.txt", models));
    Sessions sessions;
    sessions.normal = EVENTOPS_TRY(readSessions(directory + "/test_normal.txt", models));
    sessions.abnormal = EVENTOPS_TRY(readSessions(directory + "/test_abnormal.txt", models));
    for (const FileCase &session : train) {
        if (!session.steps.empty())
            models.learn(session);
    }
    const double threshold = models.threshold(FalseCaseRate);
    const std::vector<double> normal = scoresOf(models, sessions.normal);
    const SessionFigures figures =
        sessionFigures(normal, scoresOf(models, sessions.abnormal), NormalWeight, threshold);
    rows.push_back({"HDFS", "F1, own threshold", figures.f1, 4, false, 0.980, 0.988});
    rows.push_back({"HDFS", "precision", figures.precision, 4, false, {}, {}});
    rows.push_back({"HDFS", "recall", figures.recall, 4, false, {}, {}});
    rows.push_back({"HDFS", "false positives, own threshold", figures.falsePositiveRate, 5, true, 0.005, {}});
    addFaults(models, sessions, normal, threshold, rows);
    addDismissals(models, sessions, threshold, rows);
    return Ok{};
}

} // namespace eventops::cli
