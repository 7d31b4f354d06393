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
    /// True when any text of the row contains @p needle, ignoring ASCII case. The default looks at message and attrs.
    virtual bool containsText(std::string_view needle) const;
};

/// Ignores the case of ASCII letters. The empty needle is in every text. O(length) for texts as people write them.
bool containsIgnoringCase(std::string_view text, std::string_view needle);

constexpr std::size_t FilterBytesMax = 16 * 1024; ///< Of a filter's text.
constexpr std::size_t FilterDepthMax = 64;        ///< Nesting of parentheses and `not`.
constexpr std::size_t FilterTermsMax = 1'024;     ///< Comparisons, list items and free texts together.
constexpr std::size_t FilterPatternBytesMax = 1'024; ///< Of one regular expression.
constexpr std::size_t FilterPatternsMax = 32;

/// The expression language of queries, rules and policies.
///
///     severity >= warning and entity.type = Host and (metric = cpu_load or tags.env != "prod")
///     type ~ "^order\." and ts_event >= 2025-10-21T10:00:00Z and not exists(step)
///     "connection reset"              free text: contained in message, attrs or any text field, ignoring ASCII case
///
/// Operators: = != < <= > >= ~ (RE2) !~ in (a, b), not in, contains, exists(field), and/or/not, parentheses. Severities
/// compare by band and may be written by name; times as RFC 3339; numbers as numbers, whole ones exactly. A comparison
/// with an absent field is false, != included; write `not exists(x)`. Texts are compared byte by byte; `contains` minds
/// case. A text is put in double or single quotes when it holds spaces or one of ( ) = ! < > ~ , " '; inside quotes
/// \\ is a backslash, \" a quote, and any other backslash stands for itself, as regular expressions need it.
/// Fields of events are those of toString(Field), and id, ts_event (or ts), ts_ingest, severity, value, raw.codec,
/// raw.content_type, raw.position; tags.X, attrs.X.Y, headers.X, entities.0.id and the like look into the JSON.
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
    /// Every field name the filter mentions, sorted, once each.
    std::vector<std::string> fieldNames() const;

    struct Node;

private:
    std::shared_ptr<const Node> m_root;
};

} // namespace eventops
