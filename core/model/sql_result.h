// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// A column of an SQL result as its database names it.
struct SqlColumn {
    std::string name;
    std::string type; ///< "BIGINT", "TIMESTAMP", "MAP(VARCHAR, VARCHAR)"; empty: the database does not say.
};

/// One value as text. Numbers stand as their database writes them, never rounded on the way.
struct SqlCell {
    enum class Kind : std::uint8_t {
        Null,
        Boolean, ///< "true", "false"
        Number,  ///< A number of JSON.
        Text,
        Json,    ///< An array or object.
    };
    Kind kind = Kind::Null;
    std::string text;
};
using SqlRow = std::vector<SqlCell>;

/// What a query may cost and when it ends before its time.
struct SqlLimits {
    std::uint64_t rowsMax = UINT64_MAX;      ///< Reaching it is no error: the query just ends.
    std::int64_t timeNsMax = 0;              ///< Then it fails with LimitExceeded. 0: none.
    const std::atomic<bool> *stop = nullptr; ///< Set by any thread; then it soon fails with Cancelled.
};

/// A table or view that can be asked.
struct SqlTable {
    std::string schema; ///< Goes before the name when it is not empty.
    std::string name;
    std::string kind;   ///< "table", "view"
    std::vector<SqlColumn> columns;
};

/// Appends @p row as one JSON object on one line, without a line end. A column name that comes twice comes twice.
void appendSqlRowJson(std::string &out, const std::vector<SqlColumn> &columns, const SqlRow &row);

/// Appends @p row (or, by @p columns, the head line) as CSV by RFC 4180 with its line end. Texts that a spreadsheet
/// would take for a formula (=, +, -, @, tab or carriage return in front) get a ' in front; numbers stay as they are.
void appendSqlHeadCsv(std::string &out, const std::vector<SqlColumn> &columns);
void appendSqlRowCsv(std::string &out, const SqlRow &row);

} // namespace eventops
