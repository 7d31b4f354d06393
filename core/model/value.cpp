// SPDX-License-Identifier: MIT
#include "core/model/value.h"

#include "core/base/json.h"
#include "core/base/time.h"

#include <cassert>
#include <charconv>
#include <cmath>

namespace eventops {
namespace {

std::string_view kindName(Value::Kind kind)
{
    switch (kind) {
    case Value::Kind::Null: return "nothing";
    case Value::Kind::Scalar: return "a scalar";
    case Value::Kind::List: return "a list";
    case Value::Kind::Map: return "a map";
    }
    return "";
}

template <typename T>
bool readNumber(std::string_view text, T &out)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

/// JSON's own number grammar (RFC 8259), so that "0x10", "007" and "inf" stay texts.
bool isJsonNumber(std::string_view text)
{
    std::size_t i = 0;
    const auto digitsFrom = [&] {
        const std::size_t from = i;
        while (i < text.size() && text[i] >= '0' && text[i] <= '9')
            ++i;
        return i > from;
    };
    if (i < text.size() && text[i] == '-')
        ++i;
    const bool zero = i < text.size() && text[i] == '0';
    const std::size_t whole = i;
    if (!digitsFrom() || (zero && i > whole + 1))
        return false;
    if (i < text.size() && text[i] == '.') {
        ++i;
        if (!digitsFrom())
            return false;
    }
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        ++i;
        if (i < text.size() && (text[i] == '+' || text[i] == '-'))
            ++i;
        if (!digitsFrom())
            return false;
    }
    return i == text.size();
}

} // namespace

Value Value::null(Location where)
{
    Value v;
    v.m_where = std::move(where);
    return v;
}

Value Value::scalar(std::string text, Location where, bool quoted)
{
    Value v;
    v.m_kind = Kind::Scalar;
    v.m_text = std::move(text);
    v.m_where = std::move(where);
    v.m_quoted = quoted;
    return v;
}

Value Value::list(std::vector<Value> items, Location where)
{
    Value v;
    v.m_kind = Kind::List;
    v.m_items = std::move(items);
    v.m_where = std::move(where);
    return v;
}

Value Value::map(std::vector<Member> members, Location where)
{
    Value v;
    v.m_kind = Kind::Map;
    v.m_members = std::move(members);
    v.m_where = std::move(where);
    return v;
}

const Value *Value::find(std::string_view name) const
{
    for (const Member &member : m_members) {
        if (member.first == name)
            return &member.second;
    }
    return nullptr;
}

const Value &Value::at(std::string_view name) const
{
    const Value *value = find(name);
    assert(value != nullptr);
    return *value;
}

void Value::set(std::string name, Value value)
{
    m_kind = Kind::Map;
    for (Member &member : m_members) {
        if (member.first == name) {
            member.second = std::move(value);
            return;
        }
    }
    m_members.emplace_back(std::move(name), std::move(value));
}

Location Value::keyWhere() const
{
    return m_keyLine == 0 ? m_where : Location{m_where.file, m_keyLine, m_keyColumn};
}

void Value::setKey(std::uint32_t line, std::uint32_t column)
{
    m_keyLine = line;
    m_keyColumn = column;
}

Error Value::error(std::string message, std::string remedy) const
{
    return Error{Error::Code::InvalidConfig, std::move(message), m_where, std::move(remedy)};
}

Result<std::string> Value::text() const
{
    if (m_kind != Kind::Scalar)
        return error("expected a text, found " + std::string(kindName(m_kind)));
    return m_text;
}

Result<std::int64_t> Value::integer() const
{
    std::int64_t out = 0;
    if (m_kind != Kind::Scalar || !readNumber(m_text, out))
        return error("expected a whole number, found "
                     + (isScalar() ? '"' + m_text + '"' : std::string(kindName(m_kind))));
    return out;
}

Result<double> Value::number() const
{
    double out = 0;
    if (m_kind != Kind::Scalar || !readNumber(m_text, out) || !std::isfinite(out))
        return error("expected a number, found " + (isScalar() ? '"' + m_text + '"' : std::string(kindName(m_kind))));
    return out;
}

Result<bool> Value::boolean() const
{
    if (m_kind == Kind::Scalar && (m_text == "true" || m_text == "false"))
        return m_text == "true";
    return error("expected true or false, found " + (isScalar() ? '"' + m_text + '"' : std::string(kindName(m_kind))));
}

Result<std::int64_t> Value::durationNs() const
{
    const auto duration = m_kind == Kind::Scalar ? parseDurationNs(m_text) : std::nullopt;
    if (m_kind == Kind::Scalar && m_text == "0")
        return std::int64_t{0};
    if (!duration)
        return error("expected a duration, found " + (isScalar() ? '"' + m_text + '"' : std::string(kindName(m_kind))),
                     "write a whole number and ms, s, m, h or d: 90s");
    return *duration;
}

void Value::appendJson(std::string &out) const
{
    switch (m_kind) {
    case Kind::Null:
        out += "null";
        return;
    case Kind::Scalar:
        if (!m_quoted && (m_text == "true" || m_text == "false" || m_text == "null" || isJsonNumber(m_text)))
            out += m_text;
        else
            appendJsonString(out, m_text);
        return;
    case Kind::List:
        out += '[';
        for (std::size_t i = 0; i < m_items.size(); ++i) {
            if (i > 0)
                out += ',';
            m_items[i].appendJson(out);
        }
        out += ']';
        return;
    case Kind::Map:
        out += '{';
        for (std::size_t i = 0; i < m_members.size(); ++i) {
            if (i > 0)
                out += ',';
            appendJsonString(out, m_members[i].first);
            out += ':';
            m_members[i].second.appendJson(out);
        }
        out += '}';
        return;
    }
}

} // namespace eventops
