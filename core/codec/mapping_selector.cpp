// SPDX-License-Identifier: MIT
#include "core/codec/mapping.h"

#include "core/base/base64.h"
#include "core/base/json.h"
#include "core/codec/json_reader.h"
#include "core/codec/percent.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t ListItemsMax = 1'000; ///< Of any list or table in a mapping.

Error wrong(const Value &value, std::string_view field, const std::string &message, std::string remedy)
{
    return value.error(std::string(field) + ": " + message, std::move(remedy));
}

/// A setting's text without going through Result<std::string>, which every caller would have to unpack.
bool textOf(const Value &value, std::string &out)
{
    if (!value.isScalar())
        return false;
    auto text = value.text();
    if (!text)
        return false;
    out = std::move(text).value();
    return true;
}

/// [{key, value}, …] as the members of an object.
bool appendPairs(std::string &out, std::string_view array)
{
    if (jsonKind(array) != JsonKind::Array)
        return false;
    JsonItems items(array);
    std::string_view name, element;
    std::string scratch;
    out = "{";
    while (items.next(name, element)) {
        const auto key = jsonMember(element, "key");
        const auto value = jsonMember(element, "value");
        if (!key || jsonKind(*key) != JsonKind::String || !value)
            return false;
        std::string error;
        // The path "[key]" unwraps typed values; on a list of one that is this one.
        const std::string list = '[' + std::string(element) + ']';
        const std::string path = '[' + std::string(jsonText(*key, scratch)) + ']';
        const auto parsed = JsonPath::parse(path, error);
        const std::string_view scope = list;
        const auto inside = parsed ? parsed->find(std::span(&scope, 1)) : std::nullopt;
        if (out.size() > 1)
            out += ',';
        out += *key;
        out += ':';
        out += inside.value_or(*value);
    }
    out += '}';
    return true;
}

} // namespace

Result<Selector> Selector::parse(const Value &value, std::string_view field)
{
    Selector out;
    std::string text;
    if (textOf(value, text)) {
        std::string error;
        auto path = JsonPath::parse(text, error);
        if (!path)
            return wrong(value, field, error, "write a path such as payload.status, or {const: …} for a fixed text");
        out.m_kind = Kind::Path;
        out.m_text = text;
        out.m_paths.push_back(std::move(*path));
        return out;
    }
    if (value.isMap()) {
        EVENTOPS_TRY(out.parseMap(value, field));
        return out;
    }
    return wrong(value, field, "expected a path or a map",
                 "write a path, or one of {path, const, first, template, pairs}");
}

Status Selector::parseMap(const Value &value, std::string_view field)
{
    bool chosen = false;
    for (const Value::Member &member : value.members()) {
        const auto &[name, setting] = member;
        const bool maker = name == "path" || name == "const" || name == "first" || name == "template"
            || name == "pairs";
        if (maker && chosen)
            return wrong(setting, field, "\"" + name + "\" is one source too many",
                         "keep one of path, const, first, template, pairs");
        chosen = chosen || maker;
        if (name == "const") {
            if (!setting.isScalar())
                return wrong(setting, field, "const is no scalar", "write const: text");
            setting.appendJson(m_const);
            m_text = m_const;
        } else if (name == "template") {
            EVENTOPS_TRY(parseTemplate(setting, field));
        } else if (name == "path" || name == "pairs" || name == "first") {
            const std::vector<Value> single = {setting};
            const bool list = name == "first";
            if (list && (!setting.isList() || setting.items().empty() || setting.items().size() > ListItemsMax))
                return wrong(setting, field, "first is no list of paths", "write first: [a, b.c]");
            m_kind = list ? Kind::First : name == "pairs" ? Kind::Pairs : Kind::Path;
            for (const Value &item : list ? setting.items() : single) {
                if (list && item.isMap()) {
                    m_choices.push_back(EVENTOPS_TRY(parse(item, field)));
                    m_text += (m_text.empty() ? "" : ", ") + m_choices.back().text();
                    continue;
                }
                std::string text, error;
                auto path = textOf(item, text) ? JsonPath::parse(text, error) : std::nullopt;
                if (!path)
                    return wrong(item, field, error.empty() ? "expected a path" : error,
                                 "write a path such as payload.status");
                m_text += (m_text.empty() ? "" : ", ") + text;
                if (list)
                    m_choices.push_back(ofPath(std::move(*path)));
                else
                    m_paths.push_back(std::move(*path));
            }
        } else {
            EVENTOPS_TRY(parseOption(member, field));
        }
    }
    if (!chosen)
        return wrong(value, field, "says nowhere where the value comes from",
                     "add one of path, const, first, template, pairs");
    return parseFormats(value, field);
}

