// SPDX-License-Identifier: MIT
//
// The two formats of a JSONTransformer's rules (contract X30, section 3.4), compiled to a TransformMapping: the short
// one, `TransformerScript` with paths that begin with "$." or fixed texts, and the long one, MatchingEntity and so on.
#include "core/codec/json_reader.h"
#include "core/codec/transform_mapping.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t RulesMax = 1'000; ///< Of any list.
constexpr std::string_view DefaultMessage = "The event with event type {$EventType} happened for entity {$EntityID}";
constexpr std::string_view DefaultEntityType = "Entity";

Error wrongRule(std::string_view field, std::string_view what, std::string remedy = {})
{
    return Error{Error::Code::InvalidConfig, std::string(field) + ": " + std::string(what), {}, std::move(remedy)};
}

/// The text @p name of the object; nothing: absent or null.
Result<std::optional<std::string>> optionalText(std::string_view object, std::string_view name)
{
    const auto value = jsonMember(object, name);
    if (!value || jsonKind(*value) == JsonKind::Null)
        return std::optional<std::string>();
    if (jsonKind(*value) != JsonKind::String)
        return wrongRule(name, "is no text");
    std::string scratch;
    return std::optional(std::string(jsonText(*value, scratch)));
}

Result<std::string> neededText(std::string_view object, std::string_view name)
{
    auto text = EVENTOPS_TRY(optionalText(object, name));
    if (!text || text->empty())
        return wrongRule(name, "is missing");
    return std::move(*text);
}

/// "$.a['b c'].d[0]" as our own paths have it: a["b c"].d[0].
std::string ownPath(std::string_view jsonPath)
{
    std::string out;
    jsonPath.remove_prefix(1); // "$"
    if (jsonPath.starts_with('.'))
        jsonPath.remove_prefix(1);
    for (std::size_t i = 0; i < jsonPath.size(); ++i) {
        const bool opens = jsonPath.substr(i).starts_with("['");
        const bool closes = jsonPath.substr(i).starts_with("']");
        if (opens || closes) {
            out += opens ? "[\"" : "\"]";
            ++i;
        } else {
            out += jsonPath[i];
        }
    }
    return out.empty() ? std::string(".") : out;
}

/// A path when it begins with "$", else the text itself.
Result<Selector> pathOrText(const std::string &text, std::string_view field)
{
    if (!text.starts_with('$'))
        return Selector::parse(Value::map({{"const", Value::scalar(text, {}, true)}}), field);
    auto path = Selector::parse(Value::scalar(ownPath(text)), field);
    if (!path)
        return wrongRule(field, path.error().message, "write $.a.b, $.list[0] or $['a name'], or a fixed text");
    return path;
}

/// The elements of the list @p name, each an object.
Result<std::vector<std::string_view>> objectsOf(std::string_view object, std::string_view name)
{
    std::vector<std::string_view> out;
    const auto list = jsonMember(object, name);
    if (!list || jsonKind(*list) == JsonKind::Null)
        return out;
    if (jsonKind(*list) != JsonKind::Array)
        return wrongRule(name, "is no list");
    JsonItems items(*list);
    std::string_view unnamed, item;
    while (items.next(unnamed, item)) {
        if (jsonKind(item) != JsonKind::Object)
            return wrongRule(name, "holds something that is no object");
        if (out.size() == RulesMax)
            return wrongRule(name, "holds more than 1000 rules");
        out.push_back(item);
    }
    return out;
}

} // namespace

Result<TransformMapping> TransformMapping::fromRules(std::string_view settings)
{
    JsonReader json;
    if (json.read(settings) || json.kind() != JsonKind::Object)
        return wrongRule("rules", "are no JSON object");
    if (const JsonEntry *script = json.find("TransformerScript"); script != nullptr && script->value != "null")
        return fromScript(script->value);
    return fromTemplates(json.document());
}

