// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/codec/avro_plan.h"
#include "core/config/pipeline_file.h"
#include "core/pipeline/decode_phase.h"
#include "core/pipeline/stage_engine.h"
#include "pipelines/components.h"

#include <cstdio>
#include <fstream>
#include <iterator>

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

struct SchemaOptions {
    bool schema = false;
    std::string compatibility = "full";
};

Result<std::shared_ptr<const AvroSchema>> readSchema(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    std::string text(AvroSchema::TextBytesMax + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!in.eof() && in.fail())
        return Error{Error::Code::NotFound, "the schema cannot be read", {path, 0, 0}};
    text.resize(static_cast<std::size_t>(in.gcount()));
    return AvroSchema::parse(text, path);
}

/// Files of one schema, oldest first: whoever knows one of them must get on with the next (E22, L21).
void validateSchemas(Context &context, const std::vector<std::string> &files, const SchemaOptions &options)
{
    std::shared_ptr<const AvroSchema> before;
    std::string beforeFile;
    for (const std::string &file : files) {
        const auto schema = readSchema(file);
        if (!schema) {
            context.fail(schema.error());
            return;
        }
        bool ok = true;
        const auto check = [&](const auto &writer, const auto &reader, const std::string &what) {
            for (const AvroProblem &problem : avroProblems(writer, reader)) {
                context.fail({Error::Code::Refused, problem.field + ": " + what + ": " + problem.what, {file, 0, 0},
                              problem.remedy});
                ok = false;
            }
        };
        if (before != nullptr && options.compatibility != "forward")
            check(before, schema.value(), "it cannot read what was written with " + beforeFile);
        if (before != nullptr && options.compatibility != "backward")
            check(schema.value(), before, "who reads with " + beforeFile + " cannot read it");
        if (ok && !context.json)
            std::printf("%s: ok\n", printable(file).c_str());
        before = schema.value();
        beforeFile = file;
    }
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
    const auto options = std::make_shared<SchemaOptions>();
    CLI::App *command = app.add_subcommand("validate", "Check pipeline files; errors name file, line and column");
    command->add_option("FILE", *files, "Pipeline files, or with --schema Avro schemas")->required();
    CLI::Option *schema = command->add_flag(
        "--schema", options->schema,
        "The files are versions of an Avro schema, oldest first: check that each gets on with the one before it");
    command
        ->add_option("--compatibility", options->compatibility,
                     "backward: the newer reads what the older wrote; forward: the older reads what the newer writes; "
                     "full: both (default)")
        ->needs(schema)
        ->check(CLI::IsMember({"backward", "forward", "full"}));
    addJson(*command, context);
    command->callback([&context, files, options] {
        if (options->schema) {
            validateSchemas(context, *files, *options);
            return;
        }
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
        std::printf("## Sinks\n\n");
        for (const SinkSpec *spec : builtinSinks()) {
            std::printf("### %s\n\n%s\n\n", std::string(spec->name).c_str(), std::string(spec->summary).c_str());
            printFields(sinkFields(*spec), {});
        }
        std::printf("## Executors\n\n");
        for (const ExecutorSpec *spec : builtinExecutors())
            std::printf("### %s\n\n%s\n\n", std::string(spec->name).c_str(), std::string(spec->summary).c_str());
    });
}

} // namespace eventops::cli
