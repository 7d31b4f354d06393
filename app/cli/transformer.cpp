// SPDX-License-Identifier: MIT
//
// `eventops transformer`: which transformers are shipped, what one would make of an event, and the process that lets
// them work where the server does not.
#include "app/cli/transformers.h"

#include "app/common/transformers.h"
#include "core/api/api_server.h"
#include "core/base/json.h"
#include "core/base/read_file.h"
#include "core/session/transform_desk.h"

#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>

namespace eventops::cli {
namespace {

constexpr std::size_t FileBytesMax = 16u << 20;
constexpr std::chrono::milliseconds LookTime{50};

struct Options {
    std::string event, rules, shipped, script;
    std::string scripts; ///< Folder.
    std::uint16_t port = 0;
};

Result<std::vector<std::shared_ptr<const TransformMapping>>> shippedMappings(const Context &context)
{
    return loadTransformMappings(context.dataDirectory + "/transformers");
}

Status list(const Context &context)
{
    for (const auto &one : EVENTOPS_TRY(shippedMappings(context))) {
        if (context.json) {
            std::string out;
            JsonWriter json(out);
            json.beginObject().field("name", one->name()).field("summary", one->summary());
            json.field("script", one->script()).field("class", one->className()).endObject();
            std::puts(out.c_str());
        } else {
            std::printf("%-26s %s\n", one->name().c_str(), one->summary().c_str());
        }
    }
    return Ok{};
}

void print(const TransformerOutput &output)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("processed_events").beginArray();
    for (const TransformerOutput::Processed &event : output.events) {
        json.beginObject().field("EventType", event.type).field("EntityID", event.entity.value_or(""));
        json.key("EventData").raw(event.data).field("Severity", event.severity.value_or(""));
        json.field("Message", event.message.value_or("")).endObject();
    }
    json.endArray().key("entities").beginArray();
    for (const TransformerOutput::EntityRef &entity : output.entities)
        json.beginObject().field("EntityID", entity.id).field("EntityType", entity.type).endObject();
    json.endArray().key("links").beginArray();
    for (const TransformerOutput::LinkRef &link : output.links)
        json.beginObject().field("SourceEntityID", link.source).field("DestinationEntityID", link.target).endObject();
    json.endArray().endObject();
    std::puts(out.c_str());
}

/// Stores nothing: it does not even look at a workspace.
Status test(const Context &context, const Options &options)
{
    const auto mappings = EVENTOPS_TRY(shippedMappings(context));
    const std::filesystem::path script(options.script);
    std::string folder = options.scripts;
    if (folder.empty()) // the script's own
        folder = script.has_parent_path() ? script.parent_path().string() : ".";
    const TransformerRegistry registry = transformerRegistry(context, mappings, folder);
    TransformerSetup setup{"JSONTransformer", "{}"};
    if (!options.rules.empty()) {
        setup.settings = EVENTOPS_TRY(readTextFile(options.rules, FileBytesMax));
    } else if (!options.script.empty()) {
        setup.type = "PythonTransformer";
        setup.settings.clear();
        const std::string path = options.scripts.empty() ? script.filename().string() : options.script;
        JsonWriter(setup.settings).beginObject().field("ScriptPath", path).endObject();
    } else {
        setup.type = "PythonTransformer"; // of which the shipped ones are
        for (const auto &one : mappings) {
            if (one->name() != options.shipped)
                continue;
            setup.settings.clear();
            JsonWriter(setup.settings).beginObject().field("ScriptPath", one->script()).endObject();
        }
        if (setup.settings == "{}")
            return Error{Error::Code::NotFound,
                         "there is no shipped transformer \"" + options.shipped + '"',
                         {},
                         "see: eventops transformer list"};
    }
    RawEvent event;
    event.id = -1;
    event.contentType = "application/json";
    event.body = EVENTOPS_TRY(readTextFile(options.event, FileBytesMax));
    const auto transformer = EVENTOPS_TRY(registry.make(setup));
    const auto answers = transformer->transform(std::span(&event, 1));
    if (!answers.front())
        return answers.front().error();
    if (auto wrong = unfit(answers.front().value()))
        return std::move(*wrong);
    print(answers.front().value());
    return Ok{};
}

/// Until interrupted. The server of the workspace hands on what is made here; while it transforms itself, this waits
/// for its turn.
Status consume(const Context &context, const Options &options)
{
    EVENTOPS_TRY(Workspace::open(context.workspace));
    auto tokens = EVENTOPS_TRY(api::loadTokens(context.workspace));
    const auto backend = context.backend();
    api::ApiOptions api;
    api.port = options.port;
    api.readOnly = true; // it is asked whether it is well, and nothing else
    api.transforms.shipped = EVENTOPS_TRY(shippedMappings(context));
    TransformDesk::Options desk;
    desk.registry = transformerRegistry(context, api.transforms.shipped, options.scripts);
    desk.forwards = false;
    desk.queue = EVENTOPS_TRY(EventQueueSettings::read({context.workspace}));
    desk.told = [](const std::string &trouble) {
        std::fprintf(stderr, "eventops: %s\n", printable(trouble).c_str());
    };
    api.transforms.desk = std::make_shared<TransformDesk>(Workspace{context.workspace}, *backend, std::move(desk));
    const auto server = EVENTOPS_TRY(api::ApiServer::start(*backend, std::move(tokens), api));
    std::printf("Transforming %s; health at %s\n", printable(context.workspace).c_str(), server->url().c_str());
    std::fflush(stdout); // whoever started us reads the port here
    std::mutex mutex;    // nobody else has it: the wait ends by time alone
    std::unique_lock lock(mutex);
    std::condition_variable never;
    while (!interrupted())
        never.wait_for(lock, LookTime);
    return Ok{};
}

} // namespace

