// SPDX-License-Identifier: MIT
#pragma once

#include "core/entropy/sequence_model.h"
#include "core/entropy/timing_model.h"
#include "core/entropy/value_model.h"
#include "core/model/batch.h"
#include "core/model/finding.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace eventops {

/// All that the models said of one event. Absent parts keep learning = true.
struct EventSurprise {
    ValueScore value;
    SequenceScore sequence;
    TimingScore timing;
    std::string_view previousStep;           ///< Empty: forgotten.
    bool firstStep = false;
    std::int64_t gapNs = 0;
    std::vector<StepExpectation> alternatives;

    /// What decides an alarm: a term counts only as far as its model calls it an alarm, see ValueScore::alarm,
    /// SequenceScore::rarityBits and TimingScore::late.
    double alarmBits() const;
};

/// The finding of a surprising event: bits are the sum of the terms', in the order value, transition, timing.
/// Texts of the event are cut at 200 bytes in the message.
Finding explainSurprise(const Batch &batch, const Event &event, const EventSurprise &surprise, double bitsCritical);

} // namespace eventops
