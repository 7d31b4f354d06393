// SPDX-License-Identifier: MIT
#include "core/entropy/bits_tail.h"

#include "core/base/math.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr double BinsPerBit = 8.0;
constexpr double HighBefore = 2.0; ///< Scores above the floor before any was seen.
constexpr double Log2E = 1.4426950408889634;

std::size_t binOf(double bits)
{
    const double scaled = std::clamp(bits, 0.0, static_cast<double>(BitsTail::BinsMax - 1) / BinsPerBit) * BinsPerBit;
    return static_cast<std::size_t>(scaled);
}

} // namespace

void BitsTail::turn()
{
    if (m_newer.total < std::clamp(2 * m_older.total, GenerationMin, GenerationMax))
        return;
    m_older = m_newer;
    m_newer = {};
}

void BitsTail::add(double bits)
{
    ++m_newer.counts[binOf(bits)];
    ++m_newer.total;
    turn();
}

void BitsTail::merge(const BitsTail &delta)
{
    for (const Generation *part : {&delta.m_older, &delta.m_newer}) {
        for (std::size_t i = 0; i < BinsMax; ++i)
            m_newer.counts[i] += part->counts[i];
        m_newer.total += part->total;
    }
    turn();
}

BitsTail::Tail BitsTail::tail() const
{
    Tail result;
    const std::uint64_t total = samples();
    if (total < GenerationMin)
        return result;
    // Whole bins from above until the share is reached; the mean excess is over the lower edge of the last one.
    const auto wanted = std::max(static_cast<std::uint64_t>(TailShare * static_cast<double>(total)), std::uint64_t{1});
    std::uint64_t count = 0;
    double sum = 0.0;
    std::size_t bin = BinsMax;
    while (bin > 0 && count < wanted) {
        --bin;
        const std::uint64_t here = m_older.counts[bin] + m_newer.counts[bin];
        count += here;
        sum += static_cast<double>(here) * (static_cast<double>(bin) + 0.5) / BinsPerBit;
    }
    result.from = static_cast<double>(bin) / BinsPerBit;
    result.share = static_cast<double>(count) / static_cast<double>(total);
    result.excess = std::max(sum / static_cast<double>(count) - result.from, Log2E);
    return result;
}

double BitsTail::rarity(double bits) const
{
    const Tail high = tail();
    if (high.excess <= 0.0)
        return 0.0;
    if (bits >= high.from)
        return -detLog2(high.share) + (bits - high.from) * Log2E / high.excess;
    std::uint64_t count = 0;
    for (std::size_t bin = binOf(bits); bin < BinsMax; ++bin)
        count += m_older.counts[bin] + m_newer.counts[bin];
    return -detLog2(std::min((static_cast<double>(count) + 0.5) / (static_cast<double>(samples()) + 0.5), 1.0));
}

void BitsTail::save(StateWriter &out) const
{
    for (const Generation *part : {&m_older, &m_newer}) {
        out.u64(part->total);
        for (std::size_t i = 0; part->total > 0 && i < BinsMax; ++i)
            out.u64(part->counts[i]);
    }
}

Status BitsTail::load(StateReader &in)
{
    clear();
    for (Generation *part : {&m_older, &m_newer}) {
        part->total = in.u64();
        std::uint64_t sum = 0;
        for (std::size_t i = 0; part->total > 0 && i < BinsMax; ++i)
            sum += part->counts[i] = static_cast<std::uint32_t>(in.u64());
        if (in.failed() || sum != part->total)
            return Error{Error::Code::Corrupt, "calibration state is damaged"};
    }
    return Ok{};
}

void AlarmTail::add(double bits)
{
    ++m_scores;
    ++m_high;
    m_excess += std::clamp(bits - m_floor, 0.0, ExcessMax);
}

void AlarmTail::merge(const AlarmTail &delta)
{
    m_scores += delta.m_scores;
    m_high += delta.m_high;
    m_excess += delta.m_excess;
    while (m_scores > ScoresMax) {
        m_scores /= 2;
        m_high /= 2;
        m_excess /= 2.0;
    }
}

double AlarmTail::rarity(double bits) const
{
    const double high = static_cast<double>(m_high) + HighBefore;
    const double share = high / (static_cast<double>(m_scores) + detExp2(m_floor));
    const double excess = std::max((m_excess + HighBefore * Log2E) / high, Log2E);
    return std::clamp(-detLog2(share) + (bits - m_floor) * Log2E / excess, 0.0, bits);
}

void AlarmTail::save(StateWriter &out) const
{
    out.u64(m_scores);
    out.u64(m_high);
    out.f64(m_excess);
}

Status AlarmTail::load(StateReader &in)
{
    m_scores = in.u64();
    m_high = in.u64();
    m_excess = in.f64();
    if (in.failed() || m_high > m_scores || !(m_excess >= 0.0))
        return Error{Error::Code::Corrupt, "calibration state is damaged"};
    return Ok{};
}

void BitsTails::add(std::uint64_t scope, double bits, std::uint32_t age)
{
    Entry &entry = m_tails.findOrInsert(tableKey(scope)).first;
    entry.seen = std::max(entry.seen, age);
    if (!entry.tail)
        entry.tail = std::make_unique<BitsTail>();
    entry.tail->add(bits);
}

const BitsTail *BitsTails::tail(std::uint64_t scope) const
{
    const Entry *entry = m_tails.find(tableKey(scope));
    return entry != nullptr ? entry->tail.get() : nullptr;
}

void BitsTails::merge(const BitsTails &delta)
{
    for (const Entry *from : delta.m_tails.sorted()) {
        Entry &to = m_tails.findOrInsert(from->key).first;
        to.seen = std::max(to.seen, from->seen);
        if (!to.tail)
            to.tail = std::make_unique<BitsTail>();
        to.tail->merge(*from->tail);
    }
}

void BitsTails::save(StateWriter &out) const
{
    const auto all = m_tails.sorted();
    out.u64(all.size());
    for (const Entry *entry : all) {
        out.u64(entry->key);
        out.u64(entry->seen);
        entry->tail->save(out);
    }
}

Status BitsTails::load(StateReader &in)
{
    clear();
    const std::uint64_t count = in.u64();
    if (count > m_tails.entriesMax())
        return Error{Error::Code::Corrupt, "calibration state is damaged"};
    for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
        Entry &entry = m_tails.findOrInsert(tableKey(in.u64())).first;
        entry.seen = static_cast<std::uint32_t>(in.u64());
        entry.tail = std::make_unique<BitsTail>();
        EVENTOPS_TRY(entry.tail->load(in));
    }
    return in.failed() ? Status(Error{Error::Code::Corrupt, "calibration state is cut short"}) : Status(Ok{});
}

} // namespace eventops
