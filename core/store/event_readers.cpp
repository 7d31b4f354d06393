// SPDX-License-Identifier: MIT
#include "core/store/sqlite_ledger.h"

#include "core/base/limits.h"
#include "core/model/event_id.h"

#include <algorithm>

namespace eventops {
namespace {

/// Gives an event its id: sources that have none of their own get the derived one (contract X15).
Status setEventId(Batch &batch, Event &event, const std::map<std::int64_t, std::string> &keys)
{
    if (event[Field::EventId] != NoStr)
        return Ok{};
    const RawRecord &record = batch.records[event.record];
    const auto key = keys.find(record.source);
    if (key == keys.end())
        return Error{
            Error::Code::Corrupt, "record " + std::to_string(record.seq) + " names an unknown source", {}, {}};
    event[Field::EventId] =
        batch.strings.append(derivedEventId(key->second, record.position, record.hash, event.emission));
    return Ok{};
}

/// The runner's hash of the entity, which is not stored: it follows from the texts.
void setEntityKeys(Batch &batch)
{
    const Event *last = nullptr;
    for (Event &event : batch.events) {
        const auto same = [&](Field field) {
            return event[field] == (*last)[field];
        };
        event.entityKey = last != nullptr && same(Field::Tenant) && same(Field::EntityType) && same(Field::EntityId)
                              ? last->entityKey
                              : entityKey(batch.text(event, Field::Tenant), batch.text(event, Field::EntityType),
                                          batch.text(event, Field::EntityId));
        last = &event;
    }
}

/// Appends rows of one batch to another, with their records and texts.
class BatchCopier
{
public:
    explicit BatchCopier(Batch &to) : m_to(to) {}

    void copy(const Batch &from, std::span<const std::uint32_t> rows)
    {
        // Ids of a batch mean nothing elsewhere; the same text is looked up once a call.
        m_ids.assign(from.strings.size(), NoStr);
        for (const std::uint32_t row : rows) {
            Event event = from.events[row];
            const RawRecord &record = from.records[event.record];
            if (m_to.records.empty() || m_to.records.back().seq != record.seq) {
                m_to.records.push_back(record);
                m_to.records.back().redacted = text(from, record.redacted);
            }
            event.record = static_cast<std::uint32_t>(m_to.records.size() - 1);
            for (StrId &id : event.text)
                id = text(from, id);
            m_to.events.push_back(event);
        }
    }

private:
    StrId text(const Batch &from, StrId id)
    {
        if (id == NoStr)
            return NoStr;
        StrId &mapped = m_ids[static_cast<std::size_t>(id)];
        if (mapped == NoStr)
            mapped = m_to.strings.intern(from.text(id));
        return mapped;
    }

