// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// A proposed action with its evidence, as the suggest stage makes it. It enters the approval queue as version 1.
struct Suggestion {
    std::string id;            ///< 32 hexadecimal digits, from the finding and the policy; the same in every replay.
    Seq seq = 0;
    std::uint32_t emission = 0;
    std::string findingId;
    std::string policy;        ///< Name of the policy that proposed it.
    std::string tenant;
    std::string entityType, entityId; ///< Target.
    std::string correlationId;
    std::string command;       ///< "restart_service".
    std::string args = "{}";   ///< JSON object.
    std::string reason;        ///< One sentence for the card.
    WallNs proposedAt = NoTime;///< Event time.
    WallNs expiresAt = NoTime;
    double ttlSeconds = 0.0;   ///< Time the executor has.
    std::uint32_t approvalsRequired = 1;
};

/// Life of an action (design section 8). Retrying and percent are progress, not states.
enum class ActionState : std::uint8_t {
    Proposed, Rejected, Expired, Approved, Published, Acknowledged, Started, Succeeded, Failed, Cancelled, TimedOut,
};
constexpr std::size_t ActionStateCount = 11;

std::string_view toString(ActionState state);
std::optional<ActionState> actionStateByName(std::string_view name);
bool isFinal(ActionState state);

/// The states that may follow @p from. The one table: the ledger refuses everything else.
std::span<const ActionState> nextStates(ActionState from);
bool mayFollow(ActionState from, ActionState to);

/// An action as the ledger holds it.
struct Action {
    Suggestion suggestion;
    std::uint32_t version = 1;  ///< An edit makes a new one and voids approvals.
    ActionState state = ActionState::Proposed;
    std::string digest; ///< SHA-256 over command, arguments, target, evidence and expiry: what a person approves.
    std::string idempotencyKey; ///< Of the request; retries keep it.
    std::string approver;       ///< Empty until decided.
    std::string decisionReason;
    std::uint32_t attempts = 0;
    std::string output;         ///< What the executor reported, bounded.

    /// "<suggestion id>.<version>": names exactly what was shown; a stale one is refused.
    std::string displayId() const;
};

enum class DecisionKind : std::uint8_t { Approve, Reject };

struct Decision {
    std::string actionId;   ///< displayId: id and version.
    DecisionKind kind = DecisionKind::Approve;
    std::string user;       ///< Who; never the proposer.
    std::string reason;
};

/// One link of the audit chain. hash = SHA-256(previous hash ‖ canonical row).
struct AuditRow {
    std::uint64_t number = 0; ///< 1, 2, 3, …
    WallNs at = NoTime;       ///< Workspace clock.
    std::string actor;
    std::string verb;         ///< "proposed", "approved", "published", …
    std::string subject;      ///< Action's displayId.
    std::string detail;       ///< JSON object.
    std::string previousHash;
    std::string hash;

    /// The 64 hexadecimal digits that `hash` must be.
    std::string computeHash() const;
};

} // namespace eventops
