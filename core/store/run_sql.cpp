// SPDX-License-Identifier: MIT
//
// Read-only SQL over a ledger. Several layers refuse writing, each enough by itself: the file is opened read-only, the
// connection is query_only, and an authorizer lets nothing pass but reading.
#include "core/base/json.h"
#include "core/store/ledger.h"
#include "core/store/schema.h"
#include "core/store/sqlite.h"
#include "core/store/sqlite_ledger.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>

namespace eventops {
namespace {

constexpr int BusyTimeoutMs = 10'000;
constexpr int SqlBytesMax = 1 << 20;
constexpr int ValueBytesMax = 256 << 20;
constexpr int ProgressSteps = 20'000; ///< Of SQLite's machine, between two looks at the limits.
constexpr std::array<std::string_view, 8> Pragmas = {
    "table_info", "table_xinfo",   "table_list",    "index_list",
    "index_info", "database_list", "function_list", "collation_list",
};
constexpr std::array<std::string_view, 6> BannedFunctions = {
    "load_extension", "readfile", "writefile", "edit", "fts3_tokenizer", "fsdir",
};

bool contains(const auto &list, const char *name)
{
    return name != nullptr && std::any_of(list.begin(), list.end(), [&](std::string_view entry) {
               return sqlite3_stricmp(std::string(entry).c_str(), name) == 0;
           });
}

int authorize(void *, int action, const char *first, const char *second, const char *, const char *)
{
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_FUNCTION: return contains(BannedFunctions, second) ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA: return contains(Pragmas, first) ? SQLITE_OK : SQLITE_DENY;
    default: return SQLITE_DENY;
    }
}

/// "file:" URI of a path: everything but unreserved characters is percent-encoded (RFC 3986).
std::string uriOf(const std::string &path)
{
    constexpr char Digits[] = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '-'
            || c == '.' || c == '_' || c == '~')
            uri += c;
        else {
            uri += '%';
            uri += Digits[byte >> 4];
            uri += Digits[byte & 15];
        }
    }
    return uri + "?mode=ro";
}

SqlCell cellOf(sqlite3_stmt *statement, int i)
{
    const auto text = [&] {
        const void *data = sqlite3_column_blob(statement, i);
        return std::string_view(static_cast<const char *>(data),
                                data == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(statement, i)));
    };
    switch (sqlite3_column_type(statement, i)) {
    case SQLITE_INTEGER: return {SqlCell::Kind::Number, std::to_string(sqlite3_column_int64(statement, i))};
    case SQLITE_FLOAT: {
        SqlCell cell{SqlCell::Kind::Number, {}};
        const double value = sqlite3_column_double(statement, i);
        appendJsonNumber(cell.text, value);
        if (cell.text == "null") // JSON has no infinity
            cell = {};
        return cell;
    }
    case SQLITE_NULL: return {};
    case SQLITE_BLOB: {
        constexpr char Digits[] = "0123456789abcdef";
        std::string hex;
        for (const char c : text()) {
            hex += Digits[static_cast<unsigned char>(c) >> 4];
            hex += Digits[static_cast<unsigned char>(c) & 15];
        }
        return {SqlCell::Kind::Text, std::move(hex)};
    }
    default: return {SqlCell::Kind::Text, std::string(text())};
    }
}

/// The columns of a statement that stands on its first row, or at its end.
std::vector<SqlColumn> columnsOf(sqlite3_stmt *statement, bool onRow)
{
    std::vector<SqlColumn> columns;
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const char *name = sqlite3_column_name(statement, i);
        const char *declared = sqlite3_column_decltype(statement, i);
        std::string type = declared != nullptr ? declared : "";
        if (type.empty() && onRow) {
            const int stored = sqlite3_column_type(statement, i);
            type = stored == SQLITE_INTEGER ? "INTEGER" : stored == SQLITE_FLOAT ? "REAL"
                   : stored == SQLITE_NULL  ? ""        : stored == SQLITE_BLOB  ? "BLOB"
                                                                                 : "TEXT";
        }
        columns.push_back({name != nullptr ? name : "", std::move(type)});
    }
    return columns;
}

