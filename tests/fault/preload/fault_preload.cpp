// SPDX-License-Identifier: MIT
//
// Loaded before a program by LD_PRELOAD: fails the n-th allocation (FAULT_ALLOCATION; FAULT_ALLOCATION_STICKY: and all
// that come after it), moves the wall clock (FAULT_CLOCK_SECONDS), and makes a disk so slow that each sync takes
// FAULT_SYNC_MS longer. FAULT_ALLOCATION_COUNT=FILE: writes how many allocations there were when the program ends.
// FAULT_FILE=TEXT: nothing can be written to a file with this in its path, because of FAULT_FILE_ERRNO, after the first
// FAULT_FILE_AFTER times, and as long as FAULT_FILE_WHILE, a path, is there (unset: for ever).
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" {
void *__libc_malloc(std::size_t size);
void *__libc_calloc(std::size_t count, std::size_t size);
void *__libc_realloc(void *memory, std::size_t size);
}

namespace {

std::atomic<long> g_allocations{0};
long g_failAt = 0;
bool g_sticky = false;
long g_clockSeconds = 0;
long g_syncMs = 0;
const char *g_file = nullptr;
const char *g_fileWhile = nullptr;
long g_fileErrno = 0;
std::atomic<long> g_fileAfter{0};

long number(const char *name)
{
    const char *text = std::getenv(name);
    return text == nullptr ? 0 : std::atol(text);
}

bool fails()
{
    const long n = ++g_allocations;
    return g_failAt > 0 && (n == g_failAt || (g_sticky && n > g_failAt));
}

void dawdle()
{
    if (g_syncMs == 0)
        return;
    const timespec time{g_syncMs / 1'000, g_syncMs % 1'000 * 1'000'000};
    ::nanosleep(&time, nullptr);
}

/// Sets errno when nothing may be written to this file. Allocates nothing.
bool mayNotBeWritten(int fd)
{
    if (g_file == nullptr)
        return false;
    char link[64], path[4'096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = ::readlink(link, path, sizeof path - 1);
    if (size <= 0)
        return false;
    path[size] = '\0';
    if (std::strstr(path, g_file) == nullptr || (g_fileWhile != nullptr && ::access(g_fileWhile, F_OK) != 0)
        || g_fileAfter.fetch_sub(1) > 0)
        return false;
    errno = static_cast<int>(g_fileErrno);
    return true;
}

__attribute__((constructor)) void begin()
{
    g_fileErrno = number("FAULT_FILE_ERRNO");
    g_fileAfter = number("FAULT_FILE_AFTER");
    g_fileWhile = std::getenv("FAULT_FILE_WHILE");
    g_file = std::getenv("FAULT_FILE");
    g_syncMs = number("FAULT_SYNC_MS");
    g_clockSeconds = number("FAULT_CLOCK_SECONDS");
    g_sticky = number("FAULT_ALLOCATION_STICKY") != 0;
    g_allocations = 0;
    g_failAt = number("FAULT_ALLOCATION");
}

__attribute__((destructor)) void end()
{
    g_failAt = 0;
    const char *path = std::getenv("FAULT_ALLOCATION_COUNT");
    if (path == nullptr)
        return;
    char text[32];
    const int size = std::snprintf(text, sizeof text, "%ld", g_allocations.load());
    const int fd = ::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd >= 0 && ::write(fd, text, static_cast<std::size_t>(size)) == size)
        ::close(fd);
}

} // namespace

extern "C" {

void *malloc(std::size_t size)
{
    if (fails()) {
        errno = ENOMEM;
        return nullptr;
    }
    return __libc_malloc(size);
}

void *calloc(std::size_t count, std::size_t size)
{
    if (fails()) {
        errno = ENOMEM;
        return nullptr;
    }
    return __libc_calloc(count, size);
}

void *realloc(void *memory, std::size_t size)
{
    if (fails()) {
        errno = ENOMEM;
        return nullptr;
    }
    return __libc_realloc(memory, size);
}

ssize_t write(int fd, const void *data, std::size_t size)
{
    return mayNotBeWritten(fd) ? -1 : static_cast<ssize_t>(::syscall(SYS_write, fd, data, size));
}

int fsync(int fd)
{
    dawdle();
    return static_cast<int>(::syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
    dawdle();
    return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    const long code = ::syscall(SYS_clock_gettime, clock, out);
    if (code == 0 && clock == CLOCK_REALTIME)
        out->tv_sec += g_clockSeconds;
    return static_cast<int>(code);
}
}
