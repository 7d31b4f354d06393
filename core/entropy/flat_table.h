// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"
#include "core/entropy/key_index.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
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

/// Bounded hash table. Entry is default constructible, movable and has `std::uint64_t key` (not 0, itself a hash) and
/// `std::uint32_t seen` (ageOf the last use, kept by the caller). A full table drops the eighth that was seen least
/// recently, ties by key, before it takes another: what it holds never depends on where it keeps it.
///
/// Entries lie in blocks, in the order in which they came, and never move: what is used often came early, and lies
/// close together.
/// Thread: one. Complexity: O(1) amortised; eviction O(n) once in n/8 insertions. Memory: an entry and 5 to 7 bytes.
template <typename Entry>
class FlatTable
{
public:
    explicit FlatTable(std::size_t entriesMax)
        : m_entriesMax(std::clamp<std::size_t>(entriesMax, 1, KeyIndex::NumbersMax))
    {
    }

    std::size_t size() const { return m_size; }
    std::size_t entriesMax() const { return m_entriesMax; }
    std::size_t bytes() const ///< Without what entries point to.
    {
        return m_blocks.size() * BlockEntries * sizeof(Entry) + m_blocks.capacity() * sizeof(m_blocks[0])
             + m_index.bytes() + m_free.capacity() * sizeof(std::uint32_t);
    }
    /// Sum of @p of(entry) over all: of what entries point to.
    template <typename Of>
    std::size_t sum(Of of) const
    {
        std::size_t all = 0;
        for (std::uint32_t number = 0; number < m_used; ++number) {
            if (at(number).key != 0)
                all += of(at(number));
        }
        return all;
    }
    /// Another number: pointers into the table from before are no longer valid. Insertion alone moves nothing.
    std::uint64_t version() const { return m_version; }
    void clear()
    {
        ++m_version;
        m_blocks.clear();
        m_free.clear();
        m_index.clear();
        m_size = m_used = 0;
    }

    Entry *find(std::uint64_t key) { return const_cast<Entry *>(std::as_const(*this).find(key)); }
    const Entry *find(std::uint64_t key) const
    {
        const std::uint32_t number = m_index.find(key, [&](std::uint32_t n) { return at(n).key == key; });
        return number != KeyIndex::None ? &at(number) : nullptr;
    }

    /// Has the memory read where the way to @p key begins, for a find that comes soon.
    void prefetch(std::uint64_t key) const { m_index.prefetch(key); }
    /// What is likely the entry of @p key, if there is one; has it read. For a find with @p likely that comes soon.
    const Entry *likely(std::uint64_t key) const
    {
        const std::uint32_t number = m_index.find(key, [](std::uint32_t) { return true; });
        if (number == KeyIndex::None)
            return nullptr;
        __builtin_prefetch(&at(number));
        return &at(number);
    }
    const Entry *find(std::uint64_t key, const Entry *likely) const
    {
        return likely == nullptr || likely->key == key ? likely : find(key);
    }
    /// An entry that find gave, to change it.
    Entry &own(const Entry *entry) { return const_cast<Entry &>(*entry); }

    /// The entry of @p key, and whether it is new (then default but for its key). Valid until one is dropped.
    std::pair<Entry &, bool> findOrInsert(std::uint64_t key)
    {
        assert(key != 0);
        if (Entry *known = find(key))
            return {*known, false};
        if (m_size >= m_entriesMax)
            evict();
        if (m_index.mustRefill(m_size))
            refill();
        std::uint32_t number = m_used;
        if (!m_free.empty()) {
            number = m_free.back();
            m_free.pop_back();
        } else {
            if (number % BlockEntries == 0)
                m_blocks.push_back(std::make_unique<Entry[]>(BlockEntries));
            ++m_used;
        }
        Entry &entry = at(number);
        entry.key = key;
        m_index.put(key, number);
        ++m_size;
        return {entry, true};
    }

    /// Drops what was last seen before @p age. O(n).
    void dropBefore(std::uint32_t age)
    {
        drop([age](const Entry &entry) { return entry.seen < age; });
    }

    /// Calls @p each with every entry, in no order. O(n).
    template <typename Each>
    void each(Each each) const
    {
        for (std::uint32_t number = 0; number < m_used; ++number) {
            if (at(number).key != 0)
                each(at(number));
        }
    }

    /// Entries by ascending key: the order in which state is written.
    std::vector<const Entry *> sorted() const
    {
        std::vector<const Entry *> all;
        all.reserve(m_size);
        for (std::uint32_t number = 0; number < m_used; ++number) {
            if (at(number).key != 0)
                all.push_back(&at(number));
        }
        std::sort(all.begin(), all.end(), [](const Entry *a, const Entry *b) { return a->key < b->key; });
        return all;
    }

private:
    static constexpr std::size_t BlockEntries = 64;

    Entry &at(std::uint32_t number) { return m_blocks[number / BlockEntries][number % BlockEntries]; }
    const Entry &at(std::uint32_t number) const { return m_blocks[number / BlockEntries][number % BlockEntries]; }

    void refill()
    {
        for (std::uint32_t number = 0; number < m_used; ++number) {
            if (at(number).key != 0)
                m_index.put(at(number).key, number);
        }
    }

    template <typename Goes>
    void drop(Goes goes)
    {
        const std::size_t before = m_size;
        for (std::uint32_t number = m_used; number-- > 0;) { // places at the front are taken again first
            Entry &entry = at(number);
            if (entry.key == 0 || !goes(entry))
                continue;
            entry = Entry{};
            m_free.push_back(number);
            --m_size;
        }
        if (m_size == before)
            return;
        ++m_version;
        m_index.forgetAll();
        refill();
    }

    void evict()
    {
        std::vector<std::pair<std::uint32_t, std::uint64_t>> ages;
        ages.reserve(m_size);
        for (std::uint32_t number = 0; number < m_used; ++number) {
            if (at(number).key != 0)
                ages.emplace_back(at(number).seen, at(number).key);
        }
        const std::size_t number = std::max<std::size_t>(m_entriesMax / 8, 1);
        std::nth_element(ages.begin(), ages.begin() + static_cast<std::ptrdiff_t>(number - 1), ages.end());
        const auto last = ages[number - 1];
        drop([last](const Entry &entry) { return std::pair(entry.seen, entry.key) <= last; });
    }

    std::size_t m_entriesMax;
    std::size_t m_size = 0;
    std::uint32_t m_used = 0; ///< Entries of the blocks that were ever taken.
    std::uint64_t m_version = 0;
    std::vector<std::unique_ptr<Entry[]>> m_blocks;
    std::vector<std::uint32_t> m_free;
    KeyIndex m_index;
};

} // namespace eventops
