// SPDX-License-Identifier: MIT
#include "core/actions/template.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/model/value.h"

#include <algorithm>
#include <cmath>

namespace eventops {
namespace {

constexpr unsigned ArgumentDepthMax = 8;

Error problem(std::string message, std::string remedy = {})
{
    return Error{Error::Code::InvalidArgument, std::move(message), {}, std::move(remedy)};
}

void appendValue(std::string &out, const FilterValue &value)
{
    if (value.kind == FilterValue::Kind::Text || !value.text.empty())
        out += value.text;
    else if (value.kind == FilterValue::Kind::Time)
        appendTimestamp(out, value.time);
    else
        appendJsonNumber(out, value.number);
}

} // namespace

Result<TextTemplate> TextTemplate::parse(std::string_view text, const std::function<bool(std::string_view)> &hasField)
{
    TextTemplate out;
    const auto add = [&](std::string_view literal) {
        if (out.m_pieces.empty() || out.m_pieces.back().field)
            out.m_pieces.push_back({});
        out.m_pieces.back().text += literal;
    };
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (c != '{' && c != '}') {
            const std::size_t end = std::min(text.find_first_of("{}", i), text.size());
            add(text.substr(i, end - i));
            i = end;
            continue;
        }
        if (i + 1 < text.size() && text[i + 1] == c) {
            add(text.substr(i, 1));
            i += 2;
            continue;
        }
        const std::size_t end = text.find('}', i + 1);
        if (c == '}' || end == std::string_view::npos)
            return problem(std::string("a single \"") + c + "\" in \"" + std::string(text) + '"',
                           "a field is written {entity.id}, a brace itself {{ or }}");
        const std::string_view name = text.substr(i + 1, end - i - 1);
        if (!hasField(name))
            return problem("unknown field {" + std::string(name) + '}',
                           "fields are those of a finding's JSON: {entity.id}");
        out.m_pieces.push_back({true, std::string(name)});
        i = end + 1;
    }
    return out;
}

std::optional<std::string> TextTemplate::render(const FilterRow &row) const
{
    std::string out;
    for (const Piece &piece : m_pieces) {
        if (!piece.field) {
            out += piece.text;
            continue;
        }
        const FilterValue value = row.field(piece.text);
        if (value.kind == FilterValue::Kind::Absent)
            return std::nullopt;
        appendValue(out, value);
    }
    return out;
}

std::string_view TextTemplate::onlyField() const
{
    if (m_pieces.size() != 1 || !m_pieces.front().field)
        return {};
    return m_pieces.front().text;
}

Result<JsonTemplate> JsonTemplate::parse(const Value &value, const std::function<bool(std::string_view)> &hasField)
{
    if (!value.isMap())
        return value.error("expected a map of arguments");
    JsonTemplate out;
    EVENTOPS_TRY(out.add(value, hasField, 0));
    return out;
}

void JsonTemplate::literal(std::string_view json)
{
    if (m_pieces.empty() || m_pieces.back().text)
        m_pieces.push_back({});
    m_pieces.back().json += json;
}

Status JsonTemplate::add(const Value &value, const std::function<bool(std::string_view)> &hasField, unsigned depth)
{
    if (depth > ArgumentDepthMax)
        return value.error("arguments are nested deeper than " + std::to_string(ArgumentDepthMax));
    if (value.isMap() || value.isList()) {
        bool first = true;
        const auto separate = [&] {
            if (!first)
                literal(",");
            first = false;
        };
        literal(value.isMap() ? "{" : "[");
        for (const auto &[name, member] : value.members()) {
            separate();
            std::string key;
            appendJsonString(key, name);
            literal(key + ':');
            EVENTOPS_TRY(add(member, hasField, depth + 1));
        }
        for (const Value &item : value.items()) {
            separate();
            EVENTOPS_TRY(add(item, hasField, depth + 1));
        }
        literal(value.isMap() ? "}" : "]");
        return Ok{};
    }
    if (!value.isScalar() || value.text().value().find_first_of("{}") == std::string::npos) {
        std::string json;
        value.appendJson(json);
        literal(json);
        return Ok{};
    }
    auto parsed = TextTemplate::parse(value.text().value(), hasField);
    if (!parsed)
        return value.error(parsed.error().message, parsed.error().remedy);
    m_pieces.push_back({{}, std::move(parsed).value()});
    return Ok{};
}

std::optional<std::string> JsonTemplate::render(const FilterRow &row) const
{
    std::string out;
    for (const Piece &piece : m_pieces) {
        if (!piece.text) {
            out += piece.json;
            continue;
        }
        const std::string_view only = piece.text->onlyField();
        const FilterValue value = only.empty() ? FilterValue::absent() : row.field(only);
        // A severity is a number with a name; people mean the name.
        if (value.kind == FilterValue::Kind::Number && value.text.empty() && std::isfinite(value.number)) {
            appendJsonNumber(out, value.number);
            continue;
        }
        const auto text = piece.text->render(row);
        if (!text)
            return std::nullopt;
        appendJsonString(out, *text);
    }
    return out;
}

} // namespace eventops
