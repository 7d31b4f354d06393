// SPDX-License-Identifier: MIT
#include "widgets/assistant/assistant_panel.h"

#include "core/viewmodel/shown_text.h"
#include "widgets/assistant/assistant_parts.h"
#include "widgets/assistant/assistant_view.h"
#include "widgets/assistant/pipeline_colors.h"
#include "widgets/theme/combo_box.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QDir>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QItemSelectionModel>
#include <QKeyEvent>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QShortcut>
#include <QSplitter>
#include <QStackedLayout>
#include <QTabBar>
#include <QTableView>
#include <QTextBlock>
#include <QVBoxLayout>

namespace eventops {
namespace {

constexpr int ColumnCharactersMax = 26;
constexpr int LossLines = 2;
enum Page { DocumentPage, PipelinePage };

} // namespace

QWidget *makeAssistantView(ViewContext &context, QWidget *parent)
{
    return new AssistantPanel(context, parent);
}

AssistantPanel::AssistantPanel(ViewContext &context, QWidget *parent)
    : QWidget(parent), m_model(context), m_context(context)
{
    QWidget *const texts = makeTexts();
    QWidget *const preview = makePreview();
    layOut(*this, makeBar(), texts, preview);
    setFocusProxy(m_document);
    setAcceptDrops(true);
    new QShortcut(QKeySequence::Save, this, this, &AssistantPanel::saveAsked, Qt::WidgetWithChildrenShortcut);
    m_typing.setSingleShot(true);
    m_typing.setInterval(SourceAssistant::EditPauseMs);
    connectModel();
    showDraft();
    showState();
}

QWidget *AssistantPanel::makeBar()
{
    auto *bar = new QWidget;
    QHBoxLayout *row = makeBarRow(*bar);
    auto *open = new QPushButton(tr("Open…"));
    open->setToolTip(tr("A file instead of a pasted document; it can be dropped here as well"));
    m_format = new ComboBox;
    m_format->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_format->installEventFilter(this);
    m_format->setAccessibleName(tr("Format of the document"));
    m_format->setToolTip(tr("What the document is taken for, and what else reads it"));
    m_write = new QPushButton(tr("Edit its mapping"));
    m_write->setToolTip(tr("Write the format's mapping into the pipeline, in full, to be edited"));
    m_save = new QPushButton(tr("Save pipeline…"));
    m_save->setToolTip(tr("Ctrl+S"));
    m_replay = new QPushButton(tr("Replay"));
    row->addWidget(open);
    row->addWidget(m_format);
    row->addWidget(m_write);
    row->addStretch(1);
    row->addWidget(m_save);
    row->addWidget(m_replay);
    connect(open, &QPushButton::clicked, this, &AssistantPanel::openAsked);
    connect(m_format, &QComboBox::activated, this, [this] {
        const QString codec = m_format->currentData().toString();
        if (codec == m_model.codec())
            return; // the same again: what was edited of its draft stays
        const bool isGeneric = codec == QLatin1String("json") || codec == QLatin1String("text");
        m_model.chooseFormat(codec, isGeneric); // of which nothing is known but what a mapping says
    });
    connect(m_write, &QPushButton::clicked, this, [this] {
        m_model.chooseFormat(m_model.codec(), true);
        m_tabs->setCurrentIndex(PipelinePage);
    });
    connect(m_save, &QPushButton::clicked, this, &AssistantPanel::saveAsked);
    connect(m_replay, &QPushButton::clicked, &m_model, &SourceAssistant::replay);
    return bar;
}

QWidget *AssistantPanel::makeTexts()
{
    m_document = new PasteEdit;
    makeMono(*m_document, tr("Document"));
    m_document->setPlaceholderText(
        tr("Paste a document here: an event, a webhook's body,\nlines of a log, an export. Or drop a file."));
    m_pipeline = new QPlainTextEdit;
    makeMono(*m_pipeline, tr("Pipeline"));
    m_pipeline->setPlaceholderText(tr("The pipeline that reads the document, as YAML"));
    new PipelineColors(m_pipeline->document());
    m_problem = makeLine();
    m_problem->setAccessibleName(tr("What is wrong with the pipeline"));
    auto *editor = new QWidget;
    auto *column = new QVBoxLayout(editor);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_pipeline, 1);
    column->addWidget(m_problem);
    return makePages({tr("Document"), tr("Pipeline")}, {m_document, editor}, m_tabs);
}

