// SPDX-License-Identifier: MIT
#include "core/session/local_backend.h"

#include "core/base/limits.h"
#include "core/config/pipeline_file.h"
#include "core/session/action_flow.h"
#include "core/session/engine.h"
#include "core/session/redrive.h"

#include <algorithm>

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

void LocalBackend::Lane::post(Ticket ticket, std::function<void()> job)
{
    {
        const std::lock_guard lock(m_mutex);
        m_jobs.push_back({std::move(ticket), std::move(job)});
    }
    m_wake.notify_one();
}

LocalBackend::LocalBackend(Workspace workspace, LocalBackendOptions options)
    : m_workspace(std::move(workspace)), m_options(std::move(options))
{
}

LocalBackend::~LocalBackend() = default;

template <typename T>
Ticket LocalBackend::post(Lane &lane, Done<T> done, std::function<Result<T>(const Ticket &)> work)
{
    Ticket ticket;
    lane.post(ticket, [ticket, done = std::move(done), work = std::move(work)] {
        done(ticket.cancelled() ? Result<T>(cancelled()) : work(ticket));
    });
    return ticket;
}

Result<std::unique_ptr<Ledger>> LocalBackend::openLedger(LedgerMode mode) const
{
    EVENTOPS_TRY(Workspace::existing(m_workspace.directory));
    return Ledger::open(m_workspace.directory, mode, {});
}

