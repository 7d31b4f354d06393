// SPDX-License-Identifier: MIT
#include "core/codec/json_tree.h"

#include "core/base/json.h"
#include "core/codec/json_reader.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t FillMax = 16; ///< Elements that are put before one that is asked for by number.

bool isTyped(std::string_view value)
{
    JsonItems items(jsonKind(value) == JsonKind::Object ? value : std::string_view("{}"));
    std::string_view name, inside;
    return items.next(name, inside) && name.ends_with("Value") && !items.next(name, inside);
}

std::string quotedText(std::string_view text)
{
    std::string out;
    appendJsonString(out, text);
    return out;
}

} // namespace

std::string typedValue(std::string_view value)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject();
    switch (jsonKind(value)) {
    case JsonKind::String: json.key("stringValue").raw(value); break;
    case JsonKind::True:
    case JsonKind::False: json.key("boolValue").raw(value); break;
    case JsonKind::Number: json.key("doubleValue").raw(value); break;
    case JsonKind::Null: break;
    case JsonKind::Object:
    case JsonKind::Array: {
        const auto values = jsonMember(value, "values");
        if (!values || jsonKind(*values) != JsonKind::Array) {
            json.field("stringValue", value);
            break;
        }
        JsonItems items(*values);
        std::string_view name, first;
        const bool isMap = items.next(name, first) && jsonMember(first, "key");
        json.key(isMap ? "kvlistValue" : "arrayValue").raw(value);
        break;
    }
    }
    json.endObject();
    return out;
}

/// Takes a container apart, one level.
void JsonTree::open()
{
    if (m_shape != Shape::Raw)
        return;
    const JsonKind kind = jsonKind(m_raw);
    if (kind != JsonKind::Object && kind != JsonKind::Array)
        return;
    JsonItems items(m_raw);
    std::string_view name, value;
    while (items.next(name, value))
        m_children.emplace_back(std::string(name), JsonTree(std::string(value)));
    m_shape = kind == JsonKind::Object ? Shape::Object : Shape::Array;
    m_raw.clear();
}

/// Null may become anything; what is of another shape stays.
bool JsonTree::become(Shape shape)
{
    open();
    if (m_shape == Shape::Raw && jsonKind(m_raw) == JsonKind::Null) {
        m_shape = shape;
        m_raw.clear();
    }
    return m_shape == shape;
}

JsonTree *JsonTree::member(std::string_view name, bool make)
{
    if (!become(Shape::Object))
        return nullptr;
    std::string scratch;
    for (auto it = m_children.rbegin(); it != m_children.rend(); ++it) { // the last of that name counts
        if (jsonUnescape(it->first, scratch) == name)
            return &it->second;
    }
    if (!make)
        return nullptr;
    const std::string quoted = quotedText(name);
    return &m_children.emplace_back(quoted.substr(1, quoted.size() - 2), JsonTree("null")).second;
}

JsonTree *JsonTree::element(const JsonPath::Step &step, bool make)
{
    if (!become(Shape::Array))
        return nullptr;
    if (step.kind == JsonPath::Kind::Index) {
        while (make && m_children.size() <= step.index && step.index <= m_children.size() + FillMax)
            m_children.emplace_back("", JsonTree("null"));
        return step.index < m_children.size() ? &m_children[step.index].second : nullptr;
    }
    const bool pair = step.kind == JsonPath::Kind::Pair;
    const std::string &wanted = pair ? step.name : step.value;
    std::string scratch;
    for (auto &[unnamed, child] : m_children) {
        const std::string text = child.text();
        const auto found = jsonMember(text, pair ? std::string_view("key") : std::string_view(step.name));
        if (!found || (jsonKind(*found) == JsonKind::String ? jsonText(*found, scratch) : *found) != wanted)
            continue;
        return pair ? child.member("value", make) : &child;
    }
    if (!make)
        return nullptr;
    JsonTree &added = m_children.emplace_back("", JsonTree("{}")).second;
    added.member(pair ? "key" : std::string_view(step.name), true)->m_raw = quotedText(wanted);
    return pair ? added.member("value", true) : &added;
}

JsonTree *JsonTree::child(const JsonPath::Step &step, bool make)
{
    open();
    const bool named =
        step.kind == JsonPath::Kind::Member || (step.kind == JsonPath::Kind::Pair && m_shape == Shape::Object);
    return named ? member(step.name, make) : element(step, make);
}

JsonTree *JsonTree::walk(std::span<const JsonPath::Step> steps, bool make)
{
    JsonTree *at = this;
    for (const JsonPath::Step &step : steps) {
        at = at->child(step, make);
        if (at == nullptr)
            return nullptr;
    }
    return at;
}

bool JsonTree::put(std::span<const JsonPath::Step> steps, std::string_view raw)
{
    JsonTree *const holder = steps.empty() ? nullptr : walk(steps.first(steps.size() - 1), true);
    if (steps.empty()) {
        *this = JsonTree(std::string(raw));
        return true;
    }
    JsonTree *const at = holder == nullptr ? nullptr : holder->child(steps.back(), true);
    if (at == nullptr)
        return false;
    const bool typed = steps.back().kind == JsonPath::Kind::Pair && holder->m_shape == Shape::Array;
    const std::string before = typed ? at->text() : std::string();
    *at = JsonTree(typed && (before == "null" || isTyped(before)) ? typedValue(raw) : std::string(raw));
    return true;
}

bool JsonTree::remove(std::span<const JsonPath::Step> steps)
{
    JsonTree *const holder = steps.empty() ? nullptr : walk(steps.first(steps.size() - 1), false);
    const JsonTree *const at = holder == nullptr ? nullptr : holder->child(steps.back(), false);
    const auto isIt = [&](const auto &child) {
        return &child.second == at;
    };
    const auto found = holder == nullptr ? decltype(m_children.begin())()
                                         : std::find_if(holder->m_children.begin(), holder->m_children.end(), isIt);
    if (holder == nullptr || at == nullptr || found == holder->m_children.end())
        return false;
    holder->m_children.erase(found);
    return true;
}

bool JsonTree::keepOnly(std::span<const JsonPath::Step> steps, std::size_t index)
{
    JsonTree *const array = walk(steps, false);
    if (array == nullptr || !array->become(Shape::Array) || index >= array->m_children.size())
        return false;
    std::swap(array->m_children[0], array->m_children[index]);
    array->m_children.resize(1, {"", JsonTree("null")});
    return true;
}

void JsonTree::append(std::string &out) const
{
    if (m_shape == Shape::Raw) {
        appendJsonCompact(out, m_raw);
        return;
    }
    out += m_shape == Shape::Object ? '{' : '[';
    bool first = true;
    for (const auto &[name, child] : m_children) {
        if (!std::exchange(first, false))
            out += ',';
        if (m_shape == Shape::Object)
            out.append(1, '"').append(name).append("\":");
        child.append(out);
    }
    out += m_shape == Shape::Object ? '}' : ']';
}

std::string JsonTree::text() const
{
    std::string out;
    append(out);
    return out;
}

} // namespace eventops
