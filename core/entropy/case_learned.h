// SPDX-License-Identifier: MIT
#pragma once

#include "core/entropy/bits_tail.h"
#include "core/entropy/end_sets.h"
#include "core/entropy/gap_model.h"
#include "core/entropy/name_table.h"
#include "core/entropy/next_step_model.h"

#include <span>

namespace eventops {

/// How much may be kept of what cases do.
struct CaseLimits {
    std::size_t contextsMax = 0; ///< Contexts of steps and of times, names of steps; each.
    std::size_t scopesMax = 0;   ///< Entity types of tenants.
};

/// All that was learned of cases: what comes next, when, and how they end.
struct CaseLearned {
    explicit CaseLearned(const CaseLimits &limits)
        : steps(limits.contextsMax), gaps(limits.contextsMax), ends(limits.scopesMax, limits.contextsMax),
          names(limits.contextsMax), rarities(TailsMax)
    {
    }
    static constexpr std::size_t TailsMax = 64; ///< Scopes whose steps are calibrated.
    std::size_t bytes() const
    {
        return steps.bytes() + gaps.bytes() + ends.bytes() + names.bytes() + rarities.bytes();
    }
    NextStepLearned steps;
    GapLearned gaps;
    EndLearned ends;
    NameTable names; ///< Of steps.
    BitsTails rarities; ///< Of steps, by scope.
};

/// The models of one partition: what all have agreed on plus what it learned itself since.
class CaseModelSet
{
public:
    CaseModelSet(const CaseLearned &agreed, const CaseLimits &limits)
        : steps(agreed.steps, limits.contextsMax), gaps(agreed.gaps, limits.contextsMax),
          ends(agreed.ends, limits.scopesMax, limits.contextsMax), m_agreed(agreed), m_names(limits.contextsMax),
          m_rarities(CaseLearned::TailsMax)
    {
    }
    NextStepModel steps;
    GapModel gaps;
    EndModel ends;

    void nameStep(StepSymbol symbol, std::string_view text, std::uint32_t age);
    std::string_view nameOf(StepSymbol symbol) const;
    /// How rare a step of so many rarity bits really is, in bits: by the scope's own steps, and never rarer than one in
    /// all of them (Laplace's rule of succession). O(1) below @p from, which it returns then unchanged or less.
    double calibrated(std::uint64_t scope, double rarityBits, double from) const;
    void learnRarity(std::uint64_t scope, double rarityBits, std::uint32_t age);
    const CaseLearned &agreed() const { return m_agreed; }
    bool learnedNothing() const { return steps.delta().empty() && ends.delta().empty(); }
    std::size_t bytes() const ///< Of the deltas.
    {
        return steps.delta().bytes() + gaps.delta().bytes() + ends.delta().bytes() + m_names.bytes()
             + m_rarities.bytes();
    }
    void save(StateWriter &out) const;
    Status load(StateReader &in);

    /// Folds what the partitions learned into @p agreed and lets them begin anew. In the order of @p all.
    static void merge(CaseLearned &agreed, std::span<CaseModelSet *const> all);

private:
    const CaseLearned &m_agreed; ///< The operator's; changes only between calls.
    NameTable m_names;
    BitsTails m_rarities;
};

void save(const CaseLearned &learned, StateWriter &out);
Status load(CaseLearned &learned, StateReader &in);

} // namespace eventops
