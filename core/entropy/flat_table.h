// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace eventops {

/// Age of a table entry: the sequence number in units of 256 records, so that it fits 32 bits for 10¹² records.
constexpr std::uint32_t ageOf(Seq seq)
{
    return static_cast<std::uint32_t>(std::min<Seq>(seq >> 8, UINT32_MAX));
}

/// 0 marks a free slot of a FlatTable; no key may be 0.
constexpr std::uint64_t tableKey(std::uint64_t hash)
{
    return hash != 0 ? hash : 1;
}

/// Bounded open-addressing table. Entry is default constructible, movable and has `std::uint64_t key` (not 0, itself a
/// hash) and `std::uint32_t seen` (ageOf the last use, kept by the caller). A full table drops the eighth that was seen
/// least recently, ties by key, before it takes another: what it holds never depends on the order of its slots.
/// Thread: one. Complexity: O(1) amortised; eviction O(n) once in n/8 insertions. Memory: at most 2.5 slots an entry.
template <typename Entry>
class FlatTable
{
public:
    explicit FlatTable(std::size_t entriesMax) : m_entriesMax(std::max<std::size_t>(entriesMax, 1)) {}

    std::size_t size() const { return m_size; }
    std::size_t entriesMax() const { return m_entriesMax; }
    std::size_t bytes() const { return m_slots.capacity() * sizeof(Entry); } ///< Without what entries point to.
    void clear()
    {
        m_slots.clear();
        m_size = 0;
        m_shift = 64;
    }

    Entry *find(std::uint64_t key) { return const_cast<Entry *>(std::as_const(*this).find(key)); }
    const Entry *find(std::uint64_t key) const
    {
        if (m_slots.empty())
            return nullptr;
        const Entry &entry = m_slots[slotOf(key)];
        return entry.key == key ? &entry : nullptr;
    }

    /// The entry of @p key, and whether it is new (then default but for its key). Valid until the next insertion.
    std::pair<Entry &, bool> findOrInsert(std::uint64_t key)
    {
        assert(key != 0);
        if (!m_slots.empty()) {
            Entry &entry = m_slots[slotOf(key)];
            if (entry.key == key)
                return {entry, false};
        }
        if (m_size >= m_entriesMax)
            evict();
        if ((m_size + 1) * 5 > m_slots.size() * 4)
            rebuild(std::max<std::size_t>(m_slots.size() * 2, SlotsMin));
        Entry &entry = m_slots[slotOf(key)];
        entry.key = key;
        ++m_size;
        return {entry, true};
    }

    /// Drops what was last seen before @p age. O(n).
    void dropBefore(std::uint32_t age)
    {
        const std::size_t before = m_size;
        for (Entry &entry : m_slots) {
            if (entry.key != 0 && entry.seen < age) {
                entry = Entry{};
                --m_size;
            }
        }
        if (m_size != before)
            rebuild(m_slots.size());
    }

    /// Calls @p each with every entry, in no order. O(n).
    template <typename Each>
    void each(Each each) const
    {
        for (const Entry &entry : m_slots) {
            if (entry.key != 0)
                each(entry);
        }
    }

    /// Entries by ascending key: the order in which state is written.
    std::vector<const Entry *> sorted() const
    {
        std::vector<const Entry *> all;
        all.reserve(m_size);
        for (const Entry &entry : m_slots) {
            if (entry.key != 0)
                all.push_back(&entry);
        }
        std::sort(all.begin(), all.end(), [](const Entry *a, const Entry *b) { return a->key < b->key; });
        return all;
    }

private:
    static constexpr std::size_t SlotsMin = 16;

    /// The slot that holds @p key or the free one where it belongs.
    std::size_t slotOf(std::uint64_t key) const
    {
        // Keys of one partition agree in their low bits: multiply and take the high ones (Knuth, TAOCP 3, 6.4).
        std::size_t slot = static_cast<std::size_t>((key * 0x9e3779b97f4a7c15ULL) >> m_shift);
        while (m_slots[slot].key != 0 && m_slots[slot].key != key)
            slot = (slot + 1) & (m_slots.size() - 1);
        return slot;
    }

    void rebuild(std::size_t slots)
    {
        std::vector<Entry> old(slots);
        old.swap(m_slots);
        m_shift = 64;
        for (std::size_t n = slots; n > 1; n /= 2)
            --m_shift;
        for (Entry &entry : old) {
            if (entry.key != 0)
                m_slots[slotOf(entry.key)] = std::move(entry);
        }
    }

    void evict()
    {
        std::vector<std::pair<std::uint32_t, std::uint64_t>> ages;
        ages.reserve(m_size);
        for (const Entry &entry : m_slots) {
            if (entry.key != 0)
                ages.emplace_back(entry.seen, entry.key);
        }
        const std::size_t drop = std::max<std::size_t>(m_entriesMax / 8, 1);
        std::nth_element(ages.begin(), ages.begin() + static_cast<std::ptrdiff_t>(drop - 1), ages.end());
        const auto last = ages[drop - 1];
        for (Entry &entry : m_slots) {
            if (entry.key != 0 && std::pair(entry.seen, entry.key) <= last)
                entry = Entry{};
        }
        m_size -= drop;
        rebuild(m_slots.size());
    }

    std::size_t m_entriesMax;
    std::size_t m_size = 0;
    unsigned m_shift = 64;
    std::vector<Entry> m_slots;
};

} // namespace eventops
