// SPDX-License-Identifier: MIT
#include "core/session/local_backend.h"

#include "core/base/limits.h"
#include "core/config/pipeline_file.h"
#include "core/session/action_flow.h"
#include "core/session/engine.h"
#include "core/session/event_story.h"
#include "core/session/exporter.h"
#include "core/session/kafka_feed.h"
#include "core/session/quarantine.h"
#include "core/session/redrive.h"
#include "core/session/sink_mark.h"
#include "core/session/webhook_feed.h"

#include <algorithm>
#include <filesystem>
#include <unordered_map>

namespace eventops {
namespace {

constexpr std::chrono::milliseconds ResultPollTime{20};
constexpr double ResultGraceSeconds = 10.0;   ///< Past the action's own time, for the executor's start and end.
constexpr std::uint64_t DeadLetterPreviewBytes = 4'096;

Error cancelled()
{
    return Error{Error::Code::Cancelled, "the call was cancelled"};
}

const std::string &tenantOf(const Finding &row) { return row.tenant; }
const std::string &tenantOf(const Entity &row) { return row.tenant; }
const std::string &tenantOf(const Link &row) { return row.tenant; }
const std::string &tenantOf(const Action &row) { return row.suggestion.tenant; }

/// @p filter for those who may only see @p tenants; none: all.
std::string ofTenants(const std::vector<std::string> &tenants, const std::string &filter)
{
    if (tenants.empty())
        return filter;
    std::string out;
    for (const std::string &tenant : tenants) {
        out += out.empty() ? "tenant in (\"" : ", \"";
        for (const char c : tenant) {
            if (c == '"' || c == '\\')
                out += '\\';
            out += c;
        }
        out += '"';
    }
    return out + ")" + (filter.empty() ? "" : " and (" + filter + ")");
}

} // namespace

unsigned defaultWorkers()
{
    const unsigned cores = std::thread::hardware_concurrency();
    return std::clamp(cores > 1 ? cores - 1 : 1u, 1u, WorkersMax);
}

LocalBackend::Lane::Lane()
    : m_thread([this] {
          for (;;) {
              Job job;
              {
                  std::unique_lock lock(m_mutex);
                  m_wake.wait(lock, [&] { return m_stop || !m_jobs.empty(); });
                  if (m_jobs.empty())
                      return;
                  job = std::move(m_jobs.front());
                  m_jobs.pop_front();
                  m_yields = job.yields;
                  if (m_yields && !m_jobs.empty() && !m_stop) { // what it would yield to is there already
                      m_jobs.push_back(std::move(job));
                      continue;
                  }
                  m_running = job.ticket;
                  if (m_stop)
                      m_running.cancel();
              }
              job.run();
          }
      })
{
}

LocalBackend::Lane::~Lane()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
        m_running.cancel();
        for (Job &job : m_jobs)
            job.ticket.cancel();
    }
    m_wake.notify_all();
    m_thread.join();
}

void LocalBackend::Lane::post(Ticket ticket, std::function<void()> job, bool yields)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_yields)
            m_running.cancel();
        m_jobs.push_back({std::move(ticket), std::move(job), yields});
    }
    m_wake.notify_one();
}

LocalBackend::LocalBackend(Workspace workspace, LocalBackendOptions options)
    : m_workspace(std::move(workspace)), m_options(std::move(options)), m_hub(m_workspace)
{
}

LocalBackend::~LocalBackend() = default;

Result<std::unique_ptr<Ledger>> LocalBackend::openLedger(LedgerMode mode) const
{
    EVENTOPS_TRY(Workspace::existing(m_workspace.directory));
    return Ledger::open(m_workspace.directory, mode, {});
}

/// The rows of one table that the caller may see, in pages. @p read: (ledger, filter, bounds, row callback) → Status.
template <typename Row, typename Read>
Ticket LocalBackend::rows(const Caller &caller, const Query &query, OnPage<Row> page, Done<Ok> done, Read read)
{
    return post<Ok>(m_scans, std::move(done), [=, this](const Ticket &ticket) -> Status {
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        const Filter filter = EVENTOPS_TRY(Filter::parse(query.filter));
        std::vector<Row> rows;
        std::uint64_t left = query.rowsMax;
        // The bound counts visible rows, so it cannot be the ledger's.
        EVENTOPS_TRY(read(*ledger, filter, QueryBounds{.oldestFirst = query.oldestFirst}, [&](const Row &row) {
            if (ticket.cancelled() || left == 0)
                return false;
            if (!caller.maySee(tenantOf(row)))
                return true;
            rows.push_back(row);
            --left;
            if (rows.size() == PageRowsMax) {
                page(std::move(rows));
                rows.clear();
            }
            return left > 0;
        }));
        if (!rows.empty())
            page(std::move(rows));
        return ticket.cancelled() ? Status(cancelled()) : Status(Ok{});
    });
}

