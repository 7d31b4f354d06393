// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/support/local_workspace.h"

#include <sys/stat.h>

#include <QtCore/QFile>

#include <condition_variable>
#include <fstream>
#include <mutex>

using namespace eventops;
using eventops::test::LocalWorkspace;

namespace {

const Caller Tester{"tester", Role::Admin, {}};

/// Waits for the one result of a call.
template <typename T>
class Awaited
{
public:
    Done<T> done()
    {
        return [promise = m_promise](Result<T> result) { promise->set_value(std::move(result)); };
    }
    Result<T> get() { return m_promise->get_future().get(); }

private:
    std::shared_ptr<std::promise<Result<T>>> m_promise = std::make_shared<std::promise<Result<T>>>();
};

/// The last change heard, to be waited for. A callback may outlive it: what it writes to belongs to both.
class Listener
{
public:
    std::function<void(Change)> callback()
    {
        return [heard = m_heard](const Change &change) {
            const std::lock_guard lock(heard->mutex);
            heard->last = change;
            ++heard->calls;
            heard->wake.notify_all();
        };
    }
    template <typename Condition>
    bool waitFor(Condition condition)
    {
        std::unique_lock lock(m_heard->mutex);
        return m_heard->wake.wait_for(lock, std::chrono::seconds(30),
                                      [&] { return m_heard->calls > 0 && condition(m_heard->last); });
    }
    int calls()
    {
        const std::lock_guard lock(m_heard->mutex);
        return m_heard->calls;
    }

private:
    struct Heard {
        std::mutex mutex;
        std::condition_variable wake;
        Change last;
        int calls = 0;
    };
    std::shared_ptr<Heard> m_heard = std::make_shared<Heard>();
};

std::vector<std::string> eventIds(Backend &backend, const Caller &caller = Tester)
{
    std::vector<std::string> ids;
    Awaited<Ok> done;
    backend.events(caller, {}, [&](const EventPage &page) {
        for (const std::uint32_t row : page.rows)
            ids.emplace_back(page.batch.text(page.batch.events[row], Field::EventId));
    }, done.done());
    return done.get() ? ids : std::vector<std::string>();
}

std::vector<Action> waitingActions(Backend &backend)
{
    std::vector<Action> actions;
    Awaited<Ok> done;
    backend.actions(Tester, {"state = proposed"}, [&](const std::vector<Action> &page) {
        actions.insert(actions.end(), page.begin(), page.end());
    }, done.done());
    return done.get() ? actions : std::vector<Action>();
}

} // namespace

