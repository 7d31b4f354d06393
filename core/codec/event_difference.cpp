// SPDX-License-Identifier: MIT
#include "core/codec/event_difference.h"

#include "core/base/json.h"
#include "core/codec/json_reader.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>

namespace eventops {
namespace {

/// @p value in one spelling: no white space between tokens, of escapes in texts only those that must be.
void appendOneSpelling(std::string &out, std::string_view value)
{
    std::string compact, scratch;
    appendJsonCompact(compact, value);
    for (std::size_t at = 0; at < compact.size();) {
        if (compact[at] != '"') {
            out += compact[at++];
            continue;
        }
        std::size_t end = at + 1;
        while (compact[end] != '"')
            end += compact[end] == '\\' ? 2 : 1;
        appendJsonString(out, jsonText(std::string_view(compact).substr(at, end + 1 - at), scratch));
        at = end + 1;
    }
}

/// The members of an object, the last of each name, their values in one spelling.
std::map<std::string, std::string> membersOf(std::string_view object)
{
    std::map<std::string, std::string> out;
    JsonItems items(object);
    std::string_view rawName, value;
    std::string name;
    while (items.next(rawName, value)) {
        std::string &text = out[std::string(jsonUnescape(rawName, name))];
        text.clear();
        appendOneSpelling(text, value);
    }
    return out;
}

/// Members of the object @p before that are not in @p after as they were.
void reportMembers(std::string_view field, std::string_view before, std::string_view after, LossReport &loss)
{
    if (before == after)
        return;
    const auto is = membersOf(after);
    for (const auto &[name, value] : membersOf(before)) {
        const auto found = is.find(name);
        if (found == is.end() || found->second != value)
            loss.items.push_back({std::string(field) + '.' + name, found == is.end() ? "dropped" : "changed"});
    }
}

} // namespace

bool readBack(CodecDecoder &decoder, std::string_view encoded, Batch &back)
{
    auto chunk = std::make_shared<RawChunk>();
    chunk->bytes.reserve(encoded.size() + RawPaddingBytes);
    chunk->bytes = encoded;
    back.clear();
    back.records.emplace_back().size = static_cast<std::uint32_t>(encoded.size());
    back.chunks.push_back(std::move(chunk));
    return !decoder.decode(back, 0) && back.events.size() == 1;
}

void reportDifference(const Batch &batch, const Event &event, const Batch &againBatch, const Event &again,
                      LossReport &loss)
{
    if (event.tsEvent != NoTime && again.tsEvent != event.tsEvent)
        loss.items.push_back({"ts_event", again.tsEvent == NoTime ? "dropped" : "changed"});
    if (event.severity != again.severity && event.severity != Severity::Unset)
        loss.items.push_back({"severity", again.severity == Severity::Unset ? "dropped" : "changed"});
    if (event.hasValue && (!again.hasValue || again.value != event.value))
        loss.items.push_back({"value", again.hasValue ? "changed" : "dropped"});
    for (std::size_t i = 0; i < FieldCount; ++i) {
        const auto field = static_cast<Field>(i);
        constexpr std::array Beside = {Field::Codec, Field::TsText, Field::Headers, Field::ContentType};
        if (event[field] == NoStr || std::find(Beside.begin(), Beside.end(), field) != Beside.end())
            continue;
        const std::string_view was = batch.text(event, field);
        const std::string_view is = again[field] == NoStr ? std::string_view() : againBatch.text(again, field);
        if (field == Field::Tags || field == Field::Attrs)
            reportMembers(toString(field), was, is, loss);
        else if (was != is)
            loss.items.push_back({std::string(toString(field)), again[field] == NoStr ? "dropped" : "changed"});
    }
}

} // namespace eventops