Ticket LocalBackend::aggregate(const Caller &caller, const std::string &filter, const AggregateQuery &query,
                               Done<std::vector<AggregateRow>> done)
{
    return post<std::vector<AggregateRow>>(
        m_scans, std::move(done), [=, this](const Ticket &ticket) -> Result<std::vector<AggregateRow>> {
            const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
            EVENTOPS_TRY(Filter::parse(filter)); // its own place in messages
            const Filter visible = EVENTOPS_TRY(Filter::parse(ofTenants(caller.tenants, filter)));
            return ledger->aggregate(visible, query, [ticket] { return ticket.cancelled(); });
        });
}

Ticket LocalBackend::findings(const Caller &caller, const Query &query, OnPage<Finding> page, Done<Ok> done)
{
    return rows<Finding>(caller, query, std::move(page), std::move(done),
                         [](Ledger &l, const Filter &f, QueryBounds b, auto row) { return l.findings(f, b, row); });
}

Ticket LocalBackend::entities(const Caller &caller, const Query &query, OnPage<Entity> page, Done<Ok> done)
{
    return rows<Entity>(caller, query, std::move(page), std::move(done),
                        [](Ledger &l, const Filter &f, QueryBounds b, auto row) { return l.entities(f, b, row); });
}

Ticket LocalBackend::links(const Caller &caller, const Query &query, OnPage<Link> page, Done<Ok> done)
{
    return rows<Link>(caller, query, std::move(page), std::move(done),
                      [](Ledger &l, const Filter &f, QueryBounds b, auto row) { return l.links(f, b, row); });
}

Ticket LocalBackend::actions(const Caller &caller, const Query &query, OnPage<Action> page, Done<Ok> done)
{
    return rows<Action>(caller, query, std::move(page), std::move(done),
                        [](Ledger &l, const Filter &f, QueryBounds b, auto row) { return l.actions(f, b, row); });
}

Ticket LocalBackend::expectations(const Caller &caller, Done<std::vector<CaseExpectation>> done)
{
    using Rows = std::vector<CaseExpectation>;
    return post<Rows>(m_pages, std::move(done), [=, this](const Ticket &) -> Result<Rows> {
        Ledger &ledger = *EVENTOPS_TRY(pageLedger());
        Rows rows = EVENTOPS_TRY(ledger.expectations());
        std::erase_if(rows, [&](const CaseExpectation &row) { return !caller.maySee(row.tenant); });
        return rows;
    });
}

Ticket LocalBackend::judgement(const Caller &caller, Done<JudgementView> done)
{
    return post<JudgementView>(m_pages, std::move(done), [=, this](const Ticket &) -> Result<JudgementView> {
        if (!caller.tenants.empty())
            return JudgementView{};
        Ledger &ledger = *EVENTOPS_TRY(pageLedger());
        return ledger.judgement();
    });
}

Ticket LocalBackend::stepMachines(const Caller &caller, Done<std::vector<StepMachine>> done)
{
    using Rows = std::vector<StepMachine>;
    return post<Rows>(m_pages, std::move(done), [=, this](const Ticket &) -> Result<Rows> {
        Ledger &ledger = *EVENTOPS_TRY(pageLedger());
        Rows rows = EVENTOPS_TRY(ledger.stepMachines());
        std::erase_if(rows, [&](const StepMachine &row) { return !caller.maySee(row.tenant); });
        return rows;
    });
}

