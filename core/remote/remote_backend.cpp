// SPDX-License-Identifier: MIT
#include "core/remote/remote_backend.h"

#include "core/remote/remote_link.h"
#include "core/session/output_file.h"
#include "core/wire/calls.h"
#include "core/wire/session_forms.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QThread>

#include <condition_variable>

namespace eventops::remote {

struct RemoteBackend::Parts {
    std::unique_ptr<QCoreApplication> application; ///< Event loops want one; goes last.
    QThread thread;
    RemoteLink *link = nullptr; ///< Goes with its thread.

    void post(std::shared_ptr<RemoteCall> call) const
    {
        QMetaObject::invokeMethod(
            link, [to = link, call = std::move(call)]() mutable { to->post(std::move(call)); }, Qt::QueuedConnection);
    }

    template <auto Method, typename... Given>
    static std::shared_ptr<RemoteCall> make(OnBreak onBreak, const Given &...arguments)
    {
        static_assert(std::is_same_v<typename wire::SignatureOf<Method>::Arguments, std::tuple<Given...>>);
        constexpr std::uint8_t number = wire::Calls::number<Method>();
        static_assert(number < wire::Calls::count);
        const auto call = std::make_shared<RemoteCall>();
        call->onBreak = onBreak;
        wire::Writer out;
        out(number, arguments...);
        call->body = out.take();
        return call;
    }
    template <typename Page>
    static void givePages(RemoteCall &call, std::function<void(Page)> page)
    {
        call.page = [page = std::move(page)](std::string_view body) -> Status {
            Page read = EVENTOPS_TRY(wire::decode<Page>(body));
            if (page)
                page(std::move(read));
            return Ok{};
        };
    }
    template <typename T>
    static Result<T> readAnswer(const Result<std::string_view> &body)
    {
        if (!body)
            return body.error();
        wire::Reader in(body.value());
        bool isGood = false;
        in(isGood);
        if (isGood && !in.failed()) {
            T value{};
            in(value);
            EVENTOPS_TRY(in.finish());
            return value;
        }
        Error error;
        in(error);
        EVENTOPS_TRY(in.finish());
        return error;
    }
    template <typename T>
    static void giveAnswer(RemoteCall &call, Done<T> done)
    {
        call.done = [done = std::move(done)](const Result<std::string_view> &body) {
            done(readAnswer<T>(body));
        };
    }

