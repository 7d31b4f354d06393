// SPDX-License-Identifier: MIT
#include "pipelines/sources/tail/file_watch.h"

#include <array>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace eventops {

FileWatch::FileWatch(const std::string &path) : m_fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK))
{
    if (m_fd >= 0 && ::inotify_add_watch(m_fd, path.c_str(), IN_MODIFY | IN_ATTRIB) < 0) {
        ::close(m_fd);
        m_fd = -1;
    }
}

FileWatch::~FileWatch()
{
    if (m_fd >= 0)
        ::close(m_fd);
}

void FileWatch::wait(std::chrono::milliseconds most) const
{
    pollfd waited{m_fd, POLLIN, 0}; // a negative descriptor is passed over
    if (::poll(&waited, 1, static_cast<int>(most.count())) <= 0)
        return;
    std::array<char, 4096> told;
    while (::read(m_fd, told.data(), told.size()) > 0) // what it was is seen by looking
        continue;
}

} // namespace eventops
