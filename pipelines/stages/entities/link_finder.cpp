// SPDX-License-Identifier: MIT
#include "pipelines/stages/entities/link_finder.h"

#include "core/codec/entity_name.h"

#include <algorithm>
#include <cstring>

namespace eventops {
namespace {

constexpr std::size_t PathNamesMax = 16;
constexpr std::size_t IdBytesMax = 1'024; ///< A longer text is no id.

void addName(std::vector<std::string> &names, const std::string &name)
{
    if (std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
}

} // namespace

Result<DocumentPath> DocumentPath::parse(const Value &value)
{
    const std::string text = EVENTOPS_TRY(value.text());
    DocumentPath path;
    std::string_view rest = text;
    if (rest.starts_with("attrs."))
        path.document = Field::Attrs;
    else if (rest.starts_with("tags."))
        path.document = Field::Tags;
    else
        return value.error("'" + text + "' is no path into attrs or tags", "write attrs.<name> or tags.<name>");
    rest.remove_prefix(rest.find('.') + 1);
    while (true) {
        const std::size_t dot = rest.find('.');
        path.names.emplace_back(rest.substr(0, dot));
        if (path.names.back().empty() || path.names.size() > PathNamesMax)
            return value.error("'" + text + "' has an empty name or more than " + std::to_string(PathNamesMax)
                + " names");
        if (dot == std::string_view::npos)
            return path;
        rest.remove_prefix(dot + 1);
    }
}

LinkFinder::LinkFinder(std::vector<LinkRule> rules, std::vector<HierarchyLevel> levels)
    : m_rules(std::move(rules)), m_levels(std::move(levels))
{
    const auto add = [&](const DocumentPath &path) {
        addName(path.document == Field::Attrs ? m_attrsNames : m_tagsNames, path.names.front());
    };
    for (const LinkRule &rule : m_rules)
        add(rule.path);
    for (const HierarchyLevel &level : m_levels)
        add(level.path);
}

void LinkFinder::beginBatch()
{
    m_plainTags.fill(NoStr);
}

/// True when one of @p names stands right behind a quote, or when an escape might hide one.
bool LinkFinder::holdsName(std::string_view document, const std::vector<std::string> &names) const
{
    const char *at = document.data();
    const char *const end = at + document.size();
    while (at != end) {
        at = static_cast<const char *>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
        if (at == nullptr)
            break;
        ++at;
        const std::string_view rest(at, static_cast<std::size_t>(end - at));
        for (const std::string &name : names) {
            if (!rest.empty() && rest.front() == name.front() && rest.starts_with(name))
                return true;
        }
    }
    return document.find('\\') != std::string_view::npos;
}

bool LinkFinder::mayMatter(const Batch &batch, const Event &event, Field field)
{
    const StrId id = event[field];
    const auto &names = field == Field::Attrs ? m_attrsNames : m_tagsNames;
    if (id == NoStr || names.empty())
        return false;
    if (field == Field::Attrs)
        return holdsName(batch.text(id), names);
    StrId &slot = m_plainTags[static_cast<std::uint32_t>(id) % m_plainTags.size()];
    if (slot == id)
        return false;
    if (holdsName(batch.text(id), names))
        return true;
    slot = id;
    return false;
}

std::optional<std::string_view> LinkFinder::at(const DocumentPath &path) const
{
    std::string_view value = path.document == Field::Attrs ? m_attrs : m_tags;
    for (const std::string &name : path.names) {
        if (value.empty() || jsonKind(value) != JsonKind::Object)
            return std::nullopt;
        const auto member = jsonMember(value, name);
        if (!member)
            return std::nullopt;
        value = *member;
    }
    return value;
}

/// One entity by its JSON: a text or number (an id), or an object {type, id}.
std::optional<EntityName> LinkFinder::target(std::string_view json, std::string_view defaultType, GraphChanges &changes)
{
    EntityName name{defaultType, {}};
    std::string_view id = json;
    bool typed = false;
    if (jsonKind(json) == JsonKind::Object) {
        const auto idMember = jsonMember(json, "id");
        if (!idMember)
            return std::nullopt;
        id = *idMember;
        if (const auto type = jsonMember(json, "type"); type && jsonKind(*type) == JsonKind::String) {
            name.type = changes.keep(jsonText(*type, m_scratch));
            typed = true;
        }
    }
    if (jsonKind(id) == JsonKind::String)
        name.id = changes.keep(jsonText(id, m_scratch));
    else if (jsonKind(id) == JsonKind::Number)
        name.id = changes.keep(id);
    if (name.id.empty() || name.id.size() > IdBytesMax || name.type.size() > IdBytesMax)
        return std::nullopt;
    if (const std::string_view prefix = entityTypeOf(name.id); !typed && !prefix.empty())
        name.type = prefix;
    return name;
}

void LinkFinder::targets(std::string_view json, std::string_view defaultType, GraphChanges &changes,
                         std::vector<EntityName> &out)
{
    out.clear();
    if (jsonKind(json) != JsonKind::Array) {
        if (const auto one = target(json, defaultType, changes))
            out.push_back(*one);
        return;
    }
    JsonItems items(json);
    std::string_view name, value;
    while (out.size() < TargetsMax && items.next(name, value)) {
        if (const auto one = target(value, defaultType, changes))
            out.push_back(*one);
    }
}

void LinkFinder::find(const Batch &batch, const Event &event, GraphChanges &changes)
{
    m_mentioned.clear();
    if (event[Field::Entities] != NoStr)
        statedEntities(batch, event, changes);
    if (event[Field::Links] != NoStr)
        statedLinks(batch, event, changes);
    if (event[Field::EntityId] == NoStr)
        return;
    const bool attrs = mayMatter(batch, event, Field::Attrs);
    const bool tags = mayMatter(batch, event, Field::Tags);
    if (!attrs && !tags)
        return;
    m_attrs = m_tags = {};
    if (attrs && !m_attrsReader.read(batch.text(event, Field::Attrs)))
        m_attrs = m_attrsReader.document();
    if (tags && !m_tagsReader.read(batch.text(event, Field::Tags)))
        m_tags = m_tagsReader.document();
    const std::string_view tenant = batch.text(event, Field::Tenant);
    const EntityName own{batch.text(event, Field::EntityType), batch.text(event, Field::EntityId)};
    const Seq seq = batch.records[event.record].seq;
    for (const LinkRule &rule : m_rules) {
        const auto value = at(rule.path);
        if (!value)
            continue;
        targets(*value, rule.targetType.empty() ? own.type : std::string_view(rule.targetType), changes, m_found);
        for (const EntityName &other : m_found)
            changes.addLink(tenant, own, other, rule.type, event.tsEvent, seq);
    }
    hierarchy(tenant, own, event.tsEvent, seq, changes);
}

/// Each level is part of the next larger one that the event names. The event's own entity takes its place among them:
/// at the level of its type or id, or below the smallest when it has no type.
void LinkFinder::hierarchy(std::string_view tenant, EntityName own, WallNs ts, Seq seq, GraphChanges &changes)
{
    m_found.clear();
    bool placed = false;
    std::string_view lastType;
    for (const HierarchyLevel &level : m_levels) {
        if (level.type == lastType)
            continue; // another place for a level that is already known
        std::optional<EntityName> name;
        if (const auto value = at(level.path); value && jsonKind(*value) != JsonKind::Array)
            name = target(*value, level.type, changes);
        const bool sameName = name && (*name == own || (own.type.empty() && name->id == own.id));
        const bool isOwn = level.type == own.type || sameName;
        if (isOwn && !placed)
            name = own;
        if (!name)
            continue;
        placed = placed || isOwn;
        lastType = level.type;
        m_found.push_back(*name);
    }
    if (!placed && own.type.empty() && !m_found.empty())
        m_found.insert(m_found.begin(), own);
    for (std::size_t i = 1; i < m_found.size(); ++i)
        changes.addLink(tenant, m_found[i - 1], m_found[i], "part_of", ts, seq);
}

void LinkFinder::statedEntities(const Batch &batch, const Event &event, GraphChanges &changes)
{
    if (m_listReader.read(batch.text(event, Field::Entities)) || m_listReader.kind() != JsonKind::Array)
        return;
    targets(m_listReader.document(), {}, changes, m_mentioned);
    const EntityName own{batch.text(event, Field::EntityType), batch.text(event, Field::EntityId)};
    for (const EntityName &name : m_mentioned) {
        if (name != own)
            changes.addEntity(batch.text(event, Field::Tenant), name, event.tsEvent, batch.records[event.record].seq,
                true);
    }
}

void LinkFinder::statedLinks(const Batch &batch, const Event &event, GraphChanges &changes)
{
    if (m_listReader.read(batch.text(event, Field::Links)) || m_listReader.kind() != JsonKind::Array)
        return;
    const EntityName own{batch.text(event, Field::EntityType), batch.text(event, Field::EntityId)};
    // A bare id is the event's entity or one of those it names; only then is its type unknown.
    const auto end = [&](std::string_view link, std::string_view member) -> std::optional<EntityName> {
        const auto json = jsonMember(link, member);
        if (!json)
            return std::nullopt;
        auto name = target(*json, {}, changes);
        if (!name || !name->type.empty() || jsonKind(*json) == JsonKind::Object)
            return name;
        if (name->id == own.id)
            return own;
        const auto known = std::find_if(m_mentioned.begin(), m_mentioned.end(),
                                        [&](const EntityName &mentioned) { return mentioned.id == name->id; });
        name->type = known != m_mentioned.end() ? known->type : own.type;
        return name;
    };
    JsonItems items(m_listReader.document());
    std::string_view rawName, link;
    for (std::size_t i = 0; i < TargetsMax && items.next(rawName, link); ++i) {
        if (jsonKind(link) != JsonKind::Object)
            continue;
        const auto source = end(link, "source");
        const auto target = end(link, "target");
        const auto type = jsonMember(link, "type");
        std::string_view typeText = "related_to";
        if (type && jsonKind(*type) == JsonKind::String)
            typeText = changes.keep(jsonText(*type, m_scratch));
        if (source && target && !typeText.empty() && typeText.size() <= IdBytesMax)
            changes.addLink(batch.text(event, Field::Tenant), *source, *target, typeText, event.tsEvent,
                            batch.records[event.record].seq);
    }
}

} // namespace eventops
