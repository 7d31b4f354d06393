// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/entropy/case_state.h"
#include "core/entropy/flat_table.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace eventops {

/// What followed one context, in one cache line. Counts are in units of 1/Unit, so that they can fade by halving and a
/// step seen once is not lost at the first.
struct ContextPage {
    static constexpr std::size_t SlotsMax = 8;
    static constexpr std::uint32_t Unit = 16;
    static constexpr std::uint32_t TotalMax = 2048 * Unit; ///< Counts halve beyond: the past fades.

    std::uint64_t key = 0;
    std::uint32_t seen = 0;
    std::uint16_t total = 0;     ///< Of all symbols, also of those without a slot.
    std::uint16_t rest = 0;      ///< Of symbols without a slot.
    std::array<StepSymbol, SlotsMax> symbols{}; ///< NoStepSymbol: free.
    std::array<std::uint16_t, SlotsMax> counts{};

    /// Counts @p units of @p symbol. A symbol without a slot takes one whose symbol was seen no more than once.
    void add(StepSymbol symbol, std::uint32_t units);
    void addRest(std::uint32_t units);
    std::uint32_t count(StepSymbol symbol) const ///< In units.
    {
        std::uint32_t found = 0; // without branches: which slot it is nobody can predict
        for (std::size_t i = 0; i < SlotsMax; ++i)
            found |= symbols[i] == symbol ? counts[i] : 0U;
        return found;
    }
    std::uint32_t distinct() const
    {
        std::uint32_t number = 0;
        for (const StepSymbol symbol : symbols)
            number += symbol != NoStepSymbol ? 1U : 0U;
        return number;
    }

private:
    void fade();
};
static_assert(sizeof(ContextPage) == 64, "one cache line a context");

/// Decayed counts of symbols by context. Mergeable: what two tables counted is added.
/// Thread: one. Complexity: O(1) an observation and context. Memory: bounded, 64 bytes a slot of the table.
class ContextCounts
{
public:
    explicit ContextCounts(std::size_t contextsMax) : m_pages(contextsMax) {}
    void add(std::uint64_t context, StepSymbol symbol, std::uint32_t age);
    /// The same where the context's page is already known.
    void add(const ContextPage *known, StepSymbol symbol, std::uint32_t age);
    void merge(const ContextCounts &other); ///< In the order of keys.
    void clear() { m_pages.clear(); }
    bool empty() const { return m_pages.size() == 0; }
    std::size_t size() const { return m_pages.size(); }
    const ContextPage *page(std::uint64_t context) const { return m_pages.find(context); }
    const ContextPage *page(std::uint64_t context, const ContextPage *likely) const
    {
        return m_pages.find(context, likely);
    }
    // For pages wanted soon: first where the way begins, then what likely is the page, for `page`.
    void prefetch(std::uint64_t context) const { m_pages.prefetch(context); }
    const ContextPage *likely(std::uint64_t context) const { return m_pages.likely(context); }
    std::uint64_t version() const { return m_pages.version(); } ///< Another number: pages from before are not valid.
    std::size_t bytes() const { return m_pages.bytes(); }
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    FlatTable<ContextPage> m_pages;
};

} // namespace eventops
