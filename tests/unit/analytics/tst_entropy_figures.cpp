// SPDX-License-Identifier: MIT
//
// The evaluators of `eventops entropy bench` against figures computed by hand.
#include "tests/support/test_main.h"

#include "core/entropy/nab_score.h"
#include "core/entropy/process_figures.h"
#include "core/entropy/session_figures.h"

#include <cmath>

using namespace eventops;

namespace {

bool near(double a, double b)
{
    return std::fabs(a - b) < 1e-9;
}

} // namespace

class TestEntropyFigures : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void sessionsAreWeighted()
    {
        const std::vector<double> normal = {0.0, 1.0, 2.0, 5.0};
        const std::vector<double> abnormal = {1.0, 5.0, 6.0, 7.0};
        const SessionFigures figures = sessionFigures(normal, abnormal, 10.0, 5.0); // one false, three of four found
        QVERIFY(near(figures.precision, 3.0 / 13.0));
        QVERIFY(near(figures.recall, 0.75));
        QVERIFY(near(figures.f1, 6.0 / 17.0));
        QVERIFY(near(figures.falsePositiveRate, 0.25));
        QVERIFY(near(sessionFigures(normal, abnormal, 10.0, 8.0).f1, 0.0));
        QVERIFY(near(sessionFigures({}, {}, 1.0, 0.0).f1, 0.0));
    }

    void thresholdLeavesTheAllowedShare()
    {
        const std::vector<double> normal = {4.0, 3.0, 3.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0};
        const double one = thresholdAtRate(normal, 0.1);
        QVERIFY(one > 3.0 && one < 3.0 + 1e-9);
        const double two = thresholdAtRate(normal, 0.25); // the two alike cannot be parted
        QVERIFY(two > 3.0);
        QVERIFY(thresholdAtRate(normal, 1.0) < 0.0);
    }

    void faultsAreOneEach()
    {
        const std::vector<std::vector<StepSymbol>> sessions = {{1, 2, 3, 4}, {5, 6}, {7, 8, 9, 10, 11}};
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            const auto dropped = faultySessions(sessions, SessionFault::DropStep, 9, seed);
            QCOMPARE(dropped.size(), std::size_t{2}); // one is too short
            QCOMPARE(dropped[0].size() + dropped[1].size(), std::size_t{7});
            const auto repeated = faultySessions(sessions, SessionFault::RepeatStep, 1, seed);
            QCOMPARE(repeated.size(), std::size_t{1});
            QVERIFY(std::adjacent_find(repeated[0].begin(), repeated[0].end()) != repeated[0].end());
            for (const auto &cut : faultySessions(sessions, SessionFault::Truncate, 9, seed)) {
                QVERIFY(!cut.empty());
                const auto &whole = cut[0] == 1 ? sessions[0] : sessions[2];
                QVERIFY(cut.size() < whole.size());
                QVERIFY(std::equal(cut.begin(), cut.end(), whole.begin()));
            }
        }
        QCOMPARE(faultySessions(sessions, SessionFault::DropStep, 9, 4),
                 faultySessions(sessions, SessionFault::DropStep, 9, 4));
    }

    void processesAreSplitAsPublished()
    {
        QCOMPARE(processTrainingCases(3), std::size_t{2});
        QCOMPARE(processTrainingCases(4), std::size_t{2});
        QCOMPARE(processTrainingCases(5), std::size_t{4});
        QCOMPARE(processTrainingCases(0), std::size_t{0});
    }

    void processAnswersSum()
    {
        ProcessFigures figures;
        QVERIFY(near(figures.accuracy(), 0.0));
        figures.add({true, 86'400.0, 0.0, 86'400.0, 90'000.0});
        figures.add({false, 86'400.0, 259'200.0, 10.0, 20.0});
        QVERIFY(near(figures.accuracy(), 0.5));
        QVERIFY(near(figures.meanErrorDays(), 1.5));
        QVERIFY(near(figures.coverage90(), 0.5));
        QVERIFY(near(figures.coverage99(), 0.5));
    }

    void nabCountsFirstDetections()
    {
        NabSeries series;
        series.scores.assign(100, 0.0);
        series.windows = {{50, 59}};
        const NabProfile standard;
        QVERIFY(near(nabScore({&series, 1}, standard).score, 0.0)); // silence is the best it can do
        series.scores[50] = 0.9;
        NabScore score = nabScore({&series, 1}, standard);
        QVERIFY(near(score.score, 100.0));
        QVERIFY(near(score.threshold, 0.9));
        QCOMPARE(score.windowsHit, std::size_t{1});
        // The middle of the window, (59 − 55 + 1) / 10 before its end, by the sigmoid.
        series.scores[50] = 0.0;
        series.scores[55] = 0.9;
        const auto sigmoid = [](double x) { return 2.0 / (1.0 + std::exp(5.0 * x)) - 1.0; };
        const double half = sigmoid(-0.5) / sigmoid(-1.0);
        QVERIFY(near(nabScore({&series, 1}, standard).score, 50.0 * (half + 1.0)));
        // A false row long after the window costs .11 whole, one in the probation nothing.
        series.scores[99] = 0.9;
        series.scores[3] = 0.9;
        score = nabScore({&series, 1}, standard);
        QVERIFY(near(score.score, 50.0 * (half - 0.11 + 1.0)));
        QCOMPARE(score.falseRows, std::size_t{1});
        // One just past it costs less.
        series.scores[99] = 0.0;
        series.scores[60] = 0.9;
        QVERIFY(near(nabScore({&series, 1}, standard).score, 50.0 * (half + 0.11 * sigmoid(1.0 / 9.0) + 1.0)));
    }
};

EVENTOPS_TEST(TestEntropyFigures)
#include "tst_entropy_figures.moc"
