// SPDX-License-Identifier: MIT
//
// The past of a workspace, played in the program's own window.
#include "tests/support/test_main.h"
#include "tests/support/gui/pictures.h"

#include "tests/widgets/demo_window.h"

#include "core/viewmodel/playback_controller.h"
#include "widgets/shell/playback_bar.h"
#include "widgets/shell/playback_track.h"

#include <QComboBox>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr Qt::KeyboardModifiers CtrlShift = Qt::ControlModifier | Qt::ShiftModifier;

QAction *actionOf(DemoWindow &demo, const QString &keys)
{
    for (QAction *action : demo.window().findChild<PlaybackBar *>()->actions()) {
        if (action->shortcut() == QKeySequence(keys))
            return action;
    }
    return nullptr;
}

/// The window that comes in place of this one.
/// The next window may lie where the one before lay: what counts is that this one is gone.
bool waitForAnother(DemoWindow &demo, const QPointer<MainWindow> &before)
{
    return QTest::qWaitFor(
               [&] {
                   return demo.console().window() != nullptr
                          && (before.isNull() || demo.console().window() != before.data());
               },
               DemoWindow::PatienceMs)
           && QTest::qWaitForWindowActive(&demo.window());
}

bool playsThePast(DemoWindow &demo)
{
    return demo.window().findChild<PlaybackBar *>() != nullptr;
}

quint64 eventsNow(DemoWindow &demo)
{
    return demo.context().change().events;
}

} // namespace

class TestPlaybackWindow : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { skipWhereListed(*this); }

    void thePastComesOutTheSame()
    {
        const QTemporaryDir directory;
        DemoWindow demo(DemoWindow::workspaceOptions(directory.path(), "agents.ndjson", "default.yaml"));
        QVERIFY(QTest::qWaitForWindowActive(&demo.window()));
        QVERIFY(demo.playToTheEnd());
        const std::string digest = demo.digest();
        const quint64 events = eventsNow(demo);
        QVERIFY(events > 100);

        const QPointer<MainWindow> present = &demo.window();
        press(demo.window(), Qt::Key_P, CtrlShift);
        QVERIFY(waitForAnother(demo, present));
        QVERIFY(playsThePast(demo));
        QVERIFY(demo.window().windowTitle().contains(QStringLiteral("as it was")));
        QVERIFY(!demo.context().mayDecide()); // nothing is decided in the past
        auto *speeds = demo.window().findChild<PlaybackBar *>()->findChild<QComboBox *>();
        speeds->setCurrentIndex(speeds->count() - 1);
        Q_EMIT speeds->activated(speeds->count() - 1);
        QVERIFY(demo.playToTheEnd());
        QCOMPARE(eventsNow(demo), events);
        QCOMPARE(demo.digest(), digest);
        takePicture(demo.window(), QStringLiteral("playback-ended"));

        const QPointer<MainWindow> past = &demo.window();
        press(demo.window(), Qt::Key_P, CtrlShift); // back to the present
        QVERIFY(waitForAnother(demo, past));
        QVERIFY(!playsThePast(demo));
        QTRY_COMPARE(eventsNow(demo), events);
        QCOMPARE(demo.digest(), digest);
    }

    void itIsHeldByHand()
    {
        const QTemporaryDir directory;
        DemoWindow demo(DemoWindow::workspaceOptions(directory.path(), "agents.ndjson", "default.yaml"));
        QVERIFY(QTest::qWaitForWindowActive(&demo.window()));
        QVERIFY(demo.playToTheEnd());
        const quint64 all = eventsNow(demo);
        press(demo.window(), Qt::Key_P, CtrlShift);
        QVERIFY(waitForAnother(demo, QPointer<MainWindow>(demo.console().window())));
        actionOf(demo, QStringLiteral("Ctrl+Space"))->trigger(); // pause
        auto *track = demo.window().findChild<PlaybackTrack *>();
        QTRY_VERIFY(!demo.window().statusBar()->currentMessage().contains(QStringLiteral("Preparing")));
        QTest::qWait(300); // what had passed is stored
        const quint64 before = eventsNow(demo);
        QVERIFY(before < all);
        actionOf(demo, QStringLiteral("Ctrl+Right"))->trigger(); // one record
        QTRY_COMPARE_WITH_TIMEOUT(eventsNow(demo), before + 1, DemoWindow::PatienceMs);
        QTest::qWait(200);
        QCOMPARE(eventsNow(demo), before + 1);

        const std::uint64_t findings = demo.context().change().findings;
        actionOf(demo, QStringLiteral("Ctrl+Shift+Right"))->trigger(); // to the next finding
        QTRY_VERIFY_WITH_TIMEOUT(demo.context().change().findings > findings, DemoWindow::PatienceMs);
        takePicture(demo.window(), QStringLiteral("playback-finding"));

        QVERIFY(track->sliderPosition() > 2 && track->sliderPosition() < track->maximum() - 2);
        const QPointer<MainWindow> later = &demo.window();
        const quint64 there = eventsNow(demo);
        track->setSliderPosition((track->sliderPosition() + track->maximum()) / 2);
        Q_EMIT track->sliderReleased(); // on, in the same window
        QTRY_VERIFY_WITH_TIMEOUT(eventsNow(demo) > there, DemoWindow::PatienceMs);
        QCOMPARE(&demo.window(), later);

        track->setSliderPosition(track->sliderPosition() / 2);
        const qint64 wanted = track->handleNs();
        Q_EMIT track->sliderReleased(); // and back: played anew up to there
        QVERIFY(waitForAnother(demo, later));
        QVERIFY(playsThePast(demo));
        QTRY_VERIFY_WITH_TIMEOUT(eventsNow(demo) > 0, DemoWindow::PatienceMs);
        QTest::qWait(300);
        const auto late = demo.findings("");
        for (const Finding &finding : late)
            QVERIFY(raw(finding.ts) <= wanted);
        QVERIFY(eventsNow(demo) < all);
    }
};

EVENTOPS_TEST(TestPlaybackWindow)
#include "tst_playback.moc"
