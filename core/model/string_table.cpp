// SPDX-License-Identifier: MIT
#include "core/model/string_table.h"

#include "core/base/hash.h"

#include <atomic>
#include <cassert>
#include <cstring>

namespace eventops {
namespace {

constexpr std::size_t BlockBytes = 256 * 1024;
constexpr std::size_t SlotsMin = 1024;

std::uint64_t nextEpoch()
{
    static std::atomic<std::uint64_t> epoch{0};
    return epoch.fetch_add(1, std::memory_order_relaxed) + 1;
}

} // namespace

StringTable::StringTable() : m_entries{{nullptr, 0, 0}}, m_slots(SlotsMin, 0), m_epoch(nextEpoch()) {}
StringTable::~StringTable() = default;
StringTable::StringTable(StringTable &&) noexcept = default;
StringTable &StringTable::operator=(StringTable &&) noexcept = default;

const char *StringTable::store(std::string_view text)
{
    m_bytes += text.size();
    if (text.size() > BlockBytes / 4) {
        m_bigBlocks.push_back(std::make_unique_for_overwrite<char[]>(text.size()));
        std::memcpy(m_bigBlocks.back().get(), text.data(), text.size());
        return m_bigBlocks.back().get();
    }
    if (m_blocks.empty() || m_used + text.size() > BlockBytes) {
        if (!m_blocks.empty())
            ++m_block;
        if (m_block == m_blocks.size())
            m_blocks.push_back(std::make_unique_for_overwrite<char[]>(BlockBytes));
        m_used = 0;
    }
    char *at = m_blocks[m_block].get() + m_used;
    if (!text.empty())
        std::memcpy(at, text.data(), text.size());
    m_used += text.size();
    return at;
}

StrId StringTable::append(std::string_view text)
{
    assert(text.size() <= UINT32_MAX && m_entries.size() < UINT32_MAX);
    m_entries.push_back({store(text), static_cast<std::uint32_t>(text.size()), 0});
    return StrId{static_cast<std::uint32_t>(m_entries.size() - 1)};
}

StrId StringTable::intern(std::string_view text)
{
    const std::uint64_t hash = hash64(text);
    std::size_t mask = m_slots.size() - 1;
    std::size_t slot = hash & mask;
    while (m_slots[slot] != 0) {
        const Entry &entry = m_entries[m_slots[slot]];
        if (entry.hash == hash && std::string_view(entry.data, entry.size) == text)
            return StrId{m_slots[slot]};
        slot = (slot + 1) & mask;
    }
    const StrId id = append(text);
    m_entries.back().hash = hash;
    m_slots[slot] = static_cast<std::uint32_t>(id);
    if (++m_interned * 2 > m_slots.size())
        grow();
    return id;
}

void StringTable::grow()
{
    std::vector<std::uint32_t> old(m_slots.size() * 2, 0);
    old.swap(m_slots);
    const std::size_t mask = m_slots.size() - 1;
    for (const std::uint32_t id : old) {
        if (id == 0)
            continue;
        std::size_t slot = m_entries[id].hash & mask;
        while (m_slots[slot] != 0)
            slot = (slot + 1) & mask;
        m_slots[slot] = id;
    }
}

std::uint64_t StringTable::hash(StrId id) const
{
    if (id == NoStr)
        return 0;
    const Entry &entry = m_entries[static_cast<std::uint32_t>(id)];
    return entry.hash != 0 ? entry.hash : hash64({entry.data, entry.size});
}

void StringTable::clear()
{
    m_entries.resize(1);
    if (m_slots.size() > SlotsMin * 16) // one odd batch shall not make every later clear slow
        m_slots = std::vector<std::uint32_t>(SlotsMin, 0);
    else
        std::fill(m_slots.begin(), m_slots.end(), 0u);
    m_epoch = nextEpoch();
    m_interned = 0;
    m_bytes = 0;
    m_bigBlocks.clear();
    m_block = 0;
    m_used = 0;
}

} // namespace eventops
