// SPDX-License-Identifier: MIT
//
// Lanes by a virtual clock: a case becomes late, overdue and missing with nothing happening. And the drawn machine.
#include "tests/support/test_main.h"

#include "core/viewmodel/expectations_model.h"
#include "core/viewmodel/machine_layout.h"
#include "core/viewmodel/step_machines_model.h"
#include "tests/support/fake_backend.h"

#include <QAbstractItemModelTester>

#include <cmath>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr WallNs Start{1'761'040'800 * NsPerSecond};

CaseExpectation orderOf(const std::string &id, int sinceSeconds = 0)
{
    CaseExpectation out;
    out.tenant = "acme";
    out.entityType = "order";
    out.entityId = id;
    out.lastStep = "created";
    out.since = Start + sinceSeconds * NsPerSecond;
    out.next = {{"paid", 0.92, false}, {"cancelled", 0.06, false}};
    out.eta = out.since + 60 * NsPerSecond;
    out.late = out.since + 120 * NsPerSecond;
    out.overdue = out.since + 300 * NsPerSecond;
    out.missing = out.since + 600 * NsPerSecond;
    out.samples = 200;
    return out;
}

/// created → paid → shipped → end, with a way back and an early end.
StepMachine orderMachine()
{
    constexpr auto Step = MachineStep::Kind::Step, End = MachineStep::Kind::End;
    StepMachine machine;
    machine.tenant = "acme";
    machine.entityType = "order";
    machine.steps = {{"", MachineStep::Kind::Start, 0}, {"created", Step, 100}, {"paid", Step, 90},
                     {"shipped", Step, 85}, {"cancelled", Step, 10}, {"the end", End, 0}};
    machine.edges = {{0, 1, 100, 1.0, -1, -1},
                     {1, 2, 90, 0.9, 60 * NsPerSecond, 120 * NsPerSecond},
                     {1, 4, 10, 0.1, 3'600 * NsPerSecond, 7'200 * NsPerSecond},
                     {2, 3, 85, 0.97, 86'400 * NsPerSecond, 2 * 86'400 * NsPerSecond},
                     {2, 2, 3, 0.03, NsPerSecond, NsPerSecond},
                     {3, 5, 85, 1.0, -1, -1},
                     {4, 5, 10, 1.0, -1, -1}};
    return machine;
}

struct FakeClock {
    FakeClock() : backend(new FakeBackend), context(std::unique_ptr<Backend>(backend), {"alice", Role::Viewer, {}}) {}

    void expect(std::vector<CaseExpectation> expectations)
    {
        backend->with([&](FakeBackend::Answers &answers) { answers.expectations = std::move(expectations); });
    }
    void setTo(int seconds)
    {
        Change change;
        change.events = 1'000;
        change.clock = Start + seconds * NsPerSecond;
        backend->change(change);
    }

    FakeBackend *backend;
    ViewContext context;
};

QString at(const ExpectationsModel &model, int row, int role)
{
    return model.index(row).data(role).toString();
}

} // namespace

