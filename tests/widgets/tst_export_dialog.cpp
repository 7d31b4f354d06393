// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"
#include "tests/widgets/chosen_backend.h"
#include "tests/widgets/exceptions.h"

#include "app/console/export_dialog.h"
#include "core/viewmodel/export_controller.h"
#include "core/viewmodel/view_context.h"
#include "tests/widgets/quiet_backend.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>

using namespace eventops;

namespace {

/// The dialog over an empty back end.
struct ExportFixture {
    ExportFixture()
    {
        auto owned = std::make_unique<test::QuietBackend>();
        backend = owned.get();
        context = test::chosenContext(std::move(owned), Caller{"ada", Role::Admin, {}});
        controller = std::make_unique<ExportController>(*context);
        dialog = std::make_unique<console::ExportDialog>(*context, *controller, nullptr);
        dialog->show();
    }
    QPushButton *button(const char *text) const
    {
        for (QPushButton *each : dialog->findChildren<QPushButton *>()) {
            if (each->text().remove(QLatin1Char('&')) == QLatin1String(text))
                return each;
        }
        return nullptr;
    }
    bool says(const QString &part) const
    {
        for (const QLabel *label : dialog->findChildren<QLabel *>()) {
            if (label->text().contains(part))
                return true;
        }
        return false;
    }

    test::QuietBackend *backend;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<ExportController> controller;
    std::unique_ptr<console::ExportDialog> dialog;
};

} // namespace

class TestExportDialog : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { test::skipWhereListed(*this); }

    void asksForWhatTheViewsShow()
    {
        ExportFixture f;
        f.context->setFilter(QStringLiteral("severity >= warning"));
        f.context->selectTimeSpan({5, 9});
        QVERIFY(!f.button("Export")->isEnabled());
        f.dialog->setFile(QStringLiteral("/tmp/out.csv"));
        f.dialog->findChild<QComboBox *>()->setCurrentIndex(3);
        f.button("Export")->click();
        const ExportRequest &asked = f.backend->exportRequest;
        QCOMPARE(asked.filter, std::string("severity >= warning"));
        QCOMPARE(asked.from, WallNs{5});
        QCOMPARE(asked.to, WallNs{9});
        QVERIFY(asked.form == ExportForm::Csv);
        QCOMPARE(asked.path, std::string("/tmp/out.csv"));
        QVERIFY(!asked.overwrite); // nobody was asked
        f.backend->exportDone(ExportProgress{});
        QTRY_VERIFY(!f.controller->isRunning());
        f.dialog->show();
        f.dialog->findChild<QCheckBox *>()->setChecked(false);
        f.button("Export")->click();
        QCOMPARE(f.backend->exportRequest.filter, std::string());
        QCOMPARE(f.backend->exportRequest.from, NoTime);
    }

    void showsProgressAndCancels()
    {
        ExportFixture f;
        f.dialog->setFile(QStringLiteral("/tmp/out.evcap"));
        f.button("Export")->click();
        auto *bar = f.dialog->findChild<QProgressBar *>();
        QVERIFY(bar->isVisible());
        ExportProgress progress;
        progress.eventsSeen = 25;
        progress.eventsTotal = 100;
        f.backend->exportProgress(progress);
        QTRY_COMPARE(bar->value() * 100, bar->maximum() * 25);
        f.button("Cancel")->click();
        QVERIFY(f.backend->exportTicket.cancelled());
        f.backend->exportDone(Error{Error::Code::Cancelled, "the export was cancelled"});
        QTRY_VERIFY(f.says(QStringLiteral("no file")));
        QVERIFY(!bar->isVisible());
        QVERIFY(f.dialog->isVisible());
    }

    void saysWhyItFailed()
    {
        ExportFixture f;
        f.dialog->setFile(QStringLiteral("/tmp/out.evcap"));
        f.button("Export")->click();
        f.backend->exportDone(Error{Error::Code::Refused, "this workspace keeps no raw records"});
        QTRY_VERIFY(f.says(QStringLiteral("keeps no raw records")));
        QVERIFY(f.button("Export")->isEnabled());
    }
};

EVENTOPS_TEST(TestExportDialog)
#include "tst_export_dialog.moc"
