// SPDX-License-Identifier: MIT
//
// What a finding of a case says would not have surprised: when it is so, the finding is not there.
#include "tests/support/test_main.h"

#include "core/base/hash.h"
#include "core/model/expected_step.h"
#include "tests/unit/pipeline/entropy_world.h"

#include <algorithm>
#include <charconv>
#include <map>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr std::int64_t OrderSeconds = 1'000;
constexpr int LearnedOrders = 3'000;
constexpr int Faults = 240;

struct Step {
    std::string name;
    std::int64_t wait = 0; ///< Seconds since the step before.
};
using Order = std::vector<Step>;

/// The way of order @p number: one in five is out of stock first, one in three is paid in parts.
Order normalOrder(std::uint64_t number)
{
    const auto dice = [number](std::uint64_t salt, std::uint64_t sides) {
        return hashCombine(number + 1, salt) % sides;
    };
    Order order;
    const auto add = [&](const char *name) {
        order.push_back({name, 40 + static_cast<std::int64_t>(dice(order.size() + 10, 50))});
    };
    add("created");
    add("confirmed");
    if (dice(1, 5) == 0)
        add("backordered");
    for (std::uint64_t part = dice(2, 3) == 0 ? 2 : 1; part > 0; --part)
        add("paid");
    add("packed");
    add("shipped");
    return order;
}

/// "1m 13s", "250ms", "2h": seconds.
double secondsOf(std::string_view text)
{
    double sum = 0.0;
    while (!text.empty()) {
        double number = 0.0;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (failed != std::errc{})
            break;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const std::string_view unit = text.substr(0, std::min(text.find(' '), text.size()));
        sum += number * (unit == "ms" ? 0.001 : unit == "s" ? 1.0 : unit == "m" ? 60.0 : unit == "h" ? 3'600.0
                                                                                                      : 86'400.0);
        text.remove_prefix(std::min(unit.size() + 1, text.size()));
    }
    return sum;
}

/// "packed 2×": how often.
std::pair<std::string, int> timesOf(const std::string &text)
{
    const std::size_t space = text.rfind(' ');
    int number = 0;
    std::from_chars(text.data() + space + 1, text.data() + text.size(), number);
    return {text.substr(0, space), number};
}

} // namespace

class TestUnsurprising : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theNamedChangeIsNoFinding()
    {
        std::uint64_t number = 0;
        std::int64_t at = 0;
        HandBatch hand = m_world.next();
        for (; number < LearnedOrders; ++number, at += OrderSeconds)
            add(hand, number, normalOrder(number), at);
        m_world.run(hand);
        const std::string learned = m_world.state();

        std::map<std::string, int> found, left;
        for (std::uint64_t fault = 0; fault < Faults; ++fault) {
            const Order order = broken(fault);
            const std::vector<Finding> findings = tryOut(learned, number + fault * 8, order, at);
            if (findings.empty())
                continue;
            const Finding &finding = findings.front();
            ++found[finding.name];
            const Order mended = changed(order, finding);
            for (const Finding &again : tryOut(learned, number + fault * 8, mended, at)) {
                const bool same = again.name == finding.name
                               && (again.origin == FindingOrigin::Absence || again.seq == finding.seq);
                left[finding.name] += same ? 1 : 0;
                if (same)
                    qInfo("%s | again %s", finding.message.c_str(), again.message.c_str());
            }
        }
        int all = 0;
        int still = 0;
        for (const char *kind : {"sequence_surprise", "timing_surprise", "missing_step"}) {
            QVERIFY2(found[kind] >= 20, qPrintable(QStringLiteral("%1 %2").arg(QLatin1String(kind)).arg(found[kind])));
            all += found[kind];
            still += left[kind];
        }
        QVERIFY2(still * 100 <= all, qPrintable(QStringLiteral("%1 of %2").arg(still).arg(all)));
    }

private:
    static void add(HandBatch &hand, std::uint64_t number, const Order &order, std::int64_t at)
    {
        for (const Step &step : order)
            hand.addStep("order", "o-" + std::to_string(number), step.name, at += step.wait);
    }

    /// Findings of the order alone, after what was learned; time goes on behind it.
    std::vector<Finding> tryOut(const std::string &learned, std::uint64_t number, const Order &order, std::int64_t at)
    {
        m_world.restart(learned);
        HandBatch hand = m_world.next();
        add(hand, number, order, at);
        std::int64_t end = at;
        for (const Step &step : order)
            end += step.wait;
        for (std::uint64_t i = 1; i < 5; ++i)
            add(hand, number + i, normalOrder(number + i), end + static_cast<std::int64_t>(i) * OrderSeconds);
        auto findings = firing(m_world.runAgain(hand));
        std::erase_if(findings, [&](const Finding &f) { return f.entityId != "o-" + std::to_string(number); });
        return findings;
    }

    static Order broken(std::uint64_t fault)
    {
        Order order = normalOrder(900'000 + fault);
        const std::size_t place = 1 + hashCombine(fault, 5) % (order.size() - 1);
        switch (fault % 4) {
        case 0: std::swap(order[place - 1].name, order[place].name); break;
        case 1: order[place].wait = 20'000 + static_cast<std::int64_t>(hashCombine(fault, 6) % 20'000); break;
        case 2: order.resize(place); break; // it stops there
        default: order.insert(order.begin() + static_cast<std::ptrdiff_t>(place), 4, order[place]); break;
        }
        return order;
    }

    /// @p order with the change that the finding's terms name.
    static Order changed(Order order, const Finding &finding)
    {
        if (finding.origin == FindingOrigin::Absence || finding.name == "extra_step") {
            for (const BitsTerm &term : finding.terms) {
                if (term.name != "missing_step" && term.name != "extra_step")
                    continue;
                const auto [name, wanted] = timesOf(term.expected);
                auto seen = timesOf(term.observed).second;
                for (; seen < wanted; ++seen)
                    order.push_back({name, 60});
                for (; seen > wanted; --seen)
                    order.erase(std::find_if(order.begin(), order.end(),
                                             [&, wanted = name](const Step &s) { return s.name == wanted; }));
            }
            return order;
        }
        const std::size_t place = placeOf(order, finding);
        if (finding.name == "timing_surprise") {
            const auto term = std::find_if(finding.terms.begin(), finding.terms.end(),
                                           [](const BitsTerm &t) { return t.name == "timing"; });
            order[place].wait =
                static_cast<std::int64_t>(secondsOf(term->expected.substr(term->expected.rfind("p95 ") + 4)));
        } else if (const std::string expected = expectedSteps(finding).front().step; expected == "the end") {
            order.resize(place);
        } else {
            order[place].name = expected;
        }
        return order;
    }
    /// By time: the step that the finding is about.
    static std::size_t placeOf(const Order &order, const Finding &finding)
    {
        std::int64_t at = LearnedOrders * OrderSeconds;
        for (std::size_t i = 0; i < order.size(); ++i) {
            at += order[i].wait;
            if (raw(finding.ts) == at * NsPerSecond)
                return i;
        }
        return order.size() - 1;
    }

    EntropyWorld m_world;
};

EVENTOPS_TEST(TestUnsurprising)
#include "tst_unsurprising.moc"
