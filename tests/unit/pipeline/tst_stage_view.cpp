// SPDX-License-Identifier: MIT
//
// What people see of the entropy stage: what it expects of each case, and the machine of each entity type.
#include "tests/support/test_main.h"

#include "core/base/limits.h"
#include "pipelines/components.h"
#include "tests/unit/pipeline/hand_batch.h"

#include <algorithm>

using namespace eventops;
using eventops::test::HandBatch;
using eventops::test::stageSettings;

namespace {

struct Ignore final : Emitter {
    std::vector<Finding> findings;
    void emit(std::uint32_t, Finding finding) override { findings.push_back(std::move(finding)); }
};

/// The entropy stage with its partitions; what is run is agreed on at its end.
struct Stage {
    std::unique_ptr<KeyedOperator> shared;
    std::vector<std::unique_ptr<KeyedStage>> partitions;
    Ignore out;

    explicit Stage(const char *bitsMin = "10")
    {
        const Registry registry{builtinStages(), {}};
        const StageSpec &spec = *registry.stage("entropy");
        shared = std::move(spec.makeKeyed(stageSettings(spec, {{"bits_min", Value::scalar(bitsMin)}}))).value();
        for (unsigned p = 0; p < PartitionCount; ++p)
            partitions.push_back(shared->makePartition(p));
    }

    void run(const Batch &batch, std::size_t begin)
    {
        std::vector<WallNs> marks;
        WallNs newest = NoTime;
        for (std::size_t i = begin; i < batch.events.size(); ++i)
            marks.push_back(newest = std::max(newest, batch.events[i].tsEvent));
        for (unsigned p = 0; p < PartitionCount; ++p) {
            std::vector<std::uint32_t> mine;
            for (std::size_t i = begin; i < batch.events.size(); ++i) {
                if (batch.events[i].entityKey % PartitionCount == p)
                    mine.push_back(static_cast<std::uint32_t>(i));
            }
            partitions[p]->process(batch, mine, TimeProgress(static_cast<std::uint32_t>(begin), marks), out);
        }
    }

    StageView view() const
    {
        StageView all;
        shared->view(partitions, all);
        return all;
    }
};

constexpr int Orders = 400;
constexpr std::int64_t CaseEvery = 1'000; ///< Seconds between two orders.

/// Many orders of three steps, then one that waits for its second.
std::size_t runOrders(Stage &stage, HandBatch &hand, bool someCancelled = true)
{
    std::size_t done = 0;
    for (int i = 0; i < Orders; ++i) {
        const std::string id = "o-" + std::to_string(i);
        const std::int64_t t = i * CaseEvery;
        hand.addStep("order", id, "created", t);
        const bool isCancelled = someCancelled && i % 10 == 0;
        hand.addStep("order", id, isCancelled ? "cancelled" : "paid", t + 60 + i % 20);
        if (!isCancelled)
            hand.addStep("order", id, "shipped", t + 500 + i % 90);
        if (i % 100 != 99)
            continue;
        stage.run(hand.batch, std::exchange(done, hand.batch.events.size()));
        stage.shared->mergeEpoch(stage.partitions);
    }
    hand.addStep("order", "o-waits", "created", Orders * CaseEvery);
    stage.run(hand.batch, done);
    return hand.batch.events.size();
}

const CaseExpectation *find(const StageView &view, std::string_view id)
{
    for (const CaseExpectation &expectation : view.expectations) {
        if (expectation.entityId == id)
            return &expectation;
    }
    return nullptr;
}

} // namespace

