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
#include <QQuickWidget>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int PauseMs = 60;
constexpr char ScaleVariable[] = "QT_SCALE_FACTOR";

bool isDense()
{
    return qEnvironmentVariableIsSet(ScaleVariable);
}

/// What is wrong in the window once its texts stand where they stood before.
QStringList settledBreaches(const MainWindow &window)
{
    QString before, now;
    const bool settled = QTest::qWaitFor([&] {
        QTest::qWait(PauseMs);
        before = std::exchange(now, {});
        for (const SeenText &text : seenTexts(window))
            now += QStringLiteral("%1 %2 %3\n").arg(text.text).arg(text.rect.x()).arg(text.rect.y());
        return now == before && !isUnderWay(window);
    }, DemoWindow::PatienceMs);
    return settled ? layoutBreaches(window) : QStringList{QStringLiteral("the window does not come to rest")};
}

/// Goes down the findings to one that was not expected; the newest may be a rule's.
bool selectsASurprise(MainWindow &window)
{
    constexpr int FindingsMax = 20;
    constexpr int AnswerMs = 2'000;
    for (int i = 0; i < FindingsMax; ++i) {
        press(window, Qt::Key_J);
        if (QTest::qWaitFor([&] { return !wholeTexts(window, QStringLiteral("Why this is surprising")).empty(); },
                            AnswerMs))
            return true;
    }
    return false;
}

/// What is wrong in any view of @p theme. @p shown: for the names of pictures.
QStringList breachesIn(DemoWindow &demo, const QString &theme, const QString &shown)
{
    MainWindow &window = demo.window();
    window.setThemeByName(theme);
    QStringList breaches;
    const QStringList ids = window.viewIds();
    for (qsizetype i = 0; i < ids.size(); ++i) {
        pressView(window, i);
        const ViewDock *dock = window.dock(ids.at(i));
        if (!QTest::qWaitFor([&] { return dock->isInFront() && dock->isAncestorOf(QApplication::focusWidget()); }))
            breaches << ids.at(i) + QStringLiteral(" is not there, or has not the keyboard");
        const QStringList found = settledBreaches(window);
        takePicture(window, QStringLiteral("layout-%1-%2-%3-%4")
                                .arg(shown, ids.at(i), theme)
                                .arg(window.devicePixelRatio()));
        for (const QString &breach : found)
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
    void init() { skipWhereListed(*this); }

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
        delete second;

        const QTemporaryDir directory;
        QFile file(directory.filePath(QStringLiteral("Wrong.qml")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("import QtQuick\nItem {\n"
                   "Text { text: 'elided though there is room'; width: 40; elide: Text.ElideRight }\n"
                   "Text { text: 'under another'; y: 50 }\nText { text: 'over another'; y: 52 }\n"
                   "Text { text: 'out of the panel'; x: 260; y: 80 }\n}\n");
        file.close();
        QQuickWidget panel(&window);
        panel.setResizeMode(QQuickWidget::SizeRootObjectToView);
        panel.setGeometry(0, 60, 300, 140);
        panel.setSource(QUrl::fromLocalFile(file.fileName()));
        panel.show();
        const QString found = layoutBreaches(window).join(QLatin1Char('\n'));
        for (const char *wrong : {"elided for want", "overlap", "clipped"})
            QVERIFY2(found.contains(QLatin1String(wrong)), wrong);
    }

    void everyView_data()
    {
        QTest::addColumn<QString>("shown");
        QTest::newRow("demo") << QStringLiteral("demo");
        QTest::newRow("a real log") << QStringLiteral("log");
        QTest::newRow("nothing yet") << QStringLiteral("nothing");
    }
    void everyView()
    {
        QFETCH(QString, shown);
        const QTemporaryDir directory;
        const QString workspace = directory.filePath(QStringLiteral("workspace"));
        DemoWindow demo(shown == QLatin1String("demo") ? DemoWindow::options(0.0)
                        : shown == QLatin1String("log")
                            ? DemoWindow::workspaceOptions(workspace, "kafka_server.log", "kafka_logs.yaml")
                            : DemoWindow::workspaceOptions(workspace));
        MainWindow &window = demo.window();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        QCOMPARE(window.size(), QSize(1280, 800));
        QStringList breaches;
        if (shown == QLatin1String("nothing")) {
            QVERIFY(window.showsWelcome());
            takePicture(window, QStringLiteral("layout-welcome"));
            breaches = layoutBreaches(window);
            QCOMPARE(QApplication::focusWidget()->accessibleName(), QStringLiteral("Run the demo"));
            press(window, Qt::Key_2, Qt::ControlModifier);
            QTRY_COMPARE(wholeTexts(window, QStringLiteral("No events yet")).size(), std::size_t{2}); // and findings
        } else {
            QVERIFY(demo.playToTheEnd());
            QTRY_VERIFY(!wholeTexts(window, QStringLiteral(" open of ")).empty());
            press(window, Qt::Key_3, Qt::ControlModifier);
            QVERIFY(selectsASurprise(window));
        }
        breaches += breachesIn(demo, QStringLiteral("dark"), shown);
        if (!isDense()) // there the colours are the only difference
            breaches += breachesIn(demo, QStringLiteral("light"), shown);
        window.setThemeByName(QStringLiteral("dark"));
        press(window, Qt::Key_4, Qt::ControlModifier);
        press(window, Qt::Key_A); // the reason of a decision
        breaches += settledBreaches(window);
        takePicture(window, QStringLiteral("layout-deciding-") + shown);
        QVERIFY2(breaches.isEmpty(), qPrintable(breaches.join(QLatin1Char('\n'))));
    }

    void theSameAt200Percent()
    {
        if (isDense())
            QSKIP("this is the run at 200 %");
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QLatin1String(ScaleVariable), QStringLiteral("2"));
        process.setProcessEnvironment(environment);
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.start(QCoreApplication::applicationFilePath(),
                      {QStringLiteral("TestLayout"), QStringLiteral("everyView")});
        QVERIFY(process.waitForFinished(2 * DemoWindow::PatienceMs));
        QVERIFY2(process.exitCode() == 0, process.readAll().constData());
    }
};

EVENTOPS_TEST(TestLayout)
#include "tst_layout.moc"
