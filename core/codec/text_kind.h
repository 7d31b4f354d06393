// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// What the beginning of a file that is no JSON is.
struct TextKind {
    std::string codec;     ///< "log", "prometheus", or a format that reads documents of YAML.
    std::string start;     ///< RE2: the first line of a record; empty: a record is a line.
    bool document = false; ///< The whole file is one record.
};

/// Nothing: lines that no format of text knows. @p whole: @p head is the whole file, else a last line without its end
/// is left out of account. O(length of @p head).
std::optional<TextKind> textKind(std::string_view head, bool whole);

} // namespace eventops
