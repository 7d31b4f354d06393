// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/finding.h"
#include "core/store/ledger.h"

#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// An entity that may be behind a finding.
struct LikelyCause {
    std::string entityType, entityId;
    double share = 0.0;      ///< Of what the finding's entity suffers, as it comes down the links; 0 to 1.
    double bits = 0.0;       ///< Of the entity's own findings at that time that nothing it depends on explains.
    std::string findingId;   ///< Its most surprising finding; empty: it has none.
    std::string message;     ///< Of that finding.
};

constexpr std::size_t CausesMax = 5;
constexpr double CauseShareMin = 0.02;
constexpr std::int64_t CauseBeforeNs = 1'800 * NsPerSecond; ///< Findings so long before …
constexpr std::int64_t CauseAfterNs = 300 * NsPerSecond;    ///< … or after one may belong to it.
/// What a rule's finding weighs: as much as an expectation's must have by default to be one.
constexpr double RuleBits = 10.0;

/// The likely causes of @p finding, most likely first: rankCauses over what its entity depends on in the entity graph
/// of its tenant (the first CauseEdgesMax links of it), with the bits of the findings around its time. The finding's
/// own entity may be one of them. Empty: it has no entity. Errors: the ledger's. Thread: any, with a ledger of its own.
/// O(links · log links + findings).
Result<std::vector<LikelyCause>> likelyCauses(Ledger &ledger, const Finding &finding);

} // namespace eventops
