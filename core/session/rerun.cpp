// SPDX-License-Identifier: MIT
#include "core/session/rerun.h"

#include "core/model/logical_digest.h"
#include "core/pipeline/stage_engine.h"
#include "core/session/entity_table.h"
#include "core/session/record_history.h"
#include "core/session/retention_run.h"

#include <algorithm>
#include <memory>
#include <tuple>

namespace eventops {
namespace {

bool isSet(const std::atomic<bool> *flag)
{
    return flag != nullptr && flag->load();
}

Error cancelledRerun()
{
    return Error{Error::Code::Cancelled, "the call was cancelled"};
}

Error tooMany(std::size_t max, const char *what)
{
    return Error{Error::Code::LimitExceeded, "more than " + std::to_string(max) + ' ' + what};
}

template <typename Row>
void sortByOrigin(std::vector<Row> &rows)
{
    std::stable_sort(rows.begin(), rows.end(), [](const Row &a, const Row &b) {
        return std::tie(a.seq, a.emission, a.id) < std::tie(b.seq, b.emission, b.id);
    });
    // A ledger takes the same decision once.
    rows.erase(std::unique(rows.begin(), rows.end(), [](const Row &a, const Row &b) { return a.id == b.id; }),
               rows.end());
}

template <typename Rows>
StageDigest digestOf(const char *kind, const Rows &rows)
{
    LogicalDigest digest;
    for (const auto &row : rows)
        digest.add(row);
    return {kind, rows.size(), digest.hex()};
}

template <typename Table>
StageDigest digestOfTable(const char *kind, const Table &table)
{
    LogicalDigest digest;
    for (const auto &[key, row] : table)
        digest.add(row);
    return {kind, table.size(), digest.hex()};
}

/// What one stage gave, as it comes.
struct StageTrace {
    LogicalDigest digest;
    std::uint64_t outputs = 0;
    EntityTable things;
    std::map<std::string, std::unique_ptr<LogicalDigest>> groups; ///< Map stages: each group of records in its order.
};

class Rerun final : public StageEngine::Observer
{
public:
    Rerun(Ledger &ledger, const Registry &registry, const PipelineSpec &spec, const RerunRequest &request)
        : m_ledger(ledger), m_registry(registry), m_spec(spec), m_request(request)
    {
    }

    Result<RerunOutcome> run()
    {
        EVENTOPS_TRY(requireHistory(m_ledger, m_request.from == PipelinePart::Records));
        for (const SourceRow &row : EVENTOPS_TRY(m_ledger.sources()))
            m_keys.push_back(row.progress.key);
        m_progress.eventsTotal = EVENTOPS_TRY(m_ledger.eventCount());
        std::vector<Configured<StageSpec>> stages;
        for (const Configured<StageSpec> &stage : m_spec.stages) {
            if (m_request.from < PipelinePart::Findings || stage.spec->makeGlobal != nullptr)
                stages.push_back(stage);
        }
        m_engine = EVENTOPS_TRY(StageEngine::make(stages, m_spec.latenessNs));
        m_engine->observe(this);
        if (m_request.workers > 1)
            m_pool = std::make_unique<WorkerPool>(m_request.workers);
        if (m_request.from == PipelinePart::Records)
            EVENTOPS_TRY(runRecords());
        else
            EVENTOPS_TRY(runEvents());
        return finish();
    }

    void found(std::string_view stage, const Finding &finding) override
    {
        StageTrace &trace = traceOf(stage);
        trace.digest.add(finding);
        ++trace.outputs;
    }
    void gave(std::string_view stage, const GlobalOutput &out, const Sizes &before) override
    {
        StageTrace &trace = traceOf(stage);
        for (std::size_t i = before.entities; i < out.entities.size(); ++i)
            trace.things.add(out.entities[i]);
        for (std::size_t i = before.links; i < out.links.size(); ++i)
            trace.things.add(out.links[i]);
        for (std::size_t i = before.suggestions; i < out.suggestions.size(); ++i, ++trace.outputs)
            trace.digest.add(out.suggestions[i]);
    }

private:
    StageTrace &traceOf(std::string_view stage)
    {
        const auto at = m_traces.find(stage);
        return at != m_traces.end() ? *at->second
                                    : *m_traces.emplace(stage, std::make_unique<StageTrace>()).first->second;
    }

