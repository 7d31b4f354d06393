// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/session/guarded_backend.h"
#include "tests/unit/remote/remote_fixture.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>

#include <csignal>

using namespace eventops;
using namespace eventops::test;
using remote::ConnectionState;
using remote::RemoteBackend;

/// A back end elsewhere answers as the one it stands for, call by call.
class TestRemoteBackend : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { std::signal(SIGPIPE, SIG_IGN); }
    void initTestCase();
    void everyCallIsAnsweredAsByTheEngineItself();
    void whatATokenMayNotIsRefusedInTheSameWords();
    void aStoryAndItsCausesCrossWhole();
    void manyQuestionsAtOnceGetTheirOwnAnswers();
    void moreThanTheEngineBearsAreToldSo();
    void aCancelledQuestionEndsWithCancelled();
    void aDecisionCrossesOnceAndItsChangeIsHeard();
    void anExportComesToTheConsolesMachine();
    void anExportDoesNotOverwriteUnasked();
    void readOnlyRefusesWhatChangesAndLetsLook();
    void aServedReadOnlyEngineRefusesEverybody();
    void theEndOfABackEndEndsEveryCall();
    void pagesOfLargeRecordsAreCut();

private:
    std::unique_ptr<ServedWorkspace> m_served;
    const Caller m_admin{"admin", Role::Admin, {}};
};

void TestRemoteBackend::initTestCase()
{
    m_served = std::make_unique<ServedWorkspace>();
    QCOMPARE(m_served->failure(), std::string());
}

void TestRemoteBackend::everyCallIsAnsweredAsByTheEngineItself()
{
    auto attached = RemoteBackend::attach(remoteOptions(m_served->port()));
    QVERIFY2(attached, attached ? "" : attached.error().text().c_str());
    QCOMPARE(attached.value()->state().caller.user, std::string("admin"));
    QVERIFY(attached.value()->state().caller.role == Role::Admin);
    const auto here = askEverything(m_served->backend(), m_admin);
    const auto there = askEverything(*attached.value(), {"somebody", Role::Viewer, {"nobody"}}); // the token says who
    QCOMPARE(there.size(), here.size());
    for (const auto &[name, asked] : here) {
        const Asked &other = there.at(name);
        QVERIFY2(asked.ordered && other.ordered, name.c_str());
        QVERIFY2(asked.pages == other.pages, name.c_str());
        QVERIFY2(asked.answer == other.answer, (name + ": " + asked.answer + " / " + other.answer).c_str());
    }
    for (const char *name :
         {"events oldest", "findings oldest", "actions oldest", "entities", "audit", "columns", "sql"})
        QVERIFY2(!here.at(name).pages.empty(), name); // there is something to compare
}

void TestRemoteBackend::whatATokenMayNotIsRefusedInTheSameWords()
{
    GuardedBackend guard(m_served->backend());
    for (const auto &[token, caller] : {std::pair<const char *, Caller>{"viewer", {"viewer", Role::Viewer, {}}},
                                        {"other", {"other", Role::Admin, {"nobody"}}},
                                        {"acme", {"acme", Role::Approver, {"acme"}}}}) {
        auto attached = RemoteBackend::attach(remoteOptions(m_served->port(), token));
        QVERIFY(attached);
        const auto here = askEverything(guard, caller), there = askEverything(*attached.value(), caller);
        for (const auto &[name, asked] : here)
            QVERIFY2(asked == there.at(name), (std::string(token) + ": " + name).c_str());
    }
}