Result<TransformMapping> TransformMapping::fromScript(std::string_view script)
{
    constexpr std::string_view Known[] = {"eventType", "entityId", "entityType", "severity", "message"};
    constexpr std::string_view Field = "TransformerScript";
    JsonReader text;
    std::string scratch;
    if (jsonKind(script) == JsonKind::String) { // the object as a text, as forms send it
        if (text.read(jsonText(script, scratch)))
            return wrongRule(Field, "is no JSON object");
        script = text.document();
    }
    if (jsonKind(script) != JsonKind::Object)
        return wrongRule(Field, "is no JSON object", R"(write {"eventType": "$.type", "entityId": "$.id"})");
    JsonItems items(script);
    std::string_view rawName, value;
    std::string nameScratch;
    while (items.next(rawName, value)) {
        const std::string_view name = jsonUnescape(rawName, nameScratch);
        if (std::find(std::begin(Known), std::end(Known), name) == std::end(Known))
            return wrongRule(Field, "has no \"" + std::string(name.substr(0, 100)) + '"',
                             "use eventType, entityId, entityType, severity and message");
    }
    TransformMapping out;
    const std::string eventType = EVENTOPS_TRY(neededText(script, "eventType"));
    const std::string entityId = EVENTOPS_TRY(neededText(script, "entityId"));
    out.m_type = EVENTOPS_TRY(pathOrText(eventType, "eventType"));
    out.m_entity = EVENTOPS_TRY(pathOrText(entityId, "entityId"));
    if (const auto severity = EVENTOPS_TRY(optionalText(script, "severity")))
        out.m_severity = EVENTOPS_TRY(pathOrText(*severity, "severity"));
    if (const auto message = EVENTOPS_TRY(optionalText(script, "message")))
        out.m_message = EVENTOPS_TRY(pathOrText(*message, "message"));
    else
        out.m_message = PathTemplate(DefaultMessage);
    const std::string type = EVENTOPS_TRY(optionalText(script, "entityType")).value_or(std::string(DefaultEntityType));
    out.m_entityType = EVENTOPS_TRY(pathOrText(type, "entityType"));
    out.m_entities.push_back({*out.m_entity, *out.m_entityType});
    return out;
}

Status TransformMapping::readMatch(std::string_view settings)
{
    const std::string kind = EVENTOPS_TRY(neededText(settings, "MatchingEntity"));
    m_match.emplace();
    m_match->names = dottedNames(EVENTOPS_TRY(neededText(settings, "MatchingPath")));
    if (kind == "value")
        m_match->value = EVENTOPS_TRY(optionalText(settings, "MatchingValue")).value_or("");
    else if (kind != "key")
        return wrongRule("MatchingEntity", "is neither key nor value",
                         "write key (the path is there) or value (MatchingValue stands there)");
    return Ok{};
}

Status TransformMapping::readLists(std::string_view settings)
{
    m_wholeData = false;
    for (const std::string_view mapping : EVENTOPS_TRY(objectsOf(settings, "EventMappings"))) {
        const std::string from = EVENTOPS_TRY(neededText(mapping, "from"));
        m_dataPaths.emplace_back(EVENTOPS_TRY(neededText(mapping, "to")), dottedNames(from));
    }
    for (const std::string_view relation : EVENTOPS_TRY(objectsOf(settings, "Relations"))) {
        const std::string from = EVENTOPS_TRY(neededText(relation, "from"));
        const std::string to = EVENTOPS_TRY(neededText(relation, "to"));
        LinkRule rule{PathTemplate('{' + from + '}'), PathTemplate('{' + to + '}'), {}, {}};
        rule.sourceType = EVENTOPS_TRY(neededText(relation, "fromType"));
        rule.targetType = EVENTOPS_TRY(neededText(relation, "toType"));
        m_links.push_back(std::move(rule));
    }
    return Ok{};
}

Result<TransformMapping> TransformMapping::fromTemplates(std::string_view settings)
{
    TransformMapping out;
    EVENTOPS_TRY(out.readMatch(settings));
    const std::string path = EVENTOPS_TRY(neededText(settings, "EntityPath"));
    out.m_entity = PathTemplate('{' + path + '}');
    const std::string entityType = EVENTOPS_TRY(neededText(settings, "EntityType"));
    out.m_entityType =
        EVENTOPS_TRY(Selector::parse(Value::map({{"const", Value::scalar(entityType, {}, true)}}), "EntityType"));
    out.m_type = PathTemplate(EVENTOPS_TRY(neededText(settings, "EventType")));
    out.m_message = PathTemplate(EVENTOPS_TRY(optionalText(settings, "Message")).value_or(std::string(DefaultMessage)));
    if (const auto severity = EVENTOPS_TRY(optionalText(settings, "Severity")))
        out.m_severity = PathTemplate(*severity);
    out.m_entities.push_back({*out.m_entity, *out.m_entityType});
    EVENTOPS_TRY(out.readLists(settings));
    return out;
}

void addJsonTransformer(TransformerRegistry &registry)
{
    registry.add("JSONTransformer", [](const TransformerSetup &setup) -> Result<std::shared_ptr<Transformer>> {
        return makeMappingTransformer(
            std::make_shared<const TransformMapping>(EVENTOPS_TRY(TransformMapping::fromRules(setup.settings))));
    });
}

} // namespace eventops
