// SPDX-License-Identifier: MIT
#include "core/codec/transform_mapping.h"

#include "core/base/json.h"
#include "core/codec/json_envelope.h"
#include "core/codec/json_reader.h"
#include "core/yaml/yaml.h"

#include <algorithm>
#include <filesystem>

namespace eventops {
namespace {

constexpr std::size_t ListItemsMax = 100;

class MappingTransformer final : public Transformer
{
public:
    explicit MappingTransformer(std::shared_ptr<const TransformMapping> mapping) : m_mapping(std::move(mapping)) {}
    std::vector<Result<TransformerOutput>> transform(std::span<const RawEvent> events) override
    {
        std::vector<Result<TransformerOutput>> out;
        out.reserve(events.size());
        for (const RawEvent &event : events)
            out.push_back(m_mapping->apply(event.body));
        return out;
    }

private:
    const std::shared_ptr<const TransformMapping> m_mapping;
};

std::string scalarOrJson(std::string_view value)
{
    std::string scratch;
    const auto scalar = scalarText(value, scratch);
    if (scalar)
        return std::string(*scalar);
    return jsonKind(value) == JsonKind::Null ? std::string() : std::string(value);
}

Error missing(std::string_view what)
{
    return Error{Error::Code::InvalidInput, "the document has no value for " + std::string(what)};
}

} // namespace

std::vector<std::string> dottedNames(std::string_view path)
{
    std::vector<std::string> names;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t dot = std::min(path.find('.', at), path.size());
        names.emplace_back(path.substr(at, dot - at));
        at = dot + 1;
    }
    return names;
}

std::optional<std::string_view> valueAt(std::string_view document, const std::vector<std::string> &names)
{
    std::optional<std::string_view> value = document;
    for (const std::string &name : names) {
        if (jsonKind(*value) != JsonKind::Object)
            return std::nullopt;
        value = jsonMember(*value, name);
        if (!value)
            return std::nullopt;
    }
    return value;
}

PathTemplate::PathTemplate(std::string_view text)
{
    using Kind = Part::Kind;
    std::string literal;
    const auto flush = [&] {
        if (!literal.empty())
            m_parts.push_back({Kind::Literal, std::exchange(literal, {}), {}});
    };
    for (std::size_t at = 0; at < text.size();) {
        // The outermost pair of braces is one place, whatever stands in it.
        std::size_t depth = 0, close = at;
        for (; text[at] == '{' && close < text.size(); ++close) {
            depth += text[close] == '{' ? 1 : 0;
            depth -= text[close] == '}' ? 1 : 0;
            if (depth == 0)
                break;
        }
        if (text[at] != '{' || close == text.size()) {
            literal += text[at++];
            continue;
        }
        flush();
        const std::string_view inside = text.substr(at + 1, close - at - 1);
        at = close + 1;
        if (!inside.starts_with('$'))
            m_parts.push_back({Kind::Path, {}, dottedNames(inside)});
        else
            m_parts.push_back({inside == "$EntityID"     ? Kind::EntityId
                               : inside == "$EntityType" ? Kind::EntityType
                               : inside == "$EventType"  ? Kind::EventType
                                                         : Kind::Nothing,
                               {},
                               {}});
    }
    flush();
}

std::string PathTemplate::fill(std::string_view document, const Variables &variables) const
{
    std::string out;
    for (const Part &part : m_parts) {
        switch (part.kind) {
        case Part::Kind::Literal: out += part.text; break;
        case Part::Kind::EntityId: out += variables.entityId; break;
        case Part::Kind::EntityType: out += variables.entityType; break;
        case Part::Kind::EventType: out += variables.eventType; break;
        case Part::Kind::Nothing: break;
        case Part::Kind::Path:
            if (const auto value = valueAt(document, part.names))
                out += scalarOrJson(*value);
            break;
        }
    }
    return out;
}

std::string scriptName(std::string_view scriptPath)
{
    if (scriptPath.ends_with(".py"))
        scriptPath.remove_suffix(3);
    const std::size_t before = scriptPath.find_last_of("./");
    return std::string(before == std::string_view::npos ? scriptPath : scriptPath.substr(before + 1));
}

Result<TransformMapping> TransformMapping::parse(const Value &file)
{
    TransformMapping out;
    for (const char *const name : {"transformer", "summary", "event"}) {
        if (!file.isMap() || file.find(name) == nullptr)
            return file.error(std::string("a transformer needs ") + name, "write transformer:, summary: and event:");
    }
    for (const auto &[name, value] : file.members()) {
        if (name == "transformer")
            out.m_name = EVENTOPS_TRY(value.text());
        else if (name == "summary")
            out.m_summary = EVENTOPS_TRY(value.text());
        else if (name == "stands_for" && value.find("script") != nullptr && value.find("class") != nullptr) {
            out.m_script = EVENTOPS_TRY(value.at("script").text());
            out.m_class = EVENTOPS_TRY(value.at("class").text());
        } else if (name == "only")
            out.m_only = EVENTOPS_TRY(value.boolean());
        else if (name == "when") {
            // A document's kind is told as formats tell it; what its fields mean is said here.
            const Value nothing = Value::map({{"attrs", Value::scalar(".")}});
            out.m_when = EVENTOPS_TRY(DocumentFormat::parse(Value::map(
                {{"format", Value::scalar("-")}, {"summary", Value::scalar("-")}, {"when", value}, {"map", nothing}})));
        } else if (name == "event")
            EVENTOPS_TRY(out.parseEvent(value));
        else if (name == "types")
            EVENTOPS_TRY(out.parseTypes(value));
        else if (name != "entities" && name != "links")
            return value.error("a transformer has no \"" + name + '"',
                               "use transformer, summary, stands_for: {script, class}, when, event, types, only, "
                               "entities and links");
    }
    EVENTOPS_TRY(out.parseRelations(file));
    return out;
}

