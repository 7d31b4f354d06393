// SPDX-License-Identifier: MIT
//
// A document becomes a source, in the program's own window: pasted, its pipeline edited, saved, replayed.
#include "tests/support/gui/pictures.h"
#include "tests/support/test_main.h"

#include "tests/widgets/demo_window.h"

#include "widgets/assistant/assistant_panel.h"
#include "widgets/assistant/assistant_parts.h"
#include "widgets/assistant/transform_panel.h"
#include "widgets/shell/view_dock.h"

#include <QClipboard>
#include <QComboBox>
#include <QProcess>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTableView>
#include <QTextBlock>

using namespace eventops;
using namespace eventops::test;

namespace {

const char Document[] = "{\"when\":\"2026-02-03T04:05:06Z\",\"station\":\"north\",\"kind\":\"pump.started\",\"level\":"
                        "\"info\",\"rpm\":900}\n"
                        "{\"when\":\"2026-02-03T04:06:06Z\",\"station\":\"north\",\"kind\":\"pump.stalled\",\"level\":"
                        "\"error\",\"rpm\":0}\n"
                        "{\"when\":\"2026-02-03T04:07:06Z\",\"station\":\"south\",\"kind\":\"pump.started\",\"level\":"
                        "\"info\",\"rpm\":880}\n";

struct Rows {
    QStringList of;
    explicit Rows(DemoWindow &demo)
    {
        std::promise<void> done;
        demo.context().backend().events(
            demo.context().caller(), {},
            [this](const EventPage &page) {
                for (const std::uint32_t row : page.rows) {
                    const Event &event = page.batch.events[row];
                    of << QStringLiteral("%1 %2 %3 %4")
                              .arg(static_cast<qint64>(event.tsEvent))
                              .arg(QString::fromStdString(std::string(page.batch.text(event, Field::Type))),
                                   QString::fromStdString(std::string(page.batch.text(event, Field::EntityType))),
                                   QString::fromStdString(std::string(page.batch.text(event, Field::EntityId))));
                }
            },
            [&](const Result<Ok> &) { done.set_value(); });
        done.get_future().wait();
    }
};

bool shows(const SourceAssistant &model)
{
    return QTest::qWaitFor([&] { return model.state() == SourceAssistant::State::Shown; }, DemoWindow::PatienceMs);
}

} // namespace

