// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/timeline_index.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <random>

using namespace eventops;

namespace {

struct Sample {
    std::vector<WallNs> ts;
    std::vector<Severity> severity;
    std::vector<std::uint16_t> lane;
};

constexpr std::array Severities{Severity::Unset,  Severity::Debug,   Severity::Info,    Severity::Notice,
                                Severity::Warning, Severity::Error, Severity::Critical, Severity::Error};

/// @p shape 0: in order; 1: nearly; 2: any order; 3: descending; 4: many equal; 5: two stretches far apart.
Sample makeSample(std::mt19937_64 &random, std::size_t count, int shape, unsigned lanes)
{
    Sample sample;
    std::int64_t now = 1'000'000;
    for (std::size_t i = 0; i < count; ++i) {
        const auto noise = static_cast<std::int64_t>(random() % 1'000);
        now += noise;
        std::int64_t ns = now;
        if (shape == 1)
            ns = now - static_cast<std::int64_t>(random() % 50'000);
        else if (shape == 2)
            ns = static_cast<std::int64_t>(random() % 10'000'000);
        else if (shape == 3)
            ns = 100'000'000 - now;
        else if (shape == 4)
            ns = static_cast<std::int64_t>(random() % 5) * 7;
        else if (shape == 5)
            ns = i % 100 == 0 ? noise : 900'000'000'000'000'000 + now;
        sample.ts.push_back(random() % 500 == 0 ? NoTime : WallNs{ns});
        sample.severity.push_back(Severities.at(random() % Severities.size()));
        sample.lane.push_back(static_cast<std::uint16_t>(random() % lanes));
    }
    return sample;
}

std::vector<std::uint32_t> bruteForce(const Sample &sample, const TimeGrid &grid,
                                      const std::vector<std::uint16_t> &slotOfLane, std::size_t slots)
{
    std::vector<std::uint32_t> counts(slots * grid.columns * SeverityBandCount);
    for (std::size_t i = 0; i < sample.ts.size(); ++i) {
        const std::int64_t ns = raw(sample.ts[i]);
        if (sample.ts[i] == NoTime || ns < grid.fromNs || slotOfLane[sample.lane[i]] == TimelineIndex::NoSlot)
            continue;
        const auto column = static_cast<std::size_t>((ns - grid.fromNs) / grid.columnNs);
        if (column >= grid.columns)
            continue;
        ++counts[(slotOfLane[sample.lane[i]] * grid.columns + column) * SeverityBandCount
                 + static_cast<std::size_t>(severityBand(sample.severity[i]))];
    }
    return counts;
}

} // namespace

class TestTimelineIndex : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void countsAsBruteForceDoes_data()
    {
        QTest::addColumn<int>("shape");
        QTest::addColumn<unsigned>("lanes");
        for (int shape = 0; shape < 6; ++shape) {
            QTest::addRow("shape %d, few lanes", shape) << shape << 3u;
            QTest::addRow("shape %d, more kinds than a leaf keeps", shape) << shape << 300u;
        }
    }

    void countsAsBruteForceDoes()
    {
        QFETCH(int, shape);
        QFETCH(unsigned, lanes);
        std::mt19937_64 random(static_cast<unsigned>(shape) * 1'000 + lanes);
        const Sample sample = makeSample(random, 20'000, shape, lanes);
        TimelineIndex index;
        std::vector<std::uint32_t> counts;
        for (std::size_t at = 0; at < sample.ts.size();) {
            const std::size_t size = std::min<std::size_t>(1 + random() % 4'096, sample.ts.size() - at);
            index.append(std::span(sample.ts).subspan(at, size), std::span(sample.severity).subspan(at, size),
                         std::span(sample.lane).subspan(at, size));
            at += size;
            index.count({0, 10'000, 64}, std::vector<std::uint16_t>(lanes, 0), 1, counts); // summaries in between
        }
        for (int round = 0; round < 40; ++round) {
            const std::int64_t span = std::max<std::int64_t>(1, (index.lastNs() - index.firstNs()) >> (round % 20));
            TimeGrid grid;
            grid.columns = 1 + random() % 300;
            grid.columnNs = std::max<std::int64_t>(1, span / static_cast<std::int64_t>(grid.columns));
            grid.fromNs = index.firstNs() - span / 4 + static_cast<std::int64_t>(random() % 1'000'000);
            const std::size_t slots = 1 + random() % 5;
            std::vector<std::uint16_t> slotOfLane(lanes);
            for (std::uint16_t &slot : slotOfLane)
                slot = random() % 4 == 0 ? TimelineIndex::NoSlot : static_cast<std::uint16_t>(random() % slots);
            index.count(grid, slotOfLane, slots, counts);
            QVERIFY(counts == bruteForce(sample, grid, slotOfLane, slots));
        }
    }

    void totalsAddUp()
    {
        std::mt19937_64 random(7);
        const Sample sample = makeSample(random, 50'000, 2, 10);
        TimelineIndex index;
        index.append(sample.ts, sample.severity, sample.lane);
        const auto untimed = static_cast<std::uint64_t>(std::count(sample.ts.begin(), sample.ts.end(), NoTime));
        QVERIFY(untimed > 0);
        QCOMPARE(index.untimed(), untimed);
        QCOMPARE(index.size(), sample.ts.size() - untimed);
        std::uint64_t lanes = 0;
        for (const std::uint64_t total : index.laneTotals())
            lanes += total;
        QCOMPARE(lanes, std::uint64_t(sample.ts.size()));
        index.clear();
        QCOMPARE(index.size(), std::uint64_t(0));
        QVERIFY(index.laneTotals().empty());
    }

    void extremeTimesAreClampedAndCounted()
    {
        TimelineIndex index;
        const std::vector<WallNs> ts{WallNs{std::numeric_limits<std::int64_t>::max()},
                                     WallNs{std::numeric_limits<std::int64_t>::min() + 1}, WallNs{0}};
        const std::vector<Severity> severity(3, Severity::Info);
        const std::vector<std::uint16_t> lane{0, 0xFFFF, 0};
        index.append(ts, severity, lane);
        QCOMPARE(index.firstNs(), TimelineIndex::TimeMinNs);
        QCOMPARE(index.lastNs(), TimelineIndex::TimeMaxNs);
        std::vector<std::uint32_t> counts;
        const std::int64_t span = TimelineIndex::TimeMaxNs - TimelineIndex::TimeMinNs;
        index.count({TimelineIndex::TimeMinNs, span / 99, 100}, std::vector<std::uint16_t>(4'096, 0), 1, counts);
        QCOMPARE(std::accumulate(counts.begin(), counts.end(), 0u), 3u);
        index.count({0, 1, 1}, std::vector<std::uint16_t>{0}, 1, counts);
        QCOMPARE(std::accumulate(counts.begin(), counts.end(), 0u), 1u);
        index.count({5, 1, 10}, std::vector<std::uint16_t>{0}, 1, counts);
        QCOMPARE(std::accumulate(counts.begin(), counts.end(), 0u), 0u);
    }

    void memoryStaysWithinItsBound()
    {
        constexpr std::size_t Events = 300'000;
        for (const int shape : {0, 1, 2}) {
            std::mt19937_64 random(3);
            const Sample sample = makeSample(random, Events, shape, 20);
            TimelineIndex index;
            for (std::size_t at = 0; at < Events; at += 3'000)
                index.append(std::span(sample.ts).subspan(at, 3'000), std::span(sample.severity).subspan(at, 3'000),
                             std::span(sample.lane).subspan(at, 3'000));
            std::vector<std::uint32_t> counts;
            index.count({0, 1'000'000, 200}, std::vector<std::uint16_t>(20, 0), 1, counts);
            // What does not grow with the events: the tables of lanes and kinds, the scratch of one page.
            constexpr std::size_t Fixed = 256 * 1024;
            const std::size_t perEvent = (index.bytes() - Fixed) / Events;
            QVERIFY2(perEvent <= 16, qPrintable(QString::number(index.bytes())));
        }
    }
};

EVENTOPS_TEST(TestTimelineIndex)
#include "tst_timeline_index.moc"
