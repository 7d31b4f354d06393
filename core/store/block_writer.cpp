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
    Field::EventId,    Field::SourceType,     Field::SourceId,     Field::SourceNamespace,
    Field::SchemaName, Field::Type,           Field::EntityType,   Field::EntityId,
    Field::Step,       Field::CorrelationId,  Field::CausationId,  Field::TraceId,
    Field::SpanId,     Field::IdempotencyKey, Field::SeverityText, Field::Metric,
    Field::Unit,
};

constexpr auto FilterableMask = [] {
    std::uint32_t mask = 0;
    for (const Field field : Filterable)
        mask |= 1U << static_cast<unsigned>(field);
    return mask;
}();

/// Finds which fields differ between the rows of a segment; compares ids, eight bytes at a time.
class VaryingFields
{
public:
    explicit VaryingFields(const Event &first) { load(first, m_first); }
    void add(const Event &event)
    {
        Words words{};
        load(event, words);
        for (std::size_t i = 0; i < WordCount; ++i)
            m_differ[i] |= words[i] ^ m_first[i];
    }
    /// A bit a field.
    std::uint32_t mask() const
    {
        std::uint32_t mask = 0;
        for (std::size_t f = 0; f < FieldCount; ++f) {
            if (static_cast<std::uint32_t>(m_differ[f / 2] >> (f % 2 * 32)) != 0)
                mask |= 1U << f;
        }
        return mask;
    }

private:
    static constexpr std::size_t WordCount = (FieldCount + 1) / 2;
    using Words = std::array<std::uint64_t, WordCount>;
    static void load(const Event &event, Words &to) { std::memcpy(to.data(), event.text.data(), sizeof event.text); }
    Words m_first{}, m_differ{};
};

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

Result<std::string> BlockWriter::encodeTombstone(const Batch &batch)
{
    m_builder.clear();
    m_perRecord.assign(batch.records.size(), 0);
    m_emissions.clear();
    m_seqs.clear();
    for (const Event &event : batch.events) {
        ++m_perRecord[event.record];
        m_emissions.push_back(event.emission);
    }
    for (const RawRecord &record : batch.records)
        m_seqs.push_back(static_cast<std::int64_t>(record.seq));
    if (std::any_of(m_perRecord.begin(), m_perRecord.end(), [](std::int64_t n) { return n != 1; }))
        EVENTOPS_TRY(addIntegers(Column::EventsPerRecord, m_perRecord, m_builder));
    EVENTOPS_TRY(addIntegers(Column::RecordSeq, m_seqs, m_builder));
    EVENTOPS_TRY(addIntegers(Column::Emission, m_emissions, m_builder));
    return m_builder.finish(batch.events.size(), batch.records.size());
}

Result<std::uint32_t> BlockWriter::gather(const BlockRows &rows, std::span<const std::int64_t> sourceIds,
                                          EncodedBlock &out)
{
    // One walk over the events and one over their records: they are far larger than the caches.
    const std::size_t count = rows.events.size();
    for (std::vector<std::int64_t> *column : {&m_times, &m_emissions, &m_severities, &m_hasValue})
        column->resize(count);
    m_doubles.clear();
    m_records.clear();
    m_perRecord.clear();
    std::uint32_t varying = 0;
    for (std::size_t s = 0; s < rows.segments.size(); ++s) {
        const Batch &batch = *rows.segments[s].batch;
        const std::size_t end = rows.segmentEnd(s);
        VaryingFields fields(*rows.events[rows.segments[s].begin]);
        std::uint32_t lastRecord = UINT32_MAX;
        for (std::size_t i = rows.segments[s].begin; i < end; ++i) {
            const Event &event = *rows.events[i];
            fields.add(event);
            m_times[i] = raw(event.tsEvent);
            m_emissions[i] = event.emission;
            m_severities[i] = static_cast<std::int64_t>(event.severity);
            m_hasValue[i] = event.hasValue ? 1 : 0;
            if (event.hasValue)
                m_doubles.push_back(event.value);
            if (event.record == lastRecord) {
                ++m_perRecord.back();
                continue;
            }
            lastRecord = event.record;
            const RawRecord &record = batch.records[event.record];
            if (record.source >= sourceIds.size())
                return Error{Error::Code::InvalidArgument,
                             "record " + std::to_string(record.seq) + " names source " + std::to_string(record.source)
                                 + " which the commit does not have",
                             {},
                             {}};
            m_records.push_back({&batch, &record});
            m_perRecord.push_back(1);
        }
        varying |= fields.mask();
    }
    out.records = m_records.size();
    out.seqMin = m_records.front().record->seq;
    out.seqMax = m_records.back().record->seq;
    return varying;
}

