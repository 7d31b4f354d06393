// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/state_io.h"
#include "core/base/types.h"
#include "pipelines/stages/rules/rule_set.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

namespace eventops::rules {

/// The rules with memory (`for`, `states`), one breach a key: none → pending → firing → resolved.
/// Thread: its partition's. Memory: bounded; the longest untouched breaches are forgotten. O(1) a value.
class Breaches
{
public:
    explicit Breaches(std::size_t max) : m_max(max) {}

    /// What a value says: nothing (level 0), or a finding of this state and level.
    struct Change {
        FindingState state = FindingState::Firing;
        std::uint8_t level = 0;
    };
    /// @p key: of what is measured and the rule. @p at: event time of the value.
    Change follow(const Rule &rule, std::uint64_t key, double value, WallNs at);

    /// In the order of the list: the next eviction after loading is the one that would have come without.
    void save(StateWriter &out) const;
    /// Corrupt: these are not the breaches of @p rules.
    Status load(StateReader &in, const std::vector<Rule> &rules);

private:
    struct Breach {
        std::uint64_t key = 0;
        std::uint32_t rule = 0;
        std::uint8_t level = 0; ///< Held now.
        bool firing = false;
        WallNs since = NoTime;  ///< Event time of its first value.
    };
    using List = std::list<Breach>;

    Breach &begin(std::uint64_t key, const Rule &rule, WallNs since);

    std::size_t m_max;
    List m_breaches; ///< Longest untouched first.
    std::unordered_map<std::uint64_t, List::iterator> m_byKey; // looked up only, never walked
};

} // namespace eventops::rules
