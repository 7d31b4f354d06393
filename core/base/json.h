// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace eventops {

/// Appends @p text as a JSON string with its quotes. Escapes what RFC 8259 demands and nothing else;
/// bytes that are not UTF-8 become U+FFFD, so the result is always valid JSON.
void appendJsonString(std::string &out, std::string_view text);

/// The shortest decimal that reads back as @p value, as JSON: 85, 0.1, 1e+22. Not-a-number becomes null.
void appendJsonNumber(std::string &out, double value);

/// What Python's `str(float)` gives: 92 → "92.0", 1e16 → "1e+16", 0.1 → "0.1". The EventOps wire form (contracts 3.2).
void appendPythonFloat(std::string &out, double value);

/// Writes one JSON document in order. Does not check the nesting beyond assertions; commas are its job.
/// `key` must precede each value inside an object.
class JsonWriter
{
public:
    explicit JsonWriter(std::string &out) : m_out(out) {}
    JsonWriter &beginObject();
    JsonWriter &endObject();
    JsonWriter &beginArray();
    JsonWriter &endArray();
    JsonWriter &key(std::string_view name);
    JsonWriter &string(std::string_view text);
    JsonWriter &number(double value);
    JsonWriter &integer(std::int64_t value);
    JsonWriter &unsignedInteger(std::uint64_t value);
    JsonWriter &boolean(bool value);
    JsonWriter &null();
    JsonWriter &raw(std::string_view json); ///< Already valid JSON.

    /// `key` + `string`, the most common pair.
    JsonWriter &field(std::string_view name, std::string_view text) { return key(name).string(text); }

private:
    void separate();
    std::string &m_out;
    bool m_needComma = false;
};

} // namespace eventops
