// SPDX-License-Identifier: MIT
#include "pipelines/stages/rules/windows.h"

#include <algorithm>
#include <utility>

namespace eventops::rules {
namespace {

constexpr std::int64_t TimeNsMax = std::int64_t{1} << 62; ///< Sums of two such times do not overflow.

bool isSensible(WallNs at)
{
    return at != NoTime && raw(at) > -TimeNsMax && raw(at) < TimeNsMax;
}

/// End of the window that holds @p at.
WallNs endAfter(const Rule &rule, WallNs at)
{
    std::int64_t into = raw(at) % rule.windowNs;
    if (into < 0)
        into += rule.windowNs;
    return WallNs{raw(at) - into + rule.windowNs};
}

void saveTexts(StateWriter &out, const WindowTexts &texts)
{
    for (const std::string *text : {&texts.tenant, &texts.entityType, &texts.entityId, &texts.sourceId, &texts.step,
                                    &texts.unit, &texts.tags, &texts.eventId})
        out.text(*text);
}

void loadTexts(StateReader &in, WindowTexts &texts)
{
    for (std::string *text : {&texts.tenant, &texts.entityType, &texts.entityId, &texts.sourceId, &texts.step,
                              &texts.unit, &texts.tags, &texts.eventId})
        *text = in.text();
}

} // namespace

WallNs Windows::clockWithout(std::uint64_t entity) const
{
    unsigned others = 0;
    for (const Seen &seen : m_furthest) {
        if (seen.at != NoTime && seen.entity != entity && ++others == 2)
            return seen.at;
    }
    return NoTime;
}

WallNs Windows::dueOf(const Rule &rule, WallNs end) const
{
    return WallNs{raw(end) + std::min(rule.windowNs, WindowGraceNs)};
}

void Windows::pass(std::uint64_t entity, WallNs at, std::vector<ClosedWindow> &out)
{
    if (!isSensible(at))
        return;
    auto own = std::ranges::find_if(m_furthest, [&](const Seen &s) { return s.at != NoTime && s.entity == entity; });
    if (own == m_furthest.end())
        own = m_furthest.end() - 1;
    if (own->at != NoTime && own->at >= at)
        return;
    *own = {entity, at};
    for (; own != m_furthest.begin() && (own - 1)->at < own->at; --own)
        std::swap(*(own - 1), *own);
    for (auto window = m_open.begin(); window != m_open.end() && window->first.first <= m_furthest[1].at;) {
        const auto next = std::next(window);
        if (window->first.first <= clockWithout(window->second.entity))
            close(window, out);
        window = next;
    }
}

Windows::Added Windows::add(const Rule &rule, const WindowValue &value, std::vector<ClosedWindow> &out)
{
    if (!isSensible(value.at))
        return {};
    const WallNs end = endAfter(rule, value.at);
    const auto due = m_dueOf.find(value.key);
    if (due == m_dueOf.end()) {
        if (const WallNs clock = clockWithout(value.entity); clock != NoTime && dueOf(rule, end) <= clock) {
            if (++m_lateRun < LateRunMax)
                return {};
            m_furthest = {};
        }
        return open(rule, value, end, 0);
    }
    const auto window = m_open.find({due->second, value.key});
    Open &current = window->second;
    if (end == current.end)
        return fill(window, value, false);
    if (end > current.end) {
        close(window, out);
        return open(rule, value, end, 0);
    }
    ++current.late;
    if (++current.lateRun < LateRunMax)
        return {};
    const std::uint64_t late = current.late - 1;
    m_dueOf.erase(due);
    m_open.erase(window);
    return open(rule, value, end, late);
}

Windows::Added Windows::open(const Rule &rule, const WindowValue &value, WallNs end, std::uint64_t late)
{
    if (m_open.size() >= m_max) {
        m_dueOf.erase(m_open.begin()->first.second);
        m_open.erase(m_open.begin());
    }
    const WallNs due = dueOf(rule, end);
    m_dueOf[value.key] = due;
    Open fresh;
    fresh.rule = rule.index;
    fresh.entity = value.entity;
    fresh.end = end;
    fresh.late = late;
    return fill(m_open.emplace(Due{due, value.key}, std::move(fresh)).first, value, true);
}

Windows::Added Windows::fill(ByDue::iterator window, const WindowValue &value, bool opens)
{
    m_lateRun = 0;
    window->second.lateRun = 0;
    window->second.summary.add(value.value);
    return {&window->second.texts, opens};
}

void Windows::close(ByDue::iterator window, std::vector<ClosedWindow> &out)
{
    Open &open = window->second;
    const std::int64_t length = m_rules[open.rule].windowNs;
    out.push_back({window->first.second, open.rule, WallNs{raw(open.end) - length}, open.end, open.late,
                   std::move(open.texts), std::move(open.summary)});
    m_dueOf.erase(window->first.second);
    m_open.erase(window);
}

void Windows::save(StateWriter &out) const
{
    for (const Seen &seen : m_furthest) {
        out.u64(seen.entity);
        out.i64(raw(seen.at));
    }
    out.u64(m_lateRun);
    out.u64(m_open.size());
    for (const auto &[due, open] : m_open) {
        out.u64(due.second);
        out.u64(open.rule);
        out.u64(open.entity);
        out.i64(raw(open.end));
        out.u64(open.late);
        out.u64(open.lateRun);
        saveTexts(out, open.texts);
        open.summary.save(out);
    }
}

Status Windows::load(StateReader &in)
{
    m_open.clear();
    m_dueOf.clear();
    for (Seen &seen : m_furthest) {
        seen.entity = in.u64();
        seen.at = WallNs{in.i64()};
    }
    m_lateRun = in.u64();
    for (std::uint64_t n = in.u64(); n > 0 && !in.failed(); --n) {
        Open open;
        const std::uint64_t key = in.u64();
        const std::uint64_t rule = in.u64();
        open.rule = static_cast<std::uint32_t>(rule);
        open.entity = in.u64();
        open.end = WallNs{in.i64()};
        open.late = in.u64();
        open.lateRun = in.u64();
        loadTexts(in, open.texts);
        EVENTOPS_TRY(open.summary.load(in));
        if (in.failed() || rule >= m_rules.size() || !m_rules[rule].windowed() || m_dueOf.contains(key))
            return Error{Error::Code::Corrupt, "the stored windows of the rules cannot be read", {},
                         "run again from the start"};
        const WallNs due = dueOf(m_rules[rule], open.end);
        m_dueOf.emplace(key, due);
        m_open.emplace(Due{due, key}, std::move(open));
    }
    return Ok{};
}

} // namespace eventops::rules
