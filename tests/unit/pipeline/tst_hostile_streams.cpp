// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/base/limits.h"
#include "core/pipeline/stage_engine.h"
#include "pipelines/components.h"
#include "tests/unit/pipeline/hand_batch.h"

#include <array>
#include <string>

using namespace eventops;
using eventops::test::HandBatch;
using eventops::test::stageSettings;

namespace {

constexpr std::size_t BytesMax = std::size_t{256} << 20U;

/// The entropy stage with its defaults, as a pipeline runs it.
struct Stage {
    std::unique_ptr<StageEngine> engine;
    StageEngine::Output out;
    HandBatch hand;
    std::size_t bytesMost = 0;

    Stage()
    {
        const Registry registry{builtinStages(), {}};
        const StageSpec *spec = registry.stage("entropy");
        const Configured<StageSpec> stage{spec, stageSettings(*spec)};
        auto made = StageEngine::make(std::span(&stage, 1), 0);
        engine = std::move(made).value();
    }
    void step(const std::string &entity, const std::string &step, std::int64_t second)
    {
        hand.addStep("order", entity, step, second);
        if (hand.batch.events.size() == EpochRecords)
            run();
    }
    void run()
    {
        static const std::array<std::string, 1> Keys = {"source"};
        engine->process(hand.batch, Keys, nullptr, out);
        out.clear();
        hand.batch = Batch();
        bytesMost = std::max(bytesMost, engine->bytes());
    }
    std::string state() const
    {
        StateWriter written;
        engine->save(written);
        return written.take();
    }
};

constexpr int Epochs = 12;
constexpr int Events = Epochs * static_cast<int>(EpochRecords);

} // namespace

class TestHostileStreams : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aNewStepEachEventStaysWithinItsBound()
    {
        Stage stage;
        for (int i = 0; i < Events; ++i)
            stage.step("order-" + std::to_string(i % 1'000), "step-" + std::to_string(i), 1'000 + i);
        QVERIFY2(stage.bytesMost < BytesMax, qPrintable(QString::number(stage.bytesMost)));
        QVERIFY2(stage.bytesMost > 1'000'000, "what is held must be told");
        // What was learned longest ago makes room: after the first epochs it grows no more.
        const std::size_t before = stage.engine->bytes();
        for (int i = Events; i < Events + 4 * static_cast<int>(EpochRecords); ++i)
            stage.step("order-" + std::to_string(i % 1'000), "step-" + std::to_string(i), 1'000 + i);
        QVERIFY2(stage.engine->bytes() < before + before / 8, qPrintable(QString::number(stage.engine->bytes())));
    }

    void aNewEntityEachEventStaysWithinItsBound()
    {
        Stage stage;
        const char *names[] = {"created", "paid", "packed"};
        for (int i = 0; i < Events; ++i)
            stage.step("order-" + std::to_string(i), names[i % 3], 1'000 + i / 10);
        QVERIFY2(stage.bytesMost < BytesMax, qPrintable(QString::number(stage.bytesMost)));
        // A hundred bytes a case and what all share, not more.
        QVERIFY2(stage.bytesMost < 16'000'000 + std::size_t{Events} * 128,
                 qPrintable(QString::number(stage.bytesMost)));
    }

    void idsOfAnyLengthStayWithinTheirBound()
    {
        Stage stage;
        const std::string longId(20'000, 'x');
        for (int i = 0; i < 20'000; ++i) {
            stage.step(longId + std::to_string(i), "created", 1'000 + i);
            if (stage.hand.batch.events.size() == 512) // the texts are the batch's
                stage.run();
        }
        QVERIFY2(stage.bytesMost < std::size_t{64} << 20U, qPrintable(QString::number(stage.bytesMost)));
    }

    void timeGoingBackwardsStaysWithinItsBound()
    {
        Stage stage;
        const char *names[] = {"created", "paid", "packed", "shipped", "returned"};
        for (int i = 0; i < Events; ++i)
            stage.step("order-" + std::to_string(i % 1'000), names[(i / 1'000) % 5], 2'000'000 - i);
        QVERIFY2(stage.bytesMost < std::size_t{64} << 20U, qPrintable(QString::number(stage.bytesMost)));
    }

    void statesAreReadBackAndGoOnAlike()
    {
        Stage one;
        const auto more = [](Stage &stage, int from, int to) {
            for (int i = from; i < to; ++i)
                stage.step("order-" + std::to_string(i % 9'000 * (i % 7)), "step-" + std::to_string(i % (i % 97 + 1)),
                           1'000 + i - i % 11);
        };
        more(one, 0, 3 * static_cast<int>(EpochRecords));
        Stage two;
        const std::string written = one.state();
        StateReader in(written);
        QVERIFY(two.engine->load(in));
        two.hand.nextSeq = one.hand.nextSeq;
        QVERIFY(two.state() == written);
        more(one, 3 * static_cast<int>(EpochRecords), 5 * static_cast<int>(EpochRecords));
        more(two, 3 * static_cast<int>(EpochRecords), 5 * static_cast<int>(EpochRecords));
        QVERIFY(two.state() == one.state());
    }
};

EVENTOPS_TEST(TestHostileStreams)
#include "tst_hostile_streams.moc"