Ticket LocalBackend::events(const Caller &caller, const Query &query, std::function<void(EventPage)> page,
                            Done<Ok> done)
{
    return post<Ok>(m_scans, std::move(done), [=, this](const Ticket &ticket) -> Status {
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        const Filter filter = EVENTOPS_TRY(Filter::parse(query.filter));
        std::uint64_t left = query.rowsMax;
        const QueryBounds bounds{.oldestFirst = query.oldestFirst};
        EVENTOPS_TRY(ledger->events(filter, bounds, [&](const Batch &batch, std::span<const std::uint32_t> indices) {
            if (ticket.cancelled())
                return false;
            EventPage out;
            for (const std::uint32_t index : indices) {
                if (left == 0)
                    break;
                const Event &event = batch.events[index];
                if (!caller.maySee(batch.text(event, Field::Tenant)))
                    continue;
                out.rows.push_back(static_cast<std::uint32_t>(out.batch.events.size()));
                appendEvent(out.batch, batch, event);
                --left;
            }
            out.batch.tsIngest = batch.tsIngest;
            if (!out.rows.empty())
                page(std::move(out));
            return left > 0;
        }));
        return ticket.cancelled() ? Status(cancelled()) : Status(Ok{});
    });
}

Ticket LocalBackend::deadLetters(const Caller &, std::uint64_t rowsMax, OnPage<DeadLetterRow> page, Done<Ok> done)
{
    return post<Ok>(m_scans, std::move(done), [=, this](const Ticket &ticket) -> Status {
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        return ledger->deadLetters({.rowsMax = rowsMax}, DeadLetterPreviewBytes, [&](const DeadLetterRow &row) {
            page({row});
            return !ticket.cancelled();
        });
    });
}

Ticket LocalBackend::audit(const Caller &, std::uint64_t rowsMax, OnPage<AuditRow> page, Done<Ok> done)
{
    return post<Ok>(m_scans, std::move(done), [=, this](const Ticket &ticket) -> Status {
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        return ledger->audit({.rowsMax = rowsMax}, [&](const AuditRow &row) {
            page({row});
            return !ticket.cancelled();
        });
    });
}

Ticket LocalBackend::eventRange(const Caller &caller, const EventRange &range, Done<EventPage> done)
{
    return post<EventPage>(m_pages, std::move(done), [=, this](const Ticket &) -> Result<EventPage> {
        Ledger &ledger = *EVENTOPS_TRY(pageLedger());
        const std::uint64_t count = std::min<std::uint64_t>(range.count, PageRowsMax);
        EventPage page;
        EVENTOPS_TRY(ledger.eventsAt(
            range.first, count, AllFields,
            [&](const Batch &batch, std::span<const std::uint32_t> rows, std::uint64_t place) {
                page.batch.tsIngest = batch.tsIngest;
                for (const std::uint32_t row : rows) {
                    const Event &event = batch.events[row];
                    if (caller.maySee(batch.text(event, Field::Tenant))) {
                        page.rows.push_back(static_cast<std::uint32_t>(page.batch.events.size()));
                        page.places.push_back(place);
                        appendEvent(page.batch, batch, event);
                    }
                    ++place;
                }
                return true;
            }));
        return page;
    });
}

Ticket LocalBackend::eventColumns(const Caller &caller, const EventColumnsRequest &request,
                                  std::function<void(EventColumns)> page, Done<Ok> done)
{
    return post<Ok>(m_scans, std::move(done), [=, this](const Ticket &ticket) -> Status {
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        std::vector<std::string> names;
        std::unordered_map<std::string, std::uint16_t> lanes;
        const auto laneOf = [&](std::string_view text) -> std::uint16_t {
            const auto known = lanes.find(std::string(text));
            if (known != lanes.end())
                return known->second;
            if (names.size() == LaneNamesMax)
                return static_cast<std::uint16_t>(LaneNamesMax - 1);
            names.emplace_back(names.size() == LaneNamesMax - 1 ? "…" : text);
            return lanes.emplace(text, static_cast<std::uint16_t>(names.size() - 1)).first->second;
        };
        const std::uint32_t fields =
            1U << static_cast<unsigned>(request.laneBy) | 1U << static_cast<unsigned>(Field::Tenant);
        EVENTOPS_TRY(ledger->eventsAt(
            request.first, UINT64_MAX, fields,
            [&](const Batch &batch, std::span<const std::uint32_t> rows, std::uint64_t place) {
                EventColumns columns;
                columns.first = place;
                columns.ts.reserve(rows.size());
                columns.severity.reserve(rows.size());
                columns.lane.reserve(rows.size());
                // The same text has the same id within a block: it is looked up once.
                std::vector<std::int32_t> laneOfId(batch.strings.size() + 1, -1);
                for (const std::uint32_t row : rows) {
                    const Event &event = batch.events[row];
                    if (!caller.maySee(batch.text(event, Field::Tenant)))
                        continue;
                    const StrId id = event[request.laneBy];
                    std::int32_t &lane = laneOfId[id == NoStr ? batch.strings.size() : static_cast<std::size_t>(id)];
                    if (lane < 0)
                        lane = laneOf(batch.text(id));
                    columns.ts.push_back(event.tsEvent);
                    columns.severity.push_back(event.severity);
                    columns.lane.push_back(static_cast<std::uint16_t>(lane));
                }
                columns.laneNames = names;
                page(std::move(columns));
                return !ticket.cancelled();
            }));
        return ticket.cancelled() ? Status(cancelled()) : Status(Ok{});
    });
}

