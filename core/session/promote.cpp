// SPDX-License-Identifier: MIT
#include "core/session/promote.h"

#include "core/config/pipeline_file.h"
#include "core/pipeline/decode_phase.h"
#include "core/pipeline/settings.h"
#include "core/pipeline/stage_engine.h"
#include "core/session/feedback_log.h"
#include "core/session/golden_case.h"
#include "core/session/golden_run.h"
#include "core/session/input_log_source.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

namespace eventops {
namespace {

namespace fs = std::filesystem;

bool isSame(const Finding &a, const Finding &b)
{
    return a.origin == b.origin && a.name == b.name && a.tenant == b.tenant && a.entityType == b.entityType
        && a.entityId == b.entityId && a.metric == b.metric && a.state == b.state && a.severity == b.severity
        && a.ts == b.ts;
}

/// The records that a finding may rest on, in input order.
struct Candidates {
    Batch batch;                    ///< Their events; record i is candidate i.
    std::vector<std::string> bytes; ///< As kept.
    std::string codec;              ///< Of all of them; empty: several.
};

class Collector
{
public:
    Collector(Ledger &ledger, const Finding &finding, bool sameEntity)
        : m_ledger(ledger), m_finding(finding), m_sameEntity(sameEntity)
    {
    }

    /// The newest PromoteRecordsMax up to the finding's own.
    Result<Candidates> collect(const std::atomic<bool> &cancelled)
    {
        const std::string actions = InputLogSource(std::vector<InputRow>{}).key();
        for (const SourceRow &row : EVENTOPS_TRY(m_ledger.sources())) {
            if (row.progress.key == actions) // what came of decisions is no record of a capture
                m_skipped = row.id;
        }
        Status outcome = Ok{};
        EVENTOPS_TRY(m_ledger.events({}, {}, [&](const Batch &batch, std::span<const std::uint32_t> rows) {
            outcome = take(batch, rows);
            return static_cast<bool>(outcome) && !m_past && !cancelled.load();
        }));
        EVENTOPS_TRY(outcome);
        if (cancelled.load())
            return Error{Error::Code::Cancelled, "the call was cancelled"};
        return std::move(m_out);
    }

private:
    Status take(const Batch &batch, std::span<const std::uint32_t> rows)
    {
        for (const std::uint32_t row : rows) {
            const Event &event = batch.events[row];
            const RawRecord &record = batch.records[event.record];
            m_past = record.seq > m_finding.seq;
            if (m_past)
                return Ok{};
            if (record.source == m_skipped)
                continue;
            const bool same = batch.text(event, Field::Tenant) == m_finding.tenant
                           && batch.text(event, Field::EntityType) == m_finding.entityType
                           && batch.text(event, Field::EntityId) == m_finding.entityId;
            if (m_sameEntity && !same)
                continue;
            EVENTOPS_TRY(add(batch, event, record));
        }
        return Ok{};
    }

    Status add(const Batch &batch, const Event &event, const RawRecord &record)
    {
        if (m_out.batch.records.empty() || m_out.batch.records.back().seq != record.seq) {
            if (m_out.bytes.size() == PromoteRecordsMax)
                return Error{Error::Code::LimitExceeded,
                             "the finding may rest on more than " + std::to_string(PromoteRecordsMax) + " records"};
            const std::string_view kept =
                record.redacted != NoStr ? batch.text(record.redacted) : batch.raw(record);
            if (kept.empty() && batch.rawDropped)
                return Error{Error::Code::Refused, "raw records that the finding may rest on were dropped by retention",
                             {}, "keep them longer: `retention: {raw: 7d}`"};
            if (kept.empty())
                return Error{Error::Code::Refused, "the workspace keeps no raw records to make a test of", {},
                             "replay the captures with `ledger: {keep_raw: true}`"};
            if (kept.find('\n') != std::string_view::npos)
                return Error{Error::Code::Refused,
                             "record " + std::to_string(record.seq) + " has several lines: it cannot stand in a file "
                             "of one record a line"};
            m_out.bytes.emplace_back(kept);
            const std::string codec(batch.text(event, Field::Codec));
            if (m_out.bytes.size() == 1)
                m_out.codec = codec;
            else if (m_out.codec != codec)
                m_out.codec.clear();
            appendEvent(m_out.batch, batch, event);
            m_out.batch.records.back().seq = record.seq;
            return Ok{};
        }
        const auto last = static_cast<std::uint32_t>(m_out.batch.records.size() - 1);
        appendEvent(m_out.batch, batch, event);
        m_out.batch.records.pop_back(); // it brought a record of its own; ours is there
        m_out.batch.events.back().record = last;
        return Ok{};
    }