    template <auto Method, typename... Arguments, typename T>
    Ticket ask(OnBreak onBreak, Done<T> done, const Arguments &...arguments) const
    {
        const auto call = make<Method>(onBreak, arguments...);
        giveAnswer<T>(*call, std::move(done));
        post(call);
        return call->ticket;
    }
    template <auto Method, typename Page, typename T, typename... Arguments>
    Ticket askPages(OnBreak onBreak, std::function<void(Page)> page, Done<T> done, const Arguments &...arguments) const
    {
        const auto call = make<Method>(onBreak, arguments...);
        givePages<Page>(*call, std::move(page));
        giveAnswer<T>(*call, std::move(done));
        post(call);
        return call->ticket;
    }
};

RemoteBackend::RemoteBackend(RemoteOptions options) : m_parts(std::make_unique<Parts>())
{
    if (QCoreApplication::instance() == nullptr) {
        static int count = 1;
        static char name[] = "eventops";
        static char *arguments[] = {name, nullptr};
        m_parts->application = std::make_unique<QCoreApplication>(count, arguments);
    }
    m_parts->link = new RemoteLink(std::move(options));
    m_parts->link->moveToThread(&m_parts->thread);
    QObject::connect(&m_parts->thread, &QThread::finished, m_parts->link, &QObject::deleteLater);
    m_parts->thread.setObjectName(QStringLiteral("remote"));
    m_parts->thread.start();
    QMetaObject::invokeMethod(
        m_parts->link, [link = m_parts->link] { link->connectNow(); }, Qt::QueuedConnection);
}

RemoteBackend::~RemoteBackend()
{
    // Behind all that was posted before: nothing is dropped without a word.
    QMetaObject::invokeMethod(
        m_parts->link, [link = m_parts->link] { link->end(); }, Qt::BlockingQueuedConnection);
    m_parts->thread.quit();
    m_parts->thread.wait();
}

Result<std::unique_ptr<RemoteBackend>> RemoteBackend::attach(RemoteOptions options)
{
    struct Wait {
        std::mutex mutex;
        std::condition_variable changed;
        std::optional<ConnectionState> state;
    };
    const auto wait = std::make_shared<Wait>();
    options.changed = [wait, told = std::move(options.changed)](const ConnectionState &state) {
        {
            const std::lock_guard lock(wait->mutex);
            wait->state = state;
        }
        wait->changed.notify_all();
        if (told)
            told(state);
    };
    auto backend = std::make_unique<RemoteBackend>(std::move(options));
    std::unique_lock lock(wait->mutex);
    wait->changed.wait(lock, [&] { return wait->state.has_value(); });
    if (wait->state->phase != ConnectionState::Phase::Attached)
        return wait->state->error;
    return backend;
}

ConnectionState RemoteBackend::state() const
{
    return m_parts->link->state();
}

void RemoteBackend::retryNow()
{
    QMetaObject::invokeMethod(
        m_parts->link, [link = m_parts->link] { link->retryNow(); }, Qt::QueuedConnection);
}

Ticket RemoteBackend::events(const Caller &, const Query &query, std::function<void(EventPage)> page, Done<Ok> done)
{
    return m_parts->askPages<&Backend::events>(OnBreak::AskAgain, std::move(page), std::move(done), query);
}

Ticket RemoteBackend::aggregate(const Caller &, const std::string &filter, const AggregateQuery &query,
                                Done<std::vector<AggregateRow>> done)
{
    return m_parts->ask<&Backend::aggregate>(OnBreak::AskAgain, std::move(done), filter, query);
}

Ticket RemoteBackend::findings(const Caller &, const Query &query, OnPage<Finding> page, Done<Ok> done)
{
    return m_parts->askPages<&Backend::findings>(OnBreak::AskAgain, std::move(page), std::move(done), query);
}

Ticket RemoteBackend::entities(const Caller &, const Query &query, OnPage<Entity> page, Done<Ok> done)
{
    return m_parts->askPages<&Backend::entities>(OnBreak::AskAgain, std::move(page), std::move(done), query);
}

Ticket RemoteBackend::links(const Caller &, const Query &query, OnPage<Link> page, Done<Ok> done)
{
    return m_parts->askPages<&Backend::links>(OnBreak::AskAgain, std::move(page), std::move(done), query);
}

Ticket RemoteBackend::actions(const Caller &, const Query &query, OnPage<Action> page, Done<Ok> done)
{
    return m_parts->askPages<&Backend::actions>(OnBreak::AskAgain, std::move(page), std::move(done), query);
}

Ticket RemoteBackend::expectations(const Caller &, Done<std::vector<CaseExpectation>> done)
{
    return m_parts->ask<&Backend::expectations>(OnBreak::AskAgain, std::move(done));
}

Ticket RemoteBackend::judgement(const Caller &, Done<JudgementView> done)
{
    return m_parts->ask<&Backend::judgement>(OnBreak::AskAgain, std::move(done));
}

Ticket RemoteBackend::stepMachines(const Caller &, Done<std::vector<StepMachine>> done)
{
    return m_parts->ask<&Backend::stepMachines>(OnBreak::AskAgain, std::move(done));
}

Ticket RemoteBackend::deadLetters(const Caller &, std::uint64_t rowsMax, OnPage<DeadLetterRow> page, Done<Ok> done)
{
    return m_parts->askPages<&Backend::deadLetters>(OnBreak::AskAgain, std::move(page), std::move(done), rowsMax);
}

Ticket RemoteBackend::audit(const Caller &, std::uint64_t rowsMax, OnPage<AuditRow> page, Done<Ok> done)
{
    return m_parts->askPages<&Backend::audit>(OnBreak::AskAgain, std::move(page), std::move(done), rowsMax);
}

Ticket RemoteBackend::eventRange(const Caller &, const EventRange &range, Done<EventPage> done)
{
    return m_parts->ask<&Backend::eventRange>(OnBreak::AskAgain, std::move(done), range);
}

Ticket RemoteBackend::eventColumns(const Caller &, const EventColumnsRequest &request,
                                   std::function<void(EventColumns)> page, Done<Ok> done)
{
    return m_parts->askPages<&Backend::eventColumns>(OnBreak::AskAgain, std::move(page), std::move(done), request);
}

Ticket RemoteBackend::story(const Caller &, const std::string &eventId, Done<EventStory> done)
{
    return m_parts->ask<&Backend::story>(OnBreak::AskAgain, std::move(done), eventId);
}

Ticket RemoteBackend::health(const Caller &, Done<Health> done)
{
    return m_parts->ask<&Backend::health>(OnBreak::AskAgain, std::move(done));
}

Ticket RemoteBackend::subscribe(const Caller &, std::function<void(Change)> changed)
{
    const auto call = Parts::make<&Backend::subscribe>(OnBreak::Subscribe);
    Parts::givePages<Change>(*call, [link = m_parts->link, changed = std::move(changed)](Change change) {
        change.revision = link->revisionOf(change.revision);
        changed(change);
    });
    m_parts->post(call);
    return call->ticket;
}

Ticket RemoteBackend::summary(const Caller &, bool withDigest, Done<WorkspaceSummary> done)
{
    return m_parts->ask<&Backend::summary>(OnBreak::AskAgain, std::move(done), withDigest);
}

Ticket RemoteBackend::verifyAudit(const Caller &, Done<std::uint64_t> done)
{
    return m_parts->ask<&Backend::verifyAudit>(OnBreak::AskAgain, std::move(done));
}

Ticket RemoteBackend::replay(const Caller &, const ReplayRequest &request, std::function<void(RunProgress)> progress,
                             Done<WorkspaceSummary> done)
{
    ReplayRequest sent = request;
    if (sent.playback != nullptr) {
        done(Error{Error::Code::InvalidArgument,
                   "a past cannot be played on an engine elsewhere",
                   {},
                   "export a capture, and play it in a workspace of this machine"});
        return {};
    }
    return m_parts->askPages<&Backend::replay>(OnBreak::Tell, std::move(progress), std::move(done), sent);
}

Ticket RemoteBackend::decisionDiff(const Caller &, const RerunQuery &query, std::function<void(RerunProgress)> progress,
                                   Done<DecisionDiff> done)
{
    return m_parts->askPages<&Backend::decisionDiff>(OnBreak::AskAgain, std::move(progress), std::move(done), query);
}

Ticket RemoteBackend::checkHistory(const Caller &, std::function<void(RerunProgress)> progress, Done<RerunCheck> done)
{
    return m_parts->askPages<&Backend::checkHistory>(OnBreak::AskAgain, std::move(progress), std::move(done));
}

Ticket RemoteBackend::promote(const Caller &, const std::string &findingId, const std::string &folder,
                              Done<Promotion> done)
{
    return m_parts->ask<&Backend::promote>(OnBreak::Tell, std::move(done), findingId, folder);
}

Ticket RemoteBackend::decide(const Caller &, const Decision &decision, bool wait, Done<DecisionOutcome> done)
{
    return m_parts->ask<&Backend::decide>(OnBreak::Tell, std::move(done), decision, wait);
}

Ticket RemoteBackend::graph(const Caller &, const GraphRequest &request, Done<GraphAnswer> done)
{
    return m_parts->ask<&Backend::graph>(OnBreak::AskAgain, std::move(done), request);
}

Ticket RemoteBackend::causes(const Caller &, const std::string &findingId, Done<std::vector<LikelyCause>> done)
{
    return m_parts->ask<&Backend::causes>(OnBreak::AskAgain, std::move(done), findingId);
}

Ticket RemoteBackend::giveFeedback(const Caller &, const FeedbackRequest &request, Done<Ok> done)
{
    return m_parts->ask<&Backend::giveFeedback>(OnBreak::Tell, std::move(done), request);
}

Ticket RemoteBackend::ingest(const Caller &, IngestRequest request, Done<IngestOutcome> done)
{
    return m_parts->ask<&Backend::ingest>(OnBreak::Tell, std::move(done), std::move(request));
}

Ticket RemoteBackend::redrive(const Caller &, std::int64_t deadLetter, const std::string &format, Done<Ok> done)
{
    return m_parts->ask<&Backend::redrive>(OnBreak::Tell, std::move(done), deadLetter, format);
}

/// The engine makes the file and sends it; here it is there whole or not at all.
Ticket RemoteBackend::exportCapture(const Caller &, const ExportRequest &request,
                                    std::function<void(ExportProgress)> progress, Done<ExportProgress> done)
{
    auto made = OutputFile::make(request.path, request.overwrite);
    if (!made) {
        done(made.error());
        return {};
    }
    const auto file = std::make_shared<std::unique_ptr<OutputFile>>(std::move(made).value());
    ExportRequest sent = request;
    sent.path.clear();
    sent.overwrite = false;
    const auto call = Parts::make<&Backend::exportCapture>(OnBreak::Tell, sent);
    Parts::givePages<ExportProgress>(*call, std::move(progress));
    call->filePart = [file](std::string_view bytes) { return (*file)->write(bytes); };
    const Ticket ticket = call->ticket;
    Parts::giveAnswer<ExportProgress>(*call, [file, ticket, done = std::move(done)](Result<ExportProgress> result) {
        if (result && (*file)->bytes() != result.value().bytes) // parts that came after a cancel are not taken
            result = ticket.cancelled() ? Error{Error::Code::Cancelled, "the call was cancelled"}
                                        : Error{Error::Code::Io, "the file did not come whole", {}, "export it again"};
        const Status written = result ? (*file)->commit() : Status(Ok{});
        file->reset(); // what is not whole is gone before anybody hears of it
        done(written ? std::move(result) : Result<ExportProgress>(written.error()));
    });
    m_parts->post(call);
    return call->ticket;
}

Ticket RemoteBackend::sql(const Caller &, const SqlRequest &request, std::function<void(SqlPage)> page,
                          Done<SqlOutcome> done)
{
    return m_parts->askPages<&Backend::sql>(OnBreak::AskAgain, std::move(page), std::move(done), request);
}

Ticket RemoteBackend::sqlTables(const Caller &, SqlPlace place, Done<std::vector<SqlTable>> done)
{
    return m_parts->ask<&Backend::sqlTables>(OnBreak::AskAgain, std::move(done), place);
}

Ticket RemoteBackend::retention(const Caller &, bool run, Done<RetentionReport> done)
{
    return m_parts->ask<&Backend::retention>(run ? OnBreak::Tell : OnBreak::AskAgain, std::move(done), run);
}

Ticket RemoteBackend::backup(const Caller &, const BackupRequest &request, std::function<void(BackupProgress)> progress,
                             Done<BackupOutcome> done)
{
    return m_parts->askPages<&Backend::backup>(OnBreak::Tell, std::move(progress), std::move(done), request);
}

Ticket RemoteBackend::doctor(const Caller &, bool full, Done<std::vector<DoctorCheck>> done)
{
    return m_parts->ask<&Backend::doctor>(OnBreak::AskAgain, std::move(done), full);
}

} // namespace eventops::remote