    Status runRecords()
    {
        std::vector<std::string> names{"decode"};
        for (const Configured<StageSpec> &stage : m_spec.stages) {
            if (stage.spec->makeMap != nullptr)
                names.emplace_back(stage.spec->name);
        }
        RecordHistory history(m_ledger, m_registry, m_spec,
                              [&](std::size_t stage, const std::string &group, const Batch &batch) {
                                  StageTrace &trace = traceOf(names[stage]);
                                  auto &digest = trace.groups[group];
                                  if (digest == nullptr)
                                      digest = std::make_unique<LogicalDigest>();
                                  digest->forget();
                                  for (const Event &event : batch.events)
                                      digest->add(batch, event, {});
                                  trace.outputs += batch.events.size();
                              });
        const Status done = history.forEach([&](Batch &batch) { return take(batch); });
        m_out.deadLetters = history.deadLetters();
        for (const std::string &name : names)
            m_first.push_back(name);
        return done;
    }

    Status runEvents()
    {
        if (m_request.from != PipelinePart::Events)
            m_known = EVENTOPS_TRY(recordedFindings(m_ledger, m_request.cancelled));
        return m_ledger.replay(0, [&](Batch &batch) { return take(batch); });
    }

    Status take(Batch &batch)
    {
        if (isSet(m_request.cancelled))
            return cancelledRerun();
        m_events.forget();
        for (const Event &event : batch.events)
            m_events.add(batch, event, m_keys[batch.records[event.record].source]);
        m_out.events += batch.events.size();
        if (m_request.from < PipelinePart::Findings) {
            m_engine->process(batch, m_keys, m_pool.get(), m_output);
        } else if (!batch.events.empty()) {
            const Seq last = batch.records[batch.events.back().record].seq;
            const std::size_t begin = m_nextKnown;
            while (m_nextKnown < m_known.size() && m_known[m_nextKnown].seq <= last)
                ++m_nextKnown;
            m_engine->processGlobal(batch, std::span(m_known).subspan(begin, m_nextKnown - begin), m_output);
        }
        for (const Entity &entity : m_output.global.entities)
            m_things.add(entity);
        for (const Link &link : m_output.global.links)
            m_things.add(link);
        std::move(m_output.findings.begin(), m_output.findings.end(), std::back_inserter(m_out.findings));
        std::move(m_output.global.suggestions.begin(), m_output.global.suggestions.end(),
                  std::back_inserter(m_out.suggestions));
        m_output.clear();
        if (m_out.findings.size() > RerunFindingsMax || m_out.suggestions.size() > RerunFindingsMax)
            return tooMany(RerunFindingsMax, "findings or suggestions");
        if (m_things.entities().size() + m_things.links().size() > RerunEntitiesMax)
            return tooMany(RerunEntitiesMax, "entities and links");
        m_progress.events = m_out.events;
        if (m_request.progress)
            m_request.progress(m_progress);
        return Ok{};
    }

    Result<RerunOutcome> finish()
    {
        if (m_request.from >= PipelinePart::Findings)
            m_out.findings = std::move(m_known);
        sortByOrigin(m_out.suggestions);
        const StageDigest events{"events", m_out.events, m_events.hex()};
        if (m_first.empty())
            m_out.stages.push_back({"stored events", events.outputs, events.digest});
        for (const std::string &name : m_first)
            m_out.stages.push_back(digestOfGroups(name, traceOf(name)));
        if (m_request.from >= PipelinePart::Findings)
            m_out.stages.push_back(digestOf("stored findings", m_out.findings));
        for (const Configured<StageSpec> &stage : m_spec.stages) {
            const bool ran = m_request.from < PipelinePart::Findings ? stage.spec->makeMap == nullptr
                                                                     : stage.spec->makeGlobal != nullptr;
            if (ran)
                m_out.stages.push_back(digestOfStage(std::string(stage.spec->name)));
        }
        m_out.kinds = {events, digestOf("findings", m_out.findings), digestOf("suggestions", m_out.suggestions),
                       digestOfTable("entities", m_things.entities()), digestOfTable("links", m_things.links())};
        return std::move(m_out);
    }

    static StageDigest digestOfGroups(const std::string &name, StageTrace &trace)
    {
        for (const auto &[group, digest] : trace.groups)
            trace.digest.piece(group + ' ' + digest->hex() + '\n');
        return {name, trace.outputs, trace.digest.hex()};
    }

