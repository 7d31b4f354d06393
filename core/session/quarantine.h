// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <string>
#include <vector>

namespace eventops {

/// Damaged files of a workspace are never repaired in place and never thrown away: they are renamed to
/// `<name>.damaged-<N>` and stay for a person to look at (adr/0006).
/// Thread: the caller holds the engine's lock of the workspace, except for `setAsideFiles`.

/// Renames @p path (and, for a database, its -wal beside it); gives its new name without the folder. Io.
Result<std::string> setAside(const std::string &path);

/// Looks at what a crash left of the write-ahead log of `<directory>/ledger.db`. SQLite drops what lies behind a bad
/// frame without a word; when that was committed, the log is copied aside first. Gives the copy's name without the
/// folder; empty: nothing is wrong. Reads at most WalLookBytesMax.
Result<std::string> keepDamagedWal(const std::string &directory);

/// True when the ledger of a workspace that was used is an empty file: something cut it off.
bool ledgerWasEmptied(const std::string &directory);

/// Names of the files that were set aside, sorted; at most SetAsideFilesMax.
std::vector<std::string> setAsideFiles(const std::string &directory);

} // namespace eventops
