// SPDX-License-Identifier: MIT
#include "core/session/scorecard.h"
#include "tests/support/test_main.h"

#include "core/codec/json_reader.h"

using namespace eventops;

namespace {

constexpr std::int64_t Minute = 60 * NsPerSecond;
constexpr WallNs Begin{1'000 * Minute};

WallNs at(std::int64_t minute)
{
    return Begin + minute * Minute;
}

GroundTruthFault fault(const char *id, const char *entity, std::int64_t start, std::int64_t end)
{
    GroundTruthFault out;
    out.id = id;
    out.kind = "metric";
    out.tenant = "shop";
    out.entityType = "Host";
    out.entityId = entity;
    out.start = at(start);
    out.end = at(end);
    out.graceNs = 5 * Minute;
    out.metrics = {"cpu_load", "latency"};
    return out;
}

Finding finding(const char *entity, std::int64_t minute, const char *metric = "cpu_load",
                FindingState state = FindingState::Firing)
{
    Finding out;
    out.tenant = "shop";
    out.entityType = "Host";
    out.entityId = entity;
    out.ts = at(minute);
    out.metric = metric;
    out.state = state;
    return out;
}

/// What a detector says that knows the truth.
std::vector<Finding> oracle(const std::vector<GroundTruthFault> &truth)
{
    std::vector<Finding> out;
    for (const GroundTruthFault &f : truth) {
        Finding said;
        said.tenant = f.tenant;
        said.entityType = f.entityType;
        said.entityId = f.entityId;
        said.ts = f.start;
        said.metric = f.metrics.empty() ? "" : f.metrics.front();
        said.step = f.steps.empty() ? "" : f.steps.front();
        out.push_back(said);
    }
    return out;
}

const std::vector<GroundTruthFault> Truth = {fault("a", "host:a", 10, 20), fault("b", "host:b", 30, 40),
                                             fault("c", "host:c", 50, 55)};

Scorecard score(const std::vector<Finding> &findings, std::int64_t toMinute = 120,
                const std::vector<GroundTruthFault> &truth = Truth)
{
    return scoreFindings({truth, findings, Begin, at(toMinute)});
}

} // namespace

class TestScorecard : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theOracleScoresOne()
    {
        const Scorecard card = score(oracle(Truth));
        QCOMPARE(card.precision, 1.0);
        QCOMPARE(card.recall, 1.0);
        QCOMPARE(card.leadNsMedian, std::optional<std::int64_t>(0));
        QCOMPARE(card.falseAlarmsPerHour, 0.0);
        QCOMPARE(card.detected, std::size_t{3});
        QCOMPARE(card.faults.size(), std::size_t{3});
    }

    void nothingScoresNothing()
    {
        const Scorecard card = score({});
        QCOMPARE(card.precision, 0.0);
        QCOMPARE(card.recall, 0.0);
        QVERIFY(!card.leadNsMedian);
        QCOMPARE(card.missed, std::size_t{3});
        QCOMPARE(card.falseAlarmsPerHour, 0.0);
    }

    void aFaultCountsOnceAndItsEchoesAreNotFalse()
    {
        const Scorecard card = score({finding("host:a", 13), finding("host:a", 12, "latency"), finding("host:a", 24)});
        QCOMPARE(card.detected, std::size_t{1});
        QCOMPARE(card.falseFindings, std::size_t{0});
        QCOMPARE(card.precision, 1.0);
        QCOMPARE(card.recall, 1.0 / 3.0);
        QCOMPARE(card.faults[0].findings, std::size_t{3});
        QCOMPARE(card.faults[0].first, std::size_t{1}); // in order of time, not of the list
        QCOMPARE(card.leadNsMedian, std::optional<std::int64_t>(2 * Minute));
    }

