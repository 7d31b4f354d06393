// SPDX-License-Identifier: MIT
//
// The same seed gives the same digest and the same picture of every view: nothing on screen depends on when, how fast
// or by how many threads it came about.
#include "tests/support/test_main.h"

#include "tests/support/gui/pictures.h"
#include "tests/widgets/demo_window.h"
#include "widgets/shell/view_dock.h"

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int ApprovalsMax = 20; ///< The demo suggests less.

struct Shown {
    std::string digest;
    std::map<QString, QImage> pictures; ///< By view.
};

/// Where two pictures differ, for the message of a failure; empty: nowhere.
QRect difference(const QImage &a, const QImage &b)
{
    if (a.size() != b.size())
        return a.rect() | b.rect();
    QRect rect;
    for (int y = 0; y < a.height(); ++y) {
        for (int x = 0; x < a.width(); ++x) {
            if (a.pixel(x, y) != b.pixel(x, y))
                rect |= QRect(x, y, 1, 1);
        }
    }
    return rect;
}

/// The demo from its start to its end, then one view after the other, by keyboard.
Shown playAndLook(const QString &name)
{
    DemoWindow demo(DemoWindow::options(0.0));
    Shown shown;
    if (!QTest::qWaitForWindowActive(&demo.window()) || !demo.playToTheEnd())
        return shown;
    shown.digest = demo.digest();
    // What a person looks at stays under his hand whatever comes above it: so it hangs on when the first ones came.
    pressView(demo.window(), demo.window().viewIds().indexOf(QStringLiteral("approvals")));
    for (int i = 0; i < ApprovalsMax; ++i)
        press(demo.window(), Qt::Key_K);
    shown.pictures[QStringLiteral("start")] = demo.settledPicture();
    press(demo.window(), Qt::Key_3, Qt::ControlModifier); // findings: select one, so that the inspector has an event
    press(demo.window(), Qt::Key_J);
    const QStringList ids = demo.window().viewIds();
    for (qsizetype i = 0; i < ids.size(); ++i) {
        pressView(demo.window(), i);
        if (!QTest::qWaitFor([&] { return demo.window().dock(ids.at(i))->isInFront(); }))
            return {};
        shown.pictures[ids.at(i)] = demo.settledPicture();
        takePicture(demo.window(), QStringLiteral("same-%1-%2").arg(ids.at(i), name));
    }
    return shown;
}

} // namespace

class TestSamePicture : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { skipWhereListed(*this); }

    void theSameSeedIsTheSamePicture()
    {
        const Shown first = playAndLook(QStringLiteral("a"));
        QCOMPARE(first.digest.size(), std::size_t{64});
        QCOMPARE(first.pictures.size(), std::size_t{15});
        const Shown second = playAndLook(QStringLiteral("b"));
        QCOMPARE(second.digest, first.digest);
        QStringList different;
        for (const auto &[view, picture] : first.pictures) {
            QVERIFY2(!picture.isNull(), qPrintable(view + QStringLiteral(" does not come to rest")));
            const QRect rect = difference(picture, second.pictures.at(view));
            if (!rect.isEmpty())
                different << QStringLiteral("%1 at %2,%3 %4x%5")
                                 .arg(view)
                                 .arg(rect.x())
                                 .arg(rect.y())
                                 .arg(rect.width())
                                 .arg(rect.height());
        }
        QVERIFY2(different.isEmpty(), qPrintable(different.join(QStringLiteral("; "))));
    }
};

EVENTOPS_TEST(TestSamePicture)
#include "tst_same_picture.moc"