Status Selector::parseOption(const Value::Member &member, std::string_view field)
{
    const auto &[name, setting] = member;
    if (name == "values") {
        if (!setting.isMap() || setting.members().size() > ListItemsMax)
            return wrong(setting, field, "values is no map", "write values: {c: created, u: updated}");
        for (const Value::Member &value : setting.members()) {
            std::string text;
            if (!textOf(value.second, text))
                return wrong(value.second, field, "values." + value.first + " is no text",
                             "write values: {c: created}");
            m_values.emplace_back(value.first, std::move(text));
        }
    } else if (name == "default") {
        if (!setting.isScalar())
            return wrong(setting, field, "default is no scalar", "write default: text");
        setting.appendJson(m_default);
    } else if (name == "lower") {
        m_lower = EVENTOPS_TRY(setting.boolean());
    } else if (name == "others") {
        m_others = EVENTOPS_TRY(setting.text());
    } else if (name == "if") {
        std::string error;
        m_if = JsonPath::parse(EVENTOPS_TRY(setting.text()), error);
        if (!m_if)
            return wrong(setting, field, error, "write if: payload.status");
    } else if (name == "before") {
        m_before = EVENTOPS_TRY(setting.text());
    } else if (name == "after") {
        m_after = EVENTOPS_TRY(setting.text());
    } else if (name == "decode") {
        const std::string coding = EVENTOPS_TRY(setting.text());
        if (coding != "url" && coding != "base64")
            return wrong(setting, field, "decode \"" + coding + "\" is not known", "use url or base64");
        m_coding = coding == "url" ? Coding::Url : Coding::Base64;
    } else if (name != "format" && name != "zone" && name != "year") {
        return wrong(setting, field, "there is no setting \"" + name + '"',
                     "use path, const, first, template, pairs, values, others, default, if, lower, decode, before, "
                     "after, format, zone or year");
    }
    return Ok{};
}

Status Selector::parseFormats(const Value &map, std::string_view field)
{
    TimeFormat::Options options;
    if (const Value *zone = map.find("zone")) {
        std::string text;
        const auto seconds = textOf(*zone, text) ? parseZone(text) : std::nullopt;
        if (!seconds)
            return wrong(*zone, field, "zone \"" + text + "\" is no offset", "write zone: \"+02:00\"");
        options.zoneSeconds = *seconds;
    }
    if (const Value *year = map.find("year")) {
        const std::int64_t number = EVENTOPS_TRY(year->integer());
        if (number < 1970 || number > 2261)
            return wrong(*year, field, "year " + std::to_string(number) + " is out of range", "use 1970 to 2261");
        options.year = static_cast<int>(number);
    }
    const Value *format = map.find("format");
    if (format == nullptr)
        return Ok{};
    const std::vector<Value> single = {*format};
    for (const Value &item : format->isList() ? format->items() : single) {
        std::string text, error = "format is no text";
        auto compiled = textOf(item, text) ? TimeFormat::compile(text, options, error) : std::nullopt;
        if (!compiled)
            return wrong(item, field, error,
                         "see strptime; rfc3339 and epoch are words; give year: for formats without one");
        m_formats.push_back(std::move(*compiled));
    }
    return Ok{};
}