class TestAssistant : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { skipWhereListed(*this); }

    /// Paste, edit, save, replay: what is stored is what was shown, and `eventops validate` takes the file.
    void fromAPastedDocumentToStoredEvents()
    {
        const QTemporaryDir directory;
        DemoWindow demo(DemoWindow::workspaceOptions(directory.path()));
        QVERIFY(QTest::qWaitForWindowActive(&demo.window()));
        QVERIFY(demo.window().showsWelcome());
        QPushButton *card = nullptr;
        for (QPushButton *one : demo.window().findChildren<QPushButton *>())
            card = one->accessibleName() == QStringLiteral("Add a source…") ? one : card;
        QVERIFY(card != nullptr);
        card->click();
        auto *panel = demo.window().findChild<AssistantPanel *>();
        QVERIFY(panel != nullptr);
        QTRY_VERIFY(panel->document().hasFocus());
        SourceAssistant &model = panel->model();

        QGuiApplication::clipboard()->clear();
        press(demo.window(), Qt::Key_V, Qt::ControlModifier); // nothing to paste: no harm
        QGuiApplication::clipboard()->setText(QString::fromLatin1(Document));
        press(demo.window(), Qt::Key_V, Qt::ControlModifier);
        QVERIFY(shows(model));
        QCOMPARE(model.codec(), QStringLiteral("json"));
        QCOMPARE(model.events().rowCount(), 3);
        QString text = panel->pipeline().toPlainText();
        QVERIFY2(text.contains(QStringLiteral("ts: when")) && text.contains(QStringLiteral("type: kind")),
                 qPrintable(text));

        QPlainTextEdit &editor = panel->pipeline();
        editor.setPlainText(QString(text).replace(QStringLiteral("ts: when"), QStringLiteral("tz: when")));
        QTRY_VERIFY(model.state() == SourceAssistant::State::Failed);
        QCOMPARE(model.events().rowCount(), 3); // the last good ones
        takePicture(demo.window(), QStringLiteral("assistant-problem"));
        text.remove(QRegularExpression(QStringLiteral("[^\n]*# entity[^\n]*\n")));
        text.replace(QStringLiteral("        type: kind\n"),
                     QStringLiteral("        type: kind\n        entity: {type: {const: Station}, id: station}\n"));
        editor.setPlainText(text);
        QVERIFY(shows(model));
        takePicture(demo.window(), QStringLiteral("assistant"));
        QStringList previewed;
        for (const PreviewEvent &event : model.events().preview().shown)
            previewed << QStringLiteral("%1 %2 %3")
                             .arg(static_cast<qint64>(event.time))
                             .arg(QString::fromStdString(event.type), QString::fromStdString(event.entity));
        QCOMPARE(previewed.size(), 3);
        QVERIFY2(previewed[1].endsWith(QStringLiteral("pump.stalled Station north")), qPrintable(previewed[1]));

        const QString path = model.pipelineFolder() + QStringLiteral("/pumps.yaml");
        QSignalSpy saved(&model, &SourceAssistant::saved);
        model.save(path);
        QVERIFY(saved.wait(DemoWindow::PatienceMs));
        QProcess validate;
        validate.start(QCoreApplication::applicationDirPath() + QStringLiteral("/../bin/eventops"),
                       {QStringLiteral("validate"), path});
        QVERIFY(validate.waitForFinished(DemoWindow::PatienceMs));
        QVERIFY2(validate.exitCode() == 0, validate.readAllStandardError());

        for (QPushButton *button : panel->findChildren<QPushButton *>()) {
            if (button->text() == QStringLiteral("Replay"))
                button->click();
        }
        QVERIFY(demo.playToTheEnd());
        QCOMPARE(Rows(demo).of, previewed);
    }

    void aFieldLeadsToItsLine()
    {
        const QTemporaryDir directory;
        DemoWindow demo(DemoWindow::workspaceOptions(directory.path()));
        QVERIFY(QTest::qWaitForWindowActive(&demo.window()));
        press(demo.window(), Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
        auto *panel = demo.window().findChild<AssistantPanel *>();
        QVERIFY(panel != nullptr);
        SourceAssistant &model = panel->model();
        model.setDocument(Document, QStringLiteral("pumps.ndjson"));
        QVERIFY(shows(model));
        QTableView *fields = nullptr;
        for (QTableView *table : panel->findChildren<QTableView *>())
            fields = table->model() == &model.fields() ? table : fields;
        QVERIFY(fields != nullptr);
        for (int row = 0; row < model.fields().rowCount(); ++row) {
            if (model.fields().index(row, 0).data().toString() != QStringLiteral("ts_event"))
                continue;
            Q_EMIT fields->activated(model.fields().index(row, PreviewFieldsModel::ValueColumn));
        }
        QVERIFY(panel->pipeline().textCursor().block().text().contains(QStringLiteral("ts: when")));
        QTRY_COMPARE(QApplication::focusWidget(), static_cast<QWidget *>(&panel->pipeline()));
    }

    void aTransformerIsTried()
    {
        const QTemporaryDir directory;
        DemoWindow demo(DemoWindow::workspaceOptions(directory.path()));
        QVERIFY(QTest::qWaitForWindowActive(&demo.window()));
        press(demo.window(), Qt::Key_T, Qt::ControlModifier | Qt::ShiftModifier);
        auto *panel = demo.window().findChild<TransformPanel *>();
        QVERIFY(panel != nullptr);
        QTRY_VERIFY(panel->choice().count() > 1);
        panel->choice().setCurrentIndex(panel->choice().count() - 1); // rules that are written here
        panel->rules().setPlainText(QStringLiteral(
            "{\"TransformerScript\":{\"eventType\":\"$.kind\",\"entityId\":\"$.station\",\"severity\":\"ERROR\"}}"));
        panel->event().setPlainText(QStringLiteral("{\"kind\":\"pump.stalled\",\"station\":\"north\"}"));
        panel->run();
        QTRY_VERIFY(panel->model().state() == TransformTrialModel::State::Done);
        QCOMPARE(panel->model().index(0, TransformTrialModel::TypeColumn).data().toString(),
                 QStringLiteral("pump.stalled"));
        takePicture(demo.window(), QStringLiteral("transformer"));
        panel->rules().setPlainText(QStringLiteral("{"));
        panel->run();
        QTRY_VERIFY(panel->model().state() == TransformTrialModel::State::Failed);
        QVERIFY(!panel->model().statusText().isEmpty());
        QCOMPARE(Rows(demo).of, QStringList()); // nothing was stored
    }
};

EVENTOPS_TEST(TestAssistant)
#include "tst_assistant.moc"
