// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/replay_controller.h"
#include "core/viewmodel/view_context.h"
#include "tests/support/gui/ui_watchdog.h"
#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/exceptions.h"
#include "tests/widgets/quiet_backend.h"
#include "widgets/shell/command_palette.h"
#include "widgets/shell/main_window.h"
#include "widgets/shell/message_bar.h"
#include "widgets/shell/view_dock.h"
#include "widgets/theme/style.h"
#include "widgets/theme/theme.h"

#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenuBar>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QStatusBar>

using namespace eventops;

namespace {

int g_made = 0; ///< Test views made.

QWidget *makeTestView(ViewContext &, QWidget *parent)
{
    ++g_made;
    auto *view = new QLabel(QStringLiteral("a test view"), parent);
    view->setFocusPolicy(Qt::StrongFocus);
    return view;
}

/// What a contributor writes: one line a view.
ViewRegistry testViews()
{
    const auto view = [](const char *id, const char *title, ViewArea area) {
        return ViewSpec{QLatin1String(id),
                        QLatin1String(title),
                        QStringLiteral("table"),
                        QStringLiteral("Shows nothing"),
                        area,
                        makeTestView,
                        {},
                        QStringLiteral("N: does nothing")};
    };
    return {view("upper", "Upper", ViewArea::Top), view("middle", "Middle", ViewArea::Centre),
            view("beside", "Beside", ViewArea::RightTop), view("tabbed", "Tabbed", ViewArea::Centre),
            view("lower", "Lower", ViewArea::RightBottom)};
}

/// A window over an empty back end.
struct Fixture {
    explicit Fixture(bool begun = true, WindowSetup setup = {})
    {
        setup.workspace = QStringLiteral("test");
        setup.expectsEvents = begun;
        auto owned = std::make_unique<test::QuietBackend>();
        backend = owned.get();
        context = test::chosenContext(std::move(owned), Caller{"ada", Role::Admin, {}});
        replay = std::make_unique<ReplayController>(*context);
        window = std::make_unique<MainWindow>(testViews(), *context, *replay, std::move(setup));
        window->show();
    }
    bool shown(const char *id) const
    {
        const ViewDock *dock = window->dock(QLatin1String(id));
        return dock->isMade() && dock->isInFront() && !dock->visibleRegion().isEmpty();
    }
    test::QuietBackend *backend;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<ReplayController> replay;
    std::unique_ptr<MainWindow> window;
};

} // namespace

