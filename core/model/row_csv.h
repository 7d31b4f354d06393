// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"

#include <string>
#include <string_view>

namespace eventops {

// Events as CSV (RFC 4180, UTF-8, line feeds): ts_event, severity (number), value, then every text field under its name
// as in toString(Field). The codec `csv` reads it back without loss:
//   - an absent field is an empty cell, an empty text a quoted one: ""
//   - a text that a spreadsheet would take for a formula (it begins with = + - @, tab or carriage return and is no
//     number) gets an apostrophe before it; a text that begins with apostrophes and then one of those gets one more
//   - numbers stay as their source wrote them: 9007199254740993, -0.0, 1e400
// Thread: any. Complexity: O(size of the row).

/// The header line with its line end.
void appendCsvHeader(std::string &out);
/// One row with its line end.
void appendEventCsv(std::string &out, const Batch &batch, const Event &event);
/// A text as a cell.
void appendCsvText(std::string &out, std::string_view text);
/// The text that appendCsvText was given, for the contents of a cell.
std::string_view csvOriginal(std::string_view cell);

/// Columns before the text fields.
inline constexpr std::string_view CsvFirstColumns[] = {"ts_event", "severity", "value"};

} // namespace eventops