void TestRemoteBackend::aStoryAndItsCausesCrossWhole()
{
    auto attached = RemoteBackend::attach(remoteOptions(m_served->port()));
    QVERIFY(attached);
    std::string event, finding;
    (void)waitFor<Ok>([&](Done<Ok> done) {
        return m_served->backend().events(
            m_admin, {"", 1, true},
            [&](const EventPage &page) { event = page.batch.text(page.batch.events[page.rows[0]], Field::EventId); },
            std::move(done));
    });
    (void)waitFor<Ok>([&](Done<Ok> done) {
        return m_served->backend().findings(
            m_admin, {"", 1, true}, [&](const std::vector<Finding> &page) { finding = page.front().id; },
            std::move(done));
    });
    QVERIFY(!event.empty() && !finding.empty());
    for (const std::string &id : {event, std::string("nobody")}) {
        const auto here = askOnce<EventStory>([&](auto done) { m_served->backend().story(m_admin, id, done); });
        const auto there = askOnce<EventStory>([&](auto done) { attached.value()->story(m_admin, id, done); });
        QVERIFY2(here == there, id.c_str());
    }
    using Causes = std::vector<LikelyCause>;
    const auto here = askOnce<Causes>([&](auto done) { m_served->backend().causes(m_admin, finding, done); });
    const auto there = askOnce<Causes>([&](auto done) { attached.value()->causes(m_admin, finding, done); });
    QVERIFY(here == there);
}

void TestRemoteBackend::manyQuestionsAtOnceGetTheirOwnAnswers()
{
    auto attached = RemoteBackend::attach(remoteOptions(m_served->port()));
    QVERIFY(attached);
    constexpr std::uint32_t Questions = 48;
    std::vector<std::promise<Result<EventPage>>> promises(Questions);
    for (std::uint32_t i = 0; i < Questions; ++i)
        attached.value()->eventRange(m_admin, {i % 7, 1 + i % 3}, [&promises, i](Result<EventPage> page) {
            promises[i].set_value(std::move(page));
        });
    for (std::uint32_t i = 0; i < Questions; ++i) {
        const auto page = promises[i].get_future().get();
        QVERIFY(page);
        QCOMPARE(page.value().places.front(), std::uint64_t{i % 7});
        QCOMPARE(page.value().rows.size(), std::size_t{1 + i % 3});
    }
}

void TestRemoteBackend::moreThanTheEngineBearsAreToldSo()
{
    std::atomic<std::size_t> heard{0}; // before the backend, whose callbacks end with it
    auto attached = RemoteBackend::attach(remoteOptions(m_served->port()));
    QVERIFY(attached);
    constexpr std::size_t Subscriptions = 64; // as many calls as a connection may have at once
    std::vector<Ticket> tickets;
    std::vector<std::shared_ptr<std::atomic<bool>>> told;
    for (std::size_t i = 0; i < Subscriptions; ++i) {
        const auto first = told.emplace_back(std::make_shared<std::atomic<bool>>(false));
        tickets.push_back(attached.value()->subscribe(m_admin, [first, &heard](const Change &) {
            if (!first->exchange(true))
                ++heard;
        }));
    }
    QTRY_COMPARE(heard.load(), Subscriptions);
    const auto health = waitFor<Health>([&](auto done) { return attached.value()->health(m_admin, done); });
    QVERIFY(!health);
    QCOMPARE(health.error().code, Error::Code::Busy);
}

void TestRemoteBackend::aCancelledQuestionEndsWithCancelled()
{
    auto attached = RemoteBackend::attach(remoteOptions(m_served->port()));
    QVERIFY(attached);
    Ticket ticket;
    const auto result = waitFor<Ok>([&](Done<Ok> done) {
        ticket = attached.value()->events(
            m_admin, {"", UINT64_MAX, true}, [](const EventPage &) {}, std::move(done));
        ticket.cancel();
        return ticket;
    });
    // It may have been quicker than the word that it is not wanted.
    QVERIFY(result || result.error().code == Error::Code::Cancelled);
}

