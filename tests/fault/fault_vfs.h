// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::test {

/// What SQLite asks of its files, as far as faults are concerned.
enum class VfsOp : std::uint8_t { Open, Read, Write, Truncate, Sync, Size, Delete, SharedMemory };
std::string_view toString(VfsOp op);

/// One operation as it happens. @p file: "db", "wal" or "other".
struct VfsCall {
    VfsOp op;
    std::string_view file;
    std::uint64_t number; ///< Of those since `arm`, from 1.
};

/// Which operations fail, and how.
struct FaultPlan {
    enum class Kind : std::uint8_t {
        IoError, ///< SQLITE_IOERR_…, whatever the operation.
        Full,    ///< SQLITE_FULL; only what needs room counts.
        Call,    ///< Nothing fails; `before` and `after` are called around each.
    };
    Kind kind = Kind::IoError;
    std::uint64_t at = 0;    ///< The n-th operation fails; 0: none.
    bool sticky = false;     ///< And all that come after it.
    std::function<void(const VfsCall &)> before, after; ///< Thread: the one that works on the file.
};

/// What was asked of the files since `startRecording`, in order.
struct RecordedOp {
    enum class Kind : std::uint8_t { Create, Write, Truncate, Sync, Delete, Mark };
    Kind kind;
    std::size_t inode = 0;    ///< Which file, whatever its name is by now.
    std::string name;         ///< Create, Delete: without the folder.
    std::uint64_t offset = 0; ///< Write; Truncate: the new size; Mark: what the test says.
    std::string bytes;        ///< Write.
    bool syncFolder = false;  ///< Sync, Delete: the folder's entries are durable after it.
};

/// A VFS of SQLite's over the system's own that counts operations, fails the n-th, refuses to grow beyond a quota, and
/// records what would be on the disk. The process's default from `install` on. Thread: any.
class FaultVfs
{
public:
    static FaultVfs &install();

    void arm(FaultPlan plan);
    /// Ends faults. How many operations there were that could have failed.
    std::uint64_t disarm();
    bool fired() const { return m_fired.load(); }

    /// No file grows while all of @p folder would be larger than this; 0: no quota.
    void setQuota(const std::string &folder, std::uint64_t bytes);

    void startRecording(const std::string &folder);
    void mark(std::uint64_t value);
    std::vector<RecordedOp> stopRecording();

    // For the shim's functions only.
    int enter(VfsOp op, std::string_view file, std::uint64_t &number);
    void leave(VfsOp op, std::string_view file, std::uint64_t number);
    bool overQuota(const std::string &path, std::int64_t grow);
    std::size_t recordOpen(const std::string &path, bool created);
    void record(RecordedOp op);
    void recordDelete(const std::string &path, bool syncFolder);
    bool recording() const { return m_recording.load(); }

private:
    FaultVfs() = default;

    std::mutex m_mutex;
    std::atomic<bool> m_armed{false};
    std::atomic<bool> m_fired{false};
    std::atomic<bool> m_recording{false};
    std::atomic<std::uint64_t> m_operations{0};
    FaultPlan m_plan;
    std::string m_quotaFolder;
    std::uint64_t m_quota = 0;
    std::string m_recordFolder;
    std::vector<RecordedOp> m_recorded;
    std::vector<std::pair<std::string, std::size_t>> m_inodes; ///< Newest file of each name.
    std::size_t m_inodeCount = 0;
};

} // namespace eventops::test
