// SPDX-License-Identifier: MIT
//
// guessMapping(): a mapping of documents that no format knows.
#include "core/codec/ascii.h"
#include "core/codec/field_guess.h"
#include "core/codec/json_envelope.h"
#include "core/codec/mapping_draft.h"

#include <algorithm>
#include <cctype>

namespace eventops {
namespace {

constexpr std::size_t FieldsMin = 3; ///< Fewer are a sentence with a comma in it.
constexpr std::size_t FieldsMax = 40;
constexpr char Separators[] = {'|', ';', '\t', ','};

/// The objects in an array; nothing: some element is none.
std::vector<std::string_view> objectsIn(std::string_view array)
{
    std::vector<std::string_view> out;
    JsonItems items(array);
    std::string_view name, value;
    while (items.next(name, value)) {
        if (jsonKind(value) != JsonKind::Object)
            return {};
        out.push_back(value);
    }
    return out;
}

struct Elements {
    std::string split; ///< Empty: a document is an event.
    std::vector<std::string_view> objects;
};

/// What is an event in a document: the document, an element of it, or one of its only list of objects when the time
/// does not stand beside that list.
Elements elementsOf(const std::vector<std::string_view> &records)
{
    Elements out;
    if (std::all_of(records.begin(), records.end(),
                    [](std::string_view text) { return jsonKind(text) == JsonKind::Array; })) {
        for (const std::string_view text : records) {
            const auto objects = objectsIn(text);
            out.objects.insert(out.objects.end(), objects.begin(), objects.end());
        }
        out.split = out.objects.empty() ? "" : "[]";
        return out;
    }
    for (const std::string_view text : records) {
        if (jsonKind(text) == JsonKind::Object)
            out.objects.push_back(text);
    }
    std::string list, scratch;
    std::size_t lists = 0;
    std::vector<std::string_view> inner;
    for (const std::string_view object : out.objects) {
        JsonItems items(object);
        std::string_view name, value;
        while (items.next(name, value)) {
            if (jsonKind(value) != JsonKind::Array)
                continue;
            const auto found = objectsIn(value);
            if (found.empty())
                continue;
            const std::string here(jsonUnescape(name, scratch));
            lists += here != list ? 1 : 0;
            list = here;
            inner.insert(inner.end(), found.begin(), found.end());
        }
    }
    const auto hasTime = [](const std::vector<std::string_view> &objects) {
        const auto guessed = guessFields(sampleFields(objects));
        return std::any_of(guessed.begin(), guessed.end(), [](const GuessedField &one) { return one.field == "ts"; });
    };
    const bool isPlainPath = !list.empty() && std::all_of(list.begin(), list.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '@' || c == ':';
    });
    if (lists == 1 && isPlainPath && (!hasTime(out.objects) || hasTime(inner)))
        return {list + "[]", std::move(inner)};
    return out;
}

std::string mapLines(const std::vector<GuessedField> &fields)
{
    std::string out;
    const auto has = [&](std::string_view name) {
        return std::any_of(fields.begin(), fields.end(), [&](const GuessedField &one) { return one.field == name; });
    };
    for (const GuessedField &one : fields)
        out += one.field + ": " + one.selector + '\n';
    if (!has("ts"))
        out += "# ts: a.path          when it happened; without it: when it comes in\n";
    if (!has("type"))
        out += "type: {const: event}\n";
    if (!has("entity"))
        out += "# entity: {type: {const: Host}, id: a.path}          to whom it happened\n";
    return out;
}

std::vector<std::string_view> fieldsOf(std::string_view line, char separator)
{
    std::vector<std::string_view> out;
    for (;;) {
        const std::size_t at = line.find(separator);
        out.push_back(line.substr(0, at));
        if (at == std::string_view::npos)
            return out;
        line.remove_prefix(at + 1);
    }
}

std::string patternOf(std::vector<std::string> names, char separator)
{
    const std::string mark = separator == '\t' ? "\\t" : std::string("\\") + separator;
    std::string out = "^";
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool last = i + 1 == names.size();
        out += "(?P<" + names[i] + '>' + (last ? std::string(".*") : "[^" + mark + "]*") + ')' + (last ? "$" : mark);
    }
    return out;
}

/// Lines of fields between separators: which is the time, the level and the text.
std::string separatedText(const std::vector<std::string_view> &lines, char separator, std::size_t count)
{
    std::vector<std::vector<std::string>> columns(count);
    for (const std::string_view line : lines) {
        const auto fields = fieldsOf(line, separator);
        for (std::size_t i = 0; fields.size() == count && i < count; ++i) {
            std::string &quoted = columns[i].emplace_back("\"");
            for (const char c : fields[i])
                quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c == '\t' ? ' ' : c);
            quoted += '"';
        }
    }
    std::vector<std::string> names(count);
    std::string map;
    std::string scratch;
    bool hasTime = false, hasLevel = false;
    for (std::size_t i = 0; i < count; ++i) {
        names[i] = "field" + std::to_string(i + 1);
        const std::vector<std::string_view> values(columns[i].begin(), columns[i].end());
        const auto format = hasTime ? std::nullopt : guessTimeFormat(values);
        const bool isLevel =
            !hasLevel && !values.empty() && std::all_of(values.begin(), values.end(), [&](std::string_view value) {
                return jsonSeverity(value, scratch) != Severity::Unset
                       && std::isalpha(static_cast<unsigned char>(value[1])) != 0;
            });
        if (format) {
            names[i] = "time";
            hasTime = true;
            map += "ts: " + (format->empty() ? "time" : "{path: time, format: " + yamlScalar(*format) + '}') + '\n';
        } else if (isLevel) {
            names[i] = "level";
            hasLevel = true;
            map += "severity: level\n";
        }
    }
    std::string text = names.back();
    if (text.starts_with("field"))
        names.back() = text = "text";
    return "pattern: " + yamlScalar(patternOf(std::move(names), separator)) + '\n' + map
           + "type: {const: event}\nmessage: " + text
           + "\n# entity: {type: {const: Host}, id: field1}          to whom it happened\n";
}

std::string guessText(const std::vector<std::string_view> &lines)
{
    for (const char separator : Separators) {
        std::size_t count = 0, same = 0;
        for (const std::string_view line : lines) {
            const std::size_t here = fieldsOf(line, separator).size();
            count = count == 0 ? here : count;
            same += here == count ? 1 : 0;
        }
        if (count >= FieldsMin && count <= FieldsMax && same * 2 > lines.size())
            return separatedText(lines, separator, count);
    }
    return "pattern: '^(?P<text>.*)$'\n"
           "# Name what a line begins with: '^(?P<time>\\S+ \\S+) (?P<level>\\w+) (?P<text>.*)$'\n"
           "# ts: time\n"
           "# severity: level\n"
           "type: {const: line}\n"
           "message: text\n";
}

} // namespace

std::string guessMapping(const Detection &found)
{
    const bool isJson =
        !found.records.empty() && std::all_of(found.records.begin(), found.records.end(), [](auto text) {
            JsonReader reader;
            return !reader.read(text);
        });
    if (!isJson)
        return guessText(found.records);
    Elements elements = elementsOf(found.records);
    if (elements.objects.empty())
        return mapLines({});
    std::string out;
    if (!elements.split.empty())
        out = "split: " + yamlScalar(elements.split) + '\n';
    return out + mapLines(guessFields(sampleFields(elements.objects)));
}

} // namespace eventops
