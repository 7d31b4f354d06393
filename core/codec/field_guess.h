// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// A scalar of documents of one kind, at the same place in each.
struct SampledField {
    std::vector<std::string> names;       ///< Of the members that lead to it.
    std::string path;                     ///< As JsonPath reads it.
    std::vector<std::string_view> values; ///< JSON, of those documents that have it; views into them.
};

/// The scalars of @p elements, valid JSON objects, in the order in which they are first met; lists are not looked into.
/// O(bytes).
std::vector<SampledField> sampleFields(std::span<const std::string_view> elements);

/// What the values of an event's fields may come from, guessed by names and forms.
struct GuessedField {
    std::string field;    ///< "ts", "entity", …: a member of `map:`.
    std::string selector; ///< As YAML on one line.
};
std::vector<GuessedField> guessFields(std::span<const SampledField> fields);

/// How a time is read that is written as @p values say: "" by itself, else a format in the way of TimeFormat. Nothing:
/// they are no times.
std::optional<std::string> guessTimeFormat(std::span<const std::string_view> values);

/// @p text as a scalar of YAML, in quotes where it needs them.
std::string yamlScalar(std::string_view text);

} // namespace eventops
