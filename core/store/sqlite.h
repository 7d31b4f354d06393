// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

struct sqlite3;
struct sqlite3_stmt;

namespace eventops::sqlite {

class Database;

/// A prepared statement. Texts and blobs bound must outlive the next `step`; columns are valid until it.
/// Thread: its database's. Errors latch: after a failed step every further one fails; `status` says why.
class Statement
{
public:
    Statement() = default;
    Statement(Statement &&other) noexcept;
    Statement &operator=(Statement &&other) noexcept;
    ~Statement();

    explicit operator bool() const { return m_statement != nullptr; }

    Statement &bind(int index, std::int64_t value);
    Statement &bindUnsigned(int index, std::uint64_t value); ///< Stored as the same 64 bits.
    Statement &bind(int index, double value);
    Statement &bind(int index, std::string_view text);
    Statement &bindBlob(int index, std::string_view bytes);
    Statement &bindNull(int index);
    /// Binds 1, 2, 3, … in this order: texts and numbers.
    template <typename... Values>
    Statement &bindAll(const Values &...values)
    {
        int index = 0;
        (bindOne(++index, values), ...);
        return *this;
    }

    /// True: a row is there. False: done.
    Result<bool> step();
    /// Steps to the end and resets; for statements that give no row.
    Status run();
    void reset();

    bool isNull(int column) const;
    std::int64_t integer(int column) const;
    std::uint64_t unsignedInteger(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    double number(int column) const;
    std::string_view text(int column) const; ///< Texts and blobs alike, by length: NUL bytes survive.
    std::string string(int column) const { return std::string(text(column)); }

private:
    friend class Database;

    template <typename T>
    void bindOne(int index, const T &value)
    {
        if constexpr (std::is_convertible_v<const T &, std::string_view>)
            bind(index, std::string_view(value));
        else if constexpr (std::is_unsigned_v<T>)
            bindUnsigned(index, value);
        else if constexpr (std::is_integral_v<T>)
            bind(index, std::int64_t{value});
        else
            bind(index, double{value});
    }

    sqlite3_stmt *m_statement = nullptr;
};

/// One connection. Thread: one at a time. Errors: Busy, Full, Corrupt, Io, InvalidArgument, by SQLite's result code.
class Database
{
public:
    Database() = default;
    Database(Database &&other) noexcept;
    Database &operator=(Database &&) = delete;
    ~Database();

    /// @p flags: SQLITE_OPEN_…; URI file names are on.
    static Result<Database> open(const std::string &path, int flags, int busyTimeoutMs);

    /// A connection that someone else owns; `release` it before this goes away.
    static Database borrow(sqlite3 *handle);
    void release() { m_handle = nullptr; }

    Status execute(const char *sql);
    Status execute(const std::string &sql) { return execute(sql.c_str()); }
    Result<Statement> prepare(std::string_view sql);
    /// The first column of the first row; 0 without a row.
    Result<std::int64_t> integer(std::string_view sql);
    std::int64_t changes() const;
    std::int64_t lastRowId() const;
    Error lastError(std::string_view what) const;
    sqlite3 *handle() const { return m_handle; }

private:
    sqlite3 *m_handle = nullptr;
};

/// BEGIN IMMEDIATE … COMMIT; rolls back when it goes out of scope uncommitted, so nothing of it stays.
class Transaction
{
public:
    static Result<Transaction> begin(Database &database);
    Transaction(Transaction &&other) noexcept;
    Transaction &operator=(Transaction &&) = delete;
    ~Transaction();
    Status commit();

private:
    explicit Transaction(Database &database) : m_database(&database) {}
    Database *m_database;
};

/// An Error for a SQLite result code. Full, busy and corrupt files have codes of their own.
Error errorFor(int code, std::string_view what, std::string_view message);

} // namespace eventops::sqlite
