// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/value.h"
#include "core/pipeline/spec.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Loads the file that a yaml_file field names; called with the scalar that holds the path.
using LoadFile = std::function<Result<Value>(const Value &path)>;

/// @p given checked against @p fields: unknown fields and wrong types are errors, defaults are filled in, members come
/// out in the order of @p fields. Nothing (null) counts as an empty map. Stages use it for the maps inside their settings.
/// @p what names the map in messages: `stage "enrich"`. @p load: null when no field is a yaml_file; a yaml_file may also
/// hold the content itself. Errors: InvalidConfig with the place. Complexity: O(members × fields).
Result<Value> checkSettings(const Value &given, std::span<const FieldSpec> fields, std::string_view what,
                            const LoadFile &load = nullptr);

/// The names within a small edit distance (insert, delete, replace, swap) of @p name, the nearest one; "" when none is.
std::string_view nearestName(std::string_view name, std::span<const std::string_view> known);

/// "did you mean "x"? known fields: a, b": the remedy for a name that nobody knows. @p kind: "fields".
std::string unknownNameRemedy(std::string_view name, std::span<const std::string_view> known, std::string_view kind);

/// Appends checked settings as canonical JSON: the same bytes for the same meaning (5m and 300s, 80 and 80.0).
void appendCanonicalJson(std::string &out, const Value &checked, std::span<const FieldSpec> fields);

/// The duration with the largest unit that gives a whole number: "5m", "1500ms".
std::string canonicalDuration(std::int64_t ns);

} // namespace eventops
