// SPDX-License-Identifier: MIT
#include "core/actions/suggester.h"

#include <algorithm>
#include <cassert>

namespace eventops {
namespace {

/// Lengths before texts: no two targets share a key.
std::string cooldownKey(const Suggestion &s)
{
    std::string key;
    for (const std::string *part : {&s.policy, &s.tenant, &s.entityType, &s.entityId}) {
        key += std::to_string(part->size()) + ':';
        key += *part;
    }
    return key;
}

} // namespace

Suggester::Suggester(std::vector<Policy> policies, std::size_t keysMax)
    : m_policies(std::move(policies)), m_keysMax(keysMax)
{
    assert(keysMax > 0);
}

bool Suggester::cooling(const std::string &key, WallNs at, std::int64_t cooldownNs) const
{
    const auto it = m_last.find(key);
    if (it == m_last.end() || cooldownNs == 0)
        return false;
    // Late events have an earlier time: near enough is near enough in both directions. Unsigned, so that no pair of
    // times overflows.
    const std::int64_t low = std::min(raw(at), raw(it->second));
    const std::int64_t high = std::max(raw(at), raw(it->second));
    return static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) < static_cast<std::uint64_t>(cooldownNs);
}

void Suggester::remember(const std::string &key, WallNs at)
{
    const auto [it, isNew] = m_last.try_emplace(key, at);
    if (!isNew) {
        if (it->second >= at)
            return;
        m_byTime.erase({it->second, key});
        it->second = at;
    }
    m_byTime.emplace(at, key);
    if (m_last.size() > m_keysMax) {
        m_last.erase(m_byTime.begin()->second);
        m_byTime.erase(m_byTime.begin());
    }
}

void Suggester::consider(const Finding &finding, std::vector<Suggestion> &out)
{
    const WallNs at = finding.ts != NoTime ? finding.ts : m_newest;
    if (at == NoTime)
        return; // without any time nothing could expire
    for (std::size_t i = 0; i < m_policies.size(); ++i) {
        const Policy &policy = m_policies[i];
        auto suggestion = policy.suggest(finding, at);
        if (!suggestion)
            continue;
        if (policy.cooldownNs > 0) {
            const std::string key = cooldownKey(*suggestion);
            if (cooling(key, at, policy.cooldownNs))
                continue;
            remember(key, at);
        }
        suggestion->emission = finding.emission * static_cast<std::uint32_t>(PoliciesMax)
                               + static_cast<std::uint32_t>(i);
        out.push_back(std::move(*suggestion));
    }
}

void Suggester::save(StateWriter &out) const
{
    out.i64(raw(m_newest));
    out.u64(m_last.size());
    for (const auto &[key, at] : m_last) {
        out.text(key);
        out.i64(raw(at));
    }
}

Status Suggester::load(StateReader &in)
{
    m_last.clear();
    m_byTime.clear();
    m_newest = WallNs{in.i64()};
    const std::uint64_t count = in.u64();
    for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
        std::string key(in.text());
        const WallNs at{in.i64()};
        if (m_last.emplace(key, at).second)
            m_byTime.emplace(at, std::move(key));
    }
    if (in.failed() || m_last.size() != count || count > m_keysMax)
        return Error{Error::Code::Corrupt, "stored cooldowns do not have the expected shape", {},
                     "they are rebuilt from the log"};
    return Ok{};
}

} // namespace eventops
