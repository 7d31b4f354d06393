// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/action.h"

#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// A person's decision on an action of another engine, as it travels on ctrl.command.v1 (E30, U62).
struct DecisionCommand {
    std::string id; ///< Of this command; one that comes again is the same one.
    Decision decision;
    std::string tenant; ///< Of the action.
    std::string digest; ///< Of what was shown: command, arguments, target, evidence and expiry.
    WallNs at = NoTime; ///< When it was decided, on the wall clock of who decided.
};

/// Header with the signature of a command: HMAC-SHA256 of the payload's bytes, 64 hexadecimal digits.
inline constexpr std::string_view SignatureHeader = "eventops-signature";

/// The command in the signals' envelope, one line; attributes {command: approve_action or reject_action, action_id,
/// digest, user, reason}. Thread: any. O(length).
std::string encodeDecisionCommand(const DecisionCommand &command);

/// Nothing: a command of another kind, as a published request. InvalidInput names what is missing or wrong.
Result<std::optional<DecisionCommand>> decodeDecisionCommand(std::string_view json);

/// @p payload signed with @p secret. Thread: any. O(length).
std::string commandSignature(std::string_view secret, std::string_view payload);

} // namespace eventops