Status BlockWriter::addRecords(std::span<const std::int64_t> sourceIds, BlockBuilder &builder)
{
    if (std::any_of(m_perRecord.begin(), m_perRecord.end(), [](std::int64_t n) { return n != 1; }))
        EVENTOPS_TRY(addIntegers(Column::EventsPerRecord, m_perRecord, builder));
    const std::size_t count = m_records.size();
    for (std::vector<std::int64_t> *column : {&m_seqs, &m_positions, &m_sources, &m_flags})
        column->resize(count);
    m_hashes.resize(count * 8);
    for (std::size_t i = 0; i < count; ++i) {
        const RawRecord &record = *m_records[i].record;
        m_seqs[i] = static_cast<std::int64_t>(record.seq);
        m_positions[i] = static_cast<std::int64_t>(record.position);
        m_sources[i] = sourceIds[record.source];
        m_flags[i] = record.redacted != NoStr ? 1 : 0;
        std::memcpy(m_hashes.data() + i * 8, &record.hash, 8);
    }
    EVENTOPS_TRY(addIntegers(Column::RecordSeq, m_seqs, builder));
    EVENTOPS_TRY(addIntegers(Column::Position, m_positions, builder));
    EVENTOPS_TRY(addIntegers(Column::Source, m_sources, builder));
    EVENTOPS_TRY(addIntegers(Column::RecordFlags, m_flags, builder));
    return builder.add(static_cast<std::uint8_t>(Column::RecordHash), m_hashes, false);
}

Status BlockWriter::addNumbers(BlockBuilder &builder, EncodedBlock &out)
{
    EVENTOPS_TRY(addIntegers(Column::Emission, m_emissions, builder));
    EVENTOPS_TRY(addIntegers(Column::Severity, m_severities, builder));
    EVENTOPS_TRY(addIntegers(Column::HasValue, m_hasValue, builder));
    EVENTOPS_TRY(addIntegers(Column::TsEvent, m_times, builder));
    out.severityMax = static_cast<std::uint8_t>(*std::max_element(m_severities.begin(), m_severities.end()));
    out.tsMax = WallNs{*std::max_element(m_times.begin(), m_times.end())};
    std::int64_t least = INT64_MAX;
    for (const std::int64_t time : m_times) {
        out.someWithoutTime |= time == raw(NoTime);
        least = time != raw(NoTime) ? std::min(least, time) : least;
    }
    out.tsMin = out.tsMax == NoTime ? NoTime : WallNs{least};
    if (m_doubles.empty())
        return Ok{};
    m_column.clear();
    putDoubles(m_column, m_doubles, m_numbers);
    return builder.add(static_cast<std::uint8_t>(Column::Value), m_column, false);
}