void TestRemoteBackend::aDecisionCrossesOnceAndItsChangeIsHeard()
{
    ServedWorkspace served; // of its own: it changes
    std::atomic<int> changes{0}; // before the backend, whose callbacks end with it
    auto attached = RemoteBackend::attach(remoteOptions(served.port(), "approver"));
    QVERIFY(attached);
    Backend &backend = *attached.value();
    const Caller caller = attached.value()->state().caller;
    std::vector<Action> actions;
    (void)waitFor<Ok>([&](Done<Ok> done) {
        return backend.actions(
            caller, {"state = proposed", 10, true},
            [&](std::vector<Action> page) { actions.insert(actions.end(), page.begin(), page.end()); },
            std::move(done));
    });
    QVERIFY(!actions.empty());
    backend.subscribe(caller, [&](const Change &) { ++changes; });
    QTRY_VERIFY(changes > 0);
    const int before = changes;
    Decision decision{actions[0].displayId(), DecisionKind::Reject, "somebody else", "not now"};
    const auto decide = [&] {
        return waitFor<DecisionOutcome>([&](auto done) { return backend.decide(caller, decision, false, done); });
    };
    const auto forged = decide();
    QVERIFY(!forged);
    QCOMPARE(forged.error().code, Error::Code::Refused);
    decision.user = caller.user;
    const auto decided = decide();
    QVERIFY2(decided, decided ? "" : decided.error().text().c_str());
    QVERIFY(decided.value().action.state == ActionState::Rejected);
    QCOMPARE(decided.value().action.approver, std::string("approver"));
    const auto again = decide();
    QVERIFY(!again);
    QTRY_VERIFY(changes > before);
}

void TestRemoteBackend::anExportComesToTheConsolesMachine()
{
    auto attached = RemoteBackend::attach(remoteOptions(m_served->port()));
    QVERIFY(attached);
    QTemporaryDir folder;
    ExportRequest request;
    request.form = ExportForm::Capture;
    std::vector<QByteArray> files;
    for (Backend *backend :
         {static_cast<Backend *>(&m_served->backend()), static_cast<Backend *>(&*attached.value())}) {
        request.path = folder.filePath(QString::number(files.size())).toStdString();
        const auto done = waitFor<ExportProgress>([&](auto told) {
            return backend->exportCapture(
                m_admin, request, [](const ExportProgress &) {}, told);
        });
        QVERIFY2(done, done ? "" : done.error().text().c_str());
        QFile file(QString::fromStdString(request.path));
        QVERIFY(file.open(QIODevice::ReadOnly));
        files.push_back(file.readAll());
        QCOMPARE(static_cast<std::uint64_t>(files.back().size()), done.value().bytes);
    }
    QVERIFY(!files[0].isEmpty());
    QCOMPARE(files[1], files[0]);
}

void TestRemoteBackend::anExportDoesNotOverwriteUnasked()
{
    auto attached = RemoteBackend::attach(remoteOptions(m_served->port()));
    QVERIFY(attached);
    QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("there")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("mine");
    file.close();
    ExportRequest request;
    request.form = ExportForm::Csv;
    request.path = file.fileName().toStdString();
    const auto refused =
        waitFor<ExportProgress>([&](auto done) { return attached.value()->exportCapture(m_admin, request, {}, done); });
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, Error::Code::Refused);
    request.filter = "no such field = 1"; // refused by the engine: nothing is left behind
    request.overwrite = true;
    const auto wrong =
        waitFor<ExportProgress>([&](auto done) { return attached.value()->exportCapture(m_admin, request, {}, done); });
    QVERIFY(!wrong);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), QByteArray("mine"));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 1);
}

void TestRemoteBackend::readOnlyRefusesWhatChangesAndLetsLook()
{
    auto attached = RemoteBackend::attach(remoteOptions(m_served->port()));
    QVERIFY(attached);
    GuardedBackend guard(std::move(attached).value(), GuardMode::ReadOnly);
    const auto refusedOf = [&](auto result) {
        return !result && result.error().code == Error::Code::Refused
               && result.error().message.find("read-only") != std::string::npos;
    };
    QVERIFY(refusedOf(waitFor<DecisionOutcome>([&](auto done) {
        return guard.decide(m_admin, {"x.1", DecisionKind::Approve, "admin", "r"}, false, done);
    })));
    QVERIFY(refusedOf(waitFor<Ok>([&](auto done) { return guard.giveFeedback(m_admin, {}, done); })));
    QVERIFY(refusedOf(waitFor<Ok>([&](auto done) { return guard.redrive(m_admin, 1, "auto", done); })));
    QVERIFY(refusedOf(waitFor<WorkspaceSummary>([&](auto done) { return guard.replay(m_admin, {}, {}, done); })));
    QVERIFY(refusedOf(waitFor<RetentionReport>([&](auto done) { return guard.retention(m_admin, true, done); })));
    QVERIFY(refusedOf(waitFor<BackupOutcome>([&](auto done) { return guard.backup(m_admin, {}, {}, done); })));
    QVERIFY(refusedOf(waitFor<Promotion>([&](auto done) { return guard.promote(m_admin, "x", "y", done); })));
    QVERIFY(waitFor<RetentionReport>([&](auto done) { return guard.retention(m_admin, false, done); }));
    QVERIFY(waitFor<Health>([&](auto done) { return guard.health(m_admin, done); }));
    QVERIFY(waitFor<SqlOutcome>([&](auto done) {
        return guard.sql(
            m_admin, {"select 1"}, [](const SqlPage &) {}, done);
    }));
}

