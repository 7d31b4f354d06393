// SPDX-License-Identifier: MIT
#include "core/codec/mapping.h"

#include <algorithm>
#include <array>

#include <re2/re2.h>

namespace eventops {
namespace {

constexpr std::size_t PatternsMax = 100;
constexpr std::size_t SplitsMax = 16;
constexpr std::size_t ListItemsMax = 100; ///< Entities or links of one event.

struct TextKey {
    std::string_view group; ///< Of a nested map; empty: top level.
    std::string_view name;
    Field field;
};
constexpr TextKey TextKeys[] = {
    {"", "event_id", Field::EventId}, {"", "tenant", Field::Tenant}, {"", "type", Field::Type},
    {"", "step", Field::Step},
    {"", "correlation_id", Field::CorrelationId}, {"", "causation_id", Field::CausationId},
    {"", "trace_id", Field::TraceId}, {"", "span_id", Field::SpanId}, {"", "idempotency_key", Field::IdempotencyKey},
    {"", "message", Field::Message}, {"", "metric", Field::Metric}, {"", "unit", Field::Unit},
    {"source", "type", Field::SourceType}, {"source", "id", Field::SourceId},
    {"source", "namespace", Field::SourceNamespace}, {"schema", "name", Field::SchemaName},
    {"schema", "version", Field::SchemaVersion}, {"entity", "type", Field::EntityType},
    {"entity", "id", Field::EntityId},
};

/// The row for "entity.id", or for the member @p name of the group @p group.
const TextKey *textKey(std::string_view group, std::string_view name)
{
    for (const TextKey &key : TextKeys) {
        const bool dotted = group.empty() && !key.group.empty() && name.size() == key.group.size() + 1 + key.name.size()
                         && name.substr(0, key.group.size()) == key.group && name[key.group.size()] == '.'
                         && name.substr(key.group.size() + 1) == key.name;
        if (dotted || (key.group == group && key.name == name))
            return &key;
    }
    return nullptr;
}

class MappingParser
{
public:
    Result<Mapping> parse(const Value &map)
    {
        if (!map.isMap() || map.members().empty())
            return map.error("map: expected a map of fields", "write map: {ts: time, type: kind}");
        for (const Value::Member &member : map.members())
            EVENTOPS_TRY(entry(member));
        EVENTOPS_TRY(require(map.find("require")));
        return std::move(m_out);
    }

private:
    Status entry(const Value::Member &member)
    {
        const auto &[name, value] = member;
        if (name == "pattern")
            return patterns(value);
        if (name == "split")
            return split(value);
        if (name == "ts")
            return selector(value, name, m_out.ts);
        if (name == "severity")
            return selector(value, name, m_out.severity);
        if (name == "value")
            return selector(value, name, m_out.value);
        if (name == "tags")
            return object(value, name, m_out.tags);
        if (name == "attrs")
            return object(value, name, m_out.attrs);
        if (name == "entities")
            return entities(value);
        if (name == "links")
            return links(value);
        if (name == "require")
            return Ok{};
        if (name == "source" || name == "schema" || name == "entity") {
            if (!value.isMap())
                return value.error(name + ": expected a map", name == "entity" ? "write entity: {type: …, id: …}"
                                                                                : "write its members as a map");
            for (const Value::Member &inner : value.members())
                EVENTOPS_TRY(text(name, inner.first, inner.second));
            return Ok{};
        }
        return text("", name, value);
    }

    Status text(std::string_view group, std::string_view name, const Value &value)
    {
        const std::string full = group.empty() ? std::string(name) : std::string(group) + '.' + std::string(name);
        const TextKey *key = textKey(group, name);
        if (key == nullptr)
            return value.error("map: there is no field \"" + full + '"',
                               "use ts, type, step, entity.type, entity.id, tenant, severity, message, metric, value, "
                               "unit, tags, attrs, source.*, schema.*, trace_id, span_id, correlation_id, "
                               "causation_id, event_id, idempotency_key, entities, links, split, pattern or require");
        auto parsed = Selector::parse(value, full);
        if (!parsed)
            return std::move(parsed).error();
        m_out.texts.push_back({key->field, std::move(parsed).value(), false});
        return Ok{};
    }

    Status selector(const Value &value, std::string_view name, std::optional<Selector> &to)
    {
        auto parsed = Selector::parse(value, name);
        if (!parsed)
            return std::move(parsed).error();
        to = std::move(parsed).value();
        return Ok{};
    }

    Status patterns(const Value &value)
    {
        const std::vector<Value> single = {value};
        const std::vector<Value> &items = value.isList() ? value.items() : single;
        if (items.empty() || items.size() > PatternsMax)
            return value.error("pattern: expected 1 to 100 expressions", "write pattern: '^(?P<text>.*)$'");
        for (const Value &item : items) {
            auto pattern = item.text();
            if (!pattern)
                return std::move(pattern).error();
            RE2::Options options;
            options.set_log_errors(false);
            options.set_dot_nl(true);
            const RE2 compiled(pattern.value(), options);
            if (!compiled.ok())
                return item.error("pattern: " + compiled.error(), "write an RE2 expression");
            if (compiled.NamedCapturingGroups().empty())
                return item.error("pattern: has no named capture", "name what it captures: (?P<time>\\S+)");
            m_out.patterns.push_back(std::move(pattern).value());
        }
        return Ok{};
    }

