// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/series_model.h"
#include "tests/support/graph_backend.h"

#include <algorithm>

using namespace eventops;
using test::GraphBackend;
using test::GraphRows;

namespace {

constexpr std::int64_t Start = 1'761'040'800'000'000'000;

GraphRows sampleRows(int samples)
{
    return GraphRows::cpuLoad(samples, "host-b", "cpu_load", 90.0, Severity::Error);
}

EntityRef host(const char *id)
{
    return {QStringLiteral("acme"), QStringLiteral("host"), QString::fromUtf8(id)};
}

struct Charted {
    explicit Charted(GraphRows rows)
    {
        auto owned = std::make_unique<GraphBackend>(std::move(rows));
        backend = owned.get();
        context = std::make_unique<ViewContext>(std::move(owned), Caller{"ann", Role::Admin, {}});
        model = std::make_unique<SeriesModel>(*context);
    }
    GraphBackend *backend = nullptr;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<SeriesModel> model;
};

} // namespace

class TestSeriesModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nothingSelectedIsSaid()
    {
        Charted c(sampleRows(10));
        QCOMPARE(c.model->state(), SeriesModel::State::NoEntity);
    }

    void showsTheMetricsOfTheSelectedEntityOnly()
    {
        Charted c(sampleRows(10));
        c.context->selectEntity(host("host-a"));
        QCOMPARE(c.model->state(), SeriesModel::State::Loading);
        QTRY_COMPARE(c.model->state(), SeriesModel::State::Ready);
        const EntitySeries &series = c.model->series();
        QCOMPARE(series.metrics.size(), std::size_t(1));
        QCOMPARE(series.metrics[0].name, QStringLiteral("cpu_load"));
        QCOMPARE(series.metrics[0].unit, QStringLiteral("percent"));
        QCOMPARE(series.metrics[0].points.size(), std::size_t(10));
        QCOMPARE(series.metrics[0].points[3].value, 23.0);
        QCOMPARE(series.bits.size(), std::size_t(1));
        QCOMPARE(series.bits[0].bits, 12.5);
        QCOMPARE(series.fromMs, double(Start / NsPerMs));
    }

    void theTimeSpanIsFollowed()
    {
        Charted c(sampleRows(100));
        c.context->selectEntity(host("host-a"));
        c.context->selectTimeSpan({Start + 10 * NsPerSecond, Start + 20 * NsPerSecond});
        QTRY_COMPARE(c.model->state(), SeriesModel::State::Ready);
        QCOMPARE(c.model->series().metrics[0].points.size(), std::size_t(10));
        QCOMPARE(c.model->series().toMs, double(Start / NsPerMs + 20'000));
    }

    void anEntityWithoutNumbersIsEmpty()
    {
        Charted c(sampleRows(5));
        c.context->selectEntity(host("host-\"x\" \\ or exists(value)"));
        QTRY_COMPARE(c.model->state(), SeriesModel::State::Empty); // quoted: it selects nothing else
    }

    void errorsAreTold()
    {
        Charted c(sampleRows(5));
        c.backend->failWith(Error{Error::Code::Io, "the disk is gone"});
        c.context->selectEntity(host("host-a"));
        QTRY_COMPARE(c.model->state(), SeriesModel::State::Failed);
        QCOMPARE(c.model->errorText(), QStringLiteral("the disk is gone"));
        c.backend->failWith({});
        c.model->reload();
        QTRY_COMPARE(c.model->state(), SeriesModel::State::Ready);
    }

    void refreshesAtMostFourTimesASecond()
    {
        Charted c(sampleRows(5));
        c.context->selectEntity(host("host-a"));
        QTRY_COMPARE(c.model->state(), SeriesModel::State::Ready);
        QSignalSpy changed(c.model.get(), &SeriesModel::changed);
        QElapsedTimer timer;
        timer.start();
        for (int i = 0; timer.elapsed() < 900; ++i) {
            c.backend->change([i](GraphRows &rows) {
                rows.samples.push_back({"host-a", "cpu_load", WallNs{Start + (100 + i) * NsPerSecond}, 50.0});
            });
            QTest::qWait(10);
        }
        QVERIFY(changed.count() >= 1);
        QVERIFY(changed.count() <= 5);
    }

    void thinningKeepsTheExtremes()
    {
        std::vector<SeriesPoint> points;
        for (int i = 0; i < 100'000; ++i)
            points.push_back({double(i), i == 54'321 ? 1e6 : i == 12'345 ? -1e6 : double(i % 7)});
        const auto thin = downsampled(points, 800);
        QVERIFY(thin.size() <= 1'600);
        QVERIFY(std::is_sorted(thin.begin(), thin.end(), [](auto a, auto b) { return a.ms < b.ms; }));
        const auto has = [&](double value) {
            return std::any_of(thin.begin(), thin.end(), [value](auto p) { return p.value == value; });
        };
        QVERIFY(has(1e6) && has(-1e6));
        QVERIFY(downsampled(points, 1'000'000).size() <= SeriesPointsMax);
        QCOMPARE(downsampled({{1.0, 2.0}}, 10).size(), std::size_t(1));
        QVERIFY(downsampled({}, 10).empty());
        const std::vector<SeriesPoint> same(5'000, SeriesPoint{7.0, 1.0});
        QVERIFY(downsampled(same, 10).size() <= 20);
    }
};

EVENTOPS_TEST(TestSeriesModel)
#include "tst_series_model.moc"
