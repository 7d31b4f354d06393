// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/entropy/case_state.h"
#include "core/entropy/flat_table.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace eventops {

/// How often a step occurs in a case.
struct StepCount {
    StepSymbol step = NoStepSymbol;
    std::uint32_t count = 0;
    bool operator==(const StepCount &) const = default;
};
/// A multiset of steps, by symbol.
using StepSet = std::vector<StepCount>;

/// One difference between what a case did and the nearest end that is known.
struct StepEdit {
    StepSymbol step = NoStepSymbol;
    std::uint32_t expected = 0;
    std::uint32_t seen = 0;     ///< More than expected: repeated or extra; fewer: missing.
    double bits = 0.0;          ///< −log2 of how often a normal case was new by this edit.
    std::uint64_t known = 0;    ///< Cases that were new by it.
};

/// What is said of a case's end. The edits' bits sum exactly to `bits`.
struct EndSurprise {
    bool learning = true;       ///< Fewer cases than asked for, or the case is too long to have a set.
    double bits = 0.0;          ///< 0: the case ended as others did.
    std::uint64_t cases = 0;    ///< Cases learned.
    std::uint64_t alike = 0;    ///< Cases that ended exactly so; if new: in the nearest known end.
    double newShare = 0.0;      ///< Of a new end: share of the cases that ended as no other did (Good–Turing).
    /// The bits of one edit that no more than a share 2^−@p rarity of the cases showed: less is never a finding.
    double enough(double rarity) const;
    /// The other way round: −log2 of the share of the cases that showed as much. What none showed has RarityMax: how
    /// often that happens says a calibration (AlarmTail).
    double rarity() const;
    static constexpr double RarityMax = 24.0;
    std::vector<StepEdit> edits;
};

/// How cases of a type end: the multisets of steps with which they did, decayed counts, and which differences between
/// a new end and the nearest known one are usual. A case's own way to its set is kept as a chain of sets, each one step
/// larger, which cases share: so a case in flight carries a hash alone.
/// Thread: one. Mergeable: counts add.
class EndLearned
{
public:
    static constexpr std::size_t KnownMax = 512;  ///< Ends of one type; the rarest goes first.
    static constexpr std::size_t EditsMax = 512;  ///< Steps of one type whose edits are counted.
    static constexpr std::uint64_t CasesMax = 1U << 20U; ///< Counts halve beyond: the past fades.

    struct Known {
        std::uint64_t shape = 0;
        std::uint64_t count = 0;
        StepSet steps;
    };
    struct EditCounts {
        StepSymbol step = NoStepSymbol;
        std::uint64_t extra = 0, extraFar = 0;     ///< Cases that were new by too many of the step; by far too many.
        std::uint64_t missing = 0, missingFar = 0;
    };
    struct Scope {
        std::uint64_t key = 0;
        std::uint64_t cases = 0;
        std::uint32_t seen = 0;
        std::vector<Known> known;       ///< By shape.
        std::vector<EditCounts> edits;  ///< By step.
    };
    struct Growth { ///< A set and the set it grew from.
        std::uint64_t key = 0;
        std::uint64_t parent = 0;
        StepSymbol step = NoStepSymbol;
        std::uint32_t seen = 0;
        bool odd = false; ///< Only cases that a finding told of came here.
    };

    EndLearned(std::size_t scopesMax, std::size_t growthsMax) : m_scopes(scopesMax), m_growths(growthsMax) {}
    void grow(std::uint64_t shape, std::uint64_t parent, StepSymbol step, bool odd, std::uint32_t age);
    void add(std::uint64_t scope, const Known &end, const std::vector<StepEdit> &edits, std::uint32_t age);
    void merge(const EndLearned &delta); ///< In the order of keys.
    void clear();
    bool empty() const { return m_scopes.size() == 0 && m_growths.size() == 0; }
    std::size_t bytes() const;
    const Scope *scope(std::uint64_t key) const { return m_scopes.find(tableKey(key)); }
    const Growth *growth(std::uint64_t shape) const { return m_growths.find(shape); }
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    Scope &scopeOf(std::uint64_t key, std::uint32_t age);
    static void addKnown(Scope &scope, const Known &end);
    static void addEdits(Scope &scope, const EditCounts &counts);
    static void fade(Scope &scope);
    FlatTable<Scope> m_scopes;
    FlatTable<Growth> m_growths;
};

