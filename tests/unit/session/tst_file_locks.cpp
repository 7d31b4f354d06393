// SPDX-License-Identifier: MIT
//
// SQLite's locks on a ledger are the process's, and closing any descriptor of its files gives them up: what looks at
// those files beside a connection must not. Otherwise another process empties the index of the log, and commits are
// lost or the process dies of a bus error.
#include "tests/support/test_main.h"

#include "core/session/doctor.h"
#include "core/session/quarantine.h"
#include "core/session/workspace.h"
#include "core/store/backup.h"
#include "core/store/page_vfs.h"
#include "core/store/transform_store.h"

#include <QtCore/QTemporaryDir>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace eventops;

namespace {

/// Whether another process could lock a byte of the file for itself, which whoever has the database open prevents.
bool isFree(const std::string &path, off_t at, off_t length)
{
    const pid_t child = ::fork();
    if (child == 0) {
        const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        struct flock wanted = {};
        wanted.l_type = F_WRLCK;
        wanted.l_whence = SEEK_SET;
        wanted.l_start = at;
        wanted.l_len = length;
        const bool asked = fd >= 0 && ::fcntl(fd, F_GETLK, &wanted) == 0;
        ::_exit(asked && wanted.l_type != F_UNLCK ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 1;
}

// sqlite.org/walformat.html: the byte of the index by which it is known to be in use; and the range of the database
// that each connection holds a part of.
constexpr off_t InUseAt = 128, SharedAt = 0x40000000 + 2, SharedLength = 510;

} // namespace

class TestFileLocks : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void whoLooksBesideAConnectionLeavesItsLocks()
    {
        const QTemporaryDir directory;
        const std::string folder = directory.path().toStdString(), path = folder + "/ledger.db";
        {
            auto store = TransformStore::open(folder);
            QVERIFY(store);
            QVERIFY(store.value()->addSource({0, "default", "shop", "application/json", ""}));
            const auto held = [&] {
                return !isFree(path + "-shm", InUseAt, 1) && !isFree(path, SharedAt, SharedLength);
            };
            QVERIFY(held());
            QVERIFY(sqlite::hasPageChecksums(path));
            QVERIFY(held());
            const auto kept = keepDamagedWal(folder);
            QVERIFY(kept && kept.value().empty());
            QVERIFY(held());
            const std::atomic<bool> stop{false};
            const auto checks = examineWorkspace({folder}, true, stop);
            QVERIFY(checks.size() > 5);
            QVERIFY(held());
            const Status copied = copyLedger(folder, folder + "/copy.db", stop, [](const BackupProgress &) {});
            QVERIFY2(copied, copied ? "" : copied.error().text().c_str());
            QVERIFY(held());
            QVERIFY(sqlite::hasPageChecksums(folder + "/copy.db"));
            bool looked = false;
            QVERIFY(!sqlite::whileNotOpen(path, [&] { looked = true; }));
            QVERIFY(!looked);
        }
        bool looked = false;
        QVERIFY(sqlite::whileNotOpen(path, [&] { looked = true; }));
        QVERIFY(looked);
        QVERIFY(!sqlite::hasPageChecksums(folder + "/none.db"));
    }
};

EVENTOPS_TEST(TestFileLocks)
#include "tst_file_locks.moc"
