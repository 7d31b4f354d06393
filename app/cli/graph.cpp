// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/base/time.h"

#include <algorithm>
#include <cstdio>

namespace eventops::cli {
namespace {

struct Options {
    std::string question;
    std::string within = "1h";
    GraphRequest request;
};

std::string nameOf(const EntityKey &entity)
{
    return printable(entity.type) + ' ' + printable(entity.id);
}

/// A line an entity: as far in as it is away, by what link it was reached, and how it would stand.
std::string lineOf(const GraphAnswer::Node &node)
{
    std::string line(2 * std::min<std::size_t>(node.reached.depth, 40), ' ');
    line += nameOf(node.reached.entity);
    if (!node.reached.linkType.empty())
        line += "  by " + printable(node.reached.linkType);
    if (node.standing != GraphAnswer::Standing::Reached)
        line += "  " + std::string(toString(node.standing));
    return line;
}

Result<Ok> run(Context &context, Options options)
{
    GraphRequest &request = options.request;
    std::ranges::replace(options.question, '-', '_');
    const auto question = graphQuestion(options.question);
    if (!question)
        return Error{Error::Code::InvalidArgument, "\"" + printable(options.question) + "\" cannot be asked", {},
                     "ask neighbourhood, dependencies, downstream, what-if, orphans, shortest-path or recent-changes"};
    request.question = *question;
    const auto within = parseDurationNs(options.within);
    if (!within)
        return Error{Error::Code::InvalidArgument, "--within is no duration: " + printable(options.within), {},
                     "give one like 90s, 5m, 2h or 7d"};
    request.withinNs = *within;
    if (needsEntity(*question) == request.entity.id.empty())
        return Error{Error::Code::InvalidArgument,
                     options.question + (needsEntity(*question) ? " is asked of an entity" : " is asked of no entity"),
                     {}, "see eventops graph --help"};
    if ((*question == GraphQuestion::ShortestPath) == request.to.id.empty())
        return Error{Error::Code::InvalidArgument, "--to goes with shortest-path, and only with it", {},
                     "eventops graph shortest-path ENTITY --to ENTITY"};
    const auto backend = EVENTOPS_TRY(context.place());
    const GraphAnswer answer = EVENTOPS_TRY(await<GraphAnswer>(
        [&](Done<GraphAnswer> done) { return backend->graph(context.caller(), request, std::move(done)); }));
    if (context.json) {
        std::string line;
        appendGraphAnswerJson(line, answer);
        std::printf("%s\n", line.c_str());
        return Ok{};
    }
    for (const GraphAnswer::Node &node : answer.nodes)
        std::printf("%s\n", lineOf(node).c_str());
    if (*question == GraphQuestion::RecentChanges) {
        for (const Link &link : answer.links)
            std::printf("%s --%s--> %s\n", nameOf({link.sourceType, link.sourceId}).c_str(),
                        printable(link.type).c_str(), nameOf({link.targetType, link.targetId}).c_str());
    }
    if (answer.nodes.empty())
        std::fprintf(stderr, "%s\n", *question == GraphQuestion::ShortestPath ? "There is no path." : "There is none.");
    if (answer.truncated)
        std::fprintf(stderr, "There is more; see --limit.\n");
    return Ok{};
}

} // namespace

void addGraph(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    GraphRequest &request = options->request;
    CLI::App *command = app.add_subcommand("graph", "Ask the entity graph: what depends on what, what if, what is new");
    command->add_option("QUESTION", options->question,
                        "neighbourhood, dependencies, downstream, what-if, orphans, shortest-path or recent-changes")
        ->required();
    command->add_option("ENTITY", request.entity.id, "Its id, as eventops query entities prints it");
    command->add_option("--type", request.entity.type, "Type of the entity, where several have the id");
    command->add_option("--to", request.to.id, "shortest-path: where it leads");
    command->add_option("--to-type", request.to.type, "Type of that one");
    command->add_option("--tenant", request.tenant, "Whose graph, where there are several");
    command->add_option("--depth", request.depth, "At most so many links away")->capture_default_str();
    command->add_option("--limit", request.entitiesMax, "At most so many entities")->capture_default_str();
    command->add_option("--within", options->within, "recent-changes: so long before the workspace clock")
        ->capture_default_str();
    addPlace(*command, context);
    addJson(*command, context);
    command->callback([&context, options] {
        if (const auto status = run(context, *options); !status)
            context.fail(status.error());
    });
}

} // namespace eventops::cli
