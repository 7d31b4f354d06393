// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/value.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::normalize {

constexpr std::size_t ExpressionBytesMax = 4'096;
constexpr unsigned ExpressionDepthMax = 8;

/// A valid JSON document as paths look into it. Views into the text given.
class Document
{
public:
    explicit Document(std::string_view json);
    /// The value at @p path as written: `a.b`, `items.0.name`; names may hold dots themselves; of duplicates the last.
    /// What is not found from the top is looked for in `fullDocument`, as change streams have it. O(length).
    std::optional<std::string_view> find(std::string_view path) const;
    std::string_view json() const { return m_json; }

private:
    std::string_view m_json;
    std::optional<std::string_view> m_fullDocument;
};

/// The inside of extended JSON: {"$oid": "x"} → "x", {"$date": {"$numberLong": "5"}} → "5"; anything else as it is.
std::string_view unwrapExtended(std::string_view json);
/// A scalar's text, unwrapped; objects and arrays as JSON; nothing for null.
std::optional<std::string_view> textOf(std::string_view json, std::string &scratch);

/// What an output that is written as one bare word means.
enum class BareWord : std::uint8_t { Path, Literal };

/// An expression of a mapping, compiled once.
///
///     fullDocument.status                 a path
///     $eq(a, 'x')                         true when both are there and equal; numbers compare by value
///     $exists(a)                          true when a is there and not null
///     $gt(a, b)                           numbers (whole ones exactly) or times; else false
///     $secondsDiff(a, b)                  a − b of two times, in seconds; nothing when one is no time
///     $a.b                                the path a.b, where a bare word means a text
///     'text', 5, true                     literals
///     order:{id}                          a text with paths in it (outputs only); nothing when one is absent
///
/// Thread: immutable, any; `eval` keeps what it makes in the caller's memory.
class Expression
{
public:
    using Memory = std::deque<std::string>; ///< Texts made by `eval`; results are views into it or the documents.

    /// @p bare: what a single word means. Errors: InvalidConfig at @p text with what was expected.
    static Result<Expression> parse(const Value &text, BareWord bare = BareWord::Path);

    /// The value as JSON; nothing when a path is absent. Functions look at @p clear, values come from @p shown (the
    /// same document with personal data hashed).
    std::optional<std::string_view> eval(const Document &clear, const Document &shown, Memory &memory) const;
    bool isTrue(const Document &clear, Memory &memory) const;

    /// Last name of the path if the expression is one; the name of an output without a name of its own.
    std::string leafName() const;
    bool isPath() const { return m_kind == Kind::Path; }

private:
    enum class Kind : std::uint8_t { Path, Literal, Template, Eq, Exists, Gt, SecondsDiff };
    class Parser;
    std::optional<std::string_view> evalTemplate(const Document &shown, Memory &memory) const;

    Kind m_kind = Kind::Literal;
    std::string m_text; ///< Path, or literal as JSON.
    std::vector<Expression> m_arguments; ///< Of a template: literals (raw text in m_text) and paths.
};

} // namespace eventops::normalize
