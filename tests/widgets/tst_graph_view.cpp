// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/support/graph_backend.h"
#include "tests/support/gui/what_is_seen.h"
#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/exceptions.h"
#include "widgets/graph/graph_panel.h"
#include "widgets/graph/graph_view.h"
#include "widgets/theme/theme.h"

#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QToolTip>

#include <set>

using namespace eventops;
using test::GraphBackend;
using test::GraphRows;

namespace {

GraphRows smallRows()
{
    GraphRows rows = GraphRows::jobsOfAnOrder("file-<b>1</b>");
    rows.finding(3, Severity::Critical);
    return rows;
}

struct Shown {
    explicit Shown(GraphRows rows)
    {
        auto owned = std::make_unique<GraphBackend>(std::move(rows));
        backend = owned.get();
        context = test::chosenContext(std::move(owned), Caller{"ann", Role::Admin, {}});
    }
    /// False: it never became ready.
    bool show()
    {
        panel = std::make_unique<GraphPanel>(*context, nullptr);
        panel->resize(1280, 800);
        panel->show();
        panel->activateWindow();
        const bool ready = QTest::qWaitFor([this] { return panel->model().state() == GraphModel::State::Ready; });
        panel->canvas().setFocus();
        return ready && QTest::qWaitForWindowActive(panel.get());
    }
    int node(const char *type, const char *id) const { return panel->model().graph().find("acme", type, id); }
    void click(int node)
    {
        QTest::mouseClick(&panel->canvas(), Qt::LeftButton, {}, panel->canvas().placeOf(node).toPoint());
    }
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) { QTest::keyClick(&panel->canvas(), key, modifiers); }
    std::set<QString> words() const { return test::wordsOf(*panel); }

    GraphBackend *backend = nullptr;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<GraphPanel> panel;
};

} // namespace

