// SPDX-License-Identifier: MIT
#pragma once

#include "core/actions/policy.h"
#include "core/base/state_io.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace eventops {

/// Findings in, suggestions out: the policies and what they remember.
///
/// Remembered is when each policy last suggested something for an entity (its cooldown), at most `keysMax` of them;
/// beyond that the oldest are forgotten, so that a suggestion may come early but never be lost.
/// A function of the findings in their order alone. Thread: one. Complexity: O(policies × finding + log keys).
class Suggester
{
public:
    Suggester(std::vector<Policy> policies, std::size_t keysMax);

    /// Time of the newest event seen, for findings without one.
    void observe(WallNs eventTime) { m_newest = eventTime > m_newest ? eventTime : m_newest; }

    /// Appends what the policies suggest for @p finding, in the order of the policies.
    void consider(const Finding &finding, std::vector<Suggestion> &out);

    void save(StateWriter &out) const;
    Status load(StateReader &in); ///< Corrupt.
    std::size_t keys() const { return m_last.size(); }

private:
    bool cooling(const std::string &key, WallNs at, std::int64_t cooldownNs) const;
    void remember(const std::string &key, WallNs at);

    std::vector<Policy> m_policies;
    std::size_t m_keysMax;
    WallNs m_newest = NoTime;
    std::map<std::string, WallNs> m_last;
    std::set<std::pair<WallNs, std::string>> m_byTime; ///< The same, oldest first.
};

} // namespace eventops