Status TransformMapping::parseEvent(const Value &event)
{
    if (!event.isMap() || event.find("type") == nullptr || event.find("entity") == nullptr)
        return event.error("event: needs type and entity", "write event: {type: kind, entity: host.id}");
    for (const auto &[name, value] : event.members()) {
        if (name == "data") {
            if (!value.isMap())
                return value.error("event.data: expected a map of selectors", "leave it out for the whole document");
            m_wholeData = false;
            for (const auto &[member, selector] : value.members())
                m_data.emplace_back(member, EVENTOPS_TRY(Selector::parse(selector, "event.data." + member)));
            continue;
        }
        std::optional<Source> *to = name == "type"       ? &m_type
                                    : name == "entity"   ? &m_entity
                                    : name == "severity" ? &m_severity
                                    : name == "message"  ? &m_message
                                                         : nullptr;
        if (to == nullptr)
            return value.error("an event has no \"" + name + '"', "use type, entity, severity, message and data");
        *to = EVENTOPS_TRY(Selector::parse(value, "event." + name));
    }
    return Ok{};
}

Status TransformMapping::parseTypes(const Value &types)
{
    if (!types.isMap())
        return types.error("types: expected a map", "write types: {started: {name: STARTED, severity: INFO}}");
    for (const auto &[name, value] : types.members()) {
        TypeRow &row = m_types[name];
        row.name = name;
        if (!value.isMap())
            return value.error("types." + name + ": expected a map", "write {name: STARTED, severity: INFO}");
        for (const auto &[key, setting] : value.members()) {
            if (key == "name")
                row.name = EVENTOPS_TRY(setting.text());
            else if (key == "severity")
                row.severity = EVENTOPS_TRY(setting.text());
            else if (key == "shown")
                row.shown = EVENTOPS_TRY(setting.boolean());
            else
                return setting.error("a type has no \"" + key + '"', "use name, severity and shown");
        }
    }
    return Ok{};
}

Status TransformMapping::parseRelations(const Value &file)
{
    const auto pairs = [&](const char *list, const char *one, const char *other, auto add) -> Status {
        const Value *value = file.find(list);
        if (value == nullptr)
            return Ok{};
        if (!value->isList() || value->items().size() > ListItemsMax)
            return value->error(std::string(list) + ": expected a list of at most 100");
        for (const Value &item : value->items()) {
            const Value *first = item.isMap() ? item.find(one) : nullptr;
            const Value *second = item.isMap() ? item.find(other) : nullptr;
            if (first == nullptr || second == nullptr || item.members().size() != 2)
                return item.error(std::string(list) + ": expected {" + one + ", " + other + '}');
            Selector from = EVENTOPS_TRY(Selector::parse(*first, std::string(list) + '.' + one));
            add(std::move(from), EVENTOPS_TRY(Selector::parse(*second, std::string(list) + '.' + other)));
        }
        return Ok{};
    };
    EVENTOPS_TRY(pairs("entities", "id", "type", [&](Selector id, Selector type) {
        m_entities.push_back({std::move(id), std::move(type)});
    }));
    return pairs("links", "source", "target", [&](Selector source, Selector target) {
        m_links.push_back({std::move(source), std::move(target), {}, {}});
    });
}

bool TransformMapping::matches(const JsonReader &json) const
{
    if (m_when && !m_when->matches(json))
        return false;
    if (!m_match)
        return true;
    const auto found = valueAt(json.document(), m_match->names);
    if (!found || !m_match->value)
        return found.has_value();
    std::string scratch;
    return jsonKind(*found) == JsonKind::String && jsonText(*found, scratch) == *m_match->value;
}

std::optional<std::string> TransformMapping::textOf(const Source &source, std::string_view document, const Scope &scope)
{
    if (source.filled != nullptr)
        return source.filled->fill(document, scope);
    std::string scratch;
    const auto found = source.selector->find(std::span(&document, 1), scratch);
    return found ? std::optional(scalarOrJson(*found)) : std::nullopt;
}