Ticket LocalBackend::story(const Caller &caller, const std::string &eventId, Done<EventStory> done)
{
    return post<EventStory>(m_pages, std::move(done), [=, this](const Ticket &ticket) -> Result<EventStory> {
        Ledger &ledger = *EVENTOPS_TRY(pageLedger());
        const auto spec = EVENTOPS_TRY(workspacePipeline());
        EventStory story = EVENTOPS_TRY(tellStory(ledger, m_options.registry, spec.get(), eventId, *ticket.flag()));
        const Batch &batch = story.event.batch;
        if (!caller.maySee(batch.text(batch.events.front(), Field::Tenant)))
            return Error{Error::Code::NotFound, "there is no event " + eventId};
        return story;
    });
}

Ticket LocalBackend::health(const Caller &caller, Done<Health> done)
{
    return post<Health>(m_pages, std::move(done), [this, caller](const Ticket &) { return makeHealth(caller); });
}

Ticket LocalBackend::subscribe(const Caller &, std::function<void(Change)> changed)
{
    return m_hub.subscribe(std::move(changed));
}

/// The ledger of the thread that answers small questions.
Result<Ledger *> LocalBackend::pageLedger()
{
    if (m_pageLedger != nullptr && !m_pageLedger->changeCounter())
        m_pageLedger.reset(); // set aside, or not readable: opened again
    if (m_pageLedger == nullptr)
        m_pageLedger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
    return m_pageLedger.get();
}

/// The pipeline that the workspace last ran. NotFound when none did. The file is a copy of what the ledger records: one
/// that cannot be read is set aside and written anew.
Result<PipelineSpec> LocalBackend::lastPipeline() const
{
    const std::string text = EVENTOPS_TRY(m_workspace.readPipeline());
    const std::string file = m_workspace.pipelineFile();
    auto spec = parsePipeline(text, file, m_options.registry, m_options.dataDirectory);
    if (spec || spec.error().code != Error::Code::InvalidConfig)
        return spec;
    const auto ledger = openLedger(LedgerMode::Read);
    const auto recorded = ledger ? ledger.value()->configurations() : ledger.error();
    if (!recorded || recorded.value().empty() || recorded.value().back().payload == text)
        return spec;
    const std::string &last = recorded.value().back().payload;
    EVENTOPS_TRY(setAside(file));
    EVENTOPS_TRY(m_workspace.writePipeline(last));
    return parsePipeline(last, file, m_options.registry, m_options.dataDirectory);
}

/// The same; null when none ran.
Result<std::unique_ptr<PipelineSpec>> LocalBackend::workspacePipeline() const
{
    auto spec = lastPipeline();
    if (!spec && spec.error().code == Error::Code::NotFound)
        return std::unique_ptr<PipelineSpec>();
    if (!spec)
        return spec.error();
    return std::make_unique<PipelineSpec>(std::move(spec).value());
}

namespace {

/// The faults that the caller may know of, and what was found of them.
Result<KnownFaults> scoreAgainst(GroundTruth truth, Ledger &ledger, WallNs clock, const Caller &caller)
{
    KnownFaults known{std::move(truth), {}};
    std::erase_if(known.truth.faults, [&](const GroundTruthFault &fault) { return !caller.maySee(fault.tenant); });
    std::vector<Finding> findings;
    EVENTOPS_TRY(ledger.findings({}, {}, [&](const Finding &finding) {
        if (caller.maySee(finding.tenant))
            findings.push_back(finding);
        return true;
    }));
    known.card = scoreFindings({known.truth.faults, findings, known.truth.start, clock});
    return known;
}

} // namespace

