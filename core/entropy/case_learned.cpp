// SPDX-License-Identifier: MIT
#include "core/entropy/case_learned.h"

#include <vector>

namespace eventops {

void CaseModelSet::nameStep(StepSymbol symbol, std::string_view text, std::uint32_t age)
{
    if (m_agreed.names.name(symbol).empty())
        m_names.put(symbol, text, age);
}

std::string_view CaseModelSet::nameOf(StepSymbol symbol) const
{
    const std::string_view agreed = m_agreed.names.name(symbol);
    return !agreed.empty() ? agreed : m_names.name(symbol);
}

void CaseModelSet::save(StateWriter &out) const
{
    steps.delta().save(out);
    gaps.delta().save(out);
    ends.delta().save(out);
    m_names.save(out);
}

Status CaseModelSet::load(StateReader &in)
{
    EVENTOPS_TRY(steps.delta().load(in));
    EVENTOPS_TRY(gaps.delta().load(in));
    EVENTOPS_TRY(ends.delta().load(in));
    return m_names.load(in);
}

void CaseModelSet::merge(CaseLearned &agreed, std::span<CaseModelSet *const> all)
{
    std::vector<const NextStepLearned *> steps;
    std::vector<const GapLearned *> gaps;
    for (CaseModelSet *set : all) {
        if (set->learnedNothing())
            continue;
        steps.push_back(&set->steps.delta());
        gaps.push_back(&set->gaps.delta());
        agreed.ends.merge(set->ends.delta());
        agreed.names.merge(set->m_names);
    }
    agreed.steps.merge(steps);
    agreed.gaps.merge(gaps);
    for (CaseModelSet *set : all) {
        set->steps.delta().clear();
        set->gaps.delta().clear();
        set->ends.delta().clear();
        set->m_names.clear();
    }
}

void save(const CaseLearned &learned, StateWriter &out)
{
    learned.steps.save(out);
    learned.gaps.save(out);
    learned.ends.save(out);
    learned.names.save(out);
}

Status load(CaseLearned &learned, StateReader &in)
{
    EVENTOPS_TRY(learned.steps.load(in));
    EVENTOPS_TRY(learned.gaps.load(in));
    EVENTOPS_TRY(learned.ends.load(in));
    return learned.names.load(in);
}

} // namespace eventops
