// SPDX-License-Identifier: MIT
//
// A document becomes a source, in the program's own window: pasted, its pipeline edited, saved, replayed.
#include "tests/support/gui/pictures.h"
#include "tests/support/gui/ui_watchdog.h"
#include "tests/support/test_main.h"

#include "tests/widgets/demo_window.h"

#include "widgets/assistant/assistant_panel.h"
#include "widgets/assistant/assistant_parts.h"
#include "widgets/assistant/transform_panel.h"
#include "widgets/shell/view_dock.h"

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QLineEdit>
#include <QMimeData>
#include <QProcess>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTableView>
#include <QTextBlock>
#include <QTimer>
#include <QWheelEvent>

using namespace eventops;
using namespace eventops::test;

namespace {

const char Document[] = "{\"when\":\"2026-02-03T04:05:06Z\",\"station\":\"north\",\"kind\":\"pump.started\",\"level\":"
                        "\"info\",\"rpm\":900}\n"
                        "{\"when\":\"2026-02-03T04:06:06Z\",\"station\":\"north\",\"kind\":\"pump.stalled\",\"level\":"
                        "\"error\",\"rpm\":0}\n"
                        "{\"when\":\"2026-02-03T04:07:06Z\",\"station\":\"south\",\"kind\":\"pump.started\",\"level\":"
                        "\"info\",\"rpm\":880}\n";

/// More than one format reads it.
const char Webhook[] =
    "{\"version\":\"4\",\"groupKey\":\"{}:{}\",\"status\":\"firing\",\"receiver\":\"team\",\"alerts\":[{"
    "\"status\":\"firing\",\"labels\":{\"alertname\":\"Down\",\"severity\":\"critical\",\"instance\":"
    "\"web-1\"},\"annotations\":{\"summary\":\"web-1 is down\"},\"startsAt\":"
    "\"2026-02-03T04:05:06Z\"}]}";

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

/// The window with "Add a source…" in it, and the keyboard at its document.
struct AssistantDesk {
    AssistantDesk()
    {
        if (!QTest::qWaitForWindowActive(&demo.window()))
            return;
        press(demo.window(), Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
        panel = demo.window().findChild<AssistantPanel *>();
        if (!QTest::qWaitFor([this] { return panel != nullptr && panel->document().hasFocus(); }))
            panel = nullptr;
    }
    void paste(const QString &text)
    {
        QGuiApplication::clipboard()->setText(text);
        press(demo.window(), Qt::Key_V, Qt::ControlModifier);
    }

    const QTemporaryDir directory;
    DemoWindow demo{DemoWindow::workspaceOptions(directory.path())};
    AssistantPanel *panel = nullptr;
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

    /// What somebody wrote is replaced when a format is chosen, not in passing, and comes back.
    void anEditedPipelineIsNotLost()
    {
        AssistantDesk desk;
        QVERIFY(desk.panel != nullptr);
        SourceAssistant &model = desk.panel->model();
        QPlainTextEdit &pipeline = desk.panel->pipeline();
        QComboBox &format = desk.panel->format();
        desk.paste(QString::fromLatin1(Webhook));
        QVERIFY(shows(model));
        pipeline.moveCursor(QTextCursor::End);
        pipeline.insertPlainText(QStringLiteral("# mine\n"));
        const QString edited = pipeline.toPlainText();
        QVERIFY(shows(model));
        QVERIFY(format.count() > 1);
        QCOMPARE(format.currentData().toString(), model.codec());
        Q_EMIT format.activated(format.currentIndex());
        QWheelEvent wheel(QPointF(3, 3), format.mapToGlobal(QPointF(3, 3)), {}, {0, -120}, Qt::NoButton, Qt::NoModifier,
                          Qt::NoScrollPhase, false);
        QApplication::sendEvent(&format, &wheel);
        QCOMPARE(format.currentData().toString(), model.codec());
        QCOMPARE(model.state(), SourceAssistant::State::Shown);
        QCOMPARE(pipeline.toPlainText(), edited);

        format.setCurrentIndex(format.currentIndex() == 0 ? 1 : 0);
        Q_EMIT format.activated(format.currentIndex());
        QVERIFY(shows(model));
        QVERIFY(pipeline.toPlainText() != edited);
        QCOMPARE(pipeline.toPlainText(), model.pipelineText());
        pipeline.undo();
        QCOMPARE(pipeline.toPlainText(), edited);
        QCOMPARE(model.pipelineText(), edited);
        QVERIFY(shows(model));

        desk.panel->document().clear(); // for a moment
        QTRY_COMPARE(model.state(), SourceAssistant::State::Empty);
        QCOMPARE(pipeline.toPlainText(), QString());
        pipeline.undo();
        QCOMPARE(pipeline.toPlainText(), edited);
        desk.panel->document().setPlainText(QString::fromLatin1(Webhook));
        QVERIFY(shows(model));
        QCOMPARE(pipeline.toPlainText(), edited);
    }

    /// A text that an editor would change is read as it is, and another one can take its place.
    void aDocumentThatCannotBeEditedIsReplaced()
    {
        AssistantDesk desk;
        QVERIFY(desk.panel != nullptr);
        SourceAssistant &model = desk.panel->model();
        PasteEdit &document = desk.panel->document();
        const QString line = QStringLiteral("{\"kind\":\"pump.started\",\"note\":\"a%1b\"}\n");
        const auto note = [&] {
            for (const PreviewField &field : model.events().preview().shown.front().fields) {
                if (field.value.find("note") != std::string::npos)
                    return QString::fromStdString(field.value);
            }
            return QString();
        };
        desk.paste(line.arg(QChar(0x2028)));
        QVERIFY(shows(model));
        QVERIFY(document.isReadOnly());
        QVERIFY2(note().contains(QChar(0x2028)), qPrintable(note()));
        desk.paste(line.arg(QChar(0x00a0)));
        QVERIFY(shows(model));
        QVERIFY2(note().contains(QChar(0x00a0)), qPrintable(note()));
        desk.paste(line.arg(QLatin1Char('c')).repeated(20'000)); // and one that is too long
        QVERIFY(shows(model));
        QVERIFY(document.isReadOnly());
        QCOMPARE(model.events().preview().records, std::uint64_t(20'000));
        desk.paste(QString::fromLatin1(Document));
        QVERIFY(shows(model));
        QVERIFY(!document.isReadOnly());
        QCOMPARE(model.events().rowCount(), 3);
        document.moveCursor(QTextCursor::End);
        desk.paste(line.arg(QChar(0x00a0))); // below what is there
        QVERIFY(document.isReadOnly());
        QVERIFY(shows(model));
        QCOMPARE(model.events().rowCount(), 4);
        press(desk.demo.window(), Qt::Key_Delete);
        QCOMPARE(model.state(), SourceAssistant::State::Empty);
        QVERIFY(!document.isReadOnly() && document.toPlainText().isEmpty());
    }

    void aDroppedTextIsNotChanged()
    {
        AssistantDesk desk;
        QVERIFY(desk.panel != nullptr);
        PasteEdit &document = desk.panel->document();
        QMimeData mime;
        mime.setText(QString::fromLatin1(Document).replace(QLatin1Char('\n'), QStringLiteral("\r\n")));
        QDragEnterEvent enter({3, 3}, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QDropEvent drop({3, 3}, Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(document.viewport(), &enter);
        QApplication::sendEvent(document.viewport(), &drop);
        QVERIFY(shows(desk.panel->model()));
        QCOMPARE(desk.panel->model().events().rowCount(), 3);
        QVERIFY(document.isReadOnly());
        press(desk.demo.window(), Qt::Key_Backspace);
        QVERIFY(!document.isReadOnly());
        press(desk.demo.window(), Qt::Key_A); // still sound
        QCOMPARE(document.toPlainText(), QStringLiteral("a"));
    }

    /// Ctrl+S anywhere in the panel; the dialog begins in the workspace and names a file that will be listed.
    void thePipelineIsSavedWhereItIsListed()
    {
        AssistantDesk desk;
        QVERIFY(desk.panel != nullptr);
        SourceAssistant &model = desk.panel->model();
        desk.paste(QString::fromLatin1(Document));
        QVERIFY(shows(model));
        QVERIFY(!QDir(model.pipelineFolder()).exists());
        for (QTableView *table : desk.panel->findChildren<QTableView *>()) {
            if (table->model() == &model.fields())
                table->setFocus();
        }
        QString proposed, folder;
        QTimer answer;
        connect(&answer, &QTimer::timeout, this, [&] {
            auto *dialog = qobject_cast<QFileDialog *>(QApplication::activeModalWidget());
            if (dialog == nullptr)
                return;
            answer.stop();
            folder = dialog->directory().absolutePath();
            auto *name = dialog->findChild<QLineEdit *>();
            proposed = name->text();
            name->setText(QStringLiteral("pumps"));
            dialog->findChild<QDialogButtonBox *>()->button(QDialogButtonBox::Save)->click();
        });
        QSignalSpy saved(&model, &SourceAssistant::saved);
        auto *application = static_cast<test::WatchedApplication *>(QCoreApplication::instance());
        application->expectStalls(true); // Qt's dialog looks into folders by itself
        answer.start(20);
        press(desk.demo.window(), Qt::Key_S, Qt::ControlModifier);
        const bool isSaved = saved.count() == 1 || saved.wait(DemoWindow::PatienceMs);
        application->expectStalls(false);
        QVERIFY(isSaved);
        QCOMPARE(QDir(folder), QDir(model.pipelineFolder()));
        QCOMPARE(proposed, QStringLiteral("pasted.yaml"));
        QCOMPARE(QFileInfo(saved[0][0].toString()), QFileInfo(model.pipelineFolder() + QStringLiteral("/pumps.yaml")));
    }

    void pipelinesOfTheWorkspaceAreListed()
    {
        const QTemporaryDir directory;
        QVERIFY(QDir(directory.path()).mkdir(QStringLiteral("pipelines")));
        for (const char *name : {"/pipelines/pumps.yaml", "/pipelines/doors.yml", "/pipelines/notes.txt"}) {
            QFile file(directory.path() + QString::fromLatin1(name));
            QVERIFY(file.open(QIODevice::WriteOnly));
        }
        DemoWindow demo(DemoWindow::workspaceOptions(directory.path()));
        QStringList listed;
        for (const QAction *action : demo.window().findChildren<QAction *>()) {
            if (action->text().endsWith(QStringLiteral(", of this workspace")))
                listed << action->text().section(QLatin1Char(','), 0, 0);
        }
        QCOMPARE(listed, (QStringList{QStringLiteral("doors"), QStringLiteral("pumps")}));
    }

    void aTransformerIsTriedByKeys()
    {
        const QTemporaryDir directory;
        DemoWindow demo(DemoWindow::workspaceOptions(directory.path()));
        QVERIFY(QTest::qWaitForWindowActive(&demo.window()));
        press(demo.window(), Qt::Key_T, Qt::ControlModifier | Qt::ShiftModifier);
        auto *panel = demo.window().findChild<TransformPanel *>();
        QVERIFY(panel != nullptr);
        QTRY_VERIFY(panel->choice().count() > 1);
        panel->choice().setCurrentIndex(panel->choice().count() - 1);
        panel->rules().setPlainText(
            QStringLiteral("{\"TransformerScript\":{\"eventType\":\"$.kind\",\"entityId\":\"$.station\"}}"));
        panel->event().setFocus();
        QTRY_VERIFY(panel->event().hasFocus());
        // Too long to be edited: it is tried as it is.
        QGuiApplication::clipboard()->setText(QStringLiteral("{\"kind\":\"pump\",\"station\":\"a%1b\",\"of\":\"%2\"}")
                                                  .arg(QChar(0x00a0), QString(400'000, QLatin1Char('x'))));
        press(demo.window(), Qt::Key_V, Qt::ControlModifier);
        QVERIFY(panel->event().isReadOnly());
        QVERIFY(panel->event().document()->characterCount() < 300'000);
        auto *source = panel->findChild<QLineEdit *>();
        source->setFocus();
        QTRY_VERIFY(source->hasFocus());
        int runs = 0;
        connect(&panel->model(), &TransformTrialModel::stateChanged, this,
                [&] { runs += panel->model().state() == TransformTrialModel::State::Running ? 1 : 0; });
        press(demo.window(), Qt::Key_Enter, Qt::ControlModifier | Qt::KeypadModifier);
        QCOMPARE(runs, 1);
        QTRY_VERIFY(panel->model().state() == TransformTrialModel::State::Done);
        QCOMPARE(panel->model().index(0, TransformTrialModel::EntityColumn).data().toString(),
                 QStringLiteral("a%1b").arg(QChar(0x00a0)));
        press(demo.window(), Qt::Key_Return, Qt::ControlModifier);
        QCOMPARE(runs, 2);
        QTRY_VERIFY(panel->model().state() == TransformTrialModel::State::Done);
        panel->run();
        panel->run(); // one is under way
        QCOMPARE(runs, 3);
        QTRY_VERIFY(panel->model().state() == TransformTrialModel::State::Done);
        panel->event().setFocus();
        press(demo.window(), Qt::Key_Delete);
        QVERIFY(!panel->event().isReadOnly() && panel->event().toPlainText().isEmpty());
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
