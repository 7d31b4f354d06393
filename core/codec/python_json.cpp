// SPDX-License-Identifier: MIT
#include "core/codec/python_json.h"

#include "core/base/json.h"
#include "core/codec/json_reader.h"

#include <cmath>
#include <unordered_map>
#include <utility>
#include <vector>

namespace eventops {
namespace {

void appendUnit(std::string &out, std::uint32_t unit)
{
    constexpr char Digits[] = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
        out += Digits[(unit >> shift) & 15];
}

/// The code point at @p at of well-formed UTF-8; @p at moves behind it.
std::uint32_t codePoint(std::string_view text, std::size_t &at)
{
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) : 0x80u;
    };
    const std::uint32_t first = byte(at);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    std::uint32_t code = length == 1 ? first : first & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i)
        code = (code << 6) | (byte(at + i) & 0x3F);
    at += length;
    return code;
}

void appendNumber(std::string &out, std::string_view raw)
{
    if (raw.find_first_of(".eE") == std::string_view::npos) {
        out += raw == "-0" ? "0" : raw;
        return;
    }
    const double value = jsonDouble(raw).value_or(0.0);
    if (std::isinf(value))
        out += value > 0 ? "Infinity" : "-Infinity";
    else
        appendPythonFloat(out, value);
}

void appendObject(std::string &out, std::string_view object)
{
    std::vector<std::pair<std::string, std::string_view>> members;
    std::unordered_map<std::string, std::size_t> places; // looked up only, never walked
    JsonItems items(object);
    std::string_view name, value;
    std::string scratch;
    while (items.next(name, value)) {
        std::string text(jsonUnescape(name, scratch));
        const auto [it, fresh] = places.try_emplace(text, members.size());
        if (fresh)
            members.emplace_back(std::move(text), value);
        else
            members[it->second].second = value;
    }
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (i > 0)
            out += ", ";
        appendPythonString(out, members[i].first);
        out += ": ";
        appendPythonJson(out, members[i].second);
    }
    out += '}';
}

} // namespace

void appendPythonString(std::string &out, std::string_view text)
{
    out += '"';
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (static_cast<unsigned char>(c) >= 0x80) {
            const std::uint32_t code = codePoint(text, at);
            if (code >= 0x10000) {
                appendUnit(out, 0xD800 + ((code - 0x10000) >> 10));
                appendUnit(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
            } else {
                appendUnit(out, code);
            }
            continue;
        }
        ++at;
        switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
            if (static_cast<unsigned char>(c) < 0x20)
                appendUnit(out, static_cast<unsigned char>(c));
            else
                out += c;
        }
    }
    out += '"';
}

void appendPythonJson(std::string &out, std::string_view valid)
{
    std::string scratch;
    switch (jsonKind(valid)) {
    case JsonKind::Object:
        appendObject(out, valid);
        return;
    case JsonKind::Array: {
        JsonItems items(valid);
        std::string_view name, value;
        out += '[';
        for (bool first = true; items.next(name, value); first = false) {
            if (!first)
                out += ", ";
            appendPythonJson(out, value);
        }
        out += ']';
        return;
    }
    case JsonKind::String:
        appendPythonString(out, jsonText(valid, scratch));
        return;
    case JsonKind::Number:
        appendNumber(out, valid);
        return;
    default:
        out += valid;
    }
}

} // namespace eventops