void TestRemoteBackend::aServedReadOnlyEngineRefusesEverybody()
{
    LocalWorkspace workspace;
    const auto local = workspace.backend();
    QCOMPARE(LocalWorkspace::replay(*local, "agents.ndjson"), std::string());
    api::ApiOptions options;
    options.readOnly = true;
    const std::string token = ServedWorkspace::token("admin").toStdString();
    auto server = api::ApiServer::start(*local, {{sha256Hex(token), m_admin}}, options);
    QVERIFY(server);
    auto attached = RemoteBackend::attach(remoteOptions(server.value()->port()));
    QVERIFY(attached);
    const auto refused =
        waitFor<RetentionReport>([&](auto done) { return attached.value()->retention(m_admin, true, done); });
    QVERIFY(!refused);
    QVERIFY(refused.error().message.find("read-only") != std::string::npos);
}

void TestRemoteBackend::theEndOfABackEndEndsEveryCall()
{
    auto attached = RemoteBackend::attach(remoteOptions(m_served->port()));
    QVERIFY(attached);
    constexpr int Questions = 20;
    std::atomic<int> ended{0};
    for (int i = 0; i < Questions; ++i)
        attached.value()->summary(m_admin, true, [&](const Result<WorkspaceSummary> &) { ++ended; });
    std::move(attached).value().reset();
    QCOMPARE(ended.load(), Questions);
}

void TestRemoteBackend::pagesOfLargeRecordsAreCut()
{
    QTemporaryDir folder;
    const QString capture = folder.filePath(QStringLiteral("large.ndjson"));
    QFile file(capture);
    QVERIFY(file.open(QIODevice::WriteOnly));
    constexpr int Records = 40;
    const QByteArray filling(500'000, 'x');
    for (int i = 0; i < Records; ++i)
        file.write(R"({"ts":"2026-01-01T00:00:)" + QByteArray::number(10 + i) + R"(Z","type":"order","id":)"
                   + QByteArray::number(i) + R"(,"message":"m","filling":")" + filling + "\"}\n");
    file.close();
    ServedWorkspace served("");
    ReplayRequest request;
    request.files = {capture.toStdString()};
    request.pipelineName = EVENTOPS_SOURCE_DIR "/pipelines/definitions/default.yaml";
    QFile pipeline(QString::fromStdString(request.pipelineName));
    QVERIFY(pipeline.open(QIODevice::ReadOnly));
    request.pipelineText = pipeline.readAll().toStdString();
    auto attached = RemoteBackend::attach(remoteOptions(served.port()));
    QVERIFY(attached);
    std::atomic<int> progress{0};
    const auto read = waitFor<WorkspaceSummary>([&](auto done) {
        return attached.value()->replay(
            m_admin, request, [&](const RunProgress &) { ++progress; }, done);
    });
    QVERIFY2(read, read ? "" : read.error().text().c_str());
    QCOMPARE(read.value().counters.events, std::uint64_t{Records});
    QVERIFY(progress > 0);
    const Query everything{"", UINT64_MAX, true};
    const auto ask = [&](Backend &backend) {
        return askPages<EventPage, Ok>(
            [&](auto page, auto done) { backend.events(m_admin, everything, page, std::move(done)); });
    };
    const Asked here = ask(served.backend()), there = ask(*attached.value());
    QVERIFY(here == there);
    QVERIFY(here.pages.size() > Records * static_cast<std::size_t>(filling.size()));
    QVERIFY(there.pagesSeen > here.pagesSeen);
}

EVENTOPS_TEST(TestRemoteBackend)
#include "tst_remote_backend.moc"
