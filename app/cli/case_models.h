// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/entropy/bits_tail.h"
#include "core/entropy/end_sets.h"
#include "core/entropy/gap_model.h"
#include "core/entropy/next_step_model.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::cli {

/// A case as a file tells it.
struct FileCase {
    std::string id;
    std::vector<StepSymbol> steps;
    std::vector<WallNs> times; ///< One a step; empty: the file has none.
};

/// What the models say of a whole case, each step from before it was known.
struct CaseScore {
    double endBits = 0.0;   ///< Distance of its set of steps to the nearest known end.
    double orderBits = 0.0; ///< How rare its rarest step is among cases, less a bit for this second way to be a
                            ///< finding (Bonferroni); 0 unless that is one in a hundred or rarer.
    double bits() const { return endBits + orderBits; }
};

/// The pipeline's models over cases from a file, with the limits that the pipeline ships with.
class CaseModels
{
public:
    CaseModels();
    StepSymbol symbol(std::string_view step);
    const std::string &name(StepSymbol symbol) const;

    CaseScore score(const FileCase &one);
    void learn(const FileCase &one);
    /// The bits from which a case is a finding, from the learned cases alone; see EndModel::threshold.
    double threshold(double rate) const { return m_ends.threshold(Scope, rate); }

    /// What may follow the first @p prefix steps of @p one, and when.
    void predict(const FileCase &one, std::size_t prefix, StepPrediction &step, GapForecast &gap);

private:
    static constexpr std::uint64_t Scope = 1;
    /// Goes through a case, learning it or not; the rarity bits of its rarest step, the end included.
    double walk(const FileCase &one, bool learn, CaseState &state);
    CaseState stateAfter(const FileCase &one, std::size_t prefix);
    void takeStep(CaseState &state, const FileCase &one, std::size_t index);
    NextStepLearned m_stepsAgreed;
    GapLearned m_gapsAgreed;
    EndLearned m_endsAgreed;
    NextStepModel m_steps;
    GapModel m_gaps;
    EndModel m_ends;
    BitsTail m_order; ///< Of each case's rarest step, from before the case was learned.
    std::vector<std::pair<StepSymbol, std::string>> m_names; ///< By symbol.
};

/// Share of normal cases that may be called surprising: one in a thousand.
constexpr double FalseCaseRate = 1e-3;

} // namespace eventops::cli
