// SPDX-License-Identifier: MIT
//
// `eventops demo`: the made-up shop from beginning to end, and how well its faults were found.
#include "app/cli/cli.h"

#include "app/cli/summary.h"
#include "core/base/json.h"
#include "core/config/pipeline_file.h"
#include "core/entropy/surprise.h"
#include "core/session/demo.h"
#include "core/session/scorecard.h"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <set>
#include <stdlib.h>

namespace eventops::cli {
namespace {

constexpr double ApprovePace = 60.0; ///< With --approve: slow enough for a world to notice what is done to it.
constexpr std::chrono::milliseconds LookTime{200}; ///< Between two looks at what waits for approval.

struct Options {
    std::int64_t seed = -1; ///< −1: the scenario's own.
    double pace = -1.0;     ///< Below 0: not given.
    std::string duration;
    unsigned workers = 0;
    bool approve = false;
    bool workspace = false; ///< Given.
};

Result<std::string> freshWorkspace()
{
    std::error_code code;
    std::string name = (std::filesystem::temp_directory_path(code) / "eventops-demo-XXXXXX").string();
    if (code || ::mkdtemp(name.data()) == nullptr)
        return Error{Error::Code::Io, "cannot make a temporary workspace", {name, 0, 0}, "name one with --workspace"};
    return name;
}

Result<ReplayRequest> makeRequest(const Context &context, const Options &options)
{
    DemoOptions demo;
    if (options.seed >= 0)
        demo.seed = static_cast<std::uint64_t>(options.seed);
    if (options.pace >= 0.0 || options.approve)
        demo.pace = options.pace >= 0.0 ? options.pace : ApprovePace;
    if (!options.duration.empty())
        demo.duration = options.duration;
    demo.world = std::filesystem::absolute(context.workspace).string() + "/world.ndjson";
    ReplayRequest request;
    request.workers = options.workers;
    request.pipelineName = context.dataDirectory + "/definitions/demo.yaml";
    const std::string text = EVENTOPS_TRY(app::readTextFile(request.pipelineName));
    request.pipelineText = EVENTOPS_TRY(demoPipeline(text, request.pipelineName, demo));
    return request;
}

/// Approves what waits, as a person would who trusts every suggestion. Works beside the running engine, as another
/// program would; what cannot be approved now is looked at again.
class Approver
{
public:
    explicit Approver(Context &context) : m_context(context), m_backend(context.backend()) {}

