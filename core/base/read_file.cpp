// SPDX-License-Identifier: MIT
#include "core/base/read_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eventops {
namespace {

class Descriptor
{
public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    int get() const { return m_fd; }

private:
    int m_fd;
};

Error fileError(Error::Code code, const std::string &path, std::string message, std::string remedy = {})
{
    return Error{code, std::move(message), {path, 0, 0}, std::move(remedy)};
}

} // namespace

Result<std::string> readTextFile(const std::string &path, std::size_t bytesMax)
{
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) {
        const int reason = errno;
        return fileError(reason == ENOENT || reason == ENOTDIR ? Error::Code::NotFound : Error::Code::Io, path,
                         std::string("cannot be opened: ") + std::strerror(reason));
    }
    struct stat info = {};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
        return fileError(Error::Code::Io, path, "is not a regular file", "name a file");
    std::string text;
    // Read to the end rather than trust the size: the file may grow meanwhile.
    for (;;) {
        char buffer[64 * 1024];
        const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fileError(Error::Code::Io, path, std::string("cannot be read: ") + std::strerror(errno));
        if (got == 0)
            return text;
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.size() > bytesMax)
            return fileError(Error::Code::LimitExceeded, path, "larger than " + std::to_string(bytesMax) + " bytes",
                             "split the file");
    }
}

std::size_t invalidUtf8At(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
    for (std::size_t i = 0; i < text.size();) {
        const unsigned first = byte(i);
        const unsigned second = byte(i + 1);
        std::size_t length = 0;
        if (first < 0x80)
            length = 1;
        else if (first >= 0xC2 && first <= 0xDF)
            length = tail(i + 1) ? 2 : 0;
        else if (first >= 0xE0 && first <= 0xEF)
            length = second >= (first == 0xE0 ? 0xA0u : 0x80u) && second <= (first == 0xED ? 0x9Fu : 0xBFu) &&
                             tail(i + 2) ? 3 : 0;
        else if (first >= 0xF0 && first <= 0xF4)
            length = second >= (first == 0xF0 ? 0x90u : 0x80u) && second <= (first == 0xF4 ? 0x8Fu : 0xBFu) &&
                             tail(i + 2) && tail(i + 3) ? 4 : 0;
        if (length == 0)
            return i;
        i += length;
    }
    return std::string_view::npos;
}

} // namespace eventops
