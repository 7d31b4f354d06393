// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/spec.h"
#include "core/store/ledger.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace eventops {

constexpr std::size_t PromoteRecordsMax = 50'000; ///< Records that a minimal set is looked for in.
constexpr std::size_t PromoteTrialsMax = 20'000;  ///< Runs of the stages over a part of them.

/// A finding made into a regression test.
struct Promotion {
    std::string folder;           ///< A golden case; see golden_case.h.
    std::uint64_t candidates = 0; ///< Records looked at.
    std::uint64_t records = 0;    ///< Records kept.
    std::uint64_t trials = 0;
    bool minimal = true;          ///< Removing any one record loses the finding; false: the trials ran out.
};

/// Finds a 1-minimal set of raw records that still gives the finding: same name, entity, metric, state, severity and
/// event time. Writes it as a golden case into @p folder, which must not exist, and runs that case once.
/// Source: A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28(2), 2002 (ddmin).
/// Thread: one. O(trials × records). Errors: NotFound, Refused (no raw records, records of several lines, folder
/// exists, or the finding does not come out of these records), Cancelled, Io.
Result<Promotion> promoteFinding(Ledger &ledger, const Registry &registry, const PipelineSpec &spec,
                                 const std::string &findingId, const std::string &folder,
                                 const std::atomic<bool> &cancelled);

} // namespace eventops
