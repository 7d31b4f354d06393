// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"
#include "core/model/event.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eventops {

enum class FindingOrigin : std::uint8_t { Rule, Entropy, Absence, External };
/// A rule without `for` gives Firing findings only, one a sample.
enum class FindingState : std::uint8_t { Pending, Firing, Resolved };

std::string_view toString(FindingOrigin origin);
std::string_view toString(FindingState state);

/// One summand of a surprise. The terms of a finding sum exactly to its bits.
struct BitsTerm {
    std::string name;     ///< "transition", "timing", "value".
    double bits = 0.0;
    std::string context;  ///< In what context the expectation was learned: "after created", "host:host-a cpu_load".
    std::string observed; ///< "97", "cancelled", "13m 20s".
    std::string expected; ///< "34.1 ± 2.2", "confirmed (94 %, 47 of 50)".
    std::uint64_t samples = 0; ///< Observations behind the expectation.
};

// Terms of a finding that compares the entropy of what it saw with that of a baseline: one counts up, one down.
inline constexpr std::string_view SeenEntropyTerm = "entropy";
inline constexpr std::string_view BaselineEntropyTerm = "baseline_entropy";

/// The terms as a JSON array; numbers are written so that reading gives them back exactly.
std::string termsToJson(const std::vector<BitsTerm> &terms);

/// Something wrong, with its severity and its evidence.
struct Finding {
    std::string id;               ///< 32 hexadecimal digits, from content and position; the same in every replay.
    Seq seq = 0;                  ///< Raw record that triggered it.
    std::uint32_t emission = 0;   ///< Orders findings of one record.
    FindingOrigin origin = FindingOrigin::Rule;
    FindingState state = FindingState::Firing;
    Severity severity = Severity::Warning;
    WallNs ts = NoTime;           ///< Event time.
    std::string tsText;           ///< As the source wrote it.
    std::string tenant;
    std::string entityType, entityId;
    std::string sourceId;
    std::string name;             ///< Rule name "cpu_load_threshold", or the model's: "value_surprise".
    std::string metric, unit;     ///< Empty: not about a metric.
    bool hasValue = false;
    double value = 0.0;
    std::string step;             ///< Empty: not about a step.
    std::string message;          ///< One sentence.
    std::string tags = "{}";      ///< JSON object.
    double bits = 0.0;            ///< Surprise; 0 for rules.
    std::vector<BitsTerm> terms;
    std::string evidence = "[]";  ///< JSON array of event ids.
    std::string pattern;          ///< What of it would be the same in another case, for the stage that found it: what a
                                  ///< dismissal is about. Empty: it cannot be dismissed.
    std::string alert;            ///< The alert JSON of the EventOps wire form; empty when the origin has none.
};

} // namespace eventops
