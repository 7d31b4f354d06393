// SPDX-License-Identifier: MIT
//
// An edited pipeline against a workspace's past, in the program's own window.
#include "tests/support/test_main.h"
#include "tests/support/gui/pictures.h"

#include "tests/widgets/demo_window.h"

#include "widgets/whatif/what_if_panel.h"

#include <QFile>

#include <filesystem>

using namespace eventops;
using namespace eventops::test;

namespace {

void replaceIn(const QString &path, const QByteArray &before, const QByteArray &after)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadWrite));
    QByteArray text = file.readAll();
    QVERIFY(text.contains(before));
    text.replace(before, after);
    QVERIFY(file.resize(0) && file.seek(0) && file.write(text) == text.size());
}

} // namespace

class TestWhatIf : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { skipWhereListed(*this); }

    void namesTheEditThatRemovesADecision()
    {
        const QTemporaryDir directory;
        DemoWindow demo(DemoWindow::workspaceOptions(directory.path(), "agents.ndjson", "default.yaml"));
        QVERIFY(QTest::qWaitForWindowActive(&demo.window()));
        QVERIFY(demo.playToTheEnd());
        const std::size_t findings = demo.findings("").size();
        const QTemporaryDir edited;
        std::filesystem::copy(EVENTOPS_SOURCE_DIR "/pipelines", edited.path().toStdString(),
                              std::filesystem::copy_options::recursive);
        const QString pipeline = edited.filePath(QStringLiteral("definitions/default.yaml"));

        press(demo.window(), Qt::Key_W, Qt::ControlModifier | Qt::ShiftModifier);
        auto *panel = demo.window().findChild<WhatIfPanel *>();
        QVERIFY(panel != nullptr);
        WhatIfModel &model = panel->model();
        const auto compare = [&] {
            panel->setPipelineFile(pipeline);
            panel->compare();
            return QTest::qWaitFor([&] { return model.state() != WhatIfModel::State::Running; },
                                   DemoWindow::PatienceMs);
        };
        QVERIFY(compare());
        QVERIFY2(model.state() == WhatIfModel::State::Done, qPrintable(model.statusText()));
        QCOMPARE(model.rowCount(), 0); // no edit, no difference
        QVERIFY(model.statusText().contains(QStringLiteral("No decision differs")));

        replaceIn(edited.filePath(QStringLiteral("rules/cpu_load.yaml")), "warning: 80", "warning: 86");
        QVERIFY(compare());
        QVERIFY2(model.state() == WhatIfModel::State::Done, qPrintable(model.statusText()));
        QVERIFY(model.rowCount() > 0);
        const auto cell = [&](int row, int column) {
            return model.index(row, column).data().toString();
        };
        for (int row = 0; row < model.rowCount(); ++row) {
            QVERIFY(model.index(row, 0).data(WhatIfModel::SignRole).toInt() <= 0); // a higher bar adds nothing
            QVERIFY2(cell(row, WhatIfModel::CauseColumn).contains(QStringLiteral("cpu_load.yaml:5"))
                         && cell(row, WhatIfModel::CauseColumn).contains(QStringLiteral("80 → 86")),
                     qPrintable(cell(row, WhatIfModel::CauseColumn)));
            QVERIFY(!model.details(row).isEmpty());
        }
        QCOMPARE(demo.findings("").size(), findings); // nothing was stored
        takePicture(demo.window(), QStringLiteral("what-if"));
    }

    void badPipelinesAndGoodHistorySaySo()
    {
        const QTemporaryDir directory;
        DemoWindow demo(DemoWindow::workspaceOptions(directory.path(), "agents.ndjson", "default.yaml"));
        QVERIFY(QTest::qWaitForWindowActive(&demo.window()));
        QVERIFY(demo.playToTheEnd());
        press(demo.window(), Qt::Key_W, Qt::ControlModifier | Qt::ShiftModifier);
        auto *panel = demo.window().findChild<WhatIfPanel *>();
        WhatIfModel &model = panel->model();
        panel->setPipelineFile(QStringLiteral("/nowhere/at/all.yaml"));
        panel->compare();
        QTRY_VERIFY(model.state() == WhatIfModel::State::Failed);
        QVERIFY(model.statusText().contains(QStringLiteral("/nowhere/at/all.yaml")));
        QFile bad(directory.filePath(QStringLiteral("bad.yaml")));
        QVERIFY(bad.open(QIODevice::WriteOnly) && bad.write("name: x\nstages:\n  - nonsense: {}\n") > 0);
        bad.close();
        panel->setPipelineFile(bad.fileName());
        panel->compare();
        QTRY_VERIFY(model.state() == WhatIfModel::State::Failed);
        QVERIFY2(model.statusText().contains(QStringLiteral("bad.yaml")), qPrintable(model.statusText()));
        model.checkHistory();
        QTRY_VERIFY_WITH_TIMEOUT(model.state() == WhatIfModel::State::Done, DemoWindow::PatienceMs);
        QVERIFY(model.statusText().contains(QStringLiteral("bit for bit")));
    }
};

EVENTOPS_TEST(TestWhatIf)
#include "tst_what_if.moc"
