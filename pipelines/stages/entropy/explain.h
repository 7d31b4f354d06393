// SPDX-License-Identifier: MIT
#pragma once

#include "core/entropy/end_sets.h"
#include "core/entropy/next_step_model.h"
#include "core/entropy/gap_sketch.h"
#include "core/entropy/value_model.h"
#include "core/entropy/verdicts.h"
#include "core/model/batch.h"
#include "core/model/feedback.h"
#include "core/model/finding.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace eventops {

/// A step that may come next.
struct StepExpectation {
    std::string step;          ///< Empty: forgotten. "the end": the case may be over.
    double probability = 0.0;
    std::uint64_t count = 0;   ///< How often it came after the last step.
};

/// All that the models said of one event. Absent parts keep learning = true.
struct EventSurprise {
    ValueScore value;
    StepSurprise step;
    std::uint64_t stepCount = 0;       ///< How often this step came after the last one.
    TimingScore timing;
    std::string previousStep;          ///< Empty: forgotten.
    bool firstStep = false;
    std::int64_t gapNs = 0;
    std::vector<StepExpectation> alternatives; ///< Most probable first.
    EndSurprise extra;                 ///< Steps that are too many for any known end; no edits: none, or too few bits.
    std::vector<std::string> extraSteps; ///< Their names, in the order of the edits.

    std::vector<FindingPattern> patterns; ///< What it is about, of the parts that count.
    std::optional<FindingPattern::Kind> confirmed; ///< A part that a person confirmed before: a finding in any case.

    /// What decides an alarm: a term counts only as far as its model calls it an alarm, see ValueScore::alarm,
    /// StepSurprise::rarityBits and TimingScore::late.
    double alarmBits() const;
    double alarmBitsOf(FindingPattern::Kind kind) const; ///< Of its value, step or wait.
};

/// Time, tenant, entity, source and step of @p event as the subject of @p finding.
void takeSubject(Finding &finding, const Batch &batch, const Event &event);

/// The end of a finding that a person dismissed.
Finding dismissedFinding(const Feedback &feedback);

/// The finding of a surprising event: bits are the sum of the terms', in the order value, transition (a term for each
/// chain of contexts), extra_step (one each), timing. Texts of the event are cut at 200 bytes in the message.
Finding explainSurprise(const Batch &batch, const Event &event, const EventSurprise &surprise, double bitsCritical);

/// A case that event time has passed by.
struct SilentCase {
    std::string tenant, entityType, entityId, sourceId;
    std::string lastStep;              ///< Empty: forgotten.
    WallNs since = NoTime;             ///< Its last step.
    WallNs due = NoTime;               ///< When its silence became a finding.
    TimingScore timing;                ///< Of a gap as long as this silence.
    EndSurprise end;                   ///< Learning: it has no end, it is a process that fell silent.
    std::vector<std::string> editSteps;///< Names, in the order of end.edits.
    std::vector<FindingPattern> patterns;
    bool confirmed = false;            ///< A person confirmed such an end or such a wait before.
};

/// The finding of what did not come. Terms: one for each step that is missing or too many, and the silence.
Finding explainAbsence(const SilentCase &silent, double bitsCritical);

} // namespace eventops
