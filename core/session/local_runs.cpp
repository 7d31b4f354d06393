// SPDX-License-Identifier: MIT
//
// Runs of the engine over sources: captures, what a pipeline names, and what is handed in.
#include "core/session/local_backend.h"

#include "core/base/clock.h"
#include "core/config/pipeline_file.h"
#include "core/base/read_file.h"
#include "core/session/action_adopter.h"
#include "core/session/engine.h"
#include "core/pipeline/settings.h"
#include "core/session/ingest_source.h"
#include "core/session/kafka_feed.h"
#include "core/session/kafka_loop.h"
#include "core/session/sink_feed.h"
#include "core/session/webhook_feed.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::chrono::hours HoldBackMax{1}; ///< So long sources wait for room on the disk. A decision never does.
constexpr std::chrono::seconds AwaitedHoldBackMax{5}; ///< Who waits for an answer is told soon, and can come again.
constexpr std::size_t PipelineBytesMax = 1u << 20;
constexpr std::string_view DefaultPipeline = "/definitions/default.yaml";

/// A run as others see it from outside: a span, and a log record whenever something holds it up or goes on.
class RunTrace
{
public:
    RunTrace(std::shared_ptr<Telemetry> telemetry, const std::string &pipeline) : m_telemetry(std::move(telemetry))
    {
        m_span.name = "run " + pipeline;
        m_span.start = SystemClock().now();
    }
    ~RunTrace()
    {
        if (m_telemetry == nullptr)
            return;
        m_span.end = SystemClock().now();
        const auto add = [&](const char *name, std::uint64_t value) {
            m_span.attributes.emplace_back(name, static_cast<std::int64_t>(value));
        };
        add("eventops.records.received", m_progress.counters.received);
        add("eventops.records.dead_lettered", m_progress.counters.deadLettered);
        add("eventops.events", m_progress.counters.events);
        add("eventops.findings", m_progress.findings);
        m_telemetry->span(std::move(m_span));
    }
    RunTrace(const RunTrace &) = delete;
    RunTrace &operator=(const RunTrace &) = delete;

    void take(const RunProgress &progress)
    {
        if (m_telemetry != nullptr && progress.trouble != m_progress.trouble)
            m_telemetry->log({SystemClock().now(),
                              progress.trouble.empty() ? InfoSeverity : WarnSeverity,
                              progress.trouble.empty() ? "going on" : progress.trouble,
                              {}});
        m_progress = progress;
    }
    void fail(const Error &error) { m_span.error = error.text(); }

private:
    static constexpr int InfoSeverity = 9, WarnSeverity = 13; // OpenTelemetry's numbers
    const std::shared_ptr<Telemetry> m_telemetry;
    Telemetry::Span m_span;
    RunProgress m_progress;
};

Error engineStopped()
{
    return {Error::Code::Unavailable, "the engine stopped", {}, "send the records again"};
}

Error busyReplaying()
{
    return {
        Error::Code::Busy, "captures are being read into the workspace", {}, "send the records again when they are"};
}

} // namespace

Ticket LocalBackend::replay(const Caller &caller, const ReplayRequest &request,
                            std::function<void(RunProgress)> progress, Done<WorkspaceSummary> done)
{
    if (caller.role == Role::Viewer) {
        done(Error{Error::Code::Refused, "a viewer may not read captures into the workspace"});
        return {};
    }
    {
        const std::lock_guard lock(m_ingestMutex);
        ++m_replays;
        m_takingReplays += request.ingest ? 1 : 0;
    }
    // Counted as ended before it is told: who hands in events after that finds the way open.
    const auto ended = [this, ingest = request.ingest, done = std::move(done)](Result<WorkspaceSummary> outcome) {
        std::vector<IngestQueue::Answer> unanswered;
        {
            const std::lock_guard lock(m_ingestMutex);
            --m_replays;
            m_takingReplays -= ingest ? 1 : 0;
            if (ingest && m_takingReplays == 0)
                unanswered = m_ingest.abandon();
        }
        for (const auto &answer : unanswered)
            answer(engineStopped());
        done(std::move(outcome));
    };
    return post<WorkspaceSummary>(m_commands, ended,
                                  [=, this](const Ticket &ticket) { return runReplay(request, ticket, progress); });
}

namespace {

/// The source that reads files as they grow, set up as the pipeline reads a file.
Result<Configured<SourceSpec>> followFiles(const Registry &registry, const PipelineSpec &spec,
                                           const ReplayRequest &request)
{
    const SourceSpec *tail = registry.source("tail");
    if (tail == nullptr)
        return Error{Error::Code::Unavailable, "this build cannot follow files"};
    std::vector<Value> paths;
    for (const std::string &file : request.files)
        paths.push_back(Value::scalar(file, {}, true));
    Value given = Value::map({});
    if (!spec.sources.empty()) {
        for (const auto &[name, value] : spec.sources.front().settings.members()) {
            const bool isKnown = std::any_of(tail->fields.begin(), tail->fields.end(),
                                             [&](const FieldSpec &field) { return field.name == name; });
            if (isKnown)
                given.set(name, value);
        }
    }
    given.set("paths", Value::list(std::move(paths)));
    return Configured<SourceSpec>{tail, EVENTOPS_TRY(checkSettings(given, tail->fields, "source \"tail\""))};
}

} // namespace

