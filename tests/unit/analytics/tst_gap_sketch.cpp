// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/base/types.h"
#include "core/entropy/gap_sketch.h"

#include <cmath>
#include <limits>

using namespace eventops;

class TestGapSketch : public QObject
{
    Q_OBJECT
private Q_SLOTS:
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
};

EVENTOPS_TEST(TestGapSketch)
#include "tst_gap_sketch.moc"
