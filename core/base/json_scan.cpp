// SPDX-License-Identifier: MIT
#include "core/base/json_scan.h"

#include "core/base/json.h"
#include "core/base/limits.h"

#include <bitset>
#include <charconv>

namespace eventops {
namespace {

using Kind = JsonSlice::Kind;

/// A place in a text. Reading past the end gives NUL, which no JSON token starts with.
struct Cursor {
    std::string_view text;
    std::size_t at = 0;

    char peek() const { return at < text.size() ? text[at] : '\0'; }
    bool atEnd() const { return at >= text.size(); }
    void skipSpace()
    {
        while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r'))
            ++at;
    }
    bool take(char c)
    {
        if (peek() != c || atEnd())
            return false;
        ++at;
        return true;
    }
    bool word(std::string_view expected)
    {
        if (text.substr(at, expected.size()) != expected)
            return false;
        at += expected.size();
        return true;
    }
};

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

/// Steps over a string; the cursor stands at its opening quote. Gives its contents.
bool scanString(Cursor &in, std::string_view &contents, bool &escaped)
{
    if (!in.take('"'))
        return false;
    const std::size_t from = in.at;
    escaped = false;
    while (!in.atEnd()) {
        const char c = in.text[in.at];
        if (c == '"') {
            contents = in.text.substr(from, in.at - from);
            ++in.at;
            return true;
        }
        if (c == '\\') {
            escaped = true;
            ++in.at;
        }
        ++in.at;
    }
    in.at = in.text.size();
    return false;
}

bool scanNumber(Cursor &in)
{
    in.take('-');
    const auto digits = [&] {
        const std::size_t from = in.at;
        while (isDigit(in.peek()))
            ++in.at;
        return in.at - from;
    };
    const bool zero = in.peek() == '0';
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1))
        return false;
    if (in.take('.') && digits() == 0)
        return false;
    if (in.take('e') || in.take('E')) {
        if (!in.take('+'))
            in.take('-');
        if (digits() == 0)
            return false;
    }
    return true;
}

/// Steps over an array or object by counting brackets outside of strings.
bool skipNested(Cursor &in)
{
    std::size_t depth = 0;
    while (!in.atEnd()) {
        const char c = in.text[in.at];
        if (c == '"') {
            std::string_view contents;
            bool escaped = false;
            if (!scanString(in, contents, escaped))
                return false;
            continue;
        }
        ++in.at;
        if (c == '{' || c == '[')
            ++depth;
        else if ((c == '}' || c == ']') && --depth == 0)
            return true;
    }
    return false;
}

/// Steps over any value and says what it was.
bool scanValue(Cursor &in, JsonSlice &out)
{
    in.skipSpace();
    const std::size_t from = in.at;
    out.escaped = false;
    bool good = false;
    switch (in.peek()) {
    case '"':
        out.kind = Kind::String;
        return scanString(in, out.text, out.escaped);
    case '{':
        out.kind = Kind::Object;
        good = skipNested(in);
        break;
    case '[':
        out.kind = Kind::Array;
        good = skipNested(in);
        break;
    case 't':
        out.kind = Kind::True;
        good = in.word("true");
        break;
    case 'f':
        out.kind = Kind::False;
        good = in.word("false");
        break;
    case 'n':
        out.kind = Kind::Null;
        good = in.word("null");
        break;
    default:
        out.kind = Kind::Number;
        good = scanNumber(in);
    }
    out.text = in.text.substr(from, in.at - from);
    return good;
}

unsigned hexValue(char c)
{
    if (isDigit(c))
        return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f')
        return static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return static_cast<unsigned>(c - 'A') + 10;
    return 16;
}

/// The four digits of a \u escape at @p at, or nothing.
std::optional<unsigned> hex4(std::string_view text, std::size_t at)
{
    if (at + 4 > text.size())
        return std::nullopt;
    unsigned code = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const unsigned digit = hexValue(text[at + i]);
        if (digit > 15)
            return std::nullopt;
        code = code << 4 | digit;
    }
    return code;
}