class TestStageView : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void tellsWhatIsExpectedAndWhen()
    {
        Stage stage;
        HandBatch hand;
        QVERIFY(stage.view().expectations.empty()); // nothing learned, nothing expected
        QVERIFY(stage.view().machines.empty());
        runOrders(stage, hand);
        const StageView view = stage.view();
        const CaseExpectation *waits = find(view, "o-waits");
        QVERIFY(waits != nullptr);
        QCOMPARE(waits->tenant, std::string("acme"));
        QCOMPARE(waits->entityType, std::string("order"));
        QCOMPARE(waits->lastStep, std::string("created"));
        QCOMPARE(waits->since, WallNs{Orders * CaseEvery * NsPerSecond});
        QCOMPARE(waits->next.size(), std::size_t{2});
        QCOMPARE(waits->next[0].step, std::string("paid"));
        QVERIFY(waits->next[0].probability > 0.7 && waits->next[0].probability < 1.0);
        QCOMPARE(waits->next[1].step, std::string("cancelled"));
        const auto after = [&](WallNs time) { return static_cast<double>(time - waits->since) / NsPerSecond; };
        QVERIFY(after(waits->eta) > 55 && after(waits->eta) < 80); // gaps are 60 to 79 s
        QVERIFY(after(waits->late) >= after(waits->eta) && after(waits->late) < 90);
        QVERIFY(waits->overdue >= waits->late);
        QVERIFY(waits->missing > waits->overdue);
        QCOMPARE(waits->samples, std::uint64_t{Orders});
        QVERIFY(!waits->isAbsent);
        QVERIFY(find(view, "o-0") == nullptr); // over long ago
    }

    void standsByTheClockAlone()
    {
        Stage stage;
        HandBatch hand;
        runOrders(stage, hand);
        const StageView view = stage.view();
        const CaseExpectation *waits = find(view, "o-waits");
        QVERIFY(waits != nullptr);
        QVERIFY(standingAt(*waits, waits->since) == CaseStanding::OnTime);
        QVERIFY(standingAt(*waits, waits->late + -1) == CaseStanding::OnTime);
        QVERIFY(standingAt(*waits, waits->late) == CaseStanding::Late);
        QVERIFY(standingAt(*waits, waits->overdue) == CaseStanding::Overdue);
        QVERIFY(standingAt(*waits, waits->missing) == CaseStanding::Missing);
        QVERIFY(standingAt(*waits, NoTime) == CaseStanding::OnTime);
    }

    void tellsOfTheAbsentOnes()
    {
        Stage stage("4"); // a few hundred cases prove no more bits
        HandBatch hand;
        const std::size_t before = runOrders(stage, hand, false);
        hand.addStep("order", "o-waits", "paid", Orders * CaseEvery + 65);
        hand.addStep("order", "o-later", "created", (Orders + 100) * CaseEvery);
        stage.run(hand.batch, before);
        const StageView view = stage.view();
        QCOMPARE(stage.out.findings.empty(), false);
        const CaseExpectation *waits = find(view, "o-waits");
        QVERIFY(waits != nullptr);
        QVERIFY(waits->isAbsent);
        QCOMPARE(waits->next.front().step, std::string("shipped"));
        QCOMPARE(view.expectations.front().entityId, std::string("o-waits"));
        QVERIFY(standingAt(*waits, waits->since) == CaseStanding::Missing);
    }

    void drawsTheMachine()
    {
        Stage stage;
        HandBatch hand;
        runOrders(stage, hand);
        const StageView view = stage.view();
        QCOMPARE(view.machines.size(), std::size_t{1});
        const StepMachine &machine = view.machines.front();
        QCOMPARE(machine.entityType, std::string("order"));
        QVERIFY(!machine.isCut);
        QVERIFY(machine.steps.front().kind == MachineStep::Kind::Start);
        const auto place = [&](std::string_view name) {
            const auto at = std::find_if(machine.steps.begin(), machine.steps.end(),
                                         [&](const MachineStep &step) { return step.name == name; });
            return static_cast<std::uint32_t>(at - machine.steps.begin());
        };
        QCOMPARE(machine.steps[place("created")].count, std::uint64_t{Orders + 1});
        QCOMPARE(machine.steps[place("shipped")].count, std::uint64_t{Orders * 9 / 10});
        QVERIFY(place(ExpectedNext::EndName) < machine.steps.size());
        const auto edge = [&](std::string_view from, std::string_view to) {
            const auto at = std::find_if(machine.edges.begin(), machine.edges.end(), [&](const MachineEdge &e) {
                return e.from == place(from) && e.to == place(to);
            });
            return at != machine.edges.end() ? *at : MachineEdge{};
        };
        QCOMPARE(edge("created", "paid").count, std::uint64_t{Orders * 9 / 10});
        QVERIFY(std::abs(edge("created", "paid").probability - 0.9) < 0.02);
        const std::int64_t paidNs = edge("created", "paid").medianNs;
        QVERIFY(paidNs > 55 * NsPerSecond && paidNs < 80 * NsPerSecond);
        QVERIFY(edge("paid", "shipped").medianNs > 400 * NsPerSecond);
        QVERIFY(edge("paid", "shipped").q90Ns >= edge("paid", "shipped").medianNs);
        QVERIFY(edge("shipped", ExpectedNext::EndName).count > 100);
        QCOMPARE(edge("shipped", "created").count, std::uint64_t{0});
    }

    void isTheSameForTheSameStateAndBounded()
    {
        Stage stage;
        HandBatch hand;
        std::size_t done = runOrders(stage, hand);
        for (int i = 0; i < 600; ++i)
            hand.addStep("order", "w-" + std::to_string(i), "created", Orders * CaseEvery + 1 + i % 7);
        for (int i = 0; i < 40; ++i)
            hand.addStep("kind-" + std::to_string(i), "x", "begun", Orders * CaseEvery + 8);
        for (int i = 0; i < 200; ++i)
            hand.addStep("wild", "w", "step-" + std::to_string(i), Orders * CaseEvery + 9);
        stage.run(hand.batch, done);
        const StageView view = stage.view();
        QCOMPARE(view.expectations.size(), StageView::ExpectationsMax);
        QCOMPARE(view.machines.size(), StageView::MachinesMax);
        QVERIFY(std::is_sorted(view.expectations.begin(), view.expectations.end(),
                               [](const auto &a, const auto &b) { return a.eta < b.eta; }));
        for (const StepMachine &machine : view.machines)
            QVERIFY(machine.steps.size() <= StepMachine::StepsMax && machine.edges.size() <= StepMachine::EdgesMax);
        Stage again;
        StateWriter out;
        stage.shared->save(out);
        for (const auto &partition : stage.partitions)
            partition->save(out);
        const std::string bytes = out.take();
        StateReader in(bytes);
        QVERIFY(bool(again.shared->load(in)));
        for (const auto &partition : again.partitions)
            QVERIFY(bool(partition->load(in)));
        QVERIFY(again.view() == view);
    }

    void comesBackFromItsDocument()
    {
        Stage stage;
        HandBatch hand;
        runOrders(stage, hand);
        StageView view = stage.view();
        view.expectations.front().entityId = "\"quoted\"\n\\ \xc3\xa4";
        view.expectations.front().isAbsent = true;
        view.machines.front().isCut = true;
        QVERIFY(expectationsFromJson(expectationsToJson(view.expectations)).value() == view.expectations);
        QVERIFY(machinesFromJson(machinesToJson(view.machines)).value() == view.machines);
        for (const char *damaged : {"", "{}", "[{", "[1,\"x\"", "nonsense"}) {
            QVERIFY(!expectationsFromJson(damaged));
            QVERIFY(!machinesFromJson(damaged));
        }
        QVERIFY(expectationsFromJson("[1,null,[]]").value().empty());
        QVERIFY(machinesFromJson("[{\"edges\":[{\"from\":7,\"to\":9}]}]").value().front().edges.empty());
    }
};

EVENTOPS_TEST(TestStageView)
#include "tst_stage_view.moc"
