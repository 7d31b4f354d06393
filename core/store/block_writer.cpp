// SPDX-License-Identifier: MIT
#include "core/store/block_writer.h"

#include "core/base/hash.h"
#include "core/pipeline/commit.h"
#include "core/store/membership.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

namespace eventops {
namespace {

constexpr std::array Filterable = {
    Field::EventId, Field::SourceType, Field::SourceId, Field::SourceNamespace, Field::SchemaName, Field::Type,
    Field::EntityType, Field::EntityId, Field::Step, Field::CorrelationId, Field::CausationId, Field::TraceId,
    Field::SpanId, Field::IdempotencyKey, Field::SeverityText, Field::Metric, Field::Unit,
};

constexpr auto FilterableMask = [] {
    std::uint32_t mask = 0;
    for (const Field field : Filterable)
        mask |= 1U << static_cast<unsigned>(field);
    return mask;
}();

/// Which fields differ from the first row of their segment, as a bit a field; compares ids, eight bytes at a time.
std::uint32_t varyingFields(std::span<const Event *const> events)
{
    constexpr std::size_t Words = (FieldCount + 1) / 2;
    std::array<std::uint64_t, Words> first{}, differ{};
    const auto load = [](const Event &event, std::array<std::uint64_t, Words> &to) {
        std::memcpy(to.data(), event.text.data(), sizeof event.text);
    };
    load(*events.front(), first);
    for (const Event *event : events) {
        std::array<std::uint64_t, Words> words{};
        load(*event, words);
        for (std::size_t i = 0; i < Words; ++i)
            differ[i] |= words[i] ^ first[i];
    }
    std::uint32_t mask = 0;
    for (std::size_t f = 0; f < FieldCount; ++f) {
        if (static_cast<std::uint32_t>(differ[f / 2] >> (f % 2 * 32)) != 0)
            mask |= 1U << f;
    }
    return mask;
}

} // namespace

bool isFilterable(Field field)
{
    return (FilterableMask >> static_cast<unsigned>(field) & 1) != 0;
}

std::uint64_t filterKey(Field field, std::uint64_t textHash)
{
    return hashCombine(static_cast<std::uint64_t>(field) + 1, textHash);
}

std::uint64_t eventDedupeKey(const Batch &batch, const Event &event)
{
    const StrId key = event[Field::IdempotencyKey] != NoStr ? event[Field::IdempotencyKey] : event[Field::EventId];
    if (key == NoStr)
        return 0;
    return dedupeKeyHash(batch.text(event, Field::Tenant), batch.text(key));
}

Status BlockWriter::addIntegers(Column column, std::span<const std::int64_t> values, BlockBuilder &builder)
{
    // All zero is what a reader assumes of a missing column.
    if (std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0; }))
        return Ok{};
    m_column.clear();
    putIntegers(m_column, values, m_numbers);
    return builder.add(static_cast<std::uint8_t>(column), m_column, false);
}

Status BlockWriter::addRecords(const BlockRows &rows, std::span<const std::int64_t> sourceIds, BlockBuilder &builder,
                               EncodedBlock &out)
{
    m_records.clear();
    m_integers.clear();
    for (std::size_t s = 0; s < rows.segments.size(); ++s) {
        const Batch &batch = *rows.segments[s].batch;
        const RawRecord *last = nullptr;
        for (std::size_t i = rows.segments[s].begin, end = rows.segmentEnd(s); i < end; ++i) {
            const RawRecord *record = &batch.records[rows.events[i]->record];
            if (record == last) {
                ++m_integers.back();
                continue;
            }
            if (record->source >= sourceIds.size())
                return Error{Error::Code::InvalidArgument, "record " + std::to_string(record->seq) + " names source "
                                 + std::to_string(record->source) + " which the commit does not have", {}, {}};
            m_records.push_back({&batch, record});
            m_integers.push_back(1);
            last = record;
        }
    }
    out.records = m_records.size();
    out.seqMin = m_records.front().record->seq;
    out.seqMax = m_records.back().record->seq;
    if (std::any_of(m_integers.begin(), m_integers.end(), [](std::int64_t n) { return n != 1; }))
        EVENTOPS_TRY(addIntegers(Column::EventsPerRecord, m_integers, builder));
    const auto add = [&](Column column, auto value) {
        m_integers.clear();
        for (const RecordRef &ref : m_records)
            m_integers.push_back(static_cast<std::int64_t>(value(ref)));
        return addIntegers(column, m_integers, builder);
    };
    EVENTOPS_TRY(add(Column::RecordSeq, [](const RecordRef &r) { return r.record->seq; }));
    EVENTOPS_TRY(add(Column::Position, [](const RecordRef &r) { return r.record->position; }));
    EVENTOPS_TRY(add(Column::Source, [&](const RecordRef &r) { return sourceIds[r.record->source]; }));
    EVENTOPS_TRY(add(Column::RecordFlags, [](const RecordRef &r) { return r.record->redacted != NoStr ? 1 : 0; }));
    m_column.clear();
    for (const RecordRef &ref : m_records)
        putFixed64(m_column, ref.record->hash);
    return builder.add(static_cast<std::uint8_t>(Column::RecordHash), m_column, false);
}

