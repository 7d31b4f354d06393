// SPDX-License-Identifier: MIT
#include "core/session/unused_paths.h"

#include "core/codec/codec.h"
#include "core/codec/event_fields.h"
#include "core/codec/json_reader.h"
#include "core/session/source_preview.h"

#include <algorithm>
#include <set>

namespace eventops {
namespace {

constexpr std::size_t PathsMax = 5'000;
constexpr std::size_t NamesMax = 40; ///< Of a path.

using Texts = std::set<std::string, std::less<>>;

/// A scalar as events hold it; nothing for null and empty texts, which are nothing to lose.
std::string scalar(std::string_view raw)
{
    std::string scratch;
    if (jsonKind(raw) == JsonKind::String)
        return std::string(jsonText(raw, scratch));
    return jsonKind(raw) == JsonKind::Null ? std::string() : std::string(raw);
}

template <typename Use>
void eachLeaf(std::string_view value, std::vector<std::string> &path, const Use &use)
{
    const JsonKind kind = jsonKind(value);
    if (kind == JsonKind::String && value.starts_with("\"{\\\"") && path.size() < NamesMax) {
        const std::string carried = scalar(value); // a document as a text, as queues carry it
        JsonReader reader;
        if (!reader.read(carried)) {
            eachLeaf(reader.document(), path, use);
            return;
        }
    }
    if ((kind != JsonKind::Object && kind != JsonKind::Array) || path.size() >= NamesMax) {
        use(value);
        return;
    }
    JsonItems items(value);
    std::string_view name, member;
    std::string scratch;
    while (items.next(name, member)) {
        path.push_back(kind == JsonKind::Array ? "[]" : std::string(jsonUnescape(name, scratch)));
        eachLeaf(member, path, use);
        path.pop_back();
    }
}

void addHeld(Texts &held, const Batch &batch, const Event &event)
{
    std::vector<std::string> path;
    held.emplace(batch.text(event, Field::TsText));
    for (const EventField &field : eventFields(batch, event)) {
        JsonReader reader;
        const bool isList = field.name == "tags" || field.name == "attrs" || field.name == "entities"
                            || field.name == "links" || field.name == "headers";
        if (isList && !reader.read(field.value))
            eachLeaf(reader.document(), path, [&](std::string_view value) { held.insert(scalar(value)); });
        else
            held.insert(field.value);
    }
}

std::string joined(const std::vector<std::string> &path)
{
    std::string out;
    for (const std::string &name : path)
        out += (name == "[]" || out.empty() ? "" : ".") + name;
    return out;
}

bool isPathCharacter(char c)
{
    return c != ' ' && c != '{' && c != '}' && c != '^' && c != '$' && c != ',' && c != ':';
}

/// @p within: below an `each`, whose paths begin at its own elements.
void addPaths(MappedPaths &out, const Value &value, bool within)
{
    if (value.isScalar()) {
        const std::string text = value.text().valueOr("");
        for (std::size_t at = 0; at < text.size();) {
            const auto begin =
                std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), isPathCharacter);
            const auto end = std::find_if_not(begin, text.end(), isPathCharacter);
            const bool elsewhere = within || (begin != text.begin() && (begin[-1] == '$' || begin[-1] == '^'));
            std::string word(begin, end);
            word.erase(0, std::min(word.find_first_not_of('.'), word.size()));
            if (!word.empty())
                (elsewhere ? out.anywhere : out.paths).push_back(std::move(word));
            at = static_cast<std::size_t>(end - text.begin());
        }
    }
    for (const Value &item : value.items())
        addPaths(out, item, within);
    const bool each = value.isMap() && value.find("each") != nullptr;
    for (const auto &[name, member] : value.members()) {
        if (name != "const" && name != "values" && name != "default" && name != "format" && name != "others")
            addPaths(out, member, within || each);
    }
}

void sortOut(std::vector<std::string> &paths)
{
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
}

std::string below(const std::string &path, const std::string &name)
{
    return path.empty() || name.starts_with("[]") ? path + name : path + '.' + name;
}

} // namespace

MappedPaths mappedPaths(const Value *map)
{
    MappedPaths out;
    if (map == nullptr)
        return out;
    addPaths(out, *map, false);
    sortOut(out.paths);
    sortOut(out.anywhere);
    const Value *split = map->isMap() ? map->find("split") : nullptr;
    if (split != nullptr && split->isScalar())
        out.lists.push_back(split->text().valueOr(""));
    else if (split != nullptr) {
        for (const Value &item : split->items())
            out.lists.push_back(item.isScalar() ? item.text().valueOr("") : std::string());
    }
    return out;
}

bool UnusedPaths::isMapped(const std::vector<std::string> &path) const
{
    const auto isIn = [](const std::vector<std::string> &paths, const std::string &wanted) {
        return std::binary_search(paths.begin(), paths.end(), wanted);
    };
    std::string end;
    for (auto name = path.rbegin(); name != path.rend(); ++name) {
        end = end.empty() ? *name : below(*name, end);
        if (*name == "[]")
            continue;
        if (isIn(m_mapped.anywhere, end))
            return true;
        const std::string begin = joined({path.begin(), name.base() - 1});
        const bool atElement = std::find(m_mapped.lists.begin(), m_mapped.lists.end(), begin) != m_mapped.lists.end();
        if (isIn(m_mapped.paths, end) && (atElement || (begin.empty() && m_mapped.lists.empty())))
            return true;
    }
    return false;
}

void UnusedPaths::look(const Batch &batch)
{
    std::vector<Texts> held(batch.records.size());
    std::vector<bool> gave(batch.records.size());
    for (const Event &event : batch.events) {
        addHeld(held[event.record], batch, event);
        gave[event.record] = true;
    }
    std::vector<std::string> path;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
        JsonReader reader;
        if (!gave[i] || reader.read(batch.raw(batch.records[i])))
            continue;
        eachLeaf(reader.document(), path, [&](std::string_view value) {
            const std::string text = scalar(value);
            if (text.empty() || text == "[]" || text == "{}")
                return;
            const std::string name = joined(path);
            const auto known = m_paths.find(name);
            if (known == m_paths.end() && m_paths.size() >= PathsMax)
                return;
            bool &isHeld = known != m_paths.end() ? known->second : m_paths[name];
            isHeld = isHeld || held[i].contains(text) || isMapped(path);
        });
    }
}

std::vector<std::string> UnusedPaths::unused() const
{
    std::vector<std::string> out;
    for (const auto &[path, isHeld] : m_paths) {
        if (!isHeld && out.size() < PreviewUnusedMax)
            out.push_back(path);
    }
    return out;
}

} // namespace eventops
