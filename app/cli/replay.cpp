// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "app/cli/summary.h"
#include "core/base/time.h"

#include <cstdio>
#include <set>
#include <unistd.h>

namespace eventops::cli {
namespace {

struct Options {
    std::vector<std::string> files;
    std::string pipeline;
    std::string format;
    unsigned workers = 0;
    bool lake = false;
    bool follow = false;
    double speed = 0; ///< 0: as fast as it goes.
    std::string from, until;
    std::string retain;
};

/// A bar on the terminal; only what holds the run up, and what its sources have to say, when standard error is none.
class ProgressBar
{
public:
    void show(const RunProgress &progress)
    {
        if (progress.trouble != m_trouble) {
            m_trouble = progress.trouble;
            std::fprintf(stderr, "%seventops: %s\n", m_shown ? "\r\033[K" : "",
                         m_trouble.empty() ? "going on" : printable(m_trouble).c_str());
        }
        for (const SourceHealth &source : progress.sources) {
            if (!source.notice.empty() && m_notices.insert(source.notice).second)
                std::fprintf(stderr, "%seventops: %s\n", m_shown ? "\r\033[K" : "", printable(source.notice).c_str());
        }
        if (!m_terminal)
            return;
        m_shown = true;
        const double part = progress.bytesTotal == 0
                                ? 0.0
                                : static_cast<double>(progress.bytesRead) / static_cast<double>(progress.bytesTotal);
        const int filled = static_cast<int>(std::min(part, 1.0) * 30);
        const std::string clock = progress.watermark == NoTime ? std::string() : formatTimestamp(progress.watermark);
        std::fprintf(stderr, "\r[%.*s%*s] %3.0f %%  %.19s  %llu events  %llu findings ", filled,
                     "##############################", 30 - filled, "", std::min(part, 1.0) * 100, clock.c_str(),
                     static_cast<unsigned long long>(progress.counters.events),
                     static_cast<unsigned long long>(progress.findings));
    }
    ~ProgressBar()
    {
        if (m_shown)
            std::fprintf(stderr, "\r\033[K");
    }

private:
    const bool m_terminal = isatty(STDERR_FILENO) == 1;
    bool m_shown = false;
    std::string m_trouble;
    std::set<std::string> m_notices; ///< Said once each.
};

/// The virtual clock that the options ask for; null: none.
Result<std::shared_ptr<Playback>> playbackOf(const Options &options)
{
    Playback::Options playback;
    playback.speed = options.speed > 0 ? options.speed : PlaybackSpeedMax;
    playback.from = EVENTOPS_TRY(timeOption("--from", options.from));
    playback.until = EVENTOPS_TRY(timeOption("--until", options.until));
    if (options.speed <= 0 && playback.until == NoTime)
        return std::shared_ptr<Playback>();
    return std::make_shared<Playback>(std::move(playback));
}

void replay(Context &context, const Options &options)
{
    ReplayRequest request;
    auto playback = playbackOf(options);
    if (!playback)
        return context.fail(playback.error());
    request.playback = std::move(playback).value();
    request.files = options.files;
    request.follow = options.follow;
    request.format = options.format;
    request.workers = options.workers;
    request.lake = options.lake;
    request.retention = retentionByName(options.retain);
    request.pipelineName =
        options.pipeline.empty() ? context.dataDirectory + "/definitions/default.yaml" : options.pipeline;
    auto text = app::readTextFile(request.pipelineName);
    if (!text)
        return context.fail(text.error());
    request.pipelineText = std::move(text).value();

    const auto backend = context.backend();
    Result<WorkspaceSummary> summary = [&] {
        ProgressBar bar;
        return await<WorkspaceSummary>([&](Done<WorkspaceSummary> done) {
            return backend->replay(
                context.caller(), request, [&bar](RunProgress p) { bar.show(p); }, std::move(done));
        });
    }();
    if (!summary)
        return context.fail(summary.error());
    for (const std::string &behind : summary.value().behind)
        std::fprintf(stderr, "eventops: not up to date: %s\n", printable(behind).c_str());
    const std::string out = context.json ? summaryJson(summary.value()) : summaryText(summary.value());
    std::fputs(out.c_str(), stdout);
    if (!context.json)
        std::printf("\nSee what was found:  eventops report --workspace %s\n", context.workspace.c_str());
}

void addCommon(CLI::App &command, Context &context, const std::shared_ptr<Options> &options)
{
    addWorkspace(command, context);
    addJson(command, context);
    command.add_option("--workers", options->workers, "Worker threads; 0: cores - 1. The result does not depend on it")
        ->check(CLI::Range(0, 64));
    command
        .add_option("--retain", options->retain,
                    "What the events are kept as: capture (for ever), signals or alerts (dropped in time, see "
                    "retention:); default: what pipeline and source say")
        ->check(CLI::IsMember({"capture", "signals", "alerts"}));
    command.add_flag("--lake", options->lake, "Also make the lake (DuckDB and Parquet); later runs keep it up to date");
}

} // namespace

void addReplay(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command =
        app.add_subcommand("replay", "Read captures into a workspace; several are merged by event time");
    command->add_option("FILE", options->files, "Captures of any form, packed with zstd or not; - is standard input")
        ->required();
    command->add_option("--pipeline", options->pipeline, "Pipeline file; default: the shipped default.yaml");
    options->format = "";
    command->add_option("--format", options->format,
                        "auto, json (one document a file), ndjson, text, or the name of a wire format; "
                        "default: what the pipeline says");
    command->add_option("--speed", options->speed,
                        "Play by a virtual clock: so many seconds of event time a second; default: as fast as it goes")
        ->check(CLI::Range(1e-6, PlaybackSpeedMax));
    command->add_flag("--follow", options->follow,
                      "Go on reading as files grow, across rotation, until interrupted; FILE may be a folder or a "
                      "pattern, of which new files are read as well")
        ->excludes("--speed");
    command->add_option("--from", options->from, "Play what lies before this time (RFC 3339) at once")
        ->needs("--speed");
    command->add_option("--until", options->until,
                        "Stop before the first record at or after this time (RFC 3339): the workspace as it was then");
    addCommon(*command, context, options);
    command->callback([&context, options] { replay(context, *options); });
}

void addRun(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("run", "Run a pipeline over the sources that its file names");
    command->add_option("PIPELINE", options->pipeline, "Pipeline file")->required();
    addCommon(*command, context, options);
    command->callback([&context, options] { replay(context, *options); });
}

} // namespace eventops::cli
