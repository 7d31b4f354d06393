// SPDX-License-Identifier: MIT
#include "core/lake/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eventops::lake {
namespace {

constexpr unsigned AsideMax = 1'000;
constexpr std::size_t CopyBytesMax = 16u << 20; ///< At once.

struct File {
    int fd;
    explicit File(int descriptor) : fd(descriptor) {}
    ~File()
    {
        if (fd >= 0)
            ::close(fd);
    }
    File(const File &) = delete;
    File &operator=(const File &) = delete;
};

Status copyBytes(int from, int to, const std::string &name)
{
    for (;;) {
        const ssize_t n = ::sendfile(to, from, nullptr, CopyBytesMax);
        if (n == 0)
            return Ok{};
        if (n < 0 && errno != EINTR)
            return fileError("cannot write", name);
    }
}

} // namespace

Error fileError(const std::string &what, const std::string &path)
{
    const int code = errno;
    return Error{code == ENOSPC || code == EDQUOT ? Error::Code::Full : Error::Code::Io,
                 what + ": " + std::strerror(code), {path, 0, 0}, {}};
}

Status syncPath(const std::string &path)
{
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.fd < 0 || ::fsync(file.fd) != 0)
        return fileError("cannot sync", path);
    return Ok{};
}

Status makeFolders(const std::string &path)
{
    std::error_code failed;
    std::filesystem::create_directories(path, failed);
    if (failed)
        return Error{failed.value() == ENOSPC ? Error::Code::Full : Error::Code::Io,
                     "cannot make the folder: " + failed.message(), {path, 0, 0}, {}};
    return Ok{};
}

Status replaceByCopy(const std::string &from, const std::string &to)
{
    const std::string beside = to + ".new";
    Status copied = [&]() -> Status {
        const File source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
        if (source.fd < 0)
            return fileError("cannot open", from);
        const File target(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (target.fd < 0)
            return fileError("cannot write", beside);
        EVENTOPS_TRY(copyBytes(source.fd, target.fd, beside));
        if (::fsync(target.fd) != 0)
            return fileError("cannot sync", beside);
        return Ok{};
    }();
    if (copied && std::rename(beside.c_str(), to.c_str()) != 0)
        copied = fileError("cannot rename to", to);
    if (!copied) {
        ::unlink(beside.c_str());
        return copied;
    }
    return syncPath(std::filesystem::path(to).parent_path().string());
}

Status replaceFile(const std::string &path, std::string_view content)
{
    const std::string beside = path + ".new";
    Status written = [&]() -> Status {
        const File file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (file.fd < 0)
            return fileError("cannot create", beside);
        while (!content.empty()) {
            const ssize_t n = ::write(file.fd, content.data(), content.size());
            if (n < 0 && errno != EINTR)
                return fileError("cannot write", beside);
            content.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
        }
        if (::fsync(file.fd) != 0)
            return fileError("cannot sync", beside);
        return Ok{};
    }();
    if (written && std::rename(beside.c_str(), path.c_str()) != 0)
        written = fileError("cannot rename to", path);
    if (!written) {
        ::unlink(beside.c_str());
        return written;
    }
    return syncPath(std::filesystem::path(path).parent_path().string());
}

Result<std::string> setAside(const std::string &path)
{
    std::error_code failed;
    if (!std::filesystem::exists(std::filesystem::symlink_status(path, failed)))
        return Error{Error::Code::NotFound, "there is nothing to set aside", {path, 0, 0}};
    for (unsigned i = 1; i <= AsideMax; ++i) {
        const std::string name = path + ".damaged-" + std::to_string(i);
        if (std::filesystem::exists(std::filesystem::symlink_status(name, failed)))
            continue;
        if (std::rename(path.c_str(), name.c_str()) != 0)
            return fileError("cannot set aside", path);
        return name;
    }
    return Error{Error::Code::LimitExceeded, "too many damaged files lie beside it", {path, 0, 0},
                 "remove the *.damaged-* files"};
}

} // namespace eventops::lake
