// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace eventops {

/// A dead letter's bytes as kept, whole.
struct LetterText {
    std::int64_t id = 0;
    std::string bytes;
};

/// Two dead letters next to each other, either way round, that are one JSON object together: a document that was
/// written over two lines into something that takes a record a line (kcat -P does). O(letters × length).
struct SplitDocument {
    std::int64_t first = 0, second = 0; ///< Ids in the order of the text; 0: none found.
    explicit operator bool() const { return first != 0; }
};

/// @p letters in order of arrival. Messages as kcat prints them are looked at by their payloads. Thread: any.
SplitDocument findSplitDocument(std::span<const LetterText> letters);

} // namespace eventops
