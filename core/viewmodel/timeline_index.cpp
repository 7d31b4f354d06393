// SPDX-License-Identifier: MIT
#include "core/viewmodel/timeline_index.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace eventops {
namespace {

constexpr unsigned BandBits = 3;
constexpr std::uint16_t BandMask = (1u << BandBits) - 1;
static_assert(SeverityBandCount <= BandMask + 1u);

} // namespace

SeverityBand severityBand(Severity severity)
{
    const auto number = static_cast<unsigned>(severity);
    if (number >= static_cast<unsigned>(Severity::Critical))
        return SeverityBand::Critical;
    if (number >= static_cast<unsigned>(Severity::Error))
        return SeverityBand::Error;
    if (number >= static_cast<unsigned>(Severity::Warning))
        return SeverityBand::Warning;
    if (number >= static_cast<unsigned>(Severity::Notice))
        return SeverityBand::Notice;
    return number >= 1 ? SeverityBand::Info : SeverityBand::Unset;
}

struct TimelineIndex::Leaf {
    struct KindCount {
        Kind kind;
        std::uint16_t count;
    };
    std::array<std::int64_t, LeafEventsMax> ns;
    std::array<Kind, LeafEventsMax> kind;
    std::vector<KindCount> kinds;  ///< Empty: to be made, or not kept.
    std::uint16_t size = 0;
    bool summarised = false;
};

TimelineIndex::TimelineIndex()
    : m_offsetOfKind(static_cast<std::size_t>(LanesMax) << BandBits),
      m_kindCounts(static_cast<std::size_t>(LanesMax) << BandBits)
{
}
TimelineIndex::~TimelineIndex() = default;
TimelineIndex::TimelineIndex(TimelineIndex &&) noexcept = default;
TimelineIndex &TimelineIndex::operator=(TimelineIndex &&) noexcept = default;

std::int64_t TimelineIndex::firstNs() const { return m_leaves.empty() ? 0 : m_leaves.front().firstNs; }
std::int64_t TimelineIndex::lastNs() const { return m_leaves.empty() ? 0 : m_leaves.back().lastNs; }

void TimelineIndex::clear()
{
    m_leaves.clear();
    m_laneTotals.clear();
    m_hint = 0;
    m_size = m_untimed = m_dropped = 0;
}

std::size_t TimelineIndex::bytes() const
{
    std::size_t sum = m_leaves.capacity() * sizeof(Entry) + m_sorting.capacity() * sizeof(Timed)
                      + m_offsetOfKind.capacity() * sizeof(std::uint32_t)
                      + m_kindCounts.capacity() * sizeof(std::uint16_t)
                      + m_laneTotals.capacity() * sizeof(std::uint64_t) + m_leaves.size() * sizeof(Leaf);
    for (const Entry &entry : m_leaves)
        sum += entry.leaf->kinds.capacity() * sizeof(Leaf::KindCount);
    return sum;
}

void TimelineIndex::append(std::span<const WallNs> ts, std::span<const Severity> severity,
                           std::span<const std::uint16_t> lane)
{
    assert(ts.size() == severity.size() && ts.size() == lane.size());
    m_sorting.clear();
    bool sorted = true;
    for (std::size_t i = 0; i < ts.size(); ++i) {
        const std::uint16_t where = std::min<std::uint16_t>(lane[i], LanesMax - 1);
        if (where >= m_laneTotals.size())
            m_laneTotals.resize(where + 1u);
        ++m_laneTotals[where];
        if (ts[i] == NoTime) {
            ++m_untimed;
            continue;
        }
        const std::int64_t ns = std::clamp(raw(ts[i]), TimeMinNs, TimeMaxNs);
        sorted = sorted && (m_sorting.empty() || m_sorting.back().ns <= ns);
        m_sorting.push_back(
            {ns, static_cast<Kind>(where << BandBits | static_cast<unsigned>(severityBand(severity[i])))});
    }
    if (!sorted)
        std::sort(m_sorting.begin(), m_sorting.end(), [](const Timed &a, const Timed &b) { return a.ns < b.ns; });
    insertSorted(m_sorting);
    m_size += m_sorting.size();
    while (m_leaves.size() > LeavesMax)
        dropOldest();
}

