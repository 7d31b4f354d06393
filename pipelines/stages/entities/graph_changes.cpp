// SPDX-License-Identifier: MIT
#include "pipelines/stages/entities/graph_changes.h"

#include "core/base/hash.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t SlotsMin = 1'024;
constexpr std::size_t SlotsKept = 65'536;

template <typename Change>
void widen(Change &change, WallNs ts)
{
    if (ts == NoTime)
        return;
    if (change.firstSeen == NoTime || ts < change.firstSeen)
        change.firstSeen = ts;
    change.lastSeen = std::max(change.lastSeen, ts);
}

} // namespace

RoundIndex::Slot &RoundIndex::slotOf(std::uint64_t key)
{
    const std::size_t mask = m_slots.size() - 1;
    std::size_t at = static_cast<std::size_t>((key * 0x9e3779b97f4a7c15ULL) >> 32) & mask;
    while (m_slots[at].round == m_round && m_slots[at].key != key)
        at = (at + 1) & mask;
    return m_slots[at];
}

std::pair<std::uint32_t, bool> RoundIndex::tryEmplace(std::uint64_t key, std::uint32_t value)
{
    if ((m_size + 1) * 2 > m_slots.size()) {
        std::vector<Slot> old(std::max(m_slots.size() * 2, SlotsMin));
        old.swap(m_slots);
        for (const Slot &slot : old) {
            if (slot.round == m_round)
                slotOf(slot.key) = slot;
        }
    }
    Slot &slot = slotOf(key);
    if (slot.round == m_round)
        return {slot.value, false};
    slot = {key, value, m_round};
    ++m_size;
    return {value, true};
}

void RoundIndex::clear()
{
    m_size = 0;
    if (m_slots.size() > SlotsKept || m_round == UINT32_MAX) { // one odd batch shall not hold memory for ever
        m_slots = {};
        m_round = 0;
    }
    ++m_round;
}

GraphChanges::Index GraphChanges::indexOf(std::uint64_t key, std::string_view tenant, EntityName name, Seq seq)
{
    for (;; ++key) { // two entities of one hash take neighbouring keys
        const auto [index, isNew] = m_entityIndex.tryEmplace(key, static_cast<Index>(m_entities.size()));
        if (isNew) {
            EntityChange &change = m_entities.emplace_back();
            change.tenant = tenant;
            change.name = name;
            change.firstSeq = seq;
            return index;
        }
        const EntityChange &change = m_entities[index];
        if (change.name == name && change.tenant == tenant)
            return index;
    }
}

GraphChanges::Index GraphChanges::addEvent(const Batch &batch, const Event &event)
{
    const StrId tenant = event[Field::Tenant];
    const StrId type = event[Field::EntityType];
    const StrId id = event[Field::EntityId];
    if (id != m_lastId || type != m_lastType || tenant != m_lastTenant) {
        m_last = indexOf(event.entityKey, batch.text(tenant), {batch.text(type), batch.text(id)},
                         batch.records[event.record].seq);
        m_lastTenant = tenant;
        m_lastType = type;
        m_lastId = id;
    }
    EntityChange &change = m_entities[m_last];
    widen(change, event.tsEvent);
    ++change.events;
    if (event[Field::Step] != NoStr)
        change.lastStep = event[Field::Step];
    return m_last;
}

GraphChanges::Index GraphChanges::addEntity(std::string_view tenant, EntityName name, WallNs ts, Seq seq,
                                            bool mentioned)
{
    const Index index = indexOf(entityKey(tenant, name.type, name.id), tenant, name, seq);
    widen(m_entities[index], ts);
    m_entities[index].events += mentioned ? 1 : 0;
    return index;
}

void GraphChanges::addLink(std::string_view tenant, EntityName source, EntityName target, std::string_view type,
                           WallNs ts, Seq seq)
{
    if (source == target)
        return;
    addEntity(tenant, source, ts, seq, false);
    addEntity(tenant, target, ts, seq, false);
    std::uint64_t key = hashCombine(hashCombine(entityKey(tenant, source.type, source.id),
                                                entityKey(tenant, target.type, target.id)), hash64(type));
    for (;; ++key) {
        const auto [index, isNew] = m_linkIndex.tryEmplace(key, static_cast<Index>(m_links.size()));
        if (isNew) {
            LinkChange &change = m_links.emplace_back();
            change.tenant = tenant;
            change.source = source;
            change.target = target;
            change.type = type;
            change.firstSeq = seq;
        }
        LinkChange &change = m_links[index];
        if (!(change.source == source && change.target == target && change.type == type && change.tenant == tenant))
            continue;
        widen(change, ts);
        ++change.events;
        return;
    }
}

void GraphChanges::flush(const Batch &batch, GlobalOutput &out)
{
    out.entities.reserve(out.entities.size() + m_entities.size());
    for (const EntityChange &change : m_entities) {
        Entity &entity = out.entities.emplace_back();
        entity.tenant = std::string(change.tenant);
        entity.type = std::string(change.name.type);
        entity.id = std::string(change.name.id);
        entity.firstSeen = change.firstSeen;
        entity.lastSeen = change.lastSeen;
        entity.firstSeq = change.firstSeq;
        entity.events = change.events;
        entity.lastStep = std::string(batch.text(change.lastStep));
    }
    for (const LinkChange &change : m_links) {
        Link &link = out.links.emplace_back();
        link.tenant = std::string(change.tenant);
        link.sourceType = std::string(change.source.type);
        link.sourceId = std::string(change.source.id);
        link.targetType = std::string(change.target.type);
        link.targetId = std::string(change.target.id);
        link.type = std::string(change.type);
        link.firstSeen = change.firstSeen;
        link.lastSeen = change.lastSeen;
        link.firstSeq = change.firstSeq;
        link.events = change.events;
    }
    m_entities.clear();
    m_links.clear();
    m_entityIndex.clear();
    m_linkIndex.clear();
    m_texts.clear();
    m_lastTenant = m_lastType = m_lastId = NoStr;
}

} // namespace eventops