    Status split(const Value &value)
    {
        const std::vector<Value> single = {value};
        const std::vector<Value> &items = value.isList() ? value.items() : single;
        if (items.empty() || items.size() > SplitsMax)
            return value.error("split: expected 1 to 16 arrays", "write split: Records[]");
        for (const Value &item : items) {
            auto text = item.text();
            if (!text)
                return std::move(text).error();
            std::string error;
            auto parsed = JsonSplit::parse(text.value(), error);
            if (!parsed)
                return item.error("split: " + error, "write split: Records[], or a[].b[] for arrays in arrays");
            m_out.splits.push_back(std::move(*parsed));
        }
        return Ok{};
    }

    /// A map whose first member is one of a selector's words is a selector; any other map names members.
    Status object(const Value &value, const std::string &name, std::optional<ObjectMapping> &to)
    {
        ObjectMapping out;
        const std::vector<Value> single = {value};
        for (const Value &item : value.isList() ? value.items() : single) {
            const bool named = item.isMap() && item.find("path") == nullptr && item.find("pairs") == nullptr
                            && item.find("first") == nullptr;
            if (!named) {
                auto parsed = Selector::parse(item, name);
                if (!parsed)
                    return std::move(parsed).error();
                out.whole.push_back(std::move(parsed).value());
                continue;
            }
            for (const Value::Member &member : item.members()) {
                auto parsed = Selector::parse(member.second, name + '.' + member.first);
                if (!parsed)
                    return std::move(parsed).error();
                out.members.emplace_back(member.first, std::move(parsed).value());
            }
        }
        to = std::move(out);
        return Ok{};
    }

    Status entityOf(const Value &value, const std::string &name, EntityMapping &to)
    {
        const Value *type = value.isMap() ? value.find("type") : nullptr;
        const Value *id = value.isMap() ? value.find("id") : nullptr;
        const Value *each = value.isMap() ? value.find("each") : nullptr;
        if (type == nullptr || id == nullptr || value.members().size() != (each != nullptr ? 3U : 2U))
            return value.error(name + ": expected {type, id}", "write {type: {const: Host}, id: host}");
        auto typeSelector = Selector::parse(*type, name + ".type");
        if (!typeSelector)
            return std::move(typeSelector).error();
        auto idSelector = Selector::parse(*id, name + ".id");
        if (!idSelector)
            return std::move(idSelector).error();
        to = {std::move(typeSelector).value(), std::move(idSelector).value(), std::nullopt};
        return eachOf(each, name, to.each);
    }

    /// @p each null: there is none.
    Status eachOf(const Value *each, const std::string &name, std::optional<JsonPath> &to)
    {
        if (each == nullptr)
            return Ok{};
        std::string error;
        to = JsonPath::parse(EVENTOPS_TRY(each->text()), error);
        return to ? Status(Ok{}) : Status(each->error(name + ".each: " + error, "write each: spec.dependsOn"));
    }

    Status entities(const Value &value)
    {
        if (!value.isList() || value.items().size() > ListItemsMax)
            return value.error("entities: expected a list", "write entities: [{type: {const: Host}, id: host}]");
        for (const Value &item : value.items())
            EVENTOPS_TRY(entityOf(item, "entities", m_out.entities.emplace_back()));
        return Ok{};
    }

    Status links(const Value &value)
    {
        constexpr const char *Remedy =
            "write links: [{source: {type, id}, target: {type, id}, type: {const: depends_on}}]";
        if (!value.isList() || value.items().size() > ListItemsMax)
            return value.error("links: expected a list", Remedy);
        for (const Value &item : value.items()) {
            const Value *source = item.isMap() ? item.find("source") : nullptr;
            const Value *target = item.isMap() ? item.find("target") : nullptr;
            const Value *type = item.isMap() ? item.find("type") : nullptr;
            const Value *each = item.isMap() ? item.find("each") : nullptr;
            if (source == nullptr || target == nullptr || type == nullptr
                || item.members().size() != (each != nullptr ? 4U : 3U))
                return item.error("links: expected {source, target, type}", Remedy);
            LinkMapping &link = m_out.links.emplace_back();
            EVENTOPS_TRY(eachOf(each, "links", link.each));
            EVENTOPS_TRY(entityOf(*source, "links.source", link.source));
            EVENTOPS_TRY(entityOf(*target, "links.target", link.target));
            auto parsed = Selector::parse(*type, "links.type");
            if (!parsed)
                return std::move(parsed).error();
            link.type = std::move(parsed).value();
        }
        return Ok{};
    }

    Status require(const Value *value)
    {
        if (value == nullptr) {
            m_out.tsRequired = m_out.ts.has_value();
            return Ok{};
        }
        if (!value->isList())
            return value->error("require: expected a list of fields", "write require: [ts, entity.id]");
        for (const Value &item : value->items()) {
            auto text = item.text();
            if (!text)
                return std::move(text).error();
            const std::string &name = text.value();
            bool found = true;
            if (name == "ts" && m_out.ts)
                m_out.tsRequired = true;
            else if (name == "severity" && m_out.severity)
                m_out.severityRequired = true;
            else if (name == "value" && m_out.value)
                m_out.valueRequired = true;
            else
                found = requireText(name);
            if (!found)
                return item.error("require: \"" + name + "\" is not mapped", "map it, or take it out of require");
        }
        return Ok{};
    }

    bool requireText(const std::string &name)
    {
        const TextKey *key = textKey("", name);
        const auto isKey = [&](const Mapping::Text &text) { return key != nullptr && text.field == key->field; };
        const auto it = std::find_if(m_out.texts.begin(), m_out.texts.end(), isKey);
        if (it == m_out.texts.end())
            return false;
        it->required = true;
        return true;
    }

    Mapping m_out;
};

} // namespace

Result<Mapping> Mapping::parse(const Value &map)
{
    return MappingParser().parse(map);
}

} // namespace eventops
