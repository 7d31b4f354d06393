// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

// Reading CSV (RFC 4180) as core/model/row_csv.h writes it. Thread: any.

/// True: the first line of @p head, after a byte order mark, is the header of an export.
bool looksLikeCsv(std::string_view head);

/// A cell of a record: contents without quotes, doubled quotes resolved.
struct CsvCell {
    std::string text;
    bool quoted = false;
};
/// The cells of one record without its line end. Nothing: a quote is where none may be. Keeps the memory of @p cells.
bool readCsvRecord(std::string_view record, std::vector<CsvCell> &cells);

/// How far a record reaches that may hold line ends between quotes. Keeps its place, so every byte is looked at once.
class CsvLineEnd
{
public:
    /// Place of the line feed that ends the record, looking at @p text from where the last call stopped.
    std::optional<std::size_t> find(std::string_view text, std::size_t from);
    void reset() { m_quoted = false; }

private:
    bool m_quoted = false;
};

} // namespace eventops
