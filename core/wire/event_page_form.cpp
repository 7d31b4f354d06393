// SPDX-License-Identifier: MIT
#include "core/wire/event_page_form.h"

#include "core/wire/model_forms.h"

namespace eventops::wire {

template <>
struct LastOf<Outcome> {
    static constexpr auto value = Outcome::DeadLettered;
};

namespace {

constexpr std::size_t EventBytesAbout = 200; ///< Of one event without its texts and raw bytes.

bool hasBytes(const Batch &batch, const RawRecord &record)
{
    if (record.chunk >= batch.chunks.size() || batch.chunks[record.chunk] == nullptr)
        return false;
    const std::size_t size = batch.chunks[record.chunk]->bytes.size();
    return record.offset <= size && record.size <= size - record.offset && record.size > 0;
}

/// Of an event that came from nowhere, an empty one.
const RawRecord &recordOf(const Batch &batch, const Event &event)
{
    static const RawRecord none{.chunk = UINT32_MAX};
    return event.record < batch.records.size() ? batch.records[event.record] : none;
}

/// Texts of the rows, numbered in the order in which they are met; 0 is the absent one.
class TextList
{
public:
    explicit TextList(const Batch &batch) : m_batch(batch), m_numbers(batch.strings.size()) {}
    std::uint32_t operator[](StrId id)
    {
        if (id == NoStr)
            return 0;
        std::uint32_t &number = m_numbers[static_cast<std::uint32_t>(id)];
        if (number == 0) {
            m_ids.push_back(id);
            number = static_cast<std::uint32_t>(m_ids.size());
        }
        return number;
    }
    void write(Writer &out) const
    {
        out(m_ids.size());
        for (const StrId id : m_ids)
            out.bytes(m_batch.text(id));
    }

private:
    const Batch &m_batch;
    std::vector<std::uint32_t> m_numbers;
    std::vector<StrId> m_ids;
};

void writeRecord(Writer &out, const Batch &batch, const RawRecord &record, TextList &texts)
{
    out(record.seq, record.position, record.hash, record.source, record.outcome);
    out(texts[record.redacted], hasBytes(batch, record));
    if (hasBytes(batch, record))
        out.bytes(batch.raw(record));
    else
        out(record.size);
}

void writeEvent(Writer &out, const Batch &batch, const Event &event, TextList &texts)
{
    out(event.tsEvent, event.entityKey, event.emission, event.severity, event.hasValue, event.value);
    std::uint32_t present = 0;
    for (std::size_t field = 0; field < FieldCount; ++field)
        present |= event.text[field] == NoStr ? 0U : 1U << field;
    out(present);
    for (const StrId id : event.text) {
        if (id != NoStr)
            out(texts[id]);
    }
    writeRecord(out, batch, recordOf(batch, event), texts);
}

/// The texts of a page as they are read: number → id in its batch.
class TextIds
{
public:
    void read(Reader &in, StringTable &strings)
    {
        std::uint64_t count = 0;
        in(count);
        if (!in.mayHold(count, TextMemory))
            return;
        for (; count > 0 && !in.failed(); --count)
            m_ids.push_back(strings.append(in.bytes()));
    }
    StrId take(Reader &in) const
    {
        std::uint32_t number = 0;
        in(number);
        if (number < m_ids.size())
            return m_ids[number];
        in.fail();
        return NoStr;
    }

private:
    static constexpr std::size_t TextMemory = 48; ///< Of a text's place in the table, with its id here.
    std::vector<StrId> m_ids{NoStr};
};

void readRecord(Reader &in, Batch &batch, RawChunk &chunk, const TextIds &texts)
{
    RawRecord &record = batch.records.emplace_back();
    in(record.seq, record.position, record.hash, record.source, record.outcome);
    record.redacted = texts.take(in);
    bool isThere = false;
    in(isThere);
    record.offset = static_cast<std::uint32_t>(chunk.bytes.size());
    if (isThere) {
        const std::string_view bytes = in.bytes();
        chunk.bytes += bytes;
        record.size = static_cast<std::uint32_t>(bytes.size());
    } else {
        in(record.size);
        record.offset = 0;
    }
}

void readEvent(Reader &in, Batch &batch, RawChunk &chunk, const TextIds &texts)
{
    Event &event = batch.events.emplace_back();
    std::uint32_t present = 0;
    in(event.tsEvent, event.entityKey, event.emission, event.severity, event.hasValue, event.value, present);
    if (present >> FieldCount != 0)
        in.fail();
    for (std::size_t field = 0; field < FieldCount && !in.failed(); ++field) {
        if ((present >> field & 1U) != 0)
            event.text[field] = texts.take(in);
    }
    event.record = static_cast<std::uint32_t>(batch.records.size());
    readRecord(in, batch, chunk, texts);
}

} // namespace

std::size_t rowsOfAbout(const EventPage &page, std::size_t begin, std::size_t bytes)
{
    std::size_t size = 0, rows = 0;
    for (; begin + rows < page.rows.size() && size < bytes; ++rows) {
        const RawRecord &record = recordOf(page.batch, page.batch.events[page.rows[begin + rows]]);
        size += EventBytesAbout + (hasBytes(page.batch, record) ? record.size : 0);
    }
    return rows;
}

void writeEventPage(Writer &out, const EventPage &page, std::size_t begin, std::size_t end)
{
    const Batch &batch = page.batch;
    TextList texts(batch);
    Writer events;
    for (std::size_t row = begin; row < end; ++row)
        writeEvent(events, batch, batch.events[page.rows[row]], texts);
    texts.write(out);
    out(batch.tsIngest, batch.rawDropped, end - begin, !page.places.empty());
    out.bytes(events.take());
    for (std::size_t row = begin; row < end && !page.places.empty(); ++row)
        out(page.places[row]);
}

void readEventPage(Reader &in, EventPage &page)
{
    page = EventPage();
    Batch &batch = page.batch;
    TextIds texts;
    texts.read(in, batch.strings);
    std::uint64_t rows = 0;
    bool placed = false;
    in(batch.tsIngest, batch.rawDropped, rows, placed);
    const std::string_view bytes = in.bytes();
    if (!in.mayHold(placed ? rows : 0, sizeof(std::uint64_t)))
        return;
    Reader events(bytes);
    if (!events.mayHold(rows, sizeof(Event) + sizeof(RawRecord)))
        return in.fail();
    const auto chunk = std::make_shared<RawChunk>();
    for (std::uint64_t row = 0; row < rows && !events.failed(); ++row) {
        readEvent(events, batch, *chunk, texts);
        page.rows.push_back(static_cast<std::uint32_t>(row));
    }
    if (!events.finish()) {
        page = EventPage();
        return in.fail();
    }
    chunk->bytes.reserve(chunk->bytes.size() + RawPaddingBytes);
    batch.chunks.push_back(chunk);
    for (std::uint64_t row = 0; placed && row < rows; ++row)
        in(page.places.emplace_back());
}

} // namespace eventops::wire
