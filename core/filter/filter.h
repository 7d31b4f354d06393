// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/model/batch.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// A value as a row gives it to a filter: absent, text, number, or a time.
struct FilterValue {
    enum class Kind : unsigned char { Absent, Text, Number, Time };
    Kind kind = Kind::Absent;
    std::string_view text;   ///< Text, and the written form of the others where there is one.
    double number = 0.0;
    WallNs time = NoTime;
    static FilterValue absent() { return {}; }
    static FilterValue ofText(std::string_view t) { return {Kind::Text, t, 0.0, NoTime}; }
    static FilterValue ofNumber(double n) { return {Kind::Number, {}, n, NoTime}; }
    static FilterValue ofTime(WallNs t) { return {Kind::Time, {}, 0.0, t}; }
};

/// Anything a filter can look at: finding, entity, action, …  @p name is a field path as written: "severity",
/// "tags.env", "entity.id". The view in the result must live until the next call.
class FilterRow
{
public:
    virtual ~FilterRow();
    virtual FilterValue field(std::string_view name) const = 0;
};

/// The expression language of queries, rules and policies.
///
///     severity >= warning and entity.type = Host and (metric = cpu_load or tags.env != "prod")
///     type ~ "^order\." and ts_event >= 2025-10-21T10:00:00Z and not exists(step)
///     "connection reset"              free text: contained in message, attrs or any text field, ignoring ASCII case
///
/// Operators: = != < <= > >= ~ (RE2) !~ in (a, b), contains, exists(field), and/or/not, parentheses. Severities compare
/// by number and may be written by name; times as RFC 3339; numbers as numbers. A comparison with an absent field is
/// false, != included; write `not exists(x)`.
/// Thread: immutable once parsed, any. Complexity: O(terms) a row.
class Filter
{
public:
    Filter();  ///< Matches everything.
    ~Filter();
    Filter(Filter &&) noexcept;
    Filter &operator=(Filter &&) noexcept;
    Filter(const Filter &) = default;
    Filter &operator=(const Filter &) = default;

    /// InvalidArgument with the column and what was expected there.
    static Result<Filter> parse(std::string_view text);

    bool matchesAll() const { return m_root == nullptr; }
    bool matches(const FilterRow &row) const;
    bool matches(const Batch &batch, const Event &event) const;

    /// Bounds that every match satisfies, for skipping whole blocks; absent when the filter does not imply one.
    std::optional<WallNs> tsEventMin() const;
    std::optional<WallNs> tsEventMax() const;
    /// Texts one of which a match must hold in @p field (from `=` and `in` in a conjunction); empty: no such bound.
    std::vector<std::string> requiredTexts(Field field) const;

    struct Node;

private:
    std::shared_ptr<const Node> m_root;
};

} // namespace eventops