QWidget *AssistantPanel::makePreview()
{
    m_status = makeLine();
    m_events = makeRowTable(tr("Events that come of the document"), PreviewEventsModel::SeverityColumn,
                            PreviewEventsModel::SeverityRole, PreviewEventsModel::FailedRole);
    m_events->setModel(&m_model.events());
    m_fields = makeRowTable(tr("Fields of the event"), -1, -1);
    m_fields->setModel(&m_model.fields());
    m_fields->installEventFilter(this);
    m_loss = new QPlainTextEdit;
    m_loss->setReadOnly(true);
    m_loss->setFrameShape(QFrame::NoFrame);
    m_loss->setTabChangesFocus(true);
    m_loss->setObjectName(QStringLiteral("muted"));
    m_loss->setAccessibleName(tr("What is lost"));
    m_loss->setFixedHeight(m_loss->fontMetrics().lineSpacing() * LossLines + themeMetric("space3"));
    auto *tables = new QSplitter(Qt::Vertical);
    tables->addWidget(m_events);
    tables->addWidget(m_fields);
    tables->setStretchFactor(0, 2);
    tables->setStretchFactor(1, 3);
    tables->setChildrenCollapsible(false);
    tables->setHandleWidth(themeMetric("space1"));
    auto *shown = new QWidget;
    auto *column = new QVBoxLayout(shown);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_status);
    column->addWidget(tables, 1);
    column->addWidget(m_loss);
    auto *begin = makeLine();
    begin->setObjectName(QStringLiteral("muted"));
    begin->setAlignment(Qt::AlignCenter);
    begin->setText(tr("The events of the document come here, field by field, each with the line that makes it.\n\n"
                      "Edit the pipeline until they are right, save it, and replay the document with it. "
                      "Until then nothing is stored."));
    auto *pages = new QWidget;
    m_pages = new QStackedLayout(pages);
    m_pages->addWidget(begin);
    m_pages->addWidget(shown);
    connect(m_events->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex &current) {
                m_model.selectRow(current.row());
                showFields();
            });
    connect(m_fields, &QTableView::activated, this, [this](const QModelIndex &index) {
        goToLine(index.siblingAtColumn(0).data(PreviewFieldsModel::LineRole).toInt());
    });
    return pages;
}

void AssistantPanel::connectModel()
{
    connect(m_document, &PasteEdit::fileGiven, &m_model, &SourceAssistant::openFile);
    connect(m_document, &PasteEdit::wholeTextGiven, this, [this](const QString &text) {
        m_model.setDocument(text.toUtf8(), tr("pasted"));
        showDocument();
    });
    connect(m_document, &QPlainTextEdit::textChanged, this, [this] { m_typing.start(); });
    connect(&m_typing, &QTimer::timeout, this,
            [this] { m_model.setDocument(m_document->toPlainText().toUtf8(), tr("pasted")); });
    connect(m_pipeline, &QPlainTextEdit::textChanged, this,
            [this] { m_model.setPipelineText(m_pipeline->toPlainText()); });
    connect(&m_model, &SourceAssistant::documentChanged, this, &AssistantPanel::showDocument);
    connect(&m_model, &SourceAssistant::draftChanged, this, &AssistantPanel::showDraft);
    connect(&m_model, &SourceAssistant::stateChanged, this, &AssistantPanel::showState);
    connect(&m_model, &SourceAssistant::previewed, this, [this] {
        m_loss->setPlainText(m_model.lossText());
        fitColumns(*m_events, ColumnCharactersMax);
        m_events->setCurrentIndex(m_model.events().index(0, 0));
        showFields();
    });
    connect(&Theme::instance(), &Theme::changed, this, &AssistantPanel::showState);
}

void AssistantPanel::showDocument()
{
    m_typing.stop();
    m_document->showText(m_model.documentText(), m_model.isDocumentWhole());
}

void AssistantPanel::showDraft()
{
    m_format->clear();
    for (const DocumentFormatGuess &guess : m_model.formats()) {
        constexpr double Percent = 100;
        const QString codec = QString::fromStdString(guess.codec);
        m_format->addItem(tr("%1  %2 %").arg(codec).arg(qRound(guess.confidence * Percent)), codec);
    }
    m_format->setCurrentIndex(std::max(m_format->findData(m_model.codec()), 0));
    m_format->setVisible(m_format->count() > 0);
    if (m_pipeline->toPlainText() != m_model.pipelineText())
        putPipeline(m_model.pipelineText());
}

/// What somebody wrote there comes back with Ctrl+Z.
void AssistantPanel::putPipeline(const QString &text)
{
    const QSignalBlocker blocker(m_pipeline);
    const QTextDocument &document = *m_pipeline->document();
    if (!document.isUndoAvailable() && !document.isRedoAvailable())
        return m_pipeline->setPlainText(text);
    QTextCursor cursor(m_pipeline->document());
    cursor.select(QTextCursor::Document);
    cursor.insertText(text);
    m_pipeline->moveCursor(QTextCursor::Start);
}

