// SPDX-License-Identifier: MIT
#include "core/store/sqlite.h"

#include "core/store/page_vfs.h"

#include <sqlite3.h>

#include <cassert>
#include <utility>

namespace eventops::sqlite {

Error errorFor(int code, std::string_view what, std::string_view message)
{
    Error error{Error::Code::Io, std::string(what) + ": " + std::string(message), {}, {}};
    if (code == SQLITE_IOERR_SHMSIZE) // the index of the write-ahead log cannot grow
        code = SQLITE_FULL;
    if (code == SQLITE_IOERR_DATA) {
        error.message = std::string(what) + ": page " + std::to_string(lastDamagedPage())
                        + " does not agree with its checksum";
        code = SQLITE_CORRUPT;
    }
    switch (code & 0xff) {
    case SQLITE_FULL:
        error.code = Error::Code::Full;
        error.remedy = "free some space and run again; nothing was lost";
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        error.code = Error::Code::Corrupt;
        error.remedy = "the next eventops replay sets the damaged ledger aside and begins a new one";
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        error.code = Error::Code::Busy;
        error.remedy = "another process is writing; try again";
        break;
    case SQLITE_AUTH:
    case SQLITE_READONLY:
    case SQLITE_PERM: error.code = Error::Code::Refused; break;
    case SQLITE_ERROR:
    case SQLITE_RANGE:
    case SQLITE_MISUSE: error.code = Error::Code::InvalidArgument; break;
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM: error.code = Error::Code::LimitExceeded; break;
    case SQLITE_INTERRUPT: error.code = Error::Code::Cancelled; break;
    default: break;
    }
    return error;
}

Statement::Statement(Statement &&other) noexcept : m_statement(std::exchange(other.m_statement, nullptr)) {}

Statement &Statement::operator=(Statement &&other) noexcept
{
    std::swap(m_statement, other.m_statement);
    return *this;
}

Statement::~Statement()
{
    sqlite3_finalize(m_statement);
}

Statement &Statement::bind(int index, std::int64_t value)
{
    sqlite3_bind_int64(m_statement, index, value);
    return *this;
}

Statement &Statement::bindUnsigned(int index, std::uint64_t value)
{
    return bind(index, static_cast<std::int64_t>(value));
}

Statement &Statement::bind(int index, double value)
{
    sqlite3_bind_double(m_statement, index, value);
    return *this;
}

Statement &Statement::bind(int index, std::string_view text)
{
    sqlite3_bind_text64(m_statement, index, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_STATIC,
                        SQLITE_UTF8);
    return *this;
}

Statement &Statement::bindBlob(int index, std::string_view bytes)
{
    sqlite3_bind_blob64(m_statement, index, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
    return *this;
}

Statement &Statement::bindNull(int index)
{
    sqlite3_bind_null(m_statement, index);
    return *this;
}

Result<bool> Statement::step()
{
    const int code = sqlite3_step(m_statement);
    if (code == SQLITE_ROW)
        return true;
    if (code == SQLITE_DONE) {
        sqlite3_reset(m_statement);
        return false;
    }
    const int extended = sqlite3_extended_errcode(sqlite3_db_handle(m_statement));
    Error error = errorFor(extended, "ledger", sqlite3_errmsg(sqlite3_db_handle(m_statement)));
    sqlite3_reset(m_statement);
    return error;
}

Status Statement::run()
{
    while (EVENTOPS_TRY(step())) {}
    return Ok{};
}

void Statement::reset()
{
    sqlite3_reset(m_statement);
}

bool Statement::isNull(int column) const
{
    return sqlite3_column_type(m_statement, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const
{
    return sqlite3_column_int64(m_statement, column);
}

double Statement::number(int column) const
{
    return sqlite3_column_double(m_statement, column);
}

std::string_view Statement::text(int column) const
{
    const void *data = sqlite3_column_blob(m_statement, column);
    const int size = sqlite3_column_bytes(m_statement, column);
    return data == nullptr ? std::string_view()
                           : std::string_view(static_cast<const char *>(data), static_cast<std::size_t>(size));
}

Database::Database(Database &&other) noexcept : m_handle(std::exchange(other.m_handle, nullptr)) {}

Database::~Database()
{
    sqlite3_close_v2(m_handle);
}

Result<Database> Database::open(const std::string &path, int flags, int busyTimeoutMs)
{
    Database database;
    const int code =
        sqlite3_open_v2(path.c_str(), &database.m_handle, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, pageVfs());
    if (code != SQLITE_OK)
        return errorFor(code == SQLITE_CANTOPEN ? SQLITE_IOERR : code, "cannot open " + path,
                        database.m_handle != nullptr ? sqlite3_errmsg(database.m_handle) : "out of memory");
    sqlite3_extended_result_codes(database.m_handle, 1);
    sqlite3_busy_timeout(database.m_handle, busyTimeoutMs);
    return database;
}

Database Database::borrow(sqlite3 *handle)
{
    Database database;
    database.m_handle = handle;
    return database;
}

Status Database::execute(const char *sql)
{
    if (sqlite3_exec(m_handle, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        return lastError("ledger");
    return Ok{};
}

Result<Statement> Database::prepare(std::string_view sql)
{
    Statement statement;
    if (sqlite3_prepare_v3(m_handle, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                           &statement.m_statement, nullptr)
        != SQLITE_OK)
        return lastError("ledger");
    return statement;
}

Result<std::int64_t> Database::integer(std::string_view sql)
{
    Statement statement = EVENTOPS_TRY(prepare(sql));
    if (!EVENTOPS_TRY(statement.step()))
        return std::int64_t{0};
    return statement.integer(0);
}

std::int64_t Database::changes() const
{
    return sqlite3_changes64(m_handle);
}

std::int64_t Database::lastRowId() const
{
    return sqlite3_last_insert_rowid(m_handle);
}

Error Database::lastError(std::string_view what) const
{
    return errorFor(sqlite3_extended_errcode(m_handle), what, sqlite3_errmsg(m_handle));
}

Result<Transaction> Transaction::begin(Database &database)
{
    EVENTOPS_TRY(database.execute("BEGIN IMMEDIATE"));
    return Transaction(database);
}

Transaction::Transaction(Transaction &&other) noexcept : m_database(std::exchange(other.m_database, nullptr)) {}

Transaction::~Transaction()
{
    // A full disk may have rolled back already.
    if (m_database != nullptr && sqlite3_get_autocommit(m_database->handle()) == 0)
        sqlite3_exec(m_database->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Status Transaction::commit()
{
    assert(m_database != nullptr);
    EVENTOPS_TRY(m_database->execute("COMMIT"));
    m_database = nullptr;
    return Ok{};
}

} // namespace eventops::sqlite