class TestExpectationsModel : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void goesLateByTheClockAlone()
    {
        FakeClock fake;
        fake.expect({orderOf("order:1")});
        fake.setTo(30);
        ExpectationsModel model(fake.context);
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QTRY_COMPARE(model.state(), ExpectationsModel::Ready);
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
        struct Moment {
            int seconds;
            const char *standing, *countdown;
            double place;
        };
        for (const Moment &moment : {Moment{30, "on time", "due in 30 s", 0.2},
                                     Moment{90, "on time", "late in 30 s", 0.5},
                                     Moment{120, "late", "late by 0 s", 0.6},
                                     Moment{210, "late", "late by 1 min 30 s", 0.7},
                                     Moment{300, "overdue", "overdue by 0 s", 0.8},
                                     Moment{450, "overdue", "overdue by 2 min 30 s", 0.9},
                                     Moment{600, "missing", "missing for 0 s", 1.0},
                                     Moment{4'200, "missing", "missing for 1 h", 1.0}}) {
            fake.setTo(moment.seconds);
            QTRY_COMPARE(at(model, 0, ExpectationsModel::CountdownRole), QString::fromUtf8(moment.countdown));
            QCOMPARE(at(model, 0, ExpectationsModel::StandingNameRole), QString::fromUtf8(moment.standing));
            QVERIFY(qAbs(model.index(0).data(ExpectationsModel::NowRole).toDouble() - moment.place) < 1e-9);
            QCOMPARE(model.summary(), QStringLiteral("1 ") + QString::fromUtf8(moment.standing));
        }
        QCOMPARE(reset.count(), 0); // it was the same lane all along
        fake.setTo(60); // the past of a played workspace
        QTRY_COMPARE(at(model, 0, ExpectationsModel::StandingNameRole), QStringLiteral("on time"));
    }

    void theWorstComeFirst()
    {
        FakeClock fake;
        CaseExpectation absent = orderOf("order:absent", 550);
        absent.isAbsent = true;
        fake.expect({orderOf("order:a", 590), orderOf("order:b", 580), orderOf("order:late", 450),
                     orderOf("order:overdue", 200), absent, orderOf("order:missing", 0)});
        fake.setTo(600);
        ExpectationsModel model(fake.context);
        QTRY_COMPARE(model.count(), 6);
        QTRY_COMPARE(model.summary(), QStringLiteral("2 missing, 1 overdue, 1 late, 2 on time"));
        QStringList order;
        for (int row = 0; row < model.count(); ++row)
            order.append(at(model, row, ExpectationsModel::TargetRole).mid(6));
        QCOMPARE(order.join(QLatin1Char(' ')), QStringLiteral("absent missing overdue late b a"));
        QCOMPARE(at(model, 0, ExpectationsModel::CountdownRole), QStringLiteral("missing"));
        model.select(3);
        QCOMPARE(fake.context.entity(), (EntityRef{QStringLiteral("acme"), QStringLiteral("order"),
                                                   QStringLiteral("order:late")}));
        QCOMPARE(model.currentRow(), 3);
        model.selectNext();
        QCOMPARE(model.currentRow(), 4);
        fake.setTo(720); // order:a and order:b become late, and the selection moves with its case
        QTRY_COMPARE(model.summary(), QStringLiteral("2 missing, 1 overdue, 3 late"));
        QCOMPARE(at(model, model.currentRow(), ExpectationsModel::TargetRole), QStringLiteral("order:b"));
    }

    void filtersByWords()
    {
        FakeClock fake;
        fake.expect({orderOf("order:1"), orderOf("order:2", 600)});
        fake.setTo(610);
        ExpectationsModel model(fake.context);
        QTRY_COMPARE(model.count(), 2);
        model.setFilter(QStringLiteral("  Missing  created "));
        QCOMPARE(model.count(), 1);
        QCOMPARE(at(model, 0, ExpectationsModel::TargetRole), QStringLiteral("order:1"));
        model.setFilter(QStringLiteral("nothing like it"));
        QCOMPARE(model.count(), 0);
        QCOMPARE(model.knownCount(), 2);
        QCOMPARE(model.state(), ExpectationsModel::Empty);
        model.setFilter(QString());
        QCOMPARE(model.count(), 2);
    }

    void saysWhatFailedAndWhatIsEmpty()
    {
        FakeClock fake;
        fake.setTo(1);
        ExpectationsModel model(fake.context);
        QTRY_COMPARE(model.state(), ExpectationsModel::Empty);
        fake.backend->with([](FakeBackend::Answers &answers) {
            answers.failure = Error{Error::Code::Corrupt, "the disk is gone", {}, "mend it"};
        });
        fake.setTo(2);
        QTRY_COMPARE(model.state(), ExpectationsModel::Failed);
        QCOMPARE(model.remedy(), QStringLiteral("mend it"));
    }

    void showsHostileTextsPlainly()
    {
        FakeClock fake;
        CaseExpectation hostile = orderOf("<b>x</b>\xe2\x80\xae\n\x01" + std::string(5'000, 'y'));
        hostile.next.front().step = std::string("\xff\xfe<img src=x>");
        hostile.lastStep.clear();
        hostile.eta = hostile.late = hostile.overdue = hostile.missing = NoTime;
        fake.expect({hostile});
        fake.setTo(5);
        ExpectationsModel model(fake.context);
        QTRY_COMPARE(model.count(), 1);
        for (int role = ExpectationsModel::TargetRole; role <= ExpectationsModel::SpokenRole; ++role) {
            const QString text = at(model, 0, role);
            QVERIFY(text.size() < 1'000);
            QVERIFY(!text.contains(QChar(0x202e)) && !text.contains(QLatin1Char('\x01')));
        }
        QCOMPARE(model.index(0).data(ExpectationsModel::NowRole).toDouble(), 1.0);
    }

    void theMachineStandsInColumns()
    {
        const StepMachine machine = orderMachine();
        const std::vector<double> positions = meanPositions(machine);
        QCOMPARE(positions[0], 0.0);
        QCOMPARE(positions[1], 1.0);
        QVERIFY(positions[2] > 2.0 && positions[2] < 2.2); // sometimes taken twice
        QVERIFY(positions[3] > positions[2]);
        const MachineLayout layout = layoutMachine(machine);
        QCOMPARE(layout.nodes.size(), machine.steps.size());
        QVERIFY(layout.nodes[0].right() < layout.nodes[1].left());
        QVERIFY(layout.nodes[1].right() < layout.nodes[2].left());
        QCOMPARE(layout.nodes[2].left(), layout.nodes[4].left()); // both the second step of a case
        QVERIFY(layout.nodes[3].right() < layout.nodes[5].left());
        for (std::size_t i = 0; i < layout.nodes.size(); ++i) {
            QVERIFY(QRectF(QPointF(), layout.size).contains(layout.nodes[i]));
            for (std::size_t j = 0; j < i; ++j)
                QVERIFY(!layout.nodes[i].intersects(layout.nodes[j]));
        }
        QCOMPARE(layout.curves.size(), std::size_t{6}); // a way of 3 % is left out
        QVERIFY(layoutMachine(StepMachine()).nodes.empty());
    }

    void theMachineIsChosenAndToldInWords()
    {
        FakeClock fake;
        StepMachine job = orderMachine();
        job.entityType = "job";
        job.edges.pop_back();
        StepMachine lonely;
        lonely.entityType = "host";
        lonely.steps = {{"", MachineStep::Kind::Start, 0}};
        fake.backend->with([&](FakeBackend::Answers &answers) { answers.machines = {lonely, job, orderMachine()}; });
        StepMachinesModel model(fake.context);
        fake.setTo(1);
        QTRY_COMPARE(model.names(), (QStringList{QStringLiteral("job"), QStringLiteral("order")}));
        QCOMPARE(model.current(), 1); // the largest
        QCOMPARE(model.summary(), QStringLiteral("4 steps, 7 ways"));
        model.setStep(1);
        QCOMPARE(model.stepText(), QStringLiteral("created, taken 100 times; then paid 90 % (half within 1 min, 90 % "
                                                  "within 2 min), cancelled 10 % (half within 1 h, 90 % within 2 h)"));
        model.nextStep(-2);
        QCOMPARE(model.step(), 5);
        QCOMPARE(model.stepText(), QStringLiteral("end"));
        fake.context.selectEntity({QStringLiteral("acme"), QStringLiteral("job"), QStringLiteral("job:1")});
        QCOMPARE(model.current(), 0);
        QCOMPARE(model.step(), -1);
        QCOMPARE(StepMachinesModel::edgeText(job.edges[1]), QStringLiteral("90 %\n1 min"));
        QCOMPARE(StepMachinesModel::edgeText(job.edges[0]), QStringLiteral("100 %"));
        fake.backend->with([&](FakeBackend::Answers &answers) { answers.machines.clear(); });
        fake.setTo(2);
        QTRY_COMPARE(model.current(), -1);
        QVERIFY(model.summary().isEmpty());
    }
};

EVENTOPS_TEST(TestExpectationsModel)
#include "tst_expectations_model.moc"
