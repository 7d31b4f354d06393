// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/model/sql_result.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops::lake {

/// One DuckDB database file, open, and one connection to it.
///
/// Thread: one at a time. Errors: Unavailable (no library), Busy (another process has it open for writing), Full,
/// Cancelled, LimitExceeded, Corrupt (not a database, or damaged), InvalidArgument (the SQL), Refused (what analysis
/// may not do).
class DuckDatabase
{
public:
    enum class Access : std::uint8_t {
        Write,    ///< The projection's own file; still without extensions.
        Analyse,  ///< Read-only, locked: no file, no network, no extension, no setting can be reached from SQL.
    };
    struct Options {
        Access access = Access::Analyse;
        unsigned threads = 1;
        std::uint64_t memoryBytesMax = 256u << 20;
    };
    /// @p path: created by Write when it is missing.
    static Result<std::unique_ptr<DuckDatabase>> open(const std::string &path, const Options &options);
    ~DuckDatabase();
    DuckDatabase(const DuckDatabase &) = delete;
    DuckDatabase &operator=(const DuckDatabase &) = delete;

    /// Our own statements, several at once, results thrown away. Write only.
    Status execute(const std::string &sql);
    /// The first value of our own query; 0 for NULL.
    Result<std::int64_t> integer(const std::string &sql);

    /// Statements that somebody wrote, one after the other; Analyse lets SELECT and EXPLAIN through. @p columns is
    /// called before the first row of each statement. @p row returns false to stop.
    Status query(std::string_view sql, const SqlLimits &limits,
                 const std::function<void(const std::vector<SqlColumn> &)> &columns,
                 const std::function<bool(SqlRow &)> &row);

private:
    friend class DuckAppender;
    struct Handles;
    explicit DuckDatabase(std::unique_ptr<Handles> handles);
    const std::unique_ptr<Handles> m_handles;
};

/// Appends rows to a table, some two thousand at once. Nothing is in the table before `flush`, and nothing for good
/// before the transaction around it commits. Texts are made valid UTF-8. Thread: its database's.
class DuckAppender
{
public:
    static Result<std::unique_ptr<DuckAppender>> open(DuckDatabase &database, const std::string &table);
    ~DuckAppender();

    // The present row's columns; each at most once a row, one left out is NULL.
    void time(std::size_t column, WallNs value); ///< TIMESTAMP: microseconds. NoTime is NULL.
    void number(std::size_t column, double value);
    void text(std::size_t column, std::string_view value);
    void map(std::size_t column, const std::vector<std::pair<std::string, std::string>> &value);
    Status endRow();
    Status flush();

private:
    struct State;
    explicit DuckAppender(std::unique_ptr<State> state);
    Status send();
    const std::unique_ptr<State> m_state;
};

/// 'text' as SQL writes it.
std::string sqlText(std::string_view text);

} // namespace eventops::lake
