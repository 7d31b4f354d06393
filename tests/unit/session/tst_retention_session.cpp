// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/support/local_workspace.h"
#include "tests/support/wait_for.h"

#include <QtTest/QTest>

using namespace eventops;
using eventops::test::LocalWorkspace;
using eventops::test::waitFor;

namespace {

const Caller Keeper{"keeper", Role::Admin, {}};

Status replay(Backend &backend, const std::string &retention, std::optional<Retention> as)
{
    ReplayRequest request;
    request.files = {EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson"};
    request.pipelineName = EVENTOPS_SOURCE_DIR "/pipelines/definitions/default.yaml";
    QFile file(QString::fromStdString(request.pipelineName));
    if (!file.open(QIODevice::ReadOnly))
        return Error{Error::Code::Io, "no pipeline"};
    request.pipelineText = file.readAll().toStdString() + "\nretention: " + retention + "\n";
    request.retention = as;
    const auto done = waitFor<WorkspaceSummary>(
        [&](Done<WorkspaceSummary> end) { backend.replay(Keeper, request, {}, std::move(end)); });
    return done ? Status(Ok{}) : Status(done.error());
}

Result<RetentionReport> retain(Backend &backend, bool run, const Caller &caller = Keeper)
{
    return waitFor<RetentionReport>(
        [&](Done<RetentionReport> done) { backend.retention(caller, run, std::move(done)); });
}

Result<ExportProgress> exportAll(Backend &backend, ExportForm form, const std::string &path)
{
    ExportRequest request;
    request.form = form;
    request.path = path;
    return waitFor<ExportProgress>(
        [&](Done<ExportProgress> done) { backend.exportCapture(Keeper, request, {}, std::move(done)); });
}

} // namespace

/// Retention seen through a back end: what is gone is left out and named, never missing without a word.
class TestRetentionSession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void capturesStay()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QVERIFY(replay(*backend, "{raw: 1s, signals: 1s}", {}));
        const auto report = retain(*backend, false);
        QVERIFY(report);
        QCOMPARE(report.value().rows.size(), std::size_t{1});
        QCOMPARE(report.value().rows.front().retention, std::string("capture"));
        QVERIFY(report.value().rows.front().nextDrop == NoTime);
        QVERIFY(retain(*backend, true, {"viewer", Role::Viewer, {}}).error().code == Error::Code::Refused);
        QVERIFY(retain(*backend, false, {"other", Role::Admin, {"t"}}).error().code == Error::Code::Refused);
    }

    void whatIsGoneIsNamed()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QVERIFY(replay(*backend, "{raw: 1s, signals: 2s}", Retention::Signals));
        std::string id;
        QVERIFY(waitFor<EventPage>([&](Done<EventPage> done) {
            backend->eventRange(Keeper, {5, 1}, [&, done](Result<EventPage> page) {
                if (page)
                    id = page.value().batch.text(page.value().batch.events.front(), Field::EventId);
                done(std::move(page));
            });
        }));
        QTRY_VERIFY_WITH_TIMEOUT(retain(*backend, true).value().dropped.rawRecords > 0, 10'000);
        const auto story =
            waitFor<EventStory>([&](Done<EventStory> done) { backend->story(Keeper, id, std::move(done)); });
        QVERIFY(story);
        QVERIFY(story.value().steps.front().note.starts_with("Retention dropped the raw record"));
        QTemporaryDir folder;
        const std::string path = folder.filePath(QStringLiteral("out")).toStdString();
        const auto half = exportAll(*backend, ExportForm::Ndjson, path + ".ndjson");
        QVERIFY(half);
        QCOMPARE(half.value().records, std::uint64_t{0});
        QCOMPARE(half.value().dropped, std::uint64_t{132});
        const auto again = waitFor<RerunCheck>(
            [&](Done<RerunCheck> done) { backend->checkHistory(Keeper, {}, std::move(done)); });
        QVERIFY(!again);
        QVERIFY2(again.error().message.find("132 records were dropped by retention") != std::string::npos,
                 again.error().message.c_str());

        QTRY_VERIFY_WITH_TIMEOUT(retain(*backend, true).value().dropped.events == 132, 10'000);
        const auto rest = exportAll(*backend, ExportForm::Events, path + ".events");
        QVERIFY(rest);
        QCOMPARE(rest.value().records, std::uint64_t{0});
        QCOMPARE(rest.value().dropped, std::uint64_t{132});
        // Places, counters and repeats are as if everything were there; what was found stays.
        const auto page = waitFor<EventPage>(
            [&](Done<EventPage> done) { backend->eventRange(Keeper, {0, 200}, std::move(done)); });
        QVERIFY(page);
        QVERIFY(page.value().rows.empty());
        QVERIFY(replay(*backend, "{raw: 1s, signals: 2s}", Retention::Signals));
        const auto health = waitFor<Health>([&](Done<Health> done) { backend->health(Keeper, std::move(done)); });
        QVERIFY(health);
        QCOMPARE(health.value().summary.counters.duplicate, std::uint64_t{132});
        QCOMPARE(health.value().summary.findings, std::uint64_t{3});
        QVERIFY(waitFor<std::uint64_t>([&](Done<std::uint64_t> done) { backend->verifyAudit(Keeper, done); }));
    }
};

EVENTOPS_TEST(TestRetentionSession)
#include "tst_retention_session.moc"
