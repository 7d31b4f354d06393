// SPDX-License-Identifier: MIT
#pragma once

#include "core/config/spec_diff.h"
#include "core/pipeline/spec.h"
#include "core/store/ledger.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace eventops {

// A pipeline over the stored past. Stages are pure functions of the input in its order (design section 2), so the same
// pipeline must give the same decisions bit for bit, and an edited one shows what it would have decided. Nothing is
// stored. What stands before the first edited part is not computed again: stored events, or stored findings, are what
// it would give.

constexpr std::size_t RerunFindingsMax = 1'000'000;
constexpr std::size_t RerunKeysMax = 32'000'000;     ///< Dedupe keys held when records are decoded again.
constexpr std::size_t RerunEntitiesMax = 4'000'000;  ///< Entities and links held for their digest.

/// What a stage gave, in input order: equal digests, equal results. Entities and links count when all is over.
struct StageDigest {
    std::string stage;
    std::uint64_t outputs = 0; ///< Events, findings, or entities, links and suggestions.
    std::string digest;        ///< SHA-256.
};

struct RerunProgress {
    std::uint64_t events = 0;
    std::uint64_t eventsTotal = 0;
};

struct RerunRequest {
    PipelinePart from = PipelinePart::Records;
    unsigned workers = 1;
    const std::atomic<bool> *cancelled = nullptr;
    std::function<void(const RerunProgress &)> progress; ///< On the caller's thread, now and then.
};

struct RerunOutcome {
    std::vector<Finding> findings;       ///< By (seq, emission).
    std::vector<Suggestion> suggestions; ///< As they were made.
    std::vector<StageDigest> stages;     ///< In pipeline order, "decode" or "stored events" first.
    std::vector<StageDigest> kinds;      ///< As recordedDigests gives them.
    std::uint64_t events = 0;
    std::uint64_t deadLetters = 0;       ///< Only when records are decoded again.
};

/// Runs @p spec over all that @p ledger holds. Thread: one; O(history).
/// Errors: Refused where records must be read again and were not kept, Cancelled, LimitExceeded, what the ledger gives.
Result<RerunOutcome> rerun(Ledger &ledger, const Registry &registry, const PipelineSpec &spec,
                           const RerunRequest &request);

/// What the ledger holds, kind by kind: "events", "findings", "suggestions", "entities", "links".
Result<std::vector<StageDigest>> recordedDigests(Ledger &ledger);

/// What the ledger holds, by (seq, emission). Cancelled, LimitExceeded.
Result<std::vector<Finding>> recordedFindings(Ledger &ledger, const std::atomic<bool> *cancelled);
Result<std::vector<Suggestion>> recordedSuggestions(Ledger &ledger, const std::atomic<bool> *cancelled);

} // namespace eventops
