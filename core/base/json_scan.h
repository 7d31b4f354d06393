// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// A value inside a JSON text, found but not decoded.
struct JsonSlice {
    enum class Kind : std::uint8_t { Null, False, True, Number, String, Array, Object };
    Kind kind = Kind::Null;
    bool escaped = false;  ///< String: `text` holds backslash escapes; see appendJsonUnescaped.
    std::string_view text; ///< As written; of a String without its quotes. A view into the text searched.
};

constexpr std::size_t JsonPathSegmentsMax = 32;

/// Finds a value by path: `env`, `a.b`, `items.0.name`. A segment names an object's member or an array's place; since
/// keys may hold dots themselves, "a.b" finds the member `a.b` as well as `b` in `a`, whichever comes first in the
/// text. Of duplicate keys the first wins. The empty path is the whole value. Nothing: not there, or not JSON up to
/// there.
///
/// Made for texts that were validated before: it looks at no more than it must, but never reads outside of any text.
/// Thread: any. Complexity: O(length × segments), no allocation.
std::optional<JsonSlice> jsonFind(std::string_view json, std::string_view path);

/// Appends what the contents of a JSON string (without quotes) stand for, as UTF-8. Lone surrogates become U+FFFD.
void appendJsonUnescaped(std::string &out, std::string_view contents);

/// True when @p contents of a JSON string stand for exactly @p text. No allocation.
bool jsonStringEquals(std::string_view contents, std::string_view text);

/// One member of an object or one item of an array (`key` empty) as jsonNext walks them.
struct JsonMember {
    std::string_view key; ///< As written, without quotes; may hold escapes.
    JsonSlice value;
};

/// Walks the members of the object or the items of the array @p container (the text with its brackets).
/// @p at: 0 at first, moved on by each call. Nothing: the end, or not JSON.
std::optional<JsonMember> jsonNext(std::string_view container, std::size_t &at);

/// True when @p json is one JSON value by RFC 8259 (surrounding white space allowed), nested at most JsonDepthMax deep.
/// UTF-8 is not looked at. O(length), no allocation.
bool jsonIsValid(std::string_view json);

/// Appends the JSON value @p json on one line: as it stands, or without white space between tokens when that holds line
/// ends. What is no valid JSON of UTF-8 becomes a JSON string. A text that does not have the shape wanted is
/// wrapped: {"_invalid":"…"} or ["…"]. The result is valid JSON whatever the text. O(length).
enum class JsonShape : std::uint8_t { Any, Object, Array };
void appendJsonLine(std::string &out, std::string_view json, JsonShape shape);

} // namespace eventops
