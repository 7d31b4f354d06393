// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/entropy/case_state.h"
#include "core/entropy/key_index.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Whose case it is. Views are valid until the next case is added.
struct CaseOwner {
    std::uint64_t scope = 0;
    std::string_view tenant, entityType, sourceId;
    std::string_view entityId;
};

/// The cases in flight by key, and whose they are. A full table drops the eighth that was seen least recently (ties by
/// key) before it takes another: what it holds never depends on where it keeps it.
///
/// Cases lie in blocks that never move, so pointers to them stay valid until they are dropped. Ids of entities lie end
/// to end; what the cases of one tenant, type and source share is kept once.
/// Thread: one. Complexity: O(1) amortised. Memory: 64 bytes a case, its id and a byte or two, and 5 to 7 of the index.
class LiveCases
{
public:
    static constexpr std::size_t TextBytesPerCase = 64; ///< Bounds all texts together; then, too, an eighth goes.
    static constexpr std::size_t TextBytesMax = 4'096;  ///< Of one text; what is longer is cut.

    explicit LiveCases(std::size_t casesMax);

    std::size_t size() const { return m_size; }
    std::size_t casesMax() const { return m_casesMax; }
    std::size_t bytes() const;      ///< All that is held.
    std::size_t stateBytes() const; ///< Of states and the index alone.
    void clear();

    const CaseState *find(std::uint64_t key) const
    {
        const std::uint32_t number = numberOf(key);
        return number != KeyIndex::None ? &at(number).state : nullptr;
    }
    CaseState *find(std::uint64_t key)
    {
        const std::uint32_t number = numberOf(key);
        return number != KeyIndex::None ? &at(number).state : nullptr;
    }
    CaseState &add(std::uint64_t key, const CaseOwner &owner); ///< @p key: not there yet, not 0.
    CaseOwner ownerOf(const CaseState &state) const;           ///< Of a case in this table.

    // Has memory read for a find that comes soon: the index's place first, a few finds later the case.
    void prefetchIndex(std::uint64_t key) const { m_index.prefetch(key); }
    void prefetchCase(std::uint64_t key) const;

    /// Calls @p call with every case, in no order. O(n).
    template <typename Call>
    void each(Call call) const
    {
        for (std::uint32_t number = 0; number < m_used; ++number) {
            if (at(number).state.key != 0)
                call(at(number).state);
        }
    }
    std::vector<const CaseState *> sorted() const; ///< By key.
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    struct Case {
        CaseState state;
        std::uint32_t id = 0;     ///< Where it begins in m_ids.
        std::uint32_t origin = 0; ///< In m_origins.
    };
    static_assert(sizeof(Case) == 64);
    struct Origin {
        std::uint64_t scope = 0;
        std::uint64_t hash = 0;
        std::uint32_t cases = 0;
        std::string tenant, entityType, sourceId;
        std::size_t bytes() const { return sizeof(Origin) + tenant.size() + entityType.size() + sourceId.size(); }
    };
    static constexpr std::size_t BlockCases = 512;

    Case &at(std::uint32_t number) { return m_blocks[number / BlockCases][number % BlockCases]; }
    const Case &at(std::uint32_t number) const { return m_blocks[number / BlockCases][number % BlockCases]; }
    std::uint32_t numberOf(std::uint64_t key) const
    {
        return m_index.find(key, [&](std::uint32_t number) { return at(number).state.key == key; });
    }
    void refillIndex();
    std::uint32_t originOf(const CaseOwner &owner);
    void leaveOrigin(std::uint32_t place);
    std::uint32_t putId(std::string_view id);
    std::string_view idAt(std::uint32_t place) const;
    void packIds();
    void evict();

    std::size_t m_casesMax;
    std::size_t m_size = 0;
    std::uint32_t m_used = 0; ///< Cases of the blocks that were ever taken.
    std::vector<std::unique_ptr<Case[]>> m_blocks;
    std::vector<std::uint32_t> m_free;
    KeyIndex m_index;
    std::vector<char> m_ids;            ///< Each after its length, in bytes of seven bits.
    std::size_t m_idBytes = 0;          ///< Of cases that still live.
    std::vector<Origin> m_origins;
    std::vector<std::uint32_t> m_freeOrigins;
    std::size_t m_originBytes = 0;
    std::map<std::uint64_t, std::uint32_t> m_originPlaces; ///< By hash.
};

} // namespace eventops