TransformerRegistry transformerRegistry(const Context &context,
                                        const std::vector<std::shared_ptr<const TransformMapping>> &shipped,
                                        const std::string &scripts)
{
    return app::transformerRegistry(shipped, scripts.empty() ? app::scriptFolderOf(context.workspace) : scripts);
}

void addTransformer(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("transformer", "Transformers of raw events: try one, let them work");
    command->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    const auto finish = [&context](const Status &status) {
        if (!status)
            context.fail(status.error());
    };
    CLI::App *lists = command->add_subcommand("list", "The shipped ones");
    addJson(*lists, context);
    lists->callback([&context, finish] { finish(list(context)); });
    CLI::App *tests = command->add_subcommand("test", "Print what a transformer makes of an event; stores nothing");
    tests->add_option("EVENT", options->event, "File with the event's body, a JSON document")->required();
    auto *rules = tests->add_option("--rules", options->rules, "File with the rules of a JSONTransformer");
    auto *shipped = tests->add_option("--shipped", options->shipped, "Name of a shipped one")->excludes(rules);
    auto *script = tests->add_option("--script", options->script, "File with a transformer in Python")
                       ->excludes(rules)
                       ->excludes(shipped);
    const auto addFolder = [&](CLI::App &sub, const char *otherwise) {
        sub.add_option("--transformers", options->scripts,
                       std::string("Folder of transformers in Python; default: ") + otherwise);
    };
    addFolder(*tests, "the script's own");
    tests->callback([&context, options, finish, rules, shipped, script] {
        if (rules->count() + shipped->count() + script->count() == 0)
            return finish(Error{Error::Code::InvalidArgument,
                                "no transformer is named",
                                {},
                                "give --rules FILE, --script FILE or --shipped NAME"});
        finish(test(context, *options));
    });
    addTransformerQueue(*command, context);
    CLI::App *runs = command->add_subcommand(
        "run", "Transform what waits in a workspace, until interrupted; its server hands the results on");
    addWorkspace(*runs, context);
    addFolder(*runs, "transformers in the workspace");
    runs->add_option("--port", options->port, "Port of the health check; 0: a free one, which is printed")
        ->capture_default_str();
    runs->callback([&context, options, finish] { finish(consume(context, *options)); });
}

} // namespace eventops::cli