Status BlockWriter::addNumbers(const BlockRows &rows, BlockBuilder &builder, EncodedBlock &out)
{
    const auto add = [&](Column column, auto value) {
        m_integers.clear();
        for (const Event *event : rows.events)
            m_integers.push_back(static_cast<std::int64_t>(value(*event)));
        return addIntegers(column, m_integers, builder);
    };
    EVENTOPS_TRY(add(Column::Emission, [](const Event &e) { return e.emission; }));
    EVENTOPS_TRY(add(Column::Severity, [](const Event &e) { return static_cast<int>(e.severity); }));
    EVENTOPS_TRY(add(Column::HasValue, [](const Event &e) { return e.hasValue ? 1 : 0; }));
    EVENTOPS_TRY(add(Column::TsEvent, [](const Event &e) { return raw(e.tsEvent); }));
    m_doubles.clear();
    for (const Event *event : rows.events) {
        out.severityMax = std::max(out.severityMax, static_cast<std::uint8_t>(event->severity));
        if (event->hasValue)
            m_doubles.push_back(event->value);
        if (event->tsEvent == NoTime) {
            out.someWithoutTime = true;
            continue;
        }
        out.tsMin = out.tsMin == NoTime ? event->tsEvent : std::min(out.tsMin, event->tsEvent);
        out.tsMax = std::max(out.tsMax, event->tsEvent);
    }
    if (m_doubles.empty())
        return Ok{};
    m_column.clear();
    putDoubles(m_column, m_doubles, m_numbers);
    return builder.add(static_cast<std::uint8_t>(Column::Value), m_column, false);
}

bool BlockWriter::addConstant(const BlockRows &rows, Field field, BlockBuilder &builder, Status &status)
{
    const auto id = [&](std::size_t segment) { return (*rows.events[rows.segments[segment].begin])[field]; };
    const auto text = [&](std::size_t segment) { return rows.segments[segment].batch->text(id(segment)); };
    for (std::size_t s = 1; s < rows.segments.size(); ++s) {
        if ((id(s) == NoStr) != (id(0) == NoStr) || text(s) != text(0))
            return false;
    }
    m_texts.hashes.clear();
    if (id(0) == NoStr)
        return true;
    m_texts.hashes.push_back(rows.segments[0].batch->strings.hash(id(0)));
    m_column.clear();
    putConstantText(m_column, text(0));
    status = builder.add(static_cast<std::uint8_t>(field), m_column, true);
    return true;
}

Status BlockWriter::addTexts(const BlockRows &rows, BlockBuilder &builder, EncodedBlock &out)
{
    std::uint32_t varying = 0;
    const std::span<const Event *const> events = rows.events;
    for (std::size_t s = 0; s < rows.segments.size(); ++s)
        varying |= varyingFields(events.subspan(rows.segments[s].begin, rows.segmentEnd(s) - rows.segments[s].begin));
    m_filterKeys.clear();
    for (std::size_t f = 0; f < FieldCount; ++f) {
        const auto field = static_cast<Field>(f);
        Status status = Ok{};
        const bool constant = (varying >> f & 1) == 0 && addConstant(rows, field, builder, status);
        EVENTOPS_TRY(status);
        if (!constant) {
            m_column.clear();
            if (field != Field::TsText || !putTimeTexts(m_column, rows))
                putTexts(m_column, rows, field, m_texts, m_numbers);
            EVENTOPS_TRY(builder.add(static_cast<std::uint8_t>(f), m_column, true));
        }
        if (isFilterable(field)) {
            for (const std::uint64_t hash : m_texts.hashes)
                m_filterKeys.push_back(filterKey(field, hash));
        }
    }
    out.someWithoutId = std::any_of(rows.events.begin(), rows.events.end(),
                                    [](const Event *e) { return (*e)[Field::EventId] == NoStr; });
    out.filter = Membership::build(m_filterKeys);
    return Ok{};
}

Status BlockWriter::addRaw(EncodedBlock &out)
{
    const auto bytesOf = [](const RecordRef &ref) {
        return ref.record->redacted != NoStr ? ref.batch->text(ref.record->redacted) : ref.batch->raw(*ref.record);
    };
    BlockBuilder builder(m_packer);
    m_integers.clear();
    for (const RecordRef &ref : m_records)
        m_integers.push_back(static_cast<std::int64_t>(bytesOf(ref).size()));
    m_column.clear();
    putIntegers(m_column, m_integers, m_numbers);
    EVENTOPS_TRY(builder.add(0, m_column, false));
    m_column.clear();
    for (const RecordRef &ref : m_records)
        m_column += bytesOf(ref);
    EVENTOPS_TRY(builder.add(1, m_column, true));
    out.rawBytes = builder.finish(m_records.size(), m_records.size());
    return Ok{};
}

Result<EncodedBlock> BlockWriter::encode(const BlockRows &rows, std::span<const std::int64_t> sourceIds, bool keepRaw)
{
    assert(!rows.events.empty());
    EncodedBlock out;
    out.events = rows.events.size();
    BlockBuilder builder(m_packer);
    EVENTOPS_TRY(addRecords(rows, sourceIds, builder, out));
    EVENTOPS_TRY(addNumbers(rows, builder, out));
    EVENTOPS_TRY(addTexts(rows, builder, out));
    out.bytes = builder.finish(out.events, out.records);
    if (keepRaw)
        EVENTOPS_TRY(addRaw(out));
    return out;
}

} // namespace eventops
