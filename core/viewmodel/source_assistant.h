// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/source_tools.h"
#include "core/viewmodel/file_worker.h"
#include "core/viewmodel/preview_models.h"
#include "core/viewmodel/view_context.h"

#include <QByteArray>
#include <QObject>
#include <QTemporaryDir>
#include <QTimer>

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

namespace eventops {

/// Makes a pipeline for a document that a person has: recognises it, drafts a pipeline, shows what the pipeline makes
/// of the document while it is edited, saves it and reads the document with it. Reads on a thread of its own and stores
/// nothing but for `replay`. Thread: UI.
class SourceAssistant final : public QObject
{
    Q_OBJECT

public:
    enum class State {
        Empty,   ///< There is no document.
        Working, ///< It is being looked at; what was shown stays.
        Shown,   ///< What is shown is what the pipeline makes of the document.
        Failed,  ///< `problem` says what is wrong with the pipeline; what is shown is of the last good one.
    };
    Q_ENUM(State)

    explicit SourceAssistant(ViewContext &context, QObject *parent = nullptr);
    ~SourceAssistant() override; ///< Cancels.

    /// What is at hand. @p title: for people; names the pipeline. A pipeline that was edited stays as it is; an empty
    /// document clears it.
    void setDocument(const QByteArray &bytes, const QString &title);
    void openFile(const QString &path); ///< Errors come by ViewContext::tell.
    /// Drafts the pipeline anew, for @p codec. @p written: with the format's mapping in full, to be edited.
    void chooseFormat(const QString &codec, bool written);
    void setPipelineText(const QString &text); ///< An edit: it is previewed after a moment without another one.
    /// Writes the pipeline. The error, or that it was saved, comes by ViewContext::tell; `saved` follows.
    void save(const QString &path);
    void replay(); ///< Has the window read the document with the pipeline into the workspace.

    State state() const { return m_state; }
    QString title() const { return m_title; }
    QString name() const;         ///< For a file of the pipeline, without suffix.
    QString documentText() const; ///< What of the document can be shown and edited.
    bool isDocumentWhole() const; ///< `documentText` is all of it: it may be edited.
    const std::vector<DocumentFormatGuess> &formats() const { return m_formats; } ///< The best guess first.
    QString codec() const { return m_codec; }                                     ///< Of the draft.
    bool mayWriteMapping() const; ///< There is a mapping of `codec` that is not written out yet.
    QString pipelineText() const { return m_pipeline; }
    QString pipelineFolder() const; ///< Where pipelines of the workspace are kept; empty: nowhere.
    QString problem() const { return m_problem; }
    int problemLine() const { return m_problemLine; } ///< Of the pipeline's text; 0: of none.
    QString statusText() const { return m_status; }
    QString lossText() const; ///< What of the document stands in no field, and what leaves it on the way out; lines.
    bool maySave() const { return m_state == State::Shown; }
    bool mayReplay() const;
    QString whyNoReplay() const; ///< Empty: it may, or it is a matter of the pipeline.

    PreviewEventsModel &events() { return m_events; }
    PreviewFieldsModel &fields() { return m_fields; }
    void selectRow(int row); ///< Of `events`: fills `fields`.

    static constexpr int EditPauseMs = 250;              ///< Without an edit, until the preview.
    static constexpr qsizetype TextBytesMax = 256 << 10; ///< Of a document that is shown as text.

Q_SIGNALS:
    void stateChanged();
    void documentChanged(); ///< Not by an edit of its text.
    void draftChanged();    ///< The formats, or the pipeline's text, and not by an edit.
    void previewed();
    void saved(const QString &path);

private:
    struct Look;
    std::shared_ptr<std::atomic<bool>> begin();
    void look(bool recognises, std::optional<std::pair<QString, bool>> draft);
    void take(const Look &look);
    void show(const Look &look);
    void setState(State state);
    std::string draftName() const;
    std::string pipelineName() const; ///< Of its file once it is saved.

    ViewContext &m_context;
    const std::shared_ptr<const SourceTools> m_tools;
    ReceiverGuard m_guard, m_looks; ///< A new look drops the answer of the one before.
    QTimer m_pause;
    std::shared_ptr<std::atomic<bool>> m_cancelled;
    State m_state = State::Empty;
    std::shared_ptr<const QByteArray> m_document;
    QString m_title, m_path; ///< The path is empty for what was pasted.
    std::vector<DocumentFormatGuess> m_formats;
    QString m_codec, m_pipeline, m_savedAs, m_problem, m_status;
    std::string m_shownName;   ///< Of the pipeline of which `events` is the preview: it may be saved since.
    bool m_recognised = false; ///< `m_formats` are the document's.
    bool m_written = false, m_edited = false;
    int m_problemLine = 0;
    PreviewEventsModel m_events;
    PreviewFieldsModel m_fields;
    QTemporaryDir m_pasted; ///< What is pasted is read from a file in it.
    FileWorker m_worker;
};

} // namespace eventops