    StageDigest digestOfStage(const std::string &name)
    {
        StageTrace &trace = traceOf(name);
        for (const auto &[key, entity] : trace.things.entities())
            trace.digest.add(entity);
        for (const auto &[key, link] : trace.things.links())
            trace.digest.add(link);
        trace.outputs += trace.things.entities().size() + trace.things.links().size();
        return {name, trace.outputs, trace.digest.hex()};
    }

    Ledger &m_ledger;
    const Registry &m_registry;
    const PipelineSpec &m_spec;
    const RerunRequest &m_request;
    std::unique_ptr<StageEngine> m_engine;
    std::unique_ptr<WorkerPool> m_pool;
    std::vector<std::string> m_keys;
    std::vector<std::string> m_first; ///< Stages that ran over records.
    std::map<std::string, std::unique_ptr<StageTrace>, std::less<>> m_traces;
    LogicalDigest m_events;
    EntityTable m_things;
    std::vector<Finding> m_known;
    std::size_t m_nextKnown = 0;
    StageEngine::Output m_output;
    RerunProgress m_progress;
    RerunOutcome m_out;
};

} // namespace

Result<RerunOutcome> rerun(Ledger &ledger, const Registry &registry, const PipelineSpec &spec,
                           const RerunRequest &request)
{
    return Rerun(ledger, registry, spec, request).run();
}

Result<std::vector<Finding>> recordedFindings(Ledger &ledger, const std::atomic<bool> *cancelled)
{
    std::vector<Finding> rows;
    EVENTOPS_TRY(ledger.findings({}, {}, [&](const Finding &finding) {
        rows.push_back(finding);
        return rows.size() <= RerunFindingsMax && !isSet(cancelled);
    }));
    if (isSet(cancelled))
        return cancelledRerun();
    if (rows.size() > RerunFindingsMax)
        return tooMany(RerunFindingsMax, "findings");
    sortByOrigin(rows);
    return rows;
}

Result<std::vector<Suggestion>> recordedSuggestions(Ledger &ledger, const std::atomic<bool> *cancelled)
{
    std::vector<Suggestion> rows;
    EVENTOPS_TRY(ledger.actions({}, {}, [&](const Action &action) {
        if (action.version == 1)
            rows.push_back(action.suggestion);
        return rows.size() <= RerunFindingsMax && !isSet(cancelled);
    }));
    if (isSet(cancelled))
        return cancelledRerun();
    if (rows.size() > RerunFindingsMax)
        return tooMany(RerunFindingsMax, "suggestions");
    sortByOrigin(rows);
    return rows;
}

Result<std::vector<StageDigest>> recordedDigests(Ledger &ledger)
{
    std::vector<std::string> keys;
    for (const SourceRow &row : EVENTOPS_TRY(ledger.sources()))
        keys.push_back(row.progress.key);
    LogicalDigest events;
    std::uint64_t count = 0;
    EVENTOPS_TRY(ledger.replay(0, [&](Batch &batch) -> Status {
        events.forget();
        for (const Event &event : batch.events)
            events.add(batch, event, keys[batch.records[event.record].source]);
        count += batch.events.size();
        return Ok{};
    }));
    std::vector<StageDigest> out{{"events", count, events.hex()}};
    const std::vector<Finding> findings = EVENTOPS_TRY(recordedFindings(ledger, nullptr));
    out.push_back(digestOf("findings", findings));
    const std::vector<Suggestion> suggestions = EVENTOPS_TRY(recordedSuggestions(ledger, nullptr));
    out.push_back(digestOf("suggestions", suggestions));
    EntityTable things;
    const auto add = [&](const auto &row) {
        things.add(row);
        return things.entities().size() + things.links().size() <= RerunEntitiesMax;
    };
    EVENTOPS_TRY(ledger.entities({}, {}, add));
    EVENTOPS_TRY(ledger.links({}, {}, add));
    if (things.entities().size() + things.links().size() > RerunEntitiesMax)
        return tooMany(RerunEntitiesMax, "entities and links");
    out.push_back(digestOfTable("entities", things.entities()));
    out.push_back(digestOfTable("links", things.links()));
    return out;
}

} // namespace eventops
