// SPDX-License-Identifier: MIT
#include "core/session/record_history.h"

#include "core/base/limits.h"
#include "core/pipeline/commit.h"
#include "core/session/ingest_source.h"
#include "core/session/input_log_source.h"
#include "core/session/record_reader.h"
#include "core/session/rerun.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t WindowRecordsMax = 4'096;
constexpr std::size_t WindowBytesMax = 4u << 20;
constexpr std::size_t SampleBytesMax = 64u << 10; ///< What a source may look at to recognise a format.
constexpr std::size_t LettersMax = 4'000'000;

Error notKept()
{
    return Error{Error::Code::Refused,
                 "the workspace keeps no raw records, so sources and map stages cannot be tried on them", {},
                 "replay the captures with `ledger: {keep_raw: true}`, or change stages after enrichment only"};
}

} // namespace

/// A record of the window.
struct RecordHistory::Pending {
    Seq seq = 0;
    std::uint32_t source = 0;
    std::uint64_t position = 0;
    std::uint64_t hash = 0;       ///< 0: of the bytes.
    WallNs recorded = NoTime;     ///< Event time that its first event was given.
    std::size_t offset = 0, size = 0;
    Group *group = nullptr;
};

/// Records of one source in one format: they share a decoder.
struct RecordHistory::Group {
    std::string name;
    std::unique_ptr<MemoryFile> sample;
    std::unique_ptr<Source> source;
    std::unique_ptr<RecordDecoder> decoder;
    std::shared_ptr<RawChunk> chunk; ///< Of the window; null: nothing of it is ours.
    Batch batch;
    std::uint32_t record = 0;     ///< Merged so far.
    std::size_t event = 0, deadLetter = 0;
};

RecordHistory::RecordHistory(Ledger &ledger, const Registry &registry, const PipelineSpec &spec, AfterStage afterStage)
    : m_ledger(ledger), m_registry(registry), m_spec(spec), m_afterStage(std::move(afterStage))
{
}

RecordHistory::~RecordHistory() = default;

Status RecordHistory::forEach(const std::function<Status(Batch &)> &consume)
{
    m_consume = &consume;
    for (const SourceRow &row : EVENTOPS_TRY(m_ledger.sources())) {
        m_places.emplace(row.id, static_cast<std::uint32_t>(m_keys.size()));
        m_keys.push_back(row.progress.key);
    }
    m_phase = EVENTOPS_TRY(DecodePhase::make(m_spec.stages));
    EVENTOPS_TRY(listDeadLetters());
    Status outcome = Ok{};
    Seq last = 0;
    const auto take = [&](const Batch &batch, std::span<const std::uint32_t> rows) -> Status {
        for (const std::uint32_t row : rows) {
            const Event &event = batch.events[row];
            const RawRecord &record = batch.records[event.record];
            if (record.seq == last) // a further event of the same record
                continue;
            last = record.seq;
            EVENTOPS_TRY(addDeadLetters(record.seq));
            const std::string_view bytes =
                record.redacted != NoStr ? batch.text(record.redacted) : batch.raw(record);
            if (bytes.empty())
                return notKept();
            Pending pending;
            pending.seq = record.seq;
            pending.source = m_places.at(record.source);
            pending.position = record.position;
            pending.hash = record.hash;
            pending.recorded = event.tsEvent;
            EVENTOPS_TRY(addRecord(pending, bytes, std::string(batch.text(event, Field::Codec))));
        }
        return Ok{};
    };
    EVENTOPS_TRY(m_ledger.events({}, {}, [&](const Batch &batch, std::span<const std::uint32_t> rows) {
        outcome = take(batch, rows);
        return static_cast<bool>(outcome);
    }));
    EVENTOPS_TRY(outcome);
    EVENTOPS_TRY(addDeadLetters(std::numeric_limits<Seq>::max()));
    return flush();
}

Status RecordHistory::listDeadLetters()
{
    std::map<std::string, std::uint32_t> places;
    for (std::uint32_t i = 0; i < m_keys.size(); ++i)
        places.emplace(m_keys[i], i);
    bool tooMany = false;
    EVENTOPS_TRY(m_ledger.deadLetters({}, 0, [&](const DeadLetterRow &row) {
        // What was too long for the limit stays so; what was redriven stands among the stored records.
        const auto place = places.find(row.sourceKey);
        if (row.seq == 0 || row.size > RecordBytesMaxDefault || row.state != "waiting" || place == places.end())
            return true;
        tooMany = m_letters.size() >= LettersMax;
        m_letters.push_back({row.seq, row.id, place->second, row.position});
        return !tooMany;
    }));
    if (tooMany)
        return Error{Error::Code::LimitExceeded,
                     "more than " + std::to_string(LettersMax) + " dead letters cannot be decoded again"};
    std::sort(m_letters.begin(), m_letters.end(), [](const Letter &a, const Letter &b) { return a.seq < b.seq; });
    return Ok{};
}

Status RecordHistory::addDeadLetters(Seq before)
{
    for (; m_nextLetter < m_letters.size() && m_letters[m_nextLetter].seq < before; ++m_nextLetter) {
        const Letter &letter = m_letters[m_nextLetter];
        std::string bytes;
        EVENTOPS_TRY(m_ledger.deadLetterBytes(letter.id, [&](std::string_view piece) {
            bytes += piece;
            return true;
        }));
        Pending pending;
        pending.seq = letter.seq;
        pending.source = letter.source;
        pending.position = letter.position;
        EVENTOPS_TRY(addRecord(pending, bytes, {}));
    }
    return Ok{};
}

