// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/support/pictures.h"
#include "tests/support/synthetic_backend.h"
#include "widgets/table/event_grid.h"
#include "widgets/table/event_table_view.h"
#include "widgets/table/filter_bar.h"
#include "widgets/theme/theme.h"

#include <QtGui/QClipboard>
#include <QtWidgets/QApplication>
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
        context = std::make_unique<ViewContext>(std::move(owned), Caller{"tester", Role::Admin, {}});
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
        for (int row = grid->firstRow(); row < std::min(grid->firstRow() + grid->rowsPerPage(), model().rowCount()); ++row) {
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
    void cleanup() { Theme::instance().load(QStringLiteral("dark")); }

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
