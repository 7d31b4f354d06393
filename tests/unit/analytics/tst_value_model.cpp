// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/entropy/surprise.h"
#include "core/entropy/value_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

using namespace eventops;

namespace {

/// A fixed pseudo-random sequence in [0,1): a linear congruence (Knuth's MMIX).
struct Sequence {
    std::uint64_t state = 1;
    double next()
    {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<double>(state >> 11) / 9007199254740992.0;
    }
    double bell() { return next() + next() + next() + next() - 2.0; }
};

} // namespace

class TestValueModel : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void tailOfStudentsT()
    {
        // Two tails of t with four degrees of freedom from tables: 2.776 → 0.05, 8.610 → 0.001.
        QVERIFY(std::fabs(std::exp2(-studentTailBits(2.776445)) - 0.05) < 1e-6);
        QVERIFY(std::fabs(std::exp2(-studentTailBits(8.610302)) - 0.001) < 1e-7);
        QCOMPARE(studentTailBits(0.0), 0.0);
        QVERIFY(std::fabs(studentTailBits(1e120) - (4.0 * std::log2(1e120) - std::log2(6.0))) < 1e-6);
        QVERIFY(std::isfinite(studentTailBits(1e200)));
        QVERIFY(std::fabs(studentTailBits(studentTailDeviation(10.0)) - 10.0) < 1e-9);
    }

    void numbersAsTheSpreadJustifies()
    {
        QCOMPARE(describeNumber(34.1234, 2.24), std::string("34.1"));
        QCOMPARE(describeNumber(34.0, 2.24), std::string("34"));
        QCOMPARE(describeNumber(4'200'123.4, 31'000.0), std::string("4200123"));
        QCOMPARE(describeNumber(-0.0001, 5.0), std::string("0"));
        QCOMPARE(describeDuration(800 * NsPerSecond), std::string("13m 20s"));
        QCOMPARE(describeDuration(1'500 * NsPerMs), std::string("1.5s"));
        QCOMPARE(describeDuration(-1), std::string("0ms"));
    }

    void learnsThenAlarmsOnce()
    {
        RobustValueModel model({});
        Sequence noise;
        for (int i = 0; i < 200; ++i) {
            const ValueScore score = model.observe({7, 50.0 + noise.bell()});
            QCOMPARE(score.learning, i < 24);
            QVERIFY(!score.alarm);
        }
        const ValueScore first = model.observe({7, 90.0});
        QVERIFY(first.alarm);
        QVERIFY(first.part == ValuePart::Record || first.part == ValuePart::Jump);
        QCOMPARE(first.samples, std::uint64_t{200});
        QVERIFY(std::fabs(first.expected - 50.0) < 0.5);
        QVERIFY(first.spread > 0.2 && first.spread < 1.5);
        QVERIFY(!model.observe({7, 90.5}).alarm);
        QVERIFY(model.observe({7, 400.0}).alarm); // much worse than the last alarm
        QVERIFY(!model.observe({7, 50.0}).alarm);
    }

    void bitsAreThoseOfTheFormula()
    {
        // 100 samples that alternate between 9 and 11, then 31: a record by 20.
        RobustValueModel model({});
        ValueBand band;
        BandTerms terms;
        double level = 9.0;
        for (int i = 0; i < 60; ++i)
            model.observe({1, i % 2 == 0 ? 9.0 : 11.0});
        StateWriter out;
        model.save(out);
        // The same band by hand: doubles throughout.
        double scale = 0.0, step = 0.0, low = 9.0, high = 9.0, last = 9.0;
        for (int i = 1; i < 60; ++i) {
            const double x = i % 2 == 0 ? 9.0 : 11.0;
            const double rate = 1.0 / (i + 1.0);
            const double deviation = scale * 1.2533141;
            const bool clamps = i >= 24;
            const double difference = x - level;
            low = std::min(low + (level - low) / 16384.0, x);
            high = std::max(high + (level - high) / 16384.0, x);
            level += rate * (clamps ? std::clamp(difference, -3 * deviation, 3 * deviation) : difference);
            scale += rate * ((clamps ? std::min(std::fabs(difference), 4 * deviation) : std::fabs(difference)) - scale);
            step += rate * (std::min(std::fabs(x - last), clamps ? 8 * deviation : 1e9) - step);
            last = x;
        }
        const double unit = std::max({scale * 1.2533141 * (1.0 + 8.0 / 60.0), step, (high - low) / 16.0, 2.0 * 2.0});
        const ValueScore score = model.observe({1, 31.0});
        const double expected = std::log2(61.0) + 4.0 * std::log2(1.0 + 0.25 * (31.0 - high) / unit);
        QVERIFY2(std::fabs(score.bits - expected) < 1e-4, qPrintable(QString::number(score.bits - expected)));
        QVERIFY(score.alarm);
        QVERIFY(band.excessUnits(0.0, terms) == 0.0);
        // Bits and units are each other's inverse, to 1e-9.
        for (const double units : {0.01, 1.0, 17.0, 1e6, 1e80}) {
            const double bits = surpriseBits(units, 300.0);
            QVERIFY(std::fabs(surpriseUnits(bits, 300.0) / units - 1.0) < 1e-9);
            QVERIFY(std::fabs(bits - (std::log2(301.0) + 4.0 * std::log2(1.0 + units / 4.0))) < 1e-9);
        }
        QCOMPARE(surpriseBits(0.0, 300.0), 0.0);
        QCOMPARE(surpriseUnits(8.0, 300.0), 0.0);
    }

    void aSlowWalkIsNoSurprise()
    {
        int alarms = 0;
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            RobustValueModel model({});
            Sequence noise{seed};
            double value = 100.0;
            for (int i = 0; i < 20'000; ++i) {
                value += noise.bell();
                alarms += model.observe({1, value}).alarm ? 1 : 0;
            }
        }
        QVERIFY2(alarms <= 10, qPrintable(QString::number(alarms))); // of 200,000: bits promise no more than 195
    }

    void noiseAlarmsAtMostAsOftenAsBitsSay_data()
    {
        QTest::addColumn<int>("kind");
        QTest::newRow("bell") << 0;
        QTest::newRow("uniform") << 1;
        QTest::newRow("exponential") << 2;
        QTest::newRow("counts") << 3;
        QTest::newRow("daily") << 4;
    }

    void noiseAlarmsAtMostAsOftenAsBitsSay()
    {
        QFETCH(const int, kind);
        constexpr int Samples = 20'000;
        int alarms = 0;
        for (std::uint64_t seed = 1; seed <= 5; ++seed) {
            RobustValueModel model({});
            Sequence noise{seed};
            for (int i = 0; i < Samples; ++i) {
                const WallNs ts{i * 300 * NsPerSecond};
                double value = noise.bell();
                if (kind == 1)
                    value = noise.next();
                else if (kind == 2)
                    value = -std::log(noise.next() + 1e-12);
                else if (kind == 3)
                    value = std::floor(4.0 * noise.next() * noise.next());
                else if (kind == 4)
                    value += 8.0 * std::sin(i * 6.283185307 / 288.0);
                alarms += model.observe({1, value, ts}).alarm ? 1 : 0;
            }
        }
        QVERIFY2(alarms <= 5 * Samples / 1024, qPrintable(QString::number(alarms)));
    }

    void aNewNormalIsLearned()
    {
        RobustValueModel model({});
        Sequence noise;
        for (int i = 0; i < 500; ++i)
            model.observe({1, 10.0 + noise.bell()});
        int alarms = 0;
        for (int i = 0; i < 2'000; ++i)
            alarms += model.observe({1, 500.0 + noise.bell()}).alarm ? 1 : 0;
        QVERIFY2(alarms >= 1 && alarms <= 3, qPrintable(QString::number(alarms)));
        const ValueScore settled = model.observe({1, 500.0});
        QVERIFY(std::fabs(settled.expected - 500.0) < 5.0);
    }

    void aSecondModeIsLearned()
    {
        RobustValueModel model({});
        Sequence noise;
        for (int i = 0; i < 200; ++i)
            model.observe({1, 10.0 + noise.bell()});
        const auto alarms = [&](int count) {
            int all = 0;
            for (int i = 0; i < count; ++i)
                all += model.observe({1, (i % 2 == 0 ? 10.0 : 500.0) + noise.bell()}).alarm ? 1 : 0;
            return all;
        };
        const int first = alarms(400);
        QVERIFY2(first >= 1 && first <= 20, qPrintable(QString::number(first)));
        QCOMPARE(alarms(2'000), 0);
    }

    void aMissingPeakIsSeenAgainstTheSeason()
    {
        RobustValueModel model({});
        Sequence noise;
        const auto day = [&](int d, bool flat) {
            int seasonal = 0;
            for (int i = 0; i < 288; ++i) {
                const WallNs ts{(d * 288 + i) * 300 * NsPerSecond};
                const double peak = i >= 108 && i < 216 && !flat ? 60.0 : 0.0;
                const ValueScore score = model.observe({1, 20.0 + peak + noise.bell(), ts});
                seasonal += score.alarm && score.part == ValuePart::Season ? 1 : 0;
            }
            return seasonal;
        };
        for (int d = 0; d < 6; ++d)
            day(d, false);
        QCOMPARE(day(6, false), 0);
        QVERIFY(day(7, true) >= 1); // nothing that was not seen before, but not at this hour
    }

    void countersMoveInQuanta()
    {
        RobustValueModel model({});
        for (int i = 0; i < 2'000; ++i)
            QVERIFY(!model.observe({1, i % 97 == 30 ? 2.0 : i % 101 == 50 ? 0.0 : 1.0}).alarm);
        QVERIFY(model.observe({1, 12.0}).alarm);
    }

    void largeCountersKeepTheirDigits()
    {
        RobustValueModel model({});
        Sequence noise;
        double count = 4e12;
        for (int i = 0; i < 5'000; ++i)
            QVERIFY(!model.observe({1, count += 1'000.0 + noise.bell()}).alarm);
        QVERIFY(model.observe({1, count + 60'000.0}).alarm);
    }

    void aConstantSaysLittleAboutItsScale()
    {
        RobustValueModel model({});
        for (int i = 0; i < 100; ++i)
            model.observe({1, 5.0});
        const ValueScore changed = model.observe({1, 1e9});
        QVERIFY(!changed.alarm);
        QVERIFY(std::fabs(changed.bits - std::log2(102.0)) < 1e-9);
    }

    void oddValuesAreIgnored()
    {
        RobustValueModel model({});
        for (const double odd : {std::nan(""), std::numeric_limits<double>::infinity(), -1e300})
            QVERIFY(model.observe({1, odd}).learning);
        QCOMPARE(model.size(), std::size_t{0});
        Sequence noise;
        for (int i = 0; i < 5'000; ++i) {
            // Extremes, tiny steps, and a clock that jumps both ways over all of WallNs.
            const double value = i % 7 == 0 ? 9e36 : i % 7 == 1 ? -9e36 : i % 7 == 2 ? 5e-324 : noise.bell() * 1e-30;
            const WallNs ts{i % 3 == 0 ? std::numeric_limits<std::int64_t>::max() - i
                            : i % 3 == 1 ? std::numeric_limits<std::int64_t>::min() + i : -i * NsPerSecond};
            const ValueScore score = model.observe({1, value, ts});
            QVERIFY(std::isfinite(score.bits) && score.bits >= 0.0);
            QVERIFY(!std::isnan(score.expected) && !std::isnan(score.spread));
            const double unit = unitScore(score);
            QVERIFY(unit >= 0.0 && unit < 1.0);
        }
    }

    void timeGoingBackwardsIsOnlyAnotherVisit()
    {
        RobustValueModel model({});
        Sequence noise;
        int alarms = 0;
        for (int i = 0; i < 5'000; ++i)
            alarms += model.observe({1, noise.bell(), WallNs{-i * 300 * NsPerSecond}}).alarm ? 1 : 0;
        QVERIFY(alarms <= 5);
    }

    /// Every alarm names values that would have been none: each is tried on a copy from just before.
    void whatWouldHaveBeenUnsurprisingIs()
    {
        int alarms = 0, named = 0, quiet = 0;
        int parts[6] = {};
        for (std::uint64_t seed = 1; seed <= 200; ++seed) {
            Sequence noise{seed * 77};
            RobustValueModel model({});
            double walk = 0.0;
            int inside = 0;
            for (int i = 0; i < 1'500; ++i) {
                const WallNs ts{i * 600 * NsPerSecond};
                walk = 0.98 * walk + noise.bell();
                double value = seed % 3 == 0 ? walk : seed % 3 == 1 ? 5.0 * std::sin(i * 6.2832 / 144.0) : 0.0;
                value += noise.bell() * 0.3;
                inside = noise.next() < 0.01 ? 6 : std::max(0, inside - 1);
                if (inside > 0)
                    value += (noise.next() - 0.5) * 40.0 * noise.next();
                StateWriter before;
                if (inside > 0)
                    model.save(before);
                const ValueScore score = model.observe({1, value, ts});
                if (!score.alarm || inside == 0)
                    continue;
                ++alarms;
                ++parts[static_cast<int>(score.part)];
                if (score.unsurprisingFrom > score.unsurprisingTo)
                    continue;
                ++named;
                QVERIFY(value < score.unsurprisingFrom || value > score.unsurprisingTo);
                RobustValueModel again({});
                StateReader in(before.bytes());
                QVERIFY(bool(again.load(in)));
                const double other = std::clamp(value, score.unsurprisingFrom, score.unsurprisingTo);
                const ValueScore calm = again.observe({1, other, ts});
                quiet += !calm.alarm && calm.bits < 10.0 ? 1 : 0;
            }
        }
        QVERIFY2(alarms >= 1'000, qPrintable(QString::number(alarms)));
        QVERIFY2(named >= alarms * 99 / 100 && quiet >= alarms * 99 / 100,
                 qPrintable(QStringLiteral("%1 alarms, %2 named, %3 quiet").arg(alarms).arg(named).arg(quiet)));
        for (const ValuePart part : {ValuePart::Record, ValuePart::Jump, ValuePart::Level, ValuePart::Season,
                                     ValuePart::Shape})
            QVERIFY2(parts[static_cast<int>(part)] > 0, std::string(toString(part)).c_str());
    }

    void savedAndLoadedGoesOnBitForBit()
    {
        RobustValueOptions small;
        small.seriesMax = 40;
        small.detailsMax = 9;
        RobustValueModel model(small);
        Sequence noise;
        const auto sample = [&](int i) {
            return ValueSample{static_cast<std::uint64_t>(i % 12 + 1), noise.bell() * (i % 500 == 0 ? 30.0 : 1.0),
                               WallNs{i * 60 * NsPerSecond}, static_cast<std::uint32_t>(i / 256)};
        };
        for (int i = 0; i < 6'000; ++i)
            model.observe(sample(i));
        QCOMPARE(model.detailed(), std::size_t{9});
        StateWriter out;
        model.save(out);
        RobustValueModel copy(small);
        StateReader in(out.bytes());
        QVERIFY(bool(copy.load(in)));
        QVERIFY(in.atEnd());
        for (int i = 6'000; i < 12'000; ++i) {
            const ValueSample next = sample(i);
            const ValueScore a = model.observe(next);
            const ValueScore b = copy.observe(next);
            QVERIFY(std::bit_cast<std::uint64_t>(a.bits) == std::bit_cast<std::uint64_t>(b.bits));
            QCOMPARE(a.alarm, b.alarm);
        }
        StateWriter one, other;
        model.save(one);
        copy.save(other);
        QVERIFY(one.bytes() == other.bytes());
        for (std::size_t size = 0; size < out.bytes().size(); size += 97) {
            StateReader cut(std::string_view(out.bytes()).substr(0, size));
            QVERIFY(!RobustValueModel(small).load(cut));
        }
    }

    void detailsAreBoundedAndGoWhenIdle()
    {
        RobustValueOptions small;
        small.seriesMax = 100;
        small.detailsMax = 4;
        RobustValueModel model(small);
        for (std::uint32_t i = 0; i < 100 * 80; ++i)
            model.observe({i % 80 + 1, static_cast<double>(i % 13), WallNs{i * NsPerSecond}, i / 256});
        QCOMPARE(model.size(), std::size_t{80});
        QCOMPARE(model.detailed(), std::size_t{4});
        // Two million records later only one series is left: it takes the place of one not met since.
        for (std::uint32_t i = 0; i < 100; ++i)
            model.observe({79, static_cast<double>(i % 13), WallNs{i * NsPerSecond}, 10'000});
        QCOMPARE(model.detailed(), std::size_t{1});
        StateWriter out;
        model.save(out);
        QVERIFY2(out.bytes().size() < 80 * 100 + 4'000, qPrintable(QString::number(out.bytes().size())));
    }

    void scoresAreAMonotoneMap()
    {
        QCOMPARE(unitScoreOfBits(0.0), 0.0);
        QCOMPARE(unitScoreOfBits(10.0), 0.5);
        QVERIFY(unitScoreOfBits(11.0) > unitScoreOfBits(10.5));
        QVERIFY(unitScoreOfBits(1e6) < 1.0);
        ValueScore stale;
        stale.bits = 30.0;
        QCOMPARE(unitScore(stale), 0.0);
    }

    void theOldestSeriesGoFirst()
    {
        RobustValueOptions small;
        small.seriesMax = 100;
        RobustValueModel model(small);
        for (std::uint64_t key = 1; key <= 100; ++key)
            model.observe({key, 1.0, NoTime, static_cast<std::uint32_t>(key <= 50 ? 9 : 1)});
        model.observe({1'000, 1.0, NoTime, 10}); // drops an eighth: 12 of those seen at 1, the smallest keys
        QCOMPARE(model.size(), std::size_t{89});
        StateWriter out;
        model.save(out);
        RobustValueModel copy(small);
        StateReader in(out.bytes());
        QVERIFY(bool(copy.load(in)));
        QVERIFY(in.atEnd());
        for (std::uint64_t key = 51; key <= 62; ++key)
            copy.observe({key, 1.0, NoTime, 11}); // gone: each is new; the first evicts again only when full
        QVERIFY(copy.size() <= 100);
        StateWriter again;
        copy.save(again);
        QVERIFY(again.bytes() != out.bytes());
    }
};

EVENTOPS_TEST(TestValueModel)
#include "tst_value_model.moc"