/// The leaf that @p ns belongs to: the last one that begins at or before it, else the first. There must be one.
std::size_t TimelineIndex::leafFor(std::int64_t ns) const
{
    const auto fits = [&](std::size_t at) {
        return at < m_leaves.size() && (at == 0 || m_leaves[at].firstNs <= ns)
               && (at + 1 == m_leaves.size() || ns < m_leaves[at + 1].firstNs);
    };
    if (fits(m_hint))
        return m_hint;
    const auto after = std::upper_bound(m_leaves.begin(), m_leaves.end(), ns,
                                        [](std::int64_t value, const Entry &entry) { return value < entry.firstNs; });
    return after == m_leaves.begin() ? 0 : static_cast<std::size_t>(after - m_leaves.begin()) - 1;
}

std::size_t TimelineIndex::addLeaf(std::size_t at)
{
    // A new leaf has no times yet; those of its right neighbour keep the directory sorted until the merge sets them.
    auto leaf = std::unique_ptr<Leaf>(new Leaf);
    const std::int64_t ns = at < m_leaves.size() ? m_leaves[at].firstNs : lastNs();
    m_leaves.insert(m_leaves.begin() + static_cast<std::ptrdiff_t>(at), Entry{ns, ns, std::move(leaf)});
    return at;
}

/// Makes sure that the leaf for @p ns, now the full one at @p at, has room; tells which leaf that is.
std::size_t TimelineIndex::makeRoom(std::size_t at, std::int64_t ns)
{
    if (ns >= m_leaves[at].lastNs)
        return addLeaf(at + 1); // growth at the end leaves full leaves behind
    if (ns < m_leaves[at].firstNs)
        return addLeaf(at); // before everything
    constexpr std::size_t Half = LeafEventsMax / 2;
    addLeaf(at + 1);
    Leaf &left = *m_leaves[at].leaf;
    Leaf &right = *m_leaves[at + 1].leaf;
    std::copy(left.ns.begin() + Half, left.ns.end(), right.ns.begin());
    std::copy(left.kind.begin() + Half, left.kind.end(), right.kind.begin());
    left.size = Half;
    right.size = LeafEventsMax - Half;
    left.summarised = false;
    m_leaves[at + 1].firstNs = right.ns[0];
    m_leaves[at + 1].lastNs = m_leaves[at].lastNs;
    m_leaves[at].lastNs = left.ns[Half - 1];
    return ns >= m_leaves[at + 1].firstNs ? at + 1 : at;
}

void TimelineIndex::insertSorted(std::span<const Timed> events)
{
    for (std::size_t i = 0; i < events.size();) {
        std::size_t at = m_leaves.empty() ? addLeaf(0) : leafFor(events[i].ns);
        if (m_leaves[at].leaf->size == LeafEventsMax)
            at = makeRoom(at, events[i].ns);
        const Leaf &leaf = *m_leaves[at].leaf;
        std::size_t end = std::min(events.size(), i + (LeafEventsMax - leaf.size));
        if (at + 1 < m_leaves.size()) {
            const std::int64_t limit = m_leaves[at + 1].firstNs;
            // The first one belongs here in any case, even at the limit: a new leaf may begin where its neighbour does.
            const auto stop = std::upper_bound(events.begin() + static_cast<std::ptrdiff_t>(i + 1),
                                               events.begin() + static_cast<std::ptrdiff_t>(end), limit,
                                               [](std::int64_t value, const Timed &event) { return value < event.ns; });
            end = static_cast<std::size_t>(stop - events.begin());
        }
        mergeInto(m_leaves[at], events.subspan(i, end - i));
        m_hint = at;
        i = end;
    }
}

/// Merges from the back: each stretch of old events moves once, as a block. @p events fit.
void TimelineIndex::mergeInto(Entry &entry, std::span<const Timed> events)
{
    Leaf &leaf = *entry.leaf;
    std::size_t old = leaf.size;
    std::size_t to = leaf.size + events.size();
    assert(to <= LeafEventsMax);
    for (std::size_t left = events.size(); left > 0;) {
        const Timed &event = events[left - 1];
        std::size_t keep = old;
        if (old > 0 && leaf.ns[old - 1] > event.ns)
            keep = static_cast<std::size_t>(
                std::upper_bound(leaf.ns.begin(), leaf.ns.begin() + static_cast<std::ptrdiff_t>(old), event.ns)
                - leaf.ns.begin());
        const std::size_t moved = old - keep;
        if (moved > 0) {
            to -= moved;
            std::memmove(&leaf.ns[to], &leaf.ns[keep], moved * sizeof(std::int64_t));
            std::memmove(&leaf.kind[to], &leaf.kind[keep], moved * sizeof(Kind));
            old = keep;
        }
        --to;
        --left;
        leaf.ns[to] = event.ns;
        leaf.kind[to] = event.kind;
    }
    leaf.size = static_cast<std::uint16_t>(leaf.size + events.size());
    leaf.summarised = false;
    entry.firstNs = leaf.ns[0];
    entry.lastNs = leaf.ns[leaf.size - 1u];
}

