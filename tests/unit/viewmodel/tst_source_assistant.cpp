// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/session/script_transformers.h"
#include "core/session/source_tools.h"
#include "core/viewmodel/replay_controller.h"
#include "core/viewmodel/shown_text.h"
#include "core/viewmodel/source_assistant.h"
#include "core/viewmodel/transform_trial_model.h"
#include "tests/support/local_workspace.h"

#include <QAbstractItemModelTester>
#include <QDir>
#include <QFile>
#include <QSignalSpy>

#include <sys/stat.h>

using namespace eventops;
using eventops::test::LocalWorkspace;

namespace {

constexpr int AnswerMs = 20'000;
using State = SourceAssistant::State;

const char Doors[] =
    "{\"at\":\"2026-02-03T04:05:06Z\",\"door\":\"D-17\",\"state\":\"OPENED\",\"force\":1.5,\"who\":\"x\"}\n"
    "{\"at\":\"2026-02-03T04:05:09Z\",\"door\":\"D-18\",\"state\":\"FORCED\",\"force\":81,\"who\":\"y\"}\n"
    "{\"at\":\"2026-02-03T04:05:10Z\",\"door\":\n";
const char DoorPipeline[] = "pipeline: doors\n"
                            "sources:\n"
                            "  - capture:\n"
                            "      format: mapped\n"
                            "      framing: lines\n"
                            "      map:\n"
                            "        ts: at\n"
                            "        type: {path: state, values: {OPENED: door.opened, FORCED: door.forced}}\n"
                            "        entity: {type: {const: Door}, id: door}\n"
                            "        attrs: {force: force}\n"
                            "stages:\n"
                            "  - entities: {}\n";

/// A pipe into which nobody writes.
bool makePipe(const QString &path)
{
    return ::mkfifo(QFile::encodeName(path).constData(), 0600) == 0;
}

bool write(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size();
}

/// A workspace with what adds sources to it.
struct Desk {
    Desk()
    {
        context = std::make_unique<ViewContext>(workspace.backend(), Caller{"tester", Role::Admin, {}});
        const auto made = std::make_shared<SourceTools>();
        made->registry = {builtinStages(), builtinSources(), builtinSinks()};
        made->dataDirectory = EVENTOPS_SOURCE_DIR "/pipelines";
        made->workspace = workspace.directory();
        made->mayReplay = true;
        if (auto shipped = loadTransformMappings(EVENTOPS_SOURCE_DIR "/pipelines/transformers"))
            made->shipped = std::move(shipped).value();
        addJsonTransformer(made->transformers);
        addShippedTransformers(made->transformers, made->shipped);
        context->setSourceTools(made);
        replay = std::make_unique<ReplayController>(*context);
        QObject::connect(context.get(), &ViewContext::replayRequested, replay.get(), &ReplayController::start);
    }

    LocalWorkspace workspace;
    std::unique_ptr<ViewContext> context;
    std::unique_ptr<ReplayController> replay;
};

bool waitFor(const SourceAssistant &model, State state)
{
    return QTest::qWaitFor([&] { return model.state() == state; }, AnswerMs);
}

QString fieldOf(SourceAssistant &model, const QString &name, int column = PreviewFieldsModel::ValueColumn)
{
    for (int row = 0; row < model.fields().rowCount(); ++row) {
        if (model.fields().index(row, PreviewFieldsModel::FieldColumn).data().toString() == name)
            return model.fields().index(row, column).data().toString();
    }
    return {};
}

} // namespace