Result<Health> LocalBackend::makeHealth(const Caller &caller)
{
    Health health;
    health.running = m_hub.running();
    health.progress = m_hub.progress();
    health.workers = m_workers.load();
    const auto ledger = pageLedger();
    if (!ledger && ledger.error().code == Error::Code::NotFound)
        return health; // an empty workspace is healthy
    Ledger &read = *EVENTOPS_TRY(ledger);
    health.summary = EVENTOPS_TRY(makeSummary(read, false));
    for (auto &[reason, records] : EVENTOPS_TRY(read.deadLetterReasons()))
        health.deadLetters.push_back({std::move(reason), records});
    health.summary.behind = webhookTroubles(m_workspace);
    if (const auto spec = EVENTOPS_TRY(workspacePipeline())) {
        for (std::string &trouble : sinkTroubles(m_workspace, spec->sinks, EVENTOPS_TRY(read.eventCount())))
            health.summary.behind.push_back(std::move(trouble));
        health.pipelineName = spec->name;
        for (const Configured<StageSpec> &stage : spec->stages)
            health.stages.emplace_back(stage.spec->name);
        auto truth = m_options.groundTruth ? m_options.groundTruth(*spec) : Error{Error::Code::NotFound, ""};
        if (truth)
            health.known = EVENTOPS_TRY(scoreAgainst(std::move(truth).value(), read, health.summary.clock, caller));
    }
    health.lake = lakeHealth();
    health.clickHouse = clickHouseHealth();
    health.ledgerBytes = EVENTOPS_TRY(read.sizeBytes());
    return health;
}

Ticket LocalBackend::summary(const Caller &, bool withDigest, Done<WorkspaceSummary> done)
{
    Lane &lane = withDigest ? m_scans : m_pages; // a digest reads everything
    return post<WorkspaceSummary>(lane, std::move(done), [=, this](const Ticket &) -> Result<WorkspaceSummary> {
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        return makeSummary(*ledger, withDigest);
    });
}

Ticket LocalBackend::verifyAudit(const Caller &, Done<std::uint64_t> done)
{
    return post<std::uint64_t>(m_scans, std::move(done), [this](const Ticket &) -> Result<std::uint64_t> {
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        return ledger->verifyAudit();
    });
}

Result<WorkspaceSummary> LocalBackend::makeSummary(Ledger &ledger, bool withDigest) const
{
    WorkspaceSummary summary;
    summary.counters = EVENTOPS_TRY(ledger.counters());
    summary.findings = EVENTOPS_TRY(ledger.findingCount());
    summary.suggestions = EVENTOPS_TRY(ledger.suggestionCount());
    summary.clock = EVENTOPS_TRY(ledger.watermark());
    summary.sources = EVENTOPS_TRY(ledger.sources());
    summary.setAside = setAsideFiles(m_workspace.directory);
    if (withDigest)
        summary.digest = EVENTOPS_TRY(ledger.digest());
    return summary;
}

Ticket LocalBackend::decisionDiff(const Caller &caller, const RerunQuery &query,
                                  std::function<void(RerunProgress)> progress, Done<DecisionDiff> done)
{
    return post<DecisionDiff>(m_scans, std::move(done), [=, this](const Ticket &ticket) -> Result<DecisionDiff> {
        const auto before = EVENTOPS_TRY(workspacePipeline());
        if (!before)
            return Error{Error::Code::NotFound, "nothing ran in this workspace yet", {m_workspace.directory, 0, 0},
                         "replay a capture into it first"};
        const PipelineSpec after = EVENTOPS_TRY(
            parsePipeline(query.pipelineText, query.pipelineName, m_options.registry, m_options.dataDirectory));
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        const RerunRequest request{PipelinePart::Nothing, query.workers == 0 ? defaultWorkers() : query.workers,
                                   ticket.flag(), progress};
        DecisionDiff diff = EVENTOPS_TRY(diffDecisions(*ledger, m_options.registry, *before, after, request));
        const auto hidden = [&](const auto &change) {
            return !caller.maySee(change.before ? change.before->tenant : change.after->tenant);
        };
        std::erase_if(diff.findings, hidden);
        std::erase_if(diff.suggestions, hidden);
        return diff;
    });
}

