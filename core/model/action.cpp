// SPDX-License-Identifier: MIT
#include "core/model/action.h"

#include "core/base/hash.h"
#include "core/base/time.h"

#include <algorithm>
#include <array>

namespace eventops {
namespace {

using enum ActionState;

constexpr std::array<std::string_view, ActionStateCount> Names = {
    "proposed", "rejected", "expired", "approved", "published", "acknowledged",
    "started", "succeeded", "failed", "cancelled", "timed_out",
};

constexpr ActionState AfterProposed[] = {Rejected, Expired, Approved};
constexpr ActionState AfterApproved[] = {Published, Cancelled};
constexpr ActionState AfterPublished[] = {Acknowledged, Cancelled, TimedOut};
constexpr ActionState AfterAcknowledged[] = {Started, Failed, Cancelled, TimedOut};
constexpr ActionState AfterStarted[] = {Succeeded, Failed, Cancelled, TimedOut};

} // namespace

std::string_view toString(ActionState state)
{
    return Names[static_cast<std::size_t>(state)];
}

std::optional<ActionState> actionStateByName(std::string_view name)
{
    const auto it = std::find(Names.begin(), Names.end(), name);
    if (it == Names.end())
        return std::nullopt;
    return static_cast<ActionState>(it - Names.begin());
}

std::span<const ActionState> nextStates(ActionState from)
{
    switch (from) {
    case Proposed: return AfterProposed;
    case Approved: return AfterApproved;
    case Published: return AfterPublished;
    case Acknowledged: return AfterAcknowledged;
    case Started: return AfterStarted;
    default: return {};
    }
}

bool mayFollow(ActionState from, ActionState to)
{
    const auto next = nextStates(from);
    return std::find(next.begin(), next.end(), to) != next.end();
}

bool isFinal(ActionState state)
{
    return nextStates(state).empty();
}

std::string Action::displayId() const
{
    return suggestion.id + '.' + std::to_string(version);
}

std::string AuditRow::computeHash() const
{
    // Lengths before texts: no two different rows share their canonical bytes.
    Sha256 sha;
    const auto add = [&](std::string_view text) {
        sha.update(std::to_string(text.size()) + ':');
        sha.update(text);
    };
    add(previousHash);
    add(std::to_string(number));
    add(std::to_string(raw(at)));
    add(actor);
    add(verb);
    add(subject);
    add(detail);
    return sha.hex();
}

} // namespace eventops
