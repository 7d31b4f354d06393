// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <atomic>
#include <functional>

namespace eventops {

/// What one export works on. @p letters: another ledger of the same workspace, asked while @p ledger is being read.
struct ExportJob {
    Ledger &ledger;
    Ledger &letters;
    const Caller &caller;
    const ExportRequest &request;
    const std::atomic<bool> &cancelled;
    std::function<void(ExportProgress)> progress; ///< After each block of events; may be empty.
};

/// See Backend::exportCapture. Thread: one. Memory: a block of events, a frame a source, 40 bytes a dead letter (at
/// most ExportLettersMax of them). Complexity: O(events of the blocks that may match).
Result<ExportProgress> exportRecords(const ExportJob &job);
constexpr std::size_t ExportLettersMax = 1'000'000;
constexpr std::size_t ExportLetterBytesMax = 256u << 20; ///< Of one in a form that gives it on a line.

} // namespace eventops
