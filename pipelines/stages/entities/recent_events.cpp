// SPDX-License-Identifier: MIT
#include "pipelines/stages/entities/recent_events.h"

#include "core/base/hash.h"

namespace eventops {
namespace {

constexpr Field NamingFields[] = {Field::EventId, Field::IdempotencyKey, Field::CorrelationId};

std::uint64_t keyOf(const Batch &batch, const Event &event, Field kind, StrId text)
{
    return tableKey(hashCombine(hashCombine(batch.strings.hash(event[Field::Tenant]), static_cast<std::uint64_t>(kind)),
                                batch.strings.hash(text)));
}

} // namespace

std::shared_ptr<const RecentEvents::Name> RecentEvents::nameOf(const Batch &batch, const Event &event)
{
    const std::string_view type = batch.text(event, Field::EntityType);
    const std::string_view id = batch.text(event, Field::EntityId);
    if (m_last == nullptr || m_last->id != id || m_last->type != type)
        m_last = std::make_shared<const Name>(Name{std::string(type), std::string(id)});
    return m_last;
}

void RecentEvents::remember(const Batch &batch, const Event &event)
{
    for (const Field field : NamingFields) {
        if (event[field] == NoStr)
            continue;
        const auto [entry, isNew] = m_table.findOrInsert(keyOf(batch, event, field, event[field]));
        entry.seen = ageOf(batch.records[event.record].seq);
        if (isNew || field != Field::CorrelationId)
            entry.entity = nameOf(batch, event);
    }
}

const RecentEvents::Name *RecentEvents::cause(const Batch &batch, const Event &event) const
{
    for (const Field field : NamingFields) {
        if (const Entry *entry = m_table.find(keyOf(batch, event, field, event[Field::CausationId])))
            return entry->entity.get();
    }
    return nullptr;
}

void RecentEvents::save(StateWriter &out) const
{
    const auto all = m_table.sorted();
    out.u64(all.size());
    for (const Entry *entry : all) {
        out.u64(entry->key);
        out.u64(entry->seen);
        out.text(entry->entity->type);
        out.text(entry->entity->id);
    }
}

Status RecentEvents::load(StateReader &in)
{
    m_table.clear();
    m_last.reset();
    const std::uint64_t count = in.u64();
    if (count > m_table.entriesMax())
        return Error{Error::Code::Corrupt, "entities state holds more keys than recent_events_max allows"};
    for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
        Entry &entry = m_table.findOrInsert(tableKey(in.u64())).first;
        entry.seen = static_cast<std::uint32_t>(in.u64());
        const std::string_view type = in.text();
        entry.entity = std::make_shared<const Name>(Name{std::string(type), std::string(in.text())});
    }
    return in.failed() ? Status(Error{Error::Code::Corrupt, "entities state is cut short"}) : Status(Ok{});
}

} // namespace eventops
