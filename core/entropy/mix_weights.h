// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/entropy/flat_table.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace eventops {

/// A few numbers a key that learning moves by small steps: mixing weights, running errors. Readers take what all have
/// agreed on plus their own moves since; merging moves the agreed numbers by the readers' mean move, weighted by how
/// often each moved (federated averaging: McMahan et al., AISTATS 2017), so that sixty-four readers of one key do not
/// overshoot together.
/// Thread: one. Complexity: O(1). Memory: bounded.
class MixWeights
{
public:
    static constexpr std::size_t NumbersMax = 6;
    using Numbers = std::array<double, NumbersMax>;

    explicit MixWeights(std::size_t keysMax) : m_entries(keysMax) {}
    /// Adds this table's numbers of @p key to @p numbers; returns how often they were moved.
    std::uint64_t addTo(std::uint64_t key, Numbers &numbers) const;
    /// Moves the numbers by @p step, which counts as so many moves.
    void move(std::uint64_t key, const Numbers &step, std::uint32_t moves, std::uint32_t age);
    void merge(std::span<const MixWeights *const> deltas); ///< In the order of keys.
    void clear() { m_entries.clear(); }
    std::size_t bytes() const { return m_entries.bytes(); }
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    struct Entry {
        std::uint64_t key = 0;
        std::uint32_t seen = 0;
        std::uint32_t moves = 0;
        std::uint32_t pending = 0; ///< Moves of the deltas being merged.
        std::array<float, NumbersMax> numbers{};
    };
    FlatTable<Entry> m_entries;
};

} // namespace eventops