class TestLocalBackend : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void anEmptyWorkspaceIsHealthyAndEmpty()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        Awaited<Health> health;
        backend->health(Tester, health.done());
        const auto known = health.get();
        QVERIFY(known);
        QVERIFY(known.value().summary.counters.conserved());
        QVERIFY(known.value().pipelineName.empty());
        Listener listener;
        Ticket ticket = backend->subscribe(Tester, listener.callback());
        QVERIFY(listener.waitFor([](const Change &change) { return change.events == 0 && !change.running; }));
        ticket.cancel();
        Awaited<EventPage> page;
        backend->eventRange(Tester, {0, 10}, page.done());
        QVERIFY(page.get().error().code == Error::Code::NotFound);
    }

    void rangesAndColumnsAreTheEventsInOrder()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        const std::vector<std::string> all = eventIds(*backend);
        QVERIFY(all.size() > 100);

        for (const EventRange range : {EventRange{0, 5}, EventRange{100, 50}, EventRange{all.size() - 2, 10}}) {
            Awaited<EventPage> page;
            backend->eventRange(Tester, range, page.done());
            const auto got = page.get();
            QVERIFY(got);
            QCOMPARE(got.value().rows.size(), std::min<std::size_t>(range.count, all.size() - range.first));
            for (std::size_t i = 0; i < got.value().rows.size(); ++i) {
                QCOMPARE(got.value().places[i], range.first + i);
                const Batch &batch = got.value().batch;
                QCOMPARE(std::string(batch.text(batch.events[got.value().rows[i]], Field::EventId)),
                         all[range.first + i]);
            }
        }

        std::uint64_t seen = 0;
        bool inOrder = true;
        std::vector<std::string> lanes;
        Awaited<Ok> done;
        backend->eventColumns(Tester, {10, Field::EntityId}, [&](const EventColumns &columns) {
            inOrder = inOrder && columns.first == 10 + seen && columns.lane.size() == columns.ts.size()
                      && columns.severity.size() == columns.ts.size();
            seen += columns.ts.size();
            lanes = columns.laneNames;
        }, done.done());
        QVERIFY(done.get());
        QVERIFY(inOrder);
        QCOMPARE(seen, std::uint64_t{all.size() - 10});
        QVERIFY(lanes.size() > 1);
    }

    void whoMaySeeATenantSeesNoOther()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        const Caller stranger{"stranger", Role::Viewer, {"nobody"}};
        QVERIFY(eventIds(*backend, stranger).empty());
        Awaited<EventPage> page;
        backend->eventRange(stranger, {0, 10}, page.done());
        QVERIFY(page.get().value().rows.empty());
        Awaited<EventStory> story;
        backend->story(stranger, eventIds(*backend).front(), story.done());
        QVERIFY(story.get().error().code == Error::Code::NotFound);
    }

    void aStoryGoesFromBytesToTheAction()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        const std::vector<Action> actions = waitingActions(*backend);
        QVERIFY(!actions.empty());
        std::string evidence;
        Awaited<Ok> done;
        backend->findings(Tester, {}, [&](const std::vector<Finding> &page) {
            for (const Finding &finding : page) {
                if (finding.id == actions.front().suggestion.findingId)
                    evidence = finding.evidence;
            }
        }, done.done());
        QVERIFY(done.get());
        const std::string id = evidence.substr(2, evidence.find('"', 2) - 2);

        Awaited<EventStory> awaited;
        backend->story(Tester, id, awaited.done());
        const auto got = awaited.get();
        QVERIFY2(got, got ? "" : got.error().text().c_str());
        const EventStory &story = got.value();
        QCOMPARE(eventIds(*backend)[story.place], id);
        QVERIFY2(story.sourceTitle.ends_with("agents.ndjson"), story.sourceTitle.c_str());
        QVERIFY(story.rawBytes.starts_with('{'));
        QCOMPARE(story.rawSize, std::uint64_t{story.rawBytes.size()});
        QVERIFY(story.sourceTitle.ends_with("agents.ndjson"));
        QStringList stages;
        for (const StoryStep &step : story.steps)
            stages << QString::fromStdString(step.stage);
        QCOMPARE(stages.join(QLatin1Char(' ')), QStringLiteral("decode enrich rules entropy entities suggest"));
        QVERIFY(story.steps.front().changes.size() > 5);
        QVERIFY(std::any_of(story.steps[0].changes.begin(), story.steps[0].changes.end(), [](const auto &change) {
            return change.field == "metric" && change.before.empty() && !change.after.empty();
        }));
        QVERIFY(!story.findings.empty());
        QCOMPARE(story.actions.front().displayId(), actions.front().displayId());
        QCOMPARE(story.audit.front().verb, std::string("proposed"));

        Awaited<EventStory> missing;
        backend->story(Tester, "no such event", missing.done());
        QVERIFY(missing.get().error().code == Error::Code::NotFound);
    }

    void changesAreHeardWhoeverMakesThem()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        const auto other = workspace.backend(); // stands for another process: it shares nothing but the directory
        Listener listener;
        const Ticket ticket = backend->subscribe(Tester, listener.callback());
        QCOMPARE(LocalWorkspace::replay(*other, "agents.ndjson"), std::string());
        QVERIFY(listener.waitFor([](const Change &change) { return change.events > 100 && change.suggestions > 0; }));
        const int before = listener.calls();
        Awaited<DecisionOutcome> outcome;
        other->decide(Tester, {waitingActions(*other).front().displayId(), DecisionKind::Reject, "tester", "no need"},
                      false, outcome.done());
        QVERIFY(outcome.get());
        QVERIFY(listener.waitFor([&](const Change &) { return true; }));
        QTRY_VERIFY_WITH_TIMEOUT(listener.calls() > before, 5'000);
    }

    void whatIsCancelledIsSilent()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        Listener listener;
        Ticket ticket = backend->subscribe(Tester, listener.callback());
        QVERIFY(listener.waitFor([](const Change &) { return true; }));
        ticket.cancel();
        const int before = listener.calls();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        QCOMPARE(listener.calls(), before);
    }

    void resultsComeInWhileSourcesAreRead()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        const QTemporaryDir folder;
        const std::string pipe = folder.filePath(QStringLiteral("live")).toStdString();
        QCOMPARE(mkfifo(pipe.c_str(), 0600), 0);
        std::ofstream writer;
        std::thread opening([&] { writer.open(pipe); }); // waits for the reader

        ReplayRequest request;
        request.files = {pipe};
        request.live = true;
        request.pipelineName = EVENTOPS_SOURCE_DIR "/pipelines/definitions/default.yaml";
        QFile pipeline(QString::fromStdString(request.pipelineName));
        QVERIFY(pipeline.open(QIODevice::ReadOnly));
        request.pipelineText = pipeline.readAll().toStdString();
        Listener listener;
        const Ticket ticket = backend->subscribe(Tester, listener.callback());
        Awaited<WorkspaceSummary> ended;
        backend->replay(Tester, request, {}, ended.done());
        opening.join();
        QFile capture(QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson"));
        QVERIFY(capture.open(QIODevice::ReadOnly));
        writer << capture.readAll().toStdString() << std::flush;

        QVERIFY(listener.waitFor([](const Change &change) { return change.running && change.suggestions > 0; }));
        std::uint64_t before = 0;
        QVERIFY(listener.waitFor([&](const Change &change) {
            before = change.events;
            return change.events > 0;
        }));
        Awaited<DecisionOutcome> outcome;
        backend->decide(Tester, {waitingActions(*backend).front().displayId(), DecisionKind::Approve, "tester", "yes"},
                        true, outcome.done());
        const auto decided = outcome.get();
        QVERIFY2(decided, decided ? "" : decided.error().text().c_str());
        QVERIFY(decided.value().action.state == ActionState::Succeeded);
        QVERIFY(listener.waitFor([&](const Change &change) { return change.running && change.events > before; }));

        writer.close();
        const auto summary = ended.get();
        QVERIFY2(summary, summary ? "" : summary.error().text().c_str());
        QVERIFY(summary.value().counters.conserved());
        std::uint64_t actionEvents = 0;
        Awaited<Ok> done;
        backend->events(
            Tester, {"type ~ \"^action\""}, [&](const EventPage &page) { actionEvents += page.rows.size(); },
            done.done());
        QVERIFY(done.get());
        QVERIFY(actionEvents >= 3); // requested, progress, result: once each
        QCOMPARE(summary.value().counters.events, std::uint64_t{eventIds(*backend).size()});
    }
};

EVENTOPS_TEST(TestLocalBackend)
#include "tst_local_backend.moc"
