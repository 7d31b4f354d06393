// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/config/pipeline_file.h"
#include "core/session/engine.h"

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <unistd.h>

namespace eventops::cli {
namespace {

struct Options {
    std::string file;
    std::string pipeline;
    std::string format;
    unsigned workers = 1;
};

/// Keeps nothing: what a run costs without storing.
class NullSink final : public CommitSink
{
public:
    Status commit(CommitGroup &) override { return Ok{}; }
    std::vector<bool> seen(std::span<const std::uint64_t> keys) override { return std::vector<bool>(keys.size()); }
};

double cpuSeconds()
{
    timespec time = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void print(const char *what, double cpu, const Counters &counters)
{
    std::printf("%-28s %8.3f CPU-s  %8.3f CPU-s per million records  %llu events, %llu dead letters\n", what, cpu,
                counters.received == 0 ? 0.0 : cpu * 1e6 / static_cast<double>(counters.received),
                static_cast<unsigned long long>(counters.events),
                static_cast<unsigned long long>(counters.deadLettered));
}

Result<std::vector<std::unique_ptr<Source>>> openSource(const PipelineSpec &spec, const Options &options)
{
    if (spec.sources.empty())
        return Error{Error::Code::InvalidConfig, "the pipeline has no source", {options.pipeline, 0, 0}};
    std::vector<std::unique_ptr<Source>> sources;
    const Configured<SourceSpec> &source = spec.sources.front();
    sources.push_back(EVENTOPS_TRY(source.spec->make(source.settings, {options.file, options.format})));
    return sources;
}

Status benchStages(const PipelineSpec &spec, const Options &options)
{
    NullSink sink;
    RunnerOptions runnerOptions;
    runnerOptions.workers = options.workers;
    const auto runner = EVENTOPS_TRY(PipelineRunner::make(spec, sink, std::move(runnerOptions)));
    std::vector<RunnerSource> sources(1);
    sources.front().source = std::move(EVENTOPS_TRY(openSource(spec, options)).front());
    const double begin = cpuSeconds();
    EVENTOPS_TRY(runner->run(std::move(sources)));
    print("stages, nothing stored", cpuSeconds() - begin, runner->progress().counters);
    return Ok{};
}

Status benchDurable(PipelineSpec spec, const Options &options, bool keepRaw)
{
    char directory[] = "/tmp/eventops-bench-XXXXXX";
    if (mkdtemp(directory) == nullptr)
        return Error{Error::Code::Io, "cannot make a scratch workspace", {directory, 0, 0}};
    spec.keepRaw = keepRaw;
    const Status status = [&]() -> Status {
        Engine::Options engineOptions;
        engineOptions.workers = options.workers;
        const double begin = cpuSeconds();
        const auto engine = EVENTOPS_TRY(Engine::start(Workspace{directory}, spec, std::move(engineOptions)));
        auto sources = EVENTOPS_TRY(openSource(spec, options));
        EVENTOPS_TRY(engine->read(std::move(sources)));
        const double cpu = cpuSeconds() - begin;
        const Counters counters = EVENTOPS_TRY(engine->ledger().counters());
        print(keepRaw ? "durable, raw records kept" : "durable, without raw records", cpu, counters);
        std::error_code code;
        std::uintmax_t bytes = std::filesystem::file_size(std::string(directory) + "/ledger.db", code);
        const std::uintmax_t log = std::filesystem::file_size(std::string(directory) + "/ledger.db-wal", code);
        bytes += code ? 0 : log;
        if (counters.events > 0)
            std::printf("%-28s %8.1f bytes an event\n", "",
                        static_cast<double>(bytes) / static_cast<double>(counters.events));
        return Ok{};
    }();
    std::error_code code;
    std::filesystem::remove_all(directory, code);
    return status;
}

Status bench(const Context &context, Options options)
{
    if (options.pipeline.empty())
        options.pipeline = context.dataDirectory + "/definitions/default.yaml";
    const LocalBackendOptions backend = context.backendOptions();
    const PipelineSpec spec = EVENTOPS_TRY(loadPipeline(options.pipeline, backend.registry, backend.dataDirectory));
    EVENTOPS_TRY(benchStages(spec, options));
    EVENTOPS_TRY(benchDurable(spec, options, false));
    return benchDurable(spec, options, true);
}

} // namespace

void addBench(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command =
        app.add_subcommand("bench", "Measure what a capture costs on this machine, in scratch workspaces");
    command->add_option("FILE", options->file, "A capture")->required()->check(CLI::ExistingFile);
    command->add_option("--pipeline", options->pipeline, "Pipeline file; default: the shipped default.yaml");
    command->add_option("--format", options->format, "As for replay");
    command->add_option("--workers", options->workers, "Worker threads")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command->callback([&context, options] {
        if (const Status status = bench(context, *options); !status)
            context.fail(status.error());
    });
}

} // namespace eventops::cli
