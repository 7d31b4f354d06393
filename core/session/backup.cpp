// SPDX-License-Identifier: MIT
#include "core/session/backup.h"

#include "core/store/ledger.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace eventops {
namespace {

namespace fs = std::filesystem;

Error pathError(const std::string &what, const std::string &path)
{
    const int code = errno;
    const Error::Code kind = code == ENOSPC || code == EDQUOT ? Error::Code::Full
                             : code == ENOENT                 ? Error::Code::NotFound
                                                              : Error::Code::Io;
    return Error{kind, what + ": " + std::strerror(code), {path, 0, 0}, "name a folder in one that you may write"};
}

Error isThere(const std::string &path)
{
    return Error{Error::Code::Refused, "this is there already, and a backup never overwrites", {path, 0, 0},
                 "name a folder that is not there yet"};
}

void syncFolder(const std::string &path)
{
    const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        ::fsync(directory);
        ::close(directory);
    }
}

/// A folder beside its place, gone when it does not get there.
class FolderInTheMaking
{
public:
    static Result<FolderInTheMaking> make(const std::string &to)
    {
        std::string beside = to + ".XXXXXX";
        if (::mkdtemp(beside.data()) == nullptr)
            return pathError("cannot make the backup", to);
        return FolderInTheMaking(std::move(beside));
    }
    FolderInTheMaking(FolderInTheMaking &&other) noexcept : m_path(std::exchange(other.m_path, {})) {}
    FolderInTheMaking &operator=(FolderInTheMaking &&) = delete;
    ~FolderInTheMaking()
    {
        std::error_code none;
        if (!m_path.empty())
            fs::remove_all(m_path, none);
    }
    const std::string &path() const { return m_path; }

    Status moveTo(const std::string &to)
    {
        syncFolder(m_path);
        int renamed = ::renameat2(AT_FDCWD, m_path.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
        if (renamed != 0 && errno == EINVAL) // a file system that cannot tell; an empty folder at most is replaced
            renamed = std::rename(m_path.c_str(), to.c_str());
        if (renamed != 0)
            return errno == EEXIST || errno == ENOTEMPTY ? isThere(to) : pathError("cannot rename the backup", to);
        m_path.clear();
        const fs::path parent = fs::path(to).parent_path();
        syncFolder(parent.empty() ? "." : parent.string());
        return Ok{};
    }

private:
    explicit FolderInTheMaking(std::string path) : m_path(std::move(path)) {}
    std::string m_path;
};

/// Checks the copy and puts the pipeline beside it that it was made by.
Status finishCopy(const Workspace &copy, bool withDigest, BackupOutcome &outcome)
{
    EVENTOPS_TRY(checkLedgerFile(copy.directory, false));
    const auto ledger = EVENTOPS_TRY(Ledger::open(copy.directory, LedgerMode::Read, {}));
    outcome.auditRows = EVENTOPS_TRY(ledger->verifyAudit());
    const DroppedHistory gone = EVENTOPS_TRY(ledger->droppedHistory());
    outcome.events = EVENTOPS_TRY(ledger->eventCount()) - gone.events;
    if (withDigest)
        outcome.digest = EVENTOPS_TRY(ledger->digest());
    const std::vector<InputRow> pipelines = EVENTOPS_TRY(ledger->configurations());
    return pipelines.empty() ? Status(Ok{}) : copy.writePipeline(pipelines.back().payload);
}

} // namespace

Result<BackupOutcome> backupWorkspace(const Workspace &workspace, const BackupRequest &request,
                                      const std::atomic<bool> &stop,
                                      const std::function<void(const BackupProgress &)> &progress)
{
    std::string to = request.to;
    while (to.size() > 1 && to.back() == '/')
        to.pop_back();
    if (to.empty())
        return Error{Error::Code::InvalidArgument, "no folder is named for the backup"};
    EVENTOPS_TRY(Workspace::existing(workspace.directory));
    struct stat status = {};
    if (::lstat(to.c_str(), &status) == 0)
        return isThere(to);
    FolderInTheMaking folder = EVENTOPS_TRY(FolderInTheMaking::make(to));
    BackupOutcome outcome;
    EVENTOPS_TRY(copyLedger(workspace.directory, folder.path() + "/ledger.db", stop, [&](const BackupProgress &now) {
        outcome.copied = now;
        if (progress)
            progress(now);
    }));
    ::chmod((folder.path() + "/ledger.db").c_str(), S_IRUSR | S_IWUSR);
    EVENTOPS_TRY(finishCopy({folder.path()}, request.verify, outcome));
    for (const char *name : {"/ledger.db-wal", "/ledger.db-shm"})
        std::remove((folder.path() + name).c_str()); // of the check; there is nothing in them
    if (stop.load())
        return Error{Error::Code::Cancelled, "the backup was cancelled"};
    EVENTOPS_TRY(folder.moveTo(to));
    return outcome;
}

} // namespace eventops
