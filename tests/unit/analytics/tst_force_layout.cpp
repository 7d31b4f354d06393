// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/graph/component_packing.h"
#include "core/graph/force_layout.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace eventops;

namespace {

using Edges = std::vector<LayoutEdge>;

std::vector<LayoutPoint> laidOut(std::size_t nodes, const Edges &edges, const std::vector<LayoutStart> &start = {})
{
    ForceLayout layout(nodes, edges, start);
    while (layout.step()) {
    }
    return layout.positions();
}

/// A lattice: its best drawing is known, a square.
Edges lattice(std::uint32_t side)
{
    Edges edges;
    for (std::uint32_t y = 0; y < side; ++y) {
        for (std::uint32_t x = 0; x < side; ++x) {
            if (x + 1 < side)
                edges.push_back({y * side + x, y * side + x + 1});
            if (y + 1 < side)
                edges.push_back({y * side + x, (y + 1) * side + x});
        }
    }
    return edges;
}

/// Every node hangs on an earlier one, most on a near one; some have a second link.
Edges growing(std::uint32_t nodes, std::uint32_t extra)
{
    Edges edges;
    std::uint64_t state = 88172645463325252U;
    const auto next = [&] {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        return state;
    };
    for (std::uint32_t i = 1; i < nodes; ++i) {
        edges.push_back({i, static_cast<std::uint32_t>(next() % i)});
        if (next() % 100 < extra)
            edges.push_back({i, i - 1 - static_cast<std::uint32_t>(next() % std::min(i, 8U))});
    }
    return edges;
}

bool allFinite(const std::vector<LayoutPoint> &points)
{
    return std::all_of(points.begin(), points.end(),
                       [](LayoutPoint p) { return std::isfinite(p.x) && std::isfinite(p.y); });
}

float distance(LayoutPoint a, LayoutPoint b)
{
    return std::sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
}

std::vector<LayoutStart> asStart(const std::vector<LayoutPoint> &points, std::size_t nodes)
{
    std::vector<LayoutStart> start(nodes);
    for (std::size_t i = 0; i < points.size(); ++i)
        start[i] = {points[i], true};
    return start;
}

} // namespace

