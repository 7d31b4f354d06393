// SPDX-License-Identifier: MIT
#include "core/model/finding.h"

namespace eventops {

std::string_view toString(FindingOrigin origin)
{
    switch (origin) {
    case FindingOrigin::Rule: return "rule";
    case FindingOrigin::Entropy: return "entropy";
    case FindingOrigin::Absence: return "absence";
    case FindingOrigin::External: return "external";
    }
    return "";
}

std::string_view toString(FindingState state)
{
    switch (state) {
    case FindingState::Pending: return "pending";
    case FindingState::Firing: return "firing";
    case FindingState::Resolved: return "resolved";
    }
    return "";
}

} // namespace eventops
