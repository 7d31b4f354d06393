// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/support/gui/pictures.h"
#include "tests/support/synthetic_backend.h"
#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/exceptions.h"
#include "widgets/table/event_grid.h"
#include "widgets/table/event_table_view.h"
#include "widgets/table/filter_bar.h"
#include "widgets/theme/theme.h"

#include <QtGui/QClipboard>
#include <QtWidgets/QApplication>
#include <QtWidgets/QCompleter>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QScrollBar>
#include <QtWidgets/QToolButton>

using namespace eventops;
using namespace eventops::test;

namespace {

struct ShownTable {
    explicit ShownTable(SyntheticOptions options, QSize size = {1'280, 800})
    {
        auto owned = std::make_unique<SyntheticBackend>(options);
        backend = owned.get();
        context = test::chosenContext(std::move(owned), Caller{"tester", Role::Admin, {}});
        view.reset(makeEventTableView(*context, nullptr));
        grid = view->findChild<EventGrid *>();
        filter = view->findChild<FilterBar *>();
        view->resize(size);
        view->show();
        view->activateWindow();
        grid->setFocus();
    }
    EventTableModel &model() const { return *qobject_cast<EventTableModel *>(grid->model()); }
    bool arrived() const
    {
        for (int row = grid->firstRow(); row < std::min(grid->firstRow() + grid->rowsPerPage(), model().rowCount());
             ++row) {
            if (model().rowAt(row) == nullptr)
                return false;
        }
        return model().rowCount() > 0;
    }
    QString idAt(int row) const { return model().index(row, 0).data(EventTableModel::EventIdRole).toString(); }
    void type(const QString &text)
    {
        QTest::keyClick(grid, Qt::Key_F, Qt::ControlModifier);
        QTest::keyClicks(filter->edit(), text);
        QTest::keyClick(filter->edit(), Qt::Key_Escape); // the completer's list, if any
        if (filter->edit()->text() != text)
            filter->edit()->setText(text);
        QTest::keyClick(filter->edit(), Qt::Key_Return);
    }

    SyntheticBackend *backend = nullptr;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<QWidget> view;
    EventGrid *grid = nullptr;
    FilterBar *filter = nullptr;
};

} // namespace

class TestEventTable : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { skipWhereListed(*this); }

    void cleanup() { Theme::instance().load(QStringLiteral("dark")); }

    void keysMoveAndSelect()
    {
        ShownTable shown({.events = 10'000'000});
        QTRY_VERIFY(shown.arrived());
        QTest::keyClick(shown.grid, Qt::Key_Down); // the first row becomes the current one
        QTRY_COMPARE(shown.context->eventId(), shown.idAt(0));
        QTest::keyClick(shown.grid, Qt::Key_Down);
        QTRY_COMPARE(shown.context->eventId(), shown.idAt(1));
        QTest::keyClick(shown.grid, Qt::Key_PageDown);
        QCOMPARE(shown.grid->currentIndex().row(), 1 + shown.grid->rowsPerPage());
        QTest::keyClick(shown.grid, Qt::Key_End);
        QCOMPARE(shown.grid->currentIndex().row(), 9'999'999);
        QTRY_VERIFY(shown.arrived());
        QTRY_COMPARE(shown.context->eventId(), QString::fromStdString(SyntheticBackend::eventId(9'999'999)));
        QTest::keyClick(shown.grid, Qt::Key_Home);
        QCOMPARE(shown.grid->firstRow(), 0);
        QVERIFY(shown.context->entity().isEmpty());
        QTest::keyClick(shown.grid, Qt::Key_Return); // chooses the entity for graph and charts
        QVERIFY(!shown.context->entity().isEmpty());
        QTest::keyClick(shown.grid, Qt::Key_X); // typing searches nothing
        QCOMPARE(shown.grid->currentIndex().row(), 0);
    }

