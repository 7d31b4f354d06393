// SPDX-License-Identifier: MIT
//
// What people say of findings: a dismissal teaches, a confirmation pins, a budget holds back.
#include "tests/support/test_main.h"

#include "core/entropy/verdicts.h"
#include "tests/unit/pipeline/entropy_world.h"

#include <algorithm>
#include <numeric>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int LearnedOrders = 2'200; ///< More than an epoch.

struct Shop {
    EntropyWorld world;
    std::int64_t at = 0;
    int orders = 0;
    std::int64_t seconds = 1'000; ///< From one order to the next.

    explicit Shop(std::initializer_list<std::pair<std::string_view, Value>> settings = {}) : world(settings) {}

    void order(const std::vector<std::string> &steps, std::int64_t wait = 0)
    {
        const std::string id = "o-" + std::to_string(orders);
        std::int64_t t = at;
        for (const std::string &step : steps) {
            m_steps.push_back({t, id, step});
            t += 60 + (orders * 7) % 13 + (step == "confirmed" ? wait : 0);
        }
        ++orders;
        at += seconds + wait;
    }
    /// Runs the orders made since, in the order of time.
    std::vector<Finding> run()
    {
        std::stable_sort(m_steps.begin(), m_steps.end(), [](const Step &a, const Step &b) { return a.at < b.at; });
        HandBatch hand = world.next();
        for (const Step &step : std::exchange(m_steps, {}))
            hand.addStep("order", step.id, step.name, step.at);
        return world.run(hand);
    }
    std::vector<Finding> normal(int count)
    {
        for (int i = 0; i < count; ++i)
            order({"created", "confirmed", "packed", "shipped"});
        return run();
    }
    std::vector<Finding> odd(const std::vector<std::string> &steps, std::int64_t wait = 0)
    {
        order(steps, wait);
        for (std::int64_t after = 0; after < 4'000; after += seconds) // what is missing is missed
            order({"created", "confirmed", "packed", "shipped"});
        return firing(run());
    }

private:
    struct Step {
        std::int64_t at;
        std::string id, name;
    };
    std::vector<Step> m_steps;
};

struct Fault {
    const char *name;
    std::vector<std::string> steps;
    std::int64_t wait;
};
const Fault Faults[] = {
    {"sequence_surprise", {"created", "shipped", "confirmed", "packed"}, 0},
    {"missing_step", {"created", "confirmed"}, 0},
    {"", {"created", "confirmed", "packed", "packed", "packed", "packed", "packed", "shipped"}, 0},
    {"timing_surprise", {"created", "confirmed", "packed", "shipped"}, 40'000},
};

const Finding *named(const std::vector<Finding> &findings, const char *name)
{
    const auto it = std::find_if(findings.begin(), findings.end(),
                                 [&](const Finding &f) { return *name == 0 || f.name == name; });
    return it == findings.end() ? nullptr : &*it;
}

double wave(int i)
{
    return 34.0 + (i * 7 % 5) - 2.0 + 0.5 * (i % 3);
}

} // namespace

class TestFeedback : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void patternsAreReadBack()
    {
        const std::vector<FindingPattern> patterns = {
            {FindingPattern::Kind::Step, 0xfedcba9876543210U},
            {FindingPattern::Kind::Wait, 7, 1.5e12},
            {FindingPattern::Kind::Value, 1, -98.25, 0.125},
        };
        const std::string text = toText(patterns);
        QVERIFY(patternsOf(text) == patterns);
        for (const char *bad : {"", "step", "step=", "step=xyz", "value=1", "value=1:", "value=1:2", "value=1:nan:1",
                                "value=1:2:3;;", "none=1", "step=1:2:3", "step=11111111111111111"})
            QVERIFY2(!patternsOf(bad), bad);
        Feedback feedback = feedbackOn(Finding{}, FeedbackKind::Confirmed, "ann \"a\"", "why\nnot");
        feedback.findingId = "id";
        feedback.pattern = text;
        feedback.origin = FindingOrigin::Absence;
        const auto again = feedbackFromJson(feedback.kind, feedbackToJson(feedback));
        QVERIFY(again && again.value().user == feedback.user && again.value().reason == feedback.reason);
        QVERIFY(again.value().pattern == text && again.value().origin == FindingOrigin::Absence);
        QVERIFY(!feedbackFromJson(FeedbackKind::Budget, "{}") && !feedbackFromJson(FeedbackKind::Dismissed, "[]"));
    }

