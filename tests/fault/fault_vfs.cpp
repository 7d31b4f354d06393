// SPDX-License-Identifier: MIT
//
// After SQLite's own test_vfs.c and test_devsym.c, much reduced.
#include "tests/fault/fault_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>

namespace eventops::test {
namespace {

constexpr std::size_t NoInode = SIZE_MAX;

sqlite3_vfs *g_system = nullptr;
FaultVfs *g_vfs = nullptr;

/// What the shim keeps of an open file; the system's own file lies behind it.
struct ShimFile {
    sqlite3_file base;
    char *path;
    const char *kind;
    std::size_t inode;
    sqlite3_file *real() { return reinterpret_cast<sqlite3_file *>(this + 1); }
};

ShimFile &shimOf(sqlite3_file *file)
{
    return *reinterpret_cast<ShimFile *>(file);
}

const char *kindOf(const char *path)
{
    const std::string_view name = path == nullptr ? std::string_view() : std::string_view(path);
    return name.ends_with("-wal") ? "wal" : name.ends_with(".db") ? "db" : "other";
}

int errorOf(VfsOp op)
{
    switch (op) {
    case VfsOp::Open: return SQLITE_CANTOPEN;
    case VfsOp::Read: return SQLITE_IOERR_READ;
    case VfsOp::Write: return SQLITE_IOERR_WRITE;
    case VfsOp::Truncate: return SQLITE_IOERR_TRUNCATE;
    case VfsOp::Sync: return SQLITE_IOERR_FSYNC;
    case VfsOp::Size: return SQLITE_IOERR_FSTAT;
    case VfsOp::Delete: return SQLITE_IOERR_DELETE;
    case VfsOp::SharedMemory: return SQLITE_IOERR_SHMMAP;
    }
    return SQLITE_IOERR;
}

/// Does @p work between `enter` and `leave`.
template <typename Work>
int guarded(VfsOp op, const char *kind, Work work)
{
    std::uint64_t number = 0;
    if (const int error = g_vfs->enter(op, kind, number); error != SQLITE_OK)
        return error;
    const int code = work();
    g_vfs->leave(op, kind, number);
    return code;
}

int shimClose(sqlite3_file *file)
{
    ShimFile &shim = shimOf(file);
    const int code = shim.real()->pMethods->xClose(shim.real());
    std::free(shim.path);
    shim.path = nullptr;
    return code;
}

int shimRead(sqlite3_file *file, void *out, int bytes, sqlite3_int64 offset)
{
    ShimFile &shim = shimOf(file);
    return guarded(VfsOp::Read, shim.kind,
                   [&] { return shim.real()->pMethods->xRead(shim.real(), out, bytes, offset); });
}

int shimWrite(sqlite3_file *file, const void *in, int bytes, sqlite3_int64 offset)
{
    ShimFile &shim = shimOf(file);
    return guarded(VfsOp::Write, shim.kind, [&] {
        sqlite3_int64 size = 0;
        shim.real()->pMethods->xFileSize(shim.real(), &size);
        if (shim.path != nullptr && g_vfs->overQuota(shim.path, offset + bytes - size))
            return SQLITE_FULL;
        const int code = shim.real()->pMethods->xWrite(shim.real(), in, bytes, offset);
        if (code == SQLITE_OK && shim.inode != NoInode)
            g_vfs->record({RecordedOp::Kind::Write, shim.inode, {}, static_cast<std::uint64_t>(offset),
                           std::string(static_cast<const char *>(in), static_cast<std::size_t>(bytes))});
        return code;
    });
}

int shimTruncate(sqlite3_file *file, sqlite3_int64 size)
{
    ShimFile &shim = shimOf(file);
    return guarded(VfsOp::Truncate, shim.kind, [&] {
        const int code = shim.real()->pMethods->xTruncate(shim.real(), size);
        if (code == SQLITE_OK && shim.inode != NoInode)
            g_vfs->record({RecordedOp::Kind::Truncate, shim.inode, {}, static_cast<std::uint64_t>(size), {}});
        return code;
    });
}

int shimSync(sqlite3_file *file, int flags)
{
    ShimFile &shim = shimOf(file);
    return guarded(VfsOp::Sync, shim.kind, [&] {
        const int code = shim.real()->pMethods->xSync(shim.real(), flags);
        // The unix VFS syncs the folder with the first sync of a journal or write-ahead log.
        if (code == SQLITE_OK && shim.inode != NoInode)
            g_vfs->record({RecordedOp::Kind::Sync, shim.inode, {}, 0, {}, std::string_view(shim.kind) != "db"});
        return code;
    });
}

int shimSize(sqlite3_file *file, sqlite3_int64 *size)
{
    ShimFile &shim = shimOf(file);
    return guarded(VfsOp::Size, shim.kind, [&] { return shim.real()->pMethods->xFileSize(shim.real(), size); });
}

int shimLock(sqlite3_file *file, int lock)
{
    return shimOf(file).real()->pMethods->xLock(shimOf(file).real(), lock);
}

int shimUnlock(sqlite3_file *file, int lock)
{
    return shimOf(file).real()->pMethods->xUnlock(shimOf(file).real(), lock);
}

int shimReserved(sqlite3_file *file, int *out)
{
    return shimOf(file).real()->pMethods->xCheckReservedLock(shimOf(file).real(), out);
}

int shimControl(sqlite3_file *file, int op, void *argument)
{
    return shimOf(file).real()->pMethods->xFileControl(shimOf(file).real(), op, argument);
}

int shimSector(sqlite3_file *file)
{
    return shimOf(file).real()->pMethods->xSectorSize(shimOf(file).real());
}

int shimDevice(sqlite3_file *file)
{
    return shimOf(file).real()->pMethods->xDeviceCharacteristics(shimOf(file).real());
}

int shimMap(sqlite3_file *file, int region, int bytes, int extend, void volatile **out)
{
    ShimFile &shim = shimOf(file);
    return guarded(VfsOp::SharedMemory, shim.kind,
                   [&] { return shim.real()->pMethods->xShmMap(shim.real(), region, bytes, extend, out); });
}

int shimShmLock(sqlite3_file *file, int offset, int count, int flags)
{
    return shimOf(file).real()->pMethods->xShmLock(shimOf(file).real(), offset, count, flags);
}

void shimBarrier(sqlite3_file *file)
{
    shimOf(file).real()->pMethods->xShmBarrier(shimOf(file).real());
}

int shimUnmap(sqlite3_file *file, int remove)
{
    return shimOf(file).real()->pMethods->xShmUnmap(shimOf(file).real(), remove);
}

const sqlite3_io_methods Methods = {
    2,        shimClose,  shimRead,     shimWrite,   shimTruncate, shimSync, shimSize,    shimLock,    shimUnlock,
    shimReserved, shimControl, shimSector, shimDevice, shimMap,    shimShmLock, shimBarrier, shimUnmap, nullptr,
    nullptr,
};

int vfsOpen(sqlite3_vfs *, const char *path, sqlite3_file *file, int flags, int *outFlags)
{
    ShimFile &shim = *new (file) ShimFile{};
    shim.kind = kindOf(path);
    shim.inode = NoInode;
    return guarded(VfsOp::Open, shim.kind, [&] {
        int there = 1;
        if (path != nullptr)
            g_system->xAccess(g_system, path, SQLITE_ACCESS_EXISTS, &there);
        const int code = g_system->xOpen(g_system, path, shim.real(), flags, outFlags);
        if (code != SQLITE_OK && shim.real()->pMethods == nullptr)
            return code;
        shim.base.pMethods = &Methods;
        shim.path = path == nullptr ? nullptr : strdup(path);
        if (path != nullptr && g_vfs->recording())
            shim.inode = g_vfs->recordOpen(path, there == 0);
        return code;
    });
}

int vfsDelete(sqlite3_vfs *, const char *path, int syncFolder)
{
    return guarded(VfsOp::Delete, kindOf(path), [&] {
        const int code = g_system->xDelete(g_system, path, syncFolder);
        if (code == SQLITE_OK && g_vfs->recording())
            g_vfs->recordDelete(path, syncFolder != 0);
        return code;
    });
}

std::string fileName(const std::string &path)
{
    return path.substr(path.rfind('/') + 1);
}

} // namespace

std::string_view toString(VfsOp op)
{
    constexpr std::string_view Names[] = {"open", "read", "write", "truncate", "sync", "size", "delete", "shm"};
    return Names[static_cast<std::size_t>(op)];
}

FaultVfs &FaultVfs::install()
{
    static FaultVfs vfs;
    static sqlite3_vfs shim;
    if (g_vfs == nullptr) {
        g_vfs = &vfs;
        g_system = sqlite3_vfs_find(nullptr);
        shim = *g_system;
        shim.zName = "eventops-fault";
        shim.szOsFile = static_cast<int>(sizeof(ShimFile)) + g_system->szOsFile;
        shim.pNext = nullptr;
        shim.xOpen = vfsOpen;
        shim.xDelete = vfsDelete;
        sqlite3_vfs_register(&shim, 1);
    }
    return vfs;
}

void FaultVfs::arm(FaultPlan plan)
{
    const std::lock_guard lock(m_mutex);
    m_plan = std::move(plan);
    m_operations = 0;
    m_fired = false;
    m_armed = true;
}

std::uint64_t FaultVfs::disarm()
{
    const std::lock_guard lock(m_mutex);
    m_armed = false;
    return m_operations.load();
}

int FaultVfs::enter(VfsOp op, std::string_view file, std::uint64_t &number)
{
    if (!m_armed)
        return SQLITE_OK;
    const bool needsRoom = op == VfsOp::Write || op == VfsOp::Truncate;
    if (m_plan.kind == FaultPlan::Kind::Full && !needsRoom)
        return SQLITE_OK;
    number = ++m_operations;
    if (m_plan.before)
        m_plan.before({op, file, number});
    if (m_plan.at == 0 || number < m_plan.at || (number > m_plan.at && !m_plan.sticky))
        return SQLITE_OK;
    m_fired = true;
    return m_plan.kind == FaultPlan::Kind::Full ? SQLITE_FULL : errorOf(op);
}

void FaultVfs::leave(VfsOp op, std::string_view file, std::uint64_t number)
{
    if (number > 0 && m_armed && m_plan.after)
        m_plan.after({op, file, number});
}

void FaultVfs::setQuota(const std::string &folder, std::uint64_t bytes)
{
    const std::lock_guard lock(m_mutex);
    m_quotaFolder = folder;
    m_quota = bytes;
}

bool FaultVfs::overQuota(const std::string &path, std::int64_t grow)
{
    const std::lock_guard lock(m_mutex);
    if (m_quota == 0 || grow <= 0 || !path.starts_with(m_quotaFolder))
        return false;
    std::uint64_t used = 0;
    std::error_code failed;
    for (const auto &entry : std::filesystem::directory_iterator(m_quotaFolder, failed)) {
        const std::uintmax_t size = entry.file_size(failed);
        used += failed || entry.path().string().ends_with("-shm") ? 0 : size;
    }
    return used + static_cast<std::uint64_t>(grow) > m_quota;
}

void FaultVfs::startRecording(const std::string &folder)
{
    const std::lock_guard lock(m_mutex);
    m_recordFolder = folder;
    m_recorded.clear();
    m_inodes.clear();
    m_inodeCount = 0;
    m_recording = true;
}

void FaultVfs::mark(std::uint64_t value)
{
    record({RecordedOp::Kind::Mark, 0, {}, value, {}});
}

std::vector<RecordedOp> FaultVfs::stopRecording()
{
    const std::lock_guard lock(m_mutex);
    m_recording = false;
    return std::move(m_recorded);
}

std::size_t FaultVfs::recordOpen(const std::string &path, bool created)
{
    const std::lock_guard lock(m_mutex);
    if (!path.starts_with(m_recordFolder))
        return NoInode;
    const std::string name = fileName(path);
    const auto known =
        std::find_if(m_inodes.begin(), m_inodes.end(), [&](const auto &inode) { return inode.first == name; });
    if (known != m_inodes.end() && !created)
        return known->second;
    const std::size_t inode = m_inodeCount++;
    if (known != m_inodes.end())
        known->second = inode;
    else
        m_inodes.emplace_back(name, inode);
    m_recorded.push_back({RecordedOp::Kind::Create, inode, name, 0, {}});
    return inode;
}

void FaultVfs::record(RecordedOp op)
{
    const std::lock_guard lock(m_mutex);
    if (m_recording)
        m_recorded.push_back(std::move(op));
}

void FaultVfs::recordDelete(const std::string &path, bool syncFolder)
{
    const std::lock_guard lock(m_mutex);
    const std::string name = fileName(path);
    const auto known =
        std::find_if(m_inodes.begin(), m_inodes.end(), [&](const auto &inode) { return inode.first == name; });
    if (known == m_inodes.end() || !path.starts_with(m_recordFolder))
        return;
    m_recorded.push_back({RecordedOp::Kind::Delete, known->second, name, 0, {}, syncFolder});
    m_inodes.erase(known);
}

} // namespace eventops::test
