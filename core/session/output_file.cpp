// SPDX-License-Identifier: MIT
#include "core/session/output_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eventops {
namespace {

constexpr std::size_t BufferBytes = 256u << 10;
constexpr mode_t FileMode = 0600; ///< Events are their owner's; who shares them says so.

Error writeError(const std::string &path)
{
    const int code = errno;
    const bool full = code == ENOSPC || code == EDQUOT;
    const Error::Code kind = full ? Error::Code::Full : code == ENOENT ? Error::Code::NotFound : Error::Code::Io;
    return Error{kind,
                 std::string("cannot write: ") + std::strerror(code),
                 {path, 0, 0},
                 full ? "make room, or name a file on another disk" : "name a file in a folder that you may write"};
}

Error isThere(const std::string &path)
{
    return Error{
        Error::Code::Refused, "the file is there already", {path, 0, 0}, "name another one, or allow to overwrite it"};
}

} // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::make(const std::string &path, bool overwrite)
{
    struct stat status = {};
    if (::stat(path.c_str(), &status) == 0) {
        if (!S_ISREG(status.st_mode))
            return Error{Error::Code::InvalidArgument, "this is no regular file", {path, 0, 0}, "name a file"};
        if (!overwrite)
            return isThere(path);
    }
    std::string beside = path + ".XXXXXX";
    const int fd = ::mkostemp(beside.data(), O_CLOEXEC);
    if (fd < 0)
        return writeError(path);
    ::fchmod(fd, FileMode);
    return std::unique_ptr<OutputFile>(new OutputFile(path, std::move(beside), fd, overwrite));
}

OutputFile::~OutputFile()
{
    if (m_fd >= 0)
        ::close(m_fd);
    if (!m_beside.empty())
        ::unlink(m_beside.c_str());
}

Status OutputFile::write(std::string_view bytes)
{
    m_bytes += bytes.size();
    if (m_buffer.size() + bytes.size() <= BufferBytes) {
        m_buffer += bytes;
        return Ok{};
    }
    EVENTOPS_TRY(put(m_buffer));
    m_buffer.clear();
    return put(bytes);
}

Status OutputFile::put(std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(m_fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return writeError(m_path);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return Ok{};
}

Status OutputFile::commit()
{
    EVENTOPS_TRY(put(m_buffer));
    if (::fsync(m_fd) != 0 || ::close(std::exchange(m_fd, -1)) != 0)
        return writeError(m_path);
    // Without leave to overwrite, a file that has come up meanwhile stays.
    int renamed = m_overwrite ? std::rename(m_beside.c_str(), m_path.c_str())
                              : ::renameat2(AT_FDCWD, m_beside.c_str(), AT_FDCWD, m_path.c_str(), RENAME_NOREPLACE);
    if (renamed != 0 && errno == EINVAL) // a file system that cannot tell
        renamed = std::rename(m_beside.c_str(), m_path.c_str());
    if (renamed != 0)
        return errno == EEXIST ? isThere(m_path) : writeError(m_path);
    m_beside.clear();
    const std::size_t slash = m_path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : m_path.substr(0, slash + 1);
    const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) { // the name, too, is to outlive a power cut
        ::fsync(directory);
        ::close(directory);
    }
    return Ok{};
}

} // namespace eventops
