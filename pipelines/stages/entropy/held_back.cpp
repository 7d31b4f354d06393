// SPDX-License-Identifier: MIT
#include "pipelines/stages/entropy/held_back.h"

#include "core/base/text.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace eventops {
namespace {

bool isBefore(const HeldBackList::Alarm &a, const HeldBackList::Alarm &b)
{
    if (a.bits != b.bits)
        return a.bits > b.bits;
    const auto rest = [](const HeldBackList::Alarm &alarm) {
        return std::tie(alarm.ts, alarm.tenant, alarm.entityType, alarm.entityId, alarm.kind, alarm.what);
    };
    return rest(a) < rest(b);
}

} // namespace

void HeldBackList::add(Alarm alarm)
{
    for (std::string *text : {&alarm.tenant, &alarm.entityType, &alarm.entityId, &alarm.what})
        *text = utf8Prefix(*text, TextBytesMax);
    m_alarms.insert(std::upper_bound(m_alarms.begin(), m_alarms.end(), alarm, isBefore), std::move(alarm));
    if (m_alarms.size() > m_alarmsMax)
        m_alarms.pop_back();
}

void HeldBackList::add(const HeldBackList &other)
{
    for (const Alarm &alarm : other.m_alarms) {
        if (wants(alarm.bits))
            add(alarm);
    }
}

void HeldBackList::dropBefore(WallNs time)
{
    std::erase_if(m_alarms, [time](const Alarm &alarm) { return alarm.ts < time; });
}

void HeldBackList::save(StateWriter &out) const
{
    out.u64(m_alarms.size());
    for (const Alarm &alarm : m_alarms) {
        for (const std::string *text : {&alarm.kind, &alarm.tenant, &alarm.entityType, &alarm.entityId, &alarm.what})
            out.text(*text);
        out.i64(raw(alarm.ts));
        out.f64(alarm.bits);
        out.f64(alarm.takes);
    }
}

Status HeldBackList::load(StateReader &in)
{
    m_alarms.clear();
    const std::uint64_t number = in.u64();
    if (number > m_alarmsMax)
        return Error{Error::Code::Corrupt, "entropy state holds more alarms than there may be"};
    for (std::uint64_t i = 0; i < number && !in.failed(); ++i) {
        Alarm &alarm = m_alarms.emplace_back();
        for (std::string *text : {&alarm.kind, &alarm.tenant, &alarm.entityType, &alarm.entityId, &alarm.what})
            *text = in.text();
        alarm.ts = WallNs{in.i64()};
        alarm.bits = in.f64();
        alarm.takes = in.f64();
    }
    return Ok{};
}

} // namespace eventops