    Ledger &m_ledger;
    const Finding &m_finding;
    const bool m_sameEntity;
    std::int64_t m_skipped = -1;
    bool m_past = false;
    Candidates m_out;
};

/// Runs the keyed stages over parts of the candidates.
class Trial
{
public:
    /// @p all: every candidate's events; taken over.
    Trial(const PipelineSpec &spec, const Finding &wanted, Batch &all, const std::atomic<bool> &cancelled)
        : m_wanted(wanted), m_cancelled(cancelled), m_latenessNs(spec.latenessNs), m_records(std::move(all.records)),
          m_events(std::move(all.events)), m_part(all)
    {
        for (const Configured<StageSpec> &stage : spec.stages) {
            if (stage.spec->makeKeyed != nullptr)
                m_stages.push_back(stage);
        }
        m_firstEvent.assign(m_records.size() + 1, 0);
        for (const Event &event : m_events)
            ++m_firstEvent[event.record + 1];
        for (std::size_t i = 1; i < m_firstEvent.size(); ++i)
            m_firstEvent[i] += m_firstEvent[i - 1];
    }

    using Set = std::vector<std::uint32_t>;

    /// Whether these candidates, ascending, still give the finding.
    Result<bool> gives(const Set &set)
    {
        if (m_cancelled.load())
            return Error{Error::Code::Cancelled, "the call was cancelled"};
        ++m_trials;
        const auto engine = EVENTOPS_TRY(StageEngine::make(m_stages, m_latenessNs));
        m_part.records.clear();
        m_part.events.clear();
        for (const std::uint32_t candidate : set) {
            for (std::size_t e = m_firstEvent[candidate]; e < m_firstEvent[candidate + 1]; ++e) {
                m_part.events.push_back(m_events[e]);
                m_part.events.back().record = static_cast<std::uint32_t>(m_part.records.size());
            }
            m_part.records.push_back(m_records[candidate]);
            m_part.records.back().seq = m_part.records.size();
            m_part.records.back().source = 0;
        }
        DecodePhase::setEntityKeys(m_part);
        StageEngine::Output out;
        const std::vector<std::string> keys{"promoted"};
        engine->process(m_part, keys, nullptr, out);
        return std::any_of(out.findings.begin(), out.findings.end(),
                           [&](const Finding &finding) { return isSame(finding, m_wanted); });
    }
    std::uint64_t trials() const { return m_trials; }

private:
    const Finding &m_wanted;
    const std::atomic<bool> &m_cancelled;
    const std::int64_t m_latenessNs;
    const std::vector<RawRecord> m_records;
    const std::vector<Event> m_events;
    Batch &m_part;                         ///< Has the texts of all candidates.
    std::vector<Configured<StageSpec>> m_stages;
    std::vector<std::size_t> m_firstEvent; ///< By candidate.
    std::uint64_t m_trials = 0;
};

/// The shortest tail, in powers of two, that gives the finding: most rest on what happened last.
Result<Trial::Set> shortestTail(Trial &trial, std::size_t candidates)
{
    for (std::size_t size = 1;; size *= 2) {
        const std::size_t taken = std::min(size, candidates);
        Trial::Set set(taken);
        for (std::size_t i = 0; i < taken; ++i)
            set[i] = static_cast<std::uint32_t>(candidates - taken + i);
        if (EVENTOPS_TRY(trial.gives(set)))
            return set;
        if (taken == candidates)
            return Trial::Set{};
    }
}

/// ddmin. @p set gives the finding; so does the result, and no set with one record less, unless the trials run out.
Result<bool> minimise(Trial &trial, Trial::Set &set)
{
    std::size_t parts = 2;
    while (set.size() >= 2) {
        bool reduced = false;
        for (std::size_t p = 0; p < parts && !reduced; ++p) {
            if (trial.trials() >= PromoteTrialsMax)
                return false;
            const auto begin = static_cast<std::ptrdiff_t>(set.size() * p / parts);
            const auto end = static_cast<std::ptrdiff_t>(set.size() * (p + 1) / parts);
            Trial::Set rest(set.begin(), set.begin() + begin);
            rest.insert(rest.end(), set.begin() + end, set.end());
            if (EVENTOPS_TRY(trial.gives(rest))) {
                set = std::move(rest);
                parts = std::max<std::size_t>(parts - 1, 2);
                reduced = true;
            }
        }
        if (reduced)
            continue;
        if (parts >= set.size())
            return true;
        parts = std::min(parts * 2, set.size());
    }
    return true;
}

/// The pipeline with a source that can read files.
Result<PipelineSpec> forFiles(const PipelineSpec &spec, const Registry &registry)
{
    PipelineSpec out = spec;
    const SourceSpec *capture = registry.source("capture");
    if (capture == nullptr || (!spec.sources.empty() && spec.sources.front().spec == capture))
        return out;
    const Value settings = EVENTOPS_TRY(checkSettings(Value(), capture->fields, "source \"capture\""));
    out.sources = {{capture, settings}};
    out.text = canonicalText(out);
    return out;
}

Status writeFile(const fs::path &path, const std::string &text)
{
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file)
        return Error{Error::Code::Io, "cannot write", {path.string(), 0, 0}, "make room, or name another folder"};
    return Ok{};
}

Status writeCase(const fs::path &folder, const PipelineSpec &spec, const Registry &registry,
                 const Candidates &candidates, const Trial::Set &set)
{
    std::error_code failed;
    fs::create_directories(folder / "expected", failed);
    if (failed)
        return Error{Error::Code::Io, "cannot make the folder: " + failed.message(), {folder.string(), 0, 0}, {}};
    const PipelineSpec files = EVENTOPS_TRY(forFiles(spec, registry));
    EVENTOPS_TRY(writeFile(folder / "pipeline.yaml", files.text + '\n'));
    std::string input;
    for (const std::uint32_t candidate : set)
        input += candidates.bytes[candidate] + '\n';
    const std::string format = candidates.codec.empty() ? "log" : candidates.codec;
    const fs::path inputFile = folder / ("input." + format);
    EVENTOPS_TRY(writeFile(inputFile, input));
    GoldenOutput output =
        EVENTOPS_TRY(runGolden(files, {inputFile.string()}, candidates.codec, GoldenSetup{}));
    EVENTOPS_TRY(writeFile(folder / "expected/findings.ndjson", output["findings"]));
    return writeFile(folder / "expected/counts.json", output["counts"]);
}

} // namespace