std::string TransformMapping::dataOf(std::string_view document) const
{
    std::string out;
    if (m_wholeData) {
        appendJsonCompact(out, document);
        return out;
    }
    std::string scratch, value;
    JsonWriter json(out);
    json.beginObject();
    const auto member = [&](const std::string &name, std::optional<std::string_view> found) {
        value.clear();
        if (found)
            appendJsonCompact(value, *found);
        json.key(name).raw(found ? std::string_view(value) : "null");
    };
    for (const auto &[name, selector] : m_data)
        member(name, selector.find(std::span(&document, 1), scratch));
    for (const auto &[name, names] : m_dataPaths)
        member(name, valueAt(document, names));
    json.endObject();
    return out;
}

void TransformMapping::relations(std::string_view document, const Scope &scope, TransformerOutput &out) const
{
    const auto text = [&](const Source &source) {
        return textOf(source, document, scope).value_or("");
    };
    for (const EntityRule &rule : m_entities) {
        TransformerOutput::EntityRef entity{text(rule.id), text(rule.type)};
        if (!entity.id.empty())
            out.entities.push_back(std::move(entity));
    }
    for (const LinkRule &rule : m_links) {
        TransformerOutput::LinkRef link{text(rule.source), text(rule.target)};
        if (link.source.empty() || link.target.empty())
            continue;
        if (!rule.sourceType.empty())
            out.entities.push_back({link.source, rule.sourceType});
        if (!rule.targetType.empty())
            out.entities.push_back({link.target, rule.targetType});
        out.links.push_back(std::move(link));
    }
}

Result<TransformerOutput> TransformMapping::apply(std::string_view body) const
{
    JsonReader json;
    if (const JsonFailure failure = json.read(body))
        return Error{Error::Code::InvalidInput, "the event is no JSON: " + failure.text()};
    if (json.kind() != JsonKind::Object)
        return Error{Error::Code::InvalidInput, "the event is no JSON object"};
    TransformerOutput out;
    if (!matches(json))
        return out;
    const std::string_view document = json.document();
    Scope scope;
    if (m_entity)
        scope.entityId = textOf(*m_entity, document, scope).value_or("");
    if (scope.entityId.empty() && m_entityRequired)
        return missing("the entity's id");
    if (m_entityType)
        scope.entityType = textOf(*m_entityType, document, scope).value_or("");
    const std::string given = textOf(*m_type, document, scope).value_or("");
    if (given.empty())
        return missing("the event's type");
    const auto row = m_types.find(given);
    if (row == m_types.end() && m_only)
        return Error{Error::Code::InvalidInput, "the type \"" + given.substr(0, 100) + "\" is not known"};
    scope.eventType = row == m_types.end() ? given : row->second.name;
    TransformerOutput::Processed &event = out.events.emplace_back();
    event.type = scope.eventType;
    event.entity = scope.entityId;
    event.data = dataOf(document);
    if (m_severity)
        event.severity = textOf(*m_severity, document, scope);
    else if (row != m_types.end() && !row->second.severity.empty())
        event.severity = row->second.severity;
    if (m_message)
        event.message = textOf(*m_message, document, scope);
    relations(document, scope, out);
    return out;
}

std::shared_ptr<Transformer> makeMappingTransformer(std::shared_ptr<const TransformMapping> mapping)
{
    return std::make_shared<MappingTransformer>(std::move(mapping));
}

void addShippedTransformers(TransformerRegistry &registry, std::vector<std::shared_ptr<const TransformMapping>> shipped,
                            TransformerRegistry::Factory others)
{
    registry.add("PythonTransformer",
                 [shipped = std::move(shipped),
                  others = std::move(others)](const TransformerSetup &setup) -> Result<std::shared_ptr<Transformer>> {
                     std::string scratch, script;
                     if (const auto path = jsonMember(setup.settings, "ScriptPath");
                         path && jsonKind(*path) == JsonKind::String)
                         script = jsonText(*path, scratch);
                     const auto found = std::find_if(shipped.begin(), shipped.end(), [&](const auto &mapping) {
                         return !mapping->script().empty() && mapping->script() == scriptName(script);
                     });
                     if (found != shipped.end())
                         return makeMappingTransformer(*found);
                     if (others)
                         return others(setup);
                     return Error{Error::Code::Unavailable,
                                  "\"" + script.substr(0, 200) + "\" is no transformer that is shipped, and scripts "
                                      + "are not run here",
                                  {},
                                  "write it as a JSONTransformer, or use a shipped one"};
                 });
}

Result<std::vector<std::shared_ptr<const TransformMapping>>> loadTransformMappings(const std::string &directory)
{
    std::vector<std::string> files;
    std::error_code failed;
    for (const auto &entry : std::filesystem::directory_iterator(directory, failed)) {
        if (entry.path().extension() == ".yaml")
            files.push_back(entry.path().string());
    }
    if (failed)
        return Error{Error::Code::Io, "cannot read " + directory + ": " + failed.message()};
    std::sort(files.begin(), files.end());
    std::vector<std::shared_ptr<const TransformMapping>> out;
    for (const std::string &file : files) {
        const Value value = EVENTOPS_TRY(loadYaml(file));
        out.push_back(std::make_shared<const TransformMapping>(EVENTOPS_TRY(TransformMapping::parse(value))));
    }
    return out;
}

} // namespace eventops
