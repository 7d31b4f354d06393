// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/rerun.h"

#include <optional>
#include <string>
#include <vector>

namespace eventops {

enum class DecisionDifference : std::uint8_t {
    Added,   ///< Only the edited pipeline decides so.
    Removed, ///< Only the pipeline as it was.
    Moved,   ///< The same at another event or time, at most DecisionMovedMaxNs away.
    Changed, ///< The same at the same event, but it says something else.
};
std::string_view toString(DecisionDifference difference);

constexpr std::int64_t DecisionMovedMaxNs = 3'600 * NsPerSecond;
constexpr std::size_t AttributionChangesMax =
    16; ///< Edits tried one by one; of more all that touch a decision's names.

/// One decision that an edit of the pipeline changes. Row: Finding or Suggestion.
template <typename Row>
struct DecisionChange {
    DecisionDifference difference = DecisionDifference::Changed;
    std::optional<Row> before, after;
    std::vector<std::string> fields;  ///< What differs: "severity: warning → error".
    std::vector<std::size_t> causes;  ///< Into DecisionDiff::edits: without it this decision would be as it was.
};

/// What an edited pipeline would have decided otherwise.
struct DecisionDiff {
    std::vector<SettingChange> edits;
    PipelinePart from = PipelinePart::Nothing; ///< Where computing began; what stands before was taken as it is stored.
    bool recorded = true;  ///< Compared with what was decided then; false: with the old pipeline run again, because
                           ///< the workspace's history was made by several.
    std::vector<DecisionChange<Finding>> findings;       ///< In input order.
    std::vector<DecisionChange<Suggestion>> suggestions; ///< In input order.
    std::uint64_t findingsBefore = 0, findingsAfter = 0, suggestionsBefore = 0, suggestionsAfter = 0;
    std::uint64_t events = 0;
    std::vector<StageDigest> stages; ///< Of the edited pipeline.
    bool empty() const { return findings.empty() && suggestions.empty(); }
};

/// Runs @p after over the history of @p ledger and compares its decisions with those of @p before, the workspace's
/// pipeline. Each difference is traced to the edits that make it, by leaving them out one at a time.
/// Thread: one. O(history × (edits + 1)). Errors: as rerun.
Result<DecisionDiff> diffDecisions(Ledger &ledger, const Registry &registry, const PipelineSpec &before,
                                   const PipelineSpec &after, const RerunRequest &request);

/// Whether a workspace's past comes out again as it is recorded.
struct RerunCheck {
    std::vector<StageDigest> recorded, rerun; ///< Kind by kind, in the same order.
    std::vector<StageDigest> stages;
    PipelinePart from = PipelinePart::Records;
    bool equal() const;
};

/// Runs @p spec over the history again, from the raw records where they were kept, and compares. Errors: as rerun.
Result<RerunCheck> checkRerun(Ledger &ledger, const Registry &registry, const PipelineSpec &spec, bool fromRecords,
                              const RerunRequest &request);

} // namespace eventops
