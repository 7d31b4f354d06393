// SPDX-License-Identifier: MIT
#include "core/entropy/live_cases.h"

#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/entropy/flat_table.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace eventops {
namespace {

constexpr std::size_t IdsSlack = 4'096; ///< Dead bytes that are never worth packing.

std::size_t bytesOfLength(std::size_t length)
{
    std::size_t bytes = 1;
    for (; length >= 0x80; length >>= 7U)
        ++bytes;
    return bytes;
}

std::string_view cut(std::string_view text)
{
    return utf8Prefix(text, LiveCases::TextBytesMax);
}

} // namespace

LiveCases::LiveCases(std::size_t casesMax) : m_casesMax(std::clamp<std::size_t>(casesMax, 1, KeyIndex::NumbersMax)) {}

std::size_t LiveCases::stateBytes() const
{
    return m_blocks.size() * BlockCases * sizeof(CaseState) + m_index.bytes()
         + m_blocks.capacity() * sizeof(m_blocks[0]);
}

std::size_t LiveCases::bytes() const
{
    return stateBytes() + m_blocks.size() * BlockCases * (sizeof(Case) - sizeof(CaseState)) + m_ids.capacity()
         + m_free.capacity() * sizeof(std::uint32_t) + m_originBytes;
}

void LiveCases::clear()
{
    m_size = m_used = 0;
    m_idBytes = m_originBytes = 0;
    m_freeOrigins.clear();
    m_blocks.clear();
    m_free.clear();
    m_index.clear();
    m_ids.clear();
    m_origins.clear();
    m_originPlaces.clear();
}

void LiveCases::prefetchCase(std::uint64_t key) const
{
    const std::uint32_t number = m_index.find(key, [](std::uint32_t) { return true; }); // likely the one
    if (number != KeyIndex::None)
        __builtin_prefetch(&at(number));
}

void LiveCases::refillIndex()
{
    for (std::uint32_t number = 0; number < m_used; ++number) {
        if (at(number).state.key != 0)
            m_index.put(at(number).state.key, number);
    }
}

CaseState &LiveCases::add(std::uint64_t key, const CaseOwner &owner)
{
    assert(key != 0);
    const std::size_t texts = m_idBytes + m_originBytes + std::min(owner.entityId.size(), TextBytesMax);
    if (m_size >= m_casesMax || (m_size > 0 && texts > m_casesMax * TextBytesPerCase + TextBytesMax))
        evict();
    if (m_index.mustRefill(m_size))
        refillIndex();
    std::uint32_t number = m_used;
    if (!m_free.empty()) {
        number = m_free.back();
        m_free.pop_back();
    } else {
        if (number % BlockCases == 0)
            m_blocks.push_back(std::make_unique<Case[]>(BlockCases));
        ++m_used;
    }
    Case &one = at(number);
    one.state = {};
    one.state.key = key;
    one.origin = originOf(owner);
    one.id = putId(owner.entityId);
    m_index.put(key, number);
    ++m_size;
    return one.state;
}

std::uint32_t LiveCases::originOf(const CaseOwner &owner)
{
    std::uint64_t hash = owner.scope;
    for (const std::string_view text : {owner.tenant, owner.entityType, owner.sourceId})
        hash = hashCombine(hash, hash64(text));
    const auto [it, isNew] = m_originPlaces.try_emplace(hash, 0U);
    if (isNew) {
        if (m_freeOrigins.empty()) {
            m_freeOrigins.push_back(static_cast<std::uint32_t>(m_origins.size()));
            m_origins.emplace_back();
        }
        it->second = m_freeOrigins.back();
        m_freeOrigins.pop_back();
        const auto text = [](std::string_view all) { return std::string(cut(all)); };
        Origin &origin = m_origins[it->second];
        origin = {owner.scope, hash, 0, text(owner.tenant), text(owner.entityType), text(owner.sourceId)};
        m_originBytes += origin.bytes();
    }
    ++m_origins[it->second].cases;
    return it->second;
}

void LiveCases::leaveOrigin(std::uint32_t place)
{
    Origin &origin = m_origins[place];
    if (--origin.cases > 0)
        return;
    m_originBytes -= origin.bytes();
    m_originPlaces.erase(origin.hash);
    m_freeOrigins.push_back(place);
    origin = {};
}

std::uint32_t LiveCases::putId(std::string_view whole)
{
    const std::string_view id = cut(whole);
    const std::size_t needed = id.size() + bytesOfLength(id.size());
    if (m_ids.size() + needed > m_ids.capacity()) {
        if (m_ids.size() > m_idBytes + m_idBytes / 4 + IdsSlack)
            packIds();
        if (m_ids.size() + needed > m_ids.capacity()) // by an eighth: twice would be half of it unused
            m_ids.reserve(m_ids.size() + needed + m_ids.size() / 8);
    }
    const auto place = static_cast<std::uint32_t>(m_ids.size());
    std::size_t length = id.size();
    for (; length >= 0x80; length >>= 7U)
        m_ids.push_back(static_cast<char>(0x80U | (length & 0x7fU)));
    m_ids.push_back(static_cast<char>(length));
    m_ids.insert(m_ids.end(), id.begin(), id.end());
    m_idBytes += needed;
    return place;
}

