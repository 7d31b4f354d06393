// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace eventops {

/// A text of one batch. 0 is "absent", which is not the same as the empty text.
/// Ids mean nothing outside their batch: never compare, order or hash by them across batches; use the text or its hash.
enum class StrId : std::uint32_t {};
constexpr StrId NoStr{0};

/// The texts of one batch: repeated ones stored once (`intern`), unique ones just appended.
///
/// A table per batch instead of one per process keeps memory bounded whatever the number of distinct texts, needs no
/// lock, and makes it impossible for the order in which threads meet a text to show in a result.
/// Thread: one at a time. Complexity: O(length) each; views stay valid until `clear`.
class StringTable
{
public:
    StringTable();
    ~StringTable();
    StringTable(StringTable &&) noexcept;
    StringTable &operator=(StringTable &&) noexcept;

    StrId intern(std::string_view text); ///< The same id for the same text.
    StrId append(std::string_view text); ///< Always a new id; for texts that hardly ever repeat.

    std::string_view text(StrId id) const
    {
        const Entry &entry = m_entries[static_cast<std::uint32_t>(id)];
        return {entry.data, entry.size};
    }
    /// hash64 of the text; 0 for NoStr. Interned texts have it at hand.
    std::uint64_t hash(StrId id) const;

    /// Names this filling of the table: another one after `clear`, and in every other table, while the program runs.
    /// What remembers ids from batch to batch checks it. Never part of a result.
    std::uint64_t epoch() const { return m_epoch; }

    std::size_t size() const { return m_entries.size(); } ///< Ids run from 0 to size − 1.
    std::size_t bytes() const { return m_bytes; }         ///< Sum of the lengths of all texts.
    void clear();                                         ///< Forgets all texts, keeps the memory.

private:
    struct Entry {
        const char *data;
        std::uint32_t size;
        std::uint64_t hash; ///< 0: not computed yet
    };
    const char *store(std::string_view text);
    void grow();

    std::vector<Entry> m_entries;
    std::vector<std::uint32_t> m_slots; ///< Open addressing over interned entries; 0 is free.
    std::uint64_t m_epoch;
    std::size_t m_interned = 0;
    std::size_t m_bytes = 0;
    std::vector<std::unique_ptr<char[]>> m_blocks;
    std::vector<std::unique_ptr<char[]>> m_bigBlocks; ///< One each for texts larger than a block.
    std::size_t m_block = 0;
    std::size_t m_used = 0;
};

} // namespace eventops
