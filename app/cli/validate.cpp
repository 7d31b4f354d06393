// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/config/pipeline_file.h"
#include "core/pipeline/decode_phase.h"
#include "core/pipeline/stage_engine.h"
#include "pipelines/components.h"

#include <cstdio>

namespace eventops::cli {
namespace {

/// Everything that would fail at the start of a run fails here: file, fields, and what stages and sources say.
Status validate(const Context &context, const std::string &path)
{
    const LocalBackendOptions options = context.backendOptions();
    const PipelineSpec spec = EVENTOPS_TRY(loadPipeline(path, options.registry, options.dataDirectory));
    EVENTOPS_TRY(DecodePhase::make(spec.stages));
    EVENTOPS_TRY(StageEngine::make(spec.stages, spec.latenessNs));
    for (const Configured<SourceSpec> &source : spec.sources)
        EVENTOPS_TRY(source.spec->make(source.settings, {"/dev/null", {}}));
    for (const auto &[name, settings] : spec.executors.members()) {
        bool known = false;
        for (const ExecutorSpec *executor : builtinExecutors()) {
            if (executor->name == name) {
                EVENTOPS_TRY(executor->make(settings));
                known = true;
            }
        }
        if (!known)
            return settings.error("there is no executor " + name);
    }
    return Ok{};
}

void printFields(std::span<const FieldSpec> fields, std::span<const LossReason> losses)
{
    for (const FieldSpec &field : fields)
        std::printf("- `%.*s` (%.*s, default %.*s): %.*s\n", static_cast<int>(field.name.size()), field.name.data(),
                    static_cast<int>(field.type.size()), field.type.data(), static_cast<int>(field.defaultValue.size()),
                    field.defaultValue.data(), static_cast<int>(field.help.size()), field.help.data());
    for (const LossReason &loss : losses)
        std::printf("- loses `%.*s`: %.*s\n", static_cast<int>(loss.name.size()), loss.name.data(),
                    static_cast<int>(loss.help.size()), loss.help.data());
    std::printf("\n");
}

} // namespace

void addValidate(CLI::App &app, Context &context)
{
    const auto files = std::make_shared<std::vector<std::string>>();
    CLI::App *command = app.add_subcommand("validate", "Check pipeline files; errors name file, line and column");
    command->add_option("PIPELINE", *files, "Pipeline files")->required();
    addJson(*command, context);
    command->callback([&context, files] {
        for (const std::string &file : *files) {
            if (const Status status = validate(context, file); !status)
                context.fail(status.error());
            else if (!context.json)
                std::printf("%s: ok\n", file.c_str());
        }
    });
}

void addStages(CLI::App &app, Context &)
{
    CLI::App *command = app.add_subcommand("stages", "The reference of every source, stage and executor, as Markdown");
    command->callback([] {
        std::printf("# Components\n\n## Sources\n\n");
        for (const SourceSpec *spec : builtinSources()) {
            std::printf("### %s\n\n%s\n\n", std::string(spec->name).c_str(), std::string(spec->summary).c_str());
            printFields(spec->fields, spec->losses);
        }
        std::printf("## Stages\n\n");
        for (const StageSpec *spec : builtinStages()) {
            std::printf("### %s\n\n%s\n\n", std::string(spec->name).c_str(), std::string(spec->summary).c_str());
            printFields(spec->fields, spec->losses);
        }
        std::printf("## Executors\n\n");
        for (const ExecutorSpec *spec : builtinExecutors())
            std::printf("### %s\n\n%s\n\n", std::string(spec->name).c_str(), std::string(spec->summary).c_str());
    });
}

} // namespace eventops::cli