Result<sqlite::Database> openReadOnly(const std::string &directory)
{
    const std::filesystem::path path = std::filesystem::path(directory) / "ledger.db";
    std::error_code failed;
    if (!std::filesystem::exists(path, failed))
        return Error{Error::Code::NotFound, "no ledger in " + directory, {}, "name a workspace that was used before"};
    sqlite::Database database = EVENTOPS_TRY(sqlite::Database::open(":memory:", SQLITE_OPEN_READWRITE, BusyTimeoutMs));
    EVENTOPS_TRY(registerEventTable(database));
    sqlite::Statement attach = EVENTOPS_TRY(database.prepare("ATTACH ? AS karma"));
    const std::string uri = uriOf(std::filesystem::absolute(path).string());
    EVENTOPS_TRY(attach.bind(1, uri).run());
    const std::int64_t application = EVENTOPS_TRY(database.integer("PRAGMA karma.application_id"));
    if (application != ApplicationId)
        return Error{Error::Code::Refused, "ledger.db is no ledger", {}, "name another workspace"};
    EVENTOPS_TRY(database.execute("PRAGMA query_only = ON"));
    EVENTOPS_TRY(database.execute("PRAGMA temp_store = MEMORY"));
    sqlite3 *handle = database.handle();
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
    sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, SqlBytesMax);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, ValueBytesMax);
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 1);
    // Connects the virtual table now: declaring its columns counts as creating a table, which is refused from here on.
    EVENTOPS_TRY(database.integer("SELECT count(*) FROM pragma_table_info('event', 'karma')"));
    sqlite3_set_authorizer(handle, authorize, nullptr);
    return database;
}

/// When a query must end.
struct Watch {
    const SqlLimits &limits;
    const std::string log; ///< The write-ahead log, for `holdsUp`.
    std::chrono::steady_clock::time_point statement = std::chrono::steady_clock::now(); ///< When it began.
    const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

    bool stopped() const { return limits.stop != nullptr && limits.stop->load(); }
    bool late() const
    {
        return limits.timeNsMax > 0
               && std::chrono::steady_clock::now() - start > std::chrono::nanoseconds(limits.timeNsMax);
    }
    /// True: the statement has kept an old state for long, and the engine has written much meanwhile.
    bool holdsUp() const
    {
        if (std::chrono::steady_clock::now() - statement <= SnapshotTimeMax)
            return false;
        std::error_code failed;
        const std::uintmax_t bytes = std::filesystem::file_size(log, failed);
        return !failed && bytes > SqlLogBytesMax;
    }
    Error error() const
    {
        if (!stopped() && !late())
            return Error{Error::Code::LimitExceeded,
                         "the query kept an old state of the ledger for more than "
                             + std::to_string(SnapshotTimeMax.count())
                             + " s while the write-ahead log grew to more than "
                             + std::to_string(SqlLogBytesMax >> 20) + " MiB",
                         {},
                         "ask for less, ask the lake, or ask a copy made with eventops backup"};
        if (stopped())
            return Error{Error::Code::Cancelled, "the query was stopped"};
        return Error{Error::Code::LimitExceeded, "the query took longer than it may", {}, "ask for less"};
    }
};

struct Callbacks {
    const std::function<void(const std::vector<SqlColumn> &)> &columns;
    const std::function<bool(SqlRow &)> &row;
};

