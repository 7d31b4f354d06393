// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/entropy/latency_entropy.h"

#include <array>
#include <cmath>

using namespace eventops;

namespace {

constexpr std::int64_t Hour = 3'600 * NsPerSecond;

WallNs inHour(std::int64_t hour, std::int64_t place)
{
    return WallNs{hour * Hour + place * NsPerSecond};
}

/// An hour of 40 values over @p buckets buckets of half a second, in equal parts.
std::optional<EntropyDeviation> hourOf(LatencyEntropy &model, std::int64_t hour, int buckets, std::uint64_t key = 1)
{
    std::optional<EntropyDeviation> first;
    for (int i = 0; i < 40; ++i) {
        const auto found = model.observe(key, (i % buckets) * 500 * NsPerMs + 7, inHour(hour, i));
        if (i == 0)
            first = found;
    }
    return first;
}

std::string stateOf(const LatencyEntropy &model)
{
    StateWriter out;
    model.save(out);
    return out.take();
}

} // namespace

class TestLatencyEntropy : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void entropyByHand()
    {
        QCOMPARE(histogramEntropyBits({}), 0.0);
        QCOMPARE(histogramEntropyBits(std::array<std::uint64_t, 2>{0, 7}), 0.0);
        QVERIFY(std::fabs(histogramEntropyBits(std::array<std::uint64_t, 4>{5, 5, 5, 5}) - 2.0) < 1e-12);
        // ½·1 + ¼·2 + ¼·2
        QVERIFY(std::fabs(histogramEntropyBits(std::array<std::uint64_t, 3>{2, 1, 1}) - 1.5) < 1e-12);
        // .9·0.152 + .1·3.322
        QVERIFY(std::fabs(histogramEntropyBits(std::array<std::uint64_t, 2>{9, 1}) - 0.4689955935892812) < 1e-12);
    }

    void defaultsAreTheContracts()
    {
        const LatencyEntropyOptions options;
        QCOMPARE(options.bucketNs, 500 * NsPerMs);
        QCOMPARE(LatencyEntropyOptions::StepBucketNs, 30 * NsPerSecond);
        QCOMPARE(options.windowNs, 7 * 24 * Hour);
        QCOMPARE(options.tolerance, EntropyTolerance::Mad);
        QCOMPARE(options.toleranceAbs, 0.5);
    }

    void aSpreadThatGrowsDeviates()
    {
        // Every hour two buckets, one bit; then an hour of eight, three bits.
        LatencyEntropy model{LatencyEntropyOptions{}};
        for (std::int64_t hour = 0; hour < 10; ++hour)
            QVERIFY(!hourOf(model, hour, 2));
        QVERIFY(!hourOf(model, 10, 8));
        const auto found = hourOf(model, 11, 2);
        QVERIFY(found.has_value());
        QVERIFY(std::fabs(found->entropy - 3.0) < 1e-12);
        QVERIFY(std::fabs(found->baseline - 1.0) < 1e-12);
        QCOMPARE(found->tolerance, 0.1); // it never varied
        QCOMPARE(raw(found->start), 10 * Hour);
        QCOMPARE(raw(found->end), 11 * Hour);
        QCOMPARE(found->samples, std::uint64_t{40});
        QCOMPARE(found->slices, std::size_t{10});
        QVERIFY(!hourOf(model, 12, 2));
    }

    void fewSlicesOrSamplesAreLearning()
    {
        LatencyEntropy model{LatencyEntropyOptions{}};
        for (std::int64_t hour = 0; hour < 7; ++hour)
            QVERIFY(!hourOf(model, hour, 2));
        QVERIFY(!hourOf(model, 7, 8));
        QVERIFY(!hourOf(model, 8, 2)); // seven slices behind the eighth
        for (int i = 0; i < 29; ++i)
            QVERIFY(!model.observe(1, i * NsPerSecond, inHour(9, i)));
        QVERIFY(!model.observe(1, 0, inHour(10, 0))); // 29 values say nothing
    }

    void tolerancesByHand_data()
    {
        QTest::addColumn<int>("kind");
        QTest::addColumn<double>("tolerance");
        // Entropies 0, 1, 2, 0, 1, 2, 0, 1, 2: baseline 1, median deviation 1.
        QTest::newRow("mad") << static_cast<int>(EntropyTolerance::Mad) << 3.0 * 1.482602218505602;
        QTest::newRow("pct") << static_cast<int>(EntropyTolerance::Pct) << 0.2;
        QTest::newRow("abs") << static_cast<int>(EntropyTolerance::Abs) << 0.5;
    }
    void tolerancesByHand()
    {
        QFETCH(int, kind);
        QFETCH(double, tolerance);
        LatencyEntropyOptions options;
        options.tolerance = static_cast<EntropyTolerance>(kind);
        LatencyEntropy model(options);
        for (std::int64_t hour = 0; hour < 9; ++hour)
            hourOf(model, hour, 1 << (hour % 3));
        for (int i = 0; i < 64; ++i) // six bits
            model.observe(1, i * 500 * NsPerMs, inHour(9, i));
        const auto found = model.observe(1, 0, inHour(10, 0));
        QVERIFY(found.has_value());
        QVERIFY(std::fabs(found->entropy - 6.0) < 1e-12);
        QVERIFY(std::fabs(found->baseline - 1.0) < 1e-12);
        QVERIFY(std::fabs(found->tolerance - tolerance) < 1e-12);
    }

    void theBaselineLooksBackOneWindow()
    {
        LatencyEntropy model{LatencyEntropyOptions{}};
        for (std::int64_t hour = 0; hour < 10; ++hour)
            hourOf(model, hour, 2);
        // Eight days later the old slices are no baseline any more.
        QVERIFY(!hourOf(model, 192, 8));
        QVERIFY(!hourOf(model, 193, 8));
    }

    void manyDeviationsAreTheNewNormal()
    {
        LatencyEntropy model{LatencyEntropyOptions{}};
        for (std::int64_t hour = 0; hour < 10; ++hour)
            hourOf(model, hour, 2);
        int deviations = 0;
        for (std::int64_t hour = 10; hour < 40; ++hour)
            deviations += hourOf(model, hour, 8) ? 1 : 0;
        QVERIFY(deviations >= 9 && deviations <= 11);
    }

    void lateValuesAreLeftOut()
    {
        LatencyEntropy model{LatencyEntropyOptions{}};
        hourOf(model, 5, 2);
        const std::string before = stateOf(model);
        for (std::uint32_t i = 1; i < LatencyEntropy::LateRunMax; ++i)
            QVERIFY(!model.observe(1, 9 * NsPerSecond, inHour(4, i)));
        hourOf(model, 5, 2);
        QVERIFY(stateOf(model).size() <= before.size() + 2);
        // Time itself goes back: the key begins afresh there.
        for (std::uint32_t i = 0; i < LatencyEntropy::LateRunMax; ++i)
            model.observe(1, 0, inHour(1, i));
        QVERIFY(stateOf(model).size() < before.size());
        QVERIFY(!model.observe(1, 0, NoTime));
        QVERIFY(!model.observe(1, INT64_MIN, WallNs{INT64_MAX}));
        QVERIFY(!model.observe(1, INT64_MIN, WallNs{INT64_MIN + 1}));
    }

    void stateStaysBounded()
    {
        LatencyEntropyOptions options;
        options.keysMax = 16;
        LatencyEntropy model(options);
        for (std::uint64_t key = 1; key < 2'000; ++key) {
            for (int i = 0; i < 100; ++i)
                model.observe(key, i * NsPerSecond, inHour(1, i));
        }
        QCOMPARE(model.size(), std::size_t{16});
        QVERIFY(stateOf(model).size() < 16 * (LatencyEntropy::BucketsMax * 4 + 32));
    }

    void comesBackBitForBit()
    {
        LatencyEntropy one{LatencyEntropyOptions{}};
        for (std::int64_t hour = 0; hour < 12; ++hour) {
            hourOf(one, hour, 1 + static_cast<int>(hour % 5), 1);
            hourOf(one, hour, 3, 2);
        }
        const std::string half = stateOf(one);
        LatencyEntropy two{LatencyEntropyOptions{}};
        StateReader in(half);
        QVERIFY(bool(two.load(in)));
        QVERIFY(bool(in.finish()));
        for (std::int64_t hour = 11; hour < 20; ++hour) {
            const auto a = hourOf(one, hour, 7);
            const auto b = hourOf(two, hour, 7);
            QCOMPARE(a.has_value(), b.has_value());
            if (a)
                QCOMPARE(a->tolerance, b->tolerance);
        }
        QVERIFY(stateOf(one) == stateOf(two));
        for (std::size_t length = 1; length < half.size(); length += 7) {
            LatencyEntropy broken{LatencyEntropyOptions{}};
            StateReader cut(std::string_view(half).substr(0, length));
            QVERIFY(!broken.load(cut));
        }
    }

    void lateIsBeyondTheNinetyFifth()
    {
        LateP95 model;
        for (int i = 1; i < 30; ++i)
            model.learn(i * NsPerSecond);
        QVERIFY(model.score(NsPerSecond * 1'000).learning);
        for (int i = 30; i <= 100; ++i)
            model.learn(i * NsPerSecond);
        // 1 … 100 s: median 50, middle half 25 to 75, p95 95; the sketch's buckets are 6.25 % wide.
        const LateP95Score score = model.score(80 * NsPerSecond);
        QVERIFY(!score.learning && !score.late);
        const auto near = [](std::int64_t ns, double seconds) {
            return std::fabs(static_cast<double>(ns) / NsPerSecond / seconds - 1.0) < 0.07;
        };
        QVERIFY(near(score.medianNs, 50.0));
        QVERIFY(std::fabs(static_cast<double>(score.madNs) / NsPerSecond - 25.0) < 4.0);
        QVERIFY(near(score.p95Ns, 95.0));
        QVERIFY(model.score(110 * NsPerSecond).late);
    }
};

EVENTOPS_TEST(TestLatencyEntropy)
#include "tst_latency_entropy.moc"