Ticket LocalBackend::checkHistory(const Caller &, std::function<void(RerunProgress)> progress, Done<RerunCheck> done)
{
    return post<RerunCheck>(m_scans, std::move(done), [=, this](const Ticket &ticket) -> Result<RerunCheck> {
        const auto spec = EVENTOPS_TRY(workspacePipeline());
        if (!spec)
            return Error{Error::Code::NotFound, "nothing ran in this workspace yet", {m_workspace.directory, 0, 0},
                         "replay a capture into it first"};
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        const RerunRequest request{PipelinePart::Records, defaultWorkers(), ticket.flag(), progress};
        return checkRerun(*ledger, m_options.registry, *spec, spec->keepRaw, request);
    });
}

Ticket LocalBackend::promote(const Caller &caller, const std::string &findingId, const std::string &folder,
                             Done<Promotion> done)
{
    return post<Promotion>(m_scans, std::move(done), [=, this](const Ticket &ticket) -> Result<Promotion> {
        if (caller.role == Role::Viewer)
            return Error{Error::Code::Refused, "a viewer may not write tests"};
        const auto spec = EVENTOPS_TRY(workspacePipeline());
        if (!spec)
            return Error{Error::Code::NotFound, "there is no finding " + findingId};
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        return promoteFinding(*ledger, m_options.registry, *spec, findingId, folder, *ticket.flag());
    });
}

Ticket LocalBackend::decide(const Caller &caller, const Decision &decision, bool wait, Done<DecisionOutcome> done)
{
    return post<DecisionOutcome>(
        m_decisions, std::move(done), [=, this](const Ticket &ticket) -> Result<DecisionOutcome> {
            if (caller.role < Role::Approver)
                return Error{Error::Code::Refused, caller.user + " has no role that may decide"};
            return runDecision(caller, decision, wait, ticket);
        });
}

Result<DecisionOutcome> LocalBackend::runDecision(const Caller &caller, const Decision &decision, bool wait,
                                                  const Ticket &ticket)
{
    const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Decide));
    const Action shown = EVENTOPS_TRY(ledger->action(decision.actionId));
    if (!caller.maySee(shown.suggestion.tenant))
        return Error{Error::Code::NotFound, "there is no action " + decision.actionId};
    EVENTOPS_TRY(applyDecision(*ledger, shown, decision));
    DecisionOutcome outcome;
    if (decision.kind == DecisionKind::Approve) {
        EVENTOPS_TRY(publishApproved(*ledger));
        if (wait && m_options.startExecutor)
            outcome.note = EVENTOPS_TRY(m_options.startExecutor());
        if (wait && outcome.note.empty())
            EVENTOPS_TRY(waitForResult(*ledger, decision.actionId, ticket));
    }
    outcome.action = EVENTOPS_TRY(ledger->action(decision.actionId));
    EVENTOPS_TRY(takeDocuments());
    return outcome;
}

Ticket LocalBackend::graph(const Caller &caller, const GraphRequest &request, Done<GraphAnswer> done)
{
    return post<GraphAnswer>(m_scans, std::move(done), [=, this](const Ticket &) -> Result<GraphAnswer> {
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        return answerGraph(*ledger, caller.tenants, request);
    });
}

Ticket LocalBackend::causes(const Caller &caller, const std::string &findingId,
                             Done<std::vector<LikelyCause>> done)
{
    return post<std::vector<LikelyCause>>(
        m_scans, std::move(done), [=, this](const Ticket &) -> Result<std::vector<LikelyCause>> {
            const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
            const Finding finding = EVENTOPS_TRY(findingById(*ledger, findingId));
            if (!caller.maySee(finding.tenant))
                return Error{Error::Code::NotFound, "there is no finding " + findingId};
            return likelyCauses(*ledger, finding);
        });
}

Ticket LocalBackend::giveFeedback(const Caller &caller, const FeedbackRequest &request, Done<Ok> done)
{
    return post<Ok>(m_decisions, std::move(done),
                    [=, this](const Ticket &) -> Status { return runFeedback(caller, request); });
}