/// Distance of a case's end to the nearest known one, with learned costs (a stochastic edit distance in the manner of
/// Ristad, Yianilos, "Learning string-edit distance", IEEE Trans. PAMI 20, 1998, on multisets): an edit costs
///   log2((n + 1) / (e + ½)),
/// n cases learned, e of them new by that edit when they came; of an edit to twice as many steps, or half as many, only
/// those that were new by as much count. A step whose number varies from case to case is cheap, one whose number never
/// varied is dear, and so is one that comes many times as often as ever.
/// Thread: one. Complexity: O(1) for a known end, O(known ends · steps) for a new one. Reads @p agreed and a delta.
class EndModel
{
public:
    EndModel(const EndLearned &agreed, std::size_t scopesMax, std::size_t growthsMax)
        : m_agreed(agreed), m_delta(scopesMax, growthsMax)
    {
    }
    /// Notes that a case's set grew by a step; call it after CaseState::take. @p odd: a finding told of the case.
    void grow(std::uint64_t shapeBefore, const CaseState &state, std::uint32_t age, bool odd = false);
    /// A finding told of the case, and a person said it is normal: so is the way that it went.
    void settle(const CaseState &state, std::uint32_t age);
    /// Nothing: the case has no set (too long), or the way to it was forgotten.
    std::optional<StepSet> setOf(const CaseState &state) const;
    EndSurprise judge(std::uint64_t scope, std::uint64_t shape, const StepSet &steps, std::uint64_t casesMin) const;
    /// Whether so many cases of @p scope ended that judgeSoFar says something. O(1).
    bool knows(std::uint64_t scope, std::uint64_t casesMin) const
    {
        const EndLearned::Scope *agreed = m_agreed.scope(scope);
        const EndLearned::Scope *delta = m_delta.scope(scope);
        return (agreed != nullptr ? agreed->cases : 0) + (delta != nullptr ? delta->cases : 0) >= casesMin;
    }
    /// Whether some case's steps ever came to this set on their way, of cases that no finding told of.
    bool wasPassed(std::uint64_t shape) const
    {
        const EndLearned::Growth *agreed = m_agreed.growth(shape);
        const EndLearned::Growth *own = m_delta.growth(shape);
        return (agreed != nullptr && !agreed->odd) || (own != nullptr && !own->odd);
    }
    /// The same of a case that goes on: what is missing may still come, so only steps that are too many count.
    EndSurprise judgeSoFar(std::uint64_t scope, const StepSet &steps, std::uint64_t casesMin) const;
    void learn(std::uint64_t scope, std::uint64_t shape, const StepSet &steps, std::uint32_t age);

    /// The bits that a share @p rate of normal cases reaches, by leaving out one: an end that one case alone had is
    /// judged as if that case had not been (Good, "The population frequencies of species", Biometrika 40, 1953: those
    /// seen once estimate the mass of what was never seen). Within two bounds: an edit that more than that share of the
    /// cases showed is never enough by itself, one that none showed always is. O(known ends² · steps).
    double threshold(std::uint64_t scope, double rate) const;

    EndLearned &delta() { return m_delta; }
    const EndLearned &delta() const { return m_delta; }

private:
    struct Costs;
    struct Nearest;
    std::vector<EndLearned::Known> knownOf(std::uint64_t scope) const;
    EndSurprise judgeNew(const Costs &costs, const StepSet &steps, bool extraOnly, EndSurprise result,
                         std::uint64_t scope) const;
    static void nearest(const std::vector<EndLearned::Known> &known, const StepSet &steps, const Costs &costs,
                        std::uint64_t skipShape, bool extraOnly, Nearest &out);
    const EndLearned &m_agreed; ///< The operator's; changes only between calls.
    EndLearned m_delta;
};

} // namespace eventops
