// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/capture_file.h"
#include "core/pipeline/source.h"

#include <atomic>
#include <functional>

namespace eventops {

struct MergeProgress {
    std::uint64_t records = 0;
    std::uint64_t bytesRead = 0;
    std::uint64_t bytesTotal = 0; ///< 0: unknown.
};

/// Merges captures by event time into one, as a replay of all of them together would: each keeps its own order, a
/// record without a time goes where the one before it went, ties go to the source named first. Nothing is left out and
/// nothing stored; a replay of the result is a replay of the files.
/// Memory: one chunk a source. Errors: of the sources (what one says to be missing is an error as well: a merge is
/// whole or not at all), Cancelled. Thread: one.
Result<MergeProgress> mergeCaptures(std::vector<std::unique_ptr<Source>> sources, ByteSink sink,
                                    const std::atomic<bool> &cancelled,
                                    const std::function<void(const MergeProgress &)> &progress);
constexpr std::size_t MergeSourcesMax = 1'024;

} // namespace eventops
