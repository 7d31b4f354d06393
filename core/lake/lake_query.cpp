// SPDX-License-Identifier: MIT
#include "core/lake/lake_query.h"

#include "core/lake/duckdb_library.h"
#include "core/lake/files.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace eventops::lake {
namespace {

Result<std::unique_ptr<DuckDatabase>> openPublished(const LakePaths &paths, const AnalysisOptions &options)
{
    EVENTOPS_TRY(DuckDbLibrary::load());
    std::error_code failed;
    if (!std::filesystem::exists(paths.published(), failed))
        return Error{Error::Code::NotFound, "there is no lake in this workspace yet", {paths.published(), 0, 0},
                     "make it with: eventops lake build"};
    DuckDatabase::Options open;
    open.access = DuckDatabase::Access::Analyse;
    open.threads = options.threads;
    open.memoryBytesMax = options.memoryBytesMax;
    return DuckDatabase::open(paths.published(), open);
}

Status readPublishedMark(const LakePaths &paths, LakeMark &mark)
{
    const auto database = EVENTOPS_TRY(openPublished(paths, {}));
    const auto number = [&](const char *sql, std::uint64_t &value) -> Status {
        value = static_cast<std::uint64_t>(EVENTOPS_TRY(database->integer(sql)));
        return Ok{};
    };
    EVENTOPS_TRY(number("SELECT events FROM lake.mark", mark.events));
    EVENTOPS_TRY(number("SELECT findings FROM lake.mark", mark.findings));
    EVENTOPS_TRY(number("SELECT count(*) FROM metrics", mark.metricRows));
    EVENTOPS_TRY(number("SELECT count(*) FROM alerts", mark.alertRows));
    return number("SELECT count(*) FROM lake.part", mark.parts);
}

std::string quotedName(std::string_view name)
{
    std::string out = "\"";
    for (const char c : name) {
        out += c;
        if (c == '"')
            out += c;
    }
    return out + '"';
}

/// The type of a column of a Parquet file, from what is in it.
const char *parquetType(const std::vector<SqlRow> &rows, std::size_t column)
{
    bool numbers = true, whole = true, truths = true, empty = true;
    for (const SqlRow &row : rows) {
        const SqlCell &cell = row[column];
        if (cell.kind == SqlCell::Kind::Null)
            continue;
        empty = false;
        numbers = numbers && cell.kind == SqlCell::Kind::Number;
        truths = truths && cell.kind == SqlCell::Kind::Boolean;
        whole = whole && cell.text.find_first_of(".eE") == std::string::npos && cell.text.size() < 19;
    }
    if (empty)
        return "VARCHAR";
    return numbers ? (whole ? "BIGINT" : "DOUBLE") : truths ? "BOOLEAN" : "VARCHAR";
}

} // namespace

LakeStatus lakeStatus(const LakePaths &paths)
{
    LakeStatus status;
    const auto library = DuckDbLibrary::load();
    if (library)
        status.library = library.value()->version() + " (" + library.value()->path() + ')';
    else
        status.missing = library.error().text();
    std::error_code failed;
    status.published = std::filesystem::exists(paths.published(), failed);
    if (status.published) {
        const std::uintmax_t size = std::filesystem::file_size(paths.published(), failed);
        status.bytes = failed ? 0 : size;
        static_cast<void>(readPublishedMark(paths, status.mark)); // zeros say as much
    }
    status.damaged = damagedFiles(paths);
    return status;
}

std::vector<std::string> damagedFiles(const LakePaths &paths)
{
    std::vector<std::string> damaged;
    std::error_code failed;
    for (const auto &entry : std::filesystem::directory_iterator(paths.directory, failed)) {
        if (entry.path().filename().string().find(".damaged-") != std::string::npos)
            damaged.push_back(entry.path().string());
    }
    std::sort(damaged.begin(), damaged.end());
    return damaged;
}

Status queryLake(const LakePaths &paths, std::string_view sql, const SqlLimits &limits,
                 const AnalysisOptions &options, const std::function<void(const std::vector<SqlColumn> &)> &columns,
                 const std::function<bool(SqlRow &)> &row)
{
    const auto database = EVENTOPS_TRY(openPublished(paths, options));
    return database->query(sql, limits, columns, row);
}

Result<std::vector<SqlTable>> lakeTables(const LakePaths &paths)
{
    const auto database = EVENTOPS_TRY(openPublished(paths, {}));
    std::vector<SqlTable> tables;
    EVENTOPS_TRY(database->query(
        "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema IN ('main', 'lake') ORDER BY table_schema DESC, table_name, ordinal_position",
        {}, [](const std::vector<SqlColumn> &) {}, [&](SqlRow &row) {
            const std::string schema = row[0].text == "main" ? "" : row[0].text;
            if (tables.empty() || tables.back().schema != schema || tables.back().name != row[1].text)
                tables.push_back({schema, row[1].text, "table", {}});
            tables.back().columns.push_back({row[2].text, row[3].text});
            return true;
        }));
    return tables;
}

Status writeParquet(const std::string &path, const std::vector<SqlColumn> &columns, const std::vector<SqlRow> &rows)
{
    DuckDatabase::Options options;
    options.access = DuckDatabase::Access::Write;
    const auto database = EVENTOPS_TRY(DuckDatabase::open(":memory:", options));
    std::string create = "CREATE TABLE result(", select;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const std::string name = 'c' + std::to_string(i);
        create += (i > 0 ? ", " : "") + name + " VARCHAR";
        std::string shown = columns[i].name;
        for (std::size_t k = 0; k < i; ++k) // Parquet wants every name once
            shown += columns[k].name == columns[i].name ? "_" : "";
        select += (i > 0 ? ", " : "") + std::string("CAST(") + name + " AS " + parquetType(rows, i) + ") AS "
                  + quotedName(shown);
    }
    if (columns.empty())
        return Error{Error::Code::InvalidArgument, "there is no result to write"};
    EVENTOPS_TRY(database->execute(create + ')'));
    {
        const auto appender = EVENTOPS_TRY(DuckAppender::open(*database, "result"));
        for (const SqlRow &row : rows) {
            for (std::size_t i = 0; i < row.size() && i < columns.size(); ++i) {
                if (row[i].kind != SqlCell::Kind::Null)
                    appender->text(i, row[i].text);
            }
            EVENTOPS_TRY(appender->endRow());
        }
        EVENTOPS_TRY(appender->flush());
    }
    const std::string beside = path + ".new";
    EVENTOPS_TRY(database->execute("COPY (SELECT " + select + " FROM result) TO " + sqlText(beside)
                                   + " (FORMAT parquet, COMPRESSION zstd)"));
    EVENTOPS_TRY(syncPath(beside));
    if (std::rename(beside.c_str(), path.c_str()) != 0)
        return fileError("cannot write", path);
    return Ok{};
}

} // namespace eventops::lake