class TestGraphView : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { test::skipWhereListed(*this); }

    void fitsTheGraphIntoTheView()
    {
        Shown s(smallRows());
        QVERIFY(s.show());
        const GraphCanvas &canvas = s.panel->canvas();
        for (int i = 0; i < 5; ++i)
            QVERIFY(canvas.rect().contains(canvas.placeOf(i).toPoint()));
        QCOMPARE(canvas.labels().labels().size(), std::size_t(5));
    }

    void aClickSelectsAndADragPans()
    {
        Shown s(smallRows());
        QVERIFY(s.show());
        s.click(s.node("job", "job-1"));
        QCOMPARE(s.context->entity().id, QStringLiteral("job-1"));
        GraphCanvas &canvas = s.panel->canvas();
        const QPointF before = canvas.placeOf(0);
        const QPoint from(300, 300);
        QTest::mousePress(&canvas, Qt::LeftButton, {}, from);
        QMouseEvent move(QEvent::MouseMove, from + QPoint(120, 40), canvas.mapToGlobal(from + QPoint(120, 40)),
                         Qt::NoButton, Qt::LeftButton, {});
        QCoreApplication::sendEvent(&canvas, &move);
        QVERIFY(canvas.isMoving());
        QTest::mouseRelease(&canvas, Qt::LeftButton, {}, from + QPoint(120, 40));
        QCOMPARE((canvas.placeOf(0) - before).toPoint(), QPoint(120, 40));
        QCOMPARE(s.context->entity().id, QStringLiteral("job-1")); // a drag selects nothing
        QTRY_VERIFY(!canvas.isMoving());
    }

    void theWheelZoomsAtThePointer()
    {
        Shown s(smallRows());
        QVERIFY(s.show());
        GraphCanvas &canvas = s.panel->canvas();
        const QPointF at(400, 250);
        const QPointF world = canvas.camera().toWorld(at);
        const double scale = canvas.camera().scale;
        QWheelEvent wheel(at, canvas.mapToGlobal(at), {}, {0, 240}, Qt::NoButton, {}, Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(&canvas, &wheel);
        QVERIFY(canvas.camera().scale > scale * 1.2);
        const QPointF now = canvas.camera().toWorld(at);
        QVERIFY(std::abs(now.x() - world.x()) < 1e-6 && std::abs(now.y() - world.y()) < 1e-6);
        s.key(Qt::Key_Minus);
        s.key(Qt::Key_Plus);
        s.key(Qt::Key_0);
        QCOMPARE(canvas.camera().scale, scale);
        for (int i = 0; i < 200; ++i)
            s.key(Qt::Key_Plus);
        QVERIFY(canvas.camera().scale <= GraphPicture::scaleMax());
        for (int i = 0; i < 200; ++i)
            s.key(Qt::Key_Minus);
        QVERIFY(canvas.camera().scale > 0.1);
    }

    void arrowsGoToLinkedEntities()
    {
        Shown s(smallRows());
        QVERIFY(s.show());
        const int job = s.node("job", "job-1"), host = s.node("host", "host-1");
        s.click(job);
        const QPointF d = s.panel->canvas().placeOf(host) - s.panel->canvas().placeOf(job);
        if (std::abs(d.x()) > std::abs(d.y()))
            s.key(d.x() > 0 ? Qt::Key_Right : Qt::Key_Left);
        else
            s.key(d.y() > 0 ? Qt::Key_Down : Qt::Key_Up);
        QCOMPARE(s.context->entity().id, QStringLiteral("host-1"));
    }

    void tabGoesAroundTheNeighboursAndOn()
    {
        Shown s(smallRows());
        QVERIFY(s.show());
        s.click(s.node("order", "order-1"));
        std::set<QString> visited;
        s.key(Qt::Key_Tab);
        visited.insert(s.context->entity().id);
        s.key(Qt::Key_Tab);
        visited.insert(s.context->entity().id);
        QCOMPARE(visited, (std::set<QString>{QStringLiteral("job-1"), QStringLiteral("job-2")}));
        QVERIFY(s.panel->canvas().hasFocus());
        s.key(Qt::Key_Tab);
        QVERIFY(!s.panel->canvas().hasFocus()); // no trap
    }

    void theNeighbourhoodDimsTheRest()
    {
        Shown s(smallRows());
        QVERIFY(s.show());
        GraphCanvas &canvas = s.panel->canvas();
        s.key(Qt::Key_N);
        QVERIFY(!canvas.isFocused()); // of nothing
        s.click(s.node("host", "host-1"));
        s.key(Qt::Key_N);
        QVERIFY(canvas.isFocused());
        QCOMPARE(int(canvas.marks().reached[std::size_t(s.node("job", "job-1"))]), 1);
        QCOMPARE(canvas.marks().reached[std::size_t(s.node("order", "order-1"))], NotReached);
        s.key(Qt::Key_3);
        QCOMPARE(int(canvas.marks().reached[std::size_t(s.node("job", "job-2"))]), 3);
        s.key(Qt::Key_Escape);
        QVERIFY(!canvas.isFocused());
        QCOMPARE(canvas.marks().selected, s.node("host", "host-1"));
        s.key(Qt::Key_Escape);
        QVERIFY(s.context->entity().isEmpty());
    }

    void aSelectionElsewhereComesIntoTheMiddle()
    {
        Shown s(smallRows());
        QVERIFY(s.show());
        s.context->selectEntity({QStringLiteral("acme"), QStringLiteral("host"), QStringLiteral("host-1")});
        const GraphCanvas &canvas = s.panel->canvas();
        QCOMPARE(canvas.placeOf(s.node("host", "host-1")).toPoint(), QRectF(canvas.rect()).center().toPoint());
    }

    void searchFindsSelectsAndLeaves()
    {
        Shown s(smallRows());
        QVERIFY(s.show());
        s.key(Qt::Key_F, Qt::ControlModifier);
        auto *search = s.panel->findChild<QLineEdit *>();
        QVERIFY(search->hasFocus());
        QTest::keyClicks(search, QStringLiteral("job-"));
        QCOMPARE(s.panel->canvas().marks().found.size(), std::size_t(2));
        QTest::keyClick(search, Qt::Key_Return);
        QCOMPARE(s.context->entity().id, QStringLiteral("job-1"));
        QTest::keyClick(search, Qt::Key_Return);
        QCOMPARE(s.context->entity().id, QStringLiteral("job-2"));
        QTest::keyClick(search, Qt::Key_Escape);
        QVERIFY(s.panel->canvas().hasFocus());
        QVERIFY(s.panel->canvas().marks().found.empty());
    }

    void tooltipsArePlainText()
    {
        Shown s(smallRows());
        QVERIFY(s.show());
        const QPoint at = s.panel->canvas().placeOf(s.node("file", "file-<b>1</b>")).toPoint();
        QHelpEvent help(QEvent::ToolTip, at, s.panel->canvas().mapToGlobal(at));
        QCoreApplication::sendEvent(&s.panel->canvas(), &help);
        QTRY_VERIFY(QToolTip::isVisible());
        QVERIFY(QToolTip::text().contains(QStringLiteral("&lt;b&gt;")));
        QToolTip::hideText();
    }

    void everyStateNamesTheNextStep()
    {
        Shown empty({});
        empty.panel = std::make_unique<GraphPanel>(*empty.context, nullptr);
        empty.panel->show();
        QVERIFY(empty.words().contains(QStringLiteral("Reading entities and links…")));
        QTRY_VERIFY(empty.words().contains(QStringLiteral("No entities yet")));
        Shown failing(smallRows());
        failing.backend->failWith(Error{Error::Code::Corrupt, "<b>broken</b>"});
        failing.panel = std::make_unique<GraphPanel>(*failing.context, nullptr);
        failing.panel->show();
        QTRY_VERIFY(failing.words().contains(QStringLiteral("<b>broken</b>")));
        failing.backend->failWith({});
        QTest::mouseClick(failing.panel->findChild<QPushButton *>(), Qt::LeftButton);
        QTRY_COMPARE(failing.panel->model().state(), GraphModel::State::Ready);
    }

    void labelsDoNotOverlap()
    {
        Shown s(GraphRows::large(800, 1'500));
        QVERIFY(s.show());
        s.panel->canvas().zoomBy(4.0);
        QTRY_VERIFY(!s.panel->canvas().isMoving());
        const GraphCanvas &canvas = s.panel->canvas();
        std::vector<QRectF> boxes;
        for (const auto &label : canvas.labels().labels())
            boxes.emplace_back(canvas.placeOf(label.node) + label.offset, label.size);
        QVERIFY(boxes.size() > 10);
        for (std::size_t i = 0; i < boxes.size(); ++i) {
            for (std::size_t k = 0; k < i; ++k)
                QVERIFY(!boxes[i].intersects(boxes[k]));
        }
    }

    void severityShowsWithoutHovering()
    {
        Shown s(smallRows());
        QVERIFY(s.show());
        const QImage picture = s.panel->canvas().grab().toImage();
        const QPoint at = s.panel->canvas().placeOf(s.node("host", "host-1")).toPoint();
        QCOMPARE(picture.pixelColor(at), Theme::instance().severityColor(21));
        const QPoint plain = s.panel->canvas().placeOf(s.node("order", "order-1")).toPoint();
        QVERIFY(picture.pixelColor(plain) != picture.pixelColor(at));
    }

    void theThemeIsFollowed()
    {
        Shown s(smallRows());
        QVERIFY(s.show());
        Theme::instance().load(QStringLiteral("light"));
        const QColor corner = s.panel->canvas().grab().toImage().pixelColor(640, 5);
        const QColor wanted = themeColor("surface");
        Theme::instance().load(QStringLiteral("dark"));
        QCOMPARE(corner, wanted);
    }

    void pathologicalGraphsAreDrawn()
    {
        GraphRows rows;
        rows.entity("host", std::string(1'000'000, 'x'));
        rows.entity("host", "");
        rows.finding(1, Severity::Unset);
        Shown s(std::move(rows));
        QVERIFY(s.show());
        s.panel->resize(40, 40);
        QVERIFY(!s.panel->grab().isNull());
        for (int i = 0; i < 40; ++i)
            s.key(Qt::Key_Plus);
        s.key(Qt::Key_Right);
        QVERIFY(!s.panel->grab().isNull());
    }
};

EVENTOPS_TEST(TestGraphView)
#include "tst_graph_view.moc"
