// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/source_assistant.h"

#include <QTimer>
#include <QWidget>

class QComboBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QStackedLayout;
class QTabBar;
class QTableView;

namespace eventops {

class PasteEdit;

/// A document on the left, pasted, dropped or opened, and the pipeline that reads it; on the right the events that come
/// of it, field by field with the line that makes each. Keys: Ctrl+S saves the pipeline, Enter on a field goes to its
/// line, Ctrl+C copies its value. Thread: UI.
class AssistantPanel final : public QWidget
{
    Q_OBJECT

public:
    AssistantPanel(ViewContext &context, QWidget *parent);

    SourceAssistant &model() { return m_model; }
    QComboBox &format() { return *m_format; }
    PasteEdit &document() { return *m_document; }
    QPlainTextEdit &pipeline() { return *m_pipeline; }

protected:
    bool eventFilter(QObject *object, QEvent *event) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;

private:
    QWidget *makeBar();
    QWidget *makeTexts();
    QWidget *makePreview();
    void connectModel();
    void showDocument();
    void showDraft();
    void putPipeline(const QString &text);
    void showState();
    void showFields();
    void showProblemLine();
    void goToLine(int line);
    void openAsked();
    void saveAsked();

    SourceAssistant m_model;
    ViewContext &m_context;
    QTimer m_typing; ///< From the last change of the document's text on.
    PasteEdit *m_document = nullptr;
    QPlainTextEdit *m_pipeline = nullptr, *m_loss = nullptr;
    QTabBar *m_tabs = nullptr;
    QComboBox *m_format = nullptr;
    QPushButton *m_write = nullptr, *m_save = nullptr, *m_replay = nullptr;
    QLabel *m_status = nullptr, *m_problem = nullptr;
    QTableView *m_events = nullptr, *m_fields = nullptr;
    QStackedLayout *m_pages = nullptr;
};

} // namespace eventops
