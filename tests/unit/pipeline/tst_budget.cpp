// SPDX-License-Identifier: MIT
//
// The budget: on streams in which nothing is wrong there are no more findings a day than it says.
#include "tests/support/test_main.h"

#include "core/base/hash.h"
#include "core/base/math.h"
#include "core/entropy/finding_budget.h"
#include "tests/unit/pipeline/entropy_world.h"

#include <algorithm>
#include <cmath>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr std::int64_t SecondsPerDay = 86'400;

/// Numbers from a seed: what a world without faults is made of.
class Dice
{
public:
    explicit Dice(std::uint64_t seed) : m_state(hashCombine(seed, 77)) {}
    double uniform() { return static_cast<double>((m_state = hashCombine(m_state, 1)) >> 11U) * 0x1p-53; }
    double normal()
    {
        double sum = -6.0;
        for (int i = 0; i < 12; ++i)
            sum += uniform();
        return sum;
    }
    double exponential() { return -detLog2(std::max(uniform(), 1e-12)) / 1.4426950408889634; }

private:
    std::uint64_t m_state;
};

struct NullEvent {
    std::int64_t at = 0;
    std::string id, step;
    double value = 0.0;
};

/// Twelve series of noise, two of them with a daily season and two with long tails; jobs whose steps branch and whose
/// waits are exponential. All of it stays as it is for ever.
std::vector<NullEvent> nullDays(Dice &dice, int days)
{
    std::vector<NullEvent> events;
    for (std::int64_t at = 0; at < days * SecondsPerDay; at += 600) {
        for (int series = 0; series < 12; ++series) {
            const double day = static_cast<double>(at % SecondsPerDay) / static_cast<double>(SecondsPerDay);
            double value = 50.0 + 4.0 * dice.normal();
            if (series < 2)
                value += 20.0 * (1.0 - std::abs(2.0 * day - 1.0));
            else if (series < 4)
                value = 10.0 + 5.0 * dice.exponential();
            events.push_back({at + series, "host-" + std::to_string(series), {}, value});
        }
    }
    int job = 0;
    for (std::int64_t begin = 0; begin < days * SecondsPerDay;) {
        const std::string id = "job-" + std::to_string(job++);
        std::int64_t at = begin;
        begin += 200 + static_cast<std::int64_t>(dice.uniform() * 200);
        const auto take = [&](const char *step) {
            events.push_back({at, id, step, 0.0});
            at += 5 + static_cast<std::int64_t>(60.0 * dice.exponential());
        };
        take("queued");
        take("started");
        while (dice.uniform() < 0.2)
            take("retried");
        take(dice.uniform() < 0.5 ? "copied" : "moved");
        if (dice.uniform() < 0.05)
            take("warned");
        take("checked");
        take(dice.uniform() < 0.02 ? "failed" : "finished");
    }
    std::stable_sort(events.begin(), events.end(), [](const auto &a, const auto &b) { return a.at < b.at; });
    return events;
}

} // namespace

class TestBudget : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void bitsFollowVolume()
    {
        FindingBudget budget(10.0);
        QCOMPARE(budget.bits(8.0)[0], 8.0); // nothing is known
        JudgedCounts counts;
        counts.judged = {1'000'000, 0, 0, 1'000};
        budget.take({}, WallNs{0});
        budget.take(counts, WallNs{SecondsPerDay * NsPerSecond});
        QVERIFY(std::abs(budget.judgedPerDay(JudgedKind::Value) - 1e6) < 1.0);
        const BitsByKind bits = budget.bits(2.0);
        QVERIFY(std::abs(bits[0] - std::log2(1e6 * 2 / 10.0)) < 1e-6); // two kinds judge
        QVERIFY(std::abs(bits[3] - std::log2(1e3 * 2 / 10.0)) < 1e-6);
        QCOMPARE(bits[1], 2.0);
        budget.setFalsePerDay(1'000.0);
        QVERIFY(std::abs(budget.bits(2.0)[0] - std::log2(1e6 * 2 / 1e3)) < 1e-6);
        budget.setFalsePerDay(0.0);
        QCOMPARE(budget.falsePerDay(), FindingBudget::FalsePerDayMin);
        StateWriter out;
        budget.save(out);
        FindingBudget again(1.0);
        StateReader in(out.bytes());
        QVERIFY(again.load(in));
        QCOMPARE(again.bits(2.0)[0], budget.bits(2.0)[0]);
        QCOMPARE(again.counts().judged[0], std::uint64_t{1'000'000});
    }

    void nullStreamsStayWithinIt_data()
    {
        QTest::addColumn<double>("budget");
        QTest::addColumn<int>("seeds");
        QTest::newRow("ten a day") << 10.0 << 100;
        QTest::newRow("three a day") << 3.0 << 20;
        QTest::newRow("as shipped") << 48.0 << 20;
    }
    void nullStreamsStayWithinIt()
    {
        QFETCH(double, budget);
        QFETCH(int, seeds);
        constexpr int Days = 4; // what is false while little is known counts
        std::vector<double> perDay;
        std::array<int, 4> kinds{};
        for (int seed = 1; seed <= seeds; ++seed) {
            Dice dice(static_cast<std::uint64_t>(seed));
            EntropyWorld world({{"false_per_day", Value::scalar(std::to_string(budget))}});
            HandBatch hand = world.next();
            for (const NullEvent &event : nullDays(dice, Days)) {
                if (event.step.empty())
                    hand.addMetric(event.id, "load", event.value, event.at);
                else
                    hand.addStep("job", event.id, event.step, event.at);
            }
            const auto findings = firing(world.run(hand));
            for (const Finding &finding : findings)
                ++kinds[finding.name == "value_surprise" ? 0 : finding.name == "sequence_surprise" ? 1
                        : finding.name == "timing_surprise" ? 2 : 3];
            perDay.push_back(static_cast<double>(findings.size()) / Days);
        }
        double mean = 0.0;
        for (const double each : perDay)
            mean += each / static_cast<double>(perDay.size());
        double variance = 0.0;
        for (const double each : perDay)
            variance += (each - mean) * (each - mean) / static_cast<double>(perDay.size() - 1);
        const double upper = mean + 1.645 * std::sqrt(variance / static_cast<double>(perDay.size()));
        const QString told = QStringLiteral("mean %1 upper %2; values %3 steps %4 waits %5 ends %6")
                                 .arg(mean).arg(upper).arg(kinds[0]).arg(kinds[1]).arg(kinds[2]).arg(kinds[3]);
        qInfo("%s", qPrintable(told));
        QVERIFY2(mean <= budget, qPrintable(told));
        QVERIFY2(upper <= 1.2 * budget, qPrintable(told));
        QVERIFY2(mean > 0.0, qPrintable(told)); // a model that never speaks keeps any budget
    }
};

EVENTOPS_TEST(TestBudget)
#include "tst_budget.moc"
