// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace eventops {

/// A file that is there whole or not at all: written beside its place, synced, renamed. Destroyed before `commit`, it
/// leaves nothing. Thread: one. Errors: Refused (the file is there), NotFound (its folder is not), Full, Io.
class OutputFile
{
public:
    static Result<std::unique_ptr<OutputFile>> make(const std::string &path, bool overwrite);
    ~OutputFile();
    OutputFile(const OutputFile &) = delete;
    OutputFile &operator=(const OutputFile &) = delete;

    Status write(std::string_view bytes);
    Status commit();
    std::uint64_t bytes() const { return m_bytes; }

private:
    OutputFile(std::string path, std::string beside, int fd, bool overwrite)
        : m_path(std::move(path)), m_beside(std::move(beside)), m_fd(fd), m_overwrite(overwrite)
    {
    }
    Status put(std::string_view bytes);

    const std::string m_path;
    std::string m_beside; ///< Empty once renamed.
    int m_fd;
    const bool m_overwrite;
    std::string m_buffer;
    std::uint64_t m_bytes = 0;
};

} // namespace eventops
