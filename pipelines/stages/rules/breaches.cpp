// SPDX-License-Identifier: MIT
#include "pipelines/stages/rules/breaches.h"

namespace eventops::rules {
namespace {

/// How long a breach lasts; 0 when a time is missing or runs backwards.
std::int64_t elapsed(WallNs now, WallNs since)
{
    std::int64_t ns = 0;
    if (now == NoTime || since == NoTime)
        return 0;
    return __builtin_sub_overflow(raw(now), raw(since), &ns) ? (now > since ? INT64_MAX : 0) : ns;
}

} // namespace

Breaches::Change Breaches::follow(const Rule &rule, std::uint64_t key, double value, WallNs at)
{
    const auto found = m_byKey.find(key);
    const std::uint8_t held = found == m_byKey.end() ? std::uint8_t{0} : found->second->level;
    const std::uint8_t level = rule.level(value, held);
    if (level == 0) {
        if (found == m_byKey.end())
            return {};
        const bool tells = found->second->firing && rule.states;
        m_breaches.erase(found->second);
        m_byKey.erase(found);
        return tells ? Change{FindingState::Resolved, held} : Change{};
    }
    const bool begins = found == m_byKey.end();
    if (!begins)
        m_breaches.splice(m_breaches.end(), m_breaches, found->second);
    Breach &breach = begins ? begin(key, rule, at) : *found->second;
    const bool wasFiring = breach.firing;
    breach.level = level;
    breach.firing = wasFiring || elapsed(at, breach.since) >= rule.forNs;
    if (rule.states) {
        if (breach.firing ? !wasFiring || level != held : begins)
            return {breach.firing ? FindingState::Firing : FindingState::Pending, level};
        return {};
    }
    // One a value; a value that only the hysteresis keeps from ending the breach exceeds nothing.
    return breach.firing ? Change{FindingState::Firing, rule.level(value, 0)} : Change{};
}

Breaches::Breach &Breaches::begin(std::uint64_t key, const Rule &rule, WallNs since)
{
    if (m_breaches.size() >= m_max) {
        m_byKey.erase(m_breaches.front().key);
        m_breaches.pop_front();
    }
    m_breaches.push_back({key, rule.index, 0, false, since});
    m_byKey[key] = std::prev(m_breaches.end());
    return m_breaches.back();
}

void Breaches::save(StateWriter &out) const
{
    out.u64(m_breaches.size());
    for (const Breach &breach : m_breaches) {
        out.u64(breach.key);
        out.u64(breach.rule);
        out.u64(breach.level);
        out.u64(breach.firing ? 1 : 0);
        out.i64(raw(breach.since));
    }
}

Status Breaches::load(StateReader &in, const std::vector<Rule> &rules)
{
    m_breaches.clear();
    m_byKey.clear();
    for (std::uint64_t n = in.u64(); n > 0 && !in.failed(); --n) {
        Breach breach;
        breach.key = in.u64();
        const std::uint64_t rule = in.u64();
        const std::uint64_t level = in.u64();
        breach.firing = in.u64() != 0;
        breach.since = WallNs{in.i64()};
        if (in.failed() || rule >= rules.size() || level > RuleSeverities.size() || m_byKey.contains(breach.key))
            return Error{Error::Code::Corrupt, "the stored state of the rules cannot be read", {},
                         "run again from the start"};
        breach.rule = static_cast<std::uint32_t>(rule);
        breach.level = static_cast<std::uint8_t>(level);
        m_breaches.push_back(breach);
        m_byKey.emplace(breach.key, std::prev(m_breaches.end()));
    }
    return Ok{};
}

} // namespace eventops::rules
