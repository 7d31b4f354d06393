// SPDX-License-Identifier: MIT
#include "core/session/letter_hint.h"

#include "core/codec/json_reader.h"
#include "core/codec/kcat.h"

namespace eventops {
namespace {

bool isObject(const std::string &text)
{
    JsonReader reader;
    return !reader.read(text) && reader.kind() == JsonKind::Object;
}

/// What its sender wrote.
std::string writtenText(const std::string &bytes)
{
    JsonReader reader;
    if (reader.read(bytes) || !looksLikeKcat(reader))
        return bytes;
    KcatMessage message;
    return message.read(reader) ? bytes : message.payload;
}

} // namespace

SplitDocument findSplitDocument(std::span<const LetterText> letters)
{
    std::string before;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        std::string text = writtenText(letters[i].bytes);
        if (i > 0 && isObject(before + '\n' + text))
            return {letters[i - 1].id, letters[i].id};
        if (i > 0 && isObject(text + '\n' + before)) // partitions are read in any order
            return {letters[i].id, letters[i - 1].id};
        before = std::move(text);
    }
    return {};
}

} // namespace eventops
