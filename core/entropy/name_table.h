// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/entropy/flat_table.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace eventops {

/// Texts by hash, so that models can keep numbers and people still read names. Mergeable.
/// Thread: one. Complexity: O(1). Memory: bounded; texts are cut at BytesMax.
class NameTable
{
public:
    static constexpr std::size_t BytesMax = 96;
    explicit NameTable(std::size_t namesMax) : m_names(namesMax) {}
    void put(std::uint64_t key, std::string_view text, std::uint32_t age);
    std::string_view name(std::uint64_t key) const; ///< Empty: unknown or forgotten. Valid until the next change.
    void merge(const NameTable &delta);             ///< In the order of keys.
    void clear() { m_names.clear(); }
    std::size_t bytes() const
    {
        return m_names.bytes() + m_names.sum([](const Name &name) { return name.text.capacity(); });
    }
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    struct Name {
        std::uint64_t key = 0;
        std::uint32_t seen = 0;
        std::string text;
    };
    FlatTable<Name> m_names;
};

} // namespace eventops
