// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace eventops {

/// How bad it is that a record did not become an event. Shown in the health view.
enum class LossSeverity : std::uint8_t { Info, DataLoss, Error };

/// One named reason for which a codec or stage may stop a record. Each declares all of its own as constants.
struct LossReason {
    std::string_view name; ///< snake_case: "invalid_utf8".
    LossSeverity severity;
    std::string_view help; ///< One sentence for the operator: what happened and what to do.
};

} // namespace eventops
