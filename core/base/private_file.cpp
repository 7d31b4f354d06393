// SPDX-License-Identifier: MIT
#include "core/base/private_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eventops {
namespace {

class OpenFile
{
public:
    OpenFile(const std::string &path, int flags) : m_fd(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~OpenFile()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    OpenFile(const OpenFile &) = delete;
    OpenFile &operator=(const OpenFile &) = delete;
    int fd() const { return m_fd; }

private:
    const int m_fd;
};

Error failure(const std::string &what, const std::string &path)
{
    const int code = errno;
    return Error{
        code == ENOENT ? Error::Code::NotFound : Error::Code::Io, what + ": " + std::strerror(code), {path, 0, 0}};
}

} // namespace

Result<std::string> readPrivateFile(const std::string &path, std::size_t bytesMax, const std::string &what)
{
    const OpenFile file(path, O_RDONLY | O_NONBLOCK); // a pipe must not hold us up
    struct stat info = {};
    if (file.fd() < 0 || ::fstat(file.fd(), &info) != 0)
        return failure("cannot read " + what, path);
    if (!S_ISREG(info.st_mode))
        return Error{Error::Code::Refused, what + " is in no plain file", {path, 0, 0}, "name a file"};
    if ((info.st_mode & 077) != 0)
        return Error{Error::Code::Refused,
                     "others may read or write " + what,
                     {path, 0, 0},
                     "chmod 600 it, and replace what is in it if somebody may have seen it"};
    std::string text(bytesMax + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t part = ::read(file.fd(), text.data() + size, text.size() - size);
        if (part < 0)
            return failure("cannot read " + what, path);
        if (part == 0)
            break;
        size += static_cast<std::size_t>(part);
    }
    if (size > bytesMax)
        return Error{
            Error::Code::LimitExceeded, what + " has more than " + std::to_string(bytesMax) + " bytes", {path, 0, 0}};
    text.resize(size);
    return text;
}

Status createPrivateFile(const std::string &path, const std::string &content)
{
    const OpenFile file(path, O_WRONLY | O_CREAT | O_EXCL);
    if (file.fd() < 0 && errno == EEXIST)
        return Error{Error::Code::Refused, "the file is there already", {path, 0, 0}, "remove it, or name it as it is"};
    if (file.fd() < 0 || ::write(file.fd(), content.data(), content.size()) != static_cast<ssize_t>(content.size())
        || ::fsync(file.fd()) != 0)
        return failure("cannot write", path);
    return Ok{};
}

} // namespace eventops
