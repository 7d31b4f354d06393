// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// A setting as a person wrote it: scalar, list or map, and where it stands. Made by core/yaml from YAML; everything
/// below reads this and never sees YAML. Maps keep the order of the file.
class Value
{
public:
    enum class Kind : std::uint8_t { Null, Scalar, List, Map };
    using Member = std::pair<std::string, Value>;

    Value() = default;
    static Value null(Location where);
    static Value scalar(std::string text, Location where = {}, bool quoted = false);
    static Value list(std::vector<Value> items, Location where = {});
    static Value map(std::vector<Member> members, Location where = {});

    Kind kind() const { return m_kind; }
    bool isNull() const { return m_kind == Kind::Null; }
    bool isScalar() const { return m_kind == Kind::Scalar; }
    bool isList() const { return m_kind == Kind::List; }
    bool isMap() const { return m_kind == Kind::Map; }
    bool quoted() const { return m_quoted; } ///< Written in quotes: a text even if it looks like a number.
    const Location &where() const { return m_where; }
    Location keyWhere() const;                    ///< Of its name when it is the member of a map, else where().
    void setKey(std::uint32_t line, std::uint32_t column);

    const std::vector<Value> &items() const { return m_items; }     ///< Of a list.
    const std::vector<Member> &members() const { return m_members; }///< Of a map.
    const Value *find(std::string_view name) const;                 ///< Null when there is no such member.
    /// A member that validation guarantees (a FieldSpec's name). Asserts that it is there.
    const Value &at(std::string_view name) const;

    // Conversions. An error names file, line, column, the field and what was expected.
    Result<std::int64_t> integer() const;
    Result<double> number() const;
    Result<bool> boolean() const;
    Result<std::string> text() const;           ///< Any scalar.
    Result<std::int64_t> durationNs() const;    ///< "90s", "5m", see parseDurationNs.

    /// The value as JSON; quoted scalars and what is no number, true, false or null become strings.
    void appendJson(std::string &out) const;

    /// An InvalidConfig at this place.
    Error error(std::string message, std::string remedy = {}) const;

    void set(std::string name, Value value); ///< Replaces or appends a member.

private:
    Kind m_kind = Kind::Null;
    bool m_quoted = false;
    std::uint32_t m_keyLine = 0; ///< 0: not known.
    std::uint32_t m_keyColumn = 0;
    std::string m_text;
    std::vector<Value> m_items;
    std::vector<Member> m_members;
    Location m_where;
};

} // namespace eventops
