// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/entropy/flat_table.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace eventops {

/// How rare a model's score really is: turns bits into −log2 of a p-value by the model's own recent scores.
///
/// Below the highest hundredth of the scores by counting; beyond it by an exponential tail with the mean excess of that
/// hundredth (peaks over threshold with shape 0: Pickands, "Statistical inference using extreme order statistics", Ann.
/// Statist. 3, 1975), never steeper than a bit a bit: a model's bits are never taken for more than they say. The scores
/// kept are those of two generations, of which each lasts twice as long as the one before, up to GenerationMax: scores
/// from when the model knew little are forgotten, and so is the distant past.
/// Thread: one. Complexity: O(1) to add, O(bins) to judge. Mergeable: counts add.
class BitsTail
{
public:
    static constexpr std::size_t BinsMax = 512;             ///< Of 1/8 bit: scores above 64 bits count as 64.
    static constexpr std::uint64_t GenerationMin = 64;
    static constexpr std::uint64_t GenerationMax = 16'384;
    static constexpr double TailShare = 0.01;

    void add(double bits);
    void merge(const BitsTail &delta); ///< @p delta's scores of both generations become this one's latest.
    void clear() { *this = BitsTail(); }
    std::uint64_t samples() const { return m_older.total + m_newer.total; }
    /// Bits that the highest hundredth of the scores reaches. 0: too few samples to say.
    double tailFrom() const { return tail().from; }
    /// −log2 P(score ≥ @p bits) for a normal one. Too few samples: 0.
    double rarity(double bits) const;
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    struct Generation {
        std::array<std::uint32_t, BinsMax> counts{};
        std::uint64_t total = 0;
    };
    struct Tail {
        double from = 0.0;      ///< Bits.
        double share = 1.0;     ///< Of the scores at or above `from`.
        double excess = 0.0;    ///< Mean bits above `from`, at least that of a bit a bit; 0: too few samples.
    };
    Tail tail() const;
    void turn();
    Generation m_older, m_newer;
};

/// How rare scores above a floor really are, where the others are not looked at closely: as BitsTail, of a model that
/// claims a probability of 2^−floor for the floor. That claim counts as 2^floor scores of which two were as high, for
/// what knows little claims too much; what is seen soon weighs more. One score counts with eight bits above the floor
/// at most: faults make no fault rare.
/// Thread: one. O(1). Mergeable: counts add.
class AlarmTail
{
public:
    explicit AlarmTail(double floorBits) : m_floor(floorBits) {}
    void add(double bits);        ///< At least the floor.
    void addBelow() { ++m_scores; }
    void merge(const AlarmTail &delta);
    void clear() { m_scores = m_high = 0, m_excess = 0.0; }
    /// At most @p bits, which are at least the floor.
    double rarity(double bits) const;
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    static constexpr double ExcessMax = 8.0;
    static constexpr std::uint64_t ScoresMax = std::uint64_t{1} << 24U; ///< Halved beyond: the past fades.
    double m_floor;
    std::uint64_t m_scores = 0;
    std::uint64_t m_high = 0;     ///< Of them at or above the floor …
    double m_excess = 0.0;        ///< … with so many bits above it, in sum.
};

/// Tails by scope. Mergeable. Thread: one. Memory: bounded, 4 kB a scope.
class BitsTails
{
public:
    explicit BitsTails(std::size_t scopesMax) : m_tails(scopesMax) {}
    void add(std::uint64_t scope, double bits, std::uint32_t age);
    const BitsTail *tail(std::uint64_t scope) const;
    void merge(const BitsTails &delta); ///< In the order of keys.
    void clear() { m_tails.clear(); }
    std::size_t bytes() const { return m_tails.bytes() + m_tails.size() * sizeof(BitsTail); }
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    struct Entry {
        std::uint64_t key = 0;
        std::uint32_t seen = 0;
        std::unique_ptr<BitsTail> tail;
    };
    FlatTable<Entry> m_tails;
};

} // namespace eventops
