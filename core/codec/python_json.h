// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace eventops {

// What Python's json.dumps writes with its defaults (contracts 3.2): ", " and ": " as separators, ASCII only, floats by
// repr. Two of the wires were born there, and their bytes are compared.

/// @p text (UTF-8) as a JSON string; what is not ASCII as \uXXXX.
void appendPythonString(std::string &out, std::string_view text);

/// json.dumps(json.loads(@p valid)): of equal names the first place and the last value stay.
/// @p valid: a JSON value that JsonReader or a codec has validated. O(length).
void appendPythonJson(std::string &out, std::string_view valid);

} // namespace eventops
