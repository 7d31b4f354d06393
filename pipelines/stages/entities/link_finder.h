// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/codec/json_reader.h"
#include "core/model/value.h"
#include "pipelines/stages/entities/graph_changes.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Where in an event's tags or attrs something lies: "attrs.job.id" is {Attrs, {"job", "id"}}.
struct DocumentPath {
    Field document = Field::Attrs;
    std::vector<std::string> names; ///< Member names from the outside in; at least one.
    static Result<DocumentPath> parse(const Value &value);
};

/// A place whose value names entities that the event's entity is linked to.
struct LinkRule {
    std::string type;
    DocumentPath path;
    std::string targetType; ///< Of targets that do not say their own; empty: that of the event's entity.
};

/// A level of a hierarchy: the place where an event names the entity of this type that it belongs to.
struct HierarchyLevel {
    std::string type;
    DocumentPath path;
};

/// Reads the links that an event's tags, attrs, Entities and Links state.
///
/// A target is a text or number (an id; "job:7" is of type job), an object {type, id}, or a list of those, at most
/// TargetsMax. Documents without any of the names looked for cost one pass over their quotes, shared tags one look-up.
/// Thread: one. Complexity: O(size of the documents).
class LinkFinder
{
public:
    static constexpr std::size_t TargetsMax = 256; ///< Of one event; what is beyond is left out.

    /// @p levels: from the smallest to the largest; names at several places may share a type, the first found counts.
    LinkFinder(std::vector<LinkRule> rules, std::vector<HierarchyLevel> levels);

    void beginBatch(); ///< Forgets what it knew of the last batch's text ids.
    void find(const Batch &batch, const Event &event, GraphChanges &changes);

private:
    bool mayMatter(const Batch &batch, const Event &event, Field field);
    bool holdsName(std::string_view document, const std::vector<std::string> &names) const;
    void targets(std::string_view json, std::string_view defaultType, GraphChanges &changes,
        std::vector<EntityName> &out);
    std::optional<EntityName> target(std::string_view json, std::string_view defaultType, GraphChanges &changes);
    std::optional<std::string_view> at(const DocumentPath &path) const;
    void hierarchy(std::string_view tenant, EntityName own, WallNs ts, Seq seq, GraphChanges &changes);
    void statedEntities(const Batch &batch, const Event &event, GraphChanges &changes);
    void statedLinks(const Batch &batch, const Event &event, GraphChanges &changes);

    std::vector<LinkRule> m_rules;
    std::vector<HierarchyLevel> m_levels;
    std::vector<std::string> m_attrsNames; ///< First names looked for in attrs, and in tags.
    std::vector<std::string> m_tagsNames;
    std::array<StrId, 256> m_plainTags{};  ///< Tags of this batch that hold none of them.
    JsonReader m_attrsReader, m_tagsReader, m_listReader;
    std::string_view m_attrs, m_tags;      ///< Valid documents of the current event; empty: nothing to find.
    std::vector<EntityName> m_found;
    std::vector<EntityName> m_mentioned;
    std::string m_scratch;
};

} // namespace eventops
