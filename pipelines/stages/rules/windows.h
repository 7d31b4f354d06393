// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/state_io.h"
#include "core/base/types.h"
#include "pipelines/stages/rules/rule_set.h"
#include "pipelines/stages/rules/window_summary.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace eventops::rules {

constexpr std::size_t WindowTagsBytesMax = 1'024; ///< Longer ones are left out: a window keeps them until it closes.

/// What a window is about, as its first value said; eventId is the last one's own id, empty when it has none.
struct WindowTexts {
    std::string tenant, entityType, entityId, sourceId, step, unit, tags, eventId;
};

/// A window that is over.
struct ClosedWindow {
    std::uint64_t key = 0;
    std::uint32_t rule = 0;
    WallNs start = NoTime;
    WallNs end = NoTime;
    std::uint64_t late = 0;
    WindowTexts texts;
    WindowSummary summary;
};

/// A value on its way into a window.
struct WindowValue {
    std::uint64_t key = 0;    ///< Of entity, source, step and rule.
    std::uint64_t entity = 0; ///< Event::entityKey.
    WallNs at = NoTime;
    double value = 0.0;
};

/// Open windows of the rules of one partition: one a key, beginning at multiples of the rule's length since 1970.
///
/// A window closes when its own key has a later value, or when two other entities of the partition have passed its end
/// by WindowGraceNs or the window's length, the shorter; so a series that falls silent is told of, and one clock that
/// runs ahead closes nothing but its own windows. A value for a window that is over is late: it is in no window, and
/// counted by the next one of its key when that is open. LateRunMax late values in a row mean that time itself went
/// back: what is open in the future is dropped, and time goes on from there.
///
/// Thread: its partition's. Memory: bounded; the windows that would close first are forgotten. O(log windows) a value,
/// and O(windows of the two entities that are furthest ahead) an event.
class Windows
{
public:
    static constexpr std::int64_t WindowGraceNs = 60 * NsPerSecond;
    static constexpr std::uint64_t LateRunMax = 32;

    Windows(const std::vector<Rule> &rules, std::size_t max) : m_rules(rules), m_max(max) {}

    /// The time of the partition passes; to be called with every event that has a time, before its values. What is
    /// over is appended to @p out, by the time at which it had to close and by key.
    void pass(std::uint64_t entity, WallNs at, std::vector<ClosedWindow> &out);
    struct Added {
        WindowTexts *texts = nullptr; ///< Null: it was late. Else for the caller to fill, before any other call.
        bool opens = false;           ///< It is the first of its window.
    };
    /// Puts a value into its window, which may close the one before. A value without a sensible time is late.
    Added add(const Rule &rule, const WindowValue &value, std::vector<ClosedWindow> &out);

    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    struct Open {
        std::uint32_t rule = 0;
        std::uint64_t entity = 0;
        WallNs end = NoTime;
        std::uint64_t late = 0;
        std::uint64_t lateRun = 0;
        WindowTexts texts;
        WindowSummary summary;
    };
    using Due = std::pair<WallNs, std::uint64_t>; ///< When a silent window closes, and its key.
    using ByDue = std::map<Due, Open>;
    struct Seen {
        std::uint64_t entity = 0;
        WallNs at = NoTime;
    };

    WallNs clockWithout(std::uint64_t entity) const;
    WallNs dueOf(const Rule &rule, WallNs end) const;
    void close(ByDue::iterator window, std::vector<ClosedWindow> &out);
    Added open(const Rule &rule, const WindowValue &value, WallNs end, std::uint64_t late);
    Added fill(ByDue::iterator window, const WindowValue &value, bool opens);

    const std::vector<Rule> &m_rules;
    std::size_t m_max;
    ByDue m_open;
    std::unordered_map<std::uint64_t, WallNs> m_dueOf; ///< By key. Looked up only, never walked.
    std::array<Seen, 3> m_furthest{}; ///< Three different entities that have come furthest, the furthest first.
    std::uint64_t m_lateRun = 0;      ///< Late values in a row of keys without an open window.
};

} // namespace eventops::rules
