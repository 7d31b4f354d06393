// SPDX-License-Identifier: MIT
//
// Entities and the directed, typed links between them:
//   causes        from the entity of the event that `causation_id` names (seen lately) to this event's entity
//   part_of       substep to step to job, and whatever `parent` names
//   derived_from, depends_on   from this event's entity to what tags or attrs of that name hold
//   and every link that the event states itself.
// Nothing else reads what this stage finds: a pipeline without it gives the same findings and events.
#include "core/pipeline/spec.h"
#include "pipelines/stages/entities/graph_changes.h"
#include "pipelines/stages/entities/link_finder.h"
#include "pipelines/stages/entities/recent_events.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t RulesMax = 256;

class EntitiesStageImpl final : public GlobalStage
{
public:
    EntitiesStageImpl(LinkFinder finder, std::size_t recentMax) : m_finder(std::move(finder)), m_recent(recentMax) {}

    void process(const Batch &batch, std::size_t eventBegin, std::size_t eventEnd, std::span<const Finding>,
                 GlobalOutput &out) override
    {
        m_finder.beginBatch();
        for (std::size_t i = eventBegin; i < eventEnd; ++i) {
            const Event &event = batch.events[i];
            const bool hasEntity = event[Field::EntityId] != NoStr;
            if (hasEntity)
                m_changes.addEvent(batch, event);
            m_finder.find(batch, event, m_changes);
            if (!hasEntity)
                continue;
            if (event[Field::CausationId] != NoStr)
                addCause(batch, event);
            m_recent.remember(batch, event);
        }
        m_changes.flush(batch, out);
    }

    void save(StateWriter &out) const override { m_recent.save(out); }
    Status load(StateReader &in) override { return m_recent.load(in); }

private:
    void addCause(const Batch &batch, const Event &event)
    {
        const RecentEvents::Name *cause = m_recent.cause(batch, event);
        if (cause == nullptr)
            return;
        const EntityName source{m_changes.keep(cause->type), m_changes.keep(cause->id)};
        const EntityName target{batch.text(event, Field::EntityType), batch.text(event, Field::EntityId)};
        m_changes.addLink(batch.text(event, Field::Tenant), source, target, "causes", event.tsEvent,
                          batch.records[event.record].seq);
    }

    LinkFinder m_finder;
    RecentEvents m_recent;
    GraphChanges m_changes;
};

constexpr FieldSpec Fields[] = {
    {"hierarchy", "list", "[]",
     "Levels from the smallest to the largest, each {type, path}; empty: "
     "substep, step and job by their _id in attrs or tags."},
    {"links", "list", "[]",
     "More places that name what an entity is linked to, each {type, path, target_type}; "
     "path begins with attrs. or tags."},
    {"recent_events_max", "int", "16384",
     "Ids, idempotency keys and correlation ids remembered for causation_id; the least recently seen go first."},
};

Value scalar(const std::string &text)
{
    return Value::scalar(text);
}

/// Parent and lineage names, in attrs and tags alike.
Result<std::vector<LinkRule>> builtinRules()
{
    constexpr std::pair<const char *, const char *> Names[] = {
        {"parent", "part_of"}, {"part_of", "part_of"}, {"derived_from", "derived_from"}, {"depends_on", "depends_on"}};
    std::vector<LinkRule> rules;
    for (const auto &[name, type] : Names) {
        for (const char *document : {"attrs.", "tags."})
            rules.push_back({type, EVENTOPS_TRY(DocumentPath::parse(scalar(std::string(document) + name))), {}});
    }
    return rules;
}

Result<std::vector<HierarchyLevel>> builtinLevels()
{
    std::vector<HierarchyLevel> levels;
    for (const char *type : {"substep", "step", "job"}) {
        for (const char *document : {"attrs.", "tags."})
            levels.push_back({type, EVENTOPS_TRY(DocumentPath::parse(scalar(std::string(document) + type + "_id")))});
    }
    return levels;
}

/// A member that must be a text of one character or more.
Result<std::string> textOf(const Value &entry, std::string_view name)
{
    const Value *value = entry.isMap() ? entry.find(name) : nullptr;
    if (value == nullptr || !value->isScalar())
        return entry.error("an entry needs '" + std::string(name) + "'", "write {type: part_of, path: attrs.parent}");
    std::string text = EVENTOPS_TRY(value->text());
    if (text.empty())
        return value->error("'" + std::string(name) + "' must not be empty");
    return text;
}

Status checkNames(const Value &entry, std::initializer_list<std::string_view> known)
{
    for (const auto &[name, value] : entry.members()) {
        if (std::find(known.begin(), known.end(), name) == known.end())
            return value.error("there is no '" + name + "' here");
    }
    return Ok{};
}

Result<std::unique_ptr<GlobalStage>> makeEntities(const Value &settings)
{
    std::vector<LinkRule> rules = EVENTOPS_TRY(builtinRules());
    const Value &links = settings.at("links");
    if (links.items().size() > RulesMax)
        return links.error("more than " + std::to_string(RulesMax) + " places");
    for (const Value &entry : links.items()) {
        LinkRule rule;
        rule.type = EVENTOPS_TRY(textOf(entry, "type"));
        EVENTOPS_TRY(textOf(entry, "path"));
        EVENTOPS_TRY(checkNames(entry, {"type", "path", "target_type"}));
        rule.path = EVENTOPS_TRY(DocumentPath::parse(entry.at("path")));
        if (entry.find("target_type") != nullptr)
            rule.targetType = EVENTOPS_TRY(textOf(entry, "target_type"));
        rules.push_back(std::move(rule));
    }
    std::vector<HierarchyLevel> levels;
    const Value &hierarchy = settings.at("hierarchy");
    if (hierarchy.items().size() > RulesMax)
        return hierarchy.error("more than " + std::to_string(RulesMax) + " levels");
    for (const Value &entry : hierarchy.items()) {
        HierarchyLevel level;
        level.type = EVENTOPS_TRY(textOf(entry, "type"));
        EVENTOPS_TRY(textOf(entry, "path"));
        EVENTOPS_TRY(checkNames(entry, {"type", "path"}));
        level.path = EVENTOPS_TRY(DocumentPath::parse(entry.at("path")));
        levels.push_back(std::move(level));
    }
    if (levels.empty())
        levels = EVENTOPS_TRY(builtinLevels());
    const Value &recent = settings.at("recent_events_max");
    const std::int64_t recentMax = EVENTOPS_TRY(recent.integer());
    if (recentMax < 16 || recentMax > 10'000'000)
        return recent.error("recent_events_max must lie between 16 and 10000000");
    return std::unique_ptr<GlobalStage>(std::make_unique<EntitiesStageImpl>(
        LinkFinder(std::move(rules), std::move(levels)), static_cast<std::size_t>(recentMax)));
}

} // namespace

extern const StageSpec EntitiesStage;
const StageSpec EntitiesStage{
    .name = "entities",
    .summary = "Collects the entities that events are about and the links between them: "
               "causes, part_of, derived_from, depends_on.",
    .fields = Fields,
    .losses = {},
    .makeGlobal = makeEntities,
};

} // namespace eventops