bool BlockWriter::addConstant(const BlockRows &rows, Field field, BlockBuilder &builder, Status &status)
{
    const auto id = [&](std::size_t segment) {
        return (*rows.events[rows.segments[segment].begin])[field];
    };
    const auto text = [&](std::size_t segment) {
        return rows.segments[segment].batch->text(id(segment));
    };
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

void BlockWriter::encodeTexts(const BlockRows &rows, std::uint32_t varying, Field field)
{
    const std::vector<StrId> &ids = m_ids[static_cast<std::size_t>(field)];
    m_texts.hashes.clear();
    for (const auto &[twin, as] : TextTwins) {
        const auto other = static_cast<std::size_t>(as);
        if (twin == field && (varying >> other & 1) != 0 && m_ids[other] == ids) {
            putSameTexts(m_column, as);
            m_texts.hashes = m_hashesOf[other];
            return;
        }
    }
    if (field != Field::TsText || !putTimeTexts(m_column, rows, ids, m_times))
        putTexts(m_column, rows, ids, m_texts, m_numbers);
}

Status BlockWriter::addTexts(const BlockRows &rows, std::uint32_t varying, BlockBuilder &builder, EncodedBlock &out)
{
    m_filterKeys.clear();
    const auto keepHashes = [&](std::size_t f) {
        m_hashesOf[f] = m_texts.hashes;
        for (const std::uint64_t hash : m_texts.hashes)
            m_filterKeys.push_back(filterKey(static_cast<Field>(f), hash));
    };
    for (std::size_t f = 0; f < FieldCount; ++f) {
        const auto field = static_cast<Field>(f);
        Status status = Ok{};
        if ((varying >> f & 1) == 0 && !addConstant(rows, field, builder, status))
            varying |= 1U << f; // the same within each batch, but not between them
        EVENTOPS_TRY(status);
        if ((varying >> f & 1) == 0 && isFilterable(field))
            keepHashes(f);
    }
    std::array<StrId *, FieldCount> to{};
    std::array<std::size_t, FieldCount> fields{};
    std::size_t fieldCount = 0;
    for (std::size_t f = 0; f < FieldCount; ++f) {
        if ((varying >> f & 1) == 0)
            continue;
        m_ids[f].resize(rows.events.size());
        to[fieldCount] = m_ids[f].data();
        fields[fieldCount++] = f;
    }
    for (std::size_t i = 0; i < rows.events.size(); ++i) {
        for (std::size_t k = 0; k < fieldCount; ++k)
            to[k][i] = rows.events[i]->text[fields[k]];
    }
    for (std::size_t k = 0; k < fieldCount; ++k) {
        const auto field = static_cast<Field>(fields[k]);
        m_column.clear();
        encodeTexts(rows, varying, field);
        EVENTOPS_TRY(builder.add(static_cast<std::uint8_t>(field), m_column, true));
        if (isFilterable(field))
            keepHashes(fields[k]);
    }
    constexpr auto Id = static_cast<std::size_t>(Field::EventId);
    out.someWithoutId = (varying >> Id & 1) != 0
                            ? std::find(m_ids[Id].begin(), m_ids[Id].end(), NoStr) != m_ids[Id].end()
                            : (*rows.events.front())[Field::EventId] == NoStr;
    out.filter = Membership::build(m_filterKeys);
    return Ok{};
}

Status BlockWriter::addRaw(EncodedBlock &out)
{
    const auto bytesOf = [](const RecordRef &ref) {
        return ref.record->redacted != NoStr ? ref.batch->text(ref.record->redacted) : ref.batch->raw(*ref.record);
    };
    BlockBuilder &builder = m_builder;
    builder.clear();
    m_integers.clear();
    for (const RecordRef &ref : m_records)
        m_integers.push_back(static_cast<std::int64_t>(bytesOf(ref).size()));
    m_column.clear();
    putIntegers(m_column, m_integers, m_numbers);
    EVENTOPS_TRY(builder.add(0, m_column, false));
    std::size_t size = 0;
    for (const std::int64_t length : m_integers)
        size += static_cast<std::size_t>(length);
    m_column.clear();
    m_column.reserve(size);
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
    BlockBuilder &builder = m_builder;
    builder.clear();
    const std::uint32_t varying = EVENTOPS_TRY(gather(rows, sourceIds, out));
    EVENTOPS_TRY(addRecords(sourceIds, builder));
    EVENTOPS_TRY(addNumbers(builder, out));
    EVENTOPS_TRY(addTexts(rows, varying, builder, out));
    out.bytes = builder.finish(out.events, out.records);
    if (keepRaw)
        EVENTOPS_TRY(addRaw(out));
    return out;
}

} // namespace eventops
