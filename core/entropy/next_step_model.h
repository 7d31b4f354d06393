// SPDX-License-Identifier: MIT
#pragma once

#include "core/entropy/case_state.h"
#include "core/entropy/context_counts.h"
#include "core/entropy/mix_weights.h"

#include <array>
#include <span>
#include <vector>

namespace eventops {

/// Everything learned of what follows what. The agreed state of an operator and the delta of a partition are the same
/// kind of thing.
struct NextStepLearned {
    /// How often a step was seen at all, by entity type; a scope's own entry holds its total.
    struct Frequency {
        std::uint64_t key = 0;
        std::uint64_t scope = 0;    ///< Key of the scope's own entry; 0: it is one.
        std::uint64_t count = 0;
        std::uint32_t distinct = 0; ///< Of a scope: different steps, of a delta those not agreed on yet; of a step: 0.
        std::uint32_t seen = 0;
    };

    explicit NextStepLearned(std::size_t contextsMax)
        : contexts(contextsMax), weights(contextsMax), frequencies(contextsMax)
    {
    }
    ContextCounts contexts;
    MixWeights weights;
    FlatTable<Frequency> frequencies;

    void merge(std::span<const NextStepLearned *const> deltas); ///< In their order, each in the order of keys.
    void clear();
    bool empty() const { return contexts.empty(); }
    std::uint64_t count(std::uint64_t scope, StepSymbol symbol) const; ///< How often it was seen, without fading.
    void save(StateWriter &out) const;
    Status load(StateReader &in);
};

/// What may come next, most probable first; ties by symbol.
struct StepPrediction {
    static constexpr std::size_t AlternativesMax = 32;
    struct Alternative {
        StepSymbol symbol = NoStepSymbol;
        double probability = 0.0;
    };
    std::array<Alternative, AlternativesMax> alternatives{};
    std::size_t size = 0;
    double other = 1.0;    ///< Probability of everything else, new steps included.
    double samples = 0.0;  ///< Behind the least specific context (the last step alone).

    std::span<const Alternative> all() const { return std::span(alternatives).first(size); }
    const Alternative *find(StepSymbol symbol) const;

    // How it came about: log2 of each chain's probabilities, in the order of the alternatives; the last is of `other`.
    std::array<std::array<double, AlternativesMax + 1>, StepContexts::ChainsMax> logs{};
    MixWeights::Numbers weights{};
    double logNorm = 0.0;      ///< log2 of what the weighted product summed to.
    double otherFrequency = 1.0; ///< Mass of `other` by frequency alone.
};

/// What the model says of the step that came.
struct StepSurprise {
    bool learning = true;       ///< Fewer samples than asked for.
    double bits = 0.0;          ///< −log2 p.
    double rarityBits = 0.0;    ///< −log2 of the mass of all steps at most as probable: what decides an alarm.
    double probability = 1.0;
    double samples = 0.0;
    /// What each chain adds to the bits, in the order of StepContexts::Names, and last what normalising adds.
    /// They sum to `bits`.
    std::array<double, StepContexts::ChainsMax + 1> terms{};
};

/// Expectation of the next step of a case. Each chain of contexts interpolates from the frequency of steps up to its
/// most specific context with Witten–Bell weights (Witten, Bell, "The zero-frequency problem", IEEE Trans. Inf. Theory
/// 37, 1991, method C):
///   p_k(s) = (n_k(s) + e_k·p_{k−1}(s)) / (n_k + d_k),   e_k = d_k + those counted without a slot,
/// and the chains are mixed in the logarithmic domain, p(s) ∝ Π p_j(s)^w_j, with weights by last step that follow the
/// gradient of the log loss (Mattern, "Mixing strategies in data compression", DCC 2012). Independent evidence adds up
/// so, and a step's bits are a sum over the chains, which is their explanation.
/// Thread: one. Complexity: O(contexts + alternatives) a step. Reads @p agreed plus its own delta.
class NextStepModel
{
public:
    NextStepModel(const NextStepLearned &agreed, std::size_t deltaContextsMax)
        : m_agreed(agreed), m_delta(deltaContextsMax)
    {
    }
    void predict(const StepContexts &contexts, StepPrediction &out) const;
    /// How surprising @p symbol is after @p prediction; learning below @p samplesMin.
    StepSurprise judge(const StepContexts &contexts, const StepPrediction &prediction, StepSymbol symbol,
                       double samplesMin) const;
    /// Learns that @p symbol came after @p prediction was made.
    void learn(const StepContexts &contexts, const StepPrediction &prediction, StepSymbol symbol, std::uint32_t age);

    /// Steps seen of a scope.
    double steps(std::uint64_t scope) const { return static_cast<double>(totals(scope).count); }
    /// How often @p symbol came after the last step alone.
    double count(const StepContexts &contexts, StepSymbol symbol) const;

    NextStepLearned &delta() { return m_delta; }
    const NextStepLearned &delta() const { return m_delta; }

private:
    /// Frequency of @p symbol in its scope; 0: never seen.
    double frequency(std::uint64_t scope, StepSymbol symbol) const;
    NextStepLearned::Frequency totals(std::uint64_t scope) const;
    const NextStepLearned &m_agreed; ///< The operator's; changes only between calls.
    NextStepLearned m_delta;
};

} // namespace eventops
