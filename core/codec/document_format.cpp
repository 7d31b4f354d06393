// SPDX-License-Identifier: MIT
#include "core/codec/document_format.h"

#include "core/base/json.h"
#include "core/codec/format_tables.h"
#include "core/codec/json_envelope.h"
#include "core/yaml/yaml.h"

#include <algorithm>
#include <cassert>

namespace eventops {
namespace {

constexpr std::size_t ConditionsMax = 32;

/// The name before the first dot or bracket; what a path begins with is looked for in the index of the reader first.
std::string firstMember(std::string_view path)
{
    return std::string(path.substr(0, path.find_first_of(".[")));
}

} // namespace

bool DocumentFormat::Condition::holds(const JsonReader &json) const
{
    const bool known = member.empty() || json.find(member) != nullptr;
    const std::string_view document = json.document();
    const auto found = known ? path.find(std::span(&document, 1)) : std::nullopt;
    if (!found)
        return kind == Kind::Absent || kind == Kind::NoneOf;
    const JsonKind is = jsonKind(*found);
    switch (kind) {
    case Kind::Any: return true;
    case Kind::Text: return is == JsonKind::String;
    case Kind::Number: return is == JsonKind::Number;
    case Kind::Object: return is == JsonKind::Object;
    case Kind::Array: return is == JsonKind::Array;
    case Kind::Absent: return false;
    case Kind::OneOf:
    case Kind::NoneOf: break;
    }
    std::string scratch;
    const auto text = scalarText(*found, scratch);
    const bool isOne = text && std::find(texts.begin(), texts.end(), *text) != texts.end();
    return isOne == (kind == Kind::OneOf);
}

void DocumentFormat::Condition::complete(JsonTree &made) const
{
    const auto least = [&]() -> std::string_view {
        switch (kind) {
        case Kind::Number: return "0";
        case Kind::Object: return "{}";
        case Kind::Array: return "[]";
        default: return "\"\"";
        }
    };
    std::string first;
    if (kind == Kind::OneOf)
        appendJsonString(first, texts.front());
    if (kind == Kind::Absent)
        made.remove(path.steps());
    else if (kind != Kind::NoneOf)
        made.put(path.steps(), first.empty() ? least() : std::string_view(first));
}

Result<DocumentFormat::Condition> DocumentFormat::condition(const Value::Member &member)
{
    constexpr std::pair<std::string_view, Kind> Kinds[] = {
        {"any", Kind::Any},       {"text", Kind::Text},   {"number", Kind::Number},
        {"object", Kind::Object}, {"array", Kind::Array}, {"absent", Kind::Absent},
    };
    const auto &[name, value] = member;
    std::string error;
    auto path = JsonPath::parse(name, error);
    if (!path)
        return value.error("when: " + error, "write a path, as in when: {alerts[0].labels: object}");
    Condition out{std::move(*path), firstMember(name), Kind::OneOf, {}};
    const std::string word = value.isScalar() ? value.text().valueOr("") : std::string();
    const auto kind =
        std::find_if(std::begin(Kinds), std::end(Kinds), [&](const auto &known) { return known.first == word; });
    const Value *const none = value.isMap() ? value.find("not") : nullptr;
    const Value &texts = none != nullptr ? *none : value;
    if (kind != std::end(Kinds)) {
        out.kind = kind->second;
        return out;
    }
    if (!texts.isList() || texts.items().empty())
        return value.error("when." + name + ": expected a kind or a list of texts",
                           "use any, text, number, object, array, absent, ['4', '5'], or {not: ['4']}");
    out.kind = none != nullptr ? Kind::NoneOf : Kind::OneOf;
    for (const Value &item : texts.items())
        out.texts.push_back(EVENTOPS_TRY(item.text()));
    return out;
}

Result<std::vector<DocumentFormat::Condition>> DocumentFormat::conditions(const Value &map)
{
    if (!map.isMap() || map.members().empty() || map.members().size() > ConditionsMax)
        return map.error("when: expected 1 to 32 paths", "write when: {resourceLogs: array, version: ['4']}");
    std::vector<Condition> out;
    for (const Value::Member &member : map.members())
        out.push_back(EVENTOPS_TRY(condition(member)));
    return out;
}

/// How its documents become JSON: by `read`, or by the pattern of the mapping.
Status DocumentFormat::parseReading(const Value &value)
{
    if (const Value *start = value.find("start"))
        m_start = EVENTOPS_TRY(start->text());
    const Value *const read = value.find("read");
    std::string name;
    if (read != nullptr)
        name = EVENTOPS_TRY(read->text());
    if (name == "syslog" || name == "yaml")
        m_reading = name == "yaml" ? Reading::Yaml : Reading::Syslog;
    else if (read != nullptr)
        return read->error("read: \"" + name + "\" is not known", "use syslog or yaml, or leave it out");
    else if (!m_mapping->patterns.empty())
        m_reading = Reading::Pattern;
    const Value *const when = value.find("when");
    if (isText() == (when != nullptr))
        return value.error(isText() ? "a format of text has no when" : "a format needs when",
                           "write when: for documents, a pattern in map: for text");
    if (!isText() && !m_start.empty())
        return value.error("start is for text", "leave it out");
    return Ok{};
}

Result<DocumentFormat> DocumentFormat::parse(const Value &value)
{
    constexpr std::string_view Members[] = {"format", "summary", "when", "map", "read", "start"};
    DocumentFormat out;
    for (const char *const name : {"format", "summary", "map"}) {
        if (!value.isMap() || value.find(name) == nullptr)
            return value.error(std::string("a format needs ") + name, "write format:, summary:, when: and map:");
    }
    for (const Value::Member &member : value.members()) {
        if (std::find(std::begin(Members), std::end(Members), member.first) == std::end(Members))
            return member.second.error("a format has no \"" + member.first + '"',
                                       "use format, summary, when, map, read and start");
    }
    out.m_name = EVENTOPS_TRY(value.at("format").text());
    out.m_summary = EVENTOPS_TRY(value.at("summary").text());
    out.m_mapping = std::make_shared<const Mapping>(EVENTOPS_TRY(Mapping::parse(value.at("map"))));
    EVENTOPS_TRY(out.parseReading(value));
    const Value *const when = value.find("when");
    if (when == nullptr)
        return out;
    const std::vector<Value> single = {*when};
    for (const Value &one : when->isList() ? when->items() : single)
        out.m_when.push_back(EVENTOPS_TRY(conditions(one)));
    return out;
}

bool DocumentFormat::matches(const JsonReader &json) const
{
    return std::any_of(m_when.begin(), m_when.end(), [&](const std::vector<Condition> &all) {
        return std::all_of(all.begin(), all.end(), [&](const Condition &one) { return one.holds(json); });
    });
}

std::vector<JsonTree> DocumentFormat::completed(const JsonTree &made) const
{
    std::vector<JsonTree> out;
    for (const std::vector<Condition> &all : m_when) {
        JsonTree &tree = out.emplace_back(made);
        for (const Condition &one : all) {
            const std::string text = tree.text();
            JsonReader json;
            if (!json.read(text) && !one.holds(json))
                one.complete(tree);
        }
    }
    return out;
}

std::span<const DocumentFormat> documentFormats()
{
    static const std::vector<DocumentFormat> formats = [] {
        std::vector<DocumentFormat> out;
        for (const auto &[file, text] : formatTables()) {
            const auto value = parseYaml(text, std::string(file));
            auto format = value ? DocumentFormat::parse(value.value()) : Result<DocumentFormat>(value.error());
            assert(format && "a shipped format is wrong; tst_codec names the place");
            if (format)
                out.push_back(std::move(format).value());
        }
        return out;
    }();
    return formats;
}

} // namespace eventops
