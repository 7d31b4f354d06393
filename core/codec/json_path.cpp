// SPDX-License-Identifier: MIT
#include "core/codec/json_path.h"

#include "core/codec/json_reader.h"

#include <charconv>

namespace eventops {
namespace {

constexpr std::size_t StepsMax = 64;
constexpr std::size_t SplitLevelsMax = 8;

/// OTLP's AnyValue {"stringValue": "x"}: what is inside.
std::string_view unwrapped(std::string_view value)
{
    constexpr std::string_view Suffix = "Value";
    if (jsonKind(value) != JsonKind::Object)
        return value;
    JsonItems items(value);
    std::string_view name, inside, rest;
    if (!items.next(name, inside) || name.size() <= Suffix.size() || name.substr(name.size() - Suffix.size()) != Suffix)
        return value;
    std::string_view second;
    return items.next(second, rest) ? value : inside;
}

bool scalarEquals(std::string_view raw, std::string_view text)
{
    std::string scratch;
    return jsonKind(raw) == JsonKind::String ? jsonText(raw, scratch) == text : raw == text;
}

} // namespace

std::optional<JsonPath> JsonPath::parse(std::string_view text, std::string &error)
{
    JsonPath out;
    out.m_text = text;
    std::size_t at = 0;
    const auto fail = [&](const std::string &what) {
        error = "path \"" + std::string(text) + "\": " + what + " at column " + std::to_string(at + 1);
        return std::nullopt;
    };
    if (text.empty())
        return fail("expected a name");
    if (text == ".")
        return out;
    if (text[0] == '$') {
        out.m_root = true;
        ++at;
    }
    while (at < text.size() && text[at] == '^') {
        ++out.m_up;
        ++at;
    }
    bool needsDot = at > 0;
    while (at < text.size()) {
        if (out.m_steps.size() == StepsMax)
            return fail("more than 64 steps");
        if (text[at] == '[') {
            std::size_t close = text.find(']', at);
            if (at + 1 < text.size() && text[at + 1] == '"') {
                close = text.find("\"]", at + 2);
                close = close == std::string_view::npos ? close : close + 1;
            }
            if (close == std::string_view::npos)
                return fail("'[' without ']'");
            std::string what;
            if (!out.parseBracket(text.substr(at + 1, close - at - 1), what))
                return fail(what);
            at = close + 1;
            needsDot = true;
            continue;
        }
        if (needsDot) {
            if (text[at] != '.')
                return fail("expected '.' or '['");
            ++at;
        }
        const std::size_t end = std::min(text.find_first_of(".[]", at), text.size());
        if (end == at)
            return fail("expected a name");
        out.m_steps.push_back({Kind::Member, std::string(text.substr(at, end - at)), {}, 0});
        at = end;
        needsDot = true;
    }
    return out;
}

bool JsonPath::parseBracket(std::string_view inside, std::string &error)
{
    if (inside.empty()) {
        error = "empty brackets belong into split";
        return false;
    }
    if (inside.size() >= 2 && inside.front() == '"' && inside.back() == '"') {
        m_steps.push_back({Kind::Member, std::string(inside.substr(1, inside.size() - 2)), {}, 0});
        return true;
    }
    std::size_t index = 0;
    const auto [end, parseError] = std::from_chars(inside.data(), inside.data() + inside.size(), index);
    if (parseError == std::errc() && end == inside.data() + inside.size()) {
        m_steps.push_back({Kind::Index, {}, {}, index});
        return true;
    }
    const std::size_t equals = inside.find('=');
    if (equals == std::string_view::npos) {
        m_steps.push_back({Kind::Pair, std::string(inside), {}, 0});
        return true;
    }
    m_steps.push_back({Kind::Where, std::string(inside.substr(0, equals)), std::string(inside.substr(equals + 1)), 0});
    return true;
}

std::optional<std::string_view> JsonPath::apply(const Step &step, std::string_view value)
{
    const JsonKind kind = jsonKind(value);
    if (step.kind == Kind::Member || (step.kind == Kind::Pair && kind == JsonKind::Object))
        return jsonMember(value, step.name);
    if (kind != JsonKind::Array)
        return std::nullopt;
    JsonItems items(value);
    std::string_view name, element;
    for (std::size_t i = 0; items.next(name, element); ++i) {
        if (step.kind == Kind::Index) {
            if (i == step.index)
                return element;
            continue;
        }
        const auto member = jsonMember(element, step.kind == Kind::Pair ? "key" : std::string_view(step.name));
        if (!member || !scalarEquals(*member, step.kind == Kind::Pair ? step.name : step.value))
            continue;
        if (step.kind == Kind::Where)
            return element;
        const auto inside = jsonMember(element, "value");
        return inside ? std::optional(unwrapped(*inside)) : std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::string_view> JsonPath::find(std::span<const std::string_view> scopes) const
{
    if (!m_root && m_up >= scopes.size())
        return std::nullopt;
    std::optional<std::string_view> value = m_root ? scopes.front() : scopes[scopes.size() - 1 - m_up];
    for (const Step &step : m_steps) {
        value = apply(step, *value);
        if (!value)
            return std::nullopt;
    }
    return jsonKind(*value) == JsonKind::Null ? std::nullopt : value;
}

std::optional<JsonSplit> JsonSplit::parse(std::string_view text, std::string &error)
{
    JsonSplit out;
    out.text = text;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find("[]"), rest.size());
        std::string_view level = rest.substr(0, end);
        if (!out.levels.empty() && !level.empty() && level.front() == '.')
            level.remove_prefix(1);
        auto path = JsonPath::parse(level.empty() ? "." : level, error);
        if (!path)
            return std::nullopt;
        out.levels.push_back(std::move(*path));
        rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    if (out.levels.empty() || out.levels.size() > SplitLevelsMax) {
        error = "split \"" + std::string(text) + "\": expected 1 to 8 arrays";
        return std::nullopt;
    }
    return out;
}

} // namespace eventops
