// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/entropy/metric_deviation.h"
#include "core/entropy/root_cause.h"
#include "core/entropy/surprise.h"

#include <cmath>
#include <limits>

using namespace eventops;

namespace {

constexpr double Missing = std::numeric_limits<double>::quiet_NaN();

const std::vector<std::string> Names{"shop", "cart", "stock", "base", "mail"};
enum Place : std::uint32_t { Shop, Cart, Stock, Base, Mail };

std::vector<RankedCause> rank(const std::vector<CallEdge> &edges, const std::vector<NodeDeviation> &deviations,
                              std::uint32_t target = Shop)
{
    auto causes = rankCauses(Names, edges, deviations, target);
    return causes ? std::move(causes).value() : std::vector<RankedCause>{};
}

double shareOf(const std::vector<RankedCause> &causes, std::uint32_t node)
{
    for (const RankedCause &cause : causes) {
        if (cause.node == node)
            return cause.share;
    }
    return -1.0;
}

double shareSum(const std::vector<RankedCause> &causes)
{
    double sum = 0.0;
    for (const RankedCause &cause : causes)
        sum += cause.share;
    return sum;
}

/// Forty windows around @p level, each one of five values.
std::vector<double> around(double level, double step)
{
    std::vector<double> out;
    for (int i = 0; i < 40; ++i)
        out.push_back(level + step * (i * 7 % 5 - 2));
    return out;
}

MetricTable table(std::vector<MetricColumn> columns)
{
    MetricTable out;
    out.rows = columns.empty() ? 0 : columns.front().values.size();
    out.columns = std::move(columns);
    return out;
}

const NodeDeviation *find(const MetricDeviations &all, const std::string &metric, std::uint32_t node)
{
    for (const NodeDeviation &deviation : all.deviations) {
        if (deviation.node == node && all.metrics.at(deviation.metric) == metric)
            return &deviation;
    }
    return nullptr;
}

} // namespace