std::size_t encodeUtf8(unsigned code, char (&out)[4])
{
    if (code < 0x80) {
        out[0] = static_cast<char>(code);
        return 1;
    }
    if (code < 0x800) {
        out[0] = static_cast<char>(0xC0 | code >> 6);
        out[1] = static_cast<char>(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = static_cast<char>(0xE0 | code >> 12);
        out[1] = static_cast<char>(0x80 | (code >> 6 & 0x3F));
        out[2] = static_cast<char>(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = static_cast<char>(0xF0 | code >> 18);
    out[1] = static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out[2] = static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out[3] = static_cast<char>(0x80 | (code & 0x3F));
    return 4;
}

/// Decodes the escape at @p at (a backslash) and moves past it.
std::size_t decodeEscape(std::string_view contents, std::size_t &at, char (&out)[4])
{
    const char c = at + 1 < contents.size() ? contents[at + 1] : '\\';
    at += at + 1 < contents.size() ? 2 : 1;
    const auto one = [&](char decoded) {
        out[0] = decoded;
        return std::size_t{1};
    };
    switch (c) {
    case 'b': return one('\b');
    case 'f': return one('\f');
    case 'n': return one('\n');
    case 'r': return one('\r');
    case 't': return one('\t');
    case 'u': break;
    default: return one(c);
    }
    unsigned code = hex4(contents, at).value_or(0x10000);
    if (code == 0x10000)
        return encodeUtf8(0xFFFD, out);
    at += 4;
    if (code >= 0xD800 && code < 0xDC00 && contents.substr(at, 2) == "\\u") {
        const unsigned low = hex4(contents, at + 2).value_or(0);
        if (low >= 0xDC00 && low < 0xE000) {
            at += 6;
            return encodeUtf8(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00), out);
        }
    }
    if (code >= 0xD800 && code < 0xE000)
        code = 0xFFFD;
    return encodeUtf8(code, out);
}

std::optional<JsonSlice> find(const JsonSlice &value, std::string_view path, std::size_t segments);

/// The value itself when @p key is the whole path, else what lies below it when it is the path's first part.
std::optional<JsonSlice> descend(const JsonMember &member, std::string_view path, std::size_t segments)
{
    const bool escaped = member.key.find('\\') != std::string_view::npos;
    if (!escaped && member.key.size() < path.size()) {
        if (path[member.key.size()] != '.' || path.substr(0, member.key.size()) != member.key)
            return std::nullopt;
        return find(member.value, path.substr(member.key.size() + 1), segments + 1);
    }
    if (jsonStringEquals(member.key, path))
        return member.value;
    for (std::size_t dot = path.find('.'); escaped && dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
        if (jsonStringEquals(member.key, path.substr(0, dot)))
            return find(member.value, path.substr(dot + 1), segments + 1);
    }
    return std::nullopt;
}

std::optional<JsonSlice> find(const JsonSlice &value, std::string_view path, std::size_t segments)
{
    if (segments > JsonPathSegmentsMax)
        return std::nullopt;
    std::size_t at = 0;
    if (value.kind == Kind::Object) {
        while (const auto member = jsonNext(value.text, at)) {
            if (const auto found = descend(*member, path, segments))
                return found;
        }
        return std::nullopt;
    }
    if (value.kind != Kind::Array)
        return std::nullopt;
    const std::size_t dot = path.find('.');
    const std::string_view number = path.substr(0, dot);
    std::size_t place = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), place);
    if (error != std::errc() || end != number.data() + number.size())
        return std::nullopt;
    while (const auto item = jsonNext(value.text, at)) {
        if (place-- == 0)
            return dot == std::string_view::npos ? item->value : find(item->value, path.substr(dot + 1), segments + 1);
    }
    return std::nullopt;
}

/// A string as RFC 8259 has it: no control characters, known escapes only.
bool validString(Cursor &in)
{
    if (!in.take('"'))
        return false;
    while (!in.atEnd()) {
        const char c = in.text[in.at++];
        if (c == '"')
            return true;
        if (static_cast<unsigned char>(c) < 0x20)
            return false;
        if (c != '\\')
            continue;
        const char escape = in.peek();
        ++in.at;
        if (escape == 'u') {
            if (!hex4(in.text, in.at))
                return false;
            in.at += 4;
        } else if (escape == '\0' || std::string_view("\"\\/bfnrt").find(escape) == std::string_view::npos) {
            return false;
        }
    }
    return false;
}

/// Well-formed UTF-8 (Unicode 15, table 3-7).
bool isUtf8(std::string_view text)
{
    std::size_t i = 0;
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
    while (i < text.size()) {
        const unsigned first = byte(i++);
        if (first < 0x80)
            continue;
        const std::size_t more = first >= 0xC2 && first <= 0xDF ? 1 : first >= 0xE0 && first <= 0xEF ? 2
                                 : first >= 0xF0 && first <= 0xF4                                   ? 3
                                                                                                    : 0;
        const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
        if (more == 0 || byte(i) < low || byte(i) > high)
            return false;
        for (std::size_t k = 1; k < more; ++k) {
            if ((byte(i + k) & 0xC0u) != 0x80u)
                return false;
        }
        i += more;
    }
    return true;
}

bool validScalar(Cursor &in)
{
    switch (in.peek()) {
    case '"': return validString(in);
    case 't': return in.word("true");
    case 'f': return in.word("false");
    case 'n': return in.word("null");
    default: return scanNumber(in);
    }
}

