// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/graph/entity_graph.h"
#include "core/store/ledger.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// What can be asked of the entity graph.
enum class GraphQuestion : std::uint8_t {
    Neighbourhood, ///< Everything around an entity.
    Dependencies,  ///< What it depends on.
    Downstream,    ///< What depends on it.
    WhatIf,        ///< What would become of the rest if it were away; see EntityGraph::without.
    Orphans,       ///< Entities without any link.
    ShortestPath,  ///< From it to another one.
    RecentChanges, ///< Entities and links first seen lately.
};
/// "neighbourhood", "dependencies", "downstream", "what_if", "orphans", "shortest_path", "recent_changes".
std::string_view toString(GraphQuestion question);
std::optional<GraphQuestion> graphQuestion(std::string_view name);
bool needsEntity(GraphQuestion question);

struct GraphRequest {
    static constexpr std::uint32_t DepthMax = 64;
    static constexpr std::size_t EntitiesMax = 10'000;
    static constexpr std::size_t ReadMax = 1'000'000;
    GraphQuestion question = GraphQuestion::Neighbourhood;
    std::string tenant;               ///< Empty: the only one there is.
    EntityKey entity, to;             ///< Without a type: the only entity of that id.
    std::uint32_t depth = DepthMax;   ///< Links; 1 to DepthMax.
    std::size_t entitiesMax = 1'000;  ///< Of the answer; 1 to EntitiesMax.
    std::int64_t withinNs = 3'600 * NsPerSecond; ///< RecentChanges: before the workspace clock.
};

struct GraphAnswer {
    enum class Standing : std::uint8_t { Reached, Lost, Weakened, Stranded };
    struct Node {
        ReachedEntity reached;
        Standing standing = Standing::Reached; ///< Of WhatIf.
    };
    std::string tenant;
    std::vector<Node> nodes;    ///< In the order of the walk or the path.
    std::vector<Link> links;    ///< Between them; of a path, those along it.
    bool truncated = false;     ///< There is more than entitiesMax.
};
std::string_view toString(GraphAnswer::Standing standing);

/// {"tenant","nodes":[{"type","id","depth","via","standing"}],"edges":[{"from":{"type","id"},"to":{…},"type","events",
/// "first_seen","last_seen"}],"truncated"}; `via` is the type of the link it was reached by, `standing` of what_if.
void appendGraphAnswerJson(std::string &out, const GraphAnswer &answer);

/// Answers from the tenant's graph, of up to ReadMax entities and links. @p tenants: those seen; empty: all. Errors:
/// NotFound (tenant, entity), InvalidArgument (several tenants, several entities of that id, a number out of bounds),
/// LimitExceeded, the ledger's. Thread: any, with a ledger of its own. O(entities + links of the tenant).
Result<GraphAnswer> answerGraph(Ledger &ledger, const std::vector<std::string> &tenants, const GraphRequest &request);

} // namespace eventops
