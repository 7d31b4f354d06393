// SPDX-License-Identifier: MIT
#pragma once

#include "core/entropy/bits_tail.h"
#include "core/entropy/finding_budget.h"
#include "core/entropy/verdicts.h"
#include "core/model/batch.h"
#include "core/model/expectation.h"
#include "pipelines/stages/entropy/held_back.h"

#include <array>

namespace eventops {

/// How rare alarms of each kind are.
struct AlarmTails {
    explicit AlarmTails(double floorBits)
        : kinds{AlarmTail(floorBits), AlarmTail(floorBits), AlarmTail(floorBits), AlarmTail(floorBits),
                AlarmTail(floorBits)}
    {
    }
    std::array<AlarmTail, JudgedKindCount> kinds;
    AlarmTail &operator[](JudgedKind kind) { return kinds[static_cast<std::size_t>(kind)]; }
    const AlarmTail &operator[](JudgedKind kind) const { return kinds[static_cast<std::size_t>(kind)]; }
};

/// What a partition has judged since the last epoch.
struct Judged {
    explicit Judged(double floorBits) : tails(floorBits), heldBack(HeldBackMax) {}
    static constexpr std::size_t HeldBackMax = 8; ///< Of one partition and epoch.
    JudgedCounts counts;
    AlarmTails tails;
    HeldBackList heldBack;

    void learning(JudgedKind kind) { counts.countLearning(kind); }
    /// @p bits below @p floor: no alarm.
    void judged(JudgedKind kind, double bits, double floor)
    {
        counts.count(kind);
        if (bits >= floor)
            tails[kind].add(bits);
        else
            tails[kind].addBelow();
    }
    void add(const Judged &other);
    void clear();
    void save(StateWriter &out) const;
    Status load(StateReader &in);
};

/// Notes an alarm of @p event that is no finding.
void holdBack(Judged &judged, JudgedKind kind, const Batch &batch, const Event &event, double bits, double takes);

/// By what all partitions tell findings: what people said, what they bear, and how rare alarms really are.
struct Judgement {
    Judgement(double falsePerDay, double bitsMin)
        : budget(falsePerDay), tails(bitsMin), heldBack(JudgementView::HeldBackMax), m_bitsMin(bitsMin),
          m_bits(budget.bits(bitsMin))
    {
    }
    static constexpr std::int64_t HeldBackNs = 86'400 * NsPerSecond; ///< As long people may look at it.
    Verdicts verdicts;
    FindingBudget budget;
    AlarmTails tails;
    HeldBackList heldBack;

    /// What a finding takes of an alarm's rarity, by the budget.
    double bits(JudgedKind kind) const { return m_bits[static_cast<std::size_t>(kind)]; }
    /// What an alarm of @p bits is worth; none below bitsMin.
    double rarity(JudgedKind kind, double bits) const
    {
        return bits >= m_bitsMin ? tails[kind].rarity(bits) : bits;
    }
    /// Folds in what was judged until event time was @p newest.
    void take(const Judged &judged, WallNs newest);
    void setFalsePerDay(double number);
    /// For people. @p open: what is not folded in yet.
    void view(const Judged &open, JudgementView &out) const;
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    double m_bitsMin;
    BitsByKind m_bits;
};

} // namespace eventops
