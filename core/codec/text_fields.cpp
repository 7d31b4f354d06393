// SPDX-License-Identifier: MIT
#include "core/codec/text_fields.h"

#include "core/base/json.h"

#include <algorithm>

namespace eventops {

TextFields::TextFields(const std::vector<std::string> &patterns)
{
    for (const std::string &pattern : patterns) {
        RE2::Options options;
        options.set_log_errors(false);
        options.set_dot_nl(true);
        Pattern &compiled = m_patterns.emplace_back();
        compiled.expression = std::make_unique<RE2>(pattern, options);
        for (const auto &[index, name] : compiled.expression->CapturingGroupNames())
            compiled.groups.emplace_back(index, name);
        compiled.matches.resize(static_cast<std::size_t>(compiled.expression->NumberOfCapturingGroups()) + 1);
    }
}

bool TextFields::match(std::string_view text)
{
    const re2::StringPiece input(text.data(), text.size());
    for (Pattern &pattern : m_patterns) {
        if (!pattern.expression->Match(input, 0, text.size(), RE2::UNANCHORED, pattern.matches.data(),
                                       static_cast<int>(pattern.matches.size())))
            continue;
        m_fields.clear();
        JsonWriter json(m_fields);
        json.beginObject();
        for (const auto &[index, name] : pattern.groups) {
            const re2::StringPiece &match = pattern.matches[static_cast<std::size_t>(index)];
            if (match.data() != nullptr)
                json.field(name, std::string_view(match.data(), match.size()));
        }
        json.endObject();
        return true;
    }
    return false;
}

DecodeFailure TextFields::read(std::string_view text)
{
    if (!isValidUtf8(text))
        return lose(loss::InvalidUtf8, "not UTF-8 at byte " + std::to_string(validUtf8Prefix(text)));
    return match(text) ? DecodeFailure{}
                       : loseField(loss::PatternMismatch, "the record", text, "a match of the pattern");
}

} // namespace eventops