Status Selector::parseTemplate(const Value &value, std::string_view field)
{
    std::string text;
    if (!textOf(value, text))
        return wrong(value, field, "template is no text", "write template: \"{a.b}:{c}\"");
    m_kind = Kind::Template;
    m_text = text;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t open = std::min(text.find('{', at), text.size());
        if (open > at)
            m_parts.push_back({text.substr(at, open - at), std::nullopt});
        if (open == text.size())
            break;
        const std::size_t close = text.find('}', open);
        std::string error = "'{' without '}'";
        std::optional<JsonPath> path;
        if (close != std::string::npos)
            path = JsonPath::parse(std::string_view(text).substr(open + 1, close - open - 1), error);
        if (!path)
            return wrong(value, field, error, "write template: \"{a.b}:{c}\"");
        m_parts.push_back({{}, std::move(path)});
        at = close + 1;
    }
    return Ok{};
}

std::optional<std::string_view> Selector::pick(std::span<const std::string_view> scopes, std::string &scratch) const
{
    switch (m_kind) {
    case Kind::Const: return m_const;
    case Kind::Path: return m_paths.front().find(scopes);
    case Kind::First:
        for (const Selector &choice : m_choices) {
            const auto value = choice.isWhole(scopes) ? choice.find(scopes, scratch) : std::nullopt;
            if (value)
                return value;
        }
        return std::nullopt;
    case Kind::Pairs: {
        const auto list = m_paths.front().find(scopes);
        return list && appendPairs(scratch, *list) ? std::optional<std::string_view>(scratch) : list;
    }
    case Kind::Template: break;
    }
    std::string text, unescaped;
    for (const Part &part : m_parts) {
        text += part.literal;
        const auto value = part.path ? part.path->find(scopes) : std::nullopt;
        if (value && jsonKind(*value) == JsonKind::String)
            text += jsonText(*value, unescaped);
        else if (value)
            appendJsonCompact(text, *value);
    }
    const bool endsOpen = !m_parts.empty() && m_parts.back().path;
    while (endsOpen && text.ends_with(' '))
        text.pop_back(); // what stands before a value that is missing
    scratch.clear();
    appendJsonString(scratch, text);
    return scratch;
}

Selector Selector::ofPath(JsonPath path)
{
    Selector out;
    out.m_kind = Kind::Path;
    out.m_text = path.text();
    out.m_paths.push_back(std::move(path));
    return out;
}

bool Selector::isWhole(std::span<const std::string_view> scopes) const
{
    return std::all_of(m_parts.begin(), m_parts.end(),
                       [&](const Part &part) { return !part.path || part.path->find(scopes); });
}

/// Nothing: no text after decoding.
std::optional<std::string> Selector::translated(std::string_view raw) const
{
    std::string unescaped;
    std::string text(jsonKind(raw) == JsonKind::String ? jsonText(raw, unescaped) : raw);
    if (m_coding == Coding::Url) {
        text = formDecoded(text);
    } else if (m_coding == Coding::Base64) {
        std::string bytes;
        if (!readBase64(text, bytes) || !isValidUtf8(bytes))
            return std::nullopt;
        text = std::move(bytes);
    }
    if (!m_before.empty()) {
        const std::size_t end = text.find_first_of(m_before);
        if (end == std::string::npos)
            return std::nullopt;
        text.resize(end);
    }
    if (const std::size_t last = m_after.empty() ? std::string::npos : text.find_last_of(m_after);
        last != std::string::npos)
        text.erase(0, last + 1);
    if (m_lower) {
        for (char &c : text)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    for (const auto &[from, to] : m_values) {
        if (from == text)
            return to;
    }
    return m_others ? *m_others : text;
}

std::optional<std::string_view> Selector::find(std::span<const std::string_view> scopes, std::string &scratch) const
{
    auto value = m_if && !m_if->find(scopes) ? std::nullopt : pick(scopes, scratch);
    if (!value)
        return m_default.empty() ? std::nullopt : std::optional<std::string_view>(m_default);
    const JsonKind kind = jsonKind(*value);
    if (!isTranslated() || kind == JsonKind::Object || kind == JsonKind::Array)
        return value;
    const std::optional<std::string> text = translated(*value);
    if (!text)
        return m_default.empty() ? std::nullopt : std::optional<std::string_view>(m_default);
    scratch.clear();
    appendJsonString(scratch, *text);
    return scratch;
}

} // namespace eventops
