// SPDX-License-Identifier: MIT
#include "core/base/clock.h"
#include "core/kafka/kafka_client.h"
#include "core/remote/kafka_parts.h"
#include "core/session/guarded_backend.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>

namespace eventops::remote {
namespace {

constexpr std::chrono::seconds ConnectWait{10};
constexpr std::string_view AdoptingStage = "\"adopt_findings\""; ///< What reads topics has it, and no engine.

Error onlyLooks(const char *what)
{
    return Error{Error::Code::Refused,
                 std::string("topics let nobody ") + what,
                 {},
                 "do it where the engine is, or attach the engine itself: eventops-console --attach HOST:8088"};
}

Error notCarried(const char *what)
{
    return Error{Error::Code::Refused,
                 std::string("topics do not carry ") + what,
                 {},
                 "attach the engine itself to see it: eventops-console --attach HOST:8088"};
}

template <typename T>
Ticket refuse(const Done<T> &done, Error error)
{
    done(std::move(error));
    return {};
}

} // namespace

Result<std::unique_ptr<PrivateDirectory>> PrivateDirectory::make()
{
    std::error_code failed;
    const std::filesystem::path parent = std::filesystem::temp_directory_path(failed);
    std::string path = (failed ? std::filesystem::path("/tmp") : parent) / "eventops-topics-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr)
        return Error{Error::Code::Io,
                     std::string("cannot make a directory for what is read: ") + std::strerror(errno),
                     {path, 0, 0},
                     "set TMPDIR to a directory that this user may write to, or name one to keep it in"};
    return std::unique_ptr<PrivateDirectory>(new PrivateDirectory(std::move(path)));
}

PrivateDirectory::~PrivateDirectory()
{
    std::error_code failed;
    std::filesystem::remove_all(m_path, failed);
}

KafkaBackend::Parts::~Parts()
{
    {
        const std::lock_guard lock(mutex);
        stop = true;
        reading.cancel();
    }
    wake.notify_all();
    if (thread.joinable())
        thread.join();
}

/// There is a ledger from now on, empty at first, so that every question has an answer.
Status KafkaBackend::Parts::prepare()
{
    directory = options.directory;
    if (directory.empty()) {
        own = EVENTOPS_TRY(PrivateDirectory::make());
        directory = own->path();
    }
    const Workspace workspace = EVENTOPS_TRY(Workspace::open(directory));
    const auto known = workspace.readPipeline();
    if (known && known.value().find(AdoptingStage) == std::string::npos)
        return Error{Error::Code::Refused,
                     "this is the workspace of an engine, which topics must not be read into",
                     {directory, 0, 0},
                     "name a directory of its own"};
    EVENTOPS_TRY(Ledger::open(directory, LedgerMode::Decide, {}));
    inner = std::make_unique<LocalBackend>(workspace, options.local);
    if (!options.secret.empty())
        decisions = std::make_unique<DecisionSender>(
            DecisionSender::Options{options.address, options.secret, directory, options.decideWithin});
    return Ok{};
}

/// The pipeline for what is there.
Result<std::string> KafkaBackend::Parts::findTopics()
{
    const KafkaSettings settings = EVENTOPS_TRY(options.address.settings());
    const auto client = EVENTOPS_TRY(KafkaClient::openConsumer(settings, {}));
    std::vector<std::string> known;
    for (const auto &[topic, partitions] : EVENTOPS_TRY(client->topics(ConnectWait)))
        known.push_back(topic);
    const auto topics = EVENTOPS_TRY(topicsToAttach(known, options.address.topics, settings.brokers));
    return attachPipeline(options.address, topics, options.follow);
}

void KafkaBackend::Parts::tell(ConnectionState state)
{
    {
        const std::lock_guard lock(mutex);
        if (now.phase == ConnectionState::Phase::Attached && state.phase != ConnectionState::Phase::Attached)
            now.lastSeen = SystemClock().now();
        state.lastSeen = now.lastSeen;
        state.caller = {options.user, options.secret.empty() ? Role::Operator : Role::Approver, {}};
        attached = attached || state.phase == ConnectionState::Phase::Attached;
        now = state;
    }
    wake.notify_all();
    if (options.changed)
        options.changed(state);
}

/// A broker that is away is the source's to wait for; that it is, is ours to tell.
void KafkaBackend::Parts::heard(const RunProgress &progress)
{
    using Phase = ConnectionState::Phase;
    Phase phase;
    {
        const std::lock_guard lock(mutex);
        phase = now.phase;
    }
    const bool away = !progress.trouble.empty();
    if (away && phase != Phase::Waiting)
        tell({.phase = Phase::Waiting, .error = Error{Error::Code::Unavailable, progress.trouble}});
    else if (!away && phase != Phase::Attached)
        tell({.phase = Phase::Attached});
}

Status KafkaBackend::Parts::readTopics(const std::string &pipeline)
{
    ReplayRequest request;
    request.pipelineText = pipeline;
    request.pipelineName = options.address.shown();
    std::promise<Result<WorkspaceSummary>> promise;
    auto future = promise.get_future();
    {
        const std::lock_guard lock(mutex);
        if (stop)
            return Error{Error::Code::Cancelled, "ended"};
        reading = inner->replay(
            {options.user, Role::Admin, {}}, request, [this](const RunProgress &progress) { heard(progress); },
            [&promise](Result<WorkspaceSummary> outcome) { promise.set_value(std::move(outcome)); });
    }
    const auto outcome = future.get();
    return outcome ? Status(Ok{}) : Status(outcome.error());
}

/// False: the back end ends.
bool KafkaBackend::Parts::waitToRetry(std::chrono::milliseconds time)
{
    std::unique_lock lock(mutex);
    wake.wait_for(lock, time, [this] { return stop || retry; });
    retry = false;
    return !stop;
}

void KafkaBackend::Parts::work()
{
    using Phase = ConnectionState::Phase;
    auto pause = options.retryMin;
    for (;;) {
        const auto pipeline = findTopics();
        Status outcome = pipeline ? Status(Ok{}) : Status(pipeline.error());
        if (pipeline) {
            tell({.phase = Phase::Attached});
            pause = options.retryMin;
            outcome = readTopics(pipeline.value());
        }
        {
            const std::lock_guard lock(mutex);
            if (stop || !options.follow)
                ended = outcome;
            if (stop)
                return;
        }
        wake.notify_all();
        if (!options.follow && outcome)
            return;
        if (outcome)
            outcome = Error{Error::Code::Unavailable, "reading the topics ended"};
        bool first;
        {
            const std::lock_guard lock(mutex);
            first = !attached;
        }
        if (first || !options.follow)
            return tell({.phase = Phase::Failed, .error = outcome.error()});
        tell({.phase = Phase::Waiting, .error = outcome.error(), .retryIn = pause});
        if (!waitToRetry(pause))
            return;
        pause = std::min(pause * 2, options.retryMax);
    }
}

KafkaBackend::KafkaBackend(KafkaAttachOptions options) : m_parts(std::make_unique<Parts>(std::move(options)))
{
    Parts &parts = *m_parts;
    const Status prepared = parts.prepare();
    if (!prepared && parts.inner == nullptr) // nothing to ask, but everybody may
        parts.inner = std::make_unique<LocalBackend>(Workspace{parts.directory}, parts.options.local);
    if (!prepared)
        parts.tell({.phase = ConnectionState::Phase::Failed, .error = prepared.error()});
    else
        parts.thread = std::thread([&parts] { parts.work(); });
}

KafkaBackend::~KafkaBackend() = default;

Result<std::unique_ptr<KafkaBackend>> KafkaBackend::attach(KafkaAttachOptions options)
{
    auto backend = std::make_unique<KafkaBackend>(std::move(options));
    Parts &parts = *backend->m_parts;
    std::unique_lock lock(parts.mutex);
    parts.wake.wait(lock, [&] { return parts.now.phase != ConnectionState::Phase::Connecting; });
    if (parts.now.phase == ConnectionState::Phase::Failed)
        return parts.now.error;
    return backend;
}

ConnectionState KafkaBackend::state() const
{
    const std::lock_guard lock(m_parts->mutex);
    return m_parts->now;
}

void KafkaBackend::retryNow()
{
    {
        const std::lock_guard lock(m_parts->mutex);
        m_parts->retry = m_parts->now.phase == ConnectionState::Phase::Waiting;
    }
    m_parts->wake.notify_all();
}

bool KafkaBackend::mayDecide() const
{
    return !m_parts->options.secret.empty();
}

Status KafkaBackend::waitForEnd(const std::atomic<bool> &stopped)
{
    constexpr std::chrono::milliseconds LookEvery{50};
    std::unique_lock lock(m_parts->mutex);
    while (!m_parts->ended && m_parts->now.phase != ConnectionState::Phase::Failed) {
        if (stopped)
            return Error{Error::Code::Cancelled, "stopped before all of the topics was read"};
        m_parts->wake.wait_for(lock, LookEvery);
    }
    return m_parts->ended ? *m_parts->ended : Status(m_parts->now.error);
}

// What no topic carries.

Ticket KafkaBackend::expectations(const Caller &, Done<std::vector<CaseExpectation>> done)
{
    return refuse(done, notCarried("what is expected next"));
}

Ticket KafkaBackend::judgement(const Caller &, Done<JudgementView> done)
{
    return refuse(done, notCarried("the budget of findings"));
}

Ticket KafkaBackend::stepMachines(const Caller &, Done<std::vector<StepMachine>> done)
{
    return refuse(done, notCarried("what was learned of steps"));
}

Ticket KafkaBackend::verifyAudit(const Caller &, Done<std::uint64_t> done)
{
    return refuse(done, notCarried("the engine's chain of the audit"));
}

Ticket KafkaBackend::checkHistory(const Caller &, std::function<void(RerunProgress)>, Done<RerunCheck> done)
{
    return refuse(done, notCarried("the engine's history"));
}

Ticket KafkaBackend::decisionDiff(const Caller &, const RerunQuery &, std::function<void(RerunProgress)>,
                                  Done<DecisionDiff> done)
{
    return refuse(done, notCarried("the history that the engine decided on"));
}

Ticket KafkaBackend::promote(const Caller &, const std::string &, const std::string &, Done<Promotion> done)
{
    return refuse(done, notCarried("the records behind a finding"));
}

// What would change the engine.

Ticket KafkaBackend::replay(const Caller &, const ReplayRequest &, std::function<void(RunProgress)>,
                            Done<WorkspaceSummary> done)
{
    return refuse(done, onlyLooks("read captures in"));
}

Ticket KafkaBackend::ingest(const Caller &, IngestRequest, Done<IngestOutcome> done)
{
    return refuse(done, onlyLooks("hand events in"));
}

Ticket KafkaBackend::redrive(const Caller &, std::int64_t, const std::string &, Done<Ok> done)
{
    return refuse(done, onlyLooks("redrive dead letters"));
}

Ticket KafkaBackend::giveFeedback(const Caller &, const FeedbackRequest &, Done<Ok> done)
{
    return refuse(done, onlyLooks("judge findings"));
}

Ticket KafkaBackend::retention(const Caller &caller, bool run, Done<RetentionReport> done)
{
    if (run)
        return refuse(done, onlyLooks("drop what is due"));
    return m_parts->inner->retention(caller, false, std::move(done));
}

Ticket KafkaBackend::decide(const Caller &caller, const Decision &decision, bool wait, Done<DecisionOutcome> done)
{
    if (m_parts->decisions == nullptr)
        return refuse(done,
                      Error{Error::Code::Refused,
                            "this console may only look: it holds no token to sign decisions with",
                            {},
                            "name the file with it: --token-file FILE; see eventops kafka decider on the engine's "
                            "machine"});
    if (caller.role < Role::Approver)
        return refuse(done, Error{Error::Code::Refused, caller.user + " has no role that may decide"});
    return m_parts->decisions->decide(decision, wait, std::move(done));
}

} // namespace eventops::remote