    void aDismissalTeaches_data() { kinds(); }
    void aDismissalTeaches()
    {
        QFETCH(int, kind);
        const Fault &fault = Faults[kind];
        Shop shop;
        shop.normal(LearnedOrders);
        const auto before = shop.odd(fault.steps, fault.wait);
        const Finding *finding = named(before, fault.name);
        QVERIFY2(finding != nullptr, before.empty() ? "nothing" : before.front().name.c_str());
        QVERIFY(patternsOf(finding->pattern));
        // Another source may say so, but nobody listens.
        const Feedback forged = feedbackOn(*finding, FeedbackKind::Dismissed, "eve", "believe me");
        QVERIFY(shop.world.tell(forged, shop.at, 0).empty());
        QVERIFY(named(shop.odd(fault.steps, fault.wait), fault.name) != nullptr);
        // The finding ends, and the same case is none any more. It may have been told of for two things.
        for (const Finding &each : before) {
            const auto ended = shop.world.dismiss(each, shop.at);
            QCOMPARE(ended.size(), std::size_t{1});
            QVERIFY(ended.front().state == FindingState::Resolved);
            QCOMPARE(ended.front().name, each.name);
            QCOMPARE(ended.front().entityId, each.entityId);
        }
        const auto after = shop.odd(fault.steps, fault.wait);
        QVERIFY2(after.empty(), after.empty() ? "" : after.front().message.c_str());
        // Nor when the program was ended and begun again.
        QVERIFY(shop.world.restart(shop.world.state()));
        QVERIFY(shop.odd(fault.steps, fault.wait).empty());
    }

