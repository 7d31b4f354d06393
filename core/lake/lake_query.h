// SPDX-License-Identifier: MIT
#pragma once

#include "core/lake/duckdb_connection.h"
#include "core/lake/lake_writer.h"

#include <string>
#include <vector>

namespace eventops::lake {

/// What can be said of a lake without asking for its lock.
struct LakeStatus {
    std::string missing;      ///< Why there can be no lake: DuckDB is not there. Empty: it is.
    std::string library;      ///< "v1.4.4 (/usr/lib/…)"
    bool published = false;   ///< There is a file to ask.
    LakeMark mark;            ///< Of that file.
    std::uint64_t bytes = 0;  ///< Of that file.
    std::vector<std::string> damaged; ///< Set aside earlier; a person may remove them.
};
LakeStatus lakeStatus(const LakePaths &paths);
/// What was set aside as damaged, by name.
std::vector<std::string> damagedFiles(const LakePaths &paths);

struct AnalysisOptions {
    unsigned threads = 1;
    std::uint64_t memoryBytesMax = 512u << 20;
};

/// Analysis SQL over the published copy. It reads tables and nothing else: no files, no network, no extensions, no
/// settings, no other databases; see DuckDatabase::Access::Analyse. Works beside a writing engine. Thread: any.
/// Errors: NotFound (no lake yet), and DuckDatabase's.
Status queryLake(const LakePaths &paths, std::string_view sql, const SqlLimits &limits,
                 const AnalysisOptions &options, const std::function<void(const std::vector<SqlColumn> &)> &columns,
                 const std::function<bool(SqlRow &)> &row);
Result<std::vector<SqlTable>> lakeTables(const LakePaths &paths);

/// Writes rows of any SQL result as one Parquet file: columns in which every value is a number become BIGINT or DOUBLE,
/// truth values BOOLEAN, all else VARCHAR. Replaces @p path whole or not at all. Unavailable, Io, Full.
Status writeParquet(const std::string &path, const std::vector<SqlColumn> &columns, const std::vector<SqlRow> &rows);

} // namespace eventops::lake
