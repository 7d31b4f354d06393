// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/time_axis.h"
#include "core/viewmodel/time_window.h"
#include "core/viewmodel/timeline_model.h"
#include "tests/support/synthetic_backend.h"

#include <numeric>
#include <random>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr std::int64_t Start = 1'761'040'800'000'000'000; // 2025-10-21T10:00:00Z

struct Line {
    explicit Line(SyntheticOptions options)
    {
        auto owned = std::make_unique<SyntheticBackend>(options);
        backend = owned.get();
        context = std::make_unique<ViewContext>(std::move(owned), Caller{"tester", Role::Admin, {}});
        model = std::make_unique<TimelineModel>(*context);
    }
    SyntheticBackend *backend = nullptr;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<TimelineModel> model;
};

std::uint64_t laneSum(const TimelineModel &model)
{
    std::uint64_t sum = 0;
    for (const TimelineModel::Lane &lane : model.lanes())
        sum += lane.events;
    return sum;
}

} // namespace

class TestTimelineModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsEachPlaceOnce()
    {
        Line line({.events = 50'000});
        QCOMPARE(line.model->state(), TimelineModel::Loading);
        QTRY_COMPARE(line.model->eventsRead(), std::uint64_t(50'000));
        QCOMPARE(line.model->state(), TimelineModel::Ready);
        QCOMPARE(line.model->index().size(), std::uint64_t(50'000));
        for (int step = 1; step <= 20; ++step)
            line.backend->setEvents(50'000 + static_cast<std::uint64_t>(step) * 777);
        QTRY_COMPARE(line.model->eventsRead(), std::uint64_t(50'000 + 20 * 777));
        QTest::qWait(50);
        QCOMPARE(line.model->index().size(), std::uint64_t(50'000 + 20 * 777));
        QCOMPARE(laneSum(*line.model), line.model->index().size());
    }

    void lanesAreSortedByActivity()
    {
        Line line({.events = 30'000, .lanes = 5});
        QTRY_COMPARE(line.model->eventsRead(), std::uint64_t(30'000));
        const auto &lanes = line.model->lanes();
        QCOMPARE(lanes.size(), std::size_t(5));
        QCOMPARE(lanes.front().name, QStringLiteral("Host"));
        for (std::size_t i = 1; i < lanes.size(); ++i)
            QVERIFY(lanes[i - 1].events >= lanes[i].events);
        line.model->setLaneBy(Field::Tenant);
        QTRY_COMPARE(line.model->eventsRead(), std::uint64_t(30'000));
        QTRY_COMPARE(line.model->lanes().size(), std::size_t(4));
        QCOMPARE(laneSum(*line.model), std::uint64_t(30'000));
    }

    void anEmptyWorkspaceIsEmpty()
    {
        Line line({});
        QTRY_COMPARE(line.model->state(), TimelineModel::Empty);
        line.backend->setEvents(10);
        QTRY_COMPARE(line.model->state(), TimelineModel::Ready);
    }

    void aFailureIsToldAndReadAgain()
    {
        Line line({});
        QTRY_COMPARE(line.model->state(), TimelineModel::Empty);
        line.backend->failWith(Error{Error::Code::Corrupt, "block 7 fails its checksum", {}, "Restore a copy"});
        line.backend->setEvents(100);
        QTRY_COMPARE(line.model->state(), TimelineModel::Failed);
        QCOMPARE(line.model->problem(), QStringLiteral("block 7 fails its checksum"));
        QCOMPARE(line.model->remedy(), QStringLiteral("Restore a copy"));
        line.backend->failWith({});
        line.model->reload();
        QTRY_COMPARE(line.model->state(), TimelineModel::Ready);
        QCOMPARE(line.model->eventsRead(), std::uint64_t(100));
    }

    void findingsAndActionsAreMarked()
    {
        Line line({.events = 100});
        Finding finding;
        finding.id = "f1";
        finding.ts = WallNs{Start + 5};
        finding.severity = Severity::Critical;
        finding.message = "a\nb";
        line.backend->addFinding(finding);
        Action action;
        action.suggestion.id = "a1";
        action.suggestion.findingId = "f1";
        action.suggestion.proposedAt = WallNs{Start + 2};
        action.state = ActionState::Succeeded;
        line.backend->addAction(action);
        QTRY_COMPARE_WITH_TIMEOUT(line.model->markers().size(), std::size_t(2), 5'000);
        const auto &first = line.model->markers().front();
        QCOMPARE(first.kind, TimelineModel::MarkerKind::Action);
        QCOMPARE(first.findingId, QStringLiteral("f1"));
        QCOMPARE(first.isOpen, false);
        QCOMPARE(line.model->markers().back().title, QStringLiteral("a\\nb"));
        QCOMPARE(line.model->markers().back().severityNumber, 21);
    }

    void theWindowKeepsWhatIsUnderThePointer()
    {
        TimeWindow window;
        window.setColumns(1'000);
        window.setExtent(Start, Start + 3'600'000'000'000);
        QVERIFY(window.isWhole());
        QVERIFY(window.fromNs() <= Start && window.toNs() > Start + 3'600'000'000'000);
        for (int i = 0; i < 40; ++i) {
            const std::int64_t before = window.fromNs() + 300 * window.columnNs();
            window.zoom(0.8, 300);
            const std::int64_t after = window.fromNs() + 300 * window.columnNs();
            QVERIFY(std::abs(after - before) <= window.columnNs());
        }
        QVERIFY(!window.isWhole());
        window.showEnd();
        QVERIFY(window.toNs() > Start + 3'600'000'000'000);
        window.showStart();
        QVERIFY(window.fromNs() < Start && window.toNs() > Start);
        window.pan(-1'000'000);
        QVERIFY(window.toNs() > Start); // never past all data
        for (int i = 0; i < 200; ++i)
            window.zoom(1.5, 0);
        QVERIFY(window.spanNs() < 2 * 3'600'000'000'000);
        window.zoom(0.0, 10);
        QCOMPARE(window.columnNs(), std::int64_t(1));
        window.zoom(1.01, 10);
        QCOMPARE(window.columnNs(), std::int64_t(2)); // out of the smallest scale, too
    }

    void columnsKeptOverAPanAreThoseCountedAnew()
    {
        std::mt19937_64 random(5);
        std::vector<WallNs> ts;
        std::vector<Severity> severity;
        std::vector<std::uint16_t> lane;
        for (int i = 0; i < 30'000; ++i) {
            ts.push_back(WallNs{static_cast<std::int64_t>(random() % 1'000'000)});
            severity.push_back(random() % 2 == 0 ? Severity::Info : Severity::Error);
            lane.push_back(static_cast<std::uint16_t>(random() % 3));
        }
        TimelineIndex index;
        index.append(ts, severity, lane);
        const std::vector<std::uint16_t> slotOfLane{0, 1, TimelineIndex::NoSlot};
        TimelineColumns kept;
        std::int64_t from = 300'000;
        for (int i = 0; i < 60; ++i) {
            from += (static_cast<std::int64_t>(random() % 81) - 40) * 500;
            const TimeGrid grid{from, 500, 200};
            kept.update(index, grid, slotOfLane, 2, 1);
            std::vector<std::uint32_t> anew;
            index.count(grid, slotOfLane, 2, anew);
            std::uint32_t tallest = 0;
            for (std::size_t slot = 0; slot < 2; ++slot) {
                for (std::size_t column = 0; column < 200; ++column) {
                    const std::uint32_t *counts = anew.data() + (slot * 200 + column) * SeverityBandCount;
                    QVERIFY(std::equal(counts, counts + SeverityBandCount, kept.at(slot, column)));
                    tallest = std::max(tallest, std::accumulate(counts, counts + SeverityBandCount, 0u));
                }
            }
            QCOMPARE(kept.tallest(), tallest);
        }
    }

    void ticksStandOnRoundTimes_data()
    {
        QTest::addColumn<qint64>("span");
        QTest::addColumn<qint64>("step");
        QTest::addColumn<QString>("first");
        QTest::newRow("µs") << qint64(1'000'000) << qint64(90'000) << QStringLiteral("10:00:00.000000");
        QTest::newRow("ms") << qint64(1'000'000'000) << qint64(90'000'000) << QStringLiteral("10:00:00.000");
        QTest::newRow("s") << qint64(100'000'000'000) << qint64(9'000'000'000) << QStringLiteral("10:00:00");
        QTest::newRow("min") << qint64(3'600'000'000'000) << qint64(250'000'000'000) << QStringLiteral("10:00");
        QTest::newRow("h") << qint64(86'400'000'000'000) << qint64(5'000'000'000'000) << QStringLiteral("10:00");
        QTest::newRow("d") << qint64(864'000'000'000'000) << qint64(80'000'000'000'000) << QStringLiteral("Oct 22");
        QTest::newRow("months") << qint64(31'536'000'000'000'000) << qint64(2'000'000'000'000'000)
                                << QStringLiteral("Nov");
        QTest::newRow("years") << qint64(630'720'000'000'000'000) << qint64(30'000'000'000'000'000)
                               << QStringLiteral("2026");
    }

    void ticksStandOnRoundTimes()
    {
        QFETCH(qint64, span);
        QFETCH(qint64, step);
        QFETCH(QString, first);
        const auto ticks = timeTicks(Start, Start + span, step);
        QVERIFY(ticks.size() >= 3 && ticks.size() <= TimeTicksMax);
        QCOMPARE(ticks.front().label, first);
        for (std::size_t i = 1; i < ticks.size(); ++i)
            QVERIFY(ticks[i].ns - ticks[i - 1].ns >= step);
    }

    void extremeSpansGiveFewTicks()
    {
        const auto ticks = timeTicks(TimelineIndex::TimeMinNs, TimelineIndex::TimeMaxNs, 1);
        QVERIFY(!ticks.empty() && ticks.size() <= TimeTicksMax);
        QVERIFY(timeTicks(10, 10, 1).empty());
        QCOMPARE(timeSpanText(Start, Start + 1'800'000'000'000),
                 QStringLiteral("2025-10-21 10:00:00 – 10:30:00 UTC"));
    }
};

EVENTOPS_TEST(TestTimelineModel)
#include "tst_timeline_model.moc"