class TestSourceAssistant final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aKnownFormatIsRecognised()
    {
        Desk desk;
        SourceAssistant model(*desk.context);
        const QAbstractItemModelTester events(&model.events()), fields(&model.fields());
        model.setDocument("{\"version\":\"4\",\"groupKey\":\"{}:{}\",\"status\":\"firing\",\"receiver\":\"team\","
                          "\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"Down\",\"severity\":"
                          "\"critical\",\"instance\":\"web-1\"},\"annotations\":{\"summary\":\"web-1 is down\"},"
                          "\"startsAt\":\"2026-02-03T04:05:06Z\"}]}",
                          QStringLiteral("hook.json"));
        QVERIFY(waitFor(model, State::Shown));
        QCOMPARE(model.codec(), QStringLiteral("alertmanager"));
        QVERIFY(model.formats().size() > 1); // what else reads it
        QCOMPARE(model.events().rowCount(), 1);
        QCOMPARE(fieldOf(model, QStringLiteral("message")), QStringLiteral("web-1 is down"));
        const QString place = fieldOf(model, QStringLiteral("message"), PreviewFieldsModel::PlaceColumn);
        QVERIFY2(place.contains(QStringLiteral("alertmanager.yaml:")), qPrintable(place));
        QVERIFY(fieldOf(model, QStringLiteral("message"), PreviewFieldsModel::RuleColumn)
                    .startsWith(QStringLiteral("message: {first: [annotations.summary")));
        // Its mapping in full makes the same, and now lines of the pipeline make it.
        QVERIFY(model.mayWriteMapping());
        model.chooseFormat(model.codec(), true);
        QVERIFY(waitFor(model, State::Shown));
        QVERIFY(!model.mayWriteMapping());
        QVERIFY(model.pipelineText().contains(QStringLiteral("split: alerts[]")));
        QCOMPARE(fieldOf(model, QStringLiteral("message")), QStringLiteral("web-1 is down"));
        const QString line = fieldOf(model, QStringLiteral("message"), PreviewFieldsModel::PlaceColumn);
        QVERIFY2(line.startsWith(QStringLiteral("line ")), qPrintable(line));
    }

    void lossesAndDeadLettersAreTold()
    {
        Desk desk;
        SourceAssistant model(*desk.context);
        model.setPipelineText(QString::fromLatin1(DoorPipeline));
        model.setDocument(Doors, QStringLiteral("doors.ndjson"));
        QVERIFY(waitFor(model, State::Shown));
        QCOMPARE(model.statusText(), QStringLiteral("3 records, 2 events, 1 dead letter"));
        QCOMPARE(model.events().rowCount(), 3);
        QVERIFY(model.events().index(2, 0).data(PreviewEventsModel::FailedRole).toBool());
        model.selectRow(2);
        QCOMPARE(model.fields().rowCount(), 3); // what, why, and what to do
        QCOMPARE(model.fields().index(0, PreviewFieldsModel::ValueColumn).data().toString(),
                 QStringLiteral("truncated_json"));
        QVERIFY2(model.lossText().contains(QStringLiteral("In no field, kept in the raw record alone: who")),
                 qPrintable(model.lossText()));
        QVERIFY(!model.lossText().contains(QStringLiteral("state")));
    }

    void anErrorNamesItsLineAndTheLastGoodPreviewStays()
    {
        Desk desk;
        SourceAssistant model(*desk.context);
        model.setPipelineText(QString::fromLatin1(DoorPipeline));
        model.setDocument(Doors, QStringLiteral("doors.ndjson"));
        QVERIFY(waitFor(model, State::Shown));
        QString broken = QString::fromLatin1(DoorPipeline);
        broken.replace(QStringLiteral("        ts: at"), QStringLiteral("        tz: at"));
        model.setPipelineText(broken);
        QVERIFY(waitFor(model, State::Failed));
        QCOMPARE(model.problemLine(), 7);
        QVERIFY2(model.problem().startsWith(QStringLiteral("Line 7: "))
                     && model.problem().contains(QStringLiteral("tz"))
                     && model.problem().contains(QStringLiteral("use ts, type")),
                 qPrintable(model.problem()));
        QCOMPARE(model.events().rowCount(), 3);
        QVERIFY(!model.maySave() && !model.mayReplay());
        QSignalSpy told(desk.context.get(), &ViewContext::told);
        model.save(QStringLiteral("/nowhere/x.yaml"));
        QCOMPARE(told.count(), 1);
        QVERIFY(told[0][1].toBool());
        model.setPipelineText(QString::fromLatin1(DoorPipeline));
        QVERIFY(waitFor(model, State::Shown));
        QCOMPARE(model.problemLine(), 0);
    }

    void damagedAndRandomBytesAreNoHarm()
    {
        Desk desk;
        SourceAssistant model(*desk.context);
        QByteArray noise;
        std::uint32_t state = 7;
        for (int i = 0; i < 5'000; ++i) {
            state = state * 1'664'525U + 1'013'904'223U;
            noise += static_cast<char>(state >> 24U);
        }
        model.setDocument(noise, QStringLiteral("noise"));
        QVERIFY(waitFor(model, State::Shown));
        QCOMPARE(QString::fromStdString(model.formats().front().codec), QStringLiteral("unknown"));
        QVERIFY(!model.isDocumentWhole()); // no text that could be edited
        QCOMPARE(model.events().preview().records,
                 model.events().preview().events + model.events().preview().deadLetters);
        model.setDocument("  \n", QStringLiteral("pasted"));
        QCOMPARE(model.state(), State::Empty);
        QCOMPARE(model.events().rowCount(), 0);
        QSignalSpy told(desk.context.get(), &ViewContext::told);
        model.openFile(QStringLiteral("/nowhere/at/all"));
        QVERIFY(told.wait(AnswerMs) && told[0][1].toBool());
    }

    void onlyRegularFilesAreOpened()
    {
        Desk desk;
        const QTemporaryDir folder;
        const QString pipe = folder.filePath(QStringLiteral("pipe")), text = folder.filePath(QStringLiteral("text"));
        QVERIFY(makePipe(pipe));
        SourceAssistant model(*desk.context);
        TransformTrialModel trial(*desk.context);
        QSignalSpy told(desk.context.get(), &ViewContext::told), read(&trial, &TransformTrialModel::bodyRead);
        model.openFile(pipe);
        QVERIFY(told.wait(AnswerMs) && told[0][1].toBool());
        trial.openFile(pipe);
        QVERIFY(told.wait(AnswerMs) && told[1][1].toBool());
        QVERIFY(write(text, "caf\xe9"));
        trial.openFile(text);
        QVERIFY(told.wait(AnswerMs) && told[2][0].toString().contains(QStringLiteral("UTF-8")));
        QVERIFY(write(text, QByteArray(TransformTrialModel::BodyBytesMax + 1, 'x')));
        trial.openFile(text);
        QVERIFY(told.wait(AnswerMs) && told[3][0].toString().contains(QStringLiteral("larger than")));
        QCOMPARE(read.count(), 0);
        QVERIFY(write(text, "{\"kind\":\"sold\"}\r\n"));
        trial.openFile(text);
        QVERIFY(read.wait(AnswerMs));
        QCOMPARE(read[0][0].toString(), QStringLiteral("{\"kind\":\"sold\"}\r\n"));
    }

    /// Qt's editors would give back other characters.
    void textsThatAnEditorWouldChangeAreNotEdited()
    {
        Desk desk;
        SourceAssistant model(*desk.context);
        model.setDocument("{\"a\":\"caf\xc3\xa9 \t\"}\n", QStringLiteral("pasted"));
        QVERIFY(model.isDocumentWhole());
        for (const char *changed : {"a\xc2\xa0z", "a\xe2\x80\xa8z", "a\xe2\x80\xa9z", "a\r\nz", "a\xef\xb7\x90z"}) {
            model.setDocument(changed, QStringLiteral("pasted"));
            QVERIFY2(!model.isDocumentWhole(), changed);
        }
        QVERIFY(waitFor(model, State::Shown));
    }

    /// What is done before the formats are told must not lose them, nor leave those of the document before.
    void formatsAreToldWhateverIsDoneMeanwhile()
    {
        Desk desk;
        SourceAssistant model(*desk.context);
        model.setDocument(Doors, QStringLiteral("doors.ndjson"));
        model.setPipelineText(QString::fromLatin1(DoorPipeline));
        QVERIFY(waitFor(model, State::Shown));
        QVERIFY(!model.formats().empty());
        QCOMPARE(model.formats().front().codec, std::string("json"));
        QCOMPARE(model.pipelineText(), QString::fromLatin1(DoorPipeline));
        model.setDocument("<13>Feb  3 04:05:06 web-1 sshd[1]: hello\n", QStringLiteral("log"));
        model.chooseFormat(QStringLiteral("text"), true);
        QVERIFY(waitFor(model, State::Shown));
        QCOMPARE(model.codec(), QStringLiteral("text"));
        QVERIFY(model.formats().front().codec.starts_with("syslog"));
    }

    void linesAreKnownAfterSaving()
    {
        Desk desk;
        SourceAssistant model(*desk.context);
        model.setDocument(Doors, QStringLiteral("pasted"));
        model.setPipelineText(QString::fromLatin1(DoorPipeline));
        QVERIFY(waitFor(model, State::Shown));
        const QTemporaryDir folder;
        QSignalSpy saved(&model, &SourceAssistant::saved);
        model.save(folder.filePath(QStringLiteral("doors.yaml")));
        QVERIFY(saved.wait(AnswerMs));
        model.selectRow(1);
        QCOMPARE(fieldOf(model, QStringLiteral("type"), PreviewFieldsModel::PlaceColumn), QStringLiteral("line 8"));
        QString asked;
        connect(desk.context.get(), &ViewContext::replayRequested, this, [&](const ReplayRequest &request) {
            asked = QFileInfo(QString::fromStdString(request.pipelineName)).fileName();
        });
        QSignalSpy finished(desk.replay.get(), &ReplayController::finished);
        model.replay();
        QVERIFY(finished.wait(AnswerMs));
        QCOMPARE(asked, QStringLiteral("doors.yaml"));
        model.chooseFormat(QStringLiteral("json"), true); // another pipeline than the one that was saved
        QVERIFY(waitFor(model, State::Shown));
        QVERIFY(fieldOf(model, QStringLiteral("type"), PreviewFieldsModel::PlaceColumn)
                    .startsWith(QStringLiteral("line ")));
        model.replay();
        QVERIFY(finished.wait(AnswerMs));
        QCOMPARE(asked, QStringLiteral("pasted.yaml"));
    }

    void nothingIsSaidToBeKeptThatNobodyLookedAt()
    {
        Desk desk;
        SourceAssistant model(*desk.context);
        const QString whole = QStringLiteral("Every value of the records");
        const auto lossOf = [&](const QByteArray &document) {
            model.setDocument(document, QStringLiteral("doors"));
            return waitFor(model, State::Shown) ? model.lossText() : QString();
        };
        model.setPipelineText(QString::fromLatin1(DoorPipeline));
        const QByteArray door = "{\"at\":\"2026-02-03T04:05:06Z\",\"door\":\"D-17\",\"state\":\"OPENED\"}\n";
        QVERIFY2(lossOf(door + door).contains(whole), qPrintable(model.lossText()));
        QVERIFY2(!lossOf(door + "{\"at\":\n").contains(whole), "a dead letter");
        QVERIFY2(!lossOf(door.repeated(5'000)).contains(whole), "more than is looked at");
        model.chooseFormat(QStringLiteral("text"), true);
        QVERIFY(waitFor(model, State::Shown));
        QVERIFY2(!lossOf("the door was opened\n").contains(whole), "no JSON");
        QVERIFY(model.events().preview().events > 0);
    }

    void toolTipsShowWhatIsWritten()
    {
        Desk desk;
        SourceAssistant model(*desk.context);
        model.setPipelineText(QString::fromLatin1(DoorPipeline));
        model.setDocument(Doors, QStringLiteral("doors"));
        QVERIFY(waitFor(model, State::Shown));
        for (int row = 0; row < model.fields().rowCount(); ++row) {
            if (model.fields().index(row, 0).data().toString() == QStringLiteral("attrs"))
                QCOMPARE(model.fields().index(row, PreviewFieldsModel::ValueColumn).data(Qt::ToolTipRole).toString(),
                         QStringLiteral("<qt>{&quot;force&quot;:1.5}</qt>")); // rich text, so that &quot; is a quote
        }
        QVERIFY(!fieldOf(model, QStringLiteral("attrs")).isEmpty());
    }

    /// Contract: paste, edit, save, replay: the ledger then holds the previewed events.
    void whatIsReplayedIsWhatWasShown()
    {
        Desk desk;
        SourceAssistant model(*desk.context);
        model.setDocument(Doors, QStringLiteral("pasted"));
        QVERIFY(waitFor(model, State::Shown));
        QString edited = model.pipelineText();
        QVERIFY2(edited.contains(QStringLiteral("type: {const: event}")), qPrintable(edited));
        edited.replace(QStringLiteral("type: {const: event}"),
                       QStringLiteral("type: {template: \"door.{state}\", lower: true}\n        step: state\n"
                                      "        entity: {type: {const: Door}, id: door}"));
        model.setPipelineText(edited);
        QVERIFY(waitFor(model, State::Shown));
        const QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("new/doors.yaml"));
        QSignalSpy saved(&model, &SourceAssistant::saved);
        model.save(path);
        QVERIFY(saved.wait(AnswerMs));
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(QString::fromUtf8(file.readAll()), edited);
        QVERIFY(model.mayReplay());
        QSignalSpy finished(desk.replay.get(), &ReplayController::finished);
        model.replay();
        QVERIFY(finished.wait(AnswerMs));
        const auto &shown = model.events().preview().shown;
        QCOMPARE(shown.size(), std::size_t(2));
        QStringList stored, previewed;
        std::promise<void> done;
        desk.context->backend().events(
            desk.context->caller(), {},
            [&](const EventPage &page) {
                for (const std::uint32_t row : page.rows) {
                    const Event &event = page.batch.events[row];
                    stored << QString::fromStdString(std::string(page.batch.text(event, Field::Type)) + ' '
                                                     + std::string(page.batch.text(event, Field::EntityType)) + ' '
                                                     + std::string(page.batch.text(event, Field::EntityId)) + ' '
                                                     + std::to_string(static_cast<std::int64_t>(event.tsEvent)) + ' '
                                                     + std::string(page.batch.text(event, Field::Attrs)));
                }
            },
            [&](const Result<Ok> &) { done.set_value(); });
        done.get_future().wait();
        for (const PreviewEvent &event : shown) {
            std::string attrs;
            for (const PreviewField &field : event.fields)
                attrs = field.name == "attrs" ? field.value : attrs;
            previewed << QString::fromStdString(event.type + ' ' + event.entity + ' '
                                                + std::to_string(static_cast<std::int64_t>(event.time)) + ' ' + attrs);
        }
        QCOMPARE(stored, previewed);
        QVERIFY(stored[0].startsWith(QStringLiteral("door.opened ")));
    }

    void transformersAreTriedWithoutATrace()
    {
        Desk desk;
        TransformTrialModel model(*desk.context);
        const QAbstractItemModelTester tester(&model);
        QSignalSpy known(&model, &TransformTrialModel::choicesChanged);
        model.reload();
        QVERIFY(known.wait(AnswerMs));
        QVERIFY(model.choices().size() >= 8);
        int pods = -1;
        for (std::size_t i = 0; i < model.choices().size(); ++i)
            pods = model.choices()[i].name == "kubernetes_pods" ? static_cast<int>(i) : pods;
        QVERIFY(pods >= 0);
        const auto ended = [&] {
            return model.state() == TransformTrialModel::State::Done
                   || model.state() == TransformTrialModel::State::Failed;
        };
        model.run(
            -1,
            QStringLiteral("{\"TransformerScript\":{\"eventType\":\"$.kind\",\"entityId\":\"$.host\",\"severity\":"
                           "\"INFO\"}}"),
            QStringLiteral("shop"), QStringLiteral("{\"kind\":\"sold\",\"host\":\"till-3\"}"));
        QVERIFY(QTest::qWaitFor(ended, AnswerMs));
        QVERIFY2(model.state() == TransformTrialModel::State::Done, qPrintable(model.statusText()));
        QCOMPARE(model.index(0, TransformTrialModel::TypeColumn).data().toString(), QStringLiteral("sold"));
        QCOMPARE(model.index(0, TransformTrialModel::EntityColumn).data().toString(), QStringLiteral("till-3"));
        QVERIFY(model.details(0).contains(QStringLiteral("\"till-3\"")));
        // Blanks before each of so many values would be two hundred times the event.
        const QString deep = QString(200, QLatin1Char('[')) + QStringLiteral("0,").repeated(100'000) + QLatin1Char('0')
                             + QString(200, QLatin1Char(']'));
        model.run(-1, QStringLiteral("{\"TransformerScript\":{\"eventType\":\"$.kind\",\"entityId\":\"$.host\"}}"),
                  QStringLiteral("shop"),
                  QStringLiteral("{\"kind\":\"sold\",\"host\":\"till-3\",\"of\":%1}").arg(deep));
        QVERIFY(QTest::qWaitFor(ended, AnswerMs));
        QVERIFY2(model.state() == TransformTrialModel::State::Done, qPrintable(model.statusText()));
        QCOMPARE(model.details(0).size(), ShownBlockMax);
        QVERIFY(model.details(0).endsWith(QChar(0x2026)));
        model.run(pods, {}, QStringLiteral("k8s"), QStringLiteral("no json"));
        QVERIFY(QTest::qWaitFor(ended, AnswerMs));
        QCOMPARE(model.state(), TransformTrialModel::State::Failed);
        QVERIFY(!model.statusText().isEmpty());
        QCOMPARE(model.rowCount(), 0);
        model.run(-1, QStringLiteral("{}"), {}, QStringLiteral("{}"));
        QVERIFY(QTest::qWaitFor(ended, AnswerMs));
        QCOMPARE(model.state(), TransformTrialModel::State::Failed);
        QVERIFY(!QFile::exists(QString::fromStdString(desk.workspace.directory()) + QStringLiteral("/ledger.db")));
    }
};

EVENTOPS_TEST(TestSourceAssistant)
#include "tst_source_assistant.moc"
