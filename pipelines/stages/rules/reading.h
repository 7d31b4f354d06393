// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"
#include "core/model/batch.h"
#include "core/model/feature_window.h"
#include "core/model/finding.h"
#include "pipelines/stages/rules/rule_set.h"
#include "pipelines/stages/rules/windows.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace eventops::rules {

/// What a rule judges, an event or a window, as its finding will tell it. Views into the batch or the window.
struct Reading {
    WallNs at = NoTime;
    std::string tsText;
    std::string_view tenant, entityType, entityId, sourceId, step, unit, type, message;
    std::string_view tags;    ///< Empty: none.
    std::string_view eventId; ///< Empty: the event that is being processed.
    bool hasSource = true;    ///< False: the entity stands for the source.
    bool hasValue = false;
    double value = 0.0;
    std::uint64_t count = 0;  ///< Of a window.
};

Reading readingOf(const Batch &batch, const Event &event);
Reading readingOf(const Rule &rule, const ClosedWindow &window);

/// The feature of a window that @p rule compares; its count when it only computes.
double featureOf(const Rule &rule, const WindowSummary &summary);

/// The row of `features_windowed`.
FeatureWindow featureWindowOf(const Rule &rule, const ClosedWindow &window);

/// The finding with its message and, when it fires, the alert of the wire form.
Finding findingOf(const Rule &rule, const Reading &reading, FindingState state, Severity severity);

} // namespace eventops::rules