    void theMouseSelectsWhatItPointsAt()
    {
        ShownTable shown({.events = 1'000});
        QTRY_VERIFY(shown.arrived());
        const QRect row = shown.grid->visualRect(shown.model().index(7, EventTableModel::Type));
        QTest::mouseClick(shown.grid->viewport(), Qt::LeftButton, Qt::NoModifier, row.center());
        QTRY_COMPARE(shown.context->eventId(), shown.idAt(7));
        const QRect to = shown.grid->visualRect(shown.model().index(11, EventTableModel::Type));
        QTest::mouseClick(shown.grid->viewport(), Qt::LeftButton, Qt::ShiftModifier, to.center());
        QCOMPARE(shown.grid->selectedRowNumbers(100), (std::vector<int>{7, 8, 9, 10, 11}));
        QTest::keyClick(shown.grid, Qt::Key_C, Qt::ControlModifier);
        QTRY_COMPARE(QGuiApplication::clipboard()->text().count(QLatin1Char('\n')), 5);
        QVERIFY(QGuiApplication::clipboard()->text().contains(shown.idAt(9)));
    }

    void anEventChosenElsewhereIsShown()
    {
        ShownTable shown({.events = 1'000'000});
        QTRY_VERIFY(shown.arrived());
        const QString id = QString::fromStdString(SyntheticBackend::eventId(654'321));
        shown.context->selectEvent(id);
        QTRY_COMPARE(shown.grid->currentIndex().row(), 654'321);
        QTRY_VERIFY(shown.arrived());
        QVERIFY(shown.grid->firstRow() <= 654'321 && shown.grid->firstRow() + shown.grid->rowsPerPage() > 654'321);
        QCOMPARE(shown.context->eventId(), id);
    }

    void theTailIsFollowed()
    {
        ShownTable shown({.events = 1'000});
        QTRY_VERIFY(shown.arrived());
        QTest::keyClick(shown.grid, Qt::Key_F);
        QVERIFY(shown.grid->isFollowing());
        shown.backend->setEvents(2'000);
        QTRY_COMPARE(shown.grid->firstRow(), 2'000 - shown.grid->rowsPerPage());
        QTest::keyClick(shown.grid, Qt::Key_PageUp);
        QVERIFY(!shown.grid->isFollowing());
        const int first = shown.grid->firstRow();
        shown.backend->setEvents(3'000);
        QTRY_COMPARE(shown.model().rowCount(), 3'000);
        QCOMPARE(shown.grid->firstRow(), first);
    }

    void aFilterIsTypedAppliedAndMended()
    {
        ShownTable shown({.events = 5'000});
        QTRY_VERIFY(shown.arrived());
        shown.type(QStringLiteral("severity >= error"));
        QCOMPARE(shown.context->filter(), QStringLiteral("severity >= error"));
        QTRY_VERIFY(!shown.model().isSearching());
        QVERIFY(shown.model().rowCount() > 0 && shown.model().rowCount() < 1'000);
        shown.type(QStringLiteral("severity >="));
        auto *problem = shown.filter->findChild<QLabel *>();
        QTRY_VERIFY(problem->isVisible());
        QVERIFY(problem->text().startsWith(QLatin1String("Column 12")));
        // History: up twice is the first one.
        shown.filter->edit()->setFocus();
        QTest::keyClick(shown.filter->edit(), Qt::Key_Up);
        QTest::keyClick(shown.filter->edit(), Qt::Key_Up);
        QCOMPARE(shown.filter->text(), QStringLiteral("severity >= error"));
        QVERIFY(!problem->isVisible());
        QTest::keyClick(shown.filter->edit(), Qt::Key_Return);
        QTRY_VERIFY(shown.model().rowCount() > 0);
    }

    void namesAreCompleted()
    {
        ShownTable shown({.events = 100});
        QTRY_VERIFY(shown.arrived());
        QTest::keyClick(shown.grid, Qt::Key_F, Qt::ControlModifier);
        QTest::keyClicks(shown.filter->edit(), QStringLiteral("entity.ty"));
        auto *completer = shown.filter->findChild<QCompleter *>();
        QTRY_COMPARE(completer->currentCompletion(), QStringLiteral("entity.type"));
        Q_EMIT completer->activated(completer->currentCompletion());
        QCOMPARE(shown.filter->text(), QStringLiteral("entity.type"));
    }

    void columnsAreHiddenAndMoved()
    {
        ShownTable shown({.events = 100});
        QTRY_VERIFY(shown.arrived());
        QHeaderView *header = shown.grid->header();
        header->setSectionHidden(EventTableModel::Tenant, true);
        header->moveSection(header->visualIndex(EventTableModel::Message), 0);
        QCOMPARE(shown.grid->indexAt({5, 5}).column(), int(EventTableModel::Message));
        QVERIFY(shown.grid->visualRect(shown.model().index(0, EventTableModel::Tenant)).width() == 0);
        shown.grid->grab();
    }

    void pictures()
    {
        for (const char *theme : {"dark", "light"}) {
            Theme::instance().load(QLatin1String(theme));
            for (const QSize size : {QSize(1'280, 800), QSize(640, 480)}) {
                ShownTable shown({.events = 10'000'000, .hostile = size.width() == 640}, size);
                QTRY_VERIFY(shown.arrived());
                QTest::keyClick(shown.grid, Qt::Key_Down);
                QTest::keyClick(shown.grid, Qt::Key_Down);
                QTest::keyClick(shown.grid, Qt::Key_Down, Qt::ShiftModifier);
                const QString name = QStringLiteral("table_%1_%2").arg(QLatin1String(theme)).arg(size.width());
                takePicture(*shown.view, name);
                shown.backend->hold(true);
                shown.grid->verticalScrollBar()->setValue(5'000'000);
                takePicture(*shown.view, name + QStringLiteral("_placeholder"));
                shown.backend->hold(false);
                QTRY_VERIFY(shown.arrived());
                shown.type(QStringLiteral("severity >= warning and entity.typ = Host or ="));
                QTRY_VERIFY(!shown.model().filterProblem().isEmpty());
                takePicture(*shown.view, name + QStringLiteral("_error"));
            }
        }
    }
};

EVENTOPS_TEST(TestEventTable)
#include "tst_event_table.moc"