    void look()
    {
        std::vector<std::string> waiting;
        const Caller caller = m_context.caller();
        Query query;
        query.rowsMax = UINT64_MAX;
        const auto seen = await<Ok>([&](Done<Ok> done) {
            return m_backend->actions(
                caller, query,
                [&](std::vector<Action> page) {
                    for (const Action &action : page) {
                        if (action.state == ActionState::Proposed && !m_decided.contains(action.displayId()))
                            waiting.push_back(action.displayId());
                    }
                },
                std::move(done));
        });
        if (!seen)
            return; // no workspace yet
        for (const std::string &id : waiting) {
            const Decision decision{id, DecisionKind::Approve, caller.user, "the demo was started with --approve"};
            const auto outcome = await<DecisionOutcome>(
                [&](Done<DecisionOutcome> done) { return m_backend->decide(caller, decision, true, std::move(done)); });
            if (outcome || outcome.error().code == Error::Code::Refused)
                m_decided.insert(id);
        }
    }

private:
    Context &m_context;
    std::unique_ptr<LocalBackend> m_backend;
    std::set<std::string> m_decided;
};

Result<WorkspaceSummary> play(Context &context, const ReplayRequest &request, bool approve)
{
    const auto backend = context.backend();
    std::promise<Result<WorkspaceSummary>> promise;
    auto future = promise.get_future();
    Ticket ticket = backend->replay(context.caller(), request, nullptr, [&promise](Result<WorkspaceSummary> result) {
        promise.set_value(std::move(result));
    });
    Approver approver(context);
    while (future.wait_for(LookTime) != std::future_status::ready) {
        if (interrupted())
            ticket.cancel();
        else if (approve)
            approver.look();
    }
    Result<WorkspaceSummary> summary = future.get();
    if (!summary || !approve)
        return summary;
    approver.look(); // what came last
    return await<WorkspaceSummary>(
        [&](Done<WorkspaceSummary> done) { return backend->summary(context.caller(), true, std::move(done)); });
}

Result<KnownFaults> score(const Context &context)
{
    const auto backend = context.backend();
    Health health = EVENTOPS_TRY(
        await<Health>([&](Done<Health> done) { return backend->health(context.caller(), std::move(done)); }));
    if (!health.known)
        return Error{Error::Code::NotFound, "nothing is known of the world that was played"};
    return std::move(*health.known);
}

std::string fixed(double value, int decimals)
{
    char text[64];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals);
    return {text, end.ptr};
}

void printScorecard(const Scorecard &card, const GroundTruth &truth)
{
    std::printf("\nSCORECARD  (our detectors against what is known to have been wrong)\n");
    std::printf("  precision     %s  (%zu found, %zu false %s)\n", fixed(card.precision, 2).c_str(), card.detected,
                card.falseFindings, card.falseFindings == 1 ? "alarm" : "alarms");
    std::printf("  recall        %s  (%zu of %zu faults found%s)\n", fixed(card.recall, 2).c_str(), card.detected,
                card.detected + card.missed, card.open > 0 ? ", others are not over" : "");
    std::printf("  lead time     %s  (median, from a fault's start to its first finding)\n",
                card.leadNsMedian ? describeDuration(*card.leadNsMedian).c_str() : "none");
    std::printf("  false alarms  %s an hour\n", fixed(card.falseAlarmsPerHour, 2).c_str());
    for (const FaultScore &score : card.faults) {
        const GroundTruthFault &fault = truth.faults[score.fault];
        const std::string outcome = score.outcome == FaultScore::Outcome::Detected
                                        ? "found after " + describeDuration(score.leadNs)
                                    : score.outcome == FaultScore::Outcome::Missed ? "missed"
                                                                                   : "not over yet";
        std::printf("    %-22s %-22s %s\n", printable(fault.id).c_str(), printable(fault.entityId).c_str(),
                    outcome.c_str());
    }
}

Status demo(Context &context, const Options &options)
{
    if (!options.workspace)
        context.workspace = EVENTOPS_TRY(freshWorkspace());
    const ReplayRequest request = EVENTOPS_TRY(makeRequest(context, options));
    const WorkspaceSummary summary = EVENTOPS_TRY(play(context, request, options.approve));
    const KnownFaults known = EVENTOPS_TRY(score(context));
    if (!context.json) {
        showReport(context);
        printScorecard(known.card, known.truth);
        std::printf("digest    %s\n", summary.digest.c_str());
        return Ok{};
    }
    std::string out = summaryJson(summary); // one object and a line end
    out.erase(out.rfind('}'));
    out += ",\"workspace\":";
    appendJsonString(out, context.workspace);
    out += ",\"scorecard\":";
    appendScorecardJson(out, known.card, known.truth.faults);
    out += "}\n";
    std::fputs(out.c_str(), stdout);
    return Ok{};
}

} // namespace

void addDemo(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("demo", "Play a made-up shop with known faults and score what was found");
    CLI::Option *workspace = command->add_option("-w,--workspace", context.workspace,
                                                 "Workspace to play it in; default: a fresh temporary one");
    addJson(*command, context);
    command->add_option("--seed", options->seed, "Another seed is another day in the shop")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{INT64_MAX}));
    command->add_option("--pace", options->pace, "Virtual seconds a second after the warm-up; 0: as fast as it goes")
        ->check(CLI::Range(0.0, 1e6));
    command->add_option("--duration", options->duration, "How long the shop is open, warm-up and all: 90m");
    command->add_option("--workers", options->workers, "Worker threads; 0: cores - 1. The result does not depend on it")
        ->check(CLI::Range(0, 64));
    command->add_flag("--approve", options->approve,
                      "Approve every suggestion, so that the shop mends; at pace 60 unless another is given");
    command->callback([&context, options, workspace] {
        options->workspace = workspace->count() > 0;
        if (const Status status = demo(context, *options); !status)
            context.fail(status.error());
    });
}

} // namespace eventops::cli
