// SPDX-License-Identifier: MIT
//
// The lanes and the machine as a person uses them, by a virtual clock. With EVENTOPS_PICTURES=<directory> each state is
// written there as a picture.
#include "tests/support/test_main.h"

#include "qml/expectations/expectations_panel.h"
#include "qml/expectations/step_machine_item.h"
#include "qml/theme/quick_theme.h"
#include "tests/support/fake_backend.h"
#include "tests/support/gui/what_is_seen.h"
#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/exceptions.h"

#include <QImage>
#include <QQuickItem>
#include <QQuickWidget>

#include <set>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr WallNs Start{1'761'040'800 * NsPerSecond};

CaseExpectation orderOf(int number, int sinceSeconds)
{
    CaseExpectation out;
    out.tenant = "acme";
    out.entityType = "order";
    out.entityId = "order:" + std::to_string(number);
    out.lastStep = "created";
    out.since = Start + sinceSeconds * NsPerSecond;
    out.next = {{"payment_confirmed", 0.92, false}, {"cancelled", 0.06, false}};
    out.eta = out.since + 60 * NsPerSecond;
    out.late = out.since + 120 * NsPerSecond;
    out.overdue = out.since + 300 * NsPerSecond;
    out.missing = out.since + 600 * NsPerSecond;
    out.samples = 200;
    return out;
}