class TestMainWindow : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { applyTheme(*qobject_cast<QApplication *>(QCoreApplication::instance())); }
    void init()
    {
        test::skipWhereListed(*this);
        g_made = 0;
    }
    void cleanup() { QCOMPARE(QApplication::activeModalWidget(), nullptr); } ///< No test asked for one.

    void aViewIsOneLineOfTheRegistry()
    {
        Fixture f;
        QCOMPARE(f.window->viewIds().size(), qsizetype(5));
        QTRY_VERIFY(f.shown("upper") && f.shown("middle") && f.shown("beside") && f.shown("lower"));
        QVERIFY(!f.window->dock(QStringLiteral("tabbed"))->isMade()); // behind a tab: made when it is needed
        QCOMPARE(g_made, 4);
        QStringList entries;
        for (const QAction *menu : f.window->menuBar()->actions()) {
            for (const QAction *action : menu->menu()->actions())
                entries << action->text();
        }
        for (const char *title : {"Upper", "Middle", "Beside", "Tabbed", "Lower"})
            QVERIFY2(entries.contains(QLatin1String(title)), title);
    }

    void theDefaultLayoutIsAsTheAreasSay()
    {
        Fixture f;
        QTRY_VERIFY(f.shown("lower"));
        const auto rect = [&](const char *id) {
            return f.window->dock(QLatin1String(id))->geometry();
        };
        QTRY_VERIFY(rect("beside").left() > rect("upper").right());
        QVERIFY(rect("upper").bottom() < rect("middle").top());
        QVERIFY(rect("beside").bottom() < rect("lower").top());
        QVERIFY2(rect("beside").width() < rect("upper").width(), "the side column is the narrow one");
    }

    void keysBringViewsUp()
    {
        Fixture f;
        QVERIFY(QTest::qWaitForWindowActive(f.window.get()));
        QTest::keyClick(f.window.get(), Qt::Key_4, Qt::ControlModifier);
        QTRY_VERIFY(f.shown("tabbed"));
        QVERIFY(f.window->dock(QStringLiteral("tabbed"))->view()->hasFocus());
        QTest::keyClick(f.window.get(), Qt::Key_2, Qt::ControlModifier);
        QTRY_VERIFY(f.shown("middle"));
        Q_EMIT f.context->showView(QStringLiteral("tabbed"));
        QTRY_VERIFY(f.shown("tabbed"));
    }

    void thePaletteRunsWhatItFinds()
    {
        Fixture f;
        QVERIFY(QTest::qWaitForWindowActive(f.window.get()));
        QTest::keyClick(f.window.get(), Qt::Key_K, Qt::ControlModifier);
        CommandPalette &palette = f.window->commandPalette();
        QTRY_VERIFY(palette.isVisible() && palette.input()->hasFocus());
        QVERIFY(palette.list()->count() > 10);
        QTest::keyClicks(palette.input(), QStringLiteral("tabb"));
        QCOMPARE(palette.list()->count(), 1);
        QTest::keyClick(palette.input(), Qt::Key_Return);
        QVERIFY(!palette.isVisible());
        QTRY_VERIFY(f.shown("tabbed"));

        f.window->openPalette();
        QTest::keyClicks(palette.input(), QStringLiteral("nothing is called so"));
        QCOMPARE(palette.list()->count(), 0);
        QTest::keyClick(palette.input(), Qt::Key_Escape);
        QVERIFY(!palette.isVisible());
    }

    void lettersMatchWords()
    {
        QCOMPARE(matchScore(QStringLiteral("xyz"), QStringLiteral("Open a capture")), 0);
        QVERIFY(matchScore(QString(), QStringLiteral("Open")) > 0);
        QVERIFY(matchScore(QStringLiteral("oc"), QStringLiteral("Open capture"))
                > matchScore(QStringLiteral("oc"), QStringLiteral("Block")));
        QVERIFY(matchScore(QStringLiteral("graph"), QStringLiteral("Graph"))
                > matchScore(QStringLiteral("graph"), QStringLiteral("great apples")));
    }

    void theThemeChangesAtOnceAndIsKept()
    {
        const QTemporaryDir directory;
        WindowSetup setup;
        setup.preferencesFile = directory.filePath(QStringLiteral("console.ini"));
        Fixture f(true, setup);
        f.window->setThemeByName(QStringLiteral("dark"));
        const QColor dark = f.window->QWidget::palette().color(QPalette::Window);
        const QImage before = f.window->grab().toImage();
        QVERIFY(QTest::qWaitForWindowActive(f.window.get()));
        QTest::keyClick(f.window.get(), Qt::Key_T, Qt::ControlModifier);
        QTRY_COMPARE(Theme::instance().name(), QStringLiteral("light"));
        QVERIFY(f.window->QWidget::palette().color(QPalette::Window).lightness() > dark.lightness() + 100);
        QVERIFY(f.window->grab().toImage() != before);
        const QSettings settings(setup.preferencesFile, QSettings::IniFormat);
        QCOMPARE(settings.value(QStringLiteral("theme")).toString(), QStringLiteral("light"));
        f.window->setThemeByName(QStringLiteral("dark"));
    }

    void theLayoutIsKeptAndCanBeReset()
    {
        const QTemporaryDir directory;
        WindowSetup setup;
        setup.layoutFile = directory.filePath(QStringLiteral("window.ini"));
        {
            Fixture f(true, setup);
            QTRY_VERIFY(f.shown("lower"));
            f.window->dock(QStringLiteral("upper"))->close();
            f.window->showView(QStringLiteral("tabbed"));
            f.window->close();
        }
        Fixture again(true, setup);
        QTRY_VERIFY(again.shown("tabbed"));
        QVERIFY(again.window->dock(QStringLiteral("upper"))->isHidden());
        again.window->resetLayout();
        QTRY_VERIFY(again.shown("upper") && again.shown("middle"));
    }

    void itBeginsWithAWelcome()
    {
        Fixture f(false);
        QVERIFY(f.window->showsWelcome());
        QCOMPARE(g_made, 0);
        QSignalSpy demo(f.window.get(), &MainWindow::demoChosen);
        QVERIFY(QTest::qWaitForWindowActive(f.window.get()));
        QTest::keyClick(f.window.get(), Qt::Key_D, Qt::ControlModifier);
        QTRY_COMPARE(demo.count(), 1);
        f.backend->changed(Change{1, 12, 0, 0, NoTime, false, {}});
        QTRY_VERIFY(!f.window->showsWelcome());
        QTRY_VERIFY(f.shown("middle"));
    }

    void readingShowsProgressAndCanBeStopped()
    {
        Fixture f(false);
        ReplayRequest request;
        request.files = {"a.log"};
        f.replay->setWorkers(3);
        f.replay->start(request, QStringLiteral("a.log"));
        QCOMPARE(f.backend->replayRequest.workers, 3U);
        QVERIFY(!f.window->showsWelcome());
        RunProgress progress;
        progress.bytesRead = 25;
        progress.bytesTotal = 100;
        f.backend->replayProgress(progress);
        QTRY_COMPARE(f.replay->part(), 0.25);
        f.replay->start(request, QStringLiteral("b.log"));
        QVERIFY(f.window->messages().text().contains(QStringLiteral("a.log is still being read")));
        QTest::keyClick(f.window.get(), Qt::Key_Period, Qt::ControlModifier);
        QVERIFY(f.backend->replayTicket.cancelled());
        QCOMPARE(f.replay->state(), ReplayController::State::Cancelling);
        f.backend->replayDone(Error{Error::Code::Cancelled, "stopped"});
        QTRY_COMPARE(f.replay->state(), ReplayController::State::Idle);
        QVERIFY(f.window->statusBar()->currentMessage().contains(QStringLiteral("Stopped reading a.log")));
    }

    void errorsStayInlineAndPlain()
    {
        Fixture f;
        QVERIFY(!f.window->messages().isVisible());
        const QString hostile = QStringLiteral("<img src=http://example.org/x.png><b>bad</b>");
        f.context->tell(hostile, true);
        QVERIFY(f.window->messages().isVisible());
        QCOMPARE(f.window->messages().text(), hostile);
        QCOMPARE(f.window->messages().findChild<QLabel *>()->textFormat(), Qt::PlainText);
        f.context->tell(QStringLiteral("all is well"));
        QCOMPARE(f.window->statusBar()->currentMessage(), QStringLiteral("all is well"));
        QVERIFY(f.window->messages().isVisible()); // until it is dismissed
    }

    void whatHoldsTheRunUpStandsInTheBanner()
    {
        Fixture f;
        Change change{1, 12, 0, 0, NoTime, true, {}};
        change.progress.trouble = "no room on the disk; waiting";
        f.backend->changed(change);
        QTRY_VERIFY(f.window->messages().isVisible());
        QCOMPARE(f.window->messages().text(), QStringLiteral("no room on the disk; waiting"));
        change.revision = 2;
        change.progress.trouble.clear();
        f.backend->changed(change);
        QTRY_VERIFY(!f.window->messages().isVisible());
        // What was said before the run began stays until a person has dismissed it.
        change = {3, 12, 0, 0, NoTime, false, {}};
        change.progress.trouble = "ledger.db is damaged and is kept as ledger.db.damaged-1";
        f.backend->changed(change);
        QTRY_VERIFY(f.window->messages().isVisible());
        change = {4, 13, 0, 0, NoTime, true, {}};
        f.backend->changed(change);
        QTest::qWait(100);
        QVERIFY(f.window->messages().isVisible());
    }

    void droppedFilesAreCaptures()
    {
        Fixture f;
        QSignalSpy chosen(f.window.get(), &MainWindow::capturesChosen);
        QMimeData data;
        data.setUrls(
            {QUrl::fromLocalFile(QStringLiteral("/captures/a.log")), QUrl(QStringLiteral("http://example.org/"))});
        QDragEnterEvent enter({5, 5}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(f.window.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent drop({5, 5}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(f.window.get(), &drop);
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen.front().front().toStringList(), QStringList{QStringLiteral("/captures/a.log")});
    }

    void exportIsACommand()
    {
        Fixture f;
        QSignalSpy chosen(f.window.get(), &MainWindow::exportChosen);
        QVERIFY(QTest::qWaitForWindowActive(f.window.get()));
        QTest::keyClick(f.window.get(), Qt::Key_E, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(chosen.count(), 1);
    }

    void theToolBarOpensThePalette()
    {
        Fixture f;
        QVERIFY(QTest::qWaitForWindowActive(f.window.get()));
        auto *button = f.window->findChild<QPushButton *>(QStringLiteral("search"));
        QVERIFY(button != nullptr);
        QTest::mouseClick(button, Qt::LeftButton);
        QTRY_VERIFY(f.window->commandPalette().isVisible() && f.window->commandPalette().input()->hasFocus());
    }

    void followingIsShared()
    {
        Fixture f;
        QVERIFY(QTest::qWaitForWindowActive(f.window.get()));
        QVERIFY(!f.context->following());
        QTest::keyClick(f.window.get(), Qt::Key_P, Qt::ControlModifier);
        QVERIFY(f.context->following());
        f.context->setFollowing(false);
        QTest::keyClick(f.window.get(), Qt::Key_P, Qt::ControlModifier);
        QVERIFY(f.context->following());
    }

    void helpNamesEveryKey()
    {
        Fixture f;
        QVERIFY(QTest::qWaitForWindowActive(f.window.get()));
        QTest::keyClick(f.window.get(), '?');
        QTRY_VERIFY(f.window->findChild<QDialog *>() != nullptr);
        auto *help = f.window->findChild<QDialog *>();
        QTRY_VERIFY(help->isVisible());
        QVERIFY(!help->isModal());
        const auto *table = help->findChild<QAbstractItemView *>();
        QStringList cells;
        for (int row = 0; row < table->model()->rowCount(); ++row)
            cells << table->model()->index(row, 0).data().toString() << table->model()->index(row, 1).data().toString();
        for (const char *wanted : {"Ctrl+K", "Ctrl+1", "F1", "N", "Upper: does nothing"})
            QVERIFY2(cells.contains(QLatin1String(wanted)), wanted);
        help->close();
    }

    void aReadOnlyWindowReadsNothingIn()
    {
        WindowSetup setup;
        setup.readOnly = true;
        Fixture f(true, setup);
        QVERIFY(!f.window->acceptDrops());
        f.window->openPalette();
        CommandPalette &palette = f.window->commandPalette();
        QTest::keyClicks(palette.input(), QStringLiteral("open a capture"));
        QCOMPARE(palette.list()->count(), 0);
    }

    void theWatchdogSeesAStall()
    {
        auto *application = static_cast<test::WatchedApplication *>(QCoreApplication::instance());
        const std::size_t before = application->stalls().size();
        application->expectStalls(true);
        QTimer::singleShot(0, this, [] {
            QElapsedTimer timer;
            timer.start();
            while (timer.elapsed() < 4 * test::WatchedApplication::StallMs) {}
        });
        QTRY_COMPARE(application->stalls().size(), before + 1);
        application->expectStalls(false);
    }
};

EVENTOPS_TEST(TestMainWindow)
#include "tst_main_window.moc"
