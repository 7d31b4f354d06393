// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace eventops {

constexpr int BackupStepPages = 1'024;     ///< Copied between two looks at the world; 16 MiB.
constexpr unsigned BackupRestartsMax = 3;  ///< Then one snapshot is held to the end, see copyLedger.

struct BackupProgress {
    std::uint64_t pages = 0, pagesTotal = 0;
    std::uint64_t bytes = 0;  ///< Of the copy.
    unsigned restarts = 0;    ///< The engine wrote meanwhile and the copy began anew.
};

/// Copies `<directory>/ledger.db` to the new file @p to, page by page, beside an engine that goes on writing (SQLite's
/// online backup: sqlite.org/backup.html). No snapshot is kept from step to step; when the engine has written, the copy
/// begins anew. After BackupRestartsMax times one snapshot is kept to the end instead: the engine's write-ahead log
/// grows meanwhile, at most to its limit, at which commits wait. The copy is synced.
/// Thread: any, one at a time a copy. Memory: a page cache. Errors: NotFound, Full, Io, Corrupt, Cancelled; what is at
/// @p to then is for the caller to remove.
Status copyLedger(const std::string &directory, const std::string &to, const std::atomic<bool> &stop,
                  const std::function<void(const BackupProgress &)> &progress);

/// "SQLite 3.40.1, zstd 1.5.4": what is used at run time.
std::string storeLibraries();

/// Reads the file through: SQLite's own check of all pages and indices. Corrupt: what it found first. @p quick: leaves
/// indices out.
Status checkLedgerFile(const std::string &directory, bool quick);

} // namespace eventops
