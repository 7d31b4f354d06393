// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/limits.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

enum class JsonKind : std::uint8_t { Object, Array, String, Number, True, False, Null };

/// Kind of a valid JSON value by its first byte.
JsonKind jsonKind(std::string_view raw);

/// Why a text is no JSON document, and where.
struct JsonFailure {
    enum class What : std::uint8_t { None, Empty, Truncated, Invalid, TooDeep, InvalidUtf8 };
    What what = What::None;
    std::size_t offset = 0;       ///< Byte at which it shows.
    const char *expected = "";    ///< "',' or '}'"
    explicit operator bool() const { return what != What::None; }
    std::string text() const;     ///< One sentence without a period.
};

/// A member of an object. Views into the document, or into the reader for a name written with escapes.
struct JsonEntry {
    std::string_view name;  ///< Unescaped.
    std::string_view value; ///< As written, without surrounding white space.
};

/// Reads JSON documents (RFC 8259) and remembers the members of the outermost object as they were written.
///
/// The whole text is validated: grammar, UTF-8 (by simdjson), escapes, control characters, depth. simdjson's own
/// parsers do not serve here (adr/0005): On-Demand does not look at what it skips; the DOM refuses numbers beyond 64
/// bits and loses a value's place and spelling, which is what keeps all numbers and duplicate keys unharmed.
/// tst_json_reader compares the two.
/// Thread: one at a time. Complexity: O(length), one pass; memory O(members + depth). Views live until the next read.
class JsonReader
{
public:
    /// The text must be one document, white space around it allowed.
    JsonFailure read(std::string_view text);
    /// The text must start with a document (after white space); @p end is where it stops. Truncated when it reaches the
    /// end of the text inside the document.
    JsonFailure readPrefix(std::string_view text, std::size_t &end);

    std::string_view document() const { return m_document; } ///< Without surrounding white space.
    JsonKind kind() const { return jsonKind(m_document); }
    /// Of the outermost object, in order, duplicates included; empty for other kinds.
    std::span<const JsonEntry> members() const { return m_members; }
    /// The last member of that name, as every JSON parser takes it. Null: none.
    const JsonEntry *find(std::string_view name) const;

private:
    struct Scan;
    std::string_view m_document;
    std::vector<JsonEntry> m_members;
    std::deque<std::string> m_names;
    std::vector<std::uint8_t> m_stack;
};

// Walking a value that JsonReader has validated. Never call these on anything else.

/// Steps through the members of an object or the elements of an array.
class JsonItems
{
public:
    explicit JsonItems(std::string_view container); ///< Valid JSON; an empty text, as of what is absent, has none.
    /// False: no more. @p rawName is between the quotes, as written; empty in an array.
    bool next(std::string_view &rawName, std::string_view &value);

private:
    std::string_view m_text;
    std::size_t m_at;
};

/// The text of a string value or raw name: unescaped into @p scratch if need be. A lone surrogate becomes U+FFFD.
std::string_view jsonUnescape(std::string_view inside, std::string &scratch);
/// The text of a JSON string given with its quotes.
std::string_view jsonText(std::string_view raw, std::string &scratch);
/// Member @p name of an object; the last one. Nothing: none, or no object.
std::optional<std::string_view> jsonMember(std::string_view object, std::string_view name);
/// A number as a double; infinite when it does not fit one. Texts that are no JSON number give nothing.
std::optional<double> jsonDouble(std::string_view number);
/// True when @p number, written back in its shortest form, is the same decimal: 0.10, 1e3; not 9007199254740993.
bool doubleIsExact(std::string_view number, double value);
/// Appends a valid value without the white space between its tokens; the tokens stay as written.
void appendJsonCompact(std::string &out, std::string_view valid);
/// RFC 8259 grammar of a number, whole text.
bool isJsonNumberText(std::string_view text);

/// Length of the well-formed prefix in UTF-8.
std::size_t validUtf8Prefix(std::string_view text);
bool isValidUtf8(std::string_view text);

} // namespace eventops
