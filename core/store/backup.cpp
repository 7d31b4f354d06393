// SPDX-License-Identifier: MIT
#include "core/store/backup.h"

#include "core/store/ledger.h"
#include "core/store/page_vfs.h"
#include "core/store/schema.h"
#include "core/store/sqlite_ledger.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <zstd.h>

namespace eventops {
namespace {

constexpr int BusyTimeoutMs = 10'000;

Result<sqlite::Database> openSource(const std::string &directory)
{
    const std::string path = directory + "/ledger.db";
    std::error_code failed;
    if (!std::filesystem::exists(path, failed))
        return Error{Error::Code::NotFound, "no ledger in " + directory, {}, "name a workspace that was used before"};
    sqlite::Database database = EVENTOPS_TRY(sqlite::Database::open(path, SQLITE_OPEN_READONLY, BusyTimeoutMs));
    EVENTOPS_TRY(registerEventTable(database));
    return database;
}

/// A backup under way.
struct Copy {
    sqlite3_backup *handle = nullptr;
    ~Copy() { sqlite3_backup_finish(handle); }
};

Status syncFile(const std::string &path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    const int code = errno;
    if (fd >= 0)
        ::close(fd);
    if (synced)
        return Ok{};
    return Error{Error::Code::Io, std::string("cannot sync: ") + std::strerror(code), {path, 0, 0}, {}};
}

} // namespace

Status copyLedger(const std::string &directory, const std::string &to, const std::atomic<bool> &stop,
                  const std::function<void(const BackupProgress &)> &progress)
{
    sqlite::Database source = EVENTOPS_TRY(openSource(directory));
    EVENTOPS_TRY(checkSchema(source));
    {
        sqlite::Database target =
            EVENTOPS_TRY(sqlite::Database::open(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, BusyTimeoutMs));
        // Nobody knows the file yet: it is synced once, when it is whole.
        EVENTOPS_TRY(target.execute("PRAGMA synchronous = OFF"));
        const std::int64_t pageBytes = EVENTOPS_TRY(source.integer("PRAGMA page_size"));
        EVENTOPS_TRY(target.execute("PRAGMA page_size = " + std::to_string(pageBytes)));
        if (sqlite::hasPageChecksums(directory + "/ledger.db"))
            EVENTOPS_TRY(sqlite::givePageChecksums(target, static_cast<int>(pageBytes)));
        EVENTOPS_TRY(target.execute("PRAGMA journal_mode = OFF"));
        Copy copy{sqlite3_backup_init(target.handle(), "main", source.handle(), "main")};
        if (copy.handle == nullptr)
            return target.lastError("backup");
        BackupProgress state;
        int left = -1;
        for (int code = SQLITE_OK; code != SQLITE_DONE;) {
            if (stop.load())
                return Error{Error::Code::Cancelled, "the backup was cancelled"};
            code = sqlite3_backup_step(copy.handle, BackupStepPages);
            if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_BUSY && code != SQLITE_LOCKED)
                return sqlite::errorFor(code, "backup", sqlite3_errstr(code));
            const int leftNow = sqlite3_backup_remaining(copy.handle);
            if (left >= 0 && leftNow > left - 1 && code == SQLITE_OK && ++state.restarts == BackupRestartsMax)
                EVENTOPS_TRY(source.execute("BEGIN; SELECT count(*) FROM sqlite_schema")); // one state from here on
            left = leftNow;
            state.pagesTotal = static_cast<std::uint64_t>(sqlite3_backup_pagecount(copy.handle));
            state.pages = state.pagesTotal - static_cast<std::uint64_t>(left);
            state.bytes = state.pages * static_cast<std::uint64_t>(pageBytes);
            if (progress)
                progress(state);
        }
    }
    return syncFile(to);
}

std::string storeLibraries()
{
    return std::string("SQLite ") + sqlite3_libversion() + ", zstd " + ZSTD_versionString();
}

Status checkLedgerFile(const std::string &directory, bool quick)
{
    sqlite::Database database = EVENTOPS_TRY(openSource(directory));
    EVENTOPS_TRY(checkSchema(database));
    sqlite::Statement check =
        EVENTOPS_TRY(database.prepare(quick ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)"));
    const bool found = EVENTOPS_TRY(check.step()) && check.text(0) != "ok";
    if (found && check.text(0).find("error code=" + std::to_string(SQLITE_IOERR_DATA)) != std::string_view::npos)
        return sqlite::errorFor(SQLITE_IOERR_DATA, "ledger", {});
    if (found)
        return Error{Error::Code::Corrupt, "ledger: " + check.string(0), {}, "restore a backup"};
    return Ok{};
}

} // namespace eventops
