// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/base/limits.h"
#include "pipelines/components.h"
#include "pipelines/stages/rules/windows.h"
#include "tests/unit/pipeline/hand_batch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

using namespace eventops;
using namespace eventops::rules;
using eventops::test::HandBatch;
using eventops::test::stageSettings;

namespace {

constexpr std::int64_t Minute = 60;

WallNs at(std::int64_t second)
{
    return WallNs{second * NsPerSecond};
}

/// One rule with windows of five minutes.
std::vector<Rule> fiveMinutes()
{
    std::vector<Rule> rules(1);
    rules[0].name = "p";
    rules[0].metric = "m";
    rules[0].windowNs = 5 * Minute * NsPerSecond;
    return rules;
}

/// Windows, with what they close; a key is its entity.
struct Bench {
    std::vector<Rule> rules = fiveMinutes();
    Windows windows{rules, 64};
    std::vector<ClosedWindow> closed;

    bool put(std::uint64_t entity, std::int64_t second, double value = 1.0)
    {
        windows.pass(entity, at(second), closed);
        const Windows::Added added = windows.add(rules[0], {entity, entity, at(second), value}, closed);
        if (added.texts != nullptr && added.opens)
            added.texts->entityId = std::to_string(entity);
        return added.texts != nullptr;
    }
    std::string state() const
    {
        StateWriter out;
        windows.save(out);
        return out.take();
    }
};

double nearestRank(std::vector<double> values, double q)
{
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
    return values[std::max<std::size_t>(rank, 1) - 1];
}

double mixed(std::uint64_t i)
{
    return static_cast<double>(i * 2'654'435'761U % 1'000'003U);
}

struct Kept final : Emitter {
    std::vector<Finding> findings;
    std::vector<FeatureWindow> windows;
    void emit(std::uint32_t, Finding finding) override { findings.push_back(std::move(finding)); }
    void emitFeature(std::uint32_t, FeatureWindow window) override { windows.push_back(std::move(window)); }
};

Value ruleOf(std::initializer_list<std::pair<const char *, const char *>> fields)
{
    Value rule = Value::map({});
    for (const auto &[name, value] : fields)
        rule.set(name, Value::scalar(value));
    return rule;
}

/// A stage with these rules; all events are given to one partition.
std::unique_ptr<KeyedStage> stageOf(std::vector<Value> rules, std::unique_ptr<KeyedOperator> &shared)
{
    const StageSpec &spec = *Registry{builtinStages(), {}}.stage("rules");
    auto made = spec.makeKeyed(stageSettings(spec, {{"rules", Value::list(std::move(rules))}}));
    if (!made)
        return nullptr;
    shared = std::move(made).value();
    return shared->makePartition(0);
}

void runAll(KeyedStage &stage, const HandBatch &hand, Emitter &emitter, std::size_t from = 0, std::size_t to = SIZE_MAX)
{
    std::vector<std::uint32_t> events;
    for (std::size_t i = from; i < std::min(to, hand.batch.events.size()); ++i)
        events.push_back(static_cast<std::uint32_t>(i));
    stage.process(hand.batch, events, TimeProgress(0, {}), emitter);
}

} // namespace

class TestRuleWindows : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void smallWindowsAreExact()
    {
        WindowSummary summary;
        std::vector<double> values;
        QCOMPARE(summary.quantile(0.5), 0.0);
        QCOMPARE(summary.stddev(), 0.0);
        for (std::uint64_t i = 1; i < WindowSummary::LevelSamplesMax; ++i) {
            values.push_back(mixed(i) - 400'000.0);
            summary.add(values.back());
            for (const double q : {0.0, 0.5, 0.95, 1.0})
                QCOMPARE(summary.quantile(q), nearestRank(values, q));
        }
    }

    void meanAndSpreadByHand()
    {
        WindowSummary summary;
        for (const double value : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0})
            summary.add(value);
        QCOMPARE(summary.count(), std::uint64_t{8});
        QCOMPARE(summary.mean(), 5.0);
        QCOMPARE(summary.stddev(), 2.0);
    }

