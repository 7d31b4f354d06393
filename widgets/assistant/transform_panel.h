// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/transform_trial_model.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QTabBar;
class QTableView;

namespace eventops {

class PasteEdit;

/// What a transformer would store of a raw event: one that is registered in the workspace, a shipped one, or rules that
/// are written here. Nothing is stored. Keys: Ctrl+Enter tries it. Thread: UI.
class TransformPanel final : public QWidget
{
    Q_OBJECT

public:
    TransformPanel(ViewContext &context, QWidget *parent);

    TransformTrialModel &model() { return m_model; }
    QComboBox &choice() { return *m_choice; }
    PasteEdit &event() { return *m_event; }
    QPlainTextEdit &rules() { return *m_rules; }
    void run();

protected:
    void showEvent(QShowEvent *event) override;

private:
    QWidget *makeBar();
    QWidget *makeAnswer();
    void fillChoices();
    void choiceChanged();
    void putEvent(const QString &text);
    void showState();
    int chosen() const; ///< Index of the model's choices; negative: rules that are written here.

    TransformTrialModel m_model;
    QComboBox *m_choice = nullptr;
    QLineEdit *m_source = nullptr;
    QPushButton *m_run = nullptr;
    PasteEdit *m_event = nullptr;
    QString m_whole; ///< The event while m_event is read-only and shows a part of it.
    QPlainTextEdit *m_rules = nullptr, *m_details = nullptr;
    QTabBar *m_tabs = nullptr;
    QTableView *m_rows = nullptr;
    QLabel *m_status = nullptr;
};

} // namespace eventops
