// SPDX-License-Identifier: MIT
#include "core/session/graph_query.h"

#include "core/base/json.h"
#include "core/base/time.h"

#include <algorithm>
#include <set>
#include <utility>

namespace eventops {
namespace {

constexpr std::pair<GraphQuestion, std::string_view> Questions[] = {
    {GraphQuestion::Neighbourhood, "neighbourhood"}, {GraphQuestion::Dependencies, "dependencies"},
    {GraphQuestion::Downstream, "downstream"},       {GraphQuestion::WhatIf, "what_if"},
    {GraphQuestion::Orphans, "orphans"},             {GraphQuestion::ShortestPath, "shortest_path"},
    {GraphQuestion::RecentChanges, "recent_changes"},
};

Error invalid(std::string message, std::string remedy)
{
    return Error{Error::Code::InvalidArgument, std::move(message), {}, std::move(remedy)};
}

/// What was read of a ledger for one request.
struct TenantGraph {
    EntityGraph graph;
    std::set<std::string> tenants; ///< Those that may be seen.
};

Result<TenantGraph> readGraph(Ledger &ledger, const std::vector<std::string> &visible, const std::string &wanted)
{
    TenantGraph read;
    const auto isWanted = [&](const std::string &tenant) {
        if (!visible.empty() && std::ranges::find(visible, tenant) == visible.end())
            return false;
        read.tenants.insert(tenant);
        return wanted.empty() || tenant == wanted;
    };
    const auto isFull = [&] {
        return read.graph.entityCount() > GraphRequest::ReadMax || read.graph.linkCount() > GraphRequest::ReadMax;
    };
    EVENTOPS_TRY(ledger.entities({}, {}, [&](const Entity &entity) {
        if (isWanted(entity.tenant))
            read.graph.add(entity);
        return !isFull();
    }));
    EVENTOPS_TRY(ledger.links({}, {}, [&](const Link &link) {
        if (isWanted(link.tenant))
            read.graph.add(link);
        return !isFull();
    }));
    if (isFull())
        return Error{Error::Code::LimitExceeded,
                     "the graph has more than " + std::to_string(GraphRequest::ReadMax) + " entities or links",
                     {}, "ask with SQL: eventops sql \"SELECT * FROM link WHERE source_id = …\""};
    return read;
}

std::string nameOf(const EntityKey &entity)
{
    return entity.type.empty() ? entity.id : entity.type + ' ' + entity.id;
}

/// The entity as the graph knows it: the only one of its id when no type is given.
Result<EntityKey> resolved(const EntityGraph &graph, const EntityKey &entity)
{
    if (entity.id.empty())
        return invalid("no entity is named", "name one, as eventops query entities prints it");
    if (!entity.type.empty())
        return graph.find(entity) != nullptr
                   ? Result<EntityKey>(entity)
                   : Error{Error::Code::NotFound, "there is no entity " + nameOf(entity), {},
                           "see eventops query entities"};
    const std::vector<EntityKey> alike = graph.withId(entity.id);
    if (alike.empty())
        return Error{Error::Code::NotFound, "there is no entity " + entity.id, {}, "see eventops query entities"};
    if (alike.size() == 1)
        return alike.front();
    std::string types;
    for (const EntityKey &each : alike)
        types += (types.empty() ? "" : ", ") + each.type;
    return invalid("entities of several types have the id " + entity.id + ": " + types, "give the type too");
}

void take(GraphView view, GraphAnswer &answer)
{
    for (ReachedEntity &reached : view.entities)
        answer.nodes.push_back({std::move(reached), GraphAnswer::Standing::Reached});
    answer.links = std::move(view.links);
    answer.truncated = view.truncated;
}

/// Links between the nodes of the answer.
void linkUp(const EntityGraph &graph, GraphAnswer &answer)
{
    std::vector<EntityKey> nodes;
    for (const GraphAnswer::Node &node : answer.nodes)
        nodes.push_back(node.reached.entity);
    answer.links = graph.linksAmong(nodes);
}

void takeLoss(const EntityGraph &graph, const GraphRequest &request, const EntityKey &gone, GraphAnswer &answer)
{
    GraphLoss loss = graph.without(gone, request.entitiesMax);
    answer.truncated = loss.truncated;
    const auto room = [&] {
        const bool hasRoom = answer.nodes.size() < request.entitiesMax;
        answer.truncated = answer.truncated || !hasRoom;
        return hasRoom;
    };
    for (ReachedEntity &each : loss.lost)
        answer.nodes.push_back({std::move(each), GraphAnswer::Standing::Lost});
    for (ReachedEntity &each : loss.weakened) {
        if (room())
            answer.nodes.push_back({std::move(each), GraphAnswer::Standing::Weakened});
    }
    for (EntityKey &each : loss.stranded) {
        if (room())
            answer.nodes.push_back({{std::move(each), 0, {}}, GraphAnswer::Standing::Stranded});
    }
    linkUp(graph, answer);
}

void takeNodes(std::vector<EntityKey> entities, const GraphRequest &request, bool inOrder, GraphAnswer &answer)
{
    for (EntityKey &each : entities) {
        const auto depth = static_cast<std::uint32_t>(inOrder ? answer.nodes.size() : 0);
        if (answer.nodes.size() == request.entitiesMax) {
            answer.truncated = true;
            break;
        }
        answer.nodes.push_back({{std::move(each), depth, {}}, GraphAnswer::Standing::Reached});
    }
}

/// Those between which the path goes, one after the other.
void keepSteps(GraphAnswer &answer)
{
    std::set<std::pair<EntityKey, EntityKey>> steps;
    for (std::size_t i = 1; i < answer.nodes.size(); ++i) {
        const EntityKey &a = answer.nodes[i - 1].reached.entity;
        const EntityKey &b = answer.nodes[i].reached.entity;
        steps.insert(std::minmax(a, b));
    }
    std::erase_if(answer.links, [&](const Link &link) {
        const EntityKey source{link.sourceType, link.sourceId}, target{link.targetType, link.targetId};
        return !steps.contains(std::minmax(source, target));
    });
}

Status check(const GraphRequest &request)
{
    if (request.depth < 1 || request.depth > GraphRequest::DepthMax)
        return invalid("depth must lie between 1 and " + std::to_string(GraphRequest::DepthMax), "give fewer links");
    if (request.entitiesMax < 1 || request.entitiesMax > GraphRequest::EntitiesMax)
        return invalid("limit must lie between 1 and " + std::to_string(GraphRequest::EntitiesMax), "ask for fewer");
    if (request.withinNs < 0)
        return invalid("within must not be negative", "give a duration like 1h");
    return Ok{};
}

} // namespace

std::string_view toString(GraphQuestion question)
{
    return std::ranges::find(Questions, question, &std::pair<GraphQuestion, std::string_view>::first)->second;
}

std::optional<GraphQuestion> graphQuestion(std::string_view name)
{
    const auto found = std::ranges::find(Questions, name, &std::pair<GraphQuestion, std::string_view>::second);
    return found == std::end(Questions) ? std::nullopt : std::optional(found->first);
}

bool needsEntity(GraphQuestion question)
{
    return question != GraphQuestion::Orphans && question != GraphQuestion::RecentChanges;
}

std::string_view toString(GraphAnswer::Standing standing)
{
    switch (standing) {
    case GraphAnswer::Standing::Reached: return "reached";
    case GraphAnswer::Standing::Lost: return "lost";
    case GraphAnswer::Standing::Weakened: return "weakened";
    case GraphAnswer::Standing::Stranded: break;
    }
    return "stranded";
}

void appendGraphAnswerJson(std::string &out, const GraphAnswer &answer)
{
    JsonWriter json(out);
    json.beginObject().field("tenant", answer.tenant).key("nodes").beginArray();
    for (const GraphAnswer::Node &node : answer.nodes) {
        const ReachedEntity &reached = node.reached;
        json.beginObject().field("type", reached.entity.type).field("id", reached.entity.id);
        json.key("depth").unsignedInteger(reached.depth);
        if (!reached.linkType.empty())
            json.field("via", reached.linkType);
        if (node.standing != GraphAnswer::Standing::Reached)
            json.field("standing", toString(node.standing));
        json.endObject();
    }
    json.endArray().key("edges").beginArray();
    for (const Link &link : answer.links) {
        json.beginObject().key("from").beginObject().field("type", link.sourceType).field("id", link.sourceId);
        json.endObject().key("to").beginObject().field("type", link.targetType).field("id", link.targetId).endObject();
        json.field("type", link.type).key("events").unsignedInteger(link.events);
        if (link.firstSeen != NoTime)
            json.field("first_seen", formatTimestamp(link.firstSeen));
        if (link.lastSeen != NoTime)
            json.field("last_seen", formatTimestamp(link.lastSeen));
        json.endObject();
    }
    json.endArray().key("truncated").boolean(answer.truncated).endObject();
}

Result<GraphAnswer> answerGraph(Ledger &ledger, const std::vector<std::string> &tenants, const GraphRequest &request)
{
    EVENTOPS_TRY(check(request));
    const TenantGraph read = EVENTOPS_TRY(readGraph(ledger, tenants, request.tenant));
    GraphAnswer answer;
    answer.tenant = request.tenant;
    if (answer.tenant.empty() && read.tenants.size() > 1) {
        std::string names;
        for (const std::string &each : read.tenants)
            names += (names.empty() ? "" : ", ") + each;
        return invalid("there are graphs of several tenants: " + names, "name the tenant");
    }
    if (answer.tenant.empty() && !read.tenants.empty())
        answer.tenant = *read.tenants.begin();
    if (!request.tenant.empty() && !read.tenants.contains(request.tenant))
        return Error{Error::Code::NotFound, "there is no entity of tenant " + request.tenant, {},
                     "see eventops query entities"};
    const EntityGraph &graph = read.graph;
    EntityKey start;
    if (needsEntity(request.question))
        start = EVENTOPS_TRY(resolved(graph, request.entity));
    switch (request.question) {
    case GraphQuestion::Neighbourhood:
        take(graph.neighbourhood(start, request.depth, request.entitiesMax), answer);
        break;
    case GraphQuestion::Dependencies:
        take(graph.dependencies(start, request.depth, request.entitiesMax), answer);
        break;
    case GraphQuestion::Downstream:
        take(graph.impact(start, request.depth, request.entitiesMax), answer);
        break;
    case GraphQuestion::WhatIf:
        takeLoss(graph, request, start, answer);
        break;
    case GraphQuestion::Orphans:
        takeNodes(graph.orphans(request.entitiesMax + 1), request, false, answer);
        break;
    case GraphQuestion::ShortestPath:
        takeNodes(graph.shortestPath(start, EVENTOPS_TRY(resolved(graph, request.to))), request, true, answer);
        linkUp(graph, answer);
        keepSteps(answer);
        break;
    case GraphQuestion::RecentChanges:
        if (const WallNs clock = EVENTOPS_TRY(ledger.watermark()); clock != NoTime) {
            const bool isEver = raw(clock) < INT64_MIN + 1 + request.withinNs;
            take(graph.newSince(isEver ? WallNs{INT64_MIN + 1} : clock + -request.withinNs, request.entitiesMax),
                 answer);
        }
        break;
    }
    return answer;
}

} // namespace eventops
