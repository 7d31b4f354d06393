// SPDX-License-Identifier: MIT
#include "pipelines/stages/entropy/judgement.h"

namespace eventops {

void Judged::add(const Judged &other)
{
    counts.add(other.counts);
    for (std::size_t i = 0; i < JudgedKindCount; ++i)
        tails.kinds[i].merge(other.tails.kinds[i]);
    heldBack.add(other.heldBack);
}

void Judged::clear()
{
    counts = {};
    heldBack.clear();
    for (AlarmTail &tail : tails.kinds)
        tail.clear();
}

void Judged::save(StateWriter &out) const
{
    counts.save(out);
    for (const AlarmTail &tail : tails.kinds)
        tail.save(out);
    heldBack.save(out);
}

Status Judged::load(StateReader &in)
{
    EVENTOPS_TRY(counts.load(in));
    for (AlarmTail &tail : tails.kinds)
        EVENTOPS_TRY(tail.load(in));
    return heldBack.load(in);
}

void holdBack(Judged &judged, JudgedKind kind, const Batch &batch, const Event &event, double bits, double takes)
{
    judged.counts.countHeldBack(kind);
    if (!judged.heldBack.wants(bits))
        return;
    const auto text = [&](Field field) { return std::string(batch.text(event, field)); };
    judged.heldBack.add({std::string(toString(kind)), event.tsEvent, text(Field::Tenant), text(Field::EntityType),
                         text(Field::EntityId), text(kind == JudgedKind::Value ? Field::Metric : Field::Step), bits,
                         takes});
}

void Judgement::take(const Judged &judged, WallNs newest)
{
    for (std::size_t i = 0; i < JudgedKindCount; ++i)
        tails.kinds[i].merge(judged.tails.kinds[i]);
    heldBack.add(judged.heldBack);
    if (newest != NoTime && raw(newest) > INT64_MIN + HeldBackNs)
        heldBack.dropBefore(newest + -HeldBackNs);
    budget.take(judged.counts, newest);
    m_bits = budget.bits(m_bitsMin);
}

void Judgement::setFalsePerDay(double number)
{
    budget.setFalsePerDay(number);
    m_bits = budget.bits(m_bitsMin);
}

void Judgement::view(const Judged &open, JudgementView &out) const
{
    JudgedCounts all = budget.counts();
    all.add(open.counts);
    HeldBackList alarms = heldBack;
    alarms.add(open.heldBack);
    out.heldBack.assign(alarms.alarms().begin(), alarms.alarms().end());
    out.falsePerDay = budget.falsePerDay();
    out.verdicts = verdicts.size();
    for (std::size_t i = 0; i < JudgedKindCount; ++i) {
        const auto kind = static_cast<JudgedKind>(i);
        out.kinds.push_back({std::string(toString(kind)), all.judged[i], all.learning[i], all.heldBack[i],
                             budget.judgedPerDay(kind), bits(kind)});
    }
}

void Judgement::save(StateWriter &out) const
{
    verdicts.save(out);
    budget.save(out);
    for (const AlarmTail &tail : tails.kinds)
        tail.save(out);
    heldBack.save(out);
}

Status Judgement::load(StateReader &in)
{
    EVENTOPS_TRY(verdicts.load(in));
    EVENTOPS_TRY(budget.load(in));
    for (AlarmTail &tail : tails.kinds)
        EVENTOPS_TRY(tail.load(in));
    EVENTOPS_TRY(heldBack.load(in));
    m_bits = budget.bits(m_bitsMin);
    return Ok{};
}

} // namespace eventops
