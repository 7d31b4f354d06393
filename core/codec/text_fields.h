// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/json_envelope.h"
#include "core/codec/mapping.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <re2/re2.h>

namespace eventops {

/// Takes a text apart by the patterns of a mapping: the named captures of the first one that matches, as a JSON object.
/// A record may have several lines: "." takes in line ends. Thread: one.
class TextFields
{
public:
    explicit TextFields(const std::vector<std::string> &patterns); ///< RE2, valid.
    /// InvalidUtf8, PatternMismatch.
    DecodeFailure read(std::string_view text);
    /// Does one of them match? @p text is UTF-8; fields() holds what it took apart.
    bool match(std::string_view text);
    const std::string &fields() const { return m_fields; }

private:
    struct Pattern {
        std::unique_ptr<RE2> expression;
        std::vector<std::pair<int, std::string>> groups;
        std::vector<re2::StringPiece> matches;
    };
    std::vector<Pattern> m_patterns;
    std::string m_fields;
};

} // namespace eventops
