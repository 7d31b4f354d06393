// SPDX-License-Identifier: MIT
#include "tests/bench/bench_ui_graph.h"

#include "tests/support/graph_backend.h"
#include "widgets/graph/graph_panel.h"

#include <QtCore/QElapsedTimer>
#include <QtTest/QTest>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <vector>

namespace eventops::bench {
namespace {

constexpr std::size_t Nodes = 10'000, Links = 20'000;
constexpr int Frames = 400;
constexpr int TimeoutMs = 120'000;

double cpuMs()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

struct FrameTimes {
    std::vector<double> wall, cpu;
};

double percentile(std::vector<double> values, double share)
{
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(static_cast<double>(values.size() - 1) * share)];
}

/// Changes something and paints, once a frame.
FrameTimes measure(GraphCanvas &canvas, const std::function<void(int)> &change)
{
    FrameTimes times;
    for (int i = 0; i < Frames; ++i) {
        QElapsedTimer timer;
        timer.start();
        const double cpu = cpuMs();
        change(i);
        canvas.repaint();
        times.wall.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
        times.cpu.push_back(cpuMs() - cpu);
    }
    return times;
}

bool report(const char *name, const FrameTimes &times)
{
    const double p99 = percentile(times.wall, 0.99);
    std::printf("graph %-24s p50 %6.2f ms  p99 %6.2f ms  max %6.2f ms  cpu p99 %6.2f ms  %s\n", name,
                percentile(times.wall, 0.5), p99, percentile(times.wall, 1.0), percentile(times.cpu, 0.99),
                p99 <= FrameMsMax ? "ok" : "SLOW");
    return p99 <= FrameMsMax;
}

} // namespace

bool benchUiGraph()
{
    ViewContext context(std::make_unique<test::GraphBackend>(test::GraphRows::large(Nodes, Links)),
                        Caller{"bench", Role::Viewer, {}});
    GraphPanel panel(context, nullptr);
    panel.resize(1280, 800);
    panel.show();
    QElapsedTimer timer;
    timer.start();
    if (!QTest::qWaitFor([&] { return panel.model().state() == GraphModel::State::Ready; }, TimeoutMs)) {
        std::printf("graph: was not laid out in time\n");
        return false;
    }
    std::printf("graph %zu nodes, %zu links: shown after %lld ms\n", Nodes, Links,
                static_cast<long long>(timer.elapsed()));
    GraphCanvas &canvas = panel.canvas();
    bool ok = true;
    const auto pan = [&](int i) { canvas.panBy({i % 40 < 20 ? 7.0 : -7.0, i % 20 < 10 ? 3.0 : -3.0}); };
    const auto zoom = [&](int i) { canvas.zoomBy(i % 80 < 40 ? 1.06 : 1 / 1.06); };
    ok = report("pan, whole", measure(canvas, pan)) && ok;
    ok = report("zoom in and out", measure(canvas, zoom)) && ok;
    canvas.fit();
    canvas.zoomBy(4.0);
    ok = report("pan, near", measure(canvas, pan)) && ok;
    ok = report("at rest, whole, drawn anew", measure(canvas, [&](int) { canvas.fit(); })) && ok;
    panel.model().select(1'234);
    canvas.setHops(3);
    canvas.setFocused(true);
    ok = report("pan, neighbourhood", measure(canvas, pan)) && ok;
    return ok;
}

} // namespace eventops::bench
