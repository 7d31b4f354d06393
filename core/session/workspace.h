// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <string>

namespace eventops {

/// One directory that holds everything of a workspace: `ledger.db`, `pipeline.json` (the pipeline it last ran,
/// canonical, so that every later command works on the same one) and the lock files.
struct Workspace {
    std::string directory;

    std::string pipelineFile() const { return directory + "/pipeline.json"; }
    /// Creates the directory when it is missing (0700). Io.
    static Result<Workspace> open(const std::string &directory);
    /// NotFound when there is no workspace; for commands that must not make one.
    static Result<Workspace> existing(const std::string &directory);

    Result<std::string> readPipeline() const;          ///< NotFound when nothing ran yet.
    Status writePipeline(const std::string &text) const; ///< Atomic: written beside, synced, renamed.
};

/// An advisory lock on a file of the workspace, held until destruction and given up by the kernel if the process dies.
class FileLock
{
public:
    /// @p name: "engine" or "executor". Busy when another process holds it.
    static Result<FileLock> take(const Workspace &workspace, const std::string &name);
    ~FileLock();
    FileLock(FileLock &&other) noexcept;
    FileLock &operator=(FileLock &&) = delete;

private:
    explicit FileLock(int fd) : m_fd(fd) {}
    int m_fd;
};

} // namespace eventops
