// SPDX-License-Identifier: MIT
//
// `eventops sinks`: where events go besides the ledger, as the pipeline that ran last says.
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/session/sink_feed.h"

#include <cstdio>

namespace eventops::cli {
namespace {

struct SinkOptions {
    std::string name; ///< Empty: all.
    bool fromStart = false;
};

bool mustStop()
{
    return interrupted().load();
}

using Sinks = std::vector<Configured<SinkSpec>>;

/// The sinks that a command is about.
Result<Sinks> chosen(const Context &context, const std::string &name)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::existing(context.workspace));
    Sinks sinks = EVENTOPS_TRY(workspaceSinks(workspace, context.backendOptions().registry, context.dataDirectory));
    if (name.empty())
        return sinks;
    std::string known;
    for (const Configured<SinkSpec> &sink : sinks) {
        if (sinkName(sink) == name)
            return Sinks{sink};
        known += (known.empty() ? "there are: " : ", ") + sinkName(sink);
    }
    return Error{Error::Code::NotFound,
                 "the pipeline has no sink " + name,
                 {workspace.pipelineFile(), 0, 0},
                 known.empty() ? "name one under sinks: in the pipeline's file, and run it" : known};
}

Error named(const std::string &name, const Error &error)
{
    return Error{error.code, "sink " + name + ": " + error.message, error.where, error.remedy};
}

std::string targetOf(const Configured<SinkSpec> &sink)
{
    const auto made = sink.spec->make(sink.settings, {});
    return made ? made.value()->target() : std::string();
}

void appendSink(JsonWriter &json, const Configured<SinkSpec> &sink, const SinkMark &mark, std::uint64_t events)
{
    json.beginObject().field("name", sinkName(sink)).field("type", sink.spec->name).field("target", targetOf(sink));
    json.field("filter", sink.settings.at("filter").text().value());
    json.key("delivered").unsignedInteger(mark.delivered).key("lag").unsignedInteger(events - mark.place);
    json.key("dropped").unsignedInteger(mark.dropped).field("trouble", mark.trouble);
    json.key("attempts").unsignedInteger(mark.attempts).key("dead_letters").beginArray();
    for (const SinkLetter &letter : mark.letters)
        json.beginObject().field("key", letter.key).field("why", letter.why).endObject();
    json.endArray().endObject();
}

Status list(const Context &context, const SinkOptions &options)
{
    const Workspace workspace{context.workspace};
    const Sinks sinks = EVENTOPS_TRY(chosen(context, options.name));
    std::uint64_t events = 0;
    if (const auto ledger = Ledger::open(context.workspace, LedgerMode::Read, {}))
        events = EVENTOPS_TRY(ledger.value()->eventCount());
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    for (const Configured<SinkSpec> &sink : sinks) {
        const auto read = SinkMark::read(SinkMark::file(workspace, sinkName(sink)));
        if (!read && read.error().code != Error::Code::NotFound)
            return named(sinkName(sink), read.error());
        SinkMark mark = read ? read.value() : SinkMark();
        if (mark.target != targetOf(sink) || mark.place > events) // begins anew when it is written to next
            mark = SinkMark();
        appendSink(json, sink, mark, events);
        if (!context.json)
            std::printf("%-16s  %-10s  %s: %llu events delivered, %llu wait, %zu set aside\n", sinkName(sink).c_str(),
                        std::string(sink.spec->name).c_str(), printable(targetOf(sink)).c_str(),
                        static_cast<unsigned long long>(mark.delivered),
                        static_cast<unsigned long long>(events - mark.place), mark.letters.size());
    }
    json.endArray();
    if (context.json) {
        std::puts(out.c_str());
        return Ok{};
    }
    for (const std::string &trouble : sinkTroubles(workspace, sinks, events))
        std::printf("%s\n", printable(trouble).c_str());
    return Ok{};
}

Status check(const Context &context, const SinkOptions &options)
{
    Status outcome = Ok{};
    for (const Configured<SinkSpec> &sink : EVENTOPS_TRY(chosen(context, options.name))) {
        const auto made = sink.spec->make(sink.settings, {context.workspace, mustStop});
        const Status opened = made ? made.value()->open() : Status(made.error());
        if (opened)
            std::printf("sink %s: %s is ready\n", sinkName(sink).c_str(), printable(targetOf(sink)).c_str());
        else
            outcome = named(sinkName(sink), opened.error());
    }
    return outcome;
}

Status push(const Context &context, const SinkOptions &options)
{
    const Workspace workspace{context.workspace};
    Status outcome = Ok{};
    for (const Configured<SinkSpec> &sink : EVENTOPS_TRY(chosen(context, options.name))) {
        const auto feed = EVENTOPS_TRY(SinkFeed::open(workspace, sink, mustStop));
        if (options.fromStart)
            EVENTOPS_TRY(feed->forget());
        const Status done = feed->catchUp(true);
        std::printf("sink %s: %llu events delivered, %zu set aside\n", sinkName(sink).c_str(),
                    static_cast<unsigned long long>(feed->mark().delivered), feed->mark().letters.size());
        if (!done)
            outcome = named(sinkName(sink), done.error());
    }
    return outcome;
}

Status retry(const Context &context, const SinkOptions &options)
{
    const Sinks sinks = EVENTOPS_TRY(chosen(context, options.name));
    const auto feed = EVENTOPS_TRY(SinkFeed::open({context.workspace}, sinks.front(), mustStop));
    const std::uint64_t taken = EVENTOPS_TRY(feed->retry());
    std::printf("sink %s: the peer took %llu, %zu are still set aside\n", options.name.c_str(),
                static_cast<unsigned long long>(taken), feed->mark().letters.size());
    return Ok{};
}

} // namespace

void addSinks(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand(
        "sinks", "PostgreSQL, Neo4j, OpenSearch, Qdrant and HTTP servers that the pipeline's events go to besides");
    command->require_subcommand(1);
    const auto options = std::make_shared<SinkOptions>();
    const auto add = [&](const char *name, const char *help, Status (*run)(const Context &, const SinkOptions &)) {
        CLI::App *sub = command->add_subcommand(name, help);
        addWorkspace(*sub, context);
        sub->add_option("name", options->name, "Which; default: all");
        sub->callback([&context, options, run] {
            if (const Status done = run(context, *options); !done)
                context.fail(done.error());
        });
        return sub;
    };
    addJson(*add("list", "The sinks of the pipeline that ran last, how far each is, and what is in its way", list),
            context);
    add("check", "Connect, and make the tables, index, constraints or collection that are missing", check);
    add("push", "Write up to the end of the ledger; a run and eventops serve do so by themselves", push)
        ->add_flag("--from-start", options->fromStart, "Everything again, under the same keys");
    add("retry", "Write again what a peer refused and was set aside", retry)->get_option("name")->required();
}

} // namespace eventops::cli
