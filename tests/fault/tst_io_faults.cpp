// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/fault/fault_bench.h"
#include "tests/fault/fault_vfs.h"
#include "tests/unit/store/fixture.h"

using namespace eventops;
using namespace eventops::test;

/// The n-th operation on a file fails, for every n and every use case: nothing is corrupt, nothing that was there is
/// lost, and the same back end does the same thing when the disk is well again.
class TestIoFaults : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyOperationMayFail_data()
    {
        QTest::addColumn<int>("useCase");
        QTest::addColumn<bool>("full");
        QTest::addColumn<bool>("sticky");
        for (std::size_t i = 0; i < useCases().size(); ++i) {
            for (const bool full : {false, true}) {
                for (const bool sticky : {false, true}) {
                    const QByteArray name = QByteArray(useCases()[i].name) + (full ? ", full" : ", error")
                                            + (sticky ? ", for good" : ", once");
                    QTest::newRow(name.constData()) << static_cast<int>(i) << full << sticky;
                }
            }
        }
    }

    void everyOperationMayFail()
    {
        QFETCH(const int, useCase);
        QFETCH(const bool, full);
        QFETCH(const bool, sticky);
        const UseCase &use = useCases()[static_cast<std::size_t>(useCase)];
        FaultVfs &vfs = FaultVfs::install();
        FaultBench bench;
        bench.onTrouble = [&](const std::string &) { vfs.disarm(); }; // a full disk is waited for: room is made
        FaultPlan plan;
        plan.kind = full ? FaultPlan::Kind::Full : FaultPlan::Kind::IoError;
        plan.sticky = sticky;
        EVENTOPS_OK(use.prepare(bench));
        bench.keepAside();
        bench.bringBack();
        vfs.arm(plan);
        EVENTOPS_OK(use.act(bench));
        const std::uint64_t operations = vfs.disarm();
        bench.restart();
        QCOMPARE(soundness(bench.workspace()), std::string());
        const std::string wanted = contentOf(bench.workspace());

        const auto tries = static_cast<std::uint64_t>(TriesOfARound * faultRounds());
        const std::uint64_t stride = std::max<std::uint64_t>(1, operations / tries);
        std::uint64_t failures = 0;
        for (plan.at = 1; plan.at <= operations; plan.at += stride) {
            const std::string wrong = disturb(use, bench, plan, use.sameContent ? wanted : std::string(), failures);
            QVERIFY2(wrong.empty(), ("operation " + std::to_string(plan.at) + ": " + wrong).c_str());
        }
        qInfo("%llu operations, %llu of the faults were reported", static_cast<unsigned long long>(operations),
              static_cast<unsigned long long>(failures));
    }

private:
    static constexpr int TriesOfARound = 6;

    static std::string disturb(const UseCase &use, FaultBench &bench, const FaultPlan &plan, const std::string &wanted,
                               std::uint64_t &failures)
    {
        FaultVfs &vfs = FaultVfs::install();
        bench.bringBack();
        vfs.arm(plan);
        const Status first = use.act(bench);
        vfs.disarm();
        failures += first ? 0 : 1;
        const Status second = use.act(bench);
        if (!second && (second.error().code != Error::Code::Refused || !use.goOn))
            return "not usable again: " + second.error().text() + (first ? "" : ", after " + first.error().text());
        if (use.goOn) {
            const Status third = use.goOn(bench);
            if (!third)
                return "does not go on: " + third.error().text();
        }
        bench.restart();
        const std::string wrong = soundness(bench.workspace());
        if (!wrong.empty())
            return wrong;
        const std::string content = contentOf(bench.workspace());
        const bool same = wanted.empty() || content == wanted;
        const std::string after = first ? std::string() : ", after " + first.error().text();
        return same ? std::string() : content + " instead of " + wanted + after;
    }
};

EVENTOPS_TEST(TestIoFaults)
#include "tst_io_faults.moc"