/// The rows of one table that the caller may see, in pages. @p read: (ledger, filter, bounds, row callback) → Status.
template <typename Row, typename Read>
Ticket LocalBackend::rows(const Caller &caller, const Query &query, OnPage<Row> page, Done<Ok> done, Read read)
{
    return post<Ok>(m_queries, std::move(done), [=, this](const Ticket &ticket) -> Status {
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

Ticket LocalBackend::events(const Caller &caller, const Query &query, std::function<void(EventPage)> page,
                            Done<Ok> done)
{
    return post<Ok>(m_queries, std::move(done), [=, this](const Ticket &ticket) -> Status {
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
    return post<Ok>(m_queries, std::move(done), [=, this](const Ticket &ticket) -> Status {
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        return ledger->deadLetters({.rowsMax = rowsMax}, DeadLetterPreviewBytes, [&](const DeadLetterRow &row) {
            page({row});
            return !ticket.cancelled();
        });
    });
}

Ticket LocalBackend::audit(const Caller &, std::uint64_t rowsMax, OnPage<AuditRow> page, Done<Ok> done)
{
    return post<Ok>(m_queries, std::move(done), [=, this](const Ticket &ticket) -> Status {
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        return ledger->audit({.rowsMax = rowsMax}, [&](const AuditRow &row) {
            page({row});
            return !ticket.cancelled();
        });
    });
}

Ticket LocalBackend::eventRange(const Caller &, const EventRange &, Done<EventPage> done)
{
    return post<EventPage>(m_queries, std::move(done), [](const Ticket &) -> Result<EventPage> { return EventPage{}; });
}

Ticket LocalBackend::eventColumns(const Caller &, const EventColumnsRequest &, std::function<void(EventColumns)>,
                                  Done<Ok> done)
{
    return post<Ok>(m_queries, std::move(done), [](const Ticket &) -> Status { return Ok{}; });
}

Ticket LocalBackend::story(const Caller &, const std::string &, Done<EventStory> done)
{
    return post<EventStory>(m_queries, std::move(done), [](const Ticket &) -> Result<EventStory> { return EventStory{}; });
}

Ticket LocalBackend::health(const Caller &, Done<Health> done)
{
    return post<Health>(m_queries, std::move(done), [](const Ticket &) -> Result<Health> { return Health{}; });
}

Ticket LocalBackend::subscribe(const Caller &, std::function<void(Change)>)
{
    return {};
}

Ticket LocalBackend::summary(const Caller &, bool withDigest, Done<WorkspaceSummary> done)
{
    return post<WorkspaceSummary>(m_queries, std::move(done), [=, this](const Ticket &) -> Result<WorkspaceSummary> {
        const auto ledger = EVENTOPS_TRY(openLedger(LedgerMode::Read));
        return makeSummary(*ledger, withDigest);
    });
}

Ticket LocalBackend::verifyAudit(const Caller &, Done<std::uint64_t> done)
{
    return post<std::uint64_t>(m_queries, std::move(done), [this](const Ticket &) -> Result<std::uint64_t> {
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
    if (withDigest)
        summary.digest = EVENTOPS_TRY(ledger.digest());
    return summary;
}

Ticket LocalBackend::replay(const Caller &caller, const ReplayRequest &request,
                            std::function<void(RunProgress)> progress, Done<WorkspaceSummary> done)
{
    return post<WorkspaceSummary>(
        m_commands, std::move(done), [=, this](const Ticket &ticket) -> Result<WorkspaceSummary> {
            if (caller.role == Role::Viewer)
                return Error{Error::Code::Refused, "a viewer may not read captures into the workspace"};
            return runReplay(request, ticket, progress);
        });
}

Result<WorkspaceSummary> LocalBackend::runReplay(const ReplayRequest &request, const Ticket &ticket,
                                                 const std::function<void(RunProgress)> &progress)
{
    const PipelineSpec spec = EVENTOPS_TRY(
        parsePipeline(request.pipelineText, request.pipelineName, m_options.registry, m_options.dataDirectory));
    std::vector<std::unique_ptr<Source>> sources;
    if (request.files.empty()) {
        for (const Configured<SourceSpec> &source : spec.sources)
            sources.push_back(EVENTOPS_TRY(source.spec->make(source.settings, {{}, request.format})));
    } else if (spec.sources.empty()) {
        return Error{Error::Code::InvalidConfig, "the pipeline has no source to read a file with",
                     {request.pipelineName, 0, 0}, "add one under sources:"};
    }
    for (const std::string &file : request.files) {
        const Configured<SourceSpec> &source = spec.sources.front();
        sources.push_back(EVENTOPS_TRY(source.spec->make(source.settings, {file, request.format})));
    }
    EVENTOPS_TRY(Workspace::open(m_workspace.directory));
    Engine::Options options;
    options.workers = request.workers == 0 ? defaultWorkers() : request.workers;
    options.stop = ticket.flag();
    options.progress = progress;
    const auto engine = EVENTOPS_TRY(Engine::start(m_workspace, spec, std::move(options)));
    EVENTOPS_TRY(engine->read(std::move(sources)));
    if (ticket.cancelled())
        return Error{Error::Code::Cancelled, "stopped; everything read so far is stored", {},
                     "the same command goes on from there"};
    return makeSummary(engine->ledger(), true);
}

Ticket LocalBackend::decide(const Caller &caller, const Decision &decision, bool wait, Done<DecisionOutcome> done)
{
    return post<DecisionOutcome>(
        m_commands, std::move(done), [=, this](const Ticket &ticket) -> Result<DecisionOutcome> {
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
    // The events of the action become part of the stream; a running engine does that by itself.
    const Status taken = takeInput();
    if (!taken && taken.error().code != Error::Code::Busy && taken.error().code != Error::Code::NotFound)
        return taken.error();
    return outcome;
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
    const std::string text = EVENTOPS_TRY(m_workspace.readPipeline());
    const PipelineSpec spec =
        EVENTOPS_TRY(parsePipeline(text, m_workspace.pipelineFile(), m_options.registry, m_options.dataDirectory));
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

/// Reads the letter's bytes as a small capture of their own. Tried without storing first: a record that is still bad
/// stays the one dead letter it is.
Status LocalBackend::runRedrive(std::int64_t deadLetter, const std::string &format)
{
    const std::string text = EVENTOPS_TRY(m_workspace.readPipeline());
    const PipelineSpec spec =
        EVENTOPS_TRY(parsePipeline(text, m_workspace.pipelineFile(), m_options.registry, m_options.dataDirectory));
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