/// Runs one statement, or nothing when only white space is left; moves @p tail on. @p left: rows that may still come.
Status runOne(sqlite::Database &database, std::string_view &tail, const Watch &watch, const Callbacks &callbacks,
              std::uint64_t &left)
{
    struct Finalizer {
        sqlite3_stmt *statement = nullptr;
        ~Finalizer() { sqlite3_finalize(statement); }
    } owned;
    const char *rest = nullptr;
    if (sqlite3_prepare_v2(database.handle(), tail.data(), static_cast<int>(tail.size()), &owned.statement, &rest)
        != SQLITE_OK)
        return database.lastError("sql");
    tail.remove_prefix(static_cast<std::size_t>(rest - tail.data()));
    if (owned.statement == nullptr)
        return Ok{};
    if (sqlite3_stmt_readonly(owned.statement) == 0)
        return Error{Error::Code::Refused, "sql: only reading is allowed", {}, {}};
    const int count = sqlite3_column_count(owned.statement);
    for (bool first = true;; first = false) {
        const int code = sqlite3_step(owned.statement);
        if (first && (code == SQLITE_ROW || code == SQLITE_DONE) && count > 0)
            callbacks.columns(columnsOf(owned.statement, code == SQLITE_ROW));
        if (code == SQLITE_DONE)
            return Ok{};
        if (code == SQLITE_INTERRUPT)
            return watch.error();
        if (code != SQLITE_ROW)
            return database.lastError("sql");
        SqlRow row;
        row.reserve(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i)
            row.push_back(cellOf(owned.statement, i));
        if (watch.holdsUp())
            return watch.error();
        if (left == 0 || !callbacks.row(row) || --left == 0) {
            left = 0;
            return Ok{};
        }
    }
}

int mustEnd(void *watch)
{
    const auto &given = *static_cast<const Watch *>(watch);
    return given.stopped() || given.late() || given.holdsUp() ? 1 : 0;
}

} // namespace

Status querySql(const std::string &directory, std::string_view sql, const SqlLimits &limits,
                const std::function<void(const std::vector<SqlColumn> &)> &columns,
                const std::function<bool(SqlRow &)> &row)
{
    if (sql.size() > SqlBytesMax)
        return Error{Error::Code::LimitExceeded,
                     "the SQL text is longer than " + std::to_string(SqlBytesMax) + " bytes",
                     {},
                     {}};
    sqlite::Database database = EVENTOPS_TRY(openReadOnly(directory));
    Watch watch{limits, directory + "/ledger.db-wal"};
    sqlite3_progress_handler(database.handle(), ProgressSteps, mustEnd, &watch);
    std::uint64_t left = limits.rowsMax;
    while (!sql.empty() && left > 0) {
        watch.statement = std::chrono::steady_clock::now();
        EVENTOPS_TRY(runOne(database, sql, watch, {columns, row}, left));
    }
    return Ok{};
}

Status runSql(const std::string &directory, std::string_view sql,
              const std::function<bool(std::string_view jsonRow)> &row)
{
    std::vector<SqlColumn> columns;
    std::string line;
    return querySql(
        directory, sql, {}, [&](const std::vector<SqlColumn> &shape) { columns = shape; },
        [&](SqlRow &cells) {
            line.clear();
            appendSqlRowJson(line, columns, cells);
            return row(line);
        });
}

Result<std::vector<SqlTable>> ledgerTables(const std::string &directory)
{
    std::vector<SqlTable> tables;
    EVENTOPS_TRY(querySql(
        directory,
        "SELECT m.name, m.type, c.name, c.type FROM karma.sqlite_master AS m, pragma_table_info(m.name, 'karma') AS c "
        "WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%' AND m.name NOT IN ('event_block', "
        "'raw_block', 'dedupe_page', 'dedupe_run', 'dead_letter_part', 'checkpoint', 'meta') ORDER BY m.name, c.cid",
        {}, [](const std::vector<SqlColumn> &) {}, [&](SqlRow &row) {
            if (tables.empty() || tables.back().name != row[0].text)
                tables.push_back({"karma", row[0].text, row[1].text, {}});
            tables.back().columns.push_back({row[2].text, row[3].text});
            return true;
        }));
    return tables;
}

} // namespace eventops
