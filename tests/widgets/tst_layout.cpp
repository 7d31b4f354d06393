// SPDX-License-Identifier: MIT
//
// Every view of the demo at 1280x800, dark and light, and once more on a screen of 200 %: nothing overlaps, nothing is
// cut for want of room that is there, nothing sticks out.
#include "tests/support/test_main.h"

#include "tests/support/gui/pictures.h"
#include "tests/widgets/demo_window.h"
#include "tests/widgets/seen_texts.h"
#include "widgets/shell/view_dock.h"

#include <QLabel>
#include <QLineEdit>
#include <QProcess>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int PauseMs = 60;
constexpr char ScaleVariable[] = "QT_SCALE_FACTOR";

/// What is wrong in any view of @p theme.
QStringList breachesIn(DemoWindow &demo, const QString &theme)
{
    MainWindow &window = demo.window();
    window.setThemeByName(theme);
    QStringList breaches;
    const QStringList ids = window.viewIds();
    for (qsizetype i = 0; i < ids.size(); ++i) {
        press(window, static_cast<Qt::Key>(Qt::Key_1 + i), Qt::ControlModifier);
        const ViewDock *dock = window.dock(ids.at(i));
        if (!QTest::qWaitFor([&] { return dock->isInFront() && dock->isAncestorOf(QApplication::focusWidget()); }))
            breaches << ids.at(i) + QStringLiteral(" is not there, or has not the keyboard");
        if (demo.settledPicture(PauseMs).isNull())
            breaches << ids.at(i) + QStringLiteral(" does not come to rest");
        takePicture(window, QStringLiteral("layout-%1-%2-%3").arg(ids.at(i), theme).arg(window.devicePixelRatio()));
        for (const QString &breach : layoutBreaches(window))
            breaches << QStringLiteral("%1, %2: %3").arg(ids.at(i), theme, breach);
    }
    breaches.removeDuplicates();
    return breaches;
}

} // namespace

class TestLayout : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    /// A check that finds nothing in a bad window proves nothing.
    void theCheckFindsWhatIsWrong()
    {
        QWidget window;
        window.resize(300, 200);
        auto *first = new QLabel(QStringLiteral("the first label"), &window);
        first->setGeometry(10, 10, 200, 30);
        auto *second = new QLabel(QStringLiteral("the second label"), &window);
        second->setGeometry(10, 80, 200, 30);
        window.show();
        QVERIFY2(layoutBreaches(window).isEmpty(), qPrintable(layoutBreaches(window).join(QLatin1Char('\n'))));
        second->move(20, 15);
        QVERIFY(layoutBreaches(window).join(QLatin1Char('\n')).contains(QStringLiteral("overlap")));
        second->setGeometry(10, 80, 40, 30);
        QVERIFY(layoutBreaches(window).join(QLatin1Char('\n')).contains(QStringLiteral("elided")));
        second->setGeometry(250, 80, 200, 30);
        QVERIFY(layoutBreaches(window).join(QLatin1Char('\n')).contains(QStringLiteral("clipped")));
    }

    void everyViewInBothThemes()
    {
        DemoWindow demo(DemoWindow::options(0.0));
        QVERIFY(QTest::qWaitForWindowActive(&demo.window()));
        QVERIFY(demo.playToTheEnd());
        QCOMPARE(demo.window().size(), QSize(1280, 800));
        QVERIFY(seenTexts(demo.window()).size() > 20);
        press(demo.window(), Qt::Key_3, Qt::ControlModifier);
        press(demo.window(), Qt::Key_J);
        const QStringList breaches =
            breachesIn(demo, QStringLiteral("dark")) + breachesIn(demo, QStringLiteral("light"));
        demo.window().setThemeByName(QStringLiteral("dark"));
        QVERIFY2(breaches.isEmpty(), qPrintable(breaches.join(QLatin1Char('\n'))));
    }

    void theSameAt200Percent()
    {
        if (qEnvironmentVariableIsSet(ScaleVariable))
            QSKIP("this is the run at 200 %");
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QLatin1String(ScaleVariable), QStringLiteral("2"));
        process.setProcessEnvironment(environment);
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(QCoreApplication::applicationFilePath(),
                      {QStringLiteral("TestLayout"), QStringLiteral("everyViewInBothThemes")});
        QVERIFY(process.waitForFinished(2 * DemoWindow::PatienceMs));
        QVERIFY2(process.exitCode() == 0, process.readAll().constData());
    }
};

EVENTOPS_TEST(TestLayout)
#include "tst_layout.moc"
