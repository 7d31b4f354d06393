// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/math.h"
#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/base/types.h"
#include "core/entropy/flat_table.h"

#include <algorithm>
#include <cstdint>

namespace eventops {

/// How often a finding about the same thing was told lately. What is not learned would be told for ever otherwise: the
/// n-th of a day takes log2(n / FreePerDay) bits more than the first. And how surprising the last was: its mark.
/// Thread: one. Complexity: O(1). Memory: bounded.
class Repeats
{
public:
    static constexpr double FreePerDay = 4.0;
    explicit Repeats(std::size_t entriesMax) : m_table(entriesMax) {}

    void add(std::uint64_t key, WallNs ts, std::uint32_t age, double bits = 0.0)
    {
        Entry &entry = m_table.findOrInsert(tableKey(key)).first;
        entry.told = entry.told * kept(entry, ts) + 1.0;
        entry.mark = std::max(entry.mark * kept(entry, ts), bits);
        entry.ts = std::max(entry.ts, ts);
        entry.seen = age;
    }
    double bits(std::uint64_t key, WallNs ts) const
    {
        const Entry *entry = m_table.find(tableKey(key));
        return entry == nullptr ? 0.0 : detLog2(std::max((entry->told * kept(*entry, ts) + 1.0) / FreePerDay, 1.0));
    }
    /// The most bits that were told of it; halves every day. 0: none.
    double mark(std::uint64_t key, WallNs ts) const
    {
        const Entry *entry = m_table.find(tableKey(key));
        return entry == nullptr ? 0.0 : entry->mark * kept(*entry, ts);
    }
    void save(StateWriter &out) const
    {
        const auto all = m_table.sorted();
        out.u64(all.size());
        for (const Entry *entry : all) {
            out.u64(entry->key);
            out.f64(entry->told);
            out.f64(entry->mark);
            out.i64(raw(entry->ts));
            out.u64(entry->seen);
        }
    }
    Status load(StateReader &in)
    {
        m_table.clear();
        const std::uint64_t count = in.u64();
        if (count > m_table.entriesMax())
            return Error{Error::Code::Corrupt, "the state of repeated findings is damaged"};
        for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
            Entry &entry = m_table.findOrInsert(tableKey(in.u64())).first;
            entry.told = in.f64();
            entry.mark = in.f64();
            entry.ts = WallNs{in.i64()};
            entry.seen = static_cast<std::uint32_t>(in.u64());
        }
        return Ok{};
    }

private:
    struct Entry {
        std::uint64_t key = 0;
        double told = 0.0; ///< Halves every day, …
        double mark = 0.0; ///< … as this does.
        WallNs ts = NoTime;
        std::uint32_t seen = 0;
    };
    static double kept(const Entry &entry, WallNs ts)
    {
        constexpr double NsPerDay = 86'400.0 * static_cast<double>(NsPerSecond);
        if (entry.ts == NoTime || ts == NoTime || ts <= entry.ts)
            return 1.0;
        return detExp2(-static_cast<double>(raw(ts) - raw(entry.ts)) / NsPerDay);
    }
    FlatTable<Entry> m_table;
};

} // namespace eventops
