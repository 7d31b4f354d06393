// SPDX-License-Identifier: MIT
#include "core/entropy/context_counts.h"

#include <algorithm>

namespace eventops {

void ContextPage::fade()
{
    std::uint32_t sum = rest = static_cast<std::uint16_t>(rest / 2);
    for (std::size_t i = 0; i < SlotsMax; ++i) {
        sum += counts[i] = static_cast<std::uint16_t>(counts[i] / 2);
        if (counts[i] == 0)
            symbols[i] = NoStepSymbol;
    }
    total = static_cast<std::uint16_t>(sum);
}

void ContextPage::addRest(std::uint32_t units)
{
    while (total + units > TotalMax)
        fade();
    rest = static_cast<std::uint16_t>(rest + units);
    total = static_cast<std::uint16_t>(total + units);
}

void ContextPage::add(StepSymbol symbol, std::uint32_t units)
{
    while (total + units > TotalMax)
        fade();
    std::size_t place = SlotsMax;
    std::size_t rarest = 0;
    for (std::size_t i = 0; i < SlotsMax; ++i) {
        if (symbols[i] == symbol) {
            place = i;
            break;
        }
        if (symbols[i] == NoStepSymbol && place == SlotsMax)
            place = i;
        if (counts[i] < counts[rarest])
            rarest = i;
    }
    if (place == SlotsMax) {
        if (counts[rarest] > Unit || counts[rarest] >= units + Unit) {
            addRest(units);
            return;
        }
        rest = static_cast<std::uint16_t>(rest + counts[rarest]);
        counts[rarest] = 0;
        place = rarest;
    }
    symbols[place] = symbol;
    counts[place] = static_cast<std::uint16_t>(counts[place] + units);
    total = static_cast<std::uint16_t>(total + units);
}

void ContextCounts::add(std::uint64_t context, StepSymbol symbol, std::uint32_t age)
{
    add(&m_pages.findOrInsert(context).first, symbol, age);
}

void ContextCounts::add(const ContextPage *known, StepSymbol symbol, std::uint32_t age)
{
    ContextPage &page = m_pages.own(known);
    page.seen = std::max(page.seen, age);
    page.add(symbol, ContextPage::Unit);
}

void ContextCounts::merge(const ContextCounts &other)
{
    for (const ContextPage *from : other.m_pages.sorted()) {
        ContextPage &to = m_pages.findOrInsert(from->key).first;
        to.seen = std::max(to.seen, from->seen);
        for (std::size_t i = 0; i < ContextPage::SlotsMax; ++i) {
            if (from->symbols[i] != NoStepSymbol)
                to.add(from->symbols[i], from->counts[i]);
        }
        if (from->rest > 0)
            to.addRest(from->rest);
    }
}

void ContextCounts::save(StateWriter &out) const
{
    const auto pages = m_pages.sorted();
    out.u64(pages.size());
    for (const ContextPage *page : pages) {
        out.u64(page->key);
        out.u64(page->seen);
        out.u64(page->total);
        out.u64(page->rest);
        for (std::size_t i = 0; i < ContextPage::SlotsMax; ++i) {
            out.u64(page->symbols[i]);
            out.u64(page->counts[i]);
        }
    }
}

Status ContextCounts::load(StateReader &in)
{
    const Error corrupt{Error::Code::Corrupt, "step model state is damaged"};
    clear();
    const std::uint64_t count = in.u64();
    if (count > m_pages.entriesMax())
        return corrupt;
    for (std::uint64_t n = 0; n < count && !in.failed(); ++n) {
        ContextPage page;
        page.key = in.u64();
        page.seen = static_cast<std::uint32_t>(in.u64());
        const std::uint64_t total = in.u64();
        std::uint64_t sum = in.u64();
        page.rest = static_cast<std::uint16_t>(sum);
        for (std::size_t i = 0; i < ContextPage::SlotsMax; ++i) {
            page.symbols[i] = static_cast<StepSymbol>(in.u64());
            const std::uint64_t units = in.u64();
            page.counts[i] = static_cast<std::uint16_t>(units);
            sum += units;
        }
        if (page.key == 0 || total != sum || total > ContextPage::TotalMax)
            return corrupt;
        page.total = static_cast<std::uint16_t>(total);
        m_pages.findOrInsert(page.key).first = page;
    }
    return in.failed() ? Status(corrupt) : Status(Ok{});
}

} // namespace eventops
