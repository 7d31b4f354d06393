// SPDX-License-Identifier: MIT
//
// The demo in the real window, by keyboard alone: from the first frame to an action that was approved, carried out, and
// verified by what the made-up world sent afterwards.
#include "tests/support/test_main.h"

#include "core/base/time.h"
#include "tests/support/gui/pictures.h"
#include "tests/widgets/demo_window.h"
#include "tests/widgets/seen_texts.h"
#include "widgets/shell/view_dock.h"

#include <QElapsedTimer>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr double ShippedPace = 20.0;
constexpr int PatienceMs = DemoWindow::PatienceMs;
constexpr qint64 PromisedMs = 60'000;
const QString Host = QStringLiteral("host:checkout-2");
const QString Command = QStringLiteral("restart_service");

bool shows(MainWindow &window, const QString &part)
{
    return !wholeTexts(window, part).empty();
}

/// The keyboard is in the view @p id.
bool isIn(MainWindow &window, const char *id)
{
    const QWidget *focus = QApplication::focusWidget();
    return focus != nullptr && window.dock(QLatin1String(id))->isAncestorOf(focus);
}

/// What is wrong with the CPU of the host, how surprising that is, and what can be done, all of it in sight.
bool showsTheFault(MainWindow &window)
{
    for (const SeenText &headline : wholeTexts(window, QStringLiteral("cpu_load of ") + Host)) {
        // The bits of that card: of the texts below its headline the next one that says bits.
        for (const SeenText &bits : wholeTexts(window, QStringLiteral(" bits"))) {
            const double below = bits.rect.top() - headline.rect.bottom();
            constexpr double CardHeightMax = 80;
            if (below >= 0 && below < CardHeightMax && bits.rect.left() >= headline.rect.left())
                return shows(window, Command + QStringLiteral(" waits")) && shows(window, QStringLiteral("Approve"));
        }
    }
    return false;
}

} // namespace

class TestDemoJourney : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { skipWhereListed(*this); }

    void fromTheStartToAVerifiedAction()
    {
        QElapsedTimer sinceStart;
        sinceStart.start(); // before the first frame: what is promised from there on holds all the more
        DemoWindow demo(DemoWindow::options(ShippedPace));
        MainWindow &window = demo.window();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        QCOMPARE(window.size(), QSize(1280, 800));

        QTRY_VERIFY_WITH_TIMEOUT(showsTheFault(window), PatienceMs);
        const qint64 seenAfterMs = sinceStart.elapsed();
        qInfo("the fault, its bits and a suggestion are in sight after %lld ms", static_cast<long long>(seenAfterMs));
        QVERIFY(seenAfterMs < PromisedMs);
        takePicture(window, QStringLiteral("journey-1-fault"));

        press(window, Qt::Key_3, Qt::ControlModifier);
        QTRY_VERIFY(isIn(window, "findings"));
        const QString decide = QStringLiteral("Decide on ") + Command;
        for (int i = 0; i < 10 && !shows(window, decide); ++i) {
            press(window, Qt::Key_J);
            QTest::qWait(1);
            QTRY_VERIFY_WITH_TIMEOUT(shows(window, QStringLiteral(" as evidence")), PatienceMs);
        }
        QVERIFY(shows(window, decide));
        takePicture(window, QStringLiteral("journey-2-finding"));

        press(window, Qt::Key_A);
        QTRY_VERIFY(isIn(window, "approvals"));
        QVERIFY(demo.actions("state != proposed").empty()); // nothing is done before a person says so
        press(window, Qt::Key_A);
        QTRY_VERIFY(shows(window, QStringLiteral("Approve exactly what is shown. Why?")));
        takePicture(window, QStringLiteral("journey-3-approve"));
        press(window, Qt::Key_Return);

        const std::string done = "state = succeeded and command = " + Command.toStdString();
        QTRY_COMPARE_WITH_TIMEOUT(demo.actions(done).size(), std::size_t{1}, PatienceMs);
        const Action action = demo.actions(done).front();
        QCOMPARE(QString::fromStdString(action.suggestion.entityId), Host);
        QCOMPARE(QString::fromStdString(action.approver), QString::fromStdString(demo.context().caller().user));
        QTRY_VERIFY(shows(window, QStringLiteral("succeeded")));

        const std::string resolved = "state = resolved and name = cpu_load_threshold";
        QTRY_COMPARE_WITH_TIMEOUT(demo.findings(resolved).size(), std::size_t{1}, PatienceMs);
        const Finding mended = demo.findings(resolved).front();
        QCOMPARE(QString::fromStdString(mended.entityId), Host);
        const WallNs scriptedEnd = parseTimestamp("2025-11-03T09:35:00Z").value();
        QVERIFY(mended.ts < scriptedEnd); // it was the action, not the scenario
        press(window, Qt::Key_3, Qt::ControlModifier);
        QTRY_VERIFY(shows(window, QStringLiteral("resolved after ")));
        takePicture(window, QStringLiteral("journey-4-resolved"));
        qInfo("approved and verified after %lld ms", static_cast<long long>(sinceStart.elapsed()));
    }
};

EVENTOPS_TEST(TestDemoJourney)
#include "tst_demo_journey.moc"