StepMachine orderMachine()
{
    StepMachine machine;
    machine.tenant = "acme";
    machine.entityType = "order";
    constexpr auto Step = MachineStep::Kind::Step;
    machine.steps = {{"", MachineStep::Kind::Start, 0}, {"created", Step, 1'200}, {"payment_confirmed", Step, 1'100},
                     {"packed", Step, 1'090}, {"shipped", Step, 1'080}, {"cancelled", Step, 70},
                     {"the end", MachineStep::Kind::End, 0}};
    machine.edges = {{0, 1, 1'200, 1.0, -1, -1},
                     {1, 2, 1'100, 0.92, 60 * NsPerSecond, 120 * NsPerSecond},
                     {1, 5, 70, 0.08, 3'600 * NsPerSecond, 7'200 * NsPerSecond},
                     {2, 3, 1'090, 0.9, 1'800 * NsPerSecond, 2'800 * NsPerSecond},
                     {2, 4, 90, 0.1, 800 * NsPerSecond, 2'800 * NsPerSecond},
                     {3, 4, 1'000, 0.93, 86'400 * NsPerSecond, 2 * 86'400 * NsPerSecond},
                     {3, 2, 60, 0.07, 86'400 * NsPerSecond, 2 * 86'400 * NsPerSecond},
                     {4, 6, 1'080, 1.0, -1, -1},
                     {5, 6, 70, 1.0, -1, -1}};
    return machine;
}

struct Panel {
    explicit Panel(QSize size = {900, 520}) : backend(new FakeBackend),
        context(test::chosenBackend(std::unique_ptr<Backend>(backend), {"alice", Role::Viewer, {}}),
                {"alice", Role::Viewer, {}}),
        widget(qobject_cast<QQuickWidget *>(makeExpectationsPanel(context, nullptr)))
    {
        widget->resize(size);
        widget->show();
        widget->setFocus();
    }

    void setTo(int seconds)
    {
        Change change;
        change.events = 1'000;
        change.clock = Start + seconds * NsPerSecond;
        backend->change(change);
    }
    void fill()
    {
        backend->with([](FakeBackend::Answers &answers) {
            for (const auto &[number, since] :
                 {std::pair(1, 0), std::pair(2, 400), std::pair(3, 550), std::pair(4, 590)})
                answers.expectations.push_back(orderOf(number, since));
            answers.machines = {orderMachine()};
        });
    }
    QString text() const { return textOf(*widget); }
    QList<QQuickItem *> named(const char *name) const
    {
        QList<QQuickItem *> found;
        for (QQuickItem *item : itemsOf(widget->rootObject())) {
            if (item->objectName() == QLatin1String(name))
                found += item;
        }
        return found;
    }
    QString summary() const { return named("expectationsSummary").value(0)->property("text").toString(); }
    QStringList breaches() const { return breachesOf(*widget); }
    QImage picture(const QString &name) const
    {
        QTest::qWait(60);
        QImage image = widget->grab().toImage();
        const QString directory = qEnvironmentVariable("EVENTOPS_PICTURES");
        if (!directory.isEmpty())
            image.save(directory + QStringLiteral("/expectations-") + name + QStringLiteral(".png"));
        return image;
    }

    FakeBackend *backend;
    ViewContext context;
    std::unique_ptr<QQuickWidget> widget;
};

} // namespace

class TestExpectationsPanel : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { skipWhereListed(*this); }

    void cleanup() { QuickTheme::instance().load(QStringLiteral("dark")); }

    void aLaneGoesThroughItsStatesWithNoEvent()
    {
        Panel panel;
        panel.backend->with([](FakeBackend::Answers &answers) { answers.expectations = {orderOf(7, 0)}; });
        panel.setTo(30);
        qreal marker = -1.0;
        for (const auto &[seconds, words] :
             {std::pair(30, "due in 30 s"), std::pair(130, "late by 10 s"), std::pair(310, "overdue by 10 s"),
              std::pair(610, "missing for 10 s")}) {
            panel.setTo(seconds);
            QTRY_VERIFY2(panel.text().contains(QLatin1String(words)), words);
            const QList<QQuickItem *> markers = panel.named("clockMarker");
            QCOMPARE(markers.size(), 1);
            QTRY_VERIFY(markers.front()->x() > marker); // the clock moves along its track, once it is laid out
            marker = markers.front()->x();
        }
        QCOMPARE(panel.summary(), QStringLiteral("1 missing"));
    }

    void looksAsItShouldInBothThemesAndWidths()
    {
        for (const char *theme : {"dark", "light"}) {
            QuickTheme::instance().load(QLatin1String(theme));
            for (const int width : {340, 620, 900, 1'280}) {
                Panel panel({width, 560});
                panel.fill();
                panel.setTo(620);
                QTRY_COMPARE(panel.summary(), QStringLiteral("1 missing, 1 late, 2 on time"));
                QTRY_VERIFY(panel.text().contains(QStringLiteral("5 steps, 9 ways")));
                QTest::keyClick(panel.widget.get(), Qt::Key_J);
                const QImage image = panel.picture(QStringLiteral("%1-%2").arg(QLatin1String(theme)).arg(width));
                QVERIFY(!image.isNull());
                QCOMPARE(panel.breaches().join(QLatin1Char('\n')), QString());
            }
        }
    }

    void theMachineIsDrawn()
    {
        Panel panel;
        panel.fill();
        panel.setTo(600);
        QTRY_VERIFY(panel.text().contains(QStringLiteral("5 steps, 9 ways")));
        auto *drawing = qobject_cast<StepMachineItem *>(panel.named("machineDrawing").value(0));
        QVERIFY(drawing != nullptr);
        QCOMPARE(drawing->layout().nodes.size(), std::size_t{7});
        const QImage image = panel.picture(QStringLiteral("machine"));
        std::set<QRgb> colours;
        const QRectF place = drawing->mapRectToScene(drawing->boundingRect());
        const QRect seen = place.toRect().intersected(image.rect());
        for (int y = seen.top(); y < seen.bottom(); y += 2) {
            for (int x = seen.left(); x < seen.right(); x += 2)
                colours.insert(image.pixel(x, y));
        }
        QVERIFY(colours.size() > 20); // boxes, lines and antialiased texts

        // A step by mouse, another by key; both are told in words.
        const QRectF box = drawing->boxOf(1);
        QCOMPARE(drawing->stepAt(box.center()), 1);
        QCOMPARE(drawing->stepAt({-5.0, -5.0}), -1);
        QTest::mouseClick(panel.widget.get(), Qt::LeftButton, {}, drawing->mapToScene(box.center()).toPoint());
        QTRY_VERIFY(panel.text().contains(QStringLiteral("created, taken 1")));
        QVERIFY(panel.text().contains(QStringLiteral("payment_confirmed 92 % (half within 1 min")));
        QTest::keyClick(panel.widget.get(), Qt::Key_Right);
        QTRY_VERIFY(panel.text().contains(QStringLiteral("payment_confirmed, taken 1")));
        QTest::keyClick(panel.widget.get(), Qt::Key_Escape);
        QTRY_VERIFY(panel.text().contains(QStringLiteral("A click on a step")));
    }

    void keysSelectTheEntityAndFilter()
    {
        Panel panel;
        panel.fill();
        panel.setTo(620);
        QTRY_VERIFY(panel.text().contains(QStringLiteral("order:4")));
        QTest::keyClick(panel.widget.get(), Qt::Key_J);
        QTRY_COMPARE(panel.context.entity().id, QStringLiteral("order:1"));
        QTest::keyClick(panel.widget.get(), Qt::Key_End);
        QTRY_COMPARE(panel.context.entity().id, QStringLiteral("order:4"));
        QTRY_VERIFY(panel.text().contains(QStringLiteral("or cancelled 6 %")));
        QTest::keyClick(panel.widget.get(), Qt::Key_Slash);
        QTest::keyClicks(panel.widget.get(), QStringLiteral("late"));
        QTRY_VERIFY(!panel.text().contains(QStringLiteral("order:4")));
        QVERIFY(panel.text().contains(QStringLiteral("order:2")));
        QTest::keyClicks(panel.widget.get(), QStringLiteral("xx"));
        QTRY_VERIFY(panel.text().contains(QStringLiteral("No expected case matches")));
        QTest::keyClick(panel.widget.get(), Qt::Key_Escape);
        QTRY_VERIFY(panel.text().contains(QStringLiteral("order:4")));
    }

    void emptyStatesSayWhatIsNeeded()
    {
        Panel panel;
        panel.setTo(1);
        QTRY_VERIFY(panel.text().contains(QStringLiteral("No case is expected to go on")));
        QVERIFY(panel.text().contains(QStringLiteral("No cases learned yet")));
        QVERIFY(panel.text().contains(QStringLiteral("Needed: events that name an entity and a step")));
        panel.picture(QStringLiteral("empty")); // layouts settle
        QCOMPARE(panel.breaches().join(QLatin1Char('\n')), QString());
        panel.backend->with([](FakeBackend::Answers &answers) {
            answers.failure = Error{Error::Code::Unavailable, "this back end cannot tell what is expected"};
        });
        panel.setTo(2);
        QTRY_VERIFY(panel.text().contains(QStringLiteral("cannot tell what is expected")));
    }
};

EVENTOPS_TEST(TestExpectationsPanel)
#include "tst_expectations_panel.moc"
