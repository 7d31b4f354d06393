// SPDX-License-Identifier: MIT
#include "core/store/block_reader.h"

#include "core/store/number_column.h"
#include "core/store/text_column.h"

#include <algorithm>
#include <limits>

namespace eventops {

Status BlockReader::integers(const BlockView &view, Column column, std::size_t count, std::vector<std::int64_t> &values)
{
    const std::string_view bytes = EVENTOPS_TRY(view.column(static_cast<std::uint8_t>(column), m_packer, m_scratch));
    if (bytes.empty()) {
        values.assign(count, 0);
        return Ok{};
    }
    ByteReader in(bytes);
    if (!takeIntegers(in, count, values))
        return view.corrupt("column " + std::to_string(static_cast<unsigned>(column)) + " cannot be read");
    return Ok{};
}

Status BlockReader::decodeRecords(const BlockView &view, Batch &batch)
{
    batch.records.resize(view.records());
    EVENTOPS_TRY(integers(view, Column::EventsPerRecord, view.records(), m_integers));
    // A missing column means one event each, which is all zeros here.
    const bool oneEach = std::all_of(m_integers.begin(), m_integers.end(), [](std::int64_t n) { return n == 0; });
    std::size_t row = 0;
    for (std::size_t r = 0; r < view.records(); ++r) {
        const std::int64_t count = oneEach ? 1 : m_integers[r];
        if (count < 1 || static_cast<std::uint64_t>(count) > view.rows() - row)
            return view.corrupt("events and records do not agree");
        for (std::int64_t i = 0; i < count; ++i)
            batch.events[row++].record = static_cast<std::uint32_t>(r);
    }
    if (row != view.rows())
        return view.corrupt("events and records do not agree");
    const auto read = [&](Column column, auto set) -> Status {
        EVENTOPS_TRY(integers(view, column, view.records(), m_integers));
        for (std::size_t r = 0; r < view.records(); ++r)
            set(batch.records[r], static_cast<std::uint64_t>(m_integers[r]));
        return Ok{};
    };
    EVENTOPS_TRY(read(Column::RecordSeq, [](RawRecord &r, std::uint64_t v) { r.seq = v; }));
    EVENTOPS_TRY(read(Column::Position, [](RawRecord &r, std::uint64_t v) { r.position = v; }));
    EVENTOPS_TRY(read(Column::Source, [](RawRecord &r, std::uint64_t v) { r.source = static_cast<std::uint32_t>(v); }));
    EVENTOPS_TRY(read(Column::RecordFlags, [&](RawRecord &r, std::uint64_t v) {
        r.redacted = (v & 1) != 0 ? batch.strings.intern("") : NoStr;
    }));
    const std::string_view column =
        EVENTOPS_TRY(view.column(static_cast<std::uint8_t>(Column::RecordHash), m_packer, m_scratch));
    ByteReader hashes(column);
    for (RawRecord &record : batch.records) {
        record.hash = column.empty() ? 0 : hashes.fixed64(); // a tombstone has none
        record.outcome = Outcome::Stored;
    }
    return hashes.failed() ? Status(view.corrupt("record hashes are missing")) : Status(Ok{});
}

Status BlockReader::decodeNumbers(const BlockView &view, Batch &batch)
{
    const auto read = [&](Column column, auto set) -> Status {
        EVENTOPS_TRY(integers(view, column, view.rows(), m_integers));
        for (std::size_t i = 0; i < view.rows(); ++i)
            set(batch.events[i], m_integers[i]);
        return Ok{};
    };
    EVENTOPS_TRY(read(Column::Emission, [](Event &e, std::int64_t v) { e.emission = static_cast<std::uint16_t>(v); }));
    EVENTOPS_TRY(
        read(Column::Severity, [](Event &e, std::int64_t v) { e.severity = static_cast<Severity>(v & 0xff); }));
    EVENTOPS_TRY(read(Column::TsEvent, [](Event &e, std::int64_t v) { e.tsEvent = WallNs{v}; }));
    EVENTOPS_TRY(read(Column::HasValue, [](Event &e, std::int64_t v) { e.hasValue = v != 0; }));
    const auto count = static_cast<std::size_t>(
        std::count_if(batch.events.begin(), batch.events.end(), [](const Event &e) { return e.hasValue; }));
    if (count == 0)
        return Ok{};
    ByteReader in(EVENTOPS_TRY(view.column(static_cast<std::uint8_t>(Column::Value), m_packer, m_scratch)));
    std::vector<double> values;
    if (!takeDoubles(in, count, values))
        return view.corrupt("values cannot be read");
    std::size_t next = 0;
    for (Event &event : batch.events) {
        if (event.hasValue)
            event.value = values[next++];
    }
    return Ok{};
}

Status BlockReader::decode(std::string_view bytes, std::string_view name, ColumnMask mask, Batch &batch, bool verify)
{
    batch.clear();
    const BlockView view = EVENTOPS_TRY(BlockView::parse(bytes, name, verify));
    batch.events.resize(view.rows());
    EVENTOPS_TRY(decodeRecords(view, batch));
    EVENTOPS_TRY(decodeNumbers(view, batch));
    const std::uint32_t wanted = withTwins(mask.texts);
    for (std::size_t f = 0; f < FieldCount; ++f) {
        const auto field = static_cast<Field>(f);
        if ((wanted >> f & 1) == 0)
            continue;
        const std::string_view column = EVENTOPS_TRY(view.column(static_cast<std::uint8_t>(f), m_packer, m_scratch));
        ByteReader in(column);
        if (!column.empty() && !takeTexts(in, batch, 0, view.rows(), field))
            return view.corrupt("column " + std::string(toString(field)) + " cannot be read");
    }
    batch.chunks.push_back(std::make_shared<RawChunk>());
    return Ok{};
}

Status BlockReader::decodeRaw(std::string_view bytes, std::string_view name, Batch &batch, bool verify)
{
    const BlockView view = EVENTOPS_TRY(BlockView::parse(bytes, name, verify));
    if (view.records() != batch.records.size())
        return view.corrupt("raw records and events do not agree");
    ByteReader in(EVENTOPS_TRY(view.column(0, m_packer, m_scratch)));
    if (!takeIntegers(in, view.records(), m_integers))
        return view.corrupt("raw sizes cannot be read");
    const std::string_view all = EVENTOPS_TRY(view.column(1, m_packer, m_scratch));
    std::uint64_t at = 0;
    for (std::size_t r = 0; r < batch.records.size(); ++r) {
        if (m_integers[r] < 0 || static_cast<std::uint64_t>(m_integers[r]) > all.size() - at)
            return view.corrupt("raw sizes are wrong");
        RawRecord &record = batch.records[r];
        record.offset = static_cast<std::uint32_t>(at);
        record.size = static_cast<std::uint32_t>(m_integers[r]);
        record.chunk = 0;
        at += record.size;
        if (record.redacted != NoStr)
            record.redacted = batch.strings.append(all.substr(record.offset, record.size));
    }
    auto chunk = std::make_shared<RawChunk>();
    chunk->bytes.reserve(all.size() + RawPaddingBytes);
    chunk->bytes = all;
    batch.chunks.assign(1, std::move(chunk));
    return Ok{};
}

} // namespace eventops
