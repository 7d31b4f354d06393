// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

namespace eventops {

/// Waits for a file to change, by inotify(7). Where the kernel does not tell (a network's folder, more watches than a
/// user may have) every wait lasts as long as it may. Thread: one.
class FileWatch
{
public:
    explicit FileWatch(const std::string &path);
    ~FileWatch();
    FileWatch(const FileWatch &) = delete;
    FileWatch &operator=(const FileWatch &) = delete;

    /// Until the file is written to, cut or removed, or for @p most.
    void wait(std::chrono::milliseconds most) const;

private:
    int m_fd;
};

} // namespace eventops