Status RecordHistory::addRecord(Pending record, std::string_view bytes, const std::string &codec)
{
    record.group = EVENTOPS_TRY(groupOf(record.source, codec, bytes));
    record.offset = m_bytes.size();
    record.size = bytes.size();
    m_bytes += bytes;
    m_window.push_back(record);
    if (m_window.size() >= WindowRecordsMax || m_bytes.size() >= WindowBytesMax)
        return flush();
    return Ok{};
}

Result<RecordHistory::Group *> RecordHistory::groupOf(std::uint32_t source, const std::string &codec,
                                                      std::string_view sample)
{
    const std::string name = m_keys[source] + ' ' + codec;
    if (const auto known = m_groups.find(name); known != m_groups.end())
        return known->second.get();
    auto group = std::make_unique<Group>();
    group->name = name;
    const InputLogSource actions(std::vector<InputRow>{});
    if (m_keys[source] == actions.key()) {
        group->decoder = actions.makeDecoder();
    } else if (m_keys[source] == IngestKey) {
        group->decoder = IngestSource(nullptr).makeDecoder();
    } else {
        group->sample = std::make_unique<MemoryFile>(sample.substr(0, SampleBytesMax));
        if (!group->sample->valid())
            return Error{Error::Code::Io, "a record cannot be put before the stages"};
        group->source = EVENTOPS_TRY(recordReader(m_registry, m_spec, group->sample->path(), codec));
        EVENTOPS_TRY(group->source->open(0));
        group->decoder = group->source->makeDecoder();
    }
    return m_groups.emplace(name, std::move(group)).first->second.get();
}

Status RecordHistory::flush()
{
    if (m_window.empty())
        return Ok{};
    std::vector<Group *> groups;
    for (const Pending &record : m_window) {
        Group &group = *record.group;
        if (group.chunk == nullptr) {
            groups.push_back(&group);
            group.chunk = std::make_shared<RawChunk>();
        }
        std::string &bytes = group.chunk->bytes;
        RawRecord &added = group.batch.records.emplace_back();
        added.seq = record.seq;
        added.position = record.position;
        added.offset = static_cast<std::uint32_t>(bytes.size());
        added.size = static_cast<std::uint32_t>(record.size);
        added.source = record.source;
        bytes.append(m_bytes, record.offset, record.size);
        bytes += '\n';
    }
    for (Group *group : groups)
        decode(*group);
    Batch merged;
    Batch *out = &merged;
    if (groups.size() == 1) {
        out = &groups.front()->batch;
    } else {
        for (const Pending &record : m_window) {
            Group &group = *record.group;
            appendRecord(merged, group.batch, group.record++, group.event, group.deadLetter);
        }
    }
    std::size_t at = 0;
    for (RawRecord &record : out->records) {
        record.seq = m_window[at].seq;
        if (m_window[at].hash != 0)
            record.hash = m_window[at].hash; // the kept bytes may be redacted ones
        ++at;
    }
    const Status outcome = finish(*out);
    for (Group *group : groups) {
        group->batch = {};
        group->chunk = nullptr;
        group->record = 0;
        group->event = group->deadLetter = 0;
    }
    m_window.clear();
    m_bytes.clear();
    return outcome;
}

void RecordHistory::decode(Group &group)
{
    group.chunk->bytes.reserve(group.chunk->bytes.size() + RawPaddingBytes);
    group.batch.chunks.push_back(group.chunk);
    m_phase->run(*group.decoder, group.batch, [&](std::size_t stage, const Batch &after) {
        if (m_afterStage)
            m_afterStage(stage, group.name, after);
    });
}

/// What the runner does on admission: duplicates go, and events without a time get one.
Status RecordHistory::finish(Batch &batch)
{
    std::vector<bool> drop;
    for (std::size_t i = 0; i < batch.events.size(); ++i) {
        const Event &event = batch.events[i];
        const StrId key = event[Field::IdempotencyKey] != NoStr ? event[Field::IdempotencyKey] : event[Field::EventId];
        if (key == NoStr)
            continue;
        if (!m_seen.insert(dedupeKeyHash(batch.text(event, Field::Tenant), batch.text(key))).second) {
            drop.resize(batch.events.size(), false);
            drop[i] = true;
        }
    }
    if (m_seen.size() > RerunKeysMax)
        return Error{Error::Code::LimitExceeded,
                     "more than " + std::to_string(RerunKeysMax) + " events with keys cannot be decoded again"};
    if (!drop.empty())
        DecodePhase::removeEvents(batch, drop, Outcome::Duplicate);
    m_deadLetters += batch.deadLetters.size();
    for (Event &event : batch.events) {
        if (event.tsEvent == NoTime) {
            const WallNs recorded = m_window[event.record].recorded;
            event.tsEvent = recorded != NoTime ? recorded : m_lastTime != NoTime ? m_lastTime : WallNs{0};
        }
        m_lastTime = event.tsEvent;
    }
    return (*m_consume)(batch);
}

} // namespace eventops