std::string_view LiveCases::idAt(std::uint32_t place) const
{
    std::size_t length = 0;
    std::size_t at = place;
    for (unsigned shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(m_ids[at++]);
        length |= std::size_t{byte & 0x7fU} << shift;
        if (byte < 0x80)
            return {m_ids.data() + at, length};
    }
}

void LiveCases::packIds()
{
    std::vector<char> old;
    old.swap(m_ids);
    m_ids.reserve(m_idBytes + m_idBytes / 8);
    for (std::uint32_t number = 0; number < m_used; ++number) {
        Case &one = at(number);
        if (one.state.key == 0)
            continue;
        std::size_t end = one.id;
        std::size_t length = 0;
        for (unsigned shift = 0; shift == 0 || static_cast<unsigned char>(old[end - 1]) >= 0x80; shift += 7)
            length |= std::size_t{static_cast<unsigned char>(old[end++]) & 0x7fU} << shift;
        const auto place = static_cast<std::uint32_t>(m_ids.size());
        m_ids.insert(m_ids.end(), old.begin() + one.id, old.begin() + static_cast<std::ptrdiff_t>(end + length));
        one.id = place;
    }
}

CaseOwner LiveCases::ownerOf(const CaseState &state) const
{
    const Case &one = at(numberOf(state.key));
    assert(&one.state == &state);
    const Origin &origin = m_origins[one.origin];
    return {origin.scope, origin.tenant, origin.entityType, origin.sourceId, idAt(one.id)};
}

void LiveCases::evict()
{
    std::vector<std::pair<std::uint32_t, std::uint64_t>> ages;
    ages.reserve(m_size);
    for (std::uint32_t number = 0; number < m_used; ++number) {
        if (const CaseState &state = at(number).state; state.key != 0)
            ages.emplace_back(state.seen, state.key);
    }
    const std::size_t drop = std::max<std::size_t>(m_size / 8, 1);
    std::nth_element(ages.begin(), ages.begin() + static_cast<std::ptrdiff_t>(drop - 1), ages.end());
    const auto last = ages[drop - 1];
    for (std::uint32_t number = 0; number < m_used; ++number) {
        Case &one = at(number);
        if (one.state.key == 0 || std::pair(one.state.seen, one.state.key) > last)
            continue;
        const std::size_t length = idAt(one.id).size();
        m_idBytes -= length + bytesOfLength(length);
        leaveOrigin(one.origin);
        one.state = {};
        m_free.push_back(number);
    }
    m_size -= drop;
    m_index.forgetAll();
    refillIndex();
}

std::vector<const CaseState *> LiveCases::sorted() const
{
    std::vector<const CaseState *> all;
    all.reserve(m_size);
    for (std::uint32_t number = 0; number < m_used; ++number) {
        if (at(number).state.key != 0)
            all.push_back(&at(number).state);
    }
    std::sort(all.begin(), all.end(), [](const CaseState *a, const CaseState *b) { return a->key < b->key; });
    return all;
}

void LiveCases::save(StateWriter &out) const
{
    out.u64(m_size);
    for (const CaseState *state : sorted()) {
        out.u64(state->key);
        for (const WallNs time : {state->lastTs, state->remindAt})
            out.i64(raw(time));
        out.u64(state->shape);
        for (const std::uint32_t number : {state->last, state->before, state->third, state->firstS, state->seen})
            out.u64(number);
        out.u64(state->length);
        out.u64(state->gapClass);
        out.u64(state->flags);
        const CaseOwner owner = ownerOf(*state);
        out.u64(owner.scope);
        for (const std::string_view text : {owner.tenant, owner.entityType, owner.sourceId, owner.entityId})
            out.text(text);
    }
}

Status LiveCases::load(StateReader &in)
{
    clear();
    const std::uint64_t cases = in.u64();
    if (cases > m_casesMax)
        return Error{Error::Code::Corrupt, "entropy state holds more cases than entities_max allows"};
    for (std::uint64_t i = 0; i < cases && !in.failed(); ++i) {
        CaseState read;
        read.key = tableKey(in.u64());
        for (WallNs *time : {&read.lastTs, &read.remindAt})
            *time = WallNs{in.i64()};
        read.shape = in.u64();
        for (std::uint32_t *number : {&read.last, &read.before, &read.third, &read.firstS, &read.seen})
            *number = static_cast<std::uint32_t>(in.u64());
        read.length = static_cast<std::uint16_t>(in.u64());
        read.gapClass = static_cast<std::uint8_t>(in.u64());
        read.flags = static_cast<std::uint8_t>(in.u64());
        CaseOwner owner;
        owner.scope = in.u64();
        for (std::string_view *text : {&owner.tenant, &owner.entityType, &owner.sourceId, &owner.entityId})
            *text = in.text();
        CaseState *known = find(read.key); // twice only in a damaged file
        (known != nullptr ? *known : add(read.key, owner)) = read;
    }
    return in.failed() ? Status(Error{Error::Code::Corrupt, "entropy state is cut short"}) : Status(Ok{});
}

} // namespace eventops
