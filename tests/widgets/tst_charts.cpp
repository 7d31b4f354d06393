// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/support/graph_backend.h"
#include "tests/support/gui/what_is_seen.h"
#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/exceptions.h"
#include "widgets/charts/charts_panel.h"
#include "widgets/theme/theme.h"

#include <QtCharts/QXYSeries>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPushButton>

#include <set>

using namespace eventops;
using test::GraphBackend;
using test::GraphRows;

namespace {

GraphRows sampleRows(int samples)
{
    return GraphRows::cpuLoad(samples, "host-a", "<b>memory</b>", 50.0, Severity::Critical);
}

struct ChartsShown {
    explicit ChartsShown(GraphRows rows)
    {
        auto owned = std::make_unique<GraphBackend>(std::move(rows));
        backend = owned.get();
        context = test::chosenContext(std::move(owned), Caller{"ann", Role::Admin, {}});
        panel = std::make_unique<ChartsPanel>(*context, nullptr);
        panel->resize(1280, 800);
        panel->show();
    }
    void select(const char *id)
    {
        context->selectEntity({QStringLiteral("acme"), QStringLiteral("host"), QString::fromUtf8(id)});
    }
    bool isReady() const { return panel->model().state() == SeriesModel::State::Ready; }
    std::set<QString> words() const { return test::wordsOf(*panel); }

    GraphBackend *backend = nullptr;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<ChartsPanel> panel;
};

} // namespace

class TestCharts : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { test::skipWhereListed(*this); }

    void drawsMetricsAndBitsOfTheSelectedEntity()
    {
        ChartsShown s(sampleRows(30));
        QVERIFY(s.words().contains(QStringLiteral("No entity selected")));
        s.select("host-a");
        QTRY_VERIFY(s.isReady());
        QCOMPARE(s.panel->metricChart().series().size(), 2);
        QCOMPARE(s.panel->bitsChart().series().size(), 1);
        const auto *line = qobject_cast<QXYSeries *>(s.panel->metricChart().series().back());
        QCOMPARE(line->count(), 30);
        QVERIFY(!line->useOpenGL());
        QCOMPARE(line->name(), QStringLiteral("cpu_load"));
        QCOMPARE(s.panel->metricChart().series().front()->name(), QStringLiteral("&lt;b&gt;memory&lt;/b&gt;"));
        QVERIFY(s.words().contains(QStringLiteral("host host-a")));
        QTRY_COMPARE(s.panel->metricChart().plotArea().left(), s.panel->bitsChart().plotArea().left());
        QTRY_COMPARE(s.panel->metricChart().plotArea().right(), s.panel->bitsChart().plotArea().right());
    }

    void plotsFillTheirViews()
    {
        ChartsShown s(sampleRows(30));
        s.select("host-a");
        QTRY_VERIFY(s.isReady());
        for (const QSize size : {QSize(900, 330), QSize(500, 600)}) {
            s.panel->resize(size);
            for (const QChartView *view : s.panel->findChildren<QChartView *>()) {
                QTRY_VERIFY(view->chart()->plotArea().right() > view->width() - 120); // room for an axis
                QTRY_VERIFY(view->chart()->plotArea().bottom() < view->height());
                QTRY_VERIFY(view->chart()->plotArea().bottom() > view->height() * 0.6);
            }
        }
    }

    void manySamplesStayFewPoints()
    {
        ChartsShown s(sampleRows(20'000));
        s.select("host-a");
        QTRY_VERIFY(s.isReady());
        for (const QAbstractSeries *series : s.panel->metricChart().series())
            QVERIFY(qobject_cast<const QXYSeries *>(series)->count() <= int(SeriesPointsMax));
    }

    void keysZoomTheSharedTime()
    {
        ChartsShown s(sampleRows(100));
        s.select("host-a");
        QTRY_VERIFY(s.isReady());
        QTest::keyClick(s.panel.get(), Qt::Key_Plus);
        QVERIFY(!s.context->timeSpan().isEmpty());
        QVERIFY(s.context->timeSpan().toNs - s.context->timeSpan().fromNs < 99 * NsPerSecond);
        QTRY_VERIFY(s.isReady());
        QTest::keyClick(s.panel.get(), Qt::Key_0);
        QVERIFY(s.context->timeSpan().isEmpty());
        QTRY_VERIFY(s.isReady());
    }

    void everyStateNamesTheNextStep()
    {
        ChartsShown s(sampleRows(3));
        s.select("<b>other</b>");
        QTRY_VERIFY(s.words().contains(QStringLiteral("Nothing to draw for host <b>other</b>")));
        s.backend->failWith(Error{Error::Code::Io, "the disk is gone"});
        s.select("host-a");
        QTRY_VERIFY(s.words().contains(QStringLiteral("the disk is gone")));
        s.backend->failWith({});
        QTest::mouseClick(s.panel->findChild<QPushButton *>(), Qt::LeftButton);
        QTRY_VERIFY(s.isReady());
    }

    void theThemeIsFollowed()
    {
        ChartsShown s(sampleRows(30));
        s.select("host-a");
        QTRY_VERIFY(s.isReady());
        Theme::instance().load(QStringLiteral("light"));
        const QColor wanted = themeColor("surface");
        const QWidget *chart = s.panel->findChild<QChartView *>();
        const QColor light = s.panel->grab().toImage().pixelColor(chart->geometry().bottomLeft() - QPoint(0, 9));
        Theme::instance().load(QStringLiteral("dark"));
        QCOMPARE(light, wanted);
    }
};

EVENTOPS_TEST(TestCharts)
#include "tst_charts.moc"
