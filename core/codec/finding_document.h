// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"
#include "core/model/finding.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Header of a message with an alert or a deviation: the finding, but for its message. The documents themselves keep to
/// their contracts (E13, X11, X12), which have no place for all of a finding.
inline constexpr std::string_view FindingHeader = "eventops-finding";

/// The header's text: one JSON object. Thread: any. O(length).
std::string encodeFindingHeader(const Finding &finding);

/// The finding that an event tells of: an alert, or a deviation, from whomever. With our header beside it, it is the
/// finding that was published, but for seq and emission, which are each ledger's own. Without it, it is what the
/// document says; where that names no finding the id is empty. Nothing: the event tells of none.
std::optional<Finding> findingOf(const Batch &batch, const Event &event);

/// What termsToJson wrote, exactly.
std::vector<BitsTerm> termsFromJson(std::string_view json);

std::optional<FindingOrigin> findingOriginByName(std::string_view name);
std::optional<FindingState> findingStateByName(std::string_view name);

} // namespace eventops
