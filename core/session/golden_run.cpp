// SPDX-License-Identifier: MIT
#include "core/session/golden_run.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/deviation.h"
#include "core/model/row_json.h"
#include "core/pipeline/runner.h"
#include "core/session/entity_table.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace eventops {
namespace {

/// A source cut into small chunks, that may break down after some of them.
class CutSource final : public Source
{
public:
    CutSource(std::unique_ptr<Source> source, std::string bytes, std::size_t records, std::size_t failAfter)
        : m_source(std::move(source)), m_bytes(std::move(bytes)), m_records(records), m_failAfter(failAfter)
    {
    }
    std::string key() const override { return m_source->key(); }
    std::string title() const override { return m_source->title(); }
    std::uint64_t sizeBytes() const override { return m_source->sizeBytes(); }
    Status open(std::uint64_t cursor) override { return m_source->open(cursor); }
    Result<bool> hasPrefix(std::uint64_t position, std::uint64_t hash) const override
    {
        return m_source->hasPrefix(position, hash);
    }
    std::unique_ptr<RecordDecoder> makeDecoder() const override { return m_source->makeDecoder(); }

    Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &oversize) override
    {
        if (m_given++ == m_failAfter)
            return Error{Error::Code::Io, "the source broke down"};
        if (m_next >= m_whole.records.size()) {
            m_whole = {};
            m_next = 0;
            if (!EVENTOPS_TRY(m_source->read(m_whole, oversize)))
                return false;
            if (m_records == 0 || m_whole.records.size() <= m_records) {
                chunk = std::move(m_whole);
                m_whole = {};
                return true;
            }
        }
        const std::size_t end = std::min(m_next + m_records, m_whole.records.size());
        const bool last = end == m_whole.records.size();
        const std::uint32_t from = m_next == 0 ? 0 : m_whole.records[m_next].offset;
        const std::size_t to = last ? m_whole.bytes.size() : m_whole.records[end].offset;
        chunk.position = m_whole.position + from;
        chunk.positionEnd = last ? m_whole.positionEnd : m_whole.position + to;
        chunk.bytes = m_whole.bytes.substr(from, to - from);
        chunk.bytes.reserve(chunk.bytes.size() + RawPaddingBytes);
        chunk.prefixHash = hash64(std::string_view(m_bytes).substr(0, chunk.positionEnd));
        for (; m_next < end; ++m_next)
            chunk.records.push_back({m_whole.records[m_next].offset - from, m_whole.records[m_next].size});
        return true;
    }

private:
    std::unique_ptr<Source> m_source;
    std::string m_bytes;
    std::size_t m_records, m_failAfter;
    RawChunk m_whole;
    std::size_t m_next = 0, m_given = 0;
};

void appendSuggestion(std::string &out, const Suggestion &s)
{
    JsonWriter json(out);
    json.beginObject().field("id", s.id).field("finding_id", s.findingId).field("policy", s.policy);
    json.field("tenant", s.tenant).key("entity").beginObject();
    json.field("type", s.entityType).field("id", s.entityId).endObject();
    json.field("correlation_id", s.correlationId).field("command", s.command).key("args").raw(s.args);
    json.field("reason", s.reason).field("proposed_at", formatTimestamp(s.proposedAt));
    json.field("expires_at", formatTimestamp(s.expiresAt)).key("ttl_sec").number(s.ttlSeconds);
    json.key("approvals_required").unsignedInteger(s.approvalsRequired).endObject();
}

void appendFeature(std::string &out, const FeatureWindow &w)
{
    JsonWriter json(out);
    json.beginObject().field("start", formatTimestamp(w.start)).field("end", formatTimestamp(w.end));
    json.field("tenant", w.tenant).field("entity_type", w.entityType).field("entity_id", w.entityId);
    json.field("source_id", w.sourceId).field("rule", w.rule).field("metric", w.metric).field("unit", w.unit);
    json.field("step", w.step).key("count").unsignedInteger(w.count).key("late").unsignedInteger(w.late);
    json.key("p50").number(w.p50).key("p95").number(w.p95).key("avg").number(w.avg).key("stddev").number(w.stddev);
    json.key("seq").unsignedInteger(w.seq).endObject();
}

