// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/finding.h"

#include <string>
#include <string_view>

namespace eventops {

/// Event type of a broken expectation (contracts K10, X11).
inline constexpr std::string_view DeviationType = "entropy.deviation";
/// `source.system` of deviations that this program wrote. Read again they are facts about findings, neither
/// measurements nor steps of an entity's life, so no stage finds anything in them (X20).
inline constexpr std::string_view DeviationSource = "eventops";

struct DeviationForm {
    bool legacyTopLevel = false; ///< step, entropy and baseline_entropy at top level as well (X12).
};

/// The one `entropy.deviation` of a finding in Karma's envelope (contracts X11, X12):
/// {"ts", "event_type", "entity_id", "correlation_id", "tags": the event's with tenant, "attrs": {"step", "entropy",
/// "baseline_entropy", "bits", "kind", "origin", "severity", "message", "finding_id", "terms", "expected", "evidence",
/// and of measurements "metric", "value", "unit"}, "idempotency_key", "source"}.
/// `entropy` and `bits` are the finding's bits; `baseline_entropy` is the mean bits of the expected alternatives. The
/// key comes from the finding's id, so a replay gives the same bytes. One line, no line end.
/// Errors: InvalidInput for a finding without a time, which the envelope requires.
/// Thread: any. Complexity: O(length).
Result<std::string> encodeDeviation(const Finding &finding, const DeviationForm &form = {});

/// Whether the finding itself is a broken expectation, of origin entropy or absence; others are only mirrored.
bool isDeviation(const Finding &finding);

} // namespace eventops
