// SPDX-License-Identifier: MIT
#pragma once

#include "core/entropy/case_state.h"
#include "core/entropy/mix_weights.h"
#include "core/entropy/gap_sketch.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

namespace eventops {

/// Everything learned of how long it takes to the next step, whatever that is.
struct GapLearned {
    static constexpr std::size_t TransitionsMax = 4'096;
    explicit GapLearned(std::size_t contextsMax)
        : sketches(contextsMax), errors(contextsMax), transitions(std::min(contextsMax, TransitionsMax))
    {
    }
    GapSketches sketches;
    MixWeights errors;   ///< By last step: each chain's running error of its median, in mean errors of all chains;
                         ///< the last number is that mean, in seconds.
    GapSketches transitions; ///< By transitionOf; for people: nothing is judged by them.
    void merge(std::span<const GapLearned *const> deltas);
    void clear();
    bool empty() const { return sketches.empty(); }
    std::size_t bytes() const { return sketches.bytes() + errors.bytes(); }
    void save(StateWriter &out) const;
    Status load(StateReader &in);
};

/// The time to the next step as a distribution: a weighted mixture of sketches.
class GapForecast
{
public:
    bool learning() const { return m_samples <= 0.0; }
    double samples() const { return m_samples; } ///< Behind the least specific context.
    /// q in [0,1]; nanoseconds, interpolated within the bucket. 0 while learning. O(buckets).
    std::int64_t quantileNs(double q) const;
    /// P(gap ≥ @p ns), half of the bucket of @p ns counted; past the longest gap a Pareto tail of index 2. Never 0.
    double tail(std::int64_t ns) const;
    std::int64_t longestNs() const;
    void take(const GapSketch &sketch, double weight);

private:
    friend class GapModel;
    static constexpr std::size_t BucketsEnd = 512;
    std::vector<double> m_weights; ///< By bucket; kept between uses.
    std::size_t m_first = BucketsEnd, m_last = 0;
    double m_sum = 0.0;
    double m_samples = 0.0;
    void clear();
};

/// Expectation of the time to the next step, from the last step, the one before, the weekday, the week and the age of
/// the case. Each chain of contexts interpolates from the last step alone to its most specific context, whose share
/// grows with its samples, n / (n + 8); the chains are mixed by how well their medians did lately (exponentially
/// weighted experts: Cesa-Bianchi, Lugosi, "Prediction, Learning, and Games", 2006, 2.2, with absolute loss).
/// Thread: one. Complexity: O(contexts · buckets) a forecast; learning O(contexts · log buckets). Memory: bounded.
class GapModel
{
public:
    GapModel(const GapLearned &agreed, std::size_t deltaContextsMax) : m_agreed(agreed), m_delta(deltaContextsMax) {}
    void forecast(const GapContexts &contexts, GapForecast &out) const;
    /// How long one waits for the next step before its absence takes @p bits: beyond the longest gap known after the
    /// last step by half, further with few samples (the tail as in GapForecast::tail). After a step that nothing
    /// followed yet, the longest gap of the scope is taken. Nothing: too little is known. O(1).
    struct Patience {
        std::int64_t ns = 0;
        double samples = 0.0; ///< Gaps known after the last step; 0: the scope's were taken.
    };
    std::optional<Patience> patience(const GapContexts &contexts, double bits, double samplesMin) const;
    void learn(const GapContexts &contexts, std::int64_t gapNs, std::uint32_t age);
    void learnTransition(std::uint64_t transition, std::int64_t gapNs, std::uint32_t age)
    {
        m_delta.transitions.add(transition, gapNs, age);
    }

    GapLearned &delta() { return m_delta; }
    const GapLearned &delta() const { return m_delta; }

private:
    void addChain(const GapContexts &contexts, std::size_t chain, double weight, GapForecast &out) const;
    void learnErrors(const GapContexts &contexts, std::int64_t gapNs, std::uint32_t age);
    const GapLearned &m_agreed; ///< The operator's; changes only between calls.
    GapLearned m_delta;
    GapForecast m_scratch;
};

} // namespace eventops