Result<WorkspaceSummary> LocalBackend::runReplay(const ReplayRequest &request, const Ticket &ticket,
                                                 const std::function<void(RunProgress)> &progress)
{
    PipelineSpec spec = EVENTOPS_TRY(
        parsePipeline(request.pipelineText, request.pipelineName, m_options.registry, m_options.dataDirectory));
    if (request.retention) {
        spec.retention.sources = request.retention;
        spec.text = canonicalText(spec);
    }
    if (request.follow)
        spec.sources = {EVENTOPS_TRY(followFiles(m_options.registry, spec, request))};
    Sources sources;
    if (request.files.empty() || request.follow) {
        for (const Configured<SourceSpec> &source : spec.sources) {
            sources.push_back(EVENTOPS_TRY(source.spec->make(source.settings, {{}, request.format})));
            for (auto &other : sources.back()->takeOthers())
                sources.push_back(std::move(other));
        }
    } else if (spec.sources.empty()) {
        return Error{Error::Code::InvalidConfig,
                     "the pipeline has no source to read a file with",
                     {request.pipelineName, 0, 0},
                     "add one under sources:"};
    }
    for (const std::string &file : request.follow ? std::vector<std::string>() : request.files) {
        const Configured<SourceSpec> &source = spec.sources.front();
        sources.push_back(EVENTOPS_TRY(source.spec->make(source.settings, {file, request.format})));
        for (auto &other : sources.back()->takeOthers())
            sources.push_back(std::move(other));
    }
    if (request.ingest)
        sources.push_back(std::make_unique<IngestSource>(&m_ingest));
    return runPipeline(spec, std::move(sources), request, ticket, progress);
}

namespace {

/// Null: the pipeline's actions are its own.
std::unique_ptr<LedgerFollower> followActions(const PipelineSpec &spec, const Workspace &workspace,
                                              const Ticket &ticket)
{
    const auto from = adoptedActions(spec);
    if (!from)
        return nullptr;
    const auto open = [workspace, from = *from](const LedgerFollower &follower) -> Result<std::unique_ptr<Projection>> {
        const auto mustStop = [&follower] {
            return follower.mustStop();
        };
        std::unique_ptr<Projection> adopter = EVENTOPS_TRY(ActionAdopter::open(workspace, from, mustStop));
        return adopter;
    };
    const auto failed = [](const Error &) { /* what ended it is what `finish` returns */ };
    return std::make_unique<LedgerFollower>(open, ticket.flag(), failed);
}

/// What was said of our actions until the very end belongs to the run as well.
Status finishKafka(KafkaProjector &kafka, Engine &engine)
{
    EVENTOPS_TRY(kafka.finish());
    return engine.takeInput();
}

} // namespace

Result<WorkspaceSummary> LocalBackend::runPipeline(const PipelineSpec &spec, Sources sources,
                                                   const ReplayRequest &request, const Ticket &ticket,
                                                   const std::function<void(RunProgress)> &progress)
{
    RunTrace trace(m_options.telemetry, spec.name);
    auto outcome = runEngine(spec, std::move(sources), request, ticket, [&](const RunProgress &state) {
        trace.take(state);
        m_hub.runAdvanced(state);
        if (progress)
            progress(state);
    });
    if (!outcome && outcome.error().code != Error::Code::Cancelled)
        trace.fail(outcome.error());
    return outcome;
}

