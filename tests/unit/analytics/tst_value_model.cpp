// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/entropy/surprise.h"
#include "core/entropy/value_model.h"

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

RobustValueOptions options()
{
    return {};
}

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
        RobustValueModel model(options());
        Sequence noise;
        for (int i = 0; i < 200; ++i) {
            const ValueScore score = model.observe(7, 50.0 + noise.bell(), 0, false);
            QCOMPARE(score.learning, i < 24);
            QVERIFY(!score.alarm);
        }
        const ValueScore first = model.observe(7, 90.0, 0, false);
        QVERIFY(first.alarm);
        QVERIFY(std::fabs(first.expected - 50.0) < 0.5);
        QVERIFY(first.spread > 0.2 && first.spread < 1.5);
        QVERIFY(!model.observe(7, 90.5, 0, false).alarm);
        QVERIFY(model.observe(7, 400.0, 0, false).alarm); // much worse than the last alarm
        QVERIFY(!model.observe(7, 50.0, 0, false).alarm);
    }

    void aSlowWalkIsNoSurprise()
    {
        RobustValueModel model(options());
        Sequence noise;
        double value = 100.0;
        for (int i = 0; i < 20'000; ++i) {
            value += noise.bell();
            QVERIFY2(!model.observe(1, value, 0, false).alarm, qPrintable(QString::number(i)));
        }
    }

    void aNewNormalIsLearned()
    {
        RobustValueModel model(options());
        Sequence noise;
        for (int i = 0; i < 500; ++i)
            model.observe(1, 10.0 + noise.bell(), 0, false);
        int alarms = 0;
        for (int i = 0; i < 1'000; ++i)
            alarms += model.observe(1, 500.0 + noise.bell(), 0, false).alarm ? 1 : 0;
        QVERIFY(alarms >= 1 && alarms <= 3);
        const ValueScore settled = model.observe(1, 500.0, 0, true);
        QVERIFY(std::fabs(settled.expected - 500.0) < 5.0);
    }

    void aSecondModeIsLearned()
    {
        RobustValueModel model(options());
        Sequence noise;
        for (int i = 0; i < 200; ++i)
            model.observe(1, 10.0 + noise.bell(), 0, false);
        const auto alarms = [&](int count) {
            int all = 0;
            for (int i = 0; i < count; ++i)
                all += model.observe(1, (i % 2 == 0 ? 10.0 : 500.0) + noise.bell(), 0, false).alarm ? 1 : 0;
            return all;
        };
        const int first = alarms(400);
        QVERIFY2(first >= 1 && first <= 20, qPrintable(QString::number(first)));
        QCOMPARE(alarms(2'000), 0);
    }

    void countersMoveInQuanta()
    {
        RobustValueModel model(options());
        for (int i = 0; i < 2'000; ++i)
            QVERIFY(!model.observe(1, i % 97 == 30 ? 2.0 : i % 101 == 50 ? 0.0 : 1.0, 0, false).alarm);
        QVERIFY(model.observe(1, 12.0, 0, false).alarm);
    }

    void aConstantSaysLittleAboutItsScale()
    {
        RobustValueModel model(options());
        for (int i = 0; i < 100; ++i)
            model.observe(1, 5.0, 0, false);
        const ValueScore changed = model.observe(1, 1e9, 0, true);
        QVERIFY(!changed.alarm);
        QVERIFY(std::fabs(changed.bits - std::log2(102.0)) < 1e-9);
    }

    void oddValuesAreIgnored()
    {
        RobustValueModel model(options());
        for (const double odd : {std::nan(""), std::numeric_limits<double>::infinity(), -1e300})
            QVERIFY(model.observe(1, odd, 0, true).learning);
        QCOMPARE(model.size(), std::size_t{0});
        for (int i = 0; i < 100; ++i)
            QVERIFY(std::isfinite(model.observe(1, i % 2 == 0 ? 9e36 : -9e36, 0, true).bits));
    }

    void theOldestSeriesGoFirst()
    {
        RobustValueOptions small = options();
        small.seriesMax = 100;
        RobustValueModel model(small);
        for (std::uint64_t key = 1; key <= 100; ++key)
            model.observe(key, 1.0, static_cast<std::uint32_t>(key <= 50 ? 9 : 1), false);
        model.observe(1'000, 1.0, 10, false); // drops an eighth: 12 of those seen at 1, the smallest keys
        QCOMPARE(model.size(), std::size_t{89});
        StateWriter out;
        model.save(out);
        RobustValueModel copy(small);
        StateReader in(out.bytes());
        QVERIFY(bool(copy.load(in)));
        QVERIFY(in.atEnd());
        for (std::uint64_t key = 51; key <= 62; ++key)
            copy.observe(key, 1.0, 11, false); // gone: each is new; the first evicts again only when full
        QVERIFY(copy.size() <= 100);
        StateWriter again;
        copy.save(again);
        QVERIFY(again.bytes() != out.bytes());
    }
};

EVENTOPS_TEST(TestValueModel)
#include "tst_value_model.moc"