void TimelineIndex::dropOldest()
{
    m_dropped += m_leaves.front().leaf->size;
    m_size -= m_leaves.front().leaf->size;
    m_leaves.erase(m_leaves.begin());
    m_hint = m_hint > 0 ? m_hint - 1 : 0;
}

void TimelineIndex::summarise(Leaf &leaf)
{
    std::array<Kind, LeafEventsMax> met;
    std::size_t kinds = 0;
    for (std::size_t i = 0; i < leaf.size; ++i) {
        if (m_kindCounts[leaf.kind[i]]++ == 0)
            met[kinds++] = leaf.kind[i];
    }
    leaf.kinds.clear();
    leaf.summarised = true;
    if (kinds <= KindsMax)
        leaf.kinds.reserve(kinds);
    for (std::size_t i = 0; i < kinds; ++i) {
        if (kinds <= KindsMax)
            leaf.kinds.push_back({met[i], m_kindCounts[met[i]]});
        m_kindCounts[met[i]] = 0;
    }
}

void TimelineIndex::count(const TimeGrid &grid, std::span<const std::uint16_t> slotOfLane, std::size_t slots,
                          std::vector<std::uint32_t> &counts)
{
    assert(grid.columnNs >= 1);
    const std::size_t slotSize = grid.columns * SeverityBandCount;
    counts.assign((slots + 1) * slotSize, 0);
    if (m_leaves.empty() || grid.columns == 0 || slots == 0) {
        counts.resize(slots * slotSize);
        return;
    }
    // Where each kind counts; what is not asked for counts in a row of its own, without a branch.
    const auto nowhere = static_cast<std::uint32_t>(slots * slotSize);
    for (std::size_t lane = 0; lane < LanesMax; ++lane) {
        const std::uint16_t slot = lane < slotOfLane.size() ? slotOfLane[lane] : NoSlot;
        for (std::size_t band = 0; band < SeverityBandCount; ++band)
            m_offsetOfKind[lane << BandBits | band] =
                slot < slots ? static_cast<std::uint32_t>(slot * slotSize + band) : nowhere;
    }
    // Past the end of time there is nothing: the last column may be cut short there.
    const std::int64_t toNs = grid.fromNs
                                      > TimeMaxNs - grid.columnNs * static_cast<std::int64_t>(grid.columns)
                                  ? TimeMaxNs + 1
                                  : grid.fromNs + grid.columnNs * static_cast<std::int64_t>(grid.columns);
    const auto first = std::lower_bound(m_leaves.begin(), m_leaves.end(), grid.fromNs,
                                        [](const Entry &entry, std::int64_t value) { return entry.lastNs < value; });
    std::uint32_t *row = counts.data(); ///< Of the column under way.
    std::int64_t columnEnd = grid.fromNs; // none yet: the first event looks its column up
    const auto seek = [&](std::int64_t ns) {
        if (ns < columnEnd)
            return;
        const std::int64_t column = (ns - grid.fromNs) / grid.columnNs;
        row = counts.data() + static_cast<std::size_t>(column) * SeverityBandCount;
        columnEnd = grid.fromNs + column * grid.columnNs;
        columnEnd = columnEnd > TimeMaxNs - grid.columnNs ? TimeMaxNs + 1 : columnEnd + grid.columnNs;
    };
    for (auto entry = first; entry != m_leaves.end() && entry->firstNs < toNs; ++entry) {
        Leaf &leaf = *entry->leaf;
        std::size_t i = 0;
        if (entry->firstNs >= grid.fromNs) {
            seek(entry->firstNs);
            if (entry->lastNs < columnEnd && entry->lastNs < toNs) {
                if (!leaf.summarised)
                    summarise(leaf);
                if (!leaf.kinds.empty()) {
                    for (const Leaf::KindCount &known : leaf.kinds)
                        row[m_offsetOfKind[known.kind]] += known.count;
                    continue;
                }
            }
        } else {
            i = static_cast<std::size_t>(
                std::lower_bound(leaf.ns.begin(), leaf.ns.begin() + leaf.size, grid.fromNs) - leaf.ns.begin());
        }
        for (; i < leaf.size && leaf.ns[i] < toNs; ++i) {
            seek(leaf.ns[i]);
            ++row[m_offsetOfKind[leaf.kind[i]]];
        }
    }
    counts.resize(slots * slotSize);
}

} // namespace eventops