Result<Promotion> promoteFinding(Ledger &ledger, const Registry &registry, const PipelineSpec &spec,
                                 const std::string &findingId, const std::string &folder,
                                 const std::atomic<bool> &cancelled)
{
    if (fs::exists(folder))
        return Error{Error::Code::Refused, "the folder is there already", {folder, 0, 0}, "name another one"};
    const Finding finding = EVENTOPS_TRY(findingById(ledger, findingId));
    Promotion out;
    out.folder = folder;
    for (const bool sameEntity : {true, false}) {
        Candidates candidates = EVENTOPS_TRY(Collector(ledger, finding, sameEntity).collect(cancelled));
        out.candidates = candidates.bytes.size();
        if (candidates.bytes.empty())
            continue;
        Trial trial(spec, finding, candidates.batch, cancelled);
        Trial::Set set = EVENTOPS_TRY(shortestTail(trial, candidates.bytes.size()));
        out.trials += trial.trials();
        if (set.empty()) // it rests on other entities too
            continue;
        out.minimal = EVENTOPS_TRY(minimise(trial, set));
        out.trials = trial.trials();
        out.records = set.size();
        EVENTOPS_TRY(writeCase(folder, spec, registry, candidates, set));
        const std::string wrong = checkGolden(folder, registry, {});
        if (!wrong.empty())
            return Error{Error::Code::Refused, "the case does not repeat: " + wrong, {folder, 0, 0}, {}};
        return out;
    }
    return Error{Error::Code::Refused, "these records do not give the finding when they run alone", {},
                 "was it made by an earlier pipeline? `eventops rerun` tells"};
}

} // namespace eventops