    void aConfirmationPins_data() { kinds(); }
    void aConfirmationPins()
    {
        QFETCH(int, kind);
        const Fault &fault = Faults[kind];
        Shop shop;
        shop.normal(LearnedOrders);
        const auto before = shop.odd(fault.steps, fault.wait);
        const Finding *finding = named(before, fault.name);
        QVERIFY(finding != nullptr);
        QVERIFY(shop.world.confirm(*finding, shop.at).empty());
        shop.normal(10'000);
        for (int i = 0; i < 300; ++i) { // and however often it happens
            const auto again = shop.odd(fault.steps, fault.wait);
            const Finding *pinned = named(again, fault.name);
            QVERIFY2(pinned != nullptr, qPrintable(QString::number(i)));
            QCOMPARE(pinned->terms.back().name, std::string("confirmed"));
            QVERIFY(pinned->severity == Severity::Critical);
            double sum = 0.0;
            for (const BitsTerm &term : pinned->terms)
                sum += term.bits;
            QVERIFY(std::abs(sum - pinned->bits) < 1e-9);
        }
        // Minds change.
        for (const Finding &each : before)
            shop.world.dismiss(each, shop.at);
        QVERIFY(named(shop.odd(fault.steps, fault.wait), fault.name) == nullptr);
    }

    void aConfirmedCaseStaysOneAfterItsRepeats()
    {
        for (const Fault &fault : Faults) {
            Shop shop;
            shop.normal(LearnedOrders);
            const auto before = shop.odd(fault.steps, fault.wait);
            const Finding *finding = named(before, fault.name);
            QVERIFY(finding != nullptr);
            shop.world.confirm(*finding, shop.at);
            for (int i = 0; i < 10'000; ++i)
                shop.order(fault.steps, fault.wait);
            const auto findings = firing(shop.run());
            const auto told = std::count_if(findings.begin(), findings.end(),
                                            [&](const Finding &f) { return *fault.name == 0 || f.name == fault.name; });
            QVERIFY2(told >= 9'990, qPrintable(QString::fromStdString(fault.name) + QString::number(told)));
        }
    }

    void valuesAreTaughtToo()
    {
        EntropyWorld world;
        int second = 0;
        const auto values = [&](int count) {
            HandBatch hand = world.next();
            for (int i = 0; i < count; ++i)
                hand.addMetric("host-a", "cpu_load", wave(i), second += 15);
            return world.run(hand);
        };
        const auto peak = [&](double value) {
            HandBatch hand = world.next();
            hand.addMetric("host-a", "cpu_load", value, second += 15);
            return firing(world.run(hand));
        };
        values(400);
        const auto first = peak(97.0);
        QCOMPARE(first.size(), std::size_t{1});
        world.dismiss(first.front(), second);
        values(2'000);
        QVERIFY(peak(97.0).empty());
        values(2'000);
        QVERIFY(peak(80.0).empty()); // between the usual and what was dismissed
        values(2'000);
        const auto beyond = peak(140.0);
        QCOMPARE(beyond.size(), std::size_t{1});
        world.confirm(beyond.front(), second);
        values(10'000);
        const auto again = peak(140.0);
        QCOMPARE(again.size(), std::size_t{1});
        QVERIFY(peak(140.0).empty()); // it is still there
        QVERIFY(world.restart(world.state()));
        QVERIFY(peak(141.0).empty());
        values(1);
        QCOMPARE(peak(141.0).size(), std::size_t{1});
        world.dismiss(again.front(), second);
        values(2'000);
        QVERIFY(peak(140.0).empty());
    }

    void whatIsHeldBackIsListed()
    {
        EntropyWorld world({{"false_per_day", Value::scalar("0.01")}, {"bits_min", Value::scalar("5")}});
        int second = 0;
        const auto values = [&](int count, double extra) {
            HandBatch hand = world.next();
            for (int i = 0; i < count; ++i)
                hand.addMetric("host-a", "cpu_load", wave(i) + extra, second += 15);
            return firing(world.run(hand));
        };
        values(9'000, 0.0); // until the volume is known, little is held back
        const WallNs at{(second + 15) * NsPerSecond};
        QVERIFY(values(1, 9.0).empty()); // an alarm, but no finding
        values(2'000, 0.0);
        const auto alarms = world.view().judgement.heldBack;
        const auto found = std::find_if(alarms.begin(), alarms.end(), [at](const auto &each) { return each.ts == at; });
        QVERIFY(found != alarms.end());
        const JudgementView::HeldBack alarm = *found;
        QCOMPARE(alarm.kind, std::string("values"));
        QCOMPARE(alarm.entityId, std::string("host-a"));
        QCOMPARE(alarm.what, std::string("cpu_load"));
        QVERIFY(alarm.bits >= 5.0 && alarm.bits < alarm.takes);
        QVERIFY(world.restart(world.state()));
        QVERIFY(world.view().judgement.heldBack == alarms);
        values(9'000, 0.0); // more than a day
        for (const JudgementView::HeldBack &later : world.view().judgement.heldBack)
            QVERIFY(later.ts > alarm.ts);
    }

    void whatWasToldIsNotLearned()
    {
        Shop shop;
        shop.seconds = 100;
        shop.normal(LearnedOrders);
        // The fourth repeat is as surprising as the first; only so many of a kind are told a day.
        const auto first = shop.odd(Faults[0].steps);
        const auto fourth = (shop.odd(Faults[0].steps), shop.odd(Faults[0].steps), shop.odd(Faults[0].steps));
        QVERIFY(!first.empty() && !fourth.empty());
        QVERIFY(fourth.front().bits > first.front().bits - 1.5);
        std::size_t told = 0;
        for (int i = 0; i < 200; ++i)
            told += shop.odd(Faults[0].steps).size();
        QVERIFY2(told < 200, qPrintable(QString::number(told)));
    }

private:
    static void kinds()
    {
        QTest::addColumn<int>("kind");
        for (int i = 0; i < static_cast<int>(std::size(Faults)); ++i)
            QTest::newRow(*Faults[i].name != 0 ? Faults[i].name : "extra_step") << i;
    }
};

EVENTOPS_TEST(TestFeedback)
#include "tst_feedback.moc"