    void whatMatchesNothingIsFalse()
    {
        const Scorecard card = score({finding("host:a", 9), finding("host:a", 26), finding("host:a", 15, "memory"),
                                      finding("host:x", 15), finding("host:b", 31)});
        QCOMPARE(card.falseFindings, std::size_t{4});
        QCOMPARE(card.detected, std::size_t{1});
        QCOMPARE(card.precision, 0.2);
        QCOMPARE(card.falseAlarmsPerHour, 2.0); // four in two hours
        Finding elsewhere = finding("host:a", 15);
        elsewhere.tenant = "other";
        QCOMPARE(score({elsewhere}).falseFindings, std::size_t{1});
    }

    void onlyWhatFiresInTheScoredTimeCounts()
    {
        const Scorecard card =
            score({finding("host:a", 12, "cpu_load", FindingState::Pending), finding("host:x", 0),
                   finding("host:a", 14, "cpu_load", FindingState::Resolved), finding("host:x", 121)});
        QCOMPARE(card.findings, std::size_t{0});
        QCOMPARE(card.detected, std::size_t{0});
        QCOMPARE(card.falseFindings, std::size_t{0});
    }

    void aFaultThatIsNotOverIsNotMissed()
    {
        const Scorecard card = score({finding("host:a", 11)}, 35);
        QCOMPARE(card.open, std::size_t{1});
        QCOMPARE(card.missed, std::size_t{0});
        QCOMPARE(card.recall, 1.0);
        QCOMPARE(card.faults.size(), std::size_t{2}); // the third has not started
        QCOMPARE(score({}, 45).open, std::size_t{1}); // in its grace
        QCOMPARE(score({}, 46).missed, std::size_t{2});
    }

    void oneFindingMatchesTheFaultThatStartedLast()
    {
        std::vector<GroundTruthFault> truth = {fault("long", "host:a", 10, 60), fault("late", "host:a", 30, 40)};
        const Scorecard card = score({finding("host:a", 31)}, 120, truth);
        QCOMPARE(card.detected, std::size_t{1});
        QCOMPARE(card.faults[0].outcome, FaultScore::Outcome::Missed);
        QCOMPARE(card.faults[1].outcome, FaultScore::Outcome::Detected);
    }

    void aFaultWithoutMetricsIsAboutAllOfItsEntity()
    {
        std::vector<GroundTruthFault> truth = {fault("any", "host:a", 10, 20), fault("step", "host:b", 10, 20)};
        truth[0].metrics.clear();
        truth[1].metrics.clear();
        truth[1].steps = {"job.packed"};
        Finding step = finding("host:b", 11, "");
        step.step = "job.packed";
        QCOMPARE(score({finding("host:a", 11, "disk"), step}, 120, truth).detected, std::size_t{2});
        step.step = "job.lost";
        QCOMPARE(score({step}, 120, truth).falseFindings, std::size_t{1});
    }

    void theMedianOfAnEvenNumberLiesBetween()
    {
        const Scorecard card = score({finding("host:a", 11), finding("host:b", 34)});
        QCOMPARE(card.leadNsMedian, std::optional<std::int64_t>(5 * Minute / 2));
    }

    void aWindowBeyondTimeIsNoTrouble()
    {
        std::vector<GroundTruthFault> truth = {fault("for ever", "host:a", 10, 20)};
        truth[0].end = WallNs{INT64_MAX - 1};
        truth[0].graceNs = INT64_MAX;
        QCOMPARE(score({finding("host:a", 100)}, 120, truth).detected, std::size_t{1});
    }

    void asJson()
    {
        std::string out;
        appendScorecardJson(out, score({finding("host:a", 11), finding("host:x", 12)}), Truth);
        JsonReader json;
        QVERIFY(!json.read(out));
        QCOMPARE(json.find("precision")->value, std::string_view("0.5"));
        QCOMPARE(json.find("lead_time_ms")->value, std::string_view("60000"));
        QCOMPARE(json.find("false_findings")->value, std::string_view("1"));
        QVERIFY(json.find("faults")->value.starts_with(
            "[{\"id\":\"a\",\"kind\":\"metric\",\"entity\":\"host:a\",\"outcome\":\"detected\""));
    }
};

EVENTOPS_TEST(TestScorecard)
#include "tst_scorecard.moc"