class TestForceLayout : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nothingIsDoneAtOnce()
    {
        ForceLayout layout(0, {});
        QVERIFY(layout.done());
        QVERIFY(!layout.step());
        QVERIFY(layout.positions().empty());
    }

    void theSameGraphGivesTheSamePlaces()
    {
        const Edges edges = growing(2'000, 40);
        QVERIFY(laidOut(2'000, edges) == laidOut(2'000, edges));
    }

    void aLatticeUnfolds()
    {
        const Edges edges = lattice(20);
        const auto points = laidOut(400, edges);
        QVERIFY(allFinite(points));
        const double stress = layoutStress(points, edges, 400);
        QVERIFY2(stress < 0.03, qPrintable(QString::number(stress)));
    }

    void stressIsFarBelowAScatter()
    {
        const Edges edges = growing(3'000, 60);
        std::vector<LayoutPoint> scatter(3'000);
        for (std::uint32_t i = 0; i < 3'000; ++i)
            scatter[i] = {static_cast<float>(i * 7919 % 3'001), static_cast<float>(i * 104'729 % 3'001)};
        const double before = layoutStress(scatter, edges, 200);
        const double after = layoutStress(laidOut(3'000, edges), edges, 200);
        QVERIFY2(after < 0.75 * before, qPrintable(QStringLiteral("%1 -> %2").arg(before).arg(after)));
    }

    void nodesDoNotHideEachOther()
    {
        Edges star;
        for (std::uint32_t i = 1; i <= 200; ++i)
            star.push_back({0, i});
        const auto points = laidOut(201, star);
        float least = std::numeric_limits<float>::max();
        for (std::size_t i = 0; i < points.size(); ++i) {
            for (std::size_t k = 0; k < i; ++k)
                least = std::min(least, distance(points[i], points[k]));
        }
        QVERIFY2(least > 0.2F, qPrintable(QString::number(static_cast<double>(least))));
    }

    void placesStayBounded()
    {
        const auto points = laidOut(5'000, growing(5'000, 30));
        QVERIFY(allFinite(points));
        for (const LayoutPoint p : points)
            QVERIFY(std::abs(p.x) < 1'000.0F && std::abs(p.y) < 1'000.0F);
    }

    void componentsLieApart()
    {
        Edges edges = lattice(10);
        for (const LayoutEdge e : lattice(8))
            edges.push_back({e.source + 100, e.target + 100});
        const auto points = laidOut(170, edges); // six nodes without links
        float left[2] = {1e9F, 1e9F}, right[2] = {-1e9F, -1e9F}, top[2] = {1e9F, 1e9F}, bottom[2] = {-1e9F, -1e9F};
        for (std::size_t i = 0; i < 164; ++i) {
            const std::size_t c = i < 100 ? 0 : 1;
            left[c] = std::min(left[c], points[i].x);
            right[c] = std::max(right[c], points[i].x);
            top[c] = std::min(top[c], points[i].y);
            bottom[c] = std::max(bottom[c], points[i].y);
        }
        QVERIFY(right[0] < left[1] || right[1] < left[0] || bottom[0] < top[1] || bottom[1] < top[0]);
        for (std::size_t i = 164; i < 170; ++i) {
            for (std::size_t k = 0; k < i; ++k)
                QVERIFY(distance(points[i], points[k]) > 0.4F);
        }
    }

    void addedNodesLeaveTheOthersNearTheirPlaces()
    {
        const Edges edges = growing(1'000, 40);
        const auto before = laidOut(1'000, edges);
        Edges more = edges;
        for (std::uint32_t i = 0; i < 20; ++i)
            more.push_back({i * 37, 1'000 + i});
        more.push_back({1'020, 1'021}); // and a component of its own
        const auto after = laidOut(1'022, more, asStart(before, 1'022));
        QVERIFY(allFinite(after));
        std::vector<float> moved;
        for (std::size_t i = 0; i < 1'000; ++i)
            moved.push_back(distance(before[i], after[i]));
        std::sort(moved.begin(), moved.end());
        QVERIFY2(moved[950] < 1.0F, qPrintable(QString::number(static_cast<double>(moved[950]))));
        QVERIFY(moved.back() < 2.5F);
        for (std::uint32_t i = 0; i < 20; ++i)
            QVERIFY(distance(after[i * 37], after[1'000 + i]) < 4.0F);
    }

    void strangeInputIsHarmless()
    {
        const Edges edges{{0, 0}, {0, 1}, {0, 1}, {1, 0}, {7, 99}, {4'000'000'000U, 1}};
        std::vector<LayoutStart> start(10);
        start[0] = {{std::numeric_limits<float>::quiet_NaN(), 1.0F}, true};
        start[1] = {{std::numeric_limits<float>::infinity(), 1.0F}, true};
        start[2] = {{5.0F, 5.0F}, true};
        start[3] = {{5.0F, 5.0F}, true}; // on the same spot
        const auto points = laidOut(10, edges, start);
        QVERIFY(allFinite(points));
        QVERIFY(distance(points[2], points[3]) > 0.4F);
        const auto together = laidOut(3, {{0, 1}, {1, 2}}, std::vector<LayoutStart>(3, {{1.0F, 1.0F}, true}));
        QVERIFY(distance(together[0], together[1]) > 0.05F);
    }

    void aLongChainStaysALine()
    {
        Edges chain;
        for (std::uint32_t i = 1; i < 300; ++i)
            chain.push_back({i - 1, i});
        const auto points = laidOut(300, chain);
        QVERIFY(distance(points.front(), points.back()) > 150.0F);
        QVERIFY(std::abs(points.front().x - points.back().x) > std::abs(points.front().y - points.back().y));
    }

    void packedBoxesDoNotOverlap()
    {
        std::vector<PackedBox> boxes;
        for (int i = 0; i < 300; ++i)
            boxes.push_back({0, 0, 1.0F + static_cast<float>(i * 7 % 5), 1.0F + static_cast<float>(i * 11 % 7), false});
        boxes.push_back({3, 3, 4, 4, true});
        boxes.push_back({5, 5, 4, 4, true}); // overlaps the one before: must go elsewhere
        boxes.push_back({20, 3, 4, 4, true});
        packBoxes(boxes);
        QCOMPARE(boxes[300].x, 3.0F);
        QCOMPARE(boxes[302].x, 20.0F);
        for (std::size_t i = 0; i < boxes.size(); ++i) {
            for (std::size_t k = 0; k < i; ++k) {
                const PackedBox &a = boxes[i], &b = boxes[k];
                const float slack = 1e-3F;
                QVERIFY(a.x + a.width <= b.x + slack || b.x + b.width <= a.x + slack
                        || a.y + a.height <= b.y + slack || b.y + b.height <= a.y + slack);
            }
        }
    }
};

EVENTOPS_TEST(TestForceLayout)
#include "tst_force_layout.moc"
