// SPDX-License-Identifier: MIT
#include "core/store/ledger.h"

#include "core/store/page_vfs.h"
#include "core/store/schema.h"
#include "core/store/sqlite_ledger.h"

#include <sqlite3.h>

#include <filesystem>

namespace eventops {
namespace {

constexpr int BusyTimeoutMs = 10'000;
constexpr int PageBytes = 16'384; ///< Blocks are tens of kilobytes: fewer, larger pages.
constexpr int CacheKiB = 4'096;
constexpr int WalBytesMax = 64 << 20; ///< The write-ahead log is cut back to this after a checkpoint.
constexpr std::int64_t CheckedBytesMax = 64 << 20; ///< A larger ledger is not read through when it is opened.

Status prepareWriter(sqlite::Database &database)
{
    // A page size can only be set on an empty file, WAL mode only without other users: both happen once.
    if (EVENTOPS_TRY(database.integer("PRAGMA page_count")) == 0) {
        EVENTOPS_TRY(database.execute("PRAGMA page_size = " + std::to_string(PageBytes)));
        EVENTOPS_TRY(sqlite::givePageChecksums(database, PageBytes));
    }
    sqlite::Statement mode = EVENTOPS_TRY(database.prepare("PRAGMA journal_mode"));
    const bool wal = EVENTOPS_TRY(mode.step()) && mode.text(0) == "wal";
    mode.reset();
    if (!wal)
        EVENTOPS_TRY(database.execute("PRAGMA journal_mode = WAL"));
    EVENTOPS_TRY(database.execute("PRAGMA synchronous = FULL"));
    EVENTOPS_TRY(database.execute("PRAGMA journal_size_limit = " + std::to_string(WalBytesMax)));
    return migrate(database);
}

/// Corrupt unless SQLite finds the database sound.
Status checkSound(sqlite::Database &database)
{
    const std::int64_t bytes = EVENTOPS_TRY(database.integer("PRAGMA page_count")) * PageBytes;
    if (bytes > CheckedBytesMax)
        return Ok{};
    sqlite::Statement check = EVENTOPS_TRY(database.prepare("PRAGMA quick_check(1)"));
    const bool row = EVENTOPS_TRY(check.step());
    if (!row || check.text(0) == "ok")
        return Ok{};
    // A page that the disk did not give says nothing about what is on it; one that came with a wrong checksum does.
    const std::string found = check.string(0);
    if (found.find("error code=" + std::to_string(SQLITE_IOERR_DATA)) != std::string::npos)
        return sqlite::errorFor(SQLITE_IOERR_DATA, "ledger", {});
    const bool unread =
        found.find("error code=") != std::string::npos || found.find("failed to get page") != std::string::npos;
    return Error{unread ? Error::Code::Io : Error::Code::Corrupt, "ledger: " + found, {}, {}};
}

} // namespace

Result<std::unique_ptr<Ledger>> Ledger::open(const std::string &directory, LedgerMode mode, Options options)
{
    const std::filesystem::path path = std::filesystem::path(directory) / "ledger.db";
    std::error_code failed;
    if (mode == LedgerMode::Read) {
        if (!std::filesystem::exists(path, failed))
            return Error{
                Error::Code::NotFound, "no ledger in " + directory, {}, "name a workspace that was used before"};
    } else {
        std::filesystem::create_directories(directory, failed);
        if (failed)
            return Error{Error::Code::Io, "cannot create " + directory + ": " + failed.message(), {}, {}};
    }
    const int flags = mode == LedgerMode::Read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    sqlite::Database database = EVENTOPS_TRY(sqlite::Database::open(path.string(), flags, BusyTimeoutMs));
    EVENTOPS_TRY(registerEventTable(database));
    EVENTOPS_TRY(database.execute("PRAGMA cache_size = -" + std::to_string(CacheKiB)));
    if (mode == LedgerMode::Read) {
        EVENTOPS_TRY(checkSchema(database));
        if (EVENTOPS_TRY(database.integer("PRAGMA user_version")) < SchemaVersion)
            EVENTOPS_TRY(open(directory, LedgerMode::Decide, options)); // brings it up to date
        EVENTOPS_TRY(database.execute("PRAGMA query_only = ON"));
    } else {
        EVENTOPS_TRY(prepareWriter(database));
        if (mode == LedgerMode::Engine)
            EVENTOPS_TRY(checkSound(database));
        if (options.bytesMax > 0) {
            const std::int64_t page = EVENTOPS_TRY(database.integer("PRAGMA page_size"));
            const std::uint64_t pages = options.bytesMax / static_cast<std::uint64_t>(page) + 1;
            EVENTOPS_TRY(database.execute("PRAGMA max_page_count = " + std::to_string(pages)));
        }
    }
    return std::unique_ptr<Ledger>(std::make_unique<SqliteLedger>(std::move(database), mode, options));
}

SqliteLedger::SqliteLedger(sqlite::Database database, LedgerMode mode, Options options)
    : m_database(std::move(database)),
      m_mode(mode),
      m_options(options),
      m_clock(options.clock != nullptr ? options.clock : &m_systemClock)
{
}

Status SqliteLedger::requireWriter() const
{
    if (m_mode == LedgerMode::Read)
        return Error{Error::Code::Refused, "the ledger is open for reading only", {}, {}};
    return Ok{};
}

Status SqliteLedger::boundLog()
{
    sqlite3_file *log = nullptr;
    sqlite3_int64 bytes = 0;
    sqlite3_file_control(m_database.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log == nullptr || log->pMethods == nullptr || log->pMethods->xFileSize(log, &bytes) != SQLITE_OK
        || static_cast<std::uint64_t>(bytes) <= m_options.walBytesMax)
        return Ok{};
    sqlite3_busy_timeout(m_database.handle(), 0); // the caller comes back
    const int code =
        sqlite3_wal_checkpoint_v2(m_database.handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    sqlite3_busy_timeout(m_database.handle(), BusyTimeoutMs);
    if (code == SQLITE_OK)
        return Ok{};
    if (code != SQLITE_BUSY && code != SQLITE_LOCKED)
        return m_database.lastError("write-ahead log");
    return Error{Error::Code::Busy,
                 "a program keeps reading an old state of ledger.db: the write-ahead log has "
                     + std::to_string(bytes >> 20) + " MiB",
                 {},
                 "end the program that has had ledger.db open for long"};
}

bool SqliteLedger::wasMoved()
{
    int moved = 0;
    return sqlite3_file_control(m_database.handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK
           && moved != 0;
}

Result<sqlite::Statement *> SqliteLedger::cached(const char *sql)
{
    sqlite::Statement &statement = m_statements[sql];
    if (!statement)
        statement = EVENTOPS_TRY(m_database.prepare(sql));
    statement.reset();
    return &statement;
}

} // namespace eventops
