// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/expectation.h"
#include "core/model/finding.h"

#include <string>
#include <string_view>

namespace eventops {

/// Event type of a broken expectation (contracts K10, X11).
inline constexpr std::string_view DeviationType = "entropy.deviation";
/// `source.system` of deviations that this program wrote. Read again they are facts about findings, neither
/// measurements nor steps of an entity's life, so no stage finds anything in them (X20).
inline constexpr std::string_view DeviationSource = "eventops";

/// Event type of findings that are neither alerts nor deviations, as pending and resolved ones of rules are: our own,
/// for readers that want to know them all.
inline constexpr std::string_view FindingStateType = "finding.state";

struct DeviationForm {
    bool legacyTopLevel = false; ///< step, entropy and baseline_entropy at top level as well (X12).
    std::string_view type = DeviationType; ///< Or FindingStateType: the same document under another name and key.
};

/// The one `entropy.deviation` of a finding in Karma's envelope (contracts X11, X12):
/// {"ts", "event_type", "entity_id", "correlation_id", "tags": the event's with tenant, "attrs": {"step", "entropy",
/// "baseline_entropy", "bits", "kind", "origin", "severity", "message", "finding_id", "terms", "expected", "evidence",
/// and of measurements "metric", "value", "unit"}, "idempotency_key", "source"}.
/// `bits` are the finding's. `entropy` is the same and `baseline_entropy` the mean bits of the expected alternatives,
/// unless the finding has terms of these names (SeenEntropyTerm): then they are what those say. The key comes from the
/// finding's id, so a replay gives the same bytes. One line, no line end.
/// Errors: InvalidInput for a finding without a time, which the envelope requires.
/// Thread: any. Complexity: O(length).
Result<std::string> encodeDeviation(const Finding &finding, const DeviationForm &form = {});

/// Event type of an expectation (contracts K122, U42).
inline constexpr std::string_view PredictionType = "entropy.predicted";

/// The one `entropy.predicted` of a case in flight in Karma's envelope: {"ts": of the last step, "event_type",
/// "entity_id", "tags": {"tenant"}, "attrs": {"step": what comes next, "probability", "eta", "low": its last step,
/// "high": nine of ten went on by then, "overdue", "missing": when its absence becomes a finding, "confidence",
/// "expected": up to three steps with probabilities, "last_step", "entity_type", "samples", "standing" at @p clock},
/// "idempotency_key", "source"}. `confidence` is the share of cases that go on by `high`. What is unknown is left out.
/// The key comes from entity and last step, so a repeated prediction is the same one. One line, no line end.
/// Errors: InvalidInput without a time of the last step. Thread: any. Complexity: O(length).
Result<std::string> encodePrediction(const CaseExpectation &expectation, WallNs clock);

/// Whether the finding itself is a broken expectation, of origin entropy or absence; others are only mirrored.
bool isDeviation(const Finding &finding);

} // namespace eventops
