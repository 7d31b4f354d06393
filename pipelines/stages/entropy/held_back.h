// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/state_io.h"
#include "core/model/expectation.h"

#include <cstddef>
#include <span>
#include <vector>

namespace eventops {

/// The most surprising of the alarms that the budget held back, for people to look at. What it holds depends on the
/// alarms alone, not on the order in which they came.
/// Thread: one. Complexity: O(alarmsMax) for what it takes, O(1) for what it does not.
class HeldBackList
{
public:
    using Alarm = JudgementView::HeldBack;
    static constexpr std::size_t TextBytesMax = 200; ///< Of a name; longer ones are cut.
    explicit HeldBackList(std::size_t alarmsMax) : m_alarmsMax(alarmsMax) {}

    /// False: there is no need to make an alarm of so many bits.
    bool wants(double bits) const { return m_alarms.size() < m_alarmsMax || bits >= m_alarms.back().bits; }
    void add(Alarm alarm);
    void add(const HeldBackList &other);
    void dropBefore(WallNs time);
    void clear() { m_alarms.clear(); }
    std::span<const Alarm> alarms() const { return m_alarms; } ///< The most surprising first.
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    std::size_t m_alarmsMax;
    std::vector<Alarm> m_alarms;
};

} // namespace eventops
