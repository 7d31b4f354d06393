// SPDX-License-Identifier: MIT
#pragma once

#include "core/actions/template.h"
#include "core/filter/filter.h"
#include "core/model/action.h"
#include "core/model/finding.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

class Value;

/// How far a policy goes by itself. Only these two exist so far; what acts without a person is refused when read.
enum class Autonomy : std::uint8_t {
    Observe, ///< Suggests nothing; there to be looked at and switched on later.
    Approve, ///< Suggests; a person approves.
};

/// Which findings lead to which suggestion. As YAML:
///
///     - name: restart_hot_host                # unique
///       when: name = cpu_load_threshold and severity >= critical
///       command: restart_service
///       args: {host: "{entity.id}", load: "{value}"}   # fields of the finding, see core/filter/rows.h
///       target: {type: host, id: "{entity.id}"}        # default: the finding's entity
///       reason: "{message}"                             # default
///       ttl: 30m               # how long the suggestion may wait, in event time; default 1h
///       execution_ttl: 600s    # how long the executor may take; default 10m
///       cooldown: 15m          # after a suggestion, none for the same entity for so long; default 15m
///       approvals: 1
///       autonomy: approve      # or observe
///
/// Thread: immutable, any.
struct Policy {
    std::string name;
    Filter when;
    std::string command;
    JsonTemplate args;
    TextTemplate targetType, targetId;
    TextTemplate reason;
    std::int64_t ttlNs = 0;
    std::int64_t executionTtlNs = 0;
    std::int64_t cooldownNs = 0;
    std::uint32_t approvals = 1;
    Autonomy autonomy = Autonomy::Approve;

    /// The suggestion for @p finding at event time @p at; nothing when the policy does not apply: the finding is
    /// pending or resolved, `when` does not match, or a field that an argument or the target's id needs is
    /// absent.
    /// Sets neither emission nor correlation. O(size of the policy).
    std::optional<Suggestion> suggest(const Finding &finding, WallNs at) const;
};

constexpr std::size_t PoliciesMax = 256;
constexpr std::size_t ArgsBytesMax = 16 * 1024;  ///< A suggestion with longer arguments is not made.
constexpr std::size_t ReasonBytesMax = 1'024;    ///< Longer reasons are cut.

/// Reads a list of policies, or a map with a member `policies`, and appends to @p out.
/// Errors: InvalidConfig with file, line and column.
Status readPolicies(const Value &value, std::vector<Policy> &out);

} // namespace eventops
