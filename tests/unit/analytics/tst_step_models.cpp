// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/base/types.h"
#include "core/entropy/sequence_model.h"
#include "core/entropy/timing_model.h"

#include <cmath>
#include <limits>

using namespace eventops;

namespace {

constexpr std::uint64_t Scope = 11;
constexpr std::uint64_t A = 101;
constexpr std::uint64_t B = 102;
constexpr std::uint64_t C = 103;
constexpr std::uint64_t Never = 999;

void learn(EscapeSequenceModel &model, std::uint64_t previous, std::uint64_t step, int times)
{
    for (int i = 0; i < times; ++i)
        model.learn(Scope, previous, step, step == B ? "b" : "c", 0);
}

} // namespace

class TestStepModels : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void probabilitiesAreWittenBell()
    {
        const TransitionCounts empty(100);
        EscapeSequenceModel model(empty, 100, 10);
        learn(model, A, B, 47);
        QVERIFY(!model.score(Scope, A, B).learning);
        learn(model, A, C, 3);
        // Context: n 50, t 2. Order 0: the same, so p0(b) = 47/52, p0(new) = 2/52.
        const SequenceScore b = model.score(Scope, A, B);
        QVERIFY(std::fabs(b.probability - (47.0 + 2.0 * 47.0 / 52.0) / 52.0) < 1e-12);
        const SequenceScore c = model.score(Scope, A, C);
        const SequenceScore never = model.score(Scope, A, Never);
        QVERIFY(std::fabs(never.probability - 2.0 * 2.0 / 52.0 / 52.0) < 1e-12);
        QVERIFY(std::fabs(b.probability + c.probability + never.probability - 1.0) < 1e-12);
        QVERIFY(std::fabs(c.bits + std::log2(c.probability)) < 1e-9);
        QVERIFY(std::fabs(c.rarityBits + std::log2(1.0 - b.probability)) < 1e-9);
        QCOMPARE(c.count, std::uint64_t{3});
        const auto expected = model.expect(Scope, A, 1);
        QCOMPARE(expected.size(), std::size_t{1});
        QCOMPARE(expected.front().step, std::string("b"));
        QCOMPARE(expected.front().probability, 47.0 / 50.0);
    }

    void aWideChoiceIsNotRare()
    {
        const TransitionCounts empty(4'000);
        EscapeSequenceModel model(empty, 4'000, 10);
        for (std::uint64_t step = 1; step <= 200; ++step) {
            model.learn(Scope, A, 1'000 + step, "s", 0);
            model.learn(Scope, A, 1'000 + step, "s", 0);
        }
        const SequenceScore score = model.score(Scope, A, 1'007);
        QVERIFY(score.bits > 7.0);
        QVERIFY(score.rarityBits < 0.01);
    }

    void unknownContextsAreLearning()
    {
        const TransitionCounts empty(100);
        EscapeSequenceModel model(empty, 100, 10);
        learn(model, A, B, 9);
        QVERIFY(model.score(Scope, A, Never).learning);
        QVERIFY(model.score(Scope, B, A).learning);
    }

    void snapshotAndDeltaReadAsOne()
    {
        TransitionCounts snapshot(100);
        EscapeSequenceModel left(snapshot, 100, 10);
        learn(left, A, B, 20);
        const double before = left.score(Scope, A, C).bits;
        snapshot.merge(left.delta());
        left.delta().clear();
        QCOMPARE(left.score(Scope, A, C).bits, before);
        EscapeSequenceModel right(snapshot, 100, 10);
        learn(right, A, C, 5);
        QCOMPARE(right.score(Scope, A, C).samples, std::uint64_t{25});
        QCOMPARE(right.name(B), std::string_view("b"));
        StateWriter out;
        snapshot.save(out);
        TransitionCounts copy(100);
        StateReader in(out.bytes());
        QVERIFY(bool(copy.load(in)));
        StateWriter again;
        copy.save(again);
        QCOMPARE(again.bytes(), out.bytes());
    }

    void countsStayBounded()
    {
        const TransitionCounts empty(8);
        EscapeSequenceModel model(empty, 8, 10);
        for (std::uint64_t i = 1; i <= 70'000; ++i)
            model.learn(Scope, A, i % 3'000 + 1, "s", static_cast<std::uint32_t>(i));
        const SequenceScore score = model.score(Scope, A, 4'000);
        QVERIFY(score.samples <= TransitionCounts::TotalMax);
        QVERIFY(score.rarityBits < 3.0); // novelty is normal here
        QVERIFY(model.expect(Scope, A, 10'000).size() <= TransitionCounts::AlternativesMax);
    }

    void quantilesAreNear()
    {
        GapSketch sketch;
        for (int i = 1; i <= 1'000; ++i)
            sketch.add(i * NsPerMs);
        for (const double q : {0.05, 0.5, 0.95}) {
            const double found = static_cast<double>(sketch.quantileNs(q));
            QVERIFY(std::fabs(found / (q * 1e9) - 1.0) < 0.0725); // half a bucket and the rank's own step
        }
        QCOMPARE(sketch.total(), std::uint64_t{1'000});
        GapSketch extremes;
        extremes.add(0);
        extremes.add(std::numeric_limits<std::int64_t>::max());
        QCOMPARE(extremes.longestNs(), std::numeric_limits<std::int64_t>::max());
        QCOMPARE(extremes.quantileNs(0.0), std::int64_t{0});
    }

    void mergedSketchesEqualOne()
    {
        GapSketch whole;
        GapSketch even;
        GapSketch odd;
        for (int i = 0; i < 500; ++i) {
            whole.add(i * i * 1'000);
            (i % 2 == 0 ? even : odd).add(i * i * 1'000);
        }
        even.merge(odd);
        StateWriter a;
        StateWriter b;
        whole.save(a);
        even.save(b);
        QCOMPARE(b.bytes(), a.bytes());
    }

    void sketchesStayBounded()
    {
        GapSketch sketch;
        for (int octave = 0; octave < 62; ++octave) {
            for (std::int64_t part = 8; part < 16; ++part)
                sketch.add((part << octave) / 8);
        }
        StateWriter out;
        sketch.save(out);
        StateReader in(out.bytes());
        QCOMPARE(in.u64(), std::uint64_t{GapSketch::BucketsMax});
        QCOMPARE(sketch.total(), std::uint64_t{62 * 8});
        for (int i = 0; i < 200'000; ++i)
            sketch.add(NsPerSecond);
        QVERIFY(sketch.total() <= GapSketch::TotalMax);
    }

    void latenessGrowsBeyondTheLongest()
    {
        const GapSketches empty(100);
        SketchTimingModel model(empty, 100, 30);
        for (int i = 0; i < 100; ++i)
            model.learn(5, (60 + i % 10) * NsPerSecond, 0);
        QVERIFY(model.score(6, NsPerSecond).learning);
        const TimingScore usual = model.score(5, 62 * NsPerSecond);
        QVERIFY(!usual.learning && !usual.late && usual.bits < 1.0);
        const TimingScore late = model.score(5, 700 * NsPerSecond);
        const TimingScore later = model.score(5, 7'000 * NsPerSecond);
        QVERIFY(late.late);
        QVERIFY(late.bits > 10.0);
        QVERIFY(std::fabs(later.bits - late.bits - 2.0 * std::log2(10.0)) < 1e-9);
        QVERIFY(std::fabs(static_cast<double>(model.dueNs(5, 0.95)) / 69e9 - 1.0) < 0.07);
    }
};

EVENTOPS_TEST(TestStepModels)
#include "tst_step_models.moc"
