// SPDX-License-Identifier: MIT
#include "core/entropy/mix_weights.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::uint32_t MovesMax = 1U << 30U;

} // namespace

std::uint64_t MixWeights::addTo(std::uint64_t key, Numbers &numbers) const
{
    const Entry *entry = m_entries.find(key);
    if (entry == nullptr)
        return 0;
    for (std::size_t i = 0; i < NumbersMax; ++i)
        numbers[i] += static_cast<double>(entry->numbers[i]);
    return entry->moves;
}

void MixWeights::move(std::uint64_t key, const Numbers &step, std::uint32_t moves, std::uint32_t age)
{
    Entry &entry = m_entries.findOrInsert(key).first;
    entry.seen = std::max(entry.seen, age);
    entry.moves = std::min(entry.moves + moves, MovesMax);
    for (std::size_t i = 0; i < NumbersMax; ++i)
        entry.numbers[i] += static_cast<float>(step[i]);
}

void MixWeights::merge(std::span<const MixWeights *const> deltas)
{
    for (const MixWeights *delta : deltas) {
        for (const Entry *from : delta->m_entries.sorted())
            m_entries.findOrInsert(from->key).first.pending += from->moves;
    }
    for (const MixWeights *delta : deltas) {
        for (const Entry *from : delta->m_entries.sorted()) {
            Entry &to = m_entries.findOrInsert(from->key).first;
            const float share = static_cast<float>(from->moves)
                / static_cast<float>(std::max(to.pending, from->moves)); // evicted meanwhile: pending starts at 0
            to.seen = std::max(to.seen, from->seen);
            to.moves = std::min(to.moves + from->moves, MovesMax);
            for (std::size_t i = 0; i < NumbersMax; ++i)
                to.numbers[i] += share * from->numbers[i];
        }
    }
    for (const MixWeights *delta : deltas) {
        for (const Entry *from : delta->m_entries.sorted()) {
            if (Entry *to = m_entries.find(from->key))
                to->pending = 0;
        }
    }
}

void MixWeights::save(StateWriter &out) const
{
    const auto entries = m_entries.sorted();
    out.u64(entries.size());
    for (const Entry *entry : entries) {
        out.u64(entry->key);
        out.u64(entry->seen);
        out.u64(entry->moves);
        for (const float number : entry->numbers)
            out.f64(static_cast<double>(number));
    }
}

Status MixWeights::load(StateReader &in)
{
    const Error corrupt{Error::Code::Corrupt, "mixing weights are damaged"};
    clear();
    const std::uint64_t count = in.u64();
    if (count > m_entries.entriesMax())
        return corrupt;
    for (std::uint64_t n = 0; n < count && !in.failed(); ++n) {
        Entry &entry = m_entries.findOrInsert(tableKey(in.u64())).first;
        entry.seen = static_cast<std::uint32_t>(in.u64());
        entry.moves = static_cast<std::uint32_t>(std::min<std::uint64_t>(in.u64(), MovesMax));
        for (float &number : entry.numbers)
            number = static_cast<float>(in.f64());
    }
    return in.failed() ? Status(corrupt) : Status(Ok{});
}

} // namespace eventops
