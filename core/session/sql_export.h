// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/sql_result.h"

#include <string>
#include <vector>

namespace eventops {

/// Rows of an SQL result as a file.
enum class SqlFileFormat : std::uint8_t {
    Csv,     ///< RFC 4180 with a head line; texts that a spreadsheet would take for a formula are neutralised.
    Json,    ///< One object a line.
    Parquet, ///< Unavailable without DuckDB.
};

/// Replaces @p path whole or not at all. Thread: any; it writes to the disk, so not the UI's. Io, Full, Unavailable.
Status exportSqlRows(const std::string &path, SqlFileFormat format, const std::vector<SqlColumn> &columns,
                     const std::vector<SqlRow> &rows);

/// By its ending: .csv, .json, .ndjson, .parquet. InvalidArgument: another one.
Result<SqlFileFormat> sqlFileFormat(const std::string &path);

} // namespace eventops