/// The ledger of a case: keeps the batches, for restoring, and everything as text.
class GoldenSink final : public CommitSink
{
public:
    Status commit(CommitGroup &group) override
    {
        for (const SourceProgress &progress : group.sources) {
            totals += progress.added;
            sources[progress.key] = progress;
        }
        for (const auto &batch : group.batches) {
            keepRecords(*batch);
            auto kept = std::make_unique<Batch>();
            std::swap(*kept, *batch); // the pool gets an empty one back
            batches.push_back(std::move(kept));
        }
        for (const Finding &finding : group.findings) {
            line("findings", [&](std::string &out) { appendFindingJson(out, finding); });
            if (!finding.alert.empty())
                output["alerts"] += finding.alert + '\n';
            if (isDeviation(finding) && finding.ts != NoTime)
                output["deviations"] += EVENTOPS_TRY(encodeDeviation(finding)) + '\n';
        }
        for (const FeatureWindow &window : group.features)
            line("features", [&](std::string &out) { appendFeature(out, window); });
        for (const Suggestion &suggestion : group.suggestions)
            line("suggestions", [&](std::string &out) { appendSuggestion(out, suggestion); });
        m_findings += group.findings.size();
        for (const Entity &change : group.entities)
            m_things.add(change);
        for (const Link &change : group.links)
            m_things.add(change);
        if (group.checkpoint)
            checkpoint = group.checkpoint;
        lastSeq = group.lastSeq;
        watermark = group.watermark;
        return Ok{};
    }
    std::vector<bool> seen(std::span<const std::uint64_t> keyHashes) override
    {
        std::vector<bool> found;
        for (const std::uint64_t key : keyHashes)
            found.push_back(m_keys.contains(key));
        return found;
    }

    /// Everything, once the run is over. Derived event ids need the sources' keys in the order of the run.
    GoldenOutput finish(std::span<const std::string> sourceKeys)
    {
        std::size_t events = 0;
        for (const auto &batch : batches) {
            events += batch->events.size();
            for (Event event : batch->events) {
                event[Field::EventId] = batch->strings.append(eventId(*batch, event, sourceKeys));
                line("events", [&](std::string &out) { appendEventJson(out, *batch, event); });
            }
        }
        for (const auto &[identity, entity] : m_things.entities())
            line("entities", [&](std::string &out) { appendEntityJson(out, entity); });
        for (const auto &[identity, link] : m_things.links())
            line("links", [&](std::string &out) { appendLinkJson(out, link); });
        std::string &counts = output["counts"];
        JsonWriter json(counts);
        json.beginObject();
        const std::pair<const char *, std::uint64_t> Numbers[] = {
            {"received", totals.received}, {"stored", totals.stored}, {"skipped", totals.skipped},
            {"duplicate", totals.duplicate}, {"dead_lettered", totals.deadLettered}, {"in_flight", totals.inFlight},
            {"events", events}, {"findings", m_findings}};
        for (const auto &[name, number] : Numbers)
            json.key(name).unsignedInteger(number);
        json.endObject();
        counts += '\n';
        return std::move(output);
    }

    GoldenOutput output;
    Counters totals;
    std::vector<std::unique_ptr<Batch>> batches;
    std::map<std::string, SourceProgress> sources;
    std::optional<Checkpoint> checkpoint;
    Seq lastSeq = 0;
    WallNs watermark = NoTime;

private:
    template <typename Append>
    void line(const char *file, Append append)
    {
        append(output[file]);
        output[file] += '\n';
    }

    void keepRecords(const Batch &batch)
    {
        for (const Event &event : batch.events) {
            const bool hasKey = event[Field::IdempotencyKey] != NoStr;
            const StrId key = event[hasKey ? Field::IdempotencyKey : Field::EventId];
            if (key != NoStr)
                m_keys.insert(dedupeKeyHash(batch.text(event, Field::Tenant), batch.text(key)));
        }
        for (const DeadLetter &letter : batch.deadLetters) {
            const RawRecord &record = batch.records[letter.record];
            line("deadletters", [&](std::string &out) {
                JsonWriter json(out);
                json.beginObject().key("seq").unsignedInteger(record.seq).field("reason", batch.text(letter.reason));
                json.field("detail", batch.text(letter.detail)).field("raw", kept(batch, record)).endObject();
            });
        }
        for (const RawRecord &record : batch.records) {
            if (record.redacted == NoStr)
                continue;
            line("raw", [&](std::string &out) {
                JsonWriter json(out);
                json.beginObject().key("seq").unsignedInteger(record.seq).field("raw", kept(batch, record)).endObject();
            });
        }
    }

