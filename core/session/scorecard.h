// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"
#include "core/model/finding.h"
#include "core/model/ground_truth.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eventops {

/// What became of one fault.
struct FaultScore {
    enum class Outcome : std::uint8_t {
        Detected,
        Missed,   ///< Its window is over and nobody said a word.
        Open,     ///< Its window is not over yet, so it may still be found. Counts neither way.
    };
    std::size_t fault = 0;             ///< Its place in the truth.
    Outcome outcome = Outcome::Open;
    std::int64_t leadNs = 0;           ///< Detected: from its start to its first finding; 0 is best.
    std::size_t findings = 0;          ///< How many findings were about it.
    std::size_t first = 0;             ///< Detected: place of its first finding among the findings.
};

/// How good findings are, measured by the truth. As in the Numenta Anomaly Benchmark (Lavin and Ahmad, "Evaluating
/// real-time anomaly detection algorithms", 2015) a fault is a window, and within it only the first finding earns.
///
/// What counts: findings in state Firing with a time within (from, to]. Pending ones are not said aloud yet, resolved
/// ones report an end.
/// A finding *matches* a fault when its tenant and entity are the fault's, its time lies in [start, end + grace], and
/// it is about one of the metrics or steps that the fault names (any, when it names none). It matches at most one
/// fault: of several the one that started last, of those the first of the list.
/// A fault is *detected* when a finding matches it: once, however many do.
/// A finding that matches no fault is *false*: each one, however many there are of one cause.
///
///     recall    = detected / (detected + missed)      faults that are open or have not started do not count
///     precision = detected / (detected + false)       faults, not findings: nobody is more precise for saying it twice
///     lead time = median over the detected faults of (first finding − start); of an even number the middle two's mean
///     false alarms an hour = false / (to − from)
///
/// So findings made from the truth score 1 and 1, and no findings 0 and 0. What cannot be said (no fault, no time) is
/// 0.
struct Scorecard {
    std::vector<FaultScore> faults;    ///< Those that have started, in the order of the truth.
    std::size_t detected = 0, missed = 0, open = 0;
    std::size_t falseFindings = 0;
    std::size_t findings = 0;          ///< That count, true or false.
    double precision = 0.0;
    double recall = 0.0;
    std::optional<std::int64_t> leadNsMedian; ///< Nothing: none detected.
    double falseAlarmsPerHour = 0.0;
    std::int64_t scoredNs = 0;
};

/// The stretch of event time that is scored, and what is compared.
struct ScorecardInput {
    std::span<const GroundTruthFault> truth;
    std::span<const Finding> findings; ///< In any order.
    WallNs from = NoTime;              ///< Findings at or before it are not looked at: the beginning.
    WallNs to = NoTime;                ///< The clock: how far the world has come.
};

/// Thread: any. Complexity: O(findings × faults). Deterministic.
Scorecard scoreFindings(const ScorecardInput &input);

/// One JSON object: precision, recall, lead_time_ms (null: none), false_alarms_per_hour, detected, missed, open,
/// false_findings, findings, scored_ms, faults[{id, kind, entity, outcome, lead_time_ms, findings}].
void appendScorecardJson(std::string &out, const Scorecard &card, std::span<const GroundTruthFault> truth);

} // namespace eventops
