// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/workspace.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// One thing that was looked at.
struct DoctorCheck {
    enum class Verdict : std::uint8_t {
        Good,
        Notice, ///< Works, and a person should know.
        Bad,    ///< Does not work, or will not for long.
    };
    std::string name;   ///< Two or three words: "free space".
    Verdict verdict = Verdict::Good;
    std::string found;  ///< One sentence.
    std::string remedy; ///< What to do; empty when all is well.
};
std::string_view toString(DoctorCheck::Verdict verdict); ///< "good", "notice", "bad"

/// Looks at a workspace from outside: place, files, ledger, audit, what waits, lake, clock, versions. Changes nothing
/// and works beside an engine. @p full: reads all pages, indices and events instead of the pages alone. Never fails:
/// what cannot be looked at is a check with a verdict. Stopped: the checks so far. Thread: any.
std::vector<DoctorCheck> examineWorkspace(const Workspace &workspace, bool full, const std::atomic<bool> &stop);

/// The part that looks at the place: rights, free space, kind of file system. @p fileSystem: statfs' f_type.
DoctorCheck checkFileSystem(std::int64_t fileSystem);
DoctorCheck checkFreeSpace(std::uint64_t freeBytes, std::uint64_t ledgerBytes);

} // namespace eventops
