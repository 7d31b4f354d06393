// SPDX-License-Identifier: MIT
#pragma once

#include "core/entropy/case_state.h"
#include "core/entropy/context_counts.h"
#include "core/entropy/mix_lanes.h"
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
    std::uint64_t changes = 0; ///< How often it was merged into, read or cleared.

    void merge(std::span<const NextStepLearned *const> deltas); ///< In their order, each in the order of keys.
    void clear();
    bool empty() const { return contexts.empty(); }
    std::uint64_t count(std::uint64_t scope, StepSymbol symbol) const; ///< How often it was seen, without fading.
    std::size_t bytes() const { return contexts.bytes() + weights.bytes() + frequencies.bytes(); }
    void save(StateWriter &out) const;
    Status load(StateReader &in);
};

/// What is known of a step's contexts, each looked up once. Valid until the model or what is agreed on changes.
struct StepPages {
    static constexpr std::size_t PagesMax = 1 + StepContexts::ChainsMax * (StepContexts::ChainLengthMax - 1);
    struct Page {
        std::uint64_t context = 0;
        const ContextPage *agreed = nullptr;
        const ContextPage *delta = nullptr;
        float escape = 1.0F; ///< Share of what the context did not show.
        float scale = 0.0F;  ///< Share of a count's unit; 0: the context is not known.
    };
    std::array<Page, PagesMax> pages{};   ///< The first is the last step alone, everyone's; then chain by chain.
    std::array<std::uint8_t, StepContexts::ChainsMax + 1> begins{}; ///< Of each chain's pages beyond the first.
    std::uint64_t version = 0;            ///< Of the delta's contexts.

    std::span<const Page> all() const { return std::span(pages).first(begins.back()); }
    std::span<const Page> chain(std::size_t j) const
    {
        return std::span(pages).subspan(begins[j], static_cast<std::size_t>(begins[j + 1] - begins[j]));
    }
};

/// What may come next, in no order; or, of a calm step, no more than that nothing else was as probable.
struct StepPrediction {
    static constexpr std::size_t AlternativesMax = 32;
    static constexpr std::size_t BlocksMax = (AlternativesMax + 1 + LanesWide - 1) / LanesWide;
    using Lanes = LaneArray<BlocksMax>; ///< A number an alternative; then that of `other`.
    struct Alternative {
        StepSymbol symbol = NoStepSymbol;
        double probability = 0.0;
    };
    std::array<Alternative, AlternativesMax> alternatives{};
    std::size_t size = 0;
    double other = 1.0;    ///< Probability of everything else, new steps included.
    double samples = 0.0;  ///< Behind the least specific context (the last step alone).

    std::span<const Alternative> all() const { return std::span(alternatives).first(size); }
    std::vector<Alternative> likeliest() const; ///< All, most probable first; ties by symbol.
    const Alternative *find(StepSymbol symbol) const;

    // How it came about.
    StepPages pages;
    MixWeights::Numbers weights{};
    std::uint64_t weightMoves = 0; ///< How often the weights were moved.
    std::uint64_t scopeSteps = 0;  ///< Steps seen of the scope.
    std::uint64_t scopeDistinct = 0;
    double logNorm = 0.0;        ///< log2 of what the weighted product summed to; of a calm step at most so much.
    double otherFrequency = 1.0; ///< Mass of `other` by frequency alone.
    std::array<Lanes, StepContexts::ChainsMax> logs{}; ///< log2 of each chain's probabilities.
    bool calm = false;
    std::array<double, StepContexts::ChainsMax> calmLogs{}; ///< Of a calm step: log2 of its probability by each chain.
};

/// What the model says of the step that came.
struct StepSurprise {
    bool learning = true;       ///< Fewer samples than asked for.
    double bits = 0.0;          ///< −log2 p; of a calm step at most so many, below one.
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
///
/// The first time that anything follows a step, this is noted in the least specific context alone: steps that come once
/// leave no more behind.
///
/// Most steps are usual, and need no alternatives. By Hölder's inequality, the weighted products of all alternatives
/// but s sum to Π (1 − p_j(s))^w_j at most where the weights sum to W ≥ 1, and to n^(1−W) times that over n
/// alternatives where W < 1. So the odds of s are known from s alone to be at least
///   Π (p_j(s) / (1 − p_j(s)))^w_j / n^max(0, 1−W).
/// Where they are even or better, s is more probable than all else together: its rarity is 0 bits, exactly as the whole
/// mixture would say. Such a step is calm; `expect` stops there. The weights learn from each step that is not,
/// and after 256 of a last step from each eighth that is, by hash, eight times as much: the same on average.
/// Thread: one. Complexity: O(contexts) a calm step, O(contexts + alternatives) another. Reads @p agreed plus its own
/// delta.
class NextStepModel
{
public:
    NextStepModel(const NextStepLearned &agreed, std::size_t deltaContextsMax)
        : m_agreed(agreed), m_delta(deltaContextsMax)
    {
    }
    /// All alternatives.
    void predict(const StepContexts &contexts, StepPrediction &out) const;
    /// All alternatives, unless @p symbol, which came, is calm.
    void expect(const StepContexts &contexts, StepSymbol symbol, StepPrediction &out) const;
    /// How surprising @p symbol is after @p prediction; learning below @p samplesMin.
    StepSurprise judge(const StepContexts &contexts, const StepPrediction &prediction, StepSymbol symbol,
                       double samplesMin) const;
    /// Learns that @p symbol came after @p prediction was made. Of a calm step the prediction may be completed.
    void learn(const StepContexts &contexts, StepPrediction &prediction, StepSymbol symbol, std::uint32_t age);

    /// Steps seen of a scope.
    double steps(std::uint64_t scope) const { return static_cast<double>(totals(scope).count); }
    /// How often @p symbol came after the last step alone.
    double count(const StepContexts &contexts, StepSymbol symbol) const;

    NextStepLearned &delta() { return m_delta; }
    const NextStepLearned &delta() const { return m_delta; }

private:
    void look(const StepContexts &contexts, StepPrediction &out) const;
    bool isCalm(const StepContexts &contexts, StepSymbol symbol, StepPrediction &out) const;
    void mix(const StepContexts &contexts, StepPrediction &out) const;
    void learnWeights(const StepContexts &contexts, StepPrediction &prediction, StepSymbol symbol, std::uint32_t age);
    void learnPages(const StepContexts &contexts, const StepPages &pages, StepSymbol symbol, std::uint32_t age);
    /// Frequency of @p symbol in its scope; 0: never seen.
    double frequency(std::uint64_t scope, StepSymbol symbol) const;
    NextStepLearned::Frequency totals(std::uint64_t scope) const;
    static constexpr std::size_t KnownMax = 256;
    struct Known {
        std::uint64_t key = 0;
        double count = 0.0;
    };
    static std::size_t placeOfKnown(std::uint64_t key) { return (key * 0x9e3779b97f4a7c15ULL) >> 56U; }

    const NextStepLearned &m_agreed; ///< The operator's; changes only between calls.
    NextStepLearned m_delta;
    mutable std::array<Known, KnownMax> m_known{}; ///< Frequencies looked up lately; they change with what is learned.
    mutable std::uint64_t m_knownSince = 0;
};

} // namespace eventops