    Batch &m_to;
    std::vector<StrId> m_ids;
};

} // namespace

Result<std::map<std::int64_t, std::string>> SqliteLedger::sourceKeys()
{
    sqlite::Statement &rows = *EVENTOPS_TRY(cached("SELECT id, key FROM source"));
    std::map<std::int64_t, std::string> keys;
    while (EVENTOPS_TRY(rows.step()))
        keys.emplace(rows.integer(0), rows.string(1));
    return keys;
}

Status SqliteLedger::replay(Seq after, const std::function<Status(Batch &)> &consume)
{
    BlockBounds bounds;
    bounds.seqMin = after + 1;
    // Row ids of sources become places in sources(), which is ordered by them.
    std::map<std::int64_t, std::uint32_t> places;
    for (const auto &[id, key] : EVENTOPS_TRY(sourceKeys()))
        places.emplace(id, static_cast<std::uint32_t>(places.size()));
    EventMerge merge(m_database, "main", EVENTOPS_TRY(listBlocks(m_database, "main", bounds, false)), false,
                     [&](LoadedBlock &block) -> Status {
                         Batch &batch = block.batch;
                         std::erase_if(block.rows, [&](std::uint32_t row) {
                             return batch.records[batch.events[row].record].seq <= after;
                         });
                         for (RawRecord &record : batch.records) {
                             const auto place = places.find(record.source);
                             if (place == places.end())
                                 return Error{Error::Code::Corrupt,
                                              "event block " + std::to_string(block.head.id) + ": unknown source",
                                              {},
                                              {}};
                             record.source = place->second;
                         }
                         setEntityKeys(batch);
                         return Ok{};
                     });
    Batch out;
    BatchCopier copier(out);
    EventMerge::Run run;
    const auto flush = [&]() -> Status {
        if (!out.events.empty())
            EVENTOPS_TRY(consume(out));
        out.clear();
        out.chunks.push_back(std::make_shared<RawChunk>());
        return Ok{};
    };
    EVENTOPS_TRY(flush());
    while (EVENTOPS_TRY(merge.next(run))) {
        Batch &batch = run.block->batch;
        if (run.end - run.begin == batch.events.size() && out.events.empty()) {
            EVENTOPS_TRY(consume(batch));
            continue;
        }
        // A record's events stay in one batch, so a full one waits for the next record.
        std::span<const std::uint32_t> rows(run.block->rows.data() + run.begin, run.end - run.begin);
        while (!rows.empty()) {
            const auto seqOf = [&](std::uint32_t row) {
                return batch.records[batch.events[row].record].seq;
            };
            std::size_t take = 1;
            if (out.records.size() >= ChunkRecordsMax && seqOf(rows.front()) != out.records.back().seq)
                EVENTOPS_TRY(flush());
            const std::size_t room = ChunkRecordsMax - std::min(out.records.size(), ChunkRecordsMax);
            for (std::size_t records = 1; take < rows.size(); ++take) {
                if (seqOf(rows[take]) != seqOf(rows[take - 1]) && ++records > room)
                    break;
            }
            copier.copy(batch, rows.first(take));
            rows = rows.subspan(take);
        }
    }
    return flush();
}

Status SqliteLedger::events(const Filter &filter, QueryBounds bounds,
                            const std::function<bool(const Batch &, std::span<const std::uint32_t>)> &row)
{
    const auto keys = EVENTOPS_TRY(sourceKeys());
    const bool newestFirst = !bounds.oldestFirst;
    EventMerge merge(m_database, "main",
                     EVENTOPS_TRY(listBlocks(m_database, "main", BlockBounds::of(filter), newestFirst)), newestFirst,
                     [&](LoadedBlock &block) -> Status {
                         for (Event &event : block.batch.events)
                             EVENTOPS_TRY(setEventId(block.batch, event, keys));
                         if (!filter.matchesAll())
                             std::erase_if(block.rows, [&](std::uint32_t r) {
                                 return !filter.matches(block.batch, block.batch.events[r]);
                             });
                         return Ok{};
                     });
    std::uint64_t left = bounds.rowsMax;
    EventMerge::Run run;
    while (left > 0 && EVENTOPS_TRY(merge.next(run))) {
        EVENTOPS_TRY(merge.loadRaw(*run.block));
        const std::size_t count = std::min<std::uint64_t>(run.end - run.begin, left);
        if (!row(run.block->batch, std::span<const std::uint32_t>(run.block->rows).subspan(run.begin, count)))
            return Ok{};
        left -= count;
    }
    return Ok{};
}

Result<std::uint64_t> SqliteLedger::eventCount()
{
    EVENTOPS_TRY(m_places.refresh(m_database));
    return m_places.events();
}

Status SqliteLedger::eventsAt(std::uint64_t first, std::uint64_t count, std::uint32_t fields, const PlacedRows &row)
{
    EVENTOPS_TRY(m_places.refresh(m_database));
    PlaceIndex::Stretch stretch = m_places.stretch(first, count);
    if (stretch.heads.empty())
        return Ok{};
    const auto keys = EVENTOPS_TRY(sourceKeys());
    EventMerge merge(m_database, "main", std::move(stretch.heads), false, {});
    ColumnMask mask;
    mask.texts = fields;
    merge.setMask(mask);
    merge.setWithDropped();
    const bool ids = mask.has(Field::EventId);
    std::uint64_t place = stretch.firstPlace;
    EventMerge::Run run;
    while (count > 0 && EVENTOPS_TRY(merge.next(run))) {
        const std::uint64_t size = run.end - run.begin;
        const std::uint64_t skip = std::min(first - std::min(first, place), size);
        place += size;
        const std::uint64_t take = std::min(size - skip, count);
        if (take == 0)
            continue;
        count -= take;
        if (run.block->dropped)
            continue;
        Batch &batch = run.block->batch;
        const auto rows = std::span<const std::uint32_t>(run.block->rows).subspan(run.begin + skip, take);
        for (std::size_t i = 0; ids && i < rows.size(); ++i)
            EVENTOPS_TRY(setEventId(batch, batch.events[rows[i]], keys));
        if (!row(batch, rows, place - size + skip))
            return Ok{};
    }
    return Ok{};
}

Result<std::uint64_t> SqliteLedger::placeOf(Seq seq, std::uint16_t emission)
{
    EVENTOPS_TRY(m_places.refresh(m_database));
    PlaceIndex::Stretch stretch = m_places.stretchOf(seq);
    EventMerge merge(m_database, "main", std::move(stretch.heads), false, {});
    ColumnMask mask;
    mask.texts = 0;
    merge.setMask(mask);
    merge.setWithDropped();
    std::uint64_t place = stretch.firstPlace;
    EventMerge::Run run;
    while (EVENTOPS_TRY(merge.next(run))) {
        for (std::size_t i = run.begin; i < run.end; ++i, ++place) {
            const Event &event = run.block->batch.events[run.block->rows[i]];
            if (run.block->batch.records[event.record].seq == seq && event.emission == emission)
                return place;
        }
    }
    return Error{Error::Code::NotFound, "no event of record " + std::to_string(seq) + " is stored", {}, {}};
}

} // namespace eventops
