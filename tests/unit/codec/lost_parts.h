// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/json.h"
#include "core/codec/json_reader.h"
#include "core/model/batch.h"

#include <set>
#include <string>

namespace eventops::test {

/// A value without white space and escapes that need not be.
inline std::string spelled(std::string_view value)
{
    std::string out, name, text;
    const JsonKind kind = jsonKind(value);
    JsonItems items(kind == JsonKind::Object || kind == JsonKind::Array ? value : std::string_view());
    std::string_view rawName, inside;
    switch (kind) {
    case JsonKind::String: appendJsonString(out, jsonText(value, text)); break;
    case JsonKind::Object:
        while (items.next(rawName, inside)) {
            appendJsonString(out += out.empty() ? "{" : ",", jsonUnescape(rawName, name));
            out += ':' + spelled(inside);
        }
        return out.empty() ? "{}" : out + '}';
    case JsonKind::Array:
        while (items.next(rawName, inside))
            out += (out.empty() ? "[" : ",") + spelled(inside);
        return out.empty() ? "[]" : out + ']';
    default: return std::string(value);
    }
    return out;
}

/// The fields of @p before that are not in @p after as they were; members of tags and attrs each.
inline std::set<std::string> lost(const Batch &before, const Event &event, const Batch &after, const Event *again)
{
    std::set<std::string> out;
    if (event.tsEvent != NoTime && (again == nullptr || again->tsEvent != event.tsEvent))
        out.insert("ts_event");
    if (event.severity != Severity::Unset && (again == nullptr || again->severity != event.severity))
        out.insert("severity");
    if (event.hasValue && (again == nullptr || !again->hasValue || again->value != event.value))
        out.insert("value");
    for (std::size_t i = 0; i < FieldCount; ++i) {
        const auto field = static_cast<Field>(i);
        const bool beside =
            field == Field::Codec || field == Field::TsText || field == Field::Headers || field == Field::ContentType;
        if (beside || event[field] == NoStr)
            continue;
        const std::string is(again == nullptr || (*again)[field] == NoStr ? std::string_view()
                                                                          : after.text(*again, field));
        if (field != Field::Tags && field != Field::Attrs) {
            if (is != before.text(event, field))
                out.insert(std::string(toString(field)));
            continue;
        }
        JsonItems items(before.text(event, field));
        std::string_view name, value;
        std::string scratch;
        while (items.next(name, value)) {
            const std::string key(jsonUnescape(name, scratch));
            const std::string was = spelled(jsonMember(before.text(event, field), key).value_or(value));
            std::string now;
            if (const auto found = is.empty() ? std::nullopt : jsonMember(is, key))
                now = spelled(*found);
            if (was != now)
                out.insert(std::string(toString(field)) + '.' + key);
        }
    }
    return out;
}

} // namespace eventops::test
