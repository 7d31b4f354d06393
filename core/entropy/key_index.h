// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace eventops {

/// Numbers of entries by key, where the entries themselves lie: open addressing with four bytes a place, 24 bits of
/// the number and eight of the key's hash, so that a place of another key is hardly ever looked up. At most 80 % full;
/// grows by a quarter. Thread: one. Complexity: O(1) amortised.
class KeyIndex
{
public:
    static constexpr std::size_t NumbersMax = (std::size_t{1} << 24U) - 2;
    static constexpr std::uint32_t None = UINT32_MAX;

    std::size_t bytes() const { return m_places.capacity() * sizeof(std::uint32_t); }
    void clear() { m_places.clear(); }
    void prefetch(std::uint64_t key) const
    {
        if (!m_places.empty())
            __builtin_prefetch(&m_places[homeOf(spread(key))]);
    }

    /// The number for which @p isIt(number) holds, among those whose key may be @p key.
    template <typename IsIt>
    std::uint32_t find(std::uint64_t key, IsIt isIt) const
    {
        if (m_places.empty())
            return None;
        const std::uint64_t hash = spread(key);
        const std::uint32_t mark = markOf(hash);
        for (std::size_t place = homeOf(hash); m_places[place] != 0; place = after(place)) {
            const std::uint32_t number = (m_places[place] & NumberMask) - 1;
            if ((m_places[place] & ~NumberMask) == mark && isIt(number))
                return number;
        }
        return None;
    }

    /// Room for one more than @p size; true: the index is empty now, and all are to be put in again.
    bool mustRefill(std::size_t size)
    {
        if ((size + 1) * 5 <= m_places.size() * 4)
            return false;
        std::vector<std::uint32_t>(std::max(m_places.size() + m_places.size() / 4, PlacesMin)).swap(m_places);
        return true;
    }
    void forgetAll() { std::fill(m_places.begin(), m_places.end(), 0U); }
    void put(std::uint64_t key, std::uint32_t number)
    {
        const std::uint64_t hash = spread(key);
        std::size_t place = homeOf(hash);
        while (m_places[place] != 0)
            place = after(place);
        m_places[place] = markOf(hash) | (number + 1);
    }

private:
    static constexpr std::size_t PlacesMin = 16;
    static constexpr std::uint32_t NumberMask = (1U << 24U) - 1;

    /// Keys of one partition agree in their low bits: multiply and take the high ones (Knuth, TAOCP 3, 6.4).
    static std::uint64_t spread(std::uint64_t key) { return key * 0x9e3779b97f4a7c15ULL; }
    static std::uint32_t markOf(std::uint64_t hash) { return static_cast<std::uint32_t>(hash & 0xff00U) << 16U; }
    std::size_t homeOf(std::uint64_t hash) const
    {
        // The high half times the number of places (Lemire, "Fast random integer generation in an interval", 2019).
        return static_cast<std::size_t>(((hash >> 32U) * m_places.size()) >> 32U);
    }
    std::size_t after(std::size_t place) const { return place + 1 < m_places.size() ? place + 1 : 0; }

    std::vector<std::uint32_t> m_places; ///< 0: free; else the mark above the number + 1.
};

} // namespace eventops
