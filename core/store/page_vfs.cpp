// SPDX-License-Identifier: MIT
//
// Interfaces: sqlite.org/vfs.html. Header of a database file: sqlite.org/fileformat2.html#the_database_header.
#include "core/store/page_vfs.h"

#include "core/base/hash.h"
#include "core/store/sqlite.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace eventops::sqlite {
namespace {

constexpr char VfsName[] = "eventops_pages";
constexpr int PageBytesMin = 512, PageBytesMax = 65'536;
constexpr std::size_t HeaderBytes = 100;
constexpr std::size_t PageSizeAt = 16, ReservedAt = 20;
constexpr char Magic[] = "SQLite format 3";

thread_local std::uint64_t t_damagedPage = 0;

/// A file, whatever its names are; of none both are 0.
using FileIdentity = std::pair<dev_t, ino_t>;

FileIdentity identityOf(const char *path)
{
    struct stat found = {};
    return path != nullptr && ::stat(path, &found) == 0 ? FileIdentity(found.st_dev, found.st_ino) : FileIdentity();
}

/// The databases that connections of this process have open, with their number.
struct OpenDatabases {
    std::mutex mutex;
    std::map<FileIdentity, int> counts;
};

OpenDatabases &openDatabases()
{
    static OpenDatabases databases;
    return databases;
}

/// What stands behind our sqlite3_file, made and destroyed with it.
struct State {
    std::unique_ptr<std::byte[]> memory; ///< The system's file.
    sqlite3_file *below = nullptr;
    bool isDatabase = false;
    FileIdentity identity; ///< Of a database that counts as open.
    bool checked = false;            ///< Pages have checksums.
    int pageBytes = 0;               ///< 0: not known yet.
    std::vector<char> page;          ///< One on its way into the file.
};

struct PageFile {
    sqlite3_file base;
    State *state;
};

State &stateOf(sqlite3_file *file)
{
    return *reinterpret_cast<PageFile *>(file)->state;
}

sqlite3_vfs *system()
{
    return sqlite3_vfs_find(nullptr);
}

/// Never 0, which says that a page has no checksum.
std::uint64_t sumOf(const char *page, int bytes)
{
    return std::max<std::uint64_t>(1, hash64({page, static_cast<std::size_t>(bytes - PageChecksumBytes)}));
}

bool isSound(const char *page, int bytes)
{
    std::uint64_t stored = 0;
    std::memcpy(&stored, page + bytes - PageChecksumBytes, PageChecksumBytes);
    return stored == 0 || stored == sumOf(page, bytes);
}

int pageBytesOf(const char *header)
{
    const int size = static_cast<unsigned char>(header[PageSizeAt]) << 8
                     | static_cast<unsigned char>(header[PageSizeAt + 1]);
    return size == 1 ? PageBytesMax : size;
}

/// Takes in what the file says of its pages. What it said once it goes on saying.
void readHeader(State &state, const char *bytes)
{
    const int size = pageBytesOf(bytes);
    if (state.checked || std::memcmp(bytes, Magic, sizeof Magic) != 0 || size < PageBytesMin
        || (size & (size - 1)) != 0)
        return;
    state.pageBytes = size;
    state.checked = bytes[ReservedAt] == PageChecksumBytes;
}

/// True when page 1 denies its checksum, but has one: the byte that says so is damaged.
bool deniesChecksum(State &state, const char *bytes, int size)
{
    if (state.checked || size < PageBytesMin || bytes[ReservedAt] == PageChecksumBytes)
        return false;
    std::uint64_t stored = 0;
    std::memcpy(&stored, bytes + size - PageChecksumBytes, PageChecksumBytes);
    if (stored == 0)
        return false;
    state.page.assign(bytes, bytes + size);
    state.page[ReservedAt] = PageChecksumBytes;
    return stored == sumOf(state.page.data(), size);
}

int closeFile(sqlite3_file *file)
{
    State *state = &stateOf(file);
    const int code = state->below->pMethods->xClose(state->below);
    if (state->identity != FileIdentity()) {
        OpenDatabases &open = openDatabases();
        const std::lock_guard lock(open.mutex);
        const auto counted = open.counts.find(state->identity);
        if (--counted->second == 0)
            open.counts.erase(counted);
    }
    delete state;
    return code;
}

int readFile(sqlite3_file *file, void *to, int size, sqlite3_int64 offset)
{
    State &state = stateOf(file);
    const int code = state.below->pMethods->xRead(state.below, to, size, offset);
    if (code != SQLITE_OK || !state.isDatabase)
        return code;
    const char *bytes = static_cast<const char *>(to);
    if (offset == 0 && size >= static_cast<int>(HeaderBytes))
        readHeader(state, bytes);
    const bool wholePage = state.pageBytes == size && offset % size == 0;
    const bool sound = state.checked ? !wholePage || isSound(bytes, size)
                                     : offset != 0 || !deniesChecksum(state, bytes, size);
    // SQLite sees no checksum, so it puts none into the log: a page that some other program's checkpoint brings from
    // there into the file has none, instead of one of older content.
    if (sound && state.checked && wholePage)
        std::memset(static_cast<char *>(to) + size - PageChecksumBytes, 0, PageChecksumBytes);
    if (sound)
        return SQLITE_OK;
    t_damagedPage = static_cast<std::uint64_t>(offset / size) + 1;
    return SQLITE_IOERR_DATA;
}

int writeFile(sqlite3_file *file, const void *from, int size, sqlite3_int64 offset)
{
    State &state = stateOf(file);
    const char *bytes = static_cast<const char *>(from);
    if (state.isDatabase && offset == 0 && size >= static_cast<int>(HeaderBytes))
        readHeader(state, bytes);
    if (!state.checked || size != state.pageBytes || offset % size != 0)
        return state.below->pMethods->xWrite(state.below, from, size, offset);
    state.page.assign(bytes, bytes + size);
    const std::uint64_t sum = sumOf(bytes, size);
    std::memcpy(state.page.data() + size - PageChecksumBytes, &sum, PageChecksumBytes);
    return state.below->pMethods->xWrite(state.below, state.page.data(), size, offset);
}

int control(sqlite3_file *file, int operation, void *argument)
{
    State &state = stateOf(file);
    if (operation != PageChecksumsControl)
        return state.below->pMethods->xFileControl(state.below, operation, argument);
    if (!state.isDatabase)
        return SQLITE_NOTFOUND;
    state.pageBytes = *static_cast<int *>(argument);
    state.checked = true;
    return SQLITE_OK;
}

int traits(sqlite3_file *file)
{
    sqlite3_file *below = stateOf(file).below;
    int traits = below->pMethods->xDeviceCharacteristics(below);
#ifdef SQLITE_IOCAP_SUBPAGE_READ
    traits &= ~SQLITE_IOCAP_SUBPAGE_READ; // part of a page cannot be verified
#endif
    return traits;
}

/// A method that only hands on.
template <auto Method, typename... Arguments>
int handOn(sqlite3_file *file, Arguments... arguments)
{
    sqlite3_file *below = stateOf(file).below;
    return (below->pMethods->*Method)(below, arguments...);
}

void barrier(sqlite3_file *file)
{
    sqlite3_file *below = stateOf(file).below;
    below->pMethods->xShmBarrier(below);
}

using Io = sqlite3_io_methods;
const Io Methods = {
    .iVersion = 2, // without memory maps, which could not be verified
    .xClose = closeFile,
    .xRead = readFile,
    .xWrite = writeFile,
    .xTruncate = handOn<&Io::xTruncate, sqlite3_int64>,
    .xSync = handOn<&Io::xSync, int>,
    .xFileSize = handOn<&Io::xFileSize, sqlite3_int64 *>,
    .xLock = handOn<&Io::xLock, int>,
    .xUnlock = handOn<&Io::xUnlock, int>,
    .xCheckReservedLock = handOn<&Io::xCheckReservedLock, int *>,
    .xFileControl = control,
    .xSectorSize = handOn<&Io::xSectorSize>,
    .xDeviceCharacteristics = traits,
    .xShmMap = handOn<&Io::xShmMap, int, int, int, void volatile **>,
    .xShmLock = handOn<&Io::xShmLock, int, int, int>,
    .xShmBarrier = barrier,
    .xShmUnmap = handOn<&Io::xShmUnmap, int>,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int openFile(sqlite3_vfs *, const char *name, sqlite3_file *file, int flags, int *outFlags)
{
    file->pMethods = nullptr;
    sqlite3_vfs *below = system();
    auto state = std::unique_ptr<State>(new (std::nothrow) State);
    if (state == nullptr)
        return SQLITE_NOMEM;
    const auto size = static_cast<std::size_t>(below->szOsFile);
    state->memory.reset(new (std::nothrow) std::byte[size]());
    if (state->memory == nullptr)
        return SQLITE_NOMEM;
    state->below = reinterpret_cast<sqlite3_file *>(state->memory.get());
    state->isDatabase = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    OpenDatabases &open = openDatabases();
    std::unique_lock lock(open.mutex, std::defer_lock);
    if (state->isDatabase)
        lock.lock();
    const int code = below->xOpen(below, name, state->below, flags, outFlags);
    if (code == SQLITE_OK && state->isDatabase) {
        state->identity = identityOf(name);
        if (state->identity != FileIdentity())
            ++open.counts[state->identity];
    }
    if (code != SQLITE_OK) {
        if (state->below->pMethods != nullptr)
            state->below->pMethods->xClose(state->below);
        return code;
    }
    reinterpret_cast<PageFile *>(file)->state = state.release();
    file->pMethods = &Methods;
    return SQLITE_OK;
}

sqlite3_vfs makeVfs()
{
    sqlite3_vfs vfs{};
    vfs.iVersion = 2;
    vfs.szOsFile = sizeof(PageFile);
    vfs.mxPathname = system()->mxPathname;
    vfs.zName = VfsName;
    vfs.xOpen = openFile;
    vfs.xDelete = [](sqlite3_vfs *, const char *name, int sync) { return system()->xDelete(system(), name, sync); };
    vfs.xAccess = [](sqlite3_vfs *, const char *name, int flags, int *out) {
        return system()->xAccess(system(), name, flags, out);
    };
    vfs.xFullPathname = [](sqlite3_vfs *, const char *name, int size, char *out) {
        return system()->xFullPathname(system(), name, size, out);
    };
    vfs.xRandomness = [](sqlite3_vfs *, int size, char *out) { return system()->xRandomness(system(), size, out); };
    vfs.xSleep = [](sqlite3_vfs *, int micros) { return system()->xSleep(system(), micros); };
    vfs.xCurrentTime = [](sqlite3_vfs *, double *out) { return system()->xCurrentTime(system(), out); };
    vfs.xGetLastError = [](sqlite3_vfs *, int size, char *out) {
        return system()->xGetLastError(system(), size, out);
    };
    vfs.xCurrentTimeInt64 = [](sqlite3_vfs *, sqlite3_int64 *out) {
        return system()->xCurrentTimeInt64(system(), out);
    };
    return vfs;
}

} // namespace

const char *pageVfs()
{
    static sqlite3_vfs vfs = makeVfs();
    static const int registered = sqlite3_vfs_register(&vfs, 0);
    return registered == SQLITE_OK ? VfsName : nullptr;
}

Status givePageChecksums(Database &database, int pageBytes)
{
    int reserved = PageChecksumBytes;
    sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    if (sqlite3_file_control(database.handle(), "main", PageChecksumsControl, &pageBytes) != SQLITE_OK)
        return database.lastError("page checksums");
    return Ok{};
}

std::uint64_t lastDamagedPage()
{
    return t_damagedPage;
}

bool hasPageChecksums(const std::string &path)
{
    // By SQLite's own hand, which does not give up the locks of other connections when it closes the file.
    sqlite3_vfs *const below = system();
    const auto memory = std::make_unique<std::byte[]>(static_cast<std::size_t>(below->szOsFile));
    auto *const file = reinterpret_cast<sqlite3_file *>(memory.get());
    const std::string name = path + std::string(2, '\0'); // as it wants the name of a database
    char header[HeaderBytes] = {};
    int flags = 0;
    const int opened =
        below->xOpen(below, name.c_str(), file, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, &flags);
    const bool read = opened == SQLITE_OK && file->pMethods->xRead(file, header, HeaderBytes, 0) == SQLITE_OK;
    if (file->pMethods != nullptr)
        file->pMethods->xClose(file);
    return read && header[ReservedAt] == PageChecksumBytes;
}

bool whileNotOpen(const std::string &path, const std::function<void()> &look)
{
    OpenDatabases &open = openDatabases();
    const std::lock_guard lock(open.mutex);
    if (open.counts.contains(identityOf(path.c_str())))
        return false;
    look();
    return true;
}

} // namespace eventops::sqlite
