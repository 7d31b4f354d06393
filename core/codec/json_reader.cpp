// SPDX-License-Identifier: MIT
#include "core/codec/json_reader.h"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include <simdjson.h>

namespace eventops {
namespace {

using What = JsonFailure::What;

bool isSpace(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isHex(char c)
{
    return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::size_t skipSpace(std::string_view text, std::size_t at)
{
    while (at < text.size() && isSpace(text[at]))
        ++at;
    return at;
}

/// First place from @p at on with a quote, a backslash or a control character; the text's size if there is none.
/// Eight bytes at a time (Mycroft's test for a zero byte, "Hacker's Delight" 6-1).
std::size_t plainEnd(std::string_view text, std::size_t at)
{
    constexpr std::uint64_t Ones = 0x0101010101010101ULL;
    constexpr std::uint64_t Highs = 0x8080808080808080ULL;
    while (at + 8 <= text.size()) {
        std::uint64_t word;
        std::memcpy(&word, text.data() + at, 8);
        const std::uint64_t quote = word ^ (Ones * '"');
        const std::uint64_t slash = word ^ (Ones * '\\');
        const std::uint64_t hit = (((quote - Ones) & ~quote) | ((slash - Ones) & ~slash)
                                   | ((word - Ones * 0x20) & ~word))
                                & Highs;
        if (hit != 0)
            break;
        at += 8;
    }
    while (at < text.size() && text[at] != '"' && text[at] != '\\' && static_cast<unsigned char>(text[at]) >= 0x20)
        ++at;
    return at;
}

/// Behind the closing quote of a valid string whose opening quote is at @p at.
std::size_t stringEnd(std::string_view text, std::size_t at)
{
    ++at;
    for (;;) {
        at = plainEnd(text, at);
        assert(at < text.size());
        if (text[at] == '"')
            return at + 1;
        at += text[at] == '\\' ? 2 : 1;
    }
}

/// Behind the valid value that starts at @p at.
std::size_t valueEnd(std::string_view text, std::size_t at)
{
    if (text[at] == '"')
        return stringEnd(text, at);
    if (text[at] != '{' && text[at] != '[') {
        while (at < text.size() && !isSpace(text[at]) && text[at] != ',' && text[at] != '}' && text[at] != ']')
            ++at;
        return at;
    }
    std::size_t depth = 0;
    do {
        const char c = text[at];
        if (c == '"') {
            at = stringEnd(text, at);
            continue;
        }
        if (c == '{' || c == '[')
            ++depth;
        else if (c == '}' || c == ']')
            --depth;
        ++at;
    } while (depth > 0);
    return at;
}

void appendUtf8(std::string &out, std::uint32_t c)
{
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xC0 | (c >> 6));
        put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        put(0xE0 | (c >> 12));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    } else {
        put(0xF0 | (c >> 18));
        put(0x80 | ((c >> 12) & 0x3F));
        put(0x80 | ((c >> 6) & 0x3F));
        put(0x80 | (c & 0x3F));
    }
}

/// The four hexadecimal digits at @p at; 0xFFFFFFFF when they are not there.
std::uint32_t hex4(std::string_view text, std::size_t at)
{
    std::uint32_t value = 0;
    if (at + 4 > text.size())
        return std::numeric_limits<std::uint32_t>::max();
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 4, value, 16);
    return error == std::errc() && end == text.data() + at + 4 ? value : std::numeric_limits<std::uint32_t>::max();
}

} // namespace

/// One pass over a text. The stack holds the open containers: true for an object.
struct JsonReader::Scan {
    JsonReader &reader;
    std::string_view text;
    std::size_t at = 0;
    JsonFailure failure = {};
    std::string_view name = {};       ///< Of the member at depth 1 that is being read.
    std::size_t valueBegin = 0;

    bool fail(const char *expected)
    {
        failure = {at < text.size() ? What::Invalid : What::Truncated, at, expected};
        return false;
    }

