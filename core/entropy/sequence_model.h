// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/entropy/flat_table.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// What a sequence model says of one step, from before the step was learned.
struct SequenceScore {
    bool learning = true;
    double bits = 0.0;         ///< −log2 p(step | context).
    /// −log2 of the mass of all steps at most as likely: what decides an alarm. A wide choice
    double rarityBits = 0.0;
                               ///< of likely next steps gives bits, but no rarity.
    double probability = 1.0;
    std::uint64_t count = 0;   ///< Of this step in this context.
    std::uint64_t samples = 0; ///< Steps seen in this context.
};

/// A step that may come next.
struct StepExpectation {
    std::string step;
    double probability = 0.0;
    std::uint64_t count = 0;
};

/// Expectation of an entity's next step. @p scope: hash of (tenant, entity type); @p previous: hash of the step before,
/// StepStart for none. What a later model (variable order, mixing) has to be.
/// Thread: one. Complexity: O(alternatives) a step. Memory: bounded.
class SequenceModel
{
public:
    virtual ~SequenceModel();
    virtual SequenceScore score(std::uint64_t scope, std::uint64_t previous, std::uint64_t step) const = 0;
    virtual void learn(std::uint64_t scope, std::uint64_t previous, std::uint64_t step, std::string_view name,
                       std::uint32_t age) = 0;
    /// The likeliest next steps, at most @p countMax, likeliest first, ties by name.
    virtual std::vector<StepExpectation> expect(std::uint64_t scope, std::uint64_t previous,
        std::size_t countMax) const = 0;
    virtual std::string_view name(std::uint64_t step) const = 0; ///< Empty: forgotten.
};

constexpr std::uint64_t StepStart = 0x5354415254ULL; ///< The context of an entity's first step.

/// Mergeable counts of steps by context. Merging is addition, so the order of deltas shows only where a bound is met.
class TransitionCounts
{
public:
    struct Next {
        std::uint64_t step = 0;
        std::uint64_t count = 0;
    };
    struct Context {
        std::uint64_t key = 0;
        std::uint32_t seen = 0;
        std::uint64_t total = 0;  ///< Of all steps, also untracked ones.
        std::uint64_t untracked = 0; ///< Steps past AlternativesMax; each counts as a novelty.
        std::vector<Next> next;   ///< By step hash.
    };
    struct Name {
        std::uint64_t key = 0;
        std::uint32_t seen = 0;
        std::string text;
    };

    static constexpr std::size_t AlternativesMax = 256; ///< Steps tracked in one context.
    static constexpr std::uint64_t TotalMax = 1U << 16; ///< Counts halve beyond: the past fades.
    static constexpr std::size_t NameBytesMax = 96;

    explicit TransitionCounts(std::size_t contextsMax) : m_contexts(contextsMax), m_names(contextsMax) {}

    void add(std::uint64_t context, std::uint64_t step, std::uint64_t count, std::uint32_t age);
    void nameStep(std::uint64_t step, std::string_view text, std::uint32_t age);
    void merge(const TransitionCounts &delta); ///< In the order of keys.
    void clear();
    bool empty() const { return m_contexts.size() == 0; }
    const Context *context(std::uint64_t key) const { return m_contexts.find(tableKey(key)); }
    std::string_view name(std::uint64_t step) const;
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    static void addTo(Context &context, std::uint64_t step, std::uint64_t count);
    FlatTable<Context> m_contexts;
    FlatTable<Name> m_names;
};

/// Order-1 counts that escape to order-0 ones, interpolated with the Witten–Bell weight (Witten, Bell, "The
/// zero-frequency problem", IEEE Trans. Inf. Theory 37, 1991, method C; Bell, Cleary, Witten, "Text Compression",
/// 1990):
///   p(s | c) = (count(c, s) + t·p0(s)) / (n + t),   p0(s) = count0(s) / (n0 + t0), p0(anything new) = t0 / (n0 + t0)
/// with n steps and t different ones in the context. Reads a snapshot plus its own delta.
class EscapeSequenceModel final : public SequenceModel
{
public:
    EscapeSequenceModel(const TransitionCounts &snapshot, std::size_t deltaContextsMax, std::uint64_t samplesMin)
        : m_snapshot(snapshot), m_delta(deltaContextsMax), m_samplesMin(samplesMin)
    {
    }
    ~EscapeSequenceModel() override;
    SequenceScore score(std::uint64_t scope, std::uint64_t previous, std::uint64_t step) const override;
    void learn(std::uint64_t scope, std::uint64_t previous, std::uint64_t step, std::string_view name,
               std::uint32_t age) override;
    std::vector<StepExpectation> expect(std::uint64_t scope, std::uint64_t previous,
        std::size_t countMax) const override;
    std::string_view name(std::uint64_t step) const override;

    TransitionCounts &delta() { return m_delta; }
    const TransitionCounts &delta() const { return m_delta; }

private:
    const TransitionCounts &m_snapshot; ///< The operator's; changes only between calls.
    TransitionCounts m_delta;
    std::uint64_t m_samplesMin;
};

} // namespace eventops
