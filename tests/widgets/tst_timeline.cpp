// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/support/gui/pictures.h"
#include "tests/support/synthetic_backend.h"
#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/exceptions.h"
#include "widgets/theme/theme.h"
#include "widgets/timeline/timeline_canvas.h"
#include "widgets/timeline/timeline_view.h"

#include <QtWidgets/QApplication>
#include <QtWidgets/QComboBox>

using namespace eventops;
using namespace eventops::test;

namespace {

Finding makeFinding(int number, Severity severity, std::int64_t ns)
{
    Finding finding;
    finding.id = "f" + std::to_string(number);
    finding.severity = severity;
    finding.ts = WallNs{ns};
    finding.entityType = "Host";
    finding.entityId = "web-1";
    finding.message = "cpu_load <b>97</b> is far above 34.1 ± 2.2 on web-" + std::to_string(number);
    finding.state = number % 5 == 0 ? FindingState::Resolved : FindingState::Firing;
    return finding;
}

Action makeAction(int number, std::int64_t ns)
{
    Action action;
    action.suggestion.id = "a" + std::to_string(number);
    action.suggestion.findingId = "f" + std::to_string(number);
    action.suggestion.command = "restart_service";
    action.suggestion.entityId = "web-1";
    action.suggestion.proposedAt = WallNs{ns};
    action.state = number % 2 == 0 ? ActionState::Succeeded : ActionState::Proposed;
    return action;
}

/// A timeline over made-up events, shown and settled.
struct Shown {
    explicit Shown(SyntheticOptions options, QSize size = {1'280, 800}, int findings = 0)
    {
        auto owned = std::make_unique<SyntheticBackend>(options);
        backend = owned.get();
        constexpr std::array Severities{Severity::Info, Severity::Notice, Severity::Warning, Severity::Error,
                                        Severity::Critical};
        const auto span = static_cast<std::int64_t>(options.events) * options.stepNs;
        for (int i = 0; i < findings; ++i) {
            const std::int64_t at = options.startNs + span / (findings + 1) * (i + 1);
            backend->addFinding(makeFinding(i, Severities.at(static_cast<std::size_t>(i) % Severities.size()), at));
            if (i % 3 == 0)
                backend->addAction(makeAction(i, at + span / 100));
        }
        context = test::chosenContext(std::move(owned), Caller{"tester", Role::Admin, {}});
        view.reset(makeTimelineView(*context, nullptr));
        canvas = view->findChild<TimelineCanvas *>();
        view->resize(size);
        view->show();
        view->activateWindow();
        canvas->setFocus();
    }
    void settle(std::uint64_t events)
    {
        QTRY_VERIFY_WITH_TIMEOUT(context->change().events >= events, 10'000);
        QTRY_VERIFY_WITH_TIMEOUT(canvas->window().columnNs() > 1 || events == 0, 10'000);
        QTest::qWait(700); // slices, throttles, markers
    }
    QPoint middle() const { return canvas->plotArea().center(); }

    SyntheticBackend *backend = nullptr;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<QWidget> view;
    TimelineCanvas *canvas = nullptr;
};

} // namespace

class TestTimeline : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { skipWhereListed(*this); }

    void cleanup() { Theme::instance().load(QStringLiteral("dark")); }

    void keysZoomPanAndFollow()
    {
        Shown shown({.events = 50'000}, {1'280, 800}, 5);
        shown.settle(50'000);
        TimeWindow &window = shown.canvas->window();
        QVERIFY(window.isWhole());
        const auto whole = window.spanNs();
        QTest::keyClick(shown.canvas, Qt::Key_Plus);
        QTest::keyClick(shown.canvas, Qt::Key_Plus);
        QVERIFY(window.spanNs() < whole * 3 / 4);
        const auto from = window.fromNs();
        QTest::keyClick(shown.canvas, Qt::Key_Right);
        QVERIFY(window.fromNs() > from);
        QTest::keyClick(shown.canvas, Qt::Key_Left);
        QCOMPARE(window.fromNs(), from);
        QTest::keyClick(shown.canvas, Qt::Key_F);
        QVERIFY(shown.canvas->isFollowing());
        shown.backend->setEvents(60'000);
        QTRY_VERIFY(window.fromNs() > from + 5'000'000'000);
        QTest::keyClick(shown.canvas, Qt::Key_Home);
        QVERIFY(!shown.canvas->isFollowing());
        QVERIFY(window.fromNs() < from);
        QTest::keyClick(shown.canvas, Qt::Key_0);
        QVERIFY(window.isWhole());
        QTest::keyClick(shown.canvas, Qt::Key_Down);
        QTest::keyClick(shown.canvas, Qt::Key_Down);
        QCOMPARE(shown.canvas->currentLane(), 2);
        QTest::keyClick(shown.canvas, Qt::Key_S);
        QVERIFY(!shown.context->timeSpan().isEmpty());
        QTest::keyClick(shown.canvas, Qt::Key_Escape);
        QVERIFY(shown.context->timeSpan().isEmpty());
    }

    void theMousePansSelectsAndBrushes()
    {
        Shown shown({.events = 50'000});
        shown.settle(50'000);
        TimeWindow &window = shown.canvas->window();
        for (int i = 0; i < 6; ++i)
            QTest::keyClick(shown.canvas, Qt::Key_Plus);
        const QPoint middle = shown.middle();
        const auto from = window.fromNs();
        QTest::mousePress(shown.canvas, Qt::LeftButton, Qt::NoModifier, middle);
        QTest::mouseMove(shown.canvas, middle + QPoint(60, 0));
        QTest::mouseMove(shown.canvas, middle + QPoint(120, 0));
        QTest::mouseRelease(shown.canvas, Qt::LeftButton, Qt::NoModifier, middle + QPoint(120, 0));
        QVERIFY(window.fromNs() < from);
        QVERIFY(shown.context->timeSpan().isEmpty());
        const qint64 left = shown.canvas->timeAt(middle.x());
        QTest::mousePress(shown.canvas, Qt::LeftButton, Qt::ShiftModifier, middle);
        QTest::mouseMove(shown.canvas, middle + QPoint(90, 0));
        QTest::mouseRelease(shown.canvas, Qt::LeftButton, Qt::ShiftModifier, middle + QPoint(90, 0));
        QCOMPARE(shown.context->timeSpan().fromNs, left);
        QVERIFY(shown.context->timeSpan().toNs > left);
        // A new window drawn in the overview.
        const QRect overview = shown.canvas->overviewArea();
        QTest::keyClick(shown.canvas, Qt::Key_0);
        const QPoint a(overview.left() + overview.width() / 4, overview.center().y());
        const QPoint b(overview.left() + overview.width() / 2, overview.center().y());
        QTest::mousePress(shown.canvas, Qt::LeftButton, Qt::NoModifier, a);
        QTest::mouseMove(shown.canvas, b);
        QTest::mouseRelease(shown.canvas, Qt::LeftButton, Qt::NoModifier, b);
        QVERIFY(!window.isWhole());
        QVERIFY(window.spanNs() > 10'000'000'000 && window.spanNs() < 16'000'000'000); // a quarter of 52 s
    }

    void aClickOnAMarkSelectsItsFinding()
    {
        Shown shown({.events = 20'000}, {1'280, 800}, 3);
        shown.settle(20'000);
        const auto span = std::int64_t(20'000) * 1'000'000;
        const int x = shown.canvas->xOf(1'761'040'800'000'000'000 + span / 4 * 2);
        const QPoint at(x, shown.canvas->findingsArea().center().y());
        const QString tip = shown.canvas->toolTipAt(at);
        QVERIFY2(tip.contains(QLatin1String("&lt;b&gt;97&lt;/b&gt;")), qPrintable(tip)); // text, not markup
        QTest::mouseClick(shown.canvas, Qt::LeftButton, Qt::NoModifier, at);
        QCOMPARE(shown.context->findingId(), QStringLiteral("f1"));
    }

    void countsAreToldUnderThePointer()
    {
        Shown shown({.events = 20'000});
        shown.settle(20'000);
        const QString tip = shown.canvas->toolTipAt(shown.canvas->plotArea().topLeft() + QPoint(300, 10));
        QVERIFY2(tip.contains(QLatin1String("Host")) && tip.contains(QLatin1String(" events: ")), qPrintable(tip));
        const QString name = shown.canvas->toolTipAt({5, shown.canvas->plotArea().top() + 10});
        QVERIFY2(name.contains(QLatin1String("in all")), qPrintable(name));
    }

    void theWheelZoomsAtThePointer()
    {
        Shown shown({.events = 50'000});
        shown.settle(50'000);
        const QPoint at = shown.canvas->plotArea().center() + QPoint(200, 0);
        const qint64 before = shown.canvas->timeAt(at.x());
        for (int i = 0; i < 5; ++i) {
            QWheelEvent wheel(at, shown.canvas->mapToGlobal(at), {}, {0, 120}, Qt::NoButton, Qt::NoModifier,
                              Qt::NoScrollPhase, false);
            QApplication::sendEvent(shown.canvas, &wheel);
        }
        const qint64 after = shown.canvas->timeAt(at.x());
        QVERIFY(!shown.canvas->window().isWhole());
        QVERIFY(std::abs(after - before) <= 3 * shown.canvas->window().columnNs() * 4);
    }

    void everyStateNamesTheNextStep()
    {
        Shown shown({}, {640, 480});
        shown.settle(0);
        const QImage empty = shown.canvas->grab().toImage();
        shown.backend->failWith(Error{Error::Code::Io, "the disk is gone"});
        shown.backend->setEvents(10);
        QTRY_VERIFY(shown.canvas->grab().toImage() != empty);
        shown.backend->failWith({});
        QTest::keyClick(shown.canvas, Qt::Key_F5);
        QTRY_VERIFY(!shown.canvas->toolTipAt({5, shown.canvas->plotArea().top() + 10}).isEmpty());
    }

    void pictures()
    {
        for (const char *theme : {"dark", "light"}) {
            Theme::instance().load(QLatin1String(theme));
            for (const QSize size : {QSize(1'280, 800), QSize(640, 480)}) {
                Shown shown({.events = 200'000}, size, 40);
                shown.settle(200'000);
                const QString name = QStringLiteral("timeline_%1_%2").arg(QLatin1String(theme)).arg(size.width());
                takePicture(*shown.view, name);
                QTest::keyClick(shown.canvas, Qt::Key_Plus);
                for (int i = 0; i < 12; ++i)
                    QTest::keyClick(shown.canvas, Qt::Key_Plus);
                QTest::mouseMove(shown.canvas, shown.middle());
                shown.context->selectTimeSpan({shown.canvas->timeAt(shown.middle().x() - 90),
                                               shown.canvas->timeAt(shown.middle().x() + 60)});
                QTest::keyClick(shown.canvas, Qt::Key_Down);
                takePicture(*shown.view, name + QStringLiteral("_zoomed"));
                QVERIFY(!shown.canvas->window().isWhole());
            }
        }
        Shown empty({}, {640, 480});
        empty.settle(0);
        takePicture(*empty.view, QStringLiteral("timeline_empty"));
    }
};

EVENTOPS_TEST(TestTimeline)
#include "tst_timeline.moc"