Result<WorkspaceSummary> LocalBackend::runEngine(const PipelineSpec &spec, Sources sources,
                                                 const ReplayRequest &request, const Ticket &ticket,
                                                 std::function<void(const RunProgress &)> progress)
{
    // Records that bring their numbers along are merged by them, which an endless companion would not allow.
    const bool endless = std::any_of(sources.begin(), sources.end(), [](const auto &s) { return !s->finite(); });
    const bool live =
        (request.live || endless) && !request.playback && (sources.size() == 1 || sources.back()->numbering().empty());
    EVENTOPS_TRY(Workspace::open(m_workspace.directory));
    // Settings that cannot be read are told with what is behind at the end; nothing is published then.
    if (const auto feed = hasKafka(m_workspace) ? KafkaFeedSettings::read(m_workspace) : KafkaFeedSettings())
        EVENTOPS_TRY(checkKafkaLoop(spec, feed.value()));
    Engine::Options options;
    options.workers = request.workers == 0 ? defaultWorkers() : request.workers;
    options.stop = ticket.flag();
    const bool awaited = std::all_of(sources.begin(), sources.end(), [](const auto &s) { return s->wantsReceipts(); });
    options.holdBackMax = awaited ? AwaitedHoldBackMax : std::chrono::milliseconds(HoldBackMax);
    options.playback = request.playback.get();
    options.progress = std::move(progress);
    if (!request.playback) { // which comes as fast as its clock says, and nobody waits for it
        options.committed = [this] {
            m_hub.runCommitted();
        };
    }
    m_workers = options.workers;
    const auto engine = EVENTOPS_TRY(Engine::start(m_workspace, spec, std::move(options)));
    const auto lake = EVENTOPS_TRY(startLake(request.lake, ticket));
    const auto clickHouse = startClickHouse(ticket);
    const auto kafka = hasKafka(m_workspace) ? std::make_unique<KafkaProjector>(m_workspace, ticket.flag()) : nullptr;
    const auto hooks =
        hasWebhooks(m_workspace) ? std::make_unique<WebhookProjector>(m_workspace, ticket.flag()) : nullptr;
    const auto sinks = spec.sinks.empty() || m_options.sinksBeside
                           ? nullptr
                           : std::make_unique<SinkProjector>(m_workspace, spec.sinks, ticket.flag());
    const auto adopter = followActions(spec, m_workspace, ticket);
    m_hub.runStarted();
    const Status read = engine->read(std::move(sources), live);
    m_hub.runEnded();
    EVENTOPS_TRY(read);
    EVENTOPS_TRY(adopter != nullptr ? adopter->finish() : Status(Ok{}));
    if (ticket.cancelled())
        return Error{Error::Code::Cancelled,
                     "stopped; everything read so far is stored",
                     {},
                     "the same command goes on from there"};
    const Status pushed = clickHouse != nullptr ? clickHouse->finish() : Status(Ok{});
    const Status published = kafka != nullptr ? finishKafka(*kafka, *engine) : Status(Ok{});
    const Status fed = lake != nullptr ? lake->finish() : Status(Ok{});
    if (!fed && request.lake)
        return fed.error(); // everything is stored; what was asked for besides is not there
    WorkspaceSummary summary = EVENTOPS_TRY(makeSummary(engine->ledger(), true));
    if (hooks != nullptr)
        summary.behind = hooks->finish();
    for (std::string &late : sinks != nullptr ? sinks->finish() : std::vector<std::string>())
        summary.behind.push_back(std::move(late));
    if (!pushed)
        summary.behind.push_back("ClickHouse: " + pushed.error().text() + "; then: eventops clickhouse push");
    if (!published)
        summary.behind.push_back("Kafka: " + published.error().text() + "; then: eventops kafka push");
    if (!fed)
        summary.behind.push_back("the lake: " + fed.error().text() + "; then: eventops lake build");
    return summary;
}

Ticket LocalBackend::ingest(const Caller &caller, IngestRequest request, Done<IngestOutcome> done)
{
    std::optional<Error> refusal;
    if (caller.role == Role::Viewer) {
        refusal = Error{Error::Code::Refused, "a viewer may not hand in events"};
    } else { // under one lock: what is posted is there before the run that takes it, or its end, looks
        const std::lock_guard lock(m_ingestMutex);
        if (m_replays > 0 && m_takingReplays == 0)
            refusal = busyReplaying();
        else if (!m_ingest.post(request, done))
            refusal = Error{Error::Code::Busy, "more records wait to be stored than may", {}, "send them again soon"};
        else if (m_takingReplays == 0 && !std::exchange(m_ingestRun, true))
            postIngestRun();
    }
    if (refusal)
        done(std::move(*refusal));
    return {};
}

/// The workspace's own pipeline, else the shipped one.
Result<PipelineSpec> LocalBackend::ingestPipeline() const
{
    if (auto last = lastPipeline(); last || last.error().code != Error::Code::NotFound)
        return last;
    const std::string path = m_options.dataDirectory + std::string(DefaultPipeline);
    const std::string text = EVENTOPS_TRY(readTextFile(path, PipelineBytesMax));
    return parsePipeline(text, path, m_options.registry, m_options.dataDirectory);
}

/// Under the mutex.
void LocalBackend::postIngestRun()
{
    const Ticket ticket;
    m_commands.post(
        ticket, [this, ticket] { runIngest(ticket); }, true);
}

void LocalBackend::runIngest(const Ticket &ticket)
{
    const bool ended = ticket.cancelled(); // before it began: this back end goes, or another command came
    const auto spec = ended ? Error{Error::Code::Cancelled, {}} : ingestPipeline();
    Status status = Ok{};
    if (!spec) {
        status = spec.error();
    } else {
        Sources sources;
        sources.push_back(std::make_unique<IngestSource>(&m_ingest));
        const auto outcome = runPipeline(spec.value(), std::move(sources), {}, ticket, {});
        if (!outcome)
            status = outcome.error();
    }
    Error why = status ? engineStopped() : status.error();
    std::vector<IngestQueue::Answer> unanswered;
    {
        const std::lock_guard lock(m_ingestMutex);
        if (!ended && m_replays == 0 && why.code == Error::Code::Cancelled)
            return postIngestRun(); // something short came between: what waits is taken right after it
        m_ingestRun = false;
        if (m_takingReplays == 0) // else what waits is for them
            unanswered = m_ingest.abandon();
        if (why.code == Error::Code::Cancelled)
            why = m_replays > 0 ? busyReplaying() : engineStopped();
    }
    for (const auto &answer : unanswered)
        answer(why);
}

} // namespace eventops
