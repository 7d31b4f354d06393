// SPDX-License-Identifier: MIT
#include "core/session/sql_export.h"

#include "core/lake/files.h"
#include "core/lake/lake_query.h"

#include <cstdio>
#include <filesystem>
#include <memory>

namespace eventops {
namespace {

constexpr std::size_t WriteBytesMax = 1u << 20; ///< Gathered before a write.

} // namespace

Result<SqlFileFormat> sqlFileFormat(const std::string &path)
{
    const std::string ending = std::filesystem::path(path).extension().string();
    if (ending == ".csv")
        return SqlFileFormat::Csv;
    if (ending == ".json" || ending == ".ndjson")
        return SqlFileFormat::Json;
    if (ending == ".parquet")
        return SqlFileFormat::Parquet;
    return Error{Error::Code::InvalidArgument, "the file's name tells no format", {path, 0, 0},
                 "end it with .csv, .json or .parquet"};
}

Status exportSqlRows(const std::string &path, SqlFileFormat format, const std::vector<SqlColumn> &columns,
                     const std::vector<SqlRow> &rows)
{
    if (format == SqlFileFormat::Parquet)
        return lake::writeParquet(path, columns, rows);
    const std::string beside = path + ".new";
    struct Close {
        void operator()(std::FILE *file) const { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, Close> file(std::fopen(beside.c_str(), "wbe"));
    if (file == nullptr)
        return lake::fileError("cannot write", beside);
    std::string text;
    bool good = true;
    const auto flush = [&] {
        good = good && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
        text.clear();
    };
    if (format == SqlFileFormat::Csv)
        appendSqlHeadCsv(text, columns);
    for (const SqlRow &row : rows) {
        if (format == SqlFileFormat::Csv) {
            appendSqlRowCsv(text, row);
        } else {
            appendSqlRowJson(text, columns, row);
            text += '\n';
        }
        if (text.size() >= WriteBytesMax)
            flush();
    }
    flush();
    good = good && std::fflush(file.get()) == 0;
    const Status synced = good ? lake::syncPath(beside) : Status(lake::fileError("cannot write", beside));
    file.reset();
    if (!synced || std::rename(beside.c_str(), path.c_str()) != 0) {
        const Error error = synced ? lake::fileError("cannot write", path) : synced.error();
        std::remove(beside.c_str());
        return error;
    }
    return Ok{};
}

} // namespace eventops