    bool string()
    {
        for (++at;;) {
            at = plainEnd(text, at);
            if (at == text.size())
                return fail("the end of a string");
            if (text[at] == '"') {
                ++at;
                return true;
            }
            if (text[at] != '\\')
                return fail("no control character in a string");
            ++at;
            if (at == text.size())
                return fail("an escape");
            if (text[at] == 'u') {
                for (int i = 0; i < 4; ++i) {
                    ++at;
                    if (at == text.size() || !isHex(text[at]))
                        return fail("four hexadecimal digits");
                }
            } else if (std::strchr("\"\\/bfnrt", text[at]) == nullptr || text[at] == '\0') {
                return fail("an escape");
            }
            ++at;
        }
    }

    bool digits()
    {
        if (at == text.size() || !isDigit(text[at]))
            return fail("a digit");
        while (at < text.size() && isDigit(text[at]))
            ++at;
        return true;
    }

    bool number()
    {
        if (text[at] == '-')
            ++at;
        if (at < text.size() && text[at] == '0')
            ++at;
        else if (!digits())
            return false;
        if (at < text.size() && text[at] == '.') {
            ++at;
            if (!digits())
                return false;
        }
        if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
            ++at;
            if (at < text.size() && (text[at] == '+' || text[at] == '-'))
                ++at;
            return digits();
        }
        return true;
    }

    bool word(std::string_view expected)
    {
        for (const char c : expected) {
            if (at == text.size() || text[at] != c)
                return fail("a value");
            ++at;
        }
        return true;
    }

    /// The name and the colon of a member.
    bool memberName()
    {
        const std::size_t begin = at;
        if (at == text.size() || text[at] != '"')
            return fail("a name in quotes");
        if (!string())
            return false;
        if (reader.m_stack.size() == 1)
            rememberName(text.substr(begin + 1, at - begin - 2));
        at = skipSpace(text, at);
        if (at == text.size() || text[at] != ':')
            return fail("':'");
        at = skipSpace(text, at + 1);
        return true;
    }

    void rememberName(std::string_view inside)
    {
        name = inside;
        if (inside.find('\\') != std::string_view::npos) {
            std::string scratch;
            reader.m_names.emplace_back(jsonUnescape(inside, scratch));
            name = reader.m_names.back();
        }
    }

    /// A scalar, or the opening of a container. @p opened: a container is open and not empty.
    bool valueOrOpening(bool &opened)
    {
        opened = false;
        if (at == text.size())
            return fail("a value");
        switch (text[at]) {
        case '"': return string();
        case 't': return word("true");
        case 'f': return word("false");
        case 'n': return word("null");
        case '{':
        case '[': {
            const bool object = text[at] == '{';
            if (reader.m_stack.size() == JsonDepthMax) {
                failure = {What::TooDeep, at, "at most 1000 levels"};
                return false;
            }
            reader.m_stack.push_back(object ? 1 : 0);
            at = skipSpace(text, at + 1);
            if (at < text.size() && text[at] == (object ? '}' : ']')) {
                ++at;
                reader.m_stack.pop_back();
                return true;
            }
            opened = true;
            return !object || memberName();
        }
        default:
            if (text[at] == '-' || isDigit(text[at]))
                return number();
            return fail("a value");
        }
    }

    /// After a complete value: closings, then a comma and what precedes the next value. @p done: the document is
    /// complete.
    bool afterValue(bool &done)
    {
        done = false;
        for (;;) {
            auto &stack = reader.m_stack;
            if (stack.size() == 1 && stack[0] != 0)
                reader.m_members.push_back({name, text.substr(valueBegin, at - valueBegin)});
            if (stack.empty()) {
                done = true;
                return true;
            }
            const bool object = stack.back() != 0;
            at = skipSpace(text, at);
            if (at < text.size() && text[at] == ',') {
                at = skipSpace(text, at + 1);
                return !object || memberName();
            }
            if (at == text.size() || text[at] != (object ? '}' : ']'))
                return fail(object ? "',' or '}'" : "',' or ']'");
            ++at;
            stack.pop_back();
        }
    }

    bool document()
    {
        at = skipSpace(text, 0);
        if (at == text.size()) {
            failure = {What::Empty, 0, "a document"};
            return false;
        }
        const std::size_t begin = at;
        for (;;) {
            if (reader.m_stack.size() == 1)
                valueBegin = at;
            bool opened = false;
            if (!valueOrOpening(opened))
                return false;
            if (opened)
                continue;
            bool done = false;
            if (!afterValue(done))
                return false;
            if (done)
                break;
        }
        reader.m_document = text.substr(begin, at - begin);
        return true;
    }
};

