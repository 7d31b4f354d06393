// SPDX-License-Identifier: MIT
#include "core/store/ledger.h"

#include "core/store/schema.h"
#include "core/store/sqlite_ledger.h"

#include <sqlite3.h>

#include <filesystem>

namespace eventops {
namespace {

constexpr int BusyTimeoutMs = 10'000;
constexpr int PageBytes = 16'384;        ///< Blocks are tens of kilobytes: fewer, larger pages.
constexpr int CacheKiB = 4'096;
constexpr int WalBytesMax = 64 << 20;    ///< The write-ahead log is cut back to this after a checkpoint.

Status prepareWriter(sqlite::Database &database)
{
    // A page size can only be set on an empty file, WAL mode only without other users: both happen once.
    if (EVENTOPS_TRY(database.integer("PRAGMA page_count")) == 0)
        EVENTOPS_TRY(database.execute("PRAGMA page_size = " + std::to_string(PageBytes)));
    sqlite::Statement mode = EVENTOPS_TRY(database.prepare("PRAGMA journal_mode"));
    const bool wal = EVENTOPS_TRY(mode.step()) && mode.text(0) == "wal";
    mode.reset();
    if (!wal)
        EVENTOPS_TRY(database.execute("PRAGMA journal_mode = WAL"));
    EVENTOPS_TRY(database.execute("PRAGMA synchronous = FULL"));
    EVENTOPS_TRY(database.execute("PRAGMA journal_size_limit = " + std::to_string(WalBytesMax)));
    return migrate(database);
}

} // namespace

Result<std::unique_ptr<Ledger>> Ledger::open(const std::string &directory, LedgerMode mode, Options options)
{
    const std::filesystem::path path = std::filesystem::path(directory) / "ledger.db";
    std::error_code failed;
    if (mode == LedgerMode::Read) {
        if (!std::filesystem::exists(path, failed))
            return Error{Error::Code::NotFound, "no ledger in " + directory, {}, "name a workspace that was used before"};
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
        EVENTOPS_TRY(database.execute("PRAGMA query_only = ON"));
    } else {
        EVENTOPS_TRY(prepareWriter(database));
    }
    return std::unique_ptr<Ledger>(std::make_unique<SqliteLedger>(std::move(database), mode, options));
}

SqliteLedger::SqliteLedger(sqlite::Database database, LedgerMode mode, Options options)
    : m_database(std::move(database)), m_mode(mode), m_options(options),
      m_clock(options.clock != nullptr ? options.clock : &m_systemClock)
{
}

Status SqliteLedger::requireWriter() const
{
    if (m_mode == LedgerMode::Read)
        return Error{Error::Code::Refused, "the ledger is open for reading only", {}, {}};
    return Ok{};
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
