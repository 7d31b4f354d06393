// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/workspace.h"
#include "core/store/backup.h"

#include <atomic>
#include <functional>
#include <string>

namespace eventops {

struct BackupRequest {
    std::string to;      ///< Folder to make; it is a workspace then. Refused when it is there.
    bool verify = false; ///< Also reads every event of the copy, for its digest.
};

struct BackupOutcome {
    BackupProgress copied;
    std::uint64_t events = 0;    ///< In the copy, without those that retention dropped.
    std::uint64_t auditRows = 0; ///< Verified.
    std::string digest;          ///< When asked for.
};

/// Makes a copy of the workspace's ledger and pipeline beside an engine that goes on. The copy is written under another
/// name, checked (all pages, the audit's chain), synced and renamed: it is there whole or not at all. The lake is not
/// in it: `eventops lake build` makes it again. Thread: any. Errors: copyLedger's; Refused, NotFound (its parent).
Result<BackupOutcome> backupWorkspace(const Workspace &workspace, const BackupRequest &request,
                                      const std::atomic<bool> &stop,
                                      const std::function<void(const BackupProgress &)> &progress);

} // namespace eventops