JsonKind jsonKind(std::string_view raw)
{
    switch (raw.empty() ? 'n' : raw.front()) {
    case '{': return JsonKind::Object;
    case '[': return JsonKind::Array;
    case '"': return JsonKind::String;
    case 't': return JsonKind::True;
    case 'f': return JsonKind::False;
    case 'n': return JsonKind::Null;
    default: return JsonKind::Number;
    }
}

std::string JsonFailure::text() const
{
    const std::string place = " at byte " + std::to_string(offset);
    switch (what) {
    case What::None: return "";
    case What::Empty: return "no document";
    case What::Truncated: return "the document ends" + place + " where " + expected + " was expected";
    case What::Invalid: return std::string("expected ") + expected + place;
    case What::TooDeep: return std::string("expected ") + expected + ", exceeded" + place;
    case What::InvalidUtf8: return "not UTF-8" + place;
    }
    return "";
}

JsonFailure JsonReader::readPrefix(std::string_view text, std::size_t &end)
{
    m_document = {};
    m_members.clear();
    m_names.clear();
    m_stack.clear();
    Scan scan{*this, text};
    end = 0;
    if (!scan.document()) {
        m_members.clear();
        return scan.failure;
    }
    end = scan.at;
    return {};
}

JsonFailure JsonReader::read(std::string_view text)
{
    std::size_t end = 0;
    if (!isValidUtf8(text)) {
        m_document = {};
        m_members.clear();
        return {What::InvalidUtf8, validUtf8Prefix(text), "UTF-8"};
    }
    JsonFailure failure = readPrefix(text, end);
    if (!failure && skipSpace(text, end) != text.size()) {
        failure = {What::Invalid, skipSpace(text, end), "the end of the document"};
        m_members.clear();
    }
    return failure;
}

const JsonEntry *JsonReader::find(std::string_view name) const
{
    for (std::size_t i = m_members.size(); i-- > 0;) {
        if (m_members[i].name == name)
            return &m_members[i];
    }
    return nullptr;
}

JsonItems::JsonItems(std::string_view container) : m_text(container), m_at(skipSpace(container, 1)) {}

bool JsonItems::next(std::string_view &rawName, std::string_view &value)
{
    rawName = {};
    if (m_at >= m_text.size() || m_text[m_at] == '}' || m_text[m_at] == ']')
        return false;
    if (m_text.front() == '{') {
        const std::size_t begin = m_at + 1;
        m_at = stringEnd(m_text, m_at);
        rawName = m_text.substr(begin, m_at - 1 - begin);
        m_at = skipSpace(m_text, skipSpace(m_text, m_at) + 1);
    }
    const std::size_t begin = m_at;
    m_at = valueEnd(m_text, m_at);
    value = m_text.substr(begin, m_at - begin);
    m_at = skipSpace(m_text, m_at);
    if (m_text[m_at] == ',')
        m_at = skipSpace(m_text, m_at + 1);
    return true;
}

std::string_view jsonUnescape(std::string_view inside, std::string &scratch)
{
    std::size_t slash = inside.find('\\');
    if (slash == std::string_view::npos)
        return inside;
    scratch.clear();
    std::size_t plain = 0;
    while (slash != std::string_view::npos) {
        scratch.append(inside, plain, slash - plain);
        const char c = inside[slash + 1];
        std::size_t next = slash + 2;
        switch (c) {
        case 'b': scratch += '\b'; break;
        case 'f': scratch += '\f'; break;
        case 'n': scratch += '\n'; break;
        case 'r': scratch += '\r'; break;
        case 't': scratch += '\t'; break;
        case 'u': {
            std::uint32_t code = hex4(inside, slash + 2);
            next = slash + 6;
            if (code >= 0xD800 && code <= 0xDBFF && inside.substr(next, 2) == "\\u") {
                const std::uint32_t low = hex4(inside, next + 2);
                if (low >= 0xDC00 && low <= 0xDFFF) {
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                    next += 6;
                }
            }
            appendUtf8(scratch, code >= 0xD800 && code <= 0xDFFF ? 0xFFFDu : code);
            break;
        }
        default: scratch += c;
        }
        plain = next;
        slash = inside.find('\\', next);
    }
    scratch.append(inside, plain);
    return scratch;
}