Status LocalBackend::runFeedback(const Caller &caller, const FeedbackRequest &request)
{
    const bool budget = request.kind == FeedbackKind::Budget;
    if (caller.role == Role::Viewer || (budget && !caller.tenants.empty()))
        return Error{Error::Code::Refused, caller.user + (budget ? " may not set the budget of all tenants"
                                                                 : " has no role that may judge findings")};
    const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Decide));
    Finding finding;
    if (!budget)
        finding = EVENTOPS_TRY(findingById(*ledger, request.findingId));
    if (!caller.maySee(finding.tenant))
        return Error{Error::Code::NotFound, "there is no finding " + request.findingId};
    const Feedback feedback = EVENTOPS_TRY(feedbackFor(request, finding, caller.user));
    EVENTOPS_TRY(recordFeedback(*ledger, feedback, SystemClock()));
    return takeDocuments();
}

void LocalBackend::inputWaits()
{
    m_decisions.post(Ticket(), [this] { static_cast<void>(takeDocuments()); }); // else the next run takes it
}

/// What was put into the log becomes part of the stream; a running engine does that by itself.
Status LocalBackend::takeDocuments()
{
    const Status taken = takeInput();
    const bool later = !taken
                    && (taken.error().code == Error::Code::Busy || taken.error().code == Error::Code::NotFound);
    return later ? Status(Ok{}) : taken;
}

Result<Action> LocalBackend::waitForResult(Ledger &ledger, const std::string &actionId, const Ticket &ticket)
{
    const auto start = std::chrono::steady_clock::now();
    for (;;) {
        Action action = EVENTOPS_TRY(ledger.action(actionId));
        if (isFinal(action.state))
            return action;
        const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
        if (ticket.cancelled())
            return cancelled();
        if (waited.count() > action.suggestion.ttlSeconds + ResultGraceSeconds)
            return Error{Error::Code::Unavailable, "no result within the action's time",
                         {}, "look again with: eventops approvals show " + actionId};
        std::mutex mutex; // a wait that a cancel need not interrupt: it is short
        std::unique_lock lock(mutex);
        std::condition_variable().wait_for(lock, ResultPollTime);
    }
}

Status LocalBackend::takeInput()
{
    const PipelineSpec spec = EVENTOPS_TRY(lastPipeline());
    const auto engine = EVENTOPS_TRY(Engine::start(m_workspace, spec, {}));
    return engine->takeInput();
}

Ticket LocalBackend::redrive(const Caller &caller, std::int64_t deadLetter, const std::string &format, Done<Ok> done)
{
    return post<Ok>(m_commands, std::move(done), [=, this](const Ticket &) -> Status {
        if (caller.role == Role::Viewer)
            return Error{Error::Code::Refused, "a viewer may not redrive dead letters"};
        return runRedrive(deadLetter, format);
    });
}

Ticket LocalBackend::exportCapture(const Caller &caller, const ExportRequest &request,
                                   std::function<void(ExportProgress)> progress, Done<ExportProgress> done)
{
    return post<ExportProgress>(
        m_exports, std::move(done), [=, this](const Ticket &ticket) -> Result<ExportProgress> {
            const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
            const auto letters = EVENTOPS_TRY(openLedger(LedgerMode::Read)); // asked while the other one is reading
            return exportRecords({*ledger, *letters, caller, request, *ticket.flag(), progress});
        });
}

/// Reads the letter's bytes as a small capture of their own. Tried without storing first: a record that is still bad
/// stays the one dead letter it is.
Status LocalBackend::runRedrive(std::int64_t deadLetter, const std::string &format)
{
    const PipelineSpec spec = EVENTOPS_TRY(lastPipeline());
    const auto engine = EVENTOPS_TRY(Engine::start(m_workspace, spec, {}));
    const std::string path = m_workspace.directory + "/redrive.tmp";
    const Status written = writeDeadLetter(engine->ledger(), deadLetter, path);
    Status outcome = written;
    if (written) {
        outcome = tryDecode(spec, path, format);
        if (outcome) {
            const Configured<SourceSpec> &source = spec.sources.front();
            std::vector<std::unique_ptr<Source>> sources;
            auto made = source.spec->make(source.settings, {path, format});
            if (made) {
                sources.push_back(std::move(made).value());
                outcome = engine->read(std::move(sources));
            } else {
                outcome = made.error();
            }
        }
    }
    std::remove(path.c_str());
    if (!outcome)
        return outcome;
    return engine->ledger().markRedriven(deadLetter);
}

} // namespace eventops