void AssistantPanel::showState()
{
    using State = SourceAssistant::State;
    const State state = m_model.state();
    m_write->setVisible(state != State::Empty && m_model.mayWriteMapping());
    m_save->setEnabled(m_model.maySave());
    m_replay->setEnabled(m_model.mayReplay());
    m_replay->setToolTip(m_model.whyNoReplay().isEmpty() ? tr("Read the document into the workspace with this pipeline")
                                                         : m_model.whyNoReplay());
    m_problem->setText(m_model.problem());
    m_problem->setVisible(state == State::Failed);
    QPalette palette = m_problem->palette();
    palette.setColor(QPalette::WindowText, themeColor("severityError"));
    m_problem->setPalette(palette);
    const QString before =
        m_model.statusText().isEmpty() ? QString() : tr("%1, before the last edit").arg(m_model.statusText());
    m_status->setText(state == State::Failed ? before : m_model.statusText());
    const bool hasShown = m_model.events().rowCount() > 0 || !m_model.statusText().isEmpty();
    m_pages->setCurrentIndex(state == State::Empty || !hasShown ? 0 : 1);
    showProblemLine();
}

/// What a dead letter says is made by no line, and has the room of those columns.
void AssistantPanel::showFields()
{
    const bool failed = m_events->currentIndex().data(PreviewEventsModel::FailedRole).toBool();
    m_fields->setColumnHidden(PreviewFieldsModel::PlaceColumn, failed);
    m_fields->setColumnHidden(PreviewFieldsModel::RuleColumn, failed);
    fitColumns(*m_fields, ColumnCharactersMax);
}

void AssistantPanel::showProblemLine()
{
    QList<QTextEdit::ExtraSelection> marks;
    const QTextBlock block = m_pipeline->document()->findBlockByNumber(m_model.problemLine() - 1);
    if (m_model.state() == SourceAssistant::State::Failed && block.isValid()) {
        QTextEdit::ExtraSelection mark;
        mark.cursor = QTextCursor(block);
        mark.format.setProperty(QTextFormat::FullWidthSelection, true);
        QColor color = themeColor("severityError");
        constexpr qreal Faint = 0.25;
        color.setAlphaF(Faint);
        mark.format.setBackground(color);
        marks << mark;
    }
    m_pipeline->setExtraSelections(marks);
}

void AssistantPanel::goToLine(int line)
{
    const QTextBlock block = m_pipeline->document()->findBlockByNumber(line - 1);
    if (line <= 0 || !block.isValid())
        return;
    m_tabs->setCurrentIndex(PipelinePage);
    m_pipeline->setTextCursor(QTextCursor(block));
    m_pipeline->setFocus(Qt::OtherFocusReason);
}

void AssistantPanel::openAsked()
{
    const QString path = QFileDialog::getOpenFileName(this, tr("A document of the new source"), QString(),
                                                      tr("All files (*)"), nullptr, QFileDialog::DontUseNativeDialog);
    if (!path.isEmpty())
        m_model.openFile(path);
}

void AssistantPanel::saveAsked()
{
    if (!m_model.maySave())
        return;
    const QString folder = m_model.pipelineFolder();
    if (!folder.isEmpty())
        QDir().mkpath(folder); // else the dialog begins elsewhere, where no list of pipelines finds the file
    QFileDialog dialog(this, tr("Save the pipeline"), folder, tr("Pipelines (*.yaml *.yml)"));
    dialog.setOption(QFileDialog::DontUseNativeDialog);
    dialog.setAcceptMode(QFileDialog::AcceptSave);
    dialog.setDefaultSuffix(QStringLiteral("yaml")); // it asks before it overwrites a file of the whole name
    dialog.selectFile(m_model.name() + QStringLiteral(".yaml"));
    if (dialog.exec() == QDialog::Accepted && !dialog.selectedFiles().isEmpty())
        m_model.save(dialog.selectedFiles().front());
}

void AssistantPanel::dragEnterEvent(QDragEnterEvent *event)
{
    if (event->mimeData()->hasUrls() || event->mimeData()->hasText())
        event->acceptProposedAction();
}

void AssistantPanel::dropEvent(QDropEvent *event)
{
    for (const QUrl &url : event->mimeData()->urls()) {
        if (!url.isLocalFile())
            continue;
        event->acceptProposedAction();
        return m_model.openFile(url.toLocalFile());
    }
    if (!event->mimeData()->hasText())
        return;
    event->acceptProposedAction();
    m_model.setDocument(event->mimeData()->text().toUtf8(), tr("pasted"));
    showDocument();
}

bool AssistantPanel::eventFilter(QObject *object, QEvent *event)
{
    if (object == m_format && event->type() == QEvent::Wheel) {
        event->ignore(); // the wheel in passing chooses no format
        return true;
    }
    if (object != m_fields || event->type() != QEvent::KeyPress)
        return QWidget::eventFilter(object, event);
    const auto *key = static_cast<QKeyEvent *>(event);
    if (key->matches(QKeySequence::Copy)) {
        QApplication::clipboard()->setText(m_model.fields().wholeValue(m_fields->currentIndex().row()));
        return true;
    }
    return QWidget::eventFilter(object, event);
}

} // namespace eventops