    void greatWindowsAreNear()
    {
        constexpr std::size_t Count = 100'000;
        WindowSummary summary;
        std::vector<double> values;
        for (std::uint64_t i = 0; i < Count; ++i) {
            values.push_back(mixed(i));
            summary.add(values.back());
        }
        std::sort(values.begin(), values.end());
        for (const double q : {0.01, 0.5, 0.95, 0.99}) {
            const auto place = std::lower_bound(values.begin(), values.end(), summary.quantile(q)) - values.begin();
            QVERIFY(std::fabs(static_cast<double>(place) / Count - q) < 0.004);
        }
        StateWriter saved;
        summary.save(saved);
        QVERIFY(saved.bytes().size() < 32'768);
    }

    void aSummaryComesBackBitForBit()
    {
        WindowSummary one;
        for (std::uint64_t i = 0; i < 5'000; ++i)
            one.add(mixed(i));
        StateWriter half;
        one.save(half);
        WindowSummary two;
        StateReader in(half.bytes());
        QVERIFY(bool(two.load(in)));
        for (std::uint64_t i = 5'000; i < 9'000; ++i) {
            one.add(mixed(i));
            two.add(mixed(i));
        }
        StateWriter a, b;
        one.save(a);
        two.save(b);
        QVERIFY(a.bytes() == b.bytes());
        for (std::size_t length = 0; length < half.bytes().size(); length += 97) {
            StateReader cut(std::string_view(half.bytes()).substr(0, length));
            QVERIFY(!WindowSummary().load(cut));
        }
    }

    void beginIsInsideEndIsNot()
    {
        Bench bench;
        QVERIFY(bench.put(7, 600));
        QVERIFY(bench.put(7, 899));
        QVERIFY(bench.closed.empty());
        QVERIFY(bench.put(7, 900));
        QCOMPARE(bench.closed.size(), std::size_t{1});
        QCOMPARE(raw(bench.closed[0].start), raw(at(600)));
        QCOMPARE(raw(bench.closed[0].end), raw(at(900)));
        QCOMPARE(bench.closed[0].summary.count(), std::uint64_t{2});
        // Before 1970 windows begin at multiples too; a leap over many leaves none empty behind.
        QVERIFY(bench.put(8, -1));
        QVERIFY(bench.put(8, 10'000));
        QCOMPARE(bench.closed.size(), std::size_t{2});
        QCOMPARE(raw(bench.closed[1].start), raw(at(-300)));
    }

    void lateValuesAreCountedAndLeftOut()
    {
        Bench bench;
        bench.put(7, 600);
        bench.put(7, 900, 5.0);
        QVERIFY(!bench.put(7, 899, 99.0));
        QVERIFY(!bench.put(7, 0, 99.0));
        bench.put(7, 1'200);
        QCOMPARE(bench.closed.size(), std::size_t{2});
        QCOMPARE(bench.closed[1].late, std::uint64_t{2});
        QCOMPARE(bench.closed[1].summary.count(), std::uint64_t{1});
        QCOMPARE(bench.closed[1].summary.mean(), 5.0);
        QVERIFY(!bench.windows.add(bench.rules[0], {7, 7, NoTime, 1.0}, bench.closed).texts);
        QVERIFY(!bench.windows.add(bench.rules[0], {7, 7, WallNs{INT64_MAX}, 1.0}, bench.closed).texts);
    }

    void silentSeriesCloseWhenTwoOthersHavePassed()
    {
        Bench bench;
        bench.put(1, 650);
        bench.put(2, 950);
        bench.put(2, 5'000); // one clock that runs ahead closes nothing but its own
        QCOMPARE(bench.closed.size(), std::size_t{1});
        bench.windows.pass(3, at(959), bench.closed);
        QCOMPARE(bench.closed.size(), std::size_t{1}); // a minute of grace
        bench.windows.pass(3, at(960), bench.closed);
        QCOMPARE(bench.closed.size(), std::size_t{2});
        QCOMPARE(bench.closed[1].texts.entityId, std::string("1"));
        // What comes for it now is late; time that is still open is not.
        QVERIFY(!bench.put(1, 651));
        QVERIFY(bench.put(1, 905));
    }

    void timeMayGoBackForGood()
    {
        Bench bench;
        bench.put(7, 1'000'000);
        for (std::uint64_t i = 1; i < Windows::LateRunMax; ++i)
            QVERIFY(!bench.put(7, 600));
        QVERIFY(bench.put(7, 600)); // its own future is dropped
        QVERIFY(bench.closed.empty());
        QVERIFY(bench.put(7, 900));
        QCOMPARE(bench.closed.size(), std::size_t{1});
        QCOMPARE(bench.closed[0].late, Windows::LateRunMax - 1);
        // And for a partition whose clocks stand in the future.
        Bench ahead;
        ahead.windows.pass(1, at(1'000'000), ahead.closed);
        ahead.windows.pass(2, at(1'000'000), ahead.closed);
        for (std::uint64_t i = 1; i < Windows::LateRunMax; ++i)
            QVERIFY(!ahead.put(9, 600));
        QVERIFY(ahead.put(9, 600));
        QVERIFY(ahead.put(8, 600));
    }

    void stateStaysBounded()
    {
        Bench bench;
        for (std::uint64_t key = 0; key < 10'000; ++key)
            bench.windows.add(bench.rules[0], {key, 1, at(600), 1.0}, bench.closed);
        QVERIFY(bench.state().size() < 64 * 128);
        QVERIFY(bench.closed.empty());
    }

    void windowsComeBackBitForBit()
    {
        Bench one;
        for (std::uint64_t i = 0; i < 3'000; ++i)
            one.put(i % 11, static_cast<std::int64_t>(i * 7 + i * i % 40), mixed(i));
        const std::string half = one.state();
        Bench two;
        StateReader in(half);
        QVERIFY(bool(two.windows.load(in)));
        QVERIFY(in.atEnd());
        QVERIFY(two.state() == half);
        one.closed.clear();
        for (std::uint64_t i = 3'000; i < 6'000; ++i) {
            one.put(i % 11, static_cast<std::int64_t>(i * 7 + i * i % 40), mixed(i));
            two.put(i % 11, static_cast<std::int64_t>(i * 7 + i * i % 40), mixed(i));
        }
        QVERIFY(one.state() == two.state());
        QVERIFY(one.closed.size() > 100);
        QCOMPARE(one.closed.size(), two.closed.size());
        for (std::size_t i = 0; i < one.closed.size(); ++i)
            QCOMPARE(one.closed[i].summary.quantile(0.95), two.closed[i].summary.quantile(0.95));
        Bench broken;
        for (std::size_t length = 0; length < half.size(); length += 131) {
            StateReader cut(std::string_view(half).substr(0, length));
            QVERIFY(!broken.windows.load(cut) || cut.failed());
        }
    }

    void eachStepHasItsWindow()
    {
        std::unique_ptr<KeyedOperator> shared;
        const auto stage = stageOf({ruleOf({{"metric", "ms"}, {"window", "1m"}})}, shared);
        QVERIFY(stage != nullptr);
        HandBatch hand;
        for (const auto &[step, value, second] : {std::tuple{"pay", 10.0, 1}, {"ship", 20.0, 2}, {"pay", 30.0, 3},
                                                  {"pay", 1.0, 61}, {"ship", 1.0, 62}}) {
            Event &event = hand.add("order", "4711", second, {{Field::Metric, "ms"}, {Field::Step, step}});
            event.hasValue = true;
            event.value = value;
        }
        Event &odd = hand.add("order", "4711", 63, {{Field::Metric, "ms"}, {Field::Step, "pay"}});
        odd.hasValue = true;
        odd.value = std::numeric_limits<double>::quiet_NaN();
        Kept kept;
        runAll(*stage, hand, kept);
        QVERIFY(kept.findings.empty()); // it only computes
        QCOMPARE(kept.windows.size(), std::size_t{2});
        QCOMPARE(kept.windows[0].step, std::string("pay"));
        QCOMPARE(kept.windows[0].avg, 20.0);
        QCOMPARE(kept.windows[0].stddev, 10.0);
        QCOMPARE(kept.windows[1].step, std::string("ship"));
        QCOMPARE(kept.windows[1].count, std::uint64_t{1});
        QCOMPARE(kept.windows[0].rule, std::string("ms_window"));
    }

    void aBreachLastsOverWindows()
    {
        // Two windows above the threshold in a row, as `for` counts by the ends of windows.
        std::unique_ptr<KeyedOperator> shared;
        const auto stage = stageOf({ruleOf({{"metric", "load"}, {"window", "1m"}, {"feature", "avg"},
                                            {"warning", "80"}, {"for", "1m"}, {"states", "true"}})},
                                   shared);
        QVERIFY(stage != nullptr);
        HandBatch hand;
        for (int i = 0; i < 10; ++i)
            hand.addMetric("a", "load", i < 3 ? 50.0 : i < 8 ? 90.0 : 10.0, i * 30);
        hand.addMetric("a", "load", 10.0, 360);
        Kept kept;
        runAll(*stage, hand, kept, 0, 5);
        StateWriter saved;
        stage->save(saved);
        std::unique_ptr<KeyedOperator> other;
        const auto again = stageOf({ruleOf({{"metric", "load"}, {"window", "1m"}, {"feature", "avg"},
                                            {"warning", "80"}, {"for", "1m"}, {"states", "true"}})},
                                   other);
        StateReader in(saved.bytes());
        QVERIFY(bool(again->load(in)));
        runAll(*again, hand, kept, 5);
        // Averages: 50, 70, 90, 90, 10 (from 4:00), so pending at 3:00, firing at 4:00, resolved at 5:00.
        QCOMPARE(kept.windows.size(), std::size_t{5});
        QCOMPARE(kept.findings.size(), std::size_t{3});
        QVERIFY(kept.findings[0].state == FindingState::Pending);
        QCOMPARE(raw(kept.findings[0].ts), raw(at(180)));
        QVERIFY(kept.findings[1].state == FindingState::Firing);
        QCOMPARE(kept.findings[1].message, std::string("avg(load)=90.0 over 1m exceeds warning threshold"));
        QVERIFY(kept.findings[2].state == FindingState::Resolved);
        QCOMPARE(kept.findings[2].value, 10.0);
    }
};

EVENTOPS_TEST(TestRuleWindows)
#include "tst_rule_windows.moc"