class TestRootCause : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void endOfAChain()
    {
        // As surprising all the way down: everything but a 64th a hop ends below.
        const auto causes = rank({{Shop, Cart}, {Cart, Stock}}, {{Shop, 0, 8.0}, {Cart, 0, 8.0}, {Stock, 0, 8.0}});
        QCOMPARE(causes.size(), std::size_t{3});
        QCOMPARE(causes[0].node, std::uint32_t{Stock});
        QVERIFY(std::fabs(causes[0].share - 63.0 / 64.0 * 63.0 / 64.0) < 1e-12);
        QVERIFY(std::fabs(shareSum(causes) - 1.0) < 1e-12);
        QCOMPARE(causes[0].ownBits, 8.0);
    }

    void innerNodeKeepsItsOwnShare()
    {
        // The cart deviates by 12 bits, of which the stock's 3 explain a quarter.
        const auto causes = rank({{Shop, Cart}, {Cart, Stock}}, {{Shop, 0, 8.0}, {Cart, 0, 12.0}, {Stock, 0, 3.0}});
        QCOMPARE(causes[0].node, std::uint32_t{Cart});
        QCOMPARE(causes[0].ownBits, 9.0);
        const double arrives = 63.0 / 64.0;
        QVERIFY(std::fabs(causes[0].share - arrives * (1.0 - 0.25 * arrives)) < 1e-12);
        QVERIFY(std::fabs(shareOf(causes, Stock) - arrives * 0.25 * arrives) < 1e-12);
    }

    void nothingBelowMeansTheTarget()
    {
        const auto causes = rank({{Shop, Cart}, {Shop, Stock}}, {{Shop, 0, 8.0}, {Cart, 0, 0.0}, {Stock, 0, 0.0}});
        QCOMPARE(causes[0].node, std::uint32_t{Shop});
        QCOMPARE(causes[0].share, 1.0);
        // What is left ties: by name.
        QCOMPARE(Names[causes[1].node], std::string("cart"));
        QCOMPARE(Names[causes[2].node], std::string("stock"));
    }

    void bothArmsOfADiamondMeet()
    {
        const std::vector<CallEdge> edges{{Shop, Cart}, {Shop, Stock}, {Cart, Base}, {Stock, Base}};
        // Half of the waiting in each arm: impact adds up, so nothing stays at the shop but the 64th.
        const auto causes = rank(edges, {{Shop, 0, 8.0, 100.0},
                                         {Cart, 0, 8.0, 50.0},
                                         {Stock, 0, 8.0, 50.0},
                                         {Base, 0, 8.0, 100.0}});
        QCOMPARE(causes[0].node, std::uint32_t{Base});
        QVERIFY(std::fabs(shareOf(causes, Shop) - 1.0 / 64.0) < 1e-12);
        QVERIFY(causes[0].share > 0.95);
    }

    void impactLimitsWhatASmallCalleeExplains()
    {
        // The mail is the more surprising, but it lost two calls of fifty.
        const auto causes = rank({{Shop, Cart}, {Shop, Mail}},
                                 {{Shop, 0, 8.0, 50.0}, {Cart, 0, 8.0, 48.0}, {Mail, 0, 20.0, 2.0}});
        QCOMPARE(causes[0].node, std::uint32_t{Cart});
        QVERIFY(std::fabs(shareOf(causes, Mail) - 0.04 * 63.0 / 64.0) < 1e-9);
        // Without impacts both explain it alike.
        const auto blind = rank({{Shop, Cart}, {Shop, Mail}}, {{Shop, 0, 8.0}, {Cart, 0, 8.0}, {Mail, 0, 20.0}});
        QVERIFY(std::fabs(shareOf(blind, Mail) - shareOf(blind, Cart)) < 1e-12);
    }

    void calleesWithoutImpactDoNotAddUp()
    {
        std::vector<NodeDeviation> deviations{{Shop, 0, 10.0}};
        for (const std::uint32_t node : {Cart, Stock, Base, Mail})
            deviations.push_back({node, 0, 2.0});
        const auto causes = rank({{Shop, Cart}, {Shop, Stock}, {Shop, Base}, {Shop, Mail}}, deviations);
        QCOMPARE(causes[0].node, std::uint32_t{Shop});
        QVERIFY(causes[0].share > 0.8);
    }

    void cycleComesToRest()
    {
        const std::vector<CallEdge> edges{{Shop, Cart}, {Cart, Stock}, {Stock, Cart}, {Stock, Stock}, {Cart, Shop}};
        const auto causes = rank(edges, {{Shop, 0, 4.0}, {Cart, 0, 6.0}, {Stock, 0, 9.0}});
        QCOMPARE(causes.size(), std::size_t{3});
        QCOMPARE(causes[0].node, std::uint32_t{Stock});
        QVERIFY(std::fabs(shareSum(causes) - 1.0) < 1e-9);
        // All alike: no order but that of the visits, and still a sum of one.
        const auto tied = rank({{Shop, Cart}, {Cart, Shop}}, {{Shop, 0, 5.0}, {Cart, 0, 5.0}});
        QVERIFY(std::fabs(shareSum(tied) - 1.0) < 1e-9);
        QVERIFY(std::fabs(tied[0].share - 0.5) < 0.02);
    }

    void unmeasuredNodeIsLookedThrough()
    {
        const auto causes = rank({{Shop, Cart}, {Cart, Stock}, {Stock, Base}}, {{Shop, 0, 8.0}, {Base, 0, 9.0}});
        QCOMPARE(causes[0].node, std::uint32_t{Base});
        QVERIFY(causes[0].share > 0.9);
    }

    void targetWithoutDeviationAsksItsWorstCallee()
    {
        const auto causes = rank({{Shop, Cart}, {Shop, Stock}}, {{Shop, 0, 0.0}, {Cart, 0, 1.0}, {Stock, 0, 7.0}});
        QCOMPARE(causes[0].node, std::uint32_t{Stock});
        const auto silent = rank({{Shop, Cart}}, {});
        QCOMPARE(silent[0].node, std::uint32_t{Shop});
        QCOMPARE(silent[0].share, 1.0);
    }

    void causeDeviatesInWhatTheTargetSuffersFrom()
    {
        // The cart is slow, the stock fails; the shop fails.
        const auto causes = rank({{Shop, Cart}, {Shop, Stock}},
                                 {{Shop, 0, 1.0}, {Shop, 1, 9.0}, {Cart, 0, 15.0}, {Stock, 1, 9.0}, {Cart, 1, 0.0},
                                  {Stock, 0, 0.0}});
        QCOMPARE(causes[0].node, std::uint32_t{Stock});
        QCOMPARE(causes[0].metric, std::uint32_t{1});
        const double odds = (std::exp2(1.0) - 1.0) / (std::exp2(1.0) - 1.0 + std::exp2(9.0) - 1.0);
        QVERIFY(std::fabs(shareOf(causes, Cart) - odds * 63.0 / 64.0) < 1e-9);
    }

    void onlyWhatTheTargetReaches()
    {
        const auto causes = rank({{Shop, Cart}, {Mail, Shop}, {Mail, Base}},
                                 {{Shop, 0, 5.0}, {Cart, 0, 5.0}, {Mail, 0, 30.0}, {Base, 0, 30.0}});
        QCOMPARE(causes.size(), std::size_t{2});
        QCOMPARE(causes[0].node, std::uint32_t{Cart});
    }

    void orderOfInputsDoesNotMatter()
    {
        const std::vector<CallEdge> edges{{Shop, Cart}, {Shop, Stock}, {Cart, Base}, {Stock, Base}, {Shop, Cart}};
        const std::vector<NodeDeviation> deviations{{Shop, 0, 6.0}, {Cart, 0, 3.0}, {Stock, 0, 4.5}, {Base, 0, 2.0}};
        const auto once = rank(edges, deviations);
        const auto again = rank({edges.rbegin(), edges.rend()}, {deviations.rbegin(), deviations.rend()});
        QCOMPARE(again.size(), once.size());
        for (std::size_t i = 0; i < once.size(); ++i) {
            QCOMPARE(again[i].node, once[i].node);
            QCOMPARE(again[i].share, once[i].share);
        }
    }

    void hostileNumbersAndSizes()
    {
        const double Infinite = std::numeric_limits<double>::infinity();
        const auto causes = rank({{Shop, Cart}, {Cart, Stock}},
                                 {{Shop, 0, Infinite, Missing}, {Cart, 0, Missing}, {Stock, 0, -3.0, -Infinite}});
        QVERIFY(std::fabs(shareSum(causes) - 1.0) < 1e-9);
        const auto codeOf = [](const auto &result) { return result ? Error::Code::Io : result.error().code; };
        QCOMPARE(codeOf(rankCauses(Names, {}, {}, 5)), Error::Code::InvalidArgument);
        const std::vector<CallEdge> outside{{Shop, 77}};
        QCOMPARE(codeOf(rankCauses(Names, outside, {}, Shop)), Error::Code::InvalidArgument);
        const std::vector<NodeDeviation> metrics{{Shop, CauseMetricsMax, 1.0}};
        QCOMPARE(codeOf(rankCauses(Names, {}, metrics, Shop)), Error::Code::LimitExceeded);
        const std::vector<CallEdge> edges(CauseEdgesMax + 1);
        QCOMPARE(codeOf(rankCauses(Names, edges, {}, Shop)), Error::Code::LimitExceeded);
        const std::vector<std::string> nodes(CauseNodesMax + 1);
        QCOMPARE(codeOf(rankCauses(nodes, {}, {}, Shop)), Error::Code::LimitExceeded);
    }

    void greatRingStaysBounded()
    {
        std::vector<std::string> nodes;
        std::vector<CallEdge> edges;
        std::vector<NodeDeviation> deviations;
        for (std::uint32_t i = 0; i < CauseNodesMax; ++i) {
            nodes.push_back("n" + std::to_string(i));
            for (std::uint32_t hop = 1; hop <= 4; ++hop)
                edges.push_back({i, (i * hop + 1) % static_cast<std::uint32_t>(CauseNodesMax)});
            deviations.push_back({i, 0, 5.0});
        }
        const auto causes = rankCauses(nodes, edges, deviations, 0);
        QVERIFY(bool(causes));
        QCOMPARE(causes.value().size(), CauseNodesMax);
        QVERIFY(std::fabs(shareSum(causes.value()) - 1.0) < 1e-6);
    }

    void namesSayWhichWayIsBad()
    {
        QCOMPARE(metricMeaning("Latency"), MetricMeaning::Waiting);
        QCOMPARE(metricMeaning("request_duration"), MetricMeaning::Waiting);
        QCOMPARE(metricMeaning("availability"), MetricMeaning::Working);
        QCOMPARE(metricMeaning("http_error_count"), MetricMeaning::Failing);
        QCOMPARE(metricMeaning("timeouts"), MetricMeaning::Failing);
        QCOMPARE(metricMeaning("requests"), MetricMeaning::Volume);
        QCOMPARE(metricMeaning("cpu"), MetricMeaning::Other);
    }

    void bitsOfASeriesByHand()
    {
        // 10 ± {0, 1, 2}: the median deviation is 1, so the spread 1.4826 or the width's 4/3.29, the greater.
        const MetricTable normal = table({{"shop", "latency", "Average", around(10.0, 1.0)}});
        const MetricTable issue = table({{"shop", "latency", "Average", {25.0}}});
        const auto all = metricDeviations(normal, issue, Names, Shop);
        QVERIFY(bool(all));
        const NodeDeviation *shop = find(all.value(), "latency", Shop);
        QVERIFY(shop != nullptr);
        constexpr double Spread = 1.482602218505602;
        const double usual = (studentTailBits(1.0 / Spread) + studentTailBits(2.0 / Spread)) / 5.0; // the upper two
        QVERIFY(std::fabs(shop->bits - (studentTailBits(15.0 / Spread) - usual)) < 1e-9);
        QCOMPARE(shop->impact, ImpactUnknown); // nobody counted the calls
    }

    void onlyTheBadDirectionCounts()
    {
        const MetricTable normal = table({{"shop", "latency", "Average", around(10.0, 1.0)},
                                          {"shop", "availability", "Average", around(90.0, 1.0)},
                                          {"shop", "cpu", "Average", around(50.0, 1.0)},
                                          {"shop", "requests", "Sum", around(100.0, 1.0)}});
        const MetricTable better = table({{"shop", "latency", "Average", {1.0}},
                                          {"shop", "availability", "Average", {100.0}},
                                          {"shop", "cpu", "Average", {10.0}},
                                          {"shop", "requests", "Sum", {900.0}}});
        const auto all = metricDeviations(normal, better, Names, Shop);
        QVERIFY(bool(all));
        QCOMPARE(all.value().metrics, (std::vector<std::string>{"availability", "cpu", "latency"}));
        QCOMPARE(find(all.value(), "latency", Shop)->bits, 0.0);
        QCOMPARE(find(all.value(), "availability", Shop)->bits, 0.0);
        QVERIFY(find(all.value(), "cpu", Shop)->bits > 10.0);
    }

    void impactIsCallsTimesExcess()
    {
        const MetricTable normal = table({{"shop", "latency", "p99", around(50.0, 1.0)},
                                          {"shop", "latency", "Average", around(10.0, 1.0)},
                                          {"shop", "availability", "Average", around(90.0, 0.0)}});
        const MetricTable issue = table({{"shop", "latency", "p99", {50.0, 50.0}},
                                         {"shop", "latency", "Average", {30.0, 30.0}},
                                         {"shop", "availability", "Average", {90.0, 90.0}},
                                         {"shop", "requests", "Sum", {5.0, Missing}}});
        const auto all = metricDeviations(normal, issue, Names, Shop);
        QVERIFY(bool(all));
        // Two windows of like weight, 20 too slow; five calls in the first, none counted in the second.
        QVERIFY(std::fabs(find(all.value(), "latency", Shop)->impact - 50.0) < 1e-9);
        QCOMPARE(find(all.value(), "availability", Shop)->impact, 0.0);
    }

    void windowsCountAsTheTargetDeviates()
    {
        // The stock is slow while the shop is; the mail was slow before.
        const MetricTable normal = table({{"shop", "latency", "Average", around(10.0, 1.0)},
                                          {"stock", "latency", "Average", around(10.0, 1.0)},
                                          {"mail", "latency", "Average", around(10.0, 1.0)}});
        const MetricTable issue = table({{"shop", "latency", "Average", {10.0, 10.0, 40.0}},
                                         {"stock", "latency", "Average", {10.0, Missing, 40.0}},
                                         {"mail", "latency", "Average", {90.0, 90.0, 10.0}}});
        const auto all = metricDeviations(normal, issue, Names, Shop);
        QVERIFY(bool(all));
        QVERIFY(find(all.value(), "latency", Stock)->bits > 10.0);
        QCOMPARE(find(all.value(), "latency", Mail)->bits, 0.0);
    }

    void whatCannotBeJudgedIsNotMeasured()
    {
        std::vector<double> few(40, Missing);
        std::fill_n(few.begin(), NormalSamplesMin - 1, 10.0);
        const MetricTable normal = table({{"shop", "latency", "Average", few},
                                          {"cart", "latency", "Average", std::vector<double>(40, 0.0)}});
        const MetricTable issue = table({{"shop", "latency", "Average", {99.0}},
                                         {"cart", "latency", "Average", {0.001}},
                                         {"stock", "latency", "Average", {99.0}}});
        const auto all = metricDeviations(normal, issue, Names, Shop);
        QVERIFY(bool(all));
        QVERIFY(find(all.value(), "latency", Shop) == nullptr);
        QVERIFY(find(all.value(), "latency", Stock) == nullptr);
        // Always nothing before: as surprising as the first time in 41, with room for the unseen.
        QVERIFY(std::fabs(find(all.value(), "latency", Cart)->bits - std::log2(42.0)) < 1e-9);
    }

    void tooManyKindsOfMetrics()
    {
        std::vector<MetricColumn> columns;
        for (std::uint32_t i = 0; i <= CauseMetricsMax; ++i)
            columns.push_back({"shop", "m" + std::to_string(i), "Average", around(1.0, 0.1)});
        const auto all = metricDeviations(table(columns), table(columns), Names, Shop);
        QVERIFY(!all);
        QCOMPARE(all.error().code, Error::Code::LimitExceeded);
    }
};

EVENTOPS_TEST(TestRootCause)
#include "tst_root_cause.moc"