    static std::string_view kept(const Batch &batch, const RawRecord &record)
    {
        return record.redacted != NoStr ? batch.text(record.redacted) : batch.raw(record);
    }

    std::set<std::uint64_t> m_keys;
    EntityTable m_things;
    std::size_t m_findings = 0;
};

std::string readFile(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

struct Sources {
    std::vector<RunnerSource> sources;
    std::vector<std::string> keys;
};

Result<Sources> openSources(const PipelineSpec &spec, const std::vector<std::string> &inputs, const std::string &format,
                            const GoldenSetup &setup, bool breakDown, const GoldenSink &sink)
{
    Sources out;
    for (const std::string &path : inputs) {
        auto source = EVENTOPS_TRY(spec.sources.front().spec->make(spec.sources.front().settings, {path, format}));
        std::string bytes = readFile(path);
        const auto lines = static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
        const std::size_t chunks = lines / std::max<std::size_t>(1, setup.chunkRecords);
        const bool breaks = breakDown && out.sources.empty();
        const std::size_t failAfter = breaks ? std::max<std::size_t>(1, chunks / 2) : SIZE_MAX;
        RunnerSource &running = out.sources.emplace_back();
        out.keys.push_back(source->key());
        if (const auto known = sink.sources.find(source->key()); known != sink.sources.end())
            running.progress = known->second;
        running.source = std::make_unique<CutSource>(std::move(source), std::move(bytes), setup.chunkRecords,
                                                     failAfter);
    }
    return out;
}

Status restore(PipelineRunner &runner, GoldenSink &sink, std::span<const std::string> keys)
{
    return runner.restore(sink.lastSeq, sink.watermark, sink.checkpoint, keys,
                          [&](Seq after, const std::function<Status(Batch &)> &consume) -> Status {
                              for (const auto &batch : sink.batches) {
                                  if (!batch->records.empty() && batch->records.front().seq > after)
                                      EVENTOPS_TRY(consume(*batch));
                              }
                              return Ok{};
                          });
}

} // namespace

std::string GoldenSetup::title() const
{
    return std::to_string(workers) + (workers == 1 ? " worker, " : " workers, ") +
           (chunkRecords == 0 ? std::string("whole chunks") : std::to_string(chunkRecords) + " records a chunk") +
           (restart ? ", restarted" : "");
}

Result<GoldenOutput> runGolden(const PipelineSpec &spec, const std::vector<std::string> &inputs,
                               const std::string &format, const GoldenSetup &setup)
{
    if (spec.sources.empty())
        return Error{Error::Code::InvalidConfig, "the case's pipeline has no source"};
    const SimClock clock{WallNs{0}};
    GoldenSink sink;
    RunnerOptions options;
    options.workers = setup.workers;
    options.clock = &clock;
    if (setup.restart) {
        options.commitRecordsMax = 2 * std::max<std::size_t>(1, setup.chunkRecords);
        options.checkpointRecords = 3 * std::max<std::size_t>(1, setup.chunkRecords);
        const auto runner = EVENTOPS_TRY(PipelineRunner::make(spec, sink, options));
        Sources first = EVENTOPS_TRY(openSources(spec, inputs, format, setup, true, sink));
        const Status broken = runner->run(std::move(first.sources));
        if (broken || broken.error().code != Error::Code::Io)
            return Error{Error::Code::Io, "the run did not break down half-way"};
    }
    const auto runner = EVENTOPS_TRY(PipelineRunner::make(spec, sink, options));
    Sources rest = EVENTOPS_TRY(openSources(spec, inputs, format, setup, false, sink));
    if (sink.lastSeq > 0)
        EVENTOPS_TRY(restore(*runner, sink, rest.keys));
    EVENTOPS_TRY(runner->run(std::move(rest.sources)));
    if (!sink.totals.conserved() || sink.totals.inFlight != 0)
        return Error{Error::Code::Corrupt, "records were lost: received is not the sum of what became of them"};
    return sink.finish(rest.keys);
}

} // namespace eventops