std::string_view jsonText(std::string_view raw, std::string &scratch)
{
    return jsonUnescape(raw.substr(1, raw.size() - 2), scratch);
}

std::optional<std::string_view> jsonMember(std::string_view object, std::string_view name)
{
    std::optional<std::string_view> found;
    if (object.empty() || object.front() != '{')
        return found;
    JsonItems items(object);
    std::string_view rawName, value;
    std::string scratch;
    while (items.next(rawName, value)) {
        if (jsonUnescape(rawName, scratch) == name)
            found = value;
    }
    return found;
}

bool isJsonNumberText(std::string_view text)
{
    if (text.empty() || !(isDigit(text.front()) || text.front() == '-'))
        return false;
    JsonReader reader;
    std::size_t end = 0;
    return !reader.readPrefix(text, end) && end == text.size();
}

std::optional<double> jsonDouble(std::string_view number)
{
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (end != number.data() + number.size() || number.empty() || !(isDigit(number.back())))
        return std::nullopt;
    if (error == std::errc::result_out_of_range) {
        // Too large or too small: the sign of the exponent tells which.
        const std::size_t e = number.find_first_of("eE");
        const bool small = e != std::string_view::npos && e + 1 < number.size() && number[e + 1] == '-';
        return small ? 0.0 : number.front() == '-' ? -std::numeric_limits<double>::infinity()
                                                   : std::numeric_limits<double>::infinity();
    }
    return error == std::errc() ? std::optional(value) : std::nullopt;
}

namespace {

/// A decimal as its digits without zeros at either end, and the power of ten of the first of them.
struct Decimal {
    std::string digits;
    std::int64_t exponent = 0;
    bool negative = false;
    bool operator==(const Decimal &) const = default;
};

Decimal decimal(std::string_view number)
{
    constexpr std::int64_t ExponentMax = 1'000'000'000;
    Decimal out;
    std::size_t i = 0;
    if (number.front() == '-') {
        out.negative = true;
        ++i;
    }
    std::int64_t point = 0; // digits before the decimal point, leading zeros not counted
    bool behind = false;
    for (; i < number.size() && number[i] != 'e' && number[i] != 'E'; ++i) {
        if (number[i] == '.') {
            behind = true;
        } else if (out.digits.empty() && number[i] == '0') {
            point -= behind;
        } else {
            out.digits += number[i];
            point += !behind;
        }
    }
    std::int64_t exponent = 0;
    if (i < number.size()) {
        const std::size_t from = i + 1 + (number[i + 1] == '+');
        if (std::from_chars(number.data() + from, number.data() + number.size(), exponent).ec != std::errc())
            exponent = ExponentMax;
    }
    while (!out.digits.empty() && out.digits.back() == '0')
        out.digits.pop_back();
    out.exponent = out.digits.empty() ? 0 : point + std::clamp(exponent, -ExponentMax, ExponentMax);
    if (out.digits.empty())
        out.negative = false;
    return out;
}

} // namespace

bool doubleIsExact(std::string_view number, double value)
{
    if (number.size() <= 15 && number.find_first_of("eE") == std::string_view::npos)
        return true; // a double keeps 15 decimal digits (DBL_DIG)
    if (!std::isfinite(value))
        return false;
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    return decimal(number) == decimal({buffer, static_cast<std::size_t>(end - buffer)});
}

void appendJsonCompact(std::string &out, std::string_view valid)
{
    for (std::size_t at = 0; at < valid.size();) {
        const std::size_t begin = at;
        if (isSpace(valid[at])) {
            ++at;
            continue;
        }
        at = valid[at] == '"' ? stringEnd(valid, at) : at + 1;
        out.append(valid, begin, at - begin);
    }
}

bool isValidUtf8(std::string_view text)
{
    return simdjson::validate_utf8(text.data(), text.size());
}

std::size_t validUtf8Prefix(std::string_view text)
{
    // Only on the way to a dead letter: try each character by itself.
    std::size_t at = 0;
    while (at < text.size()) {
        const auto c = static_cast<unsigned char>(text[at]);
        const std::size_t length = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        if (length > 1 && (at + length > text.size() || !isValidUtf8(text.substr(at, length))))
            return at;
        at += length;
    }
    return at;
}

} // namespace eventops