bool validKey(Cursor &in)
{
    in.skipSpace();
    if (!validString(in))
        return false;
    in.skipSpace();
    return in.take(':');
}

} // namespace

std::optional<JsonMember> jsonNext(std::string_view container, std::size_t &at)
{
    Cursor in{container, at};
    if (at == 0) {
        in.skipSpace();
        if (!in.take('{') && !in.take('['))
            return std::nullopt;
    }
    in.skipSpace();
    if (at != 0 && !in.take(','))
        return std::nullopt;
    in.skipSpace();
    if (in.peek() == '}' || in.peek() == ']')
        return std::nullopt;
    JsonMember member;
    const std::size_t open = container.find_first_not_of(" \n\t\r");
    if (container[open] == '{') {
        bool escaped = false;
        if (!scanString(in, member.key, escaped))
            return std::nullopt;
        in.skipSpace();
        if (!in.take(':'))
            return std::nullopt;
    }
    if (!scanValue(in, member.value))
        return std::nullopt;
    at = in.at;
    return member;
}

std::optional<JsonSlice> jsonFind(std::string_view json, std::string_view path)
{
    // An object or array at the top is walked as it stands: no need to find its end first.
    Cursor in{json};
    in.skipSpace();
    JsonSlice top;
    if (!path.empty() && (in.peek() == '{' || in.peek() == '[')) {
        top.kind = in.peek() == '{' ? Kind::Object : Kind::Array;
        top.text = json.substr(in.at);
        return find(top, path, 1);
    }
    if (!path.empty() || !scanValue(in, top))
        return std::nullopt;
    return top;
}

void appendJsonUnescaped(std::string &out, std::string_view contents)
{
    for (std::size_t at = 0; at < contents.size();) {
        const std::size_t backslash = contents.find('\\', at);
        if (backslash == std::string_view::npos) {
            out += contents.substr(at);
            return;
        }
        out += contents.substr(at, backslash - at);
        at = backslash;
        char decoded[4];
        out.append(decoded, decodeEscape(contents, at, decoded));
    }
}

bool jsonStringEquals(std::string_view contents, std::string_view text)
{
    std::size_t at = 0;
    while (at < contents.size()) {
        if (contents[at] != '\\') {
            if (text.empty() || text.front() != contents[at])
                return false;
            text.remove_prefix(1);
            ++at;
            continue;
        }
        char decoded[4];
        const std::size_t size = decodeEscape(contents, at, decoded);
        if (text.substr(0, size) != std::string_view(decoded, size))
            return false;
        text.remove_prefix(size);
    }
    return text.empty();
}

bool jsonIsValid(std::string_view json)
{
    Cursor in{json};
    std::bitset<JsonDepthMax> objects; // Per level: an object, else an array.
    std::size_t depth = 0;
    for (;;) {
        in.skipSpace();
        // A value is due.
        const bool object = in.peek() == '{';
        if (object || in.peek() == '[') {
            if (depth == JsonDepthMax)
                return false;
            ++in.at;
            in.skipSpace();
            objects[depth++] = object;
            if (!in.take(object ? '}' : ']')) {
                if (object && !validKey(in))
                    return false;
                continue;
            }
            --depth;
        } else if (!validScalar(in)) {
            return false;
        }
        // A value has ended: close what ends with it, or go on behind a comma.
        for (;;) {
            in.skipSpace();
            if (depth == 0)
                return in.atEnd();
            const bool inObject = objects[depth - 1];
            if (in.take(',')) {
                if (inObject && !validKey(in))
                    return false;
                break;
            }
            if (!in.take(inObject ? '}' : ']'))
                return false;
            --depth;
        }
    }
}

void appendJsonLine(std::string &out, std::string_view json, JsonShape shape)
{
    const std::size_t open = json.find_first_not_of(" \n\t\r");
    const char wanted = shape == JsonShape::Object ? '{' : shape == JsonShape::Array ? '[' : '\0';
    const bool shaped = open != std::string_view::npos && (wanted == '\0' || json[open] == wanted);
    if (!shaped || !isUtf8(json) || !jsonIsValid(json)) {
        out += shape == JsonShape::Object ? "{\"_invalid\":" : shape == JsonShape::Array ? "[" : "";
        appendJsonString(out, json);
        out += shape == JsonShape::Object ? "}" : shape == JsonShape::Array ? "]" : "";
        return;
    }
    if (json.find_first_of("\n\r") == std::string_view::npos) {
        out += json;
        return;
    }
    bool inString = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (!inString && (c == ' ' || c == '\n' || c == '\t' || c == '\r'))
            continue;
        if (c == '"')
            inString = !inString;
        out += c;
        if (inString && c == '\\')
            out += json[++i];
    }
}

} // namespace eventops
