// SPDX-License-Identifier: MIT
#include "core/session/workspace.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eventops {
namespace {

Error ioError(const std::string &what, const std::string &path)
{
    const int code = errno;
    return Error{code == ENOSPC ? Error::Code::Full : Error::Code::Io, what + ": " + std::strerror(code), {path, 0, 0}};
}

} // namespace

Result<Workspace> Workspace::open(const std::string &directory)
{
    std::error_code code;
    const bool there = std::filesystem::is_directory(directory, code);
    if (!there) {
        std::filesystem::create_directories(directory, code);
        if (code)
            return Error{Error::Code::Io, "cannot create the workspace: " + code.message(), {directory, 0, 0},
                         "name a directory that you may write"};
        ::chmod(directory.c_str(), 0700);
    }
    return Workspace{directory};
}

Result<Workspace> Workspace::existing(const std::string &directory)
{
    std::error_code code;
    if (!std::filesystem::exists(directory + "/ledger.db", code))
        return Error{Error::Code::NotFound, "there is no workspace here", {directory, 0, 0},
                     "make one with: eventops replay FILE --workspace " + directory};
    return Workspace{directory};
}

Result<std::string> Workspace::readPipeline() const
{
    std::ifstream file(pipelineFile(), std::ios::binary);
    if (!file)
        return Error{Error::Code::NotFound, "no pipeline has run in this workspace yet", {directory, 0, 0}};
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

Status Workspace::writePipeline(const std::string &text) const
{
    const std::string beside = pipelineFile() + ".new";
    const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return ioError("cannot write", beside);
    std::size_t written = 0;
    while (written < text.size()) {
        const ssize_t n = ::write(fd, text.data() + written, text.size() - written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            const Error error = ioError("cannot write", beside);
            ::close(fd);
            return error;
        }
        written += static_cast<std::size_t>(n);
    }
    const bool synced = ::fsync(fd) == 0;
    ::close(fd);
    if (!synced || std::rename(beside.c_str(), pipelineFile().c_str()) != 0)
        return ioError("cannot write", pipelineFile());
    return Ok{};
}

Result<FileLock> FileLock::take(const Workspace &workspace, const std::string &name)
{
    const std::string path = workspace.directory + '/' + name + ".lock";
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return ioError("cannot open the lock", path);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const bool held = errno == EWOULDBLOCK;
        const Error error = held ? Error{Error::Code::Busy, "another " + name + " is running on this workspace",
                                         {workspace.directory, 0, 0}, "wait for it to end, or use another workspace"}
                                 : ioError("cannot lock", path);
        ::close(fd);
        return error;
    }
    return FileLock(fd);
}

FileLock::~FileLock()
{
    if (m_fd >= 0)
        ::close(m_fd);
}

FileLock::FileLock(FileLock &&other) noexcept : m_fd(other.m_fd)
{
    other.m_fd = -1;
}

} // namespace eventops
